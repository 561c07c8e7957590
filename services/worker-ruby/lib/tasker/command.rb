# frozen_string_literal: true

module Tasker
  # The frame of the process: arguments, settings, and one line and an exit status when it fails.
  class Command
    def initialize(arguments, environment: ENV, output: $stdout, errors: $stderr, executable: File.expand_path($PROGRAM_NAME))
      @arguments = arguments
      @environment = environment
      @output = output
      @errors = errors
      @executable = executable
    end

    # The exit status: 0 stopped when asked to, 3 wrong configuration or usage, 1 else.
    def run
      return answer(@arguments.first) unless @arguments.empty?

      serve
      0
    rescue WorkerError => error
      complain(error.message)
      error.exit_status
    rescue StandardError => error
      complain("a fault of the worker itself: #{error.class}: #{error.message} (#{error.backtrace&.first})")
      1
    end

    private

    def serve
      settings = Settings.new(@environment)
      log = Log.to(@errors, instance: settings.instance, level: settings.log_level)
      handlers = HandlerRegistry.load(settings.handlers)
      witness = Witness.new(settings.witness_file, instance: settings.instance, log: log)
      library = Library.new(settings.library)
      Worker.new(library, StepRunner.new(handlers, witness, log), handlers, log, executable: @executable).run
    end

    def complain(message)
      @errors.puts("#{@environment["TASKER_INSTANCE_ID"] || Worker::SERVICE}: #{Log.line(message)}")
    end

    def answer(argument)
      case argument
      when "--version", "-V" then @output.puts(version)
      when "--help", "-h" then @output.puts("#{Worker::SERVICE}\n\nTakes no arguments: everything is in the environment, which `services/launch` sets.")
      else
        @errors.puts("#{Worker::SERVICE}: unknown argument `#{argument}`: it takes --version, --help or nothing")
        return 3
      end
      0
    end

    def version
      versions = Library.new(@environment["TASKER_WORKER_FFI"].to_s).version
      "#{Worker::SERVICE} #{versions["version"]} (tasker #{versions["engine_version"]})"
    end
  end
end
