/** `test_scenarios_ts`: one step that succeeds, one that fails and may be retried, one that fails for good. */

import { PermanentError, RetryableError } from "../src/errors.ts";
import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";

/** Succeeds, with the task's `message` if it has one. */
export class Success extends StepHandler {
  static override readonly callable = "TestScenarios.Success";

  override call(context: StepContext) {
    return { result: context.input["message"] ?? "step completed", status: "success" };
  }
}

/** Fails each time; the template's retry rules say how often it is tried. */
export class RetryableFailure extends StepHandler {
  static override readonly callable = "TestScenarios.RetryableFailure";

  override call(context: StepContext): never {
    throw new RetryableError(String(context.input["error_message"] ?? "failed on purpose, to be retried"));
  }
}

/** Fails for good at the first attempt. */
export class PermanentFailure extends StepHandler {
  static override readonly callable = "TestScenarios.PermanentFailure";

  override call(context: StepContext): never {
    throw new PermanentError(String(context.input["error_message"] ?? "failed on purpose, for good"));
  }
}
