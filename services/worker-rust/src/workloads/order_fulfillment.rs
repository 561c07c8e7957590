//! `business_workflow`: an order from its check to its shipment. Money is counted in cents.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Named;
use crate::handler::{Failed, Outcome};
use crate::step::Step;

pub fn handlers() -> Vec<Named> {
    vec![
        (
            "order_fulfillment::validate_order",
            Arc::new(validate_order),
        ),
        (
            "order_fulfillment::reserve_inventory",
            Arc::new(reserve_inventory),
        ),
        (
            "order_fulfillment::process_payment",
            Arc::new(process_payment),
        ),
        ("order_fulfillment::ship_order", Arc::new(ship_order)),
    ]
}

struct Item<'a> {
    sku: &'a str,
    quantity: u64,
    cents: u64,
}

/// `result`: what the order costs, in cents.
fn validate_order(step: &Step<'_>) -> Outcome {
    let customer = field(step, "customer", "id")?;
    let items = items(step)?;
    let total: u64 = items.iter().map(|item| item.quantity * item.cents).sum();
    Ok(json!({"result": total, "customer_id": customer, "items": items.len(), "validated": true}))
}

/// `result`: how many pieces are reserved.
fn reserve_inventory(step: &Step<'_>) -> Outcome {
    let items = items(step)?;
    let reservations: Vec<Value> =
        items.iter().map(|item| json!({"reservation_id": format!("RSV-{}", item.sku), "quantity": item.quantity})).collect();
    Ok(
        json!({"result": items.iter().map(|item| item.quantity).sum::<u64>(), "reservations": reservations}),
    )
}

/// `result`: what was paid, in cents.
fn process_payment(step: &Step<'_>) -> Outcome {
    let [order, _reservation] = step.parents()?[..] else {
        return Err(Failed::permanently(
            "a payment follows an order and its reservation",
        ));
    };
    let token = field(step, "payment", "token")?;
    let method = field(step, "payment", "method")?;
    Ok(
        json!({"result": order["result"], "payment_id": format!("PAY-{}", text(token)), "method": method, "status": "paid"}),
    )
}

/// `result`: how many pieces are on their way.
fn ship_order(step: &Step<'_>) -> Outcome {
    let [_order, reservation, payment] = step.parents()?[..] else {
        return Err(Failed::permanently(
            "a shipment follows an order, its reservation and its payment",
        ));
    };
    let method = field(step, "shipping", "method")?;
    let address = field(step, "shipping", "address")?;
    Ok(json!({
        "result": reservation["result"],
        "shipment_id": format!("SHP-{}", text(&payment["payment_id"])),
        "method": method,
        "address": address,
        "status": "scheduled",
    }))
}

fn items<'a>(step: &Step<'a>) -> Result<Vec<Item<'a>>, Failed> {
    let items = step
        .context("items")
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty());
    let items =
        items.ok_or_else(|| Failed::permanently("items must be a list with at least one item"))?;
    items
        .iter()
        .map(|item| {
            let wrong = || {
                Failed::permanently(format!("an item needs sku, quantity and price, not {item}"))
            };
            Ok(Item {
                sku: item["sku"].as_str().ok_or_else(wrong)?,
                quantity: item["quantity"]
                    .as_u64()
                    .filter(|quantity| (1..1_000_000).contains(quantity))
                    .ok_or_else(wrong)?,
                cents: item["price"].as_f64().and_then(cents).ok_or_else(wrong)?,
            })
        })
        .collect()
}

/// A price is a decimal number of at most two digits after the point, which a double holds only nearly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked"
)]
fn cents(price: f64) -> Option<u64> {
    (0.0..1e9)
        .contains(&price)
        .then(|| (price * 100.0).round() as u64)
}

fn field<'a>(step: &Step<'a>, object: &str, key: &str) -> Result<&'a Value, Failed> {
    step.context(object)
        .and_then(|object| object.get(key))
        .filter(|value| !value.is_null())
        .ok_or_else(|| Failed::permanently(format!("{object}.{key} is missing")))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::StepBuilder;

    #[test]
    fn an_order_without_items_fails_for_good() {
        for context in [
            json!({"customer": {"id": 1}}),
            json!({"customer": {"id": 1}, "items": []}),
        ] {
            let step = StepBuilder::new("validate_order").context(context).build();

            let failed = validate_order(&Step::new(&step)).unwrap_err();

            assert_eq!(
                (failed.message.as_str(), failed.retryable),
                ("items must be a list with at least one item", false)
            );
        }
    }

    #[test]
    fn a_price_is_taken_to_the_cent() {
        assert_eq!(
            (cents(29.99), cents(0.1), cents(149.99)),
            (Some(2999), Some(10), Some(14999))
        );
        assert_eq!((cents(-1.0), cents(f64::NAN)), (None, None));
    }

    #[test]
    fn a_field_that_is_missing_is_named() {
        let step = StepBuilder::new("ship_order")
            .context(json!({"shipping": {"method": null}}))
            .build();

        assert_eq!(
            field(&Step::new(&step), "shipping", "method")
                .unwrap_err()
                .message,
            "shipping.method is missing"
        );
    }
}
