# frozen_string_literal: true

require_relative "test_helper"

class LogTest < Minitest::Test
  def line(message)
    output = StringIO.new
    Tasker::Log.to(output, instance: "worker-ruby-1").info(message)
    output.string
  end

  def test_a_line_names_the_instance
    assert_match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z  INFO worker-ruby-1 worker_ruby: ready\n\z/, line("ready"))
  end

  def test_a_message_stays_on_its_line_and_keeps_no_password
    assert_match(%r{: a postgresql://tasker:\*\*\*@h/d b\n\z}, line("a postgresql://tasker:p@ss@h/d\n  b"))
  end
end
