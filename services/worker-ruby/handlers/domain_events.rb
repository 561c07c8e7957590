# frozen_string_literal: true

# `domain_events`: an order in four steps. The template's `publishes_events` says which event
# follows which outcome, with the step's result as its payload; the payment also publishes an
# event of its own making.
module DomainEvents
  class Step < Tasker::StepHandler
    private

    def order(context)
      order = context.input["order_id"]
      return order if order.is_a?(String) && !order.empty?

      raise Tasker::ValidationError, "order_id must be a text, not #{order.inspect}"
    end

    def amount(context)
      amount = context.input["amount"]
      return amount if amount.is_a?(Numeric) && amount.positive?

      raise Tasker::ValidationError, "amount must be a positive number, not #{amount.inspect}"
    end
  end

  # Accepts an order with a positive amount; `order.validated` follows.
  class ValidateOrder < Step
    def call(context)
      {
        result: "validated", order_id: order(context), amount: amount(context),
        validation_checks: %w[order_id_present amount_positive]
      }
    end
  end

  # Takes the payment; `payment.processed` or, with `simulate_failure`, `payment.failed` follows.
  class ProcessPayment < Step
    def call(context)
      order = order(context)
      raise Tasker::RetryableError, "payment of order #{order} failed on purpose" if context.input["simulate_failure"]

      transaction = "TXN-#{order}"
      context.publish("payment.receipt_issued", { order_id: order, transaction_id: transaction })
      {
        result: "paid", order_id: order, transaction_id: transaction, amount: amount(context),
        payment_method: "credit_card"
      }
    end
  end

  # Reserves the order's items; `inventory.updated` follows whatever the outcome.
  class UpdateInventory < Step
    def call(context)
      {
        result: "reserved", order_id: order(context),
        items: [{ sku: "ITEM-001", quantity: 1 }, { sku: "ITEM-002", quantity: 2 }]
      }
    end
  end

  # Tells the customer; `notification.sent` follows.
  class SendNotification < Step
    def call(context)
      {
        result: "sent", notification_id: "NOTIF-#{order(context)}",
        channel: context.initialization.fetch("channel"), recipient: context.input.fetch("customer_id", "unknown")
      }
    end
  end
end
