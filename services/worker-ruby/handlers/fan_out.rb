# frozen_string_literal: true

require_relative "../lib/workloads/numbers"

# `fan_out`: a root, `width` parts side by side, and a step that joins them.
#
# The width is the task's: the root answers with a batch, for which the engine makes a part each.
# Part n multiplies the number by n, the join adds the products up: 6 with ten parts -> 6, 12, ... 60 -> 330.
module FanOut
  # The step of the template that each part is made from.
  PART = "fan_out_part"
  WIDTHS = (1..100)
  DEFAULT_WIDTH = 10

  class Step < Tasker::StepHandler
    include Workloads::Numbers
  end

  # Hands the task's even number to every part.
  class Root < Step
    def call(context)
      { result: encode(even_number(context)), operation: "root", batch_processing_outcome: batches(width(context)) }
    end

    private

    def width(context)
      width = context.input.fetch("width", DEFAULT_WIDTH)
      return width if width.is_a?(Integer) && WIDTHS.cover?(width)

      raise Tasker::ValidationError, "width must be an integer from #{WIDTHS.min} to #{WIDTHS.max}, not #{width.inspect}"
    end

    def batches(width)
      cursors = (1..width).map do |place|
        { batch_id: format("%03d", place), start_cursor: place, end_cursor: place + 1, batch_size: 1 }
      end
      {
        type: "create_batches", worker_template_name: PART, worker_count: width, cursor_configs: cursors,
        total_items: width
      }
    end
  end

  # Multiplies by the part's place in the batch.
  class Part < Step
    def call(context)
      place = context.inputs.dig("cursor", "start_cursor")
      raise Tasker::PermanentError, "#{context.step_name} has no place in a batch" unless place.is_a?(Integer)

      { result: encode(result_of_parent(context) * place), operation: "multiply" }
    end
  end

  # Adds the parts up.
  class Join < Step
    def call(context)
      parts = results_of_parents(context)
      { result: encode(parts.sum), operation: "sum", width: parts.size }
    end
  end
end
