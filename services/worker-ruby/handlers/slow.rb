# frozen_string_literal: true

# `slow`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile.
# `pieces`: a step that does its work in pieces, with a checkpoint after each but the last.
module Slow
  # Sleeps for the task's `sleep_ms` milliseconds.
  class Sleep < Tasker::StepHandler
    # Less than the engine's `handler_timeout_ms`: beyond that a step is run again while its first run goes on.
    LONGEST_MS = 50_000

    def call(context)
      sleep_ms = context.input["sleep_ms"]
      unless sleep_ms.is_a?(Integer) && sleep_ms.between?(0, LONGEST_MS)
        raise Tasker::ValidationError, "sleep_ms must be an integer from 0 to #{LONGEST_MS}, not #{sleep_ms.inspect}"
      end

      sleep(sleep_ms / 1000.0)
      { result: sleep_ms, operation: "sleep" }
    end
  end

  # Does one of the task's `pieces` a run.
  class Pieces < Tasker::StepHandler
    MOST = 100

    def call(context)
      pieces = context.input["pieces"]
      unless pieces.is_a?(Integer) && pieces.between?(1, MOST)
        raise Tasker::ValidationError, "pieces must be an integer from 1 to #{MOST}, not #{pieces.inspect}"
      end

      done = (context.checkpoint&.cursor || 0) + 1
      return checkpoint(cursor: done, items_processed: done) if done < pieces

      { result: done, operation: "pieces" }
    end
  end
end
