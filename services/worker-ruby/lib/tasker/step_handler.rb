# frozen_string_literal: true

module Tasker
  # The base class of step handlers. A template's `callable` is the name of the class:
  #
  #   class Greetings::Greet < Tasker::StepHandler
  #     def call(context)
  #       { greeting: "Hello, #{context.input.fetch("name")}" }
  #     end
  #   end
  #
  # Each run gets an object of its own, so instance variables are safe; several runs
  # happen at once, so anything shared needs a lock.
  class StepHandler
    # Does the step's work. Returns its result, which must be JSON, or a checkpoint;
    # raises RetryableError or PermanentError when it cannot.
    def call(_context)
      raise PermanentError, "#{self.class} does not implement `call(context)`"
    end

    private

    def checkpoint(cursor:, items_processed:, accumulated_results: nil)
      Checkpoint.new(cursor: cursor, items_processed: items_processed, accumulated_results: accumulated_results)
    end
  end
end
