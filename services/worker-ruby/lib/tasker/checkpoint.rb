# frozen_string_literal: true

module Tasker
  # Returned by a handler in place of a result: the engine stores it and hands the
  # step out again, with the same attempt, to go on from `cursor`.
  Checkpoint = Struct.new(:cursor, :items_processed, :accumulated_results, keyword_init: true)
end
