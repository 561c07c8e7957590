"""`fan_out_py`: a root, many steps side by side, and one that joins them."""

from fractions import Fraction
from typing import Any

from tasker_core import StepContext

from ..handler import Handler
from ..numbers import encode, even_number, result_of_parent, results_of_parents


class Root(Handler):
    """Hands the task's even number to every part."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {"result": encode(even_number(context)), "operation": "root"}


class Part(Handler):
    """Multiplies by the template's `factor`, which is another one in each part."""

    def run(self, context: StepContext) -> dict[str, Any]:
        product = result_of_parent(context) * Fraction(context.step_config["factor"])
        return {"result": encode(product), "operation": "multiply"}


class Join(Handler):
    """Adds the parts up."""

    def run(self, context: StepContext) -> dict[str, Any]:
        parts = results_of_parents(context)
        return {"result": encode(sum(parts, Fraction())), "operation": "sum", "width": len(parts)}
