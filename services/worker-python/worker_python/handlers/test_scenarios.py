"""`test_scenarios_py`: one step that succeeds, one that fails and may be retried, one that fails for good."""

from typing import Any

from tasker_core import PermanentError, RetryableError, StepContext

from ..handler import Handler


class Success(Handler):
    """Succeeds, with the task's `message` if it has one."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {"result": context.get_input_or("message", "step completed"), "status": "success"}


class RetryableFailure(Handler):
    """Fails each time; the template's retry rules say how often it is tried."""

    def run(self, context: StepContext) -> dict[str, Any]:
        raise RetryableError(context.get_input_or("error_message", "failed on purpose, to be retried"))


class PermanentFailure(Handler):
    """Fails for good at the first attempt."""

    def run(self, context: StepContext) -> dict[str, Any]:
        raise PermanentError(context.get_input_or("error_message", "failed on purpose, for good"))
