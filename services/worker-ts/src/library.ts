import { CString, dlopen, FFIType, type Pointer } from "bun:ffi";
import { type Clock, rfc3339 } from "./clock.ts";
import { ConfigurationError, WorkerError } from "./errors.ts";
import type { Closed, Identity, StartRequest, StepEvent, Stopped, StoredCheckpoint, Version } from "./protocol.ts";

const ABI = 1;

const FUNCTIONS = {
  worker_version: { args: [], returns: FFIType.ptr },
  worker_start: { args: [FFIType.ptr], returns: FFIType.ptr },
  worker_poll: { args: [FFIType.u32], returns: FFIType.ptr },
  worker_complete: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.ptr },
  worker_checkpoint: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.ptr },
  worker_drain: { args: [], returns: FFIType.ptr },
  worker_stop: { args: [FFIType.u32], returns: FFIType.ptr },
  worker_free: { args: [FFIType.ptr], returns: FFIType.void },
  worker_monotonic_ns: { args: [], returns: FFIType.u64 },
  worker_wall_us: { args: [], returns: FFIType.u64 },
} as const;

/** A call that the library refused; `code` is one of worker_ffi.h. */
export class Refused extends WorkerError {
  readonly code: string;

  constructor(error: { code: string; message: string; next?: string }) {
    super([error.message, error.next].filter(Boolean).join(": "), error.code === "configuration" ? 3 : 1);
    this.code = error.code;
  }
}

/**
 * The functions of worker_ffi.h. Each text that the library gives is copied and given back at once. A call blocks the
 * thread that makes it, so a poll that waits belongs into a thread of its own.
 */
export class Library implements Clock {
  private readonly functions;

  constructor(path: string) {
    try {
      this.functions = dlopen(path, FUNCTIONS).symbols;
    } catch (error) {
      throw new ConfigurationError(`TASKER_WORKER_FFI cannot be loaded: ${error}; \`./dev up\` builds the library`);
    }
    const { abi } = this.version();
    if (abi !== ABI) {
      throw new ConfigurationError(
        `TASKER_WORKER_FFI speaks interface ${abi}, this worker ${ABI}: build both from one checkout with \`./dev up\``,
      );
    }
  }

  version(): Version {
    return this.answer(this.functions.worker_version());
  }

  start(request: StartRequest): Identity {
    return this.answer(this.functions.worker_start(text(JSON.stringify(request))));
  }

  poll(timeoutMs: number): StepEvent | Closed | null {
    return this.answer(this.functions.worker_poll(timeoutMs));
  }

  complete(eventId: string, outcome: string): void {
    this.answer(this.functions.worker_complete(text(eventId), text(outcome)));
  }

  checkpoint(eventId: string, checkpoint: StoredCheckpoint): void {
    this.answer(this.functions.worker_checkpoint(text(eventId), text(JSON.stringify(checkpoint))));
  }

  drain(): void {
    this.answer(this.functions.worker_drain());
  }

  stop(timeoutMs: number): Stopped {
    return this.answer(this.functions.worker_stop(timeoutMs));
  }

  wall(): string {
    return rfc3339(this.functions.worker_wall_us());
  }

  monotonicNs(): number {
    return Number(this.functions.worker_monotonic_ns());
  }

  private answer<T>(pointer: Pointer | bigint | null): T {
    if (pointer === null) return null as T;
    let json: string;
    try {
      json = new CString(pointer).toString();
    } finally {
      this.functions.worker_free(pointer);
    }
    const answer = JSON.parse(json);
    if (answer.ok === false) throw new Refused(answer.error);
    return answer;
  }
}

/** The library reads it during the call only. JSON has no NUL in it. */
function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
