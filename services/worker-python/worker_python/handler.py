"""The base class of the step handlers.

A handler implements `run`: it returns the step's result, or raises. `PermanentError` and its kind fail the step for
good; `RetryableError` and its kind, and anything that may pass by itself, let the template's retry rules decide.
The template's `callable` is the dotted path of the class.
"""

from abc import abstractmethod
from typing import Any, ClassVar

from tasker_core import StepContext, StepHandler, StepHandlerResult


class Handler(StepHandler):
    """A step handler that is found by the dotted path of its class."""

    handler_name: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.handler_name = f"{cls.__module__}.{cls.__qualname__}"

    @abstractmethod
    def run(self, context: StepContext) -> dict[str, Any]:
        """Does the step's work and returns its result, which must be JSON."""

    def call(self, context: StepContext) -> StepHandlerResult:
        """What the wheel calls."""
        return StepHandlerResult.success(self.run(context))


def parents(context: StepContext) -> list[str]:
    """The steps that this one depends on directly; `context.dependency_results` also has those before them.

    A step that waits for a batch depends on the template of the batch's steps, which stand for it here, in order.
    """
    names: list[str] = []
    for name in context.event.task_sequence_step["step_definition"].get("dependencies") or []:
        batch = [step for step in context.dependency_results if step.startswith(f"{name}_")]
        names += [name] if name in context.dependency_results or not batch else sorted(batch)
    return names
