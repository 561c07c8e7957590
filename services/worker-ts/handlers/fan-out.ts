/**
 * `fan_out_ts`: a root, `width` parts side by side, and a step that joins them.
 *
 * The width is the task's: the root answers with a batch, for which the engine makes a part each. Part n multiplies the
 * number by n, the join adds the products up: 6 with ten parts -> 6, 12, ... 60 -> 330.
 */

import { PermanentError, ValidationError } from "../src/errors.ts";
import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";
import { Fraction } from "../workloads/fraction.ts";
import { encode, evenNumber, resultOfParent, resultsOfParents } from "../workloads/numbers.ts";

/** The step of the template that each part is made from. */
const PART = "fan_out_ts_part";
const DEFAULT_WIDTH = 10;
const GREATEST_WIDTH = 100;

/** Hands the task's even number to every part. */
export class Root extends StepHandler {
  static override readonly callable = "FanOut.Root";

  override call(context: StepContext) {
    return {
      result: encode(evenNumber(context)),
      operation: "root",
      batch_processing_outcome: batches(widthOf(context)),
    };
  }
}

/** Multiplies by the part's place in the batch. */
export class Part extends StepHandler {
  static override readonly callable = "FanOut.Part";

  override call(context: StepContext) {
    const cursor = context.inputs["cursor"] as { start_cursor?: unknown } | undefined;
    const place = Fraction.parse(cursor?.start_cursor);
    if (!place) throw new PermanentError(`${context.stepName} has no place in a batch`);
    return { result: encode(resultOfParent(context).times(place)), operation: "multiply" };
  }
}

/** Adds the parts up. */
export class Join extends StepHandler {
  static override readonly callable = "FanOut.Join";

  override call(context: StepContext) {
    const parts = resultsOfParents(context);
    const sum = parts.reduce((total, part) => total.plus(part), new Fraction(0n));
    return { result: encode(sum), operation: "sum", width: parts.length };
  }
}

function widthOf(context: StepContext): number {
  const width = context.input["width"] ?? DEFAULT_WIDTH;
  if (typeof width !== "number" || !Number.isInteger(width) || width < 1 || width > GREATEST_WIDTH) {
    throw new ValidationError(`width must be an integer from 1 to ${GREATEST_WIDTH}, not ${JSON.stringify(width)}`);
  }
  return width;
}

function batches(width: number) {
  const cursors = Array.from({ length: width }, (_, index) => ({
    batch_id: String(index + 1).padStart(3, "0"),
    start_cursor: index + 1,
    end_cursor: index + 2,
    batch_size: 1,
  }));
  return {
    type: "create_batches",
    worker_template_name: PART,
    worker_count: width,
    cursor_configs: cursors,
    total_items: width,
  };
}
