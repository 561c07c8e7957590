# frozen_string_literal: true

# `slow`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile.
module Slow
  # Sleeps for the task's `sleep_ms` milliseconds.
  class Sleep < Tasker::StepHandler
    LONGEST_MS = 600_000

    def call(context)
      sleep_ms = context.input["sleep_ms"]
      unless sleep_ms.is_a?(Integer) && sleep_ms.between?(0, LONGEST_MS)
        raise Tasker::ValidationError, "sleep_ms must be an integer from 0 to #{LONGEST_MS}, not #{sleep_ms.inspect}"
      end

      sleep(sleep_ms / 1000.0)
      { result: sleep_ms, operation: "sleep" }
    end
  end
end
