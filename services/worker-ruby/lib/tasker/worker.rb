# frozen_string_literal: true

module Tasker
  # One worker process: threads that poll, run handlers and complete, until a signal.
  class Worker
    SERVICE = "worker-ruby"
    POLL_MS = 1_000

    # How long a boot that is under way may go on after a signal. Healthy ones take a third of a second.
    BOOT_SECONDS = 3

    # From the signal: the supervisor kills after ten seconds.
    HANDLERS_MS = 7_500
    INTERRUPTED_MS = 8_000
    STOP_MS = 9_000

    def initialize(library, runner, handlers, log, executable:)
      @library = library
      @runner = runner
      @handlers = handlers
      @log = log
      @executable = executable
      @late = false
      # Pushing to a queue is one of the few things that a signal's trap may do.
      @ends = Thread::Queue.new
    end

    # Serves until SIGTERM or SIGINT, then finishes the steps in hand.
    def run
      %w[TERM INT].each { |signal| trap(signal) { @ends << "SIG#{signal}" } }
      # In a thread of its own: a call of the library cannot be interrupted, and a database
      # that hangs holds it up for half a minute.
      booting = Thread.new { boot }
      reason = @ends.pop
      began = now_ms
      @log.info("stopping: #{reason}") if reason.is_a?(String)
      threads = booting.join(BOOT_SECONDS)&.value
      stop(threads, began) if threads
      raise reason if reason.is_a?(Exception)
    end

    private

    # The threads that serve, or nil when the library refused to start.
    def boot
      identity = @library.start(
        service: SERVICE, language: "ruby", executable: @executable, handlers: @handlers.callables
      )
      @instance = identity["instance"]
      concurrency = identity["max_concurrent_handlers"]
      @log.info("serving #{identity["namespaces"].join(", ")} with #{concurrency} threads")
      Array.new(concurrency) { |number| thread(number) }
    rescue Exception => error # whoever waits for the start must hear of it
      @ends << error
      nil
    end

    def thread(number)
      Thread.new do
        Thread.current.name = "handler-#{number + 1}"
        Thread.current.report_on_exception = false
        Thread.handle_interrupt(WorkerStopping => :never) { serve }
      rescue Exception => error # a worker without threads must not look alive
        @ends << error
      end
    end

    def serve
      until @late
        event = @library.poll(POLL_MS) or next
        break if event["kind"] == "closed"

        finish(event, @runner.run(event))
      end
    end

    # After a refusal the engine has its own way on with the step, except that one which was not
    # understood is still in hand: without another outcome it would stay in progress for ever.
    def finish(event, outcome)
      refusal = refusal_of(event) { report(event, outcome) }
      return unless refusal&.code == "invalid_argument"

      refusal_of(event) { @library.complete(event["event_id"], Outcome.unacceptable(outcome, refusal.message)) }
    end

    def report(event, outcome)
      if outcome.is_a?(Checkpoint)
        @library.checkpoint(event["event_id"], outcome)
      else
        @library.complete(event["event_id"], outcome)
      end
    end

    # The next step is none the worse for it.
    def refusal_of(event)
      yield
      nil
    rescue Library::Refused => error
      @log.error("step #{event["step_uuid"]}: #{error.message}")
      error
    end

    def stop(threads, began)
      @library.drain
      join(threads, until_ms: began + HANDLERS_MS)
      interrupt(threads.select(&:alive?), until_ms: began + INTERRUPTED_MS)
      stopped = @library.stop([STOP_MS - (now_ms - began), 100].max)
      counts = stopped.slice("completed", "handed_back", "abandoned").map { |name, count| "#{name} #{count}" }
      @log.info("stopped after #{now_ms - began} ms; steps: #{counts.join(", ")}")
    rescue Library::Refused => error
      @log.error("stopped after #{now_ms - began} ms: #{error.message}")
    end

    # What is still running fails, to be retried by another worker.
    def interrupt(threads, until_ms:)
      @late = true
      threads.each { |thread| thread.raise(WorkerStopping, "given back: #{@instance} is stopping") }
      join(threads, until_ms: until_ms)
    end

    def join(threads, until_ms:)
      threads.each { |thread| thread.join([until_ms - now_ms, 0].max / 1000.0) }
    end

    def now_ms = Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond)
  end
end
