import { join } from "node:path";
import { ConfigurationError, PermanentError } from "./errors.ts";
import { StepHandler, type StepHandlerClass } from "./step-handler.ts";

/** Which handler a template's `callable` means. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, StepHandlerClass>();

  /** Imports every TypeScript file below `folder` and registers the handlers that it exports. */
  static async load(folder: string): Promise<HandlerRegistry> {
    const registry = new HandlerRegistry();
    for (const file of [...new Bun.Glob("**/*.ts").scanSync(folder)].sort()) {
      const path = join(folder, file);
      for (const value of Object.values(await importFile(path))) {
        if (isHandler(value)) registry.register(value);
      }
    }
    if (registry.handlers.size === 0) {
      throw new ConfigurationError(`no handlers in ${folder}: export classes that extend StepHandler there`);
    }
    return registry;
  }

  register(handler: StepHandlerClass): void {
    const other = this.handlers.get(handler.callable);
    if (other && other !== handler) {
      throw new ConfigurationError(`two handlers are called ${handler.callable}: ${other.name} and ${handler.name}`);
    }
    this.handlers.set(handler.callable, handler);
  }

  get callables(): string[] {
    return [...this.handlers.keys()].sort();
  }

  /** A new handler for one run. */
  build(callable: string): StepHandler {
    const handler = this.handlers.get(callable);
    if (!handler) {
      throw new PermanentError(`this worker has no handler ${callable}: correct the template's \`callable\``);
    }
    return new handler();
  }
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(path);
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be loaded: ${error}`);
  }
}

/** Base classes between the handlers and `StepHandler` have no `callable`. */
function isHandler(value: unknown): value is StepHandlerClass {
  return typeof value === "function" && value.prototype instanceof StepHandler && "callable" in value && value.callable !== "";
}
