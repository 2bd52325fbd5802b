//! Whether nothing was lost between two values that may be written differently.

use serde_json::Value;

/// What of `before` is missing in `after`, as a sentence; `None` if everything is there.
///
/// The two may differ in the ways in which banks do: a number as text, a flag as text, one value for a list of one,
/// an address for a link, a list without its object, an object within a wrapper. Nulls say nothing.
#[must_use]
pub fn lost(before: &Value, after: &Value) -> Option<String> {
    if same(before, after) { None } else { Some(format!("{before}\nbecame\n{after}")) }
}

fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Null, Value::Null) => true,
        (Value::Object(a), Value::Object(b)) => {
            let all = a
                .iter()
                .filter(|(_, value)| !value.is_null())
                .all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)));
            // A wrapper is taken off; what stood beside it stays.
            all || a.iter().any(|(wrapper, inner)| {
                inner.is_object() && {
                    let mut whole = a.clone();
                    whole.shift_remove(wrapper);
                    whole.extend(inner.as_object().cloned().unwrap_or_default());
                    whole.len() == a.len() - 1 + inner.as_object().map_or(0, serde_json::Map::len)
                        && same(&Value::Object(whole), after)
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Array(items), other) if items.len() == 1 && same(&items[0], other) => true,
        (other, Value::Array(items)) if items.len() == 1 && same(other, &items[0]) => true,
        (other, Value::Object(map)) if map.len() == 1 => map.values().all(|inner| same(other, inner)),
        (a, b) => match (scalar(a), scalar(b)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
    }
}

/// A scalar as text. Flags are flags however they are written.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (None, None, Some(float)) => float.to_string(),
            _ => number.to_string(),
        },
        _ => return None,
    };
    Some(match text.trim() {
        flag if flag.eq_ignore_ascii_case("true") || flag == "1" => "true".to_owned(),
        flag if flag.eq_ignore_ascii_case("false") || flag == "0" => "false".to_owned(),
        _ => text,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_field_element_or_letter_is_found() {
        assert!(lost(&json!({"a": 1, "b": 2}), &json!({"a": 1})).is_some());
        assert!(lost(&json!([1, 2]), &json!([1])).is_some());
        assert!(lost(&json!([1, null]), &json!([1])).is_some());
        assert!(lost(&json!("abc"), &json!("ab")).is_some());
        assert!(lost(&json!({"w": {"a": 1}, "b": 2}), &json!({"a": 1})).is_some());
        assert!(lost(&json!({}), &json!([])).is_some());
    }

    #[test]
    fn another_way_of_writing_loses_nothing() {
        for (before, after) in [
            (json!({"a": null}), json!({})),
            (json!("12"), json!(12)),
            (json!("TRUE"), json!(true)),
            (json!({"l": "https://a"}), json!({"l": {"href": "https://a"}})),
            (json!([{"a": 1}]), json!({"list": [{"a": 1}]})),
            (json!({"w": {"a": 1}, "b": 2}), json!({"a": 1, "b": 2})),
            (json!(["x"]), json!("x")),
        ] {
            assert_eq!(lost(&before, &after), None);
        }
    }
}
