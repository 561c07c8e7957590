/** The thread that makes the library's calls that wait, so that the other one never has to. */

import { Library, Refused } from "./library.ts";
import type { Closed, Identity, StartRequest, StepEvent } from "./protocol.ts";

declare const self: Worker;

const POLL_MS = 1_000;

export interface PollerStart {
  library: string;
  request: StartRequest;
  /** How many more steps may be taken; filled in when the worker has started. */
  slots: Int32Array<SharedArrayBuffer>;
}

/** `closed` and `failed` are the last: the engine has no more steps, or refused a call. */
export type PollerMessage =
  | { kind: "started"; identity: Identity }
  | StepEvent
  | Closed
  | { kind: "failed"; message: string; exitStatus: number };

self.onmessage = ({ data: { library: path, request, slots } }: MessageEvent<PollerStart>) => {
  try {
    const library = new Library(path);
    const identity = library.start(request);
    Atomics.store(slots, 0, identity.max_concurrent_handlers);
    say({ kind: "started", identity });
    poll(library, slots, say);
  } catch (error) {
    const exitStatus = error instanceof Refused ? error.exitStatus : 1;
    say({ kind: "failed", message: error instanceof Error ? error.message : String(error), exitStatus });
  }
};

export function poll(
  library: Pick<Library, "poll">,
  slots: Int32Array<SharedArrayBuffer>,
  say: (message: StepEvent | Closed) => void,
): void {
  for (;;) {
    // Nothing is taken that could not begin at once: the engine counts a step's time from here.
    for (let free = Atomics.load(slots, 0); free <= 0; free = Atomics.load(slots, 0)) Atomics.wait(slots, 0, free);
    const event = library.poll(POLL_MS);
    if (event === null) continue;
    if (event.kind === "step") Atomics.sub(slots, 0, 1);
    say(event);
    if (event.kind === "closed") return;
  }
}

function say(message: PollerMessage): void {
  self.postMessage(message);
}
