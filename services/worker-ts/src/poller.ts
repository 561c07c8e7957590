/** The thread that waits for steps, so that the other one never has to. */

import { Library } from "./library.ts";
import type { Closed, StepEvent } from "./protocol.ts";

declare const self: Worker;

const POLL_MS = 1_000;

export interface PollerStart {
  library: string;
  /** How many more steps may be taken. */
  slots: Int32Array<SharedArrayBuffer>;
}

/** The poller ended: the engine has closed, or a call was refused. */
export type PollerMessage = StepEvent | Closed | { kind: "failed"; message: string };

self.onmessage = ({ data }: MessageEvent<PollerStart>) => {
  try {
    poll(new Library(data.library), data.slots);
  } catch (error) {
    say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};

function poll(library: Library, slots: Int32Array<SharedArrayBuffer>): void {
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
