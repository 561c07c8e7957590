# frozen_string_literal: true

require_relative "test_helper"

# How a worker serves and stops, with a library that claims what the test says.
class WorkerTest < Minitest::Test
  include Support

  # Stands for libworker_ffi: hands out these steps, and refuses outcomes as the test says.
  class FakeLibrary
    attr_reader :completed, :calls

    def initialize(*steps, refusals: [], start: nil, poll: nil)
      @steps = Thread::Queue.new
      steps.each { |step| @steps << step }
      @refusals = refusals
      @start = start
      @poll = poll
      @completed = Thread::Queue.new
      @calls = Thread::Queue.new
    end

    def start(request)
      raise @start if @start

      @calls << [:start, request]
      { "instance" => "worker-ruby-1", "namespaces" => ["n"], "max_concurrent_handlers" => 2 }
    end

    def poll(_timeout_ms)
      raise @poll if @poll

      @steps.pop(true)
    rescue ThreadError # nothing is there
      Thread.pass
      { "kind" => "closed" } if @draining
    end

    def complete(event_id, outcome)
      refusal = @refusals.shift
      raise Tasker::Library::Refused, { "code" => refusal, "message" => "refused" } if refusal

      @completed << [event_id, JSON.parse(outcome)]
    end

    def drain
      @draining = true
      @calls << [:drain]
    end

    def stop(timeout_ms)
      @calls << [:stop, timeout_ms]
      { "completed" => 1, "handed_back" => 0, "abandoned" => 0 }
    end
  end

  # Answers each step as the test says.
  class FakeRunner
    def initialize(&run) = @run = run
    def run(event) = @run.call(event)
  end

  Handlers = Struct.new(:callables)
  SUCCESS = '{"ok":true,"result":1}'

  def setup = @traps = %w[TERM INT].to_h { |signal| [signal, trap(signal, "DEFAULT")] }
  def teardown = @traps.each { |signal, before| trap(signal, before) }

  def worker(library, &run)
    Tasker::Worker.new(library, FakeRunner.new(&run), Handlers.new(["H"]), log, executable: "/x")
  end

  # Runs a worker, and sends the signal once that many outcomes are in.
  def serve(library, completions:, &run)
    running = Thread.new { worker(library, &run).run }
    outcomes = Array.new(completions) { library.completed.pop }
    Process.kill("TERM", Process.pid)
    running.join
    outcomes
  end

  def calls(library) = Array.new(library.calls.size) { library.calls.pop }

  # The worker's patience is seconds; a test has none.
  def hurried(**milliseconds)
    before = milliseconds.to_h { |name, _| [name, Tasker::Worker.const_get(name)] }
    change = ->(values) { values.each { |name, value| Tasker::Worker.send(:remove_const, name) && Tasker::Worker.const_set(name, value) } }
    change.call(milliseconds)
    yield
  ensure
    change.call(before)
  end

  def test_steps_are_run_and_the_signal_stops_in_order
    library = FakeLibrary.new(event("H", event_id: "a"), event("H", event_id: "b"))

    outcomes = serve(library, completions: 2) { SUCCESS }

    assert_equal %w[a b], outcomes.map(&:first).sort
    assert_equal %i[start drain stop], calls(library).map(&:first)
  end

  def test_an_outcome_that_the_library_does_not_take_is_replaced_by_a_permanent_failure
    library = FakeLibrary.new(event("H"), refusals: ["invalid_argument"])

    (_, outcome), = serve(library, completions: 1) { SUCCESS }

    assert_equal ["PermanentError", false], outcome["error"].values_at("type", "retryable")
    assert_match(/refused/, outcome["error"]["message"])
  end

  def test_a_failure_that_the_library_does_not_take_stays_retryable
    library = FakeLibrary.new(event("H"), refusals: ["invalid_argument"])
    failure = { message: "later", type: "RetryableError", retryable: true, context: { odd: 1 } }

    (_, outcome), = serve(library, completions: 1) { JSON.generate({ ok: false, error: failure }) }

    assert_equal({ "message" => "later", "type" => "RetryableError", "retryable" => true }, outcome["error"])
  end

  def test_any_other_refusal_is_the_engine_s_own_affair
    library = FakeLibrary.new(event("H", event_id: "a"), event("H", event_id: "b"), refusals: ["timed_out"])

    assert_equal 1, serve(library, completions: 1) { SUCCESS }.size
    assert_empty library.completed
  end

  def test_a_handler_that_does_not_end_is_interrupted_and_given_back
    library = FakeLibrary.new(event("H"))
    started = Thread::Queue.new
    running = Thread.new do
      worker(library) do
        Thread.handle_interrupt(Tasker::WorkerStopping => :immediate) do
          started << true
          sleep
        end
      rescue Tasker::WorkerStopping => error
        Tasker::Outcome.failure(error)
      end.run
    end
    started.pop

    hurried(HANDLERS_MS: 50, INTERRUPTED_MS: 5_000) do
      Process.kill("TERM", Process.pid)
      running.join
    end

    _, outcome = library.completed.pop
    assert_equal ["WorkerStopping", true], outcome["error"].values_at("type", "retryable")
    assert_match(/worker-ruby-1 is stopping/, outcome["error"]["message"])
    assert_equal %i[start drain stop], calls(library).map(&:first)
  end

  def test_a_start_that_is_refused_ends_the_worker_with_its_reason
    refused = Tasker::Library::Refused.new("code" => "configuration", "message" => "no database")

    error = assert_raises(Tasker::Library::Refused) { worker(FakeLibrary.new(start: refused)) { SUCCESS }.run }
    assert_equal 3, error.exit_status
  end

  def test_a_thread_that_ends_by_itself_stops_the_worker_in_order
    library = FakeLibrary.new(poll: RuntimeError.new("lost"))

    assert_raises(RuntimeError) { worker(library) { SUCCESS }.run }
    assert_equal %i[start drain stop], calls(library).map(&:first)
  end
end
