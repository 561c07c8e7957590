# frozen_string_literal: true

require "yaml"
require_relative "test_helper"

class HandlersTest < Minitest::Test
  include Support

  TEMPLATES = Dir[File.expand_path("../../../config/templates/ruby/*.yaml", __dir__)].freeze

  def call(callable, **fields)
    HANDLERS.build(callable).call(Tasker::StepContext.new(event(callable, **fields)))
  end

  def number(callable, parents, **initialization)
    call(
      callable,
      parents: parents.keys.map(&:to_s), initialization: initialization.transform_keys(&:to_s),
      dependencies: parents.to_h { |name, value| [name.to_s, { "result" => value }] }
    )[:result]
  end

  def test_every_template_names_handlers_that_are_here_and_every_handler_is_named
    called = TEMPLATES.flat_map do |path|
      YAML.load_file(path, aliases: true)["steps"].map { |step| step["handler"]["callable"] }
    end

    assert_equal HANDLERS.callables, called.uniq.sort
  end

  def test_the_linear_workflow
    assert_equal 36, call("LinearWorkflow::Square", context: { "even_number" => 6 })[:result]
    assert_equal 46, number("LinearWorkflow::Add", { a: 36 }, constant: 10)
    assert_equal 138, number("LinearWorkflow::Multiply", { a: 46 }, factor: 3)
    assert_equal 69, number("LinearWorkflow::Divide", { a: 138 }, divisor: 2)
  end

  def test_the_diamond_ends_in_the_mean
    assert_equal 66.5, number("DiamondWorkflow::End", { b: 61, c: 72 })
  end

  def test_numbers_stay_exact_at_any_size
    assert_equal 2**53, number("LinearWorkflow::Multiply", { a: 2**52 }, factor: 2)
    assert_equal (2**54).to_s, number("LinearWorkflow::Multiply", { a: 2**53 }, factor: 2)
    assert_equal "9007199254740993.5", number("LinearWorkflow::Divide", { a: (2**54 + 3).to_s }, divisor: 2)
    assert_equal(-1.5, number("LinearWorkflow::Divide", { a: -3 }, divisor: 2))
  end

  def test_an_odd_or_missing_number_is_a_permanent_failure
    [{ "even_number" => 7 }, { "even_number" => 6.0 }, { "even_number" => "six" }, {}].each do |context|
      assert_raises(Tasker::ValidationError, context) { call("LinearWorkflow::Square", context: context) }
    end
  end

  def test_a_parent_without_a_number_is_a_permanent_failure
    assert_raises(Tasker::PermanentError) { number("LinearWorkflow::Add", { a: "many" }, constant: 1) }
  end

  def test_the_fan_out_is_as_wide_as_its_task_says
    batch = ->(context) { call("FanOut::Root", context: context)[:batch_processing_outcome] }

    assert_equal 10, batch.call("even_number" => 6)[:cursor_configs].size
    assert_equal 100, batch.call("even_number" => 6, "width" => 100)[:worker_count]
    [0, 101, 2.5, "10"].each do |width|
      assert_raises(Tasker::ValidationError) { batch.call("even_number" => 6, "width" => width) }
    end
  end

  def test_a_parents_result_that_is_not_there_yet_is_waited_for_and_a_step_that_is_no_parent_is_a_mistake
    context = Tasker::StepContext.new(event("LinearWorkflow::Add", parents: ["a"]))

    assert_raises(Tasker::RetryableError) { context.result_of("a") }
    assert_raises(Tasker::PermanentError) { context.result_of("b") }
  end

  def test_a_part_multiplies_by_its_place
    result = call(
      "FanOut::Part",
      parents: ["r"], dependencies: { "r" => { "result" => 6 } }, inputs: { "cursor" => { "start_cursor" => 10 } }
    )

    assert_equal 60, result[:result]
  end

  def test_work_in_pieces_goes_on_from_its_checkpoint
    first = call("Slow::Pieces", context: { "pieces" => 2 })
    last = call("Slow::Pieces", context: { "pieces" => 2 }, checkpoint: { "cursor" => 1, "items_processed" => 1 })

    assert_equal [1, 1], [first.cursor, first.items_processed]
    assert_equal 2, last[:result]
    assert_equal 1, call("Slow::Pieces", context: { "pieces" => 1 })[:result]
    assert_raises(Tasker::ValidationError) { call("Slow::Pieces", context: { "pieces" => 0 }) }
  end

  def test_the_payment_publishes_a_receipt_or_fails
    order = { "order_id" => "o1", "amount" => 5 }
    context = Tasker::StepContext.new(event("DomainEvents::ProcessPayment", context: order))

    assert_equal "paid", HANDLERS.build("DomainEvents::ProcessPayment").call(context)[:result]
    assert_equal(["payment.receipt_issued"], context.events.map { |event| event[:name] })
    assert_raises(Tasker::RetryableError) do
      call("DomainEvents::ProcessPayment", context: { **order, "simulate_failure" => true })
    end
  end

  def test_an_order_without_a_positive_amount_is_a_permanent_failure
    [0, -1, "5", nil].each do |amount|
      assert_raises(Tasker::ValidationError) do
        call("DomainEvents::ValidateOrder", context: { "order_id" => "o1", "amount" => amount })
      end
    end
  end
end
