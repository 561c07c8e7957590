/** `diamond_workflow_ts`: a square, two branches side by side, and their mean. */

import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";
import { Fraction } from "../workloads/fraction.ts";
import { constant, encode, evenNumber, resultOfParent, resultsOfParents } from "../workloads/numbers.ts";

/** Squares the task's even number. */
export class Start extends StepHandler {
  static override readonly callable = "DiamondWorkflow.Start";

  override call(context: StepContext) {
    const number = evenNumber(context);
    return { result: encode(number.times(number)), operation: "square" };
  }
}

/** Adds the template's `constant`. */
export class BranchB extends StepHandler {
  static override readonly callable = "DiamondWorkflow.BranchB";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).plus(constant(context, "constant"))), operation: "add" };
  }
}

/** Multiplies by the template's `factor`. */
export class BranchC extends StepHandler {
  static override readonly callable = "DiamondWorkflow.BranchC";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).times(constant(context, "factor"))), operation: "multiply" };
  }
}

/** The mean of the branches. */
export class End extends StepHandler {
  static override readonly callable = "DiamondWorkflow.End";

  override call(context: StepContext) {
    const branches = resultsOfParents(context);
    const sum = branches.reduce((total, branch) => total.plus(branch));
    return { result: encode(sum.over(new Fraction(BigInt(branches.length)))), operation: "average" };
  }
}
