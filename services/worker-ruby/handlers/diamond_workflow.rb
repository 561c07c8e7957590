# frozen_string_literal: true

require_relative "../lib/workloads/numbers"

# `diamond_workflow`: a square, two branches side by side, and their mean.
module DiamondWorkflow
  class Step < Tasker::StepHandler
    include Workloads::Numbers
  end

  # Squares the task's even number.
  class Start < Step
    def call(context)
      { result: encode(even_number(context)**2), operation: "square" }
    end
  end

  # Adds the template's `constant`.
  class BranchB < Step
    def call(context)
      { result: encode(result_of_parent(context) + context.initialization.fetch("constant")), operation: "add" }
    end
  end

  # Multiplies by the template's `factor`.
  class BranchC < Step
    def call(context)
      { result: encode(result_of_parent(context) * context.initialization.fetch("factor")), operation: "multiply" }
    end
  end

  # The mean of the branches.
  class End < Step
    def call(context)
      branches = results_of_parents(context)
      { result: encode(branches.sum / branches.size), operation: "average" }
    end
  end
end
