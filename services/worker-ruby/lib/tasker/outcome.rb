# frozen_string_literal: true

require "json"

module Tasker
  # What came of a step, as the JSON that worker_complete takes. All of it is JSON in the end, whatever
  # a handler put into its events and errors: a step without an outcome would stay in progress for ever.
  module Outcome
    BACKTRACE_LINES = 20
    NOT_JSON = [JSON::JSONError, EncodingError, SystemStackError].freeze

    module_function

    def success(result, execution_ms:, events:)
      JSON.generate({ ok: true, result: result, execution_ms: execution_ms, events: events })
    rescue *NOT_JSON => error
      failure(PermanentError.new("the result or an event is not JSON: #{Text.utf8(error.message)}"), execution_ms: execution_ms)
    end

    def failure(error, execution_ms: nil, events: [])
      told = describe(error)
      rest = { execution_ms: execution_ms, events: events }.compact
      begin
        JSON.generate({ ok: false, error: { **told, context: context_of(error) }, **rest })
      rescue *NOT_JSON
        # Whether it may be retried counts for more than the details.
        JSON.generate({ ok: false, error: told })
      end
    rescue Exception => fault # such as one in the error's own `message`
      last_resort("the handler failed, and telling how failed as well: #{fault.class}", error)
    end

    # In place of an outcome that the library does not take. A failure stays the one that it was.
    def unacceptable(outcome, reason)
      failed = JSON.parse(outcome, max_nesting: false)["error"] if outcome.is_a?(String)
      return JSON.generate({ ok: false, error: failed.slice("message", "type", "retryable") }) if failed

      failure(PermanentError.new("the engine's library does not take the outcome: #{reason}"))
    end

    def describe(error)
      message = Text.utf8(error.message)
      {
        message: message.empty? ? name_of(error) : message,
        type: name_of(error),
        code: (Text.utf8(error.code) if error.is_a?(StepError) && !error.code.nil?),
        retryable: retryable?(error),
        backtrace: Array(error.backtrace).first(BACKTRACE_LINES).map { |line| Text.utf8(line) }
      }
    end

    # As the other languages' workers name them. A class may have no name.
    def name_of(error) = Text.utf8(error.class.name || error.class.to_s).delete_prefix("Tasker::")

    def retryable?(error) = error.is_a?(StepError) ? error.retryable? : true

    def context_of(error)
      context = error.is_a?(StepError) ? error.context : {}
      context.is_a?(Hash) ? context : { value: context }
    end

    def last_resort(message, error)
      JSON.generate({ ok: false, error: { message: message, type: "WorkerError", retryable: !error.is_a?(PermanentError) } })
    end
    private_class_method :describe, :name_of, :retryable?, :context_of, :last_resort
  end
end
