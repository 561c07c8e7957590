# frozen_string_literal: true

require "json"

module Tasker
  # Runs the handler of one step and says what came of it, in the shapes of
  # worker_ffi.h. Safe to use from several threads.
  class StepRunner
    def initialize(handlers, witness, log)
      @handlers = handlers
      @witness = witness
      @log = log
    end

    # The JSON of the outcome, or a Checkpoint. Never raises: a step without an
    # outcome would stay in progress for ever.
    def run(event)
      began = now_ms
      context = StepContext.new(event)
      result = call(event, context)
      return result if result.is_a?(Checkpoint)

      Outcome.success(result, execution_ms: now_ms - began, events: context.events)
    rescue Exception => error # an `exit` must not cost the step either
      Outcome.failure(error, execution_ms: now_ms - began, events: context.events).tap { |outcome| tell(event, outcome) }
    end

    private

    def call(event, context)
      handler = @handlers.build(event.fetch("callable"))
      @witness.run(event) do
        # The only place where a stopping worker may break in.
        result = Thread.handle_interrupt(WorkerStopping => :immediate) { handler.call(context) }
        result.is_a?(Checkpoint) ? require_checkpoint(result) : require_json(result, "the handler's result")
      end
    end

    def require_checkpoint(checkpoint)
      require_json(checkpoint.to_h, "the handler's checkpoint")
      items = checkpoint.items_processed
      return checkpoint if items.is_a?(Integer) && !items.negative?

      raise PermanentError, "items_processed of a checkpoint must be an integer from 0, not #{items.inspect}"
    end

    def require_json(result, what)
      JSON.generate(result)
      result
    rescue *Outcome::NOT_JSON => error
      raise PermanentError, "#{what} is not JSON: #{Text.utf8(error.message)}"
    end

    def tell(event, outcome)
      error = JSON.parse(outcome)["error"]
      @log.info("step #{event["step_uuid"]} failed: #{error["type"]}: #{error["message"]}")
    end

    def now_ms = Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond)
  end
end
