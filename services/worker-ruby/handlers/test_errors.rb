# frozen_string_literal: true

# `test_errors`: one step that succeeds, one that fails and may be retried, one that fails for good.
module TestErrors
  # Succeeds, with the task's `message` if it has one.
  class Success < Tasker::StepHandler
    def call(context)
      { result: context.input.fetch("message", "step completed"), status: "success" }
    end
  end

  # Fails each time; the template's retry rules say how often it is tried.
  class RetryableFailure < Tasker::StepHandler
    def call(context)
      raise Tasker::RetryableError, context.input.fetch("error_message", "failed on purpose, to be retried")
    end
  end

  # Fails for good at the first attempt.
  class PermanentFailure < Tasker::StepHandler
    def call(context)
      raise Tasker::PermanentError, context.input.fetch("error_message", "failed on purpose, for good")
    end
  end
end
