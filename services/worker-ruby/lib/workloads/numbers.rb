# frozen_string_literal: true

module Workloads
  # Exact numbers in JSON: beyond 2^53 a number is a decimal string, since most
  # readers of JSON round it.
  module Numbers
    LARGEST_EXACT = 2**53

    private

    # The task's input `even_number`; anything but an even integer is a permanent failure.
    def even_number(context)
      value = context.input["even_number"]
      raise Tasker::ValidationError, "even_number must be an even integer, not #{value.inspect}" unless value.is_a?(Integer)
      raise Tasker::ValidationError, "even_number must be even, not #{value}" if value.odd?

      value
    end

    # The numbers that the steps before this one computed, in the template's order.
    def results_of_parents(context)
      context.parents.map { |name| decode(name, context.result_of(name)) }
    end

    def result_of_parent(context)
      results_of_parents(context).first or raise Tasker::PermanentError, "step #{context.step_name} has no parent"
    end

    def encode(number)
      number = number.to_r
      exact = number.abs <= LARGEST_EXACT
      return exact ? number.to_i : number.to_i.to_s if number.denominator == 1

      exact && number.to_f.to_r == number ? number.to_f : decimal(number)
    end

    def decode(name, result)
      value = result.is_a?(Hash) ? result["result"] : result
      case value
      when Integer, Float, /\A-?\d+(\.\d+)?\z/ then value.to_r
      else raise Tasker::PermanentError, "step #{name} has no number as its result: #{value.inspect}"
      end
    end

    # Products and halves of integers end; 1,000 places are more than they have.
    def decimal(number)
      whole, rest = number.abs.divmod(1)
      places = (rest * 10**1000).to_i.to_s.rjust(1000, "0").sub(/0+\z/, "")
      "#{"-" if number.negative?}#{whole}.#{places}"
    end
  end
end
