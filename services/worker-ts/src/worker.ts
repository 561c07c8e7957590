import { WorkerError } from "./errors.ts";
import type { HandlerRegistry } from "./handler-registry.ts";
import { type Library, Refused } from "./library.ts";
import type { Log } from "./log.ts";
import type { PollerMessage, PollerStart } from "./poller.ts";
import type { Identity, StepEvent } from "./protocol.ts";
import { Checkpoint } from "./step-context.ts";
import type { StepRunner } from "./step-runner.ts";

export const SERVICE = "worker-ts";

/** How long a boot that is under way may go on after a signal. Healthy ones take a third of a second. */
const BOOT_MS = 3_000;

/** From the signal: the supervisor kills after ten seconds. */
const HANDLERS_MS = 7_500;
const INTERRUPTED_MS = 8_000;
const STOP_MS = 9_000;

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
    try {
      if (outcome instanceof Checkpoint) {
        const { cursor, itemsProcessed: items_processed, accumulatedResults: accumulated_results } = outcome;
        this.library.checkpoint(event.event_id, { cursor, items_processed, accumulated_results });
      } else {
        this.library.complete(event.event_id, outcome);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // The engine has its own way on with this step; the next one is none the worse for it.
      this.log.error(`step ${event.step_uuid}: ${error.message}`);
    }
  }

  private async stop(): Promise<void> {
    const began = performance.now();
    const elapsed = () => Math.round(performance.now() - began);
    if (!(await Promise.race([this.started.promise, Bun.sleep(BOOT_MS)]))) return;
    try {
      this.library.drain();
      await Promise.race([this.closed.promise, Bun.sleep(HANDLERS_MS)]);
      await Promise.race([this.interruptHandlers(), Bun.sleep(INTERRUPTED_MS - HANDLERS_MS)]);
      const { completed, handed_back, abandoned } = this.library.stop(Math.max(STOP_MS - elapsed(), 100));
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
