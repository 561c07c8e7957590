"""Runs the handler of one step and turns whatever comes of it into the result that the engine expects."""

import json
import logging
import time
import traceback
from collections.abc import Mapping
from typing import Any

from tasker_core import FfiStepEvent, PermanentError, RetryableError, StepContext, StepHandlerResult, is_retryable
from tasker_core.errors import TaskerError

from .log import timestamp
from .registry import Handlers
from .witness import StepRun, Witness

LOG = logging.getLogger(__name__)

Event = Mapping[str, Any]
Completion = dict[str, Any]

_TRACE_LINES = 20


class ReturnedError(TaskerError):
    """A failure that a handler returned, in the wheel's own way, where ours raise."""

    def __init__(self, answer: StepHandlerResult) -> None:
        super().__init__(answer.error_message or "the handler gave no reason", retryable=answer.retryable)
        self.error_type = answer.error_type


class StepRunner:
    """Runs handlers; safe to use from several threads."""

    def __init__(self, handlers: Handlers, witness: Witness, instance: str) -> None:
        self._handlers = handlers
        self._witness = witness
        self._instance = instance

    def run(self, event: Event) -> Completion:
        """Runs one step. Never raises: a step without a result would stay `in_progress` for ever."""
        started_at, start = timestamp(), time.monotonic()
        try:
            outcome = {"success": True, "status": "completed", "result": self._call(event)}
        except BaseException as error:  # noqa: BLE001 (a `sys.exit` must not cost the step either)
            outcome = _failure(error)
            told = outcome["error"]
            LOG.info("step %s failed: %s: %s", event["step_uuid"], told["error_type"], told["message"])
        metadata = {
            "execution_time_ms": round((time.monotonic() - start) * 1000),
            "started_at": started_at,
            "completed_at": timestamp(),
            # Free text to the engine, which has a `worker_uuid` of its own for the audit.
            "worker_id": self._instance,
        }
        outcome["metadata"] = metadata | outcome.get("metadata", {})
        return outcome | {"step_uuid": event["step_uuid"]}

    def given_back(self, event: Event) -> Completion:
        """The result for a step that this worker has no time left for: another one shall run it."""
        error = RetryableError(f"given back: {self._instance} is stopping")
        error.error_type = "WorkerStopping"
        return self._in_place_of_a_result(event, error)

    def unacceptable(self, event: Event, reason: str) -> Completion:
        """The result for a step whose real result the engine would not take."""
        return self._in_place_of_a_result(event, PermanentError(f"the engine does not accept the result: {reason}"))

    def _in_place_of_a_result(self, event: Event, error: TaskerError) -> Completion:
        failure = _failure(error)
        failure["metadata"]["worker_id"] = self._instance
        return failure | {"step_uuid": event["step_uuid"]}

    def _call(self, event: Event) -> dict[str, Any]:
        task_step = event["task_sequence_step"]
        step = task_step["workflow_step"]
        run = StepRun(
            task=event["task_uuid"],
            step=event["step_uuid"],
            step_name=step["name"],
            namespace=task_step["task"]["namespace_name"],
            # The engine counts the attempts before this claim.
            attempt=(step.get("attempts") or 0) + 1,
        )
        name = task_step["step_definition"]["handler"]["callable"]
        handler = self._handlers.get(name)
        if handler is None:
            raise PermanentError(f"this worker has no handler {name!r}; correct the template's `callable`")
        context = StepContext.from_ffi_event(FfiStepEvent.model_validate(event), name)
        with self._witness.run(run) as outcome:
            answer = handler.call(context)
            if not answer.is_success:
                raise ReturnedError(answer)
            result = answer.result or {}
            _require_json(result)
            outcome.ok = True
        return result


def _require_json(result: dict[str, Any]) -> None:
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentError(f"the handler's result is not JSON: {error}") from error
    # The database would refuse it when the engine has no way back any more. A backslash is written as two.
    if "\\u0000" in text.replace("\\\\", ""):
        raise PermanentError("the handler's result has the character U+0000, which PostgreSQL does not store")


def _storable(text: str) -> str:
    """The words of an error without what the engine or the database would refuse them for."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _words(error: BaseException) -> str:
    try:
        return _storable(str(error))
    except Exception as fault:  # noqa: BLE001 (an error may be broken itself)
        return f"the handler failed, and telling how failed as well: {type(fault).__name__}"


def _failure(error: BaseException) -> Completion:
    retryable = is_retryable(error)
    kind = _storable(getattr(error, "error_type", None) or type(error).__name__)
    lines = _storable("".join(traceback.format_exception(error))).splitlines()[-_TRACE_LINES:]
    return {
        "success": False,
        "status": "error",
        "result": {},
        # The engine decides about the retry by the one in the metadata.
        "metadata": {"retryable": retryable, "error_type": kind},
        "error": {
            "message": _words(error) or kind,
            "error_type": kind,
            "retryable": retryable,
            "backtrace": lines,
        },
    }
