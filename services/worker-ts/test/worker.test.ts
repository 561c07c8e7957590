import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { WorkerError } from "../src/errors.ts";
import { HandlerRegistry } from "../src/handler-registry.ts";
import { type Library, Refused } from "../src/library.ts";
import { failed } from "../src/outcome.ts";
import type { PollerMessage } from "../src/poller.ts";
import { Checkpoint } from "../src/step-context.ts";
import type { StepRunner } from "../src/step-runner.ts";
import { Worker } from "../src/worker.ts";
import { SILENT, event } from "./support.ts";

const SUCCESS = '{"ok":true,"result":1}';
const IDENTITY = { instance: "worker-ts-1", namespaces: ["n"], max_concurrent_handlers: 2 };
const HURRIED = { bootMs: 50, handlersMs: 50, interruptedMs: 5_000, stopMs: 5_000 };
const EVENTS = ["SIGTERM", "SIGINT", "unhandledRejection", "uncaughtException"] as const;

/** Stands for the thread that polls: the test says what it says. */
class FakePoller {
  static newest: FakePoller;
  onmessage: (message: { data: PollerMessage }) => void = () => {};
  onerror: (error: { message: string }) => void = () => {};
  constructor() {
    FakePoller.newest = this;
  }
  postMessage(): void {}
  say(data: PollerMessage): void {
    this.onmessage({ data });
  }
}

/** Stands for libworker_ffi: refuses outcomes as the test says. */
class FakeLibrary {
  readonly calls: string[] = [];
  readonly completed: [string, Record<string, any>][] = [];
  constructor(private readonly refusals: string[] = []) {}
  complete(id: string, outcome: string): void {
    this.refuse();
    this.completed.push([id, JSON.parse(outcome)]);
  }
  checkpoint(id: string): void {
    this.refuse();
    this.calls.push(`checkpoint ${id}`);
  }
  drain(): void {
    this.calls.push("drain");
    FakePoller.newest.say({ kind: "closed" });
  }
  stop(): object {
    this.calls.push("stop");
    return { completed: 1, handed_back: 0, abandoned: 0 };
  }
  private refuse(): void {
    const code = this.refusals.shift();
    if (code) throw new Refused({ code, message: "refused" });
  }
}

const realWorker = globalThis.Worker;
let before: Map<string, Function[]>;
beforeEach(() => {
  globalThis.Worker = FakePoller as never;
  before = new Map(EVENTS.map((name) => [name, process.listeners(name as never)]));
});
afterEach(() => {
  globalThis.Worker = realWorker;
  for (const [name, kept] of before) {
    for (const listener of process.listeners(name as never) as Function[]) {
      if (!kept.includes(listener)) process.removeListener(name, listener as never);
    }
  }
});

type Run = StepRunner["run"];

function start(library: FakeLibrary, run: Run, patience = HURRIED) {
  const worker = new Worker(
    library as unknown as Library,
    "/x",
    { run } as unknown as StepRunner,
    new HandlerRegistry(),
    SILENT,
    "/x",
    patience,
  );
  const ended = worker.run();
  const poller = FakePoller.newest;
  return { ended, poller, slots: (worker as unknown as { slots: Int32Array }).slots };
}

async function serve(library: FakeLibrary, run: Run, ...ids: string[]): Promise<void> {
  const { ended, poller } = start(library, run);
  poller.say({ kind: "started", identity: IDENTITY });
  for (const event_id of ids) poller.say(event("H", { event_id }));
  await Bun.sleep(0);
  process.emit("SIGTERM");
  await ended;
}

describe("a worker", () => {
  test("completes steps and stops in order at a signal", async () => {
    const library = new FakeLibrary();
    await serve(library, async () => SUCCESS, "a", "b");

    expect(library.completed.map(([id]) => id)).toEqual(["a", "b"]);
    expect(library.calls).toEqual(["drain", "stop"]);
  });

  test("replaces an outcome that the library does not take by a permanent failure", async () => {
    for (const outcome of [SUCCESS, new Checkpoint(1, 1)]) {
      const library = new FakeLibrary(["invalid_argument"]);
      await serve(library, async () => outcome, "a");

      const [, { error }] = library.completed[0] ?? ["", {}];
      expect(error).toMatchObject({ type: "PermanentError", retryable: false });
      expect(error.message).toContain("refused");
    }
  });

  test("keeps a failure that the library does not take retryable", async () => {
    const library = new FakeLibrary(["invalid_argument"]);
    await serve(library, async () => failed(new Error("later")), "a");

    expect(library.completed[0]?.[1]["error"]).toEqual({ message: "later", type: "Error", retryable: true });
  });

  test("leaves any other refusal to the engine", async () => {
    const library = new FakeLibrary(["timed_out"]);
    await serve(library, async () => SUCCESS, "a", "b");

    expect(library.completed.map(([id]) => id)).toEqual(["b"]);
  });

  test("gives back a step whose handler does not end", async () => {
    const library = new FakeLibrary();
    await serve(
      library,
      (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(failed(String(signal.reason))))),
      "a",
    );

    expect(library.completed[0]?.[1]["error"]).toMatchObject({ message: "given back: worker-ts-1 is stopping" });
    expect(library.calls).toEqual(["drain", "stop"]);
  });

  test("frees a slot for each step that has ended", async () => {
    const { ended, poller, slots } = start(new FakeLibrary(), async () => SUCCESS);
    poller.say({ kind: "started", identity: IDENTITY });
    poller.say(event("H"));
    await Bun.sleep(0);

    expect(slots[0]).toBe(1);
    process.emit("SIGTERM");
    await ended;
  });

  test("ends with the reason when the library refuses to start", async () => {
    const library = new FakeLibrary();
    const { ended, poller } = start(library, async () => SUCCESS);
    poller.say({ kind: "failed", message: "no database", exitStatus: 3 });

    expect(await ended.catch((error: unknown) => error)).toEqual(new WorkerError("no database", 3));
    expect(library.calls).toEqual([]);
  });

  test("waits no longer than its patience for a boot when a signal comes", async () => {
    const library = new FakeLibrary();
    const { ended } = start(library, async () => SUCCESS);
    process.emit("SIGINT");
    await ended;

    expect(library.calls).toEqual([]);
  });

  test("stops in order when the polling thread ends by itself", async () => {
    const library = new FakeLibrary();
    const { ended, poller } = start(library, async () => SUCCESS);
    poller.say({ kind: "started", identity: IDENTITY });
    poller.onerror({ message: "lost" });

    expect(await ended.catch((error: unknown) => error)).toBeInstanceOf(WorkerError);
    expect(library.calls).toEqual(["drain", "stop"]);
  });
});
