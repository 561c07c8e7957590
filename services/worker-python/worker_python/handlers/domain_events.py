"""`domain_events_py`: an order in four steps.

The handlers publish nothing themselves. The template's `publishes_events` says which event follows which outcome,
and the engine publishes it, with the step's result as its payload, once the result is on its way.
"""

from typing import Any

from tasker_core import RetryableError, StepContext, StepValidationError

from ..handler import Handler


class ValidateOrder(Handler):
    """Accepts an order with a positive amount; `order.validated` follows."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {
            "result": "validated",
            "order_id": _order(context),
            "amount": _amount(context),
            "validation_checks": ["order_id_present", "amount_positive"],
        }


class ProcessPayment(Handler):
    """Takes the payment; `payment.processed` or, with `simulate_failure`, `payment.failed` follows."""

    def run(self, context: StepContext) -> dict[str, Any]:
        order = _order(context)
        if context.get_input("simulate_failure"):
            raise RetryableError(f"payment of order {order} failed on purpose")
        return {
            "result": "paid",
            "order_id": order,
            "transaction_id": f"TXN-{order}",
            "amount": _amount(context),
            "payment_method": "credit_card",
        }


class UpdateInventory(Handler):
    """Reserves the order's items; `inventory.updated` follows whatever the outcome."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {
            "result": "reserved",
            "order_id": _order(context),
            "items": [{"sku": "ITEM-001", "quantity": 1}, {"sku": "ITEM-002", "quantity": 2}],
        }


class SendNotification(Handler):
    """Tells the customer; `notification.sent` follows."""

    def run(self, context: StepContext) -> dict[str, Any]:
        return {
            "result": "sent",
            "notification_id": f"NOTIF-{_order(context)}",
            "channel": context.step_config["channel"],
            "recipient": context.get_input_or("customer_id", "unknown"),
        }


def _order(context: StepContext) -> str:
    order = context.get_input("order_id")
    if not isinstance(order, str) or not order:
        raise StepValidationError(f"order_id must be a text, not {order!r}")
    return order


def _amount(context: StepContext) -> int | float:
    amount = context.get_input("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
        raise StepValidationError(f"amount must be a positive number, not {amount!r}")
    return amount
