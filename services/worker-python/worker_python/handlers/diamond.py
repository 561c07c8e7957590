"""`diamond_workflow_py`: a square, two branches side by side, and their mean."""

from fractions import Fraction
from typing import Any

from tasker_core import StepContext

from ..handler import Handler
from ..numbers import encode, even_number, result_of_parent, results_of_parents


class Start(Handler):
    """Squares the task's even number."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {"result": encode(even_number(context) ** 2), "operation": "square"}


class BranchB(Handler):
    """Adds the template's `constant`."""

    def run(self, context: StepContext) -> dict[str, Any]:
        total = result_of_parent(context) + Fraction(context.step_config["constant"])
        return {"result": encode(total), "operation": "add"}


class BranchC(Handler):
    """Multiplies by the template's `factor`."""

    def run(self, context: StepContext) -> dict[str, Any]:
        product = result_of_parent(context) * Fraction(context.step_config["factor"])
        return {"result": encode(product), "operation": "multiply"}


class End(Handler):
    """The mean of the branches."""

    def run(self, context: StepContext) -> dict[str, Any]:
        branches = results_of_parents(context)
        return {"result": encode(sum(branches, Fraction()) / len(branches)), "operation": "average"}
