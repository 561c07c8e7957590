//! U+0000, the one character of a JSON text that PostgreSQL's `jsonb` does not store.
//!
//! The engine writes a result long after the message that asked for it is gone. When PostgreSQL refuses it, the engine
//! logs that and goes on: the step stays in progress for ever. So the character must not get that far.

use serde_json::Value;

/// Whether the character is in a text or in a key of `value`.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `text` with U+FFFD in its place: for messages, which are worth more than their letters.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_found_wherever_text_can_be() {
        for value in [
            json!("a\0"),
            json!([1, ["\0"]]),
            json!({"a": {"b": "\0"}}),
            json!({"a\0": 1}),
        ] {
            assert!(holds_nul(&value), "{value}");
        }
        for value in [
            json!(null),
            json!(0),
            json!({"a": ["\\u0000", ""], "b": true}),
        ] {
            assert!(!holds_nul(&value), "{value}");
        }
    }

    #[test]
    fn a_message_keeps_all_else() {
        assert_eq!(without_nul("a\0b"), "a\u{FFFD}b");
    }
}
