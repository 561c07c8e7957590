import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "./clock.ts";
import { ConfigurationError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { StepEvent } from "./protocol.ts";
import { Checkpoint } from "./step-context.ts";

const LIMIT = 64 * 1024 * 1024;

type Ending = { ok: boolean; checkpoint?: true };

/**
 * The witness file: what the handlers of this process really did, independent of the database. A line is one write in
 * append mode, so a SIGKILL loses at most the line of the end.
 */
export class Witness {
  private descriptor: number;

  constructor(
    private readonly path: string,
    private readonly instance: string,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly limit = LIMIT,
  ) {
    try {
      this.descriptor = open(path);
    } catch (error) {
      throw new ConfigurationError(
        `TASKER_WITNESS_FILE cannot be written: ${error}; start the worker through services/launch`,
      );
    }
  }

  /**
   * Wraps one run of a handler: a line at its start, a line at its end. A run that throws has failed; one that ends in a
   * checkpoint is a part of the step's work and no run too many.
   */
  async run<T>(event: StepEvent, handler: () => Promise<T>): Promise<T> {
    const run = crypto.randomUUID();
    let ending: Ending = { ok: false };
    this.write("started", run, event);
    try {
      const result = await handler();
      ending = result instanceof Checkpoint ? { ok: true, checkpoint: true } : { ok: true };
      return result;
    } finally {
      this.write("finished", run, event, ending);
    }
  }

  private write(name: "started" | "finished", run: string, step: StepEvent, last: Partial<Ending> = {}): void {
    const line = {
      v: 1,
      event: name,
      run,
      task: step.task_uuid,
      step: step.step_uuid,
      step_name: step.step_name,
      namespace: step.namespace,
      attempt: step.attempt,
      instance: this.instance,
      pid: process.pid,
      wall: this.clock.wall(),
      mono_ns: this.clock.monotonicNs(),
      ...last,
    };
    try {
      if (fstatSync(this.descriptor).size >= this.limit) this.rotate();
      writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
    } catch (error) {
      // The step is worth more than the record of it; the verifier misses the line.
      this.log.error(`cannot write the witness file: ${error}; free space on its disk`);
    }
  }

  private rotate(): void {
    renameSync(this.path, `${this.path}.1`);
    const full = this.descriptor;
    this.descriptor = open(this.path);
    closeSync(full);
  }
}

function open(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, "a+", 0o644);
  const size = fstatSync(descriptor).size;
  const last = Buffer.alloc(1);
  // A full disk may have cut the last line of an earlier process short; ours must not continue it.
  if (size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() !== "\n") {
    writeSync(descriptor, "\n");
  }
  return descriptor;
}
