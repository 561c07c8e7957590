import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigurationError } from "./errors.ts";

export type Environment = Record<string, string | undefined>;

const LAUNCHER = "start the worker through services/launch";
const HANDLERS = join(import.meta.dir, "../handlers");

/** What the worker itself takes from its environment; the library checks the rest. */
export interface Settings {
  instance: string;
  library: string;
  witnessFile: string;
  handlers: string;
}

export function readSettings(environment: Environment): Settings {
  const required = (name: string, advice: string): string => {
    const value = environment[name]?.trim();
    if (!value) throw new ConfigurationError(`${name} is not set: ${advice}`);
    return value;
  };

  const advice = "the path of libworker_ffi, which `./dev up` builds";
  const library = required("TASKER_WORKER_FFI", advice);
  if (!statSync(library, { throwIfNoEntry: false })?.isFile()) {
    throw new ConfigurationError(`TASKER_WORKER_FFI is no file: ${library}; it must be ${advice}`);
  }
  const handlers = resolve(environment["TASKER_HANDLER_PATH"] ?? HANDLERS);
  if (!statSync(handlers, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigurationError(`TASKER_HANDLER_PATH is no folder: ${handlers}; unset it to use ${HANDLERS}`);
  }
  return {
    instance: required("TASKER_INSTANCE_ID", LAUNCHER),
    library,
    witnessFile: required("TASKER_WITNESS_FILE", LAUNCHER),
    handlers,
  };
}
