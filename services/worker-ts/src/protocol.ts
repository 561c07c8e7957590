/** The JSON that passes between this program and the library: the shapes of worker_ffi.h. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A step to run. */
export interface StepEvent {
  kind: "step";
  event_id: string;
  task_uuid: string;
  step_uuid: string;
  correlation_id: string;
  namespace: string;
  task_name: string;
  step_name: string;
  /** From 1. */
  attempt: number;
  max_attempts: number | null;
  callable: string;
  initialization: JsonObject | null;
  timeout_seconds: number | null;
  context: JsonObject | null;
  inputs: JsonObject | null;
  parents: string[];
  dependencies: JsonObject;
  checkpoint: StoredCheckpoint | null;
}

export interface StoredCheckpoint {
  cursor: Json;
  items_processed: number;
  accumulated_results?: Json;
}

/** The engine hands out no more steps, and none is in hand. */
export interface Closed {
  kind: "closed";
}

export interface DomainEvent {
  name: string;
  payload: Json;
}

export interface Failure {
  message: string;
  type: string;
  code?: string;
  retryable: boolean;
  backtrace: string[];
  context: JsonObject;
}

export interface StartRequest {
  service: string;
  language: string;
  executable: string;
  handlers: string[];
}

export interface Identity {
  instance: string;
  namespaces: string[];
  max_concurrent_handlers: number;
}

export interface Version {
  abi: number;
  version: string;
  engine_version: string;
}

export interface Stopped {
  completed: number;
  handed_back: number;
  abandoned: number;
}
