/**
 * `slow_ts`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile.
 * `pieces_ts`: a step that does its work in pieces, with a checkpoint after each but the last.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { ValidationError } from "../src/errors.ts";
import { Checkpoint, type StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";

// Less than the engine's `handler_timeout_ms`: beyond that a step is run again while its first run goes on.
const LONGEST_MS = 50_000;

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

const MOST_PIECES = 100;

/** Does one of the task's `pieces` a run. */
export class Pieces extends StepHandler {
  static override readonly callable = "Slow.Pieces";

  override call(context: StepContext) {
    const pieces = context.input["pieces"];
    if (typeof pieces !== "number" || !Number.isInteger(pieces) || pieces < 1 || pieces > MOST_PIECES) {
      throw new ValidationError(`pieces must be an integer from 1 to ${MOST_PIECES}, not ${JSON.stringify(pieces)}`);
    }
    const done = Number(context.checkpoint?.cursor ?? 0) + 1;
    return done < pieces ? new Checkpoint(done, done) : { result: done, operation: "pieces" };
  }
}
