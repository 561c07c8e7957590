# frozen_string_literal: true

require_relative "test_helper"

class StepRunnerTest < Minitest::Test
  include Support

  def setup
    @folder = Dir.mktmpdir
    @path = File.join(@folder, "w.jsonl")
  end

  def teardown = FileUtils.rm_rf(@folder)

  def handler(&body)
    Class.new(Tasker::StepHandler) do
      define_method(:call) { |context| instance_exec(context, &body) }
      define_singleton_method(:name) { "H" }
    end
  end

  def run_step(handlers = [], **fields)
    witness = Tasker::Witness.new(@path, instance: "worker-ruby-1", log: log)
    Tasker::StepRunner.new(Tasker::HandlerRegistry.new(Array(handlers)), witness, log).run(event("H", **fields))
  end

  def outcome(...) = JSON.parse(run_step(...))

  def test_a_result_and_the_events_asked_for_are_reported
    result = outcome(handler do |context|
      context.publish("order.shipped", { id: context.input["id"] })
      { result: context.attempt }
    end, context: { "id" => 7 })

    assert_equal [true, { "result" => 2 }], result.values_at("ok", "result")
    assert_equal [{ "name" => "order.shipped", "payload" => { "id" => 7 } }], result["events"]
    assert_kind_of Integer, result["execution_ms"]
  end

  def test_a_permanent_error_says_so
    result = outcome(handler { raise Tasker::PermanentError.new("no such order", code: "GONE", context: { id: 7 }) })

    assert_equal false, result["ok"]
    error = result["error"]
    assert_equal ["no such order", "PermanentError", "GONE", false, { "id" => 7 }],
                 error.values_at("message", "type", "code", "retryable", "context")
    assert_match(/step_runner_test\.rb/, error["backtrace"].first)
  end

  def test_a_retryable_error_and_any_other_leave_it_to_the_template
    [Tasker::RetryableError.new("x"), KeyError.new("x"), NotImplementedError.new("x")].each do |error|
      assert outcome(handler { raise error })["error"]["retryable"], error.class
    end
  end

  def test_an_exit_in_a_handler_fails_the_step_and_not_the_worker
    assert_equal "SystemExit", outcome(handler { exit })["error"]["type"]
  end

  def test_an_unknown_callable_is_permanent_and_named
    error = outcome([])["error"]

    assert_equal false, error["retryable"]
    assert_match(/no handler H/, error["message"])
  end

  def test_a_result_that_is_no_json_is_permanent
    [Float::NAN, { text: "\xff" }, (cycle = []).push(cycle)].each do |value|
      error = outcome(handler { value })["error"]

      assert_equal ["PermanentError", false], error.values_at("type", "retryable")
    end
  end

  def test_an_event_that_is_no_json_is_permanent
    error = outcome(handler { |context| context.publish("a.b", Float::INFINITY) })["error"]

    assert_equal false, error["retryable"]
  end

  def test_a_checkpoint_is_handed_on_and_witnessed_as_one
    result = run_step(handler { checkpoint(cursor: 7, items_processed: 7) })

    assert_equal({ cursor: 7, items_processed: 7, accumulated_results: nil }, result.to_h)
    assert_equal [true, true], witness_lines(@path).last.values_at("ok", "checkpoint")
  end

  def test_a_checkpoint_that_cannot_be_stored_is_permanent
    [{ cursor: Float::NAN, items_processed: 1 }, { cursor: 1, items_processed: "1" }, { cursor: 1, items_processed: -1 }].each do |stored|
      error = outcome(handler { checkpoint(**stored) })["error"]

      assert_equal ["PermanentError", false], error.values_at("type", "retryable"), stored
      assert_equal [false, nil], witness_lines(@path).last.values_at("ok", "checkpoint")
    end
  end

  def test_the_code_and_the_context_of_an_error_get_the_shape_that_the_library_takes
    error = outcome(handler { raise Tasker::PermanentError.new("no", code: 404, context: "s") })["error"]

    assert_equal ["404", { "value" => "s" }], error.values_at("code", "context")
  end

  def test_an_event_without_a_name_is_permanent
    error = outcome(handler { |context| context.publish(nil, {}) })["error"]

    assert_equal false, error["retryable"]
    assert_match(/the name of an event must be a text, not nil/, error["message"])
  end

  def test_an_error_of_a_class_without_a_name_is_told
    assert_match(/\A#<Class:/, outcome(handler { raise Class.new(StandardError) })["error"]["type"])
  end

  def test_a_message_in_any_encoding_is_told
    ["d\u00e9j\u00e0".encode(Encoding::UTF_16), "d\u00e9j\u00e0".b, "d\u00e9j\u00e0".encode(Encoding::ISO_8859_1)].each do |message|
      error = outcome(handler { raise message })["error"]

      assert_equal ["d\u00e9j\u00e0", true], error.values_at("message", "retryable")
    end
  end

  def test_what_is_no_text_is_replaced_and_leaves_the_retry_as_it_was
    error = outcome(handler { raise Tasker::RetryableError.new("a\xFFb".b, context: { raw: "\xFF".b }) })["error"]

    assert_equal ["a\uFFFDb", true, nil], error.values_at("message", "retryable", "context")
  end

  def test_an_error_that_cannot_even_be_told_still_ends_the_step
    broken = Class.new(StandardError) { define_method(:message) { raise "no words" } }
    error = outcome(handler { raise broken })["error"]

    assert_equal true, error["retryable"]
    assert_match(/RuntimeError/, error["message"])
  end

  def test_the_run_is_witnessed_with_its_end
    outcome(handler { 1 })
    outcome(handler { raise "no" })

    assert_equal [nil, true, nil, false], witness_lines(@path).map { |line| line["ok"] }
  end

  def test_a_stopping_worker_breaks_into_a_handler_and_into_nothing_else
    started = Queue.new
    thread = Thread.new do
      Thread.handle_interrupt(Tasker::WorkerStopping => :never) do
        outcome(handler do
          started << true
          sleep
        end)
      end
    end
    started.pop
    thread.raise(Tasker::WorkerStopping, "given back: worker-ruby-1 is stopping")

    error = thread.value["error"]
    assert_equal ["WorkerStopping", true], error.values_at("type", "retryable")
    assert_equal false, witness_lines(@path).last["ok"]
  end
end
