"""Steps as the engine hands them out, for tests."""

import tempfile
import uuid
from pathlib import Path
from typing import Any
from unittest import TestCase

from tasker_core import FfiStepEvent, StepContext
from worker_python.registry import discover

TASK = "0190a000-0000-7000-8000-000000000001"
HANDLERS = discover()


def event(
    name: str,
    context: dict[str, Any] | None = None,
    *,
    results: dict[str, Any] | None = None,
    dependencies: list[str] | None = None,
    initialization: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    attempts: int | None = None,
) -> dict[str, Any]:
    """A step whose `callable` is `name`. Its dependencies are those with results unless said otherwise."""
    results = results or {}
    return {
        "event_id": str(uuid.uuid4()),
        "task_uuid": TASK,
        "step_uuid": str(uuid.uuid4()),
        "correlation_id": str(uuid.uuid4()),
        "task_sequence_step": {
            "task": {
                "task": {"task_uuid": TASK, "context": context or {}},
                "task_name": "t",
                "namespace_name": "n",
            },
            "workflow_step": {"name": "s", "attempts": attempts, "max_attempts": 3, "inputs": inputs},
            "dependency_results": {step: {"result": result, "success": True} for step, result in results.items()},
            "step_definition": {
                "name": "s",
                "handler": {"callable": name, "initialization": initialization or {}},
                "dependencies": list(results) if dependencies is None else dependencies,
            },
        },
    }


def run(name: str, context: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    """What the handler `worker_python.handlers.<name>` returns for such a step."""
    full_name = f"worker_python.handlers.{name}"
    step = FfiStepEvent.model_validate(event(full_name, context, **rest))
    return HANDLERS[full_name].run(StepContext.from_ffi_event(step, full_name))


def folder(test: TestCase) -> Path:
    """A folder that is removed with the test."""
    made = tempfile.TemporaryDirectory()
    test.addCleanup(made.cleanup)
    return Path(made.name)
