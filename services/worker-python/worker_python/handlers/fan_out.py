"""`fan_out_py`: a root, `width` parts side by side, and a step that joins them.

The width is the task's: the root answers with a batch, for which the engine makes a part each. Part n multiplies the
number by n, the join adds the products up: 6 with ten parts -> 6, 12, ... 60 -> 330.
"""

from fractions import Fraction
from typing import Any

from tasker_core import StepContext, StepValidationError
from tasker_core.types import RustCursorConfig, create_batches

from ..handler import Handler
from ..numbers import encode, even_number, result_of_parent, results_of_parents

# The step of the template that each part is made from.
PART = "fan_out_py_part"
DEFAULT_WIDTH = 10
GREATEST_WIDTH = 100


class Root(Handler):
    """Hands the task's even number to every part."""

    def run(self, context: StepContext) -> dict[str, Any]:
        number, width = even_number(context), _width(context)
        cursors = [
            RustCursorConfig(batch_id=f"{place:03}", start_cursor=place, end_cursor=place + 1, batch_size=1)
            for place in range(1, width + 1)
        ]
        return {
            "result": encode(number),
            "operation": "root",
            "batch_processing_outcome": create_batches(PART, width, cursors, width).model_dump(),
        }


class Part(Handler):
    """Multiplies by the part's place in the batch."""

    def run(self, context: StepContext) -> dict[str, Any]:
        place = context.step_inputs["cursor"]["start_cursor"]
        return {"result": encode(result_of_parent(context) * place), "operation": "multiply"}


class Join(Handler):
    """Adds the parts up."""

    def run(self, context: StepContext) -> dict[str, Any]:
        parts = results_of_parents(context)
        return {"result": encode(sum(parts, Fraction())), "operation": "sum", "width": len(parts)}


def _width(context: StepContext) -> int:
    width = context.get_input_or("width", DEFAULT_WIDTH)
    if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= GREATEST_WIDTH:
        raise StepValidationError(f"width must be an integer from 1 to {GREATEST_WIDTH}, not {width!r}")
    return width
