# frozen_string_literal: true

module Tasker
  # What a handler knows about the step that it runs.
  class StepContext
    # Events that the handler asked for; published once the step has succeeded or failed.
    attr_reader :events

    def initialize(event)
      @event = event
      @events = []
    end

    def task_uuid = @event.fetch("task_uuid")
    def step_uuid = @event.fetch("step_uuid")
    def correlation_id = @event.fetch("correlation_id")
    def namespace = @event.fetch("namespace")
    def task_name = @event.fetch("task_name")
    def step_name = @event.fetch("step_name")

    # From 1.
    def attempt = @event.fetch("attempt")
    def max_attempts = @event["max_attempts"]

    # What the task was created with.
    def input = @event["context"] || {}

    # What the engine gave a step that it made itself, such as a part of a batch.
    def inputs = @event["inputs"] || {}

    # What the template gives this handler.
    def initialization = @event["initialization"] || {}

    # The names of the steps that this one depends on directly, in the template's order.
    def parents = @event["parents"] || []

    # What the step of that name returned: a parent, or a parent's parent.
    #
    # A server writes that a step is complete a moment before it marks its row as processed, which the engine wants of
    # results that it hands out. In that moment another server may enqueue this step.
    def result_of(step_name)
      @event.fetch("dependencies").fetch(step_name) do
        raise RetryableError, "the result of #{step_name} is not there yet" if parents.include?(step_name)

        raise PermanentError, "step #{self.step_name} does not depend on #{step_name}: correct the template's `dependencies`"
      end
    end

    # Where an earlier run of this step left off, or nil.
    def checkpoint
      stored = @event["checkpoint"] or return
      Checkpoint.new(
        cursor: stored["cursor"],
        items_processed: stored["items_processed"],
        accumulated_results: stored["accumulated_results"]
      )
    end

    # Publishes a domain event, durably, once the engine has the step's outcome.
    def publish(name, payload = {})
      unless name.is_a?(String) || name.is_a?(Symbol)
        raise PermanentError, "the name of an event must be a text, not #{name.inspect}"
      end

      @events << { name: name, payload: payload }
    end
  end
end
