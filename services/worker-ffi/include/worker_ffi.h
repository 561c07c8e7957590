/*
 * worker_ffi: a worker of the workflow engine Tasker, as a library.
 *
 * A host starts the worker, polls for steps, runs the handler that each step
 * names, and completes it. The engine works on threads of this library: its
 * database connections, its queues, its REST interface.
 *
 *     worker_start(request)                  once
 *       loop: event = worker_poll(1000)      in one thread, or in several
 *             run the handler `event.callable`
 *             worker_complete(event.event_id, outcome)
 *     worker_drain()                         when the host is to stop; go on with
 *                                            the loop until {"kind":"closed"}
 *     worker_stop(2000)
 *
 * Strings
 *   All are UTF-8, end with NUL and hold one JSON value (an event_id: a UUID).
 *   An argument belongs to the host: it is read during the call and never kept.
 *   A result belongs to the host as well, which gives it back with worker_free,
 *   and only so: no other function frees it, and free(3) must not.
 *
 * Answers and errors
 *   A function that failed answers
 *     {"ok":false,"error":{"code":"..","message":"..","next":".."}}
 *   `code` is for programs, `message` says what is wrong, `next` (it may be
 *   absent) what to do. NULL is no error: there is nothing to say. Codes:
 *     already_started    this process runs a worker, or is starting or stopping
 *                        one
 *     checkpoint_failed  the checkpoint was not stored; the step is retried
 *     configuration      the environment or a file is wrong; a start with the
 *                        same ones fails again
 *     engine             anything else in the engine: database, queue, port
 *     invalid_argument   NULL, not UTF-8, not JSON, not of the shape below
 *     not_started        no worker runs
 *     panic              a fault of this library or the engine, which was caught;
 *                        the worker may be stopped and started again
 *     stop_incomplete    the worker is stopped; something was not waited for
 *     timed_out          the engine has given the step up and retries it
 *     unknown_event      never polled, or completed before
 *
 * Threads
 *   Every function may be called from any thread at any time. A poll that waits
 *   holds up no other call. A process that has called worker_start must not
 *   fork: the child has none of the threads. Nor must it ever unload the library
 *   (dlclose), even after worker_stop: threads of the engine have no end.
 *
 * Environment
 *   The engine and the library read TASKER_INSTANCE_ID, TASKER_INSTANCE_PORT,
 *   TASKER_RUN_DIR, TASKER_WEB_BIND_ADDRESS, TASKER_CONFIG_PATH,
 *   TASKER_TEMPLATE_PATH, DATABASE_URL, RUST_LOG. They must be in the process's
 *   real environment before worker_start; a host whose runtime keeps a copy of
 *   its own (bun's process.env) cannot set them. Log lines go to standard error.
 */
#ifndef WORKER_FFI_H
#define WORKER_FFI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * {"ok":true,"abi":1,"version":"0.1.0","engine_version":"0.1.8"}
 *
 * `abi` is the number of this interface. It changes when a function or a shape
 * changes its meaning; a host must refuse a number that it does not know.
 * Needs no running worker.
 */
char *worker_version(void);

/*
 * Starts the worker and returns when it serves.
 *
 * request: {
 *   "service":    "worker-ruby",     as in the cluster's topology
 *   "language":   "ruby",
 *   "executable": "/path/of/the/host's/program",
 *   "handlers":   ["Greetings::Greet", ..]   callables that the host can run
 * }
 * All four go into the identity record, $TASKER_RUN_DIR/identity.json.
 *
 * answer: {
 *   "ok":true, "instance":"worker-ruby-1", "pid":4711, "port":8200,
 *   "version":"0.1.0", "engine_version":"0.1.8",
 *   "processor_uuid":"..",   in task_transitions
 *   "worker_uuid":"..",      in workflow_step_result_audit
 *   "rest_id":"worker-..",   in answers of the REST interface
 *   "namespaces":["..",..],  whose queues are read
 *   "max_concurrent_handlers":10,   how many steps to run at once, and
 *   "handler_timeout_ms":60000,     how long the engine waits for each; both
 *                                   from [worker.mpsc_channels.handler_dispatch]
 *   "boot_ms":250
 * }
 * errors: already_started, configuration, engine, invalid_argument, panic
 */
char *worker_start(const char *request);

