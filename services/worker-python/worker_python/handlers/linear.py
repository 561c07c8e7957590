"""`linear_workflow_py`: square, add, multiply, divide, one after the other."""

from fractions import Fraction
from typing import Any

from tasker_core import StepContext

from ..handler import Handler
from ..numbers import encode, even_number, result_of_parent


class Square(Handler):
    """Squares the task's even number."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {"result": encode(even_number(context) ** 2), "operation": "square"}


class Add(Handler):
    """Adds the template's `constant`."""

    def run(self, context: StepContext) -> dict[str, Any]:
        total = result_of_parent(context) + Fraction(context.step_config["constant"])
        return {"result": encode(total), "operation": "add"}


class Multiply(Handler):
    """Multiplies by the template's `factor`."""

    def run(self, context: StepContext) -> dict[str, Any]:
        product = result_of_parent(context) * Fraction(context.step_config["factor"])
        return {"result": encode(product), "operation": "multiply"}


class Divide(Handler):
    """Divides by the template's `divisor`."""

    def run(self, context: StepContext) -> dict[str, Any]:
        quotient = result_of_parent(context) / Fraction(context.step_config["divisor"])
        return {"result": encode(quotient), "operation": "divide"}
