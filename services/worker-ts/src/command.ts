import { join } from "node:path";
import { ConfigurationError, WorkerError } from "./errors.ts";
import { HandlerRegistry } from "./handler-registry.ts";
import { Library } from "./library.ts";
import { Log, oneLine } from "./log.ts";
import { type Environment, readSettings } from "./settings.ts";
import { StepRunner } from "./step-runner.ts";
import { Witness } from "./witness.ts";
import { SERVICE, Worker } from "./worker.ts";

const USAGE = `${SERVICE}\n\nTakes no arguments: everything is in the environment, which \`services/launch\` sets.`;

/** The exit status: 0 stopped when asked to, 3 wrong configuration or usage, 1 else. */
export async function run(args: string[], environment: Environment): Promise<number> {
  try {
    if (args[0] === undefined) await serve(environment);
    else console.log(answer(args[0], environment));
    return 0;
  } catch (error) {
    const known = error instanceof WorkerError;
    const message = known ? error.message : `a fault of the worker itself: ${Bun.inspect(error)}`;
    console.error(`${environment["TASKER_INSTANCE_ID"] ?? SERVICE}: ${oneLine(message)}`);
    return known ? error.exitStatus : 1;
  }
}

async function serve(environment: Environment): Promise<void> {
  const settings = readSettings(environment);
  const log = new Log(settings.instance);
  const handlers = await HandlerRegistry.load(settings.handlers);
  const library = new Library(settings.library);
  const witness = new Witness(settings.witnessFile, settings.instance, library, log);
  const runner = new StepRunner(handlers, witness, log);
  await new Worker(library, settings.library, runner, handlers, log, join(import.meta.dir, "main.ts")).run();
}

function answer(argument: string, environment: Environment): string {
  switch (argument) {
    case "--help":
    case "-h":
      return USAGE;
    case "--version":
    case "-V": {
      const { version, engine_version } = new Library(environment["TASKER_WORKER_FFI"] ?? "").version();
      return `${SERVICE} ${version} (tasker ${engine_version})`;
    }
    default:
      throw new ConfigurationError(`unknown argument \`${argument}\`: it takes --version, --help or nothing`);
  }
}
