import { describe, expect, test } from "bun:test";
import { rfc3339 } from "../src/clock.ts";
import { Library, Refused } from "../src/library.ts";
import type { StartRequest } from "../src/protocol.ts";

const path = process.env["TASKER_WORKER_FFI"];
const EVENT = "01920000-0000-7000-8000-000000000000";

function code(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return "none";
}

/** The real library, as far as that goes without a database. */
describe.skipIf(!path)("the library", () => {
  const library = () => new Library(path ?? "");

  test("tells its versions", () => {
    expect(Object.keys(library().version()).sort()).toEqual(["abi", "engine_version", "ok", "version"]);
  });

  test("does nothing before the start", () => {
    expect(code(() => library().poll(0))).toBe("not_started");
    expect(code(() => library().complete(EVENT, '{"ok":true}'))).toBe("not_started");
    expect(code(() => library().drain())).toBe("not_started");
    expect(code(() => library().stop(0))).toBe("not_started");
  });

  test("refuses what is not of the right shape", () => {
    expect(code(() => library().start({ service: 1 } as unknown as StartRequest))).toBe("invalid_argument");
    expect(code(() => library().complete("no uuid", '{"ok":true}'))).toBe("invalid_argument");
    expect(code(() => library().complete(EVENT, "{"))).toBe("invalid_argument");
  });

  test("has the clocks that the processes of a machine share", () => {
    const before = Date.now();
    const wall = Date.parse(library().wall());

    expect(wall).toBeGreaterThanOrEqual(before - 1);
    expect(library().monotonicNs()).toBeGreaterThan(0);
  });
});

test("a time has microseconds", () => {
  expect(rfc3339(1_700_000_000_000_042n)).toBe("2023-11-14T22:13:20.000042Z");
});

test("a refusal because of the configuration has an exit status of its own", () => {
  const refused = new Refused({ code: "configuration", message: "m", next: "n" });

  expect([refused.message, refused.exitStatus]).toEqual(["m: n", 3]);
});
