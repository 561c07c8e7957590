"""Exact numbers in JSON: beyond 2^53 a number is a decimal string, since most readers of JSON round it."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tasker_core import PermanentError, RetryableError, StepContext, StepValidationError

from .handler import parents

LARGEST_EXACT = 2**53
# More digits than any product or half of numbers that a task's context can hold.
_DIGITS = 1000


def even_number(context: StepContext) -> int:
    """The task's input `even_number`; anything but an even integer is a permanent failure."""
    value = context.input_data.get("even_number")
    if isinstance(value, bool) or not isinstance(value, int):
        raise StepValidationError(f"even_number must be an even integer, not {value!r}")
    if value % 2:
        raise StepValidationError(f"even_number must be even, not {value}")
    return value


def results_of_parents(context: StepContext) -> list[Fraction]:
    """The numbers that the steps before this one computed.

    A server writes that a step is complete a moment before it marks its row as processed, which the engine wants of
    results that it hands out. In that moment another server may enqueue this step: it is to be tried again.
    """
    names = parents(context)
    for name in names:
        if name not in context.dependency_results:
            raise RetryableError(f"the result of {name} is not there yet")
    return [_decode(name, context.get_dependency_result(name)) for name in names]


def result_of_parent(context: StepContext) -> Fraction:
    """The number that the one step before this one computed."""
    (value,) = results_of_parents(context)
    return value


def encode(value: Fraction | int) -> int | float | str:
    """The JSON form of a number."""
    value = Fraction(value)
    exact = abs(value) <= LARGEST_EXACT
    if value.denominator == 1:
        return int(value) if exact else str(int(value))
    if exact and Fraction(float(value)) == value:
        return float(value)
    with localcontext() as decimals:
        decimals.prec = _DIGITS
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")


def _decode(name: str, output: Any) -> Fraction:
    value = output.get("result") if isinstance(output, dict) else output
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PermanentError(f"step {name} has no number as its result: {value!r}")
    try:
        return Fraction(value)
    except (ValueError, OverflowError) as error:
        raise PermanentError(f"step {name} has no number as its result: {value!r}") from error
