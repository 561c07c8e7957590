import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PermanentError, RetryableError, ValidationError } from "../src/errors.ts";
import { HandlerRegistry } from "../src/handler-registry.ts";
import type { JsonObject, StepEvent } from "../src/protocol.ts";
import { Checkpoint } from "../src/step-context.ts";
import { context } from "./support.ts";

const TEMPLATES = join(import.meta.dir, "../../../config/templates/typescript");
const handlers = await HandlerRegistry.load(join(import.meta.dir, "../handlers"));

function call(callable: string, fields: Partial<StepEvent>) {
  return handlers.build(callable).call(context(fields)) as JsonObject;
}

function number(callable: string, parents: JsonObject, initialization: JsonObject = {}) {
  const dependencies = Object.fromEntries(Object.entries(parents).map(([name, result]) => [name, { result }]));
  return call(callable, { parents: Object.keys(parents), dependencies, initialization })["result"];
}

test("work in pieces goes on from its checkpoint", () => {
  const run = (fields: Partial<StepEvent>) =>
    handlers.build("Slow.Pieces").call(context({ context: { pieces: 2 }, ...fields }));

  expect(run({})).toEqual(new Checkpoint(1, 1));
  expect(run({ checkpoint: { cursor: 1, items_processed: 1 } })).toMatchObject({ result: 2 });
  expect(run({ context: { pieces: 1 } })).toMatchObject({ result: 1 });
  expect(() => run({ context: { pieces: 0 } })).toThrow(ValidationError);
});

test("every template names handlers that are here, and every handler is named", () => {
  const called = [...new Bun.Glob("*.yaml").scanSync(TEMPLATES)].flatMap((file) =>
    [...readFileSync(join(TEMPLATES, file), "utf8").matchAll(/callable: (\S+)/g)].map(([, callable]) => callable ?? ""),
  );

  expect([...new Set(called)].sort()).toEqual(handlers.callables);
});

describe("numbers", () => {
  test("go through the linear workflow", () => {
    expect(call("LinearWorkflow.Square", { context: { even_number: 6 } })["result"]).toBe(36);
    expect(number("LinearWorkflow.Add", { a: 36 }, { constant: 10 })).toBe(46);
    expect(number("LinearWorkflow.Multiply", { a: 46 }, { factor: 3 })).toBe(138);
    expect(number("LinearWorkflow.Divide", { a: 138 }, { divisor: 2 })).toBe(69);
  });

  test("end in the mean of the diamond's branches", () => {
    expect(number("DiamondWorkflow.End", { b: 61, c: 72 })).toBe(66.5);
  });

  test("stay exact at any size", () => {
    expect(number("LinearWorkflow.Multiply", { a: 2 ** 52 }, { factor: 2 })).toBe(2 ** 53);
    expect(number("LinearWorkflow.Multiply", { a: 2 ** 53 }, { factor: 2 })).toBe(String(2n ** 54n));
    expect(number("LinearWorkflow.Divide", { a: String(2n ** 54n + 3n) }, { divisor: 2 })).toBe("9007199254740993.5");
    expect(number("LinearWorkflow.Divide", { a: -3 }, { divisor: 2 })).toBe(-1.5);
    expect(number("LinearWorkflow.Multiply", { a: 0 }, { factor: 3 })).toBe(0);
  });

  test("that are not even integers are a permanent failure", () => {
    for (const input of [{ even_number: 7 }, { even_number: 6.5 }, { even_number: "six" }, {}]) {
      expect(() => call("LinearWorkflow.Square", { context: input as JsonObject })).toThrow(ValidationError);
    }
  });

  test("that a parent does not have are a permanent failure", () => {
    expect(() => number("LinearWorkflow.Add", { a: "many" }, { constant: 1 })).toThrow(PermanentError);
    expect(() => number("LinearWorkflow.Add", { a: 1 })).toThrow(PermanentError);
  });
});

describe("the fan-out", () => {
  const batch = (input: JsonObject) =>
    call("FanOut.Root", { context: { even_number: 6, ...input } })["batch_processing_outcome"] as { cursor_configs: unknown[] };

  test("is as wide as its task says", () => {
    expect(batch({}).cursor_configs).toHaveLength(10);
    expect(batch({ width: 100 }).cursor_configs).toHaveLength(100);
    for (const width of [0, 101, 2.5, "10"]) expect(() => batch({ width })).toThrow(ValidationError);
  });

  test("multiplies in each part by its place and adds up", () => {
    const part = { parents: ["r"], dependencies: { r: { result: 6 } }, inputs: { cursor: { start_cursor: 10 } } };

    expect(call("FanOut.Part", part)["result"]).toBe(60);
    expect(number("FanOut.Join", { a: 6, b: 12 })).toBe(18);
  });
});

test("a parent's result that is not there yet is waited for, and a step that is no parent is a mistake", () => {
  const step = context({ parents: ["a"] });

  expect(() => step.resultOf("a")).toThrow(RetryableError);
  expect(() => step.resultOf("b")).toThrow(PermanentError);
});

describe("an order", () => {
  const order = { order_id: "o1", amount: 5 };

  test("publishes a receipt when it is paid", () => {
    const step = context({ context: order });

    expect(handlers.build("DomainEvents.ProcessPayment").call(step)).toMatchObject({ result: "paid" });
    expect(step.events.map((event) => event.name)).toEqual(["payment.receipt_issued"]);
  });

  test("is tried again when its payment fails", () => {
    expect(() => call("DomainEvents.ProcessPayment", { context: { ...order, simulate_failure: true } })).toThrow(RetryableError);
  });

  test.each([0, -1, "5", null])("of the amount %p is a permanent failure", (amount) => {
    expect(() => call("DomainEvents.ValidateOrder", { context: { order_id: "o1", amount } })).toThrow(ValidationError);
  });
});