/*
 * The next step, waiting for it for up to timeout_ms (0: not at all).
 * NULL when there was none.
 *
 * answer: {
 *   "kind":"step",
 *   "event_id":"..",           names this run in the calls below
 *   "task_uuid":"..", "step_uuid":"..", "correlation_id":"..",
 *   "namespace":"..", "task_name":"..", "step_name":"..",
 *   "attempt":1,               from 1
 *   "max_attempts":3,          or null
 *   "callable":"..",           the handler to run, from the template, as are
 *   "method":null, "initialization":{..}, "timeout_seconds":30,
 *   "context":{..},            what the task was created with
 *   "inputs":{..},             of a step that the engine created at run time, or null
 *   "parents":["..",..],       names of the steps that this one depends on
 *   "dependencies":{"..":..},  results of these and of their parents, by name
 *   "checkpoint":{"cursor":..,"items_processed":7,"accumulated_results":..} or null
 * }
 * or {"kind":"closed"}: the engine hands out no more, and no step is waiting or
 * in hand. Only after worker_drain or worker_stop.
 *
 * A step is in the host's hands from here on. Poll only when its handler can
 * begin: the engine counts handler_timeout_ms from now.
 * errors: not_started, panic
 */
char *worker_poll(uint32_t timeout_ms);

/*
 * Says what came of a step. The engine stores it, publishes the events that the
 * template declares and those of `events`, and decides about a retry.
 *
 * outcome: {
 *   "ok":true, "result":..,        any JSON; an object is customary
 * or
 *   "ok":false, "error":{
 *     "message":"..", "retryable":true,
 *     "type":"RetryableError", "code":"..", "backtrace":["..",..], "context":{..}
 *   },                             all but the first two may be absent
 * and, both optional,
 *   "execution_ms":12,             else the time since the poll
 *   "events":[{"name":"order.shipped","payload":{..}},..]
 *                                  published durably to {namespace}_domain_events
 * }
 * The character U+0000 is not stored: in `message`, `type`, `code` and
 * `backtrace` it is replaced, anywhere else it is an invalid_argument.
 *
 * answer: {"ok":true}
 * errors: engine, invalid_argument, not_started, panic, timed_out,
 *         unknown_event
 * After invalid_argument the step is still in hand, and stays so until it is
 * completed otherwise: with a failure that is sure to be taken.
 *
 * Quick, except when the engine is behind with its results: then up to 10 s.
 */
char *worker_complete(const char *event_id, const char *outcome);

/*
 * In place of worker_complete, for a handler that has done a part of its work:
 * stores how far it came and has the step polled again, as a new event with the
 * same attempt and with `checkpoint` set. Waits for the database, 10 s at most.
 *
 * checkpoint: {"cursor":.., "items_processed":7, "accumulated_results":..}
 *             the last may be absent; none holds the character U+0000
 * answer: {"ok":true}
 * errors: checkpoint_failed, invalid_argument (the step is still in hand),
 *         not_started, panic, timed_out, unknown_event
 */
char *worker_checkpoint(const char *event_id, const char *checkpoint);

/*
 * Begins to stop: no more steps are claimed. Returns at once. Steps that are
 * claimed already still come; poll and complete until {"kind":"closed"}, or
 * until the host can wait no longer. Calling it again changes nothing.
 *
 * answer: {"ok":true,"waiting":2,"in_hand":3}
 * errors: not_started, panic
 */
char *worker_drain(void);

/*
 * Ends the worker within about timeout_ms, with worker_drain first if that was
 * not called. Steps that were never polled are handed back: reported as failed
 * and retryable, since a claim cannot be returned otherwise. Steps in hand are
 * abandoned: they stay in progress, so complete them first, with a failure if
 * need be. Waits until all results and their events are with the engine. Polls
 * that wait in other threads answer {"kind":"closed"}.
 *
 * answer: {"ok":true,"completed":120,"handed_back":0,"abandoned":0,"ms":140}
 * errors: not_started, panic, stop_incomplete
 */
char *worker_stop(uint32_t timeout_ms);

/*
 * answer: {
 *   "ok":true, "phase":"running"|"draining"|"closed",
 *   "waiting":0,            claimed by the engine, not polled
 *   "in_hand":3,            polled, not completed
 *   "oldest_in_hand_ms":250, or null
 *   "polled":123, "completed":120, "checkpointed":0, "timed_out":0,
 *   "identity":{..}         the answer of worker_start
 * }
 * errors: not_started, panic
 */
char *worker_status(void);

/*
 * The newest failure of a call by this thread, in the form above, or NULL when
 * none has failed. For hosts that look at it later; each answer has it as well.
 */
char *worker_last_error(void);

/* Gives a result back. NULL is allowed. Giving one back twice is not. */
void worker_free(char *text);

/*
 * The clocks of witness lines, for hosts that have no such ones of their own:
 * nanoseconds of CLOCK_MONOTONIC, and microseconds since 1970 in UTC.
 */
uint64_t worker_monotonic_ns(void);
uint64_t worker_wall_us(void);

#ifdef __cplusplus
}
#endif

#endif
