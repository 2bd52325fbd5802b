//! Two schemas as one: what the passes that put schemas together have in common.

use serde_json::{Map, Value, json};

use crate::document::walk::{component, text};

/// How deep references may lead into each other before it is a cycle.
pub(super) const DEPTH: usize = 32;

/// Whether a key says nothing about values.
pub(super) fn is_prose(key: &str) -> bool {
    matches!(key, "description" | "title" | "example" | "examples" | "externalDocs" | "default")
        || key.starts_with("x-")
}

/// Whether a schema says nothing about values.
pub(super) fn is_empty(schema: &Value) -> bool {
    schema.as_object().is_none_or(|map| map.keys().all(|key| is_prose(key)))
}

/// The names of an object's properties.
pub(super) fn property_names(schema: &Value) -> Vec<String> {
    schema.get("properties").and_then(Value::as_object).map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// The schema behind a reference, its own `allOf` and choices included.
pub(super) fn expand(schema: &Value, known: &Map<String, Value>, depth: usize) -> Value {
    let mut current = schema;
    for _ in 0..depth {
        match text(current, "$ref")
            .and_then(|reference| component(reference, "schemas"))
            .and_then(|name| known.get(name))
        {
            Some(next) => current = next,
            None => break,
        }
    }
    let mut own = current.clone();
    if depth == 0 {
        return own;
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        let Some(parts) = own.as_object_mut().and_then(|map| map.shift_remove(key)) else { continue };
        for part in parts.as_array().into_iter().flatten().filter(|part| !is_empty(part)) {
            let mut part = expand(part, known, depth - 1);
            if key != "allOf"
                && let Some(map) = part.as_object_mut()
            {
                map.shift_remove("required");
            }
            own = union(&own, &part, known);
        }
    }
    own
}

/// One schema that reads what either reads. The first one's prose stays.
pub fn union(a: &Value, b: &Value, known: &Map<String, Value>) -> Value {
    union_within(a, b, known, DEPTH)
}

fn union_within(a: &Value, b: &Value, known: &Map<String, Value>, depth: usize) -> Value {
    if a == b || is_empty(b) {
        return a.clone();
    }
    if is_empty(a) {
        return b.clone();
    }
    if let (Some(name), Some(other)) = (text(a, "$ref"), text(b, "$ref")) {
        // Two names for the same facts stay one name, not a third type.
        let (left, right) = (expand(a, known, depth), expand(b, known, depth));
        if name == other || same_facts(&left, &right) {
            return a.clone();
        }
    }
    if depth == 0 {
        return json!({});
    }
    let (left, right) = (expand(a, known, depth), expand(b, known, depth));
    match (text(&left, "type"), text(&right, "type")) {
        (Some("object"), Some("object")) => union_of_objects(&left, &right, known, depth),
        (Some("array"), Some("array")) => {
            let mut whole = left.clone();
            let empty = json!({});
            whole["items"] = union_within(
                left.get("items").unwrap_or(&empty),
                right.get("items").unwrap_or(&empty),
                known,
                depth - 1,
            );
            whole
        }
        // One value and a list of such: a list, which reads both.
        (Some("array"), Some(_)) => left,
        (Some(_), Some("array")) => right,
        (Some("string"), Some("string")) => union_of_texts(&left, &right),
        (Some("string"), Some(kind)) | (Some(kind), Some("string")) if kind != "object" => {
            json!({"type": "string", "description": left.get("description").cloned().unwrap_or(json!(""))})
        }
        (Some(x), Some(y)) if x == y => left,
        (Some("object"), _) => left,
        (_, Some("object")) => right,
        _ => json!({"description": left.get("description").cloned().unwrap_or(json!(""))}),
    }
}

fn union_of_objects(left: &Value, right: &Value, known: &Map<String, Value>, depth: usize) -> Value {
    let mut whole = left.clone();
    let Some(map) = whole.as_object_mut() else { return whole };
    if let Some(more) = right.get("properties").and_then(Value::as_object) {
        let properties = crate::document::walk::object_at(map, "properties");
        for (name, property) in more {
            let merged = match properties.get(name) {
                Some(existing) => union_within(existing, property, known, depth - 1),
                None => property.clone(),
            };
            properties.insert(name.clone(), merged);
        }
    }
    if let Some(required) = right.get("required").and_then(Value::as_array) {
        let names = map.entry("required").or_insert_with(|| json!([]));
        if let Some(names) = names.as_array_mut() {
            for name in required {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
    }
    for (key, value) in right.as_object().into_iter().flatten() {
        if !map.contains_key(key) {
            map.insert(key.clone(), value.clone());
        }
    }
    whole
}

fn union_of_texts(left: &Value, right: &Value) -> Value {
    let mut whole = left.clone();
    let Some(map) = whole.as_object_mut() else { return whole };
    match (left.get("enum").and_then(Value::as_array), right.get("enum").and_then(Value::as_array)) {
        (Some(a), Some(b)) => {
            let mut values = a.clone();
            values.extend(b.iter().filter(|value| !a.contains(value)).cloned());
            map.insert("enum".into(), Value::Array(values));
        }
        _ => {
            map.shift_remove("enum");
        }
    }
    for key in ["pattern", "format", "minLength", "maxLength"] {
        if left.get(key) != right.get(key) {
            map.shift_remove(key);
        }
    }
    whole
}

/// The same but for prose.
fn same_facts(a: &Value, b: &Value) -> bool {
    fn facts(value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .filter(|(key, inner)| {
                        !matches!(key.as_str(), "description" | "title" | "example") || inner.is_object()
                    })
                    .map(|(key, inner)| (key.clone(), facts(inner)))
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(facts).collect()),
            other => other.clone(),
        }
    }
    facts(a) == facts(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_or_a_list_of_such_is_a_list() {
        let whole =
            union(&json!({"type": "string"}), &json!({"type": "array", "items": {"type": "string"}}), &Map::new());
        assert_eq!(whole["type"], "array");
    }
}
