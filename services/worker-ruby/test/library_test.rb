# frozen_string_literal: true

require_relative "test_helper"

# The real library, as far as that goes without a database.
class LibraryTest < Minitest::Test
  def setup
    path = ENV["TASKER_WORKER_FFI"] or skip "TASKER_WORKER_FFI does not name the library"
    @library = Tasker::Library.new(path)
  end

  def refused(code)
    assert_equal code, assert_raises(Tasker::Library::Refused) { yield }.code
  end

  def test_it_tells_its_versions
    assert_equal %w[abi engine_version ok version], @library.version.keys.sort
  end

  def test_nothing_can_be_done_before_the_start
    refused("not_started") { @library.poll(0) }
    refused("not_started") { @library.complete("01920000-0000-7000-8000-000000000000", '{"ok":true}') }
    refused("not_started") { @library.drain }
    refused("not_started") { @library.stop(0) }
  end

  def test_what_is_not_of_the_right_shape_is_refused
    refused("invalid_argument") { @library.start({ service: 1 }) }
    refused("invalid_argument") { @library.complete("no uuid", '{"ok":true}') }
    refused("invalid_argument") { @library.complete("01920000-0000-7000-8000-000000000000", "{") }
  end

  def test_a_step_is_read_however_deep_its_context_is
    # What worker_poll would answer, in place of the answer of another call.
    deep = JSON.generate({ kind: "step", context: (1..200).inject(1) { |inner, _| [inner] } }, max_nesting: 300)
    poll = Object.new.tap { |function| function.define_singleton_method(:call) { |*| Fiddle::Pointer[deep] } }
    keep = Object.new.tap { |function| function.define_singleton_method(:call) { |*| nil } }
    @library.instance_variable_set(:@functions, { poll: poll })
    @library.instance_variable_set(:@free, keep)

    assert_equal 200, @library.poll(0)["context"].to_s.count("[")
  end

  def test_a_wrong_configuration_has_an_exit_status_of_its_own
    error = Tasker::Library::Refused.new("code" => "configuration", "message" => "m", "next" => "n")

    assert_equal ["m: n", 3], [error.message, error.exit_status]
  end
end
