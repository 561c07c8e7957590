import { expect, test } from "bun:test";
import { Log } from "../src/log.ts";

function line(message: string): string {
  let written = "";
  new Log("worker-ts-1", (text) => {
    written += text;
  }).info(message);
  return written;
}

test("a line names the instance", () => {
  expect(line("ready")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z {2}INFO worker-ts-1 worker_ts: ready\n$/);
});

test("a message stays on its line and keeps no password", () => {
  expect(line("a postgresql://tasker:p@ss@h/d\n  b")).toEndWith(": a postgresql://tasker:***@h/d b\n");
});
