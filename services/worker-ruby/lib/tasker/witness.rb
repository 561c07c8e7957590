# frozen_string_literal: true

require "fileutils"
require "json"
require "securerandom"

module Tasker
  # The witness file: what the handlers of this process really did, independent of
  # the database. A line is one write in append mode, so a SIGKILL loses at most the
  # line of the end, and lines of several threads never mix.
  class Witness
    LIMIT = 64 * 1024 * 1024

    def initialize(path, instance:, log:, limit: LIMIT)
      @path = path
      @instance = instance
      @log = log
      @limit = limit
      @lock = Mutex.new
      @file = open_file
    rescue SystemCallError => error
      raise ConfigurationError, "TASKER_WITNESS_FILE cannot be written: #{error.message}; start the worker through services/launch"
    end

    # Wraps one run of a handler: a line at its start, a line at its end. A run that
    # does not come to its end normally has failed; one that ends in a checkpoint is a
    # part of the step's work and no run too many.
    def run(event)
      line = {
        v: 1, event: "started", run: SecureRandom.uuid,
        task: event["task_uuid"], step: event["step_uuid"], step_name: event["step_name"],
        namespace: event["namespace"], attempt: event["attempt"], instance: @instance, pid: Process.pid
      }
      ending = { ok: false }
      write(line)
      result = yield
      ending = result.is_a?(Checkpoint) ? { ok: true, checkpoint: true } : { ok: true }
      result
    ensure
      write({ **line, event: "finished" }, **ending)
    end

    private

    def write(line, **last)
      now = { wall: Log.timestamp, mono_ns: Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) }
      text = "#{JSON.generate({ **line, **now, **last })}\n"
      @lock.synchronize do
        rotate if @file.size >= @limit
        @file.syswrite(text)
      end
    rescue SystemCallError => error
      # The step is worth more than the record of it; the verifier misses the line.
      @log.error("cannot write the witness file: #{error.message}; free space on its disk")
    end

    def rotate
      File.rename(@path, "#{@path}.1")
      full, @file = @file, open_file
      full.close
    end

    def open_file
      FileUtils.mkdir_p(File.dirname(@path))
      file = File.open(@path, File::RDWR | File::APPEND | File::CREAT, 0o644)
      # A full disk may have cut the last line of an earlier process short; ours must not continue it.
      file.syswrite("\n") if file.size.positive? && file.pread(1, file.size - 1) != "\n"
      file
    end
  end
end
