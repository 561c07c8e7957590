# frozen_string_literal: true

module Tasker
  # Which handler a template's `callable` means.
  class HandlerRegistry
    # Loads every Ruby file below `folder` and finds the handlers in them.
    def self.load(folder)
      files = Dir.glob("**/*.rb", base: folder).sort
      raise ConfigurationError, "no handlers in #{folder}: put Ruby files there" if files.empty?

      files.each { |file| load_file(File.join(folder, file)) }
      new(descendants(StepHandler))
    end

    def self.load_file(path)
      require path
    rescue ScriptError, StandardError => error
      raise ConfigurationError, "#{path} cannot be loaded: #{error.message} (#{error.class})"
    end
    private_class_method :load_file

    def self.descendants(base)
      base.subclasses.flat_map { |handler| [handler, *descendants(handler)] }
    end
    private_class_method :descendants

    def initialize(handlers)
      @handlers = handlers.select { |handler| runnable?(handler) }.to_h { |handler| [handler.name, handler] }.freeze
    end

    def callables = @handlers.keys.sort

    # A new handler for one run.
    def build(callable)
      handler = @handlers.fetch(callable) do
        raise PermanentError, "this worker has no handler #{callable}: correct the template's `callable`"
      end
      handler.new
    end

    private

    # Base classes between the handlers and StepHandler have no `call` of their own.
    def runnable?(handler)
      handler.name && handler.instance_method(:call).owner != StepHandler
    end
  end
end
