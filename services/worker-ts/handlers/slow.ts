/** `slow_ts`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile. */

import { setTimeout as sleep } from "node:timers/promises";
import { ValidationError } from "../src/errors.ts";
import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";

const LONGEST_MS = 600_000;

/** Sleeps for the task's `sleep_ms` milliseconds. */
export class Sleep extends StepHandler {
  static override readonly callable = "Slow.Sleep";

  override async call(context: StepContext) {
    const sleepMs = context.input["sleep_ms"];
    if (typeof sleepMs !== "number" || !Number.isInteger(sleepMs) || sleepMs < 0 || sleepMs > LONGEST_MS) {
      throw new ValidationError(`sleep_ms must be an integer from 0 to ${LONGEST_MS}, not ${JSON.stringify(sleepMs)}`);
    }
    await sleep(sleepMs);
    return { result: sleepMs, operation: "sleep" };
  }
}
