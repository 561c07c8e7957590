# frozen_string_literal: true

require "json"
require "minitest/autorun"
require "stringio"
require "tmpdir"

require_relative "../lib/tasker"

HANDLERS = Tasker::HandlerRegistry.load(Tasker::Settings::HANDLERS)

module Support
  private

  # A step as the library hands it out.
  def event(callable, **fields)
    {
      "kind" => "step", "event_id" => "e", "task_uuid" => "t", "step_uuid" => "s", "correlation_id" => "c",
      "namespace" => "n", "task_name" => "task", "step_name" => "step", "attempt" => 2, "max_attempts" => 3,
      "callable" => callable, "initialization" => {}, "context" => {}, "inputs" => nil, "parents" => [],
      "dependencies" => {}, "checkpoint" => nil
    }.merge(fields.transform_keys(&:to_s))
  end

  def log = @log ||= Tasker::Log.to(StringIO.new, instance: "worker-ruby-1")

  def witness_lines(path) = File.readlines(path).map { |line| JSON.parse(line) }
end
