import { PermanentError, WorkerStopping } from "./errors.ts";
import type { HandlerRegistry } from "./handler-registry.ts";
import type { Log } from "./log.ts";
import { failed, success } from "./outcome.ts";
import type { Json, StepEvent } from "./protocol.ts";
import { Checkpoint, StepContext } from "./step-context.ts";
import type { Witness } from "./witness.ts";

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
      return result instanceof Checkpoint ? result : success(result, rest());
    } catch (thrown) {
      const outcome = failed(thrown, rest());
      const { type, message } = JSON.parse(outcome).error;
      this.log.info(`step ${event.step_uuid} failed: ${type}: ${message}`);
      return outcome;
    }
  }

  private async call(event: StepEvent, context: StepContext): Promise<Json | Checkpoint> {
    const handler = this.handlers.build(event.callable);
    return this.witness.run(event, async () => {
      const result = await unlessInterrupted(context.signal, handler.call(context));
      return result instanceof Checkpoint ? requireCheckpoint(result) : requireJson(result, "result");
    });
  }
}

/**
 * Waits for a handler, and no longer than the worker can; the handler, if it goes on, dies with the process. The signal
 * is the worker's and outlives the run, so nothing of the run may stay with it.
 */
async function unlessInterrupted<T>(signal: AbortSignal, running: T | Promise<T>): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const interrupt = () => interrupted.reject(new WorkerStopping(String(signal.reason)));
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await Promise.race([running, interrupted.promise]);
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

function requireCheckpoint(checkpoint: Checkpoint): Checkpoint {
  const { cursor, itemsProcessed, accumulatedResults } = checkpoint;
  if (!Number.isSafeInteger(itemsProcessed) || itemsProcessed < 0) {
    throw new PermanentError(`itemsProcessed of a checkpoint must be an integer from 0, not ${String(itemsProcessed)}`);
  }
  return new Checkpoint(requireJson(cursor, "checkpoint"), itemsProcessed, requireJson(accumulatedResults, "checkpoint"));
}

function requireJson(value: Json, what: string): Json {
  try {
    const text = JSON.stringify(value ?? null);
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new PermanentError(`the handler's ${what} is not JSON: ${error}`);
  }
  throw new PermanentError(`the handler's ${what} is not JSON: a ${typeof value}`);
}
