import { WorkerError } from "./errors.ts";
import type { HandlerRegistry } from "./handler-registry.ts";
import { type Library, Refused } from "./library.ts";
import type { Log } from "./log.ts";
import { unacceptable } from "./outcome.ts";
import type { PollerMessage, PollerStart } from "./poller.ts";
import type { Identity, StepEvent } from "./protocol.ts";
import { Checkpoint } from "./step-context.ts";
import type { StepRunner } from "./step-runner.ts";

export const SERVICE = "worker-ts";

/** How long is waited after a signal: the supervisor kills after ten seconds. */
const PATIENCE = {
  /** For a boot that is under way. Healthy ones take a third of a second. */
  bootMs: 3_000,
  handlersMs: 7_500,
  interruptedMs: 8_000,
  stopMs: 9_000,
};

/** Beyond what the handlers that end can add up to. */
const NO_MORE = -1_000_000;

/** Why the worker stops; a failure ends it with exit status 1. */
type End = { reason: string; failure?: WorkerError };

/** One worker process: a thread that polls, and this one, which runs handlers and completes, until a signal. */
export class Worker {
  private readonly running = new Set<Promise<void>>();
  private readonly interrupt = new AbortController();
  private readonly end = Promise.withResolvers<End>();
  private readonly started = Promise.withResolvers<boolean>();
  private readonly closed = Promise.withResolvers<void>();
  private instance = SERVICE;
  private readonly slots = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    private readonly library: Library,
    private readonly libraryPath: string,
    private readonly runner: StepRunner,
    private readonly handlers: HandlerRegistry,
    private readonly log: Log,
    private readonly executable: string,
    private readonly patience = PATIENCE,
  ) {}

  /** Serves until SIGTERM or SIGINT, then finishes the steps in hand. */
  async run(): Promise<void> {
    this.listen();
    this.boot();
    const { reason, failure } = await this.end.promise;
    if (!failure) this.log.info(`stopping: ${reason}`);
    await this.stop();
    if (failure) throw failure;
  }

  private listen(): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => this.end.resolve({ reason: signal }));
    }
    // A promise that a handler forgot must not cost the steps of all others.
    process.on("unhandledRejection", (error) => this.log.error(`a promise was rejected and nobody waited for it: ${error}`));
    process.on("uncaughtException", (error) => this.fail(`an error that nobody caught: ${error.stack ?? error}`));
  }

  private boot(): void {
    const poller = new globalThis.Worker(new URL("./poller.ts", import.meta.url).href);
    poller.onmessage = ({ data }: MessageEvent<PollerMessage>) => {
      switch (data.kind) {
        case "started":
          this.begin(data.identity);
          break;
        case "step":
          this.take(data);
          break;
        case "closed":
          this.closed.resolve();
          break;
        case "failed":
          this.fail(data.message, data.exitStatus);
          break;
      }
    };
    poller.onerror = (error) => this.fail(`the polling thread ended: ${error.message}`);
    const request = {
      service: SERVICE,
      language: "typescript",
      executable: this.executable,
      handlers: this.handlers.callables,
    };
    poller.postMessage({ library: this.libraryPath, request, slots: this.slots } satisfies PollerStart);
  }

  private begin({ instance, namespaces, max_concurrent_handlers: concurrency }: Identity): void {
    this.instance = instance;
    this.log.info(`serving ${namespaces.join(", ")} with ${concurrency} handlers at once`);
    this.started.resolve(true);
  }

  private fail(message: string, exitStatus = 1): void {
    this.started.resolve(false);
    this.closed.resolve();
    this.end.resolve({ reason: message, failure: new WorkerError(message, exitStatus) });
  }

  private take(event: StepEvent): void {
    const run = this.serve(event).finally(() => {
      this.running.delete(run);
      Atomics.add(this.slots, 0, 1);
      Atomics.notify(this.slots, 0);
    });
    this.running.add(run);
  }

  private async serve(event: StepEvent): Promise<void> {
    const outcome = await this.runner.run(event, this.interrupt.signal);
    const refusal = this.refusalOf(event, () => this.report(event, outcome));
    // After a refusal the engine has its own way on with the step, except that one which was not understood is still in
    // hand: without another outcome it would stay in progress for ever.
    if (refusal?.code !== "invalid_argument") return;
    this.refusalOf(event, () => this.library.complete(event.event_id, unacceptable(outcome, refusal.message)));
  }

  private report(event: StepEvent, outcome: string | Checkpoint): void {
    if (outcome instanceof Checkpoint) {
      const { cursor, itemsProcessed: items_processed, accumulatedResults: accumulated_results } = outcome;
      this.library.checkpoint(event.event_id, { cursor, items_processed, accumulated_results });
    } else {
      this.library.complete(event.event_id, outcome);
    }
  }

  /** The next step is none the worse for it. */
  private refusalOf(event: StepEvent, call: () => void): Refused | null {
    try {
      call();
      return null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.log.error(`step ${event.step_uuid}: ${error.message}`);
      return error;
    }
  }

  private async stop(): Promise<void> {
    const began = performance.now();
    const elapsed = () => Math.round(performance.now() - began);
    const { bootMs, handlersMs, interruptedMs, stopMs } = this.patience;
    if (!(await Promise.race([this.started.promise, Bun.sleep(bootMs)]))) return;
    try {
      this.library.drain();
      await Promise.race([this.closed.promise, Bun.sleep(handlersMs)]);
      await Promise.race([this.interruptHandlers(), Bun.sleep(interruptedMs - handlersMs)]);
      const { completed, handed_back, abandoned } = this.library.stop(Math.max(stopMs - elapsed(), 100));
      this.log.info(
        `stopped after ${elapsed()} ms; steps: completed ${completed}, handed back ${handed_back}, abandoned ${abandoned}`,
      );
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.log.error(`stopped after ${elapsed()} ms: ${error.message}`);
    }
  }

  /** What is still running fails, to be retried by another worker. */
  private interruptHandlers(): Promise<unknown> {
    Atomics.store(this.slots, 0, NO_MORE);
    this.interrupt.abort(`given back: ${this.instance} is stopping`);
    return Promise.allSettled(this.running);
  }
}
