import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, removeFolders } from "./support.ts";

/** The program as somebody starts it, as far as that goes without a database. */
const PROGRAM = join(import.meta.dir, "../src/main.ts");
const CLEAN = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TASKER_")));

let room: string;
beforeEach(() => {
  room = folder();
});
afterEach(removeFolders);

function worker(args: string[], environment: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "run", PROGRAM, ...args], {
    env: { ...CLEAN, ...environment },
  });
  return { output: stdout.toString(), errors: stderr.toString(), exitCode };
}

function settings(others: Record<string, string> = {}) {
  return {
    TASKER_INSTANCE_ID: "worker-ts-1",
    TASKER_WORKER_FFI: PROGRAM,
    TASKER_WITNESS_FILE: join(room, "w"),
    ...others,
  };
}

describe("the program", () => {
  test("tells its help on the output", () => {
    const { output, errors, exitCode } = worker(["--help"]);

    expect(output).toStartWith("worker-ts\n");
    expect({ errors, exitCode }).toEqual({ errors: "", exitCode: 0 });
  });

  test("names an unknown argument", () => {
    expect(worker(["x"])).toEqual({
      output: "",
      errors: "worker-ts: unknown argument `x`: it takes --version, --help or nothing\n",
      exitCode: 3,
    });
  });

  test("names a missing variable", () => {
    expect(worker([])).toEqual({
      output: "",
      errors: "worker-ts: TASKER_WORKER_FFI is not set: the path of libworker_ffi, which `./dev up` builds\n",
      exitCode: 3,
    });
  });

  test("says in one line that the library is none", () => {
    const { errors, exitCode } = worker([], settings());

    expect(errors).toMatch(/^worker-ts-1: TASKER_WORKER_FFI cannot be loaded: .*`\.\/dev up` builds the library\n$/);
    expect(exitCode).toBe(3);
  });

  test("names a handler that does not load", () => {
    mkdirSync(join(room, "handlers"));
    writeFileSync(join(room, "handlers/broken.ts"), "export class {");
    const { errors, exitCode } = worker([], settings({ TASKER_HANDLER_PATH: join(room, "handlers") }));

    expect(errors).toMatch(/^worker-ts-1: .*handlers\/broken\.ts cannot be loaded: .*\n$/);
    expect(exitCode).toBe(3);
  });
});
