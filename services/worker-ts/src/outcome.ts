/**
 * What came of a step, as the JSON that `worker_complete` takes. All of it is JSON in the end, whatever a handler put
 * into its events and errors: a step without an outcome would stay in progress for ever.
 */

import { PermanentError, StepError } from "./errors.ts";
import type { DomainEvent, Failure, Json } from "./protocol.ts";
import { Checkpoint } from "./step-context.ts";

const BACKTRACE_LINES = 20;

export interface Rest {
  execution_ms: number;
  events: DomainEvent[];
}

export function success(result: Json, rest: Rest): string {
  try {
    return JSON.stringify({ ok: true, result, ...rest });
  } catch (error) {
    return failed(new PermanentError(`an event is not JSON: ${error}`), { ...rest, events: [] });
  }
}

export function failed(thrown: unknown, rest?: Rest): string {
  let told: Failure;
  try {
    told = describe(thrown);
  } catch {
    // Such as a getter of the error's own that throws.
    const message = "the handler failed, and telling how failed as well";
    const retryable = !(thrown instanceof PermanentError);
    told = { message, type: "WorkerError", retryable, backtrace: [], context: {} };
  }
  try {
    return JSON.stringify({ ok: false, error: told, ...rest });
  } catch {
    // Whether it may be retried counts for more than the details.
    return JSON.stringify({ ok: false, error: { ...told, context: {} } });
  }
}

/** In place of an outcome that the library does not take. A failure stays the one that it was. */
export function unacceptable(outcome: string | Checkpoint, reason: string): string {
  const error: Failure | undefined = outcome instanceof Checkpoint ? undefined : JSON.parse(outcome).error;
  if (!error) return failed(new PermanentError(`the engine's library does not take the outcome: ${reason}`));
  const { message, type, retryable } = error;
  return JSON.stringify({ ok: false, error: { message, type, retryable } });
}

function describe(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const step = error instanceof StepError ? error : null;
  const name = text(error.name);
  return {
    message: text(error.message) || name,
    type: name,
    ...(step?.code === undefined ? {} : { code: text(step.code) }),
    retryable: step?.retryable ?? true,
    backtrace: text(error.stack ?? "").split("\n").slice(1, BACKTRACE_LINES + 1),
    context: contextOf(step?.context),
  };
}

/** Half a surrogate pair is no text to anybody but JavaScript. */
function text(value: unknown): string {
  return String(value).toWellFormed();
}

/** Types end where a handler's JavaScript begins. */
function contextOf(context: Json | undefined): Failure["context"] {
  if (context === undefined || context === null) return {};
  return typeof context === "object" && !Array.isArray(context) ? context : { value: context };
}
