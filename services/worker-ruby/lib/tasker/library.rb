# frozen_string_literal: true

require "fiddle"
require "json"

module Tasker
  # The functions of worker_ffi.h. Each text that the library gives is copied and
  # given back at once. Calls release Ruby's lock, so other threads go on meanwhile.
  class Library
    ABI = 1

    # A call that the library refused; `code` is one of worker_ffi.h.
    class Refused < WorkerError
      attr_reader :code

      def initialize(error)
        @code = error["code"]
        super([error["message"], error["next"]].compact.join(": "))
      end

      def exit_status = code == "configuration" ? 3 : 1
    end

    def initialize(path)
      @library = Fiddle.dlopen(path)
      @functions = {
        version: function("worker_version"),
        start: function("worker_start", Fiddle::TYPE_CONST_STRING),
        poll: function("worker_poll", -Fiddle::TYPE_INT),
        complete: function("worker_complete", Fiddle::TYPE_CONST_STRING, Fiddle::TYPE_CONST_STRING),
        checkpoint: function("worker_checkpoint", Fiddle::TYPE_CONST_STRING, Fiddle::TYPE_CONST_STRING),
        drain: function("worker_drain"),
        stop: function("worker_stop", -Fiddle::TYPE_INT),
        status: function("worker_status")
      }.freeze
      @free = Fiddle::Function.new(@library["worker_free"], [Fiddle::TYPE_VOIDP], Fiddle::TYPE_VOID)
      require_abi
    rescue Fiddle::DLError => error
      raise ConfigurationError, "TASKER_WORKER_FFI cannot be loaded: #{error.message}; `./dev up` builds the library"
    end

    def version = call(:version)
    def start(request) = call(:start, JSON.generate(request))

    # A step, { "kind" => "closed" }, or nil when there is nothing within `timeout_ms`.
    def poll(timeout_ms) = call(:poll, timeout_ms)
    def complete(event_id, outcome_json) = call(:complete, event_id, outcome_json)
    def checkpoint(event_id, checkpoint) = call(:checkpoint, event_id, JSON.generate(checkpoint.to_h))
    def drain = call(:drain)
    def stop(timeout_ms) = call(:stop, timeout_ms)
    def status = call(:status)

    private

    def function(name, *arguments)
      Fiddle::Function.new(@library[name], arguments, Fiddle::TYPE_VOIDP, name: name)
    end

    def call(name, *arguments)
      pointer = @functions.fetch(name).call(*arguments)
      return if pointer.null?

      begin
        text = pointer.to_s.force_encoding(Encoding::UTF_8)
      ensure
        @free.call(pointer)
      end
      # The engine's own JSON has no bound of this kind: a task's context may be as deep as somebody sent it.
      answer = JSON.parse(text, max_nesting: false)
      raise Refused, answer["error"] if answer["ok"] == false

      answer
    end

    def require_abi
      abi = version["abi"]
      return if abi == ABI

      raise ConfigurationError, "TASKER_WORKER_FFI speaks interface #{abi}, this worker #{ABI}: build both from one checkout with `./dev up`"
    end
  end
end
