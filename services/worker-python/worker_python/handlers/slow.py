"""`slow_py`: a step that takes as long as its task says, for tests that stop or kill a worker meanwhile."""

import time
from typing import Any

from tasker_core import StepContext, StepValidationError

from ..handler import Handler

# Less than the engine's `handler_timeout_ms`: beyond that a step is run again while its first run goes on.
LONGEST_MS = 50_000


class Sleep(Handler):
    """Sleeps for the task's `sleep_ms` milliseconds."""

    def run(self, context: StepContext) -> dict[str, Any]:
        sleep_ms = context.get_input("sleep_ms")
        if isinstance(sleep_ms, bool) or not isinstance(sleep_ms, int) or not 0 <= sleep_ms <= LONGEST_MS:
            raise StepValidationError(f"sleep_ms must be an integer from 0 to {LONGEST_MS}, not {sleep_ms!r}")
        time.sleep(sleep_ms / 1000)
        return {"result": sleep_ms, "operation": "sleep"}
