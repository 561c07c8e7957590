# frozen_string_literal: true

require_relative "test_helper"

class WitnessTest < Minitest::Test
  include Support

  KEYS = %w[v event run task step step_name namespace attempt instance pid wall mono_ns].freeze

  def setup
    @folder = Dir.mktmpdir
    @path = File.join(@folder, "new", "worker-ruby-1.jsonl")
  end

  def teardown = FileUtils.rm_rf(@folder)

  def witness(**options) = Tasker::Witness.new(@path, instance: "worker-ruby-1", log: log, **options)

  def test_a_run_leaves_a_started_and_a_finished_line
    witness.run(event("H")) { nil }

    started, finished = witness_lines(@path)
    assert_equal KEYS, started.keys
    assert_equal [*KEYS, "ok"], finished.keys
    assert_equal ["started", "finished", true], [started["event"], finished["event"], finished["ok"]]
    assert_equal started["run"], finished["run"]
    assert_equal [1, 2, Process.pid, "worker-ruby-1"], started.values_at("v", "attempt", "pid", "instance")
    assert_operator started["mono_ns"], :<=, finished["mono_ns"]
    assert_match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/, started["wall"])
  end

  def test_the_started_line_is_there_while_the_handler_runs
    events = witness.run(event("H")) { witness_lines(@path).map { |line| line["event"] } }

    assert_equal ["started"], events
  end

  def test_a_full_file_is_kept_once_and_begun_anew
    full = witness(limit: 1)
    3.times { full.run(event("H")) { nil } }

    assert_equal 1, witness_lines(@path).size
    assert_equal 1, witness_lines("#{@path}.1").size
    assert_equal 2, Dir.children(File.dirname(@path)).size
  end

  def test_a_line_cut_short_by_an_earlier_process_is_not_continued
    FileUtils.mkdir_p(File.dirname(@path))
    File.write(@path, '{"v":1,"ev')
    witness.run(event("H")) { nil }

    lines = File.readlines(@path, chomp: true)
    assert_equal ['{"v":1,"ev', 3], [lines.first, lines.size]
  end

  def test_lines_of_several_threads_do_not_mix
    shared = witness
    Array.new(8) { Thread.new { 50.times { shared.run(event("H")) { nil } } } }.each(&:join)

    assert_equal 400, witness_lines(@path).map { |line| line["run"] }.uniq.size
  end

  def test_a_file_that_cannot_be_written_is_a_matter_of_configuration
    FileUtils.mkdir_p(@path)

    error = assert_raises(Tasker::ConfigurationError) { witness }
    assert_match(/TASKER_WITNESS_FILE cannot be written/, error.message)
  end
end
