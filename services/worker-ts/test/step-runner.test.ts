import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { PermanentError, RetryableError } from "../src/errors.ts";
import { HandlerRegistry } from "../src/handler-registry.ts";
import { Checkpoint, type StepContext } from "../src/step-context.ts";
import { StepHandler, type StepResult } from "../src/step-handler.ts";
import { StepRunner } from "../src/step-runner.ts";
import { Witness } from "../src/witness.ts";
import { CLOCK, NEVER, SILENT, event, folder, removeFolders, witnessLines } from "./support.ts";

let path: string;
beforeEach(() => {
  path = join(folder(), "w.jsonl");
});
afterEach(removeFolders);

type Body = (context: StepContext) => StepResult | Promise<StepResult>;

function runner(body?: Body): StepRunner {
  const handlers = new HandlerRegistry();
  if (body) {
    handlers.register(
      class extends StepHandler {
        static override readonly callable = "H";
        override call(context: StepContext) {
          return body(context);
        }
      },
    );
  }
  return new StepRunner(handlers, new Witness(path, "worker-ts-1", CLOCK, SILENT), SILENT);
}

async function outcome(body?: Body, signal = NEVER) {
  return JSON.parse((await runner(body).run(event("H", { context: { id: 7 } }), signal)) as string);
}

describe("a step", () => {
  test("that succeeds has its result and the events asked for reported", async () => {
    const result = await outcome(async (context) => {
      context.publish("order.shipped", { id: context.input["id"] ?? null });
      return { result: context.attempt };
    });

    expect(result).toMatchObject({ ok: true, result: { result: 2 } });
    expect(result.events).toEqual([{ name: "order.shipped", payload: { id: 7 } }]);
  });

  test("that fails for good says so", async () => {
    const { ok, error } = await outcome(() => {
      throw new PermanentError("no such order", { code: "GONE", context: { id: 7 } });
    });

    expect(ok).toBe(false);
    expect(error).toMatchObject({
      message: "no such order",
      type: "PermanentError",
      code: "GONE",
      retryable: false,
      context: { id: 7 },
    });
    expect(error.backtrace[0]).toContain("step-runner.test.ts");
  });

  test("that fails in any other way leaves it to the template", async () => {
    for (const thrown of [new RetryableError("x"), new TypeError("x"), "a text"]) {
      const { error } = await outcome(() => Promise.reject(thrown));

      expect(error.retryable).toBe(true);
    }
  });

  test("with an unknown callable is a permanent failure that names it", async () => {
    const { error } = await outcome();

    expect(error.retryable).toBe(false);
    expect(error.message).toContain("no handler H");
  });

  test("whose result is no JSON is a permanent failure", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    for (const value of [cycle, 7n, () => 1]) {
      const { error } = await outcome(() => value as StepResult);

      expect(error).toMatchObject({ type: "PermanentError", retryable: false });
    }
  });

  test("whose event is no JSON is a permanent failure", async () => {
    const { error } = await outcome((context) => {
      context.publish("a.b", 7n as never);
      return {};
    });

    expect(error.retryable).toBe(false);
  });

  test("that returns a checkpoint hands it on and is witnessed so", async () => {
    const result = await runner(() => new Checkpoint(7, 7)).run(event("H"), NEVER);

    expect(result).toEqual(new Checkpoint(7, 7, null));
    expect(witnessLines(path).at(-1)).toMatchObject({ event: "finished", ok: true, checkpoint: true });
  });

  test("whose checkpoint cannot be stored is a permanent failure", async () => {
    for (const stored of [new Checkpoint(7n as never, 7), new Checkpoint(7, -1), new Checkpoint(7, "7" as never)]) {
      const { error } = await outcome(() => stored);

      expect(error).toMatchObject({ type: "PermanentError", retryable: false });
      expect(witnessLines(path).at(-1)).not.toHaveProperty("checkpoint");
    }
  });

  test("has its error put into the shape that the library takes", async () => {
    const { error } = await outcome(() => {
      throw new PermanentError("half a \ud83d pair", { code: 404 as never, context: "s" as never });
    });

    expect(error).toMatchObject({ message: "half a \ufffd pair", code: "404", context: { value: "s" } });
  });

  test("that may be retried stays so when its error's details are no JSON", async () => {
    const { error } = await outcome(() => {
      throw new RetryableError("later", { context: { big: 7n as never } });
    });

    expect(error).toMatchObject({ message: "later", type: "RetryableError", retryable: true, context: {} });
  });

  test("whose error cannot even be told still ends", async () => {
    const { error } = await outcome(() => {
      throw Object.create(null);
    });

    expect(error.retryable).toBe(true);
  });

  test("that publishes an event without a name is a permanent failure", async () => {
    const { error } = await outcome((context) => {
      context.publish(undefined as never);
      return {};
    });

    expect(error).toMatchObject({ retryable: false, message: "the name of an event must be a text, not undefined" });
  });

  test("leaves nothing with the worker's signal", async () => {
    const { signal } = new AbortController();
    const [added, removed] = [spyOn(signal, "addEventListener"), spyOn(signal, "removeEventListener")];
    await outcome(() => 1, signal);
    await outcome(() => Promise.reject(new Error("no")), signal);

    const listeners = (spy: typeof added | typeof removed) => spy.mock.calls.map(([, listener]) => listener);
    expect(listeners(added)).toHaveLength(2);
    expect(listeners(removed)).toEqual(listeners(added));
  });

  test("is witnessed with its end", async () => {
    await outcome(() => 1);
    await outcome(() => Promise.reject(new Error("no")));

    expect(witnessLines(path).map((line) => line["ok"])).toEqual([undefined, true, undefined, false]);
  });

  test("is given back when the worker stops and can wait no longer", async () => {
    const stop = new AbortController();
    const running = outcome(() => new Promise<never>(() => {}), stop.signal);
    stop.abort("given back: worker-ts-1 is stopping");

    const { error } = await running;
    expect(error).toMatchObject({ type: "WorkerStopping", retryable: true, message: "given back: worker-ts-1 is stopping" });
    expect(witnessLines(path).at(-1)).toMatchObject({ event: "finished", ok: false });
  });
});
