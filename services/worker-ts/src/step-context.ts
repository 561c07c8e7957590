import { PermanentError, RetryableError } from "./errors.ts";
import type { DomainEvent, Json, JsonObject, StepEvent, StoredCheckpoint } from "./protocol.ts";

/** Returned by a handler in place of a result: the engine stores it and hands the step out again, to go on from `cursor`. */
export class Checkpoint {
  constructor(
    readonly cursor: Json,
    readonly itemsProcessed: number,
    readonly accumulatedResults: Json = null,
  ) {}
}

/** What a handler knows about the step that it runs. */
export class StepContext {
  /** Events that the handler asked for. */
  readonly events: DomainEvent[] = [];

  constructor(
    private readonly event: StepEvent,
    /** Aborted when the worker stops and can wait no longer. */
    readonly signal: AbortSignal,
  ) {}

  get taskUuid(): string {
    return this.event.task_uuid;
  }

  get stepUuid(): string {
    return this.event.step_uuid;
  }

  get correlationId(): string {
    return this.event.correlation_id;
  }

  get namespace(): string {
    return this.event.namespace;
  }

  get taskName(): string {
    return this.event.task_name;
  }

  get stepName(): string {
    return this.event.step_name;
  }

  /** From 1. */
  get attempt(): number {
    return this.event.attempt;
  }

  get maxAttempts(): number | null {
    return this.event.max_attempts;
  }

  /** What the task was created with. */
  get input(): JsonObject {
    return this.event.context ?? {};
  }

  /** What the engine gave a step that it made itself, such as a part of a batch. */
  get inputs(): JsonObject {
    return this.event.inputs ?? {};
  }

  /** What the template gives this handler. */
  get initialization(): JsonObject {
    return this.event.initialization ?? {};
  }

  /** The names of the steps that this one depends on directly, in the template's order. */
  get parents(): readonly string[] {
    return this.event.parents;
  }

  /**
   * What the step of that name returned: a parent, or a parent's parent.
   *
   * A server writes that a step is complete a moment before it marks its row as processed, which the engine wants of
   * results that it hands out. In that moment another server may enqueue this step.
   */
  resultOf(stepName: string): Json {
    const result = this.event.dependencies[stepName];
    if (result === undefined) {
      if (this.parents.includes(stepName)) throw new RetryableError(`the result of ${stepName} is not there yet`);
      throw new PermanentError(
        `step ${this.stepName} does not depend on ${stepName}: correct the template's \`dependencies\``,
      );
    }
    return result;
  }

  /** Where an earlier run of this step left off. */
  get checkpoint(): Checkpoint | null {
    const stored: StoredCheckpoint | null = this.event.checkpoint;
    return stored && new Checkpoint(stored.cursor, stored.items_processed, stored.accumulated_results ?? null);
  }

  /** Publishes a domain event, durably, once the engine has the step's outcome. */
  publish(name: string, payload: Json = {}): void {
    if (typeof name !== "string") throw new PermanentError(`the name of an event must be a text, not ${typeof name}`);
    this.events.push({ name, payload });
  }
}
