# frozen_string_literal: true

require "json"

module Tasker
  # Runs the handler of one step and says what came of it, in the shapes of
  # worker_ffi.h. Safe to use from several threads.
  class StepRunner
    BACKTRACE_LINES = 20

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

      outcome(began, context, ok: true, result: result)
    rescue Exception => error # an `exit` must not cost the step either
      @log.info("step #{event["step_uuid"]} failed: #{error.class}: #{error.message}")
      outcome(began, context, ok: false, error: failure(error))
    end

    private

    def call(event, context)
      handler = @handlers.build(event.fetch("callable"))
      @witness.run(event) do
        # The only place where a stopping worker may break in.
        result = Thread.handle_interrupt(WorkerStopping => :immediate) { handler.call(context) }
        result.is_a?(Checkpoint) ? result : require_json(result)
      end
    end

    def require_json(result)
      JSON.generate(result)
      result
    rescue JSON::JSONError, EncodingError, SystemStackError => error
      raise PermanentError, "the handler's result is not JSON: #{error.message}"
    end

    def outcome(began, context, **fields)
      JSON.generate({ **fields, execution_ms: now_ms - began, events: context.events })
    rescue JSON::JSONError, EncodingError => error
      failed = failure(PermanentError.new("an event or error is not JSON: #{error.message.scrub}"))
      JSON.generate({ ok: false, error: failed, execution_ms: now_ms - began })
    end

    def failure(error)
      message = error.message.to_s.scrub
      {
        message: message.empty? ? error.class.name : message,
        # As the other languages' workers name them.
        type: error.class.name.delete_prefix("Tasker::"),
        code: (error.code if error.is_a?(StepError)),
        retryable: error.is_a?(StepError) ? error.retryable? : true,
        backtrace: Array(error.backtrace).first(BACKTRACE_LINES),
        context: error.is_a?(StepError) ? error.context : {}
      }
    end

    def now_ms = Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond)
  end
end
