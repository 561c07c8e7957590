/** `fan_out_ts`: a root, many steps side by side, and one that joins them. */

import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";
import { constant, encode, evenNumber, resultOfParent, resultsOfParents } from "../workloads/numbers.ts";

/** Hands the task's even number to every part. */
export class Root extends StepHandler {
  static override readonly callable = "FanOut.Root";

  override call(context: StepContext) {
    return { result: encode(evenNumber(context)), operation: "root" };
  }
}

/** Multiplies by the template's `factor`, which is another one in each part. */
export class Part extends StepHandler {
  static override readonly callable = "FanOut.Part";

  override call(context: StepContext) {
    return { result: encode(resultOfParent(context).times(constant(context, "factor"))), operation: "multiply" };
  }
}

/** Adds the parts up. */
export class Join extends StepHandler {
  static override readonly callable = "FanOut.Join";

  override call(context: StepContext) {
    const parts = resultsOfParents(context);
    const sum = parts.reduce((total, part) => total.plus(part));
    return { result: encode(sum), operation: "sum", width: parts.length };
  }
}
