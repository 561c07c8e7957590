# frozen_string_literal: true

require "logger"

module Tasker
  # The worker's own log lines on standard error, in the form of the engine's:
  # time, level, instance, part, message; one write each, without passwords.
  module Log
    PASSWORD = %r{(\w+://[^\s:/@]+:)[^\s"']+@}
    LEVELS = { "trace" => Logger::DEBUG, "debug" => Logger::DEBUG }.freeze

    def self.to(output, instance:, level: nil)
      # The start and the stop are told whatever level is asked for.
      Logger.new(output, level: LEVELS.fetch(level.to_s.split(",").first, Logger::INFO)).tap do |logger|
        logger.formatter = lambda do |severity, time, _, message|
          "#{timestamp(time)} #{severity.rjust(5)} #{instance} worker_ruby: #{line(message)}\n"
        end
      end
    end

    def self.timestamp(time = Time.now)
      time.getutc.strftime("%Y-%m-%dT%H:%M:%S.%6NZ")
    end

    # On one line, and without the passwords of URLs.
    def self.line(text)
      Text.utf8(text).split.join(" ").gsub(PASSWORD, '\1***@')
    end
  end
end
