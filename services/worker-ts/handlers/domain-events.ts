/**
 * `domain_events_ts`: an order in four steps. The template's `publishes_events` says which event follows which outcome,
 * with the step's result as its payload; the payment also publishes an event of its own making.
 */

import { RetryableError, ValidationError } from "../src/errors.ts";
import type { StepContext } from "../src/step-context.ts";
import { StepHandler } from "../src/step-handler.ts";

/** Accepts an order with a positive amount; `order.validated` follows. */
export class ValidateOrder extends StepHandler {
  static override readonly callable = "DomainEvents.ValidateOrder";

  override call(context: StepContext) {
    return {
      result: "validated",
      order_id: orderOf(context),
      amount: amountOf(context),
      validation_checks: ["order_id_present", "amount_positive"],
    };
  }
}

/** Takes the payment; `payment.processed` or, with `simulate_failure`, `payment.failed` follows. */
export class ProcessPayment extends StepHandler {
  static override readonly callable = "DomainEvents.ProcessPayment";

  override call(context: StepContext) {
    const order = orderOf(context);
    if (context.input["simulate_failure"]) throw new RetryableError(`payment of order ${order} failed on purpose`);
    const transaction = `TXN-${order}`;
    context.publish("payment.receipt_issued", { order_id: order, transaction_id: transaction });
    return {
      result: "paid",
      order_id: order,
      transaction_id: transaction,
      amount: amountOf(context),
      payment_method: "credit_card",
    };
  }
}

/** Reserves the order's items; `inventory.updated` follows whatever the outcome. */
export class UpdateInventory extends StepHandler {
  static override readonly callable = "DomainEvents.UpdateInventory";

  override call(context: StepContext) {
    return {
      result: "reserved",
      order_id: orderOf(context),
      items: [
        { sku: "ITEM-001", quantity: 1 },
        { sku: "ITEM-002", quantity: 2 },
      ],
    };
  }
}

/** Tells the customer; `notification.sent` follows. */
export class SendNotification extends StepHandler {
  static override readonly callable = "DomainEvents.SendNotification";

  override call(context: StepContext) {
    return {
      result: "sent",
      notification_id: `NOTIF-${orderOf(context)}`,
      channel: context.initialization["channel"] ?? "email",
      recipient: context.input["customer_id"] ?? "unknown",
    };
  }
}

function orderOf(context: StepContext): string {
  const order = context.input["order_id"];
  if (typeof order !== "string" || order === "") {
    throw new ValidationError(`order_id must be a text, not ${JSON.stringify(order)}`);
  }
  return order;
}

function amountOf(context: StepContext): number {
  const amount = context.input["amount"];
  if (typeof amount !== "number" || amount <= 0) {
    throw new ValidationError(`amount must be a positive number, not ${JSON.stringify(amount)}`);
  }
  return amount;
}
