import type { JsonObject } from "./protocol.ts";

export interface StepErrorOptions extends ErrorOptions {
  /** A short word for programs. */
  code?: string;
  /** Whatever helps to understand the failure; stored with the step. */
  context?: JsonObject;
}

/** What a step handler throws to say what should come of the step. Anything else counts as retryable. */
export abstract class StepError extends Error {
  abstract readonly retryable: boolean;
  readonly code: string | undefined;
  readonly context: JsonObject;

  constructor(message: string, options: StepErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = options.code;
    this.context = options.context ?? {};
  }
}

/** It may pass by itself: the template's retry rules decide. */
export class RetryableError extends StepError {
  override readonly retryable = true;
}

/** Trying again would not help: the step fails for good. */
export class PermanentError extends StepError {
  override readonly retryable = false;
}

/** The task's input is not what the handler needs. */
export class ValidationError extends PermanentError {}

/** The worker stops and has waited as long as it may: another one is to run the step. */
export class WorkerStopping extends RetryableError {}

/** Ends the worker. The message is one line: what is wrong, then what to do. */
export class WorkerError extends Error {
  constructor(
    message: string,
    readonly exitStatus = 1,
  ) {
    super(message);
  }
}

/** The environment or a file is wrong: starting again changes nothing. */
export class ConfigurationError extends WorkerError {
  constructor(message: string) {
    super(message, 3);
  }
}
