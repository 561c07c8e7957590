import type { Json } from "./protocol.ts";
import type { Checkpoint, StepContext } from "./step-context.ts";

export type StepResult = Json | Checkpoint;

/**
 * The base class of step handlers.
 *
 *     export class Greet extends StepHandler {
 *       static override readonly callable = "Greetings.Greet";
 *
 *       override async call(context: StepContext) {
 *         return { greeting: `Hello, ${context.input.name}` };
 *       }
 *     }
 *
 * Each run gets an object of its own. Several runs are under way at once, as long as they `await` what they wait for;
 * a handler that computes for long holds up the others and belongs into a `Worker`.
 */
export abstract class StepHandler {
  /** What a template's `callable` says. */
  static readonly callable: string = "";

  /**
   * Does the step's work. Returns its result or a checkpoint; throws `RetryableError` or `PermanentError` when it
   * cannot.
   */
  abstract call(context: StepContext): StepResult | Promise<StepResult>;
}

export type StepHandlerClass = { readonly callable: string } & (new () => StepHandler);
