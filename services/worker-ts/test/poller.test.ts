import { expect, test } from "bun:test";
import { poll } from "../src/poller.ts";
import type { Closed, StepEvent } from "../src/protocol.ts";
import { event } from "./support.ts";

test("a poller says each step, takes a slot for it, and ends when the engine has no more", () => {
  const answers: (StepEvent | Closed | null)[] = [event("A"), null, event("B"), { kind: "closed" }, event("C")];
  const slots = new Int32Array(new SharedArrayBuffer(4));
  slots[0] = 3;
  const said: (StepEvent | Closed)[] = [];

  poll({ poll: <T>() => answers.shift() as T }, slots, (message) => said.push(message));

  expect(said.map((message) => (message.kind === "step" ? message.callable : message.kind))).toEqual(["A", "B", "closed"]);
  expect(slots[0]).toBe(1);
});
