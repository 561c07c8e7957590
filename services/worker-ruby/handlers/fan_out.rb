# frozen_string_literal: true

require_relative "../lib/workloads/numbers"

# `fan_out`: a root, many steps side by side, and one that joins them.
module FanOut
  class Step < Tasker::StepHandler
    include Workloads::Numbers
  end

  # Hands the task's even number to every part.
  class Root < Step
    def call(context)
      { result: encode(even_number(context)), operation: "root" }
    end
  end

  # Multiplies by the template's `factor`, which is another one in each part.
  class Part < Step
    def call(context)
      { result: encode(result_of_parent(context) * context.initialization.fetch("factor")), operation: "multiply" }
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
