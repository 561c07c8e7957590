/** `linear_workflow_ts`: square, add, multiply, divide, one after the other. */

import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";
import { constant, encode, evenNumber, resultOfParent } from "../workloads/numbers.ts";

/** Squares the task's even number. */
export class Square extends StepHandler {
  static override readonly callable = "LinearWorkflow.Square";

  override call(context: StepContext) {
    const number = evenNumber(context);
    return { result: encode(number.times(number)), operation: "square" };
  }
}

/** Adds the template's `constant`. */
export class Add extends StepHandler {
  static override readonly callable = "LinearWorkflow.Add";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).plus(constant(context, "constant"))), operation: "add" };
  }
}

/** Multiplies by the template's `factor`. */
export class Multiply extends StepHandler {
  static override readonly callable = "LinearWorkflow.Multiply";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).times(constant(context, "factor"))), operation: "multiply" };
  }
}

/** Divides by the template's `divisor`. */
export class Divide extends StepHandler {
  static override readonly callable = "LinearWorkflow.Divide";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).over(constant(context, "divisor"))), operation: "divide" };
  }
}
