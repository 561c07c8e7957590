# frozen_string_literal: true

module Tasker
  # What the worker itself takes from its environment; the library checks the rest.
  class Settings
    LAUNCHER = "start the worker through services/launch"
    HANDLERS = File.expand_path("../../handlers", __dir__)

    attr_reader :instance, :library, :witness_file, :handlers, :log_level

    def initialize(environment)
      @environment = environment
      @instance = required("TASKER_INSTANCE_ID", LAUNCHER)
      @library = file("TASKER_WORKER_FFI", "the path of libworker_ffi, which `./dev up` builds")
      @witness_file = required("TASKER_WITNESS_FILE", LAUNCHER)
      @handlers = folder("TASKER_HANDLER_PATH", default: HANDLERS)
      @log_level = environment["RUST_LOG"] || environment["LOG_LEVEL"]
    end

    private

    def required(name, advice)
      value = @environment[name].to_s.strip
      raise ConfigurationError, "#{name} is not set: #{advice}" if value.empty?

      value
    end

    def file(name, advice)
      path = required(name, advice)
      raise ConfigurationError, "#{name} is no file: #{path}; it must be #{advice}" unless File.file?(path)

      path
    end

    def folder(name, default:)
      path = @environment.fetch(name, default)
      raise ConfigurationError, "#{name} is no folder: #{path}; unset it to use #{default}" unless File.directory?(path)

      File.expand_path(path)
    end
  end
end
