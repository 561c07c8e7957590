import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, rfc3339 } from "../src/clock.ts";
import { Log } from "../src/log.ts";
import type { StepEvent } from "../src/protocol.ts";
import { StepContext } from "../src/step-context.ts";

export const NEVER = new AbortController().signal;
export const SILENT = new Log("worker-ts-1", () => {});

/** The process's own clocks: the tests need no library. */
export const CLOCK: Clock = {
  wall: () => rfc3339(BigInt(Date.now()) * 1000n),
  monotonicNs: () => Bun.nanoseconds(),
};

const folders: string[] = [];

/** A folder for one test; `afterEach(removeFolders)` takes it away. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "worker-ts-"));
  folders.push(made);
  return made;
}

export function removeFolders(): void {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
}

/** A step as the library hands it out. */
export function event(callable: string, fields: Partial<StepEvent> = {}): StepEvent {
  return {
    kind: "step",
    event_id: "e",
    task_uuid: "t",
    step_uuid: "s",
    correlation_id: "c",
    namespace: "n",
    task_name: "task",
    step_name: "step",
    attempt: 2,
    max_attempts: 3,
    callable,
    initialization: {},
    timeout_seconds: 30,
    context: {},
    inputs: null,
    parents: [],
    dependencies: {},
    checkpoint: null,
    ...fields,
  };
}

export function context(fields: Partial<StepEvent> = {}): StepContext {
  return new StepContext(event("H", fields), NEVER);
}

export function witnessLines(path: string): Record<string, unknown>[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
