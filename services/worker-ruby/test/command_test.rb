# frozen_string_literal: true

require "open3"
require_relative "test_helper"

# The program as somebody starts it, as far as that goes without a database.
class CommandTest < Minitest::Test
  PROGRAM = File.expand_path("../bin/worker-ruby", __dir__)
  CLEAN = ENV.keys.grep(/\ATASKER_/).to_h { |name| [name, nil] }.freeze

  def setup = @folder = Dir.mktmpdir
  def teardown = FileUtils.rm_rf(@folder)

  def worker(*arguments, **environment)
    output, errors, status = Open3.capture3({ **CLEAN, **environment.transform_keys(&:to_s) }, "ruby", PROGRAM, *arguments)
    [output, errors, status.exitstatus]
  end

  def settings(**others)
    { TASKER_INSTANCE_ID: "worker-ruby-1", TASKER_WORKER_FFI: __FILE__, TASKER_WITNESS_FILE: "#{@folder}/w", **others }
  end

  def test_help_is_told_on_the_output
    output, errors, status = worker("--help")

    assert_match(/\Aworker-ruby\n/, output)
    assert_equal ["", 0], [errors, status]
  end

  def test_an_unknown_argument_is_named
    assert_equal ["", "worker-ruby: unknown argument `x`: it takes --version, --help or nothing\n", 3], worker("x")
  end

  def test_a_missing_variable_is_named
    assert_equal ["", "worker-ruby: TASKER_INSTANCE_ID is not set: start the worker through services/launch\n", 3], worker
  end

  def test_a_library_that_is_none_is_one_line
    _, errors, status = worker(**settings)

    assert_match(/\Aworker-ruby-1: TASKER_WORKER_FFI cannot be loaded: .*`\.\/dev up` builds the library\n\z/, errors)
    assert_equal 3, status
  end

  def test_a_handler_that_does_not_load_is_named
    File.write("#{@folder}/broken.rb", "module Broken")
    _, errors, status = worker(**settings(TASKER_HANDLER_PATH: @folder))

    assert_match(%r{\Aworker-ruby-1: #{@folder}/broken\.rb cannot be loaded: .*\n\z}, errors)
    assert_equal 3, status
  end

  def test_a_folder_without_handlers_is_named
    _, errors, status = worker(**settings(TASKER_HANDLER_PATH: @folder))

    assert_equal ["worker-ruby-1: no handlers in #{@folder}: put Ruby files there\n", 3], [errors, status]
  end
end
