//! `domain_event_publishing`: an order in four steps.
//!
//! The handlers publish nothing themselves. The template's `publishes_events` says which event follows which outcome,
//! and the engine publishes it, with the step's result as its payload, once the result is on its way.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Named;
use crate::handler::{Failed, Outcome};
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        ("domain_events::validate_order", Arc::new(validate_order)),
        ("domain_events::process_payment", Arc::new(process_payment)),
        (
            "domain_events::update_inventory",
            Arc::new(update_inventory),
        ),
        (
            "domain_events::send_notification",
            Arc::new(send_notification),
        ),
    ]
}

/// Accepts an order with a positive amount; `order.validated` follows.
fn validate_order(step: &Step<'_>) -> Outcome {
    Ok(json!({
        "result": "validated",
        "order_id": order(step)?,
        "amount": amount(step)?,
        "validation_checks": ["order_id_present", "amount_positive"],
    }))
}

/// Takes the payment; `payment.processed` or, with `simulate_failure`, `payment.failed` follows.
fn process_payment(step: &Step<'_>) -> Outcome {
    let order = order(step)?;
    if step.context("simulate_failure") == Some(&Value::Bool(true)) {
        return Err(Failed::for_now(format!(
            "payment of order {order} failed on purpose"
        )));
    }
    Ok(json!({
        "result": "paid",
        "order_id": order,
        "transaction_id": format!("TXN-{order}"),
        "amount": amount(step)?,
        "payment_method": "credit_card",
    }))
}

/// Reserves the order's items; `inventory.updated` follows whatever the outcome.
fn update_inventory(step: &Step<'_>) -> Outcome {
    Ok(json!({
        "result": "reserved",
        "order_id": order(step)?,
        "items": [{"sku": "ITEM-001", "quantity": 1}, {"sku": "ITEM-002", "quantity": 2}],
    }))
}

/// Tells the customer; `notification.sent` follows.
fn send_notification(step: &Step<'_>) -> Outcome {
    Ok(json!({
        "result": "sent",
        "notification_id": format!("NOTIF-{}", order(step)?),
        "channel": step.setting("channel"),
        "recipient": step.context("customer_id").cloned().unwrap_or_else(|| json!("unknown")),
    }))
}

fn order<'a>(step: &Step<'a>) -> Result<&'a str, Failed> {
    step.context("order_id")
        .and_then(Value::as_str)
        .filter(|order| !order.is_empty())
        .ok_or_else(|| Failed::permanently("order_id must be a text"))
}

fn amount<'a>(step: &Step<'a>) -> Result<&'a Value, Failed> {
    step.context("amount")
        .filter(|amount| amount.as_f64().is_some_and(|amount| amount > 0.0))
        .ok_or_else(|| Failed::permanently("amount must be a positive number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::StepBuilder;

    #[test]
    fn a_payment_fails_when_the_task_says_so() {
        let step = StepBuilder::new("s")
            .context(json!({"order_id": "o", "amount": 1, "simulate_failure": true}))
            .build();

        assert!(process_payment(&Step::new(&step)).unwrap_err().retryable);
    }

    #[test]
    fn an_order_without_amount_fails_for_good() {
        for context in [
            json!({"order_id": "o"}),
            json!({"order_id": "o", "amount": 0}),
            json!({"order_id": "o", "amount": "1"}),
        ] {
            let step = StepBuilder::new("s").context(context).build();

            assert_eq!(
                validate_order(&Step::new(&step)),
                Err(Failed::permanently("amount must be a positive number"))
            );
        }
    }
}
