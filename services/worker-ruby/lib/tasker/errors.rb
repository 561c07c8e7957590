# frozen_string_literal: true

module Tasker
  # What a step handler raises to say what should come of the step. Anything else
  # that it raises counts as retryable.
  class StepError < StandardError
    # `code` is a short word for programs, `context` whatever helps to understand
    # the failure; both are stored with the step.
    attr_reader :code, :context

    def initialize(message = nil, code: nil, context: {})
      super(message)
      @code = code
      @context = context
    end
  end

  # It may pass by itself: the template's retry rules decide.
  class RetryableError < StepError
    def retryable? = true
  end

  # Trying again would not help: the step fails for good.
  class PermanentError < StepError
    def retryable? = false
  end

  # The task's input is not what the handler needs.
  class ValidationError < PermanentError
  end

  # The worker stops and has waited as long as it may: another one is to run the step.
  class WorkerStopping < RetryableError
  end

  # Ends the worker. The message is one line: what is wrong, then what to do.
  class WorkerError < StandardError
    def exit_status = 1
  end

  # The environment or a file is wrong: starting again changes nothing.
  class ConfigurationError < WorkerError
    def exit_status = 3
  end
end
