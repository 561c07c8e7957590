import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigurationError } from "../src/errors.ts";
import { Witness } from "../src/witness.ts";
import { CLOCK, SILENT, event, folder, removeFolders, witnessLines } from "./support.ts";

const KEYS = "v event run task step step_name namespace attempt instance pid wall mono_ns".split(" ");

let path: string;
beforeEach(() => {
  path = join(folder(), "new/worker-ts-1.jsonl");
});
afterEach(removeFolders);

function witness(limit?: number): Witness {
  return new Witness(path, "worker-ts-1", CLOCK, SILENT, limit);
}

describe("a run", () => {
  test("leaves a started and a finished line", async () => {
    await witness().run(event("H"), async () => {});

    const [started, finished] = witnessLines(path);
    expect(Object.keys(started ?? {})).toEqual(KEYS);
    expect(Object.keys(finished ?? {})).toEqual([...KEYS, "ok"]);
    expect(started).toMatchObject({ v: 1, event: "started", attempt: 2, pid: process.pid, instance: "worker-ts-1" });
    expect(finished).toMatchObject({ event: "finished", ok: true, run: started?.["run"] });
    expect(started?.["wall"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Number.isInteger(started?.["mono_ns"])).toBe(true);
  });

  test("has its started line there while the handler runs", async () => {
    const during = await witness().run(event("H"), async () => witnessLines(path));

    expect(during.map((line) => line["event"])).toEqual(["started"]);
  });
});

describe("a file", () => {
  test("that is full is kept once and begun anew", async () => {
    const full = witness(1);
    for (let run = 0; run < 3; run++) await full.run(event("H"), async () => {});

    expect(witnessLines(path)).toHaveLength(1);
    expect(witnessLines(`${path}.1`)).toHaveLength(1);
    expect(readdirSync(dirname(path))).toHaveLength(2);
  });

  test("whose last line an earlier process left half written is not continued there", async () => {
    mkdirSync(dirname(path));
    writeFileSync(path, '{"v":1,"ev');
    await witness().run(event("H"), async () => {});

    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect([lines[0], lines.length]).toEqual(['{"v":1,"ev', 3]);
  });

  test("that cannot be written is a matter of configuration", () => {
    mkdirSync(path, { recursive: true });

    expect(witness).toThrow(ConfigurationError);
  });
});
