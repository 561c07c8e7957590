# frozen_string_literal: true

require_relative "../lib/workloads/numbers"

# `linear_workflow`: square, add, multiply, divide, one after the other.
module LinearWorkflow
  class Step < Tasker::StepHandler
    include Workloads::Numbers
  end

  # Squares the task's even number.
  class Square < Step
    def call(context)
      { result: encode(even_number(context)**2), operation: "square" }
    end
  end

  # Adds the template's `constant`.
  class Add < Step
    def call(context)
      { result: encode(result_of_parent(context) + context.initialization.fetch("constant")), operation: "add" }
    end
  end

  # Multiplies by the template's `factor`.
  class Multiply < Step
    def call(context)
      { result: encode(result_of_parent(context) * context.initialization.fetch("factor")), operation: "multiply" }
    end
  end

  # Divides by the template's `divisor`.
  class Divide < Step
    def call(context)
      { result: encode(result_of_parent(context) / context.initialization.fetch("divisor")), operation: "divide" }
    end
  end
end
