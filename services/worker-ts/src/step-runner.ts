import { PermanentError, StepError, WorkerStopping } from "./errors.ts";
import type { HandlerRegistry } from "./handler-registry.ts";
import type { Log } from "./log.ts";
import type { Failure, Json, Outcome, StepEvent } from "./protocol.ts";
import { Checkpoint, StepContext } from "./step-context.ts";
import type { StepResult } from "./step-handler.ts";
import type { Witness } from "./witness.ts";

const BACKTRACE_LINES = 20;

/** Runs the handler of one step and says what came of it, in the shapes of worker_ffi.h. */
export class StepRunner {
  constructor(
    private readonly handlers: HandlerRegistry,
    private readonly witness: Witness,
    private readonly log: Log,
  ) {}

  /** The JSON of the outcome, or a checkpoint. Never throws: a step without an outcome would stay in progress for ever. */
  async run(event: StepEvent, signal: AbortSignal): Promise<string | Checkpoint> {
    const began = performance.now();
    const context = new StepContext(event, signal);
    const rest = () => ({ execution_ms: Math.round(performance.now() - began), events: context.events });
    try {
      const result = await this.call(event, context);
      return result instanceof Checkpoint ? result : json({ ok: true, result, ...rest() });
    } catch (error) {
      const failed = failure(error);
      this.log.info(`step ${event.step_uuid} failed: ${failed.type}: ${failed.message}`);
      return json({ ok: false, error: failed, ...rest() });
    }
  }

  private async call(event: StepEvent, context: StepContext): Promise<Json | Checkpoint> {
    const handler = this.handlers.build(event.callable);
    return this.witness.run(event, async () => {
      const result = await Promise.race([handler.call(context), interruption(context.signal)]);
      return result instanceof Checkpoint ? result : requireJson(result);
    });
  }
}

/** Rejects when the worker can wait no longer; the handler, if it goes on, dies with the process. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupt = () => reject(new WorkerStopping(String(signal.reason)));
    if (signal.aborted) interrupt();
    else signal.addEventListener("abort", interrupt, { once: true });
  });
}

function requireJson(result: StepResult): Json {
  try {
    const text = JSON.stringify(result ?? null);
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new PermanentError(`the handler's result is not JSON: ${error}`);
  }
  throw new PermanentError(`the handler's result is not JSON: a ${typeof result}`);
}

function json(outcome: Outcome): string {
  try {
    return JSON.stringify(outcome);
  } catch (error) {
    const failed = failure(new PermanentError(`an event or error is not JSON: ${error}`));
    return JSON.stringify({ ok: false, error: failed, execution_ms: outcome.execution_ms, events: [] });
  }
}

function failure(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const step = error instanceof StepError ? error : null;
  return {
    message: error.message || error.name,
    type: error.name,
    ...(step?.code === undefined ? {} : { code: step.code }),
    retryable: step?.retryable ?? true,
    backtrace: (error.stack ?? "").split("\n").slice(1, BACKTRACE_LINES + 1),
    context: step?.context ?? {},
  };
}
