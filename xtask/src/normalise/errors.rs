//! Errors: one open list of codes instead of one closed list per status and service.
//!
//! The runtime of the raw crate reads every error body there is with one type of its own. What the document adds is
//! the codes: they become the enum `MessageCode`.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::document::walk::{component, operations, schemas, schemas_mut, text};

/// The component that holds every code an error may carry.
pub const CODES: &str = "MessageCode";

/// Collects the codes of all error answers into one component.
pub fn collect_codes(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    let mut found = Found { known: &known, seen: BTreeSet::new(), codes: BTreeSet::new() };
    operations(root, |_, _, operation, _| {
        for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            if !status.starts_with('2') {
                found.search(response);
            }
        }
    });
    let codes: Vec<_> = found.codes.into_iter().collect();
    let mut schema = json!({
        "type": "string",
        "description": "What a bank or the platform says went wrong, in one word. The list is the union of all services and statuses."
    });
    if !codes.is_empty() {
        schema["enum"] = json!(codes);
    }
    schemas_mut(root).insert(CODES.into(), schema);
    Ok(())
}

/// Error answers have served their purpose: from here on there are only successes.
pub fn drop_errors(root: &mut Value) -> Result<()> {
    crate::document::walk::operations_mut(root, |_, _, operation| {
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.retain(|status, _| status.starts_with('2') || (status == "default"));
        }
    });
    Ok(())
}

struct Found<'a> {
    known: &'a Map<String, Value>,
    seen: BTreeSet<String>,
    codes: BTreeSet<String>,
}

impl Found<'_> {
    fn search(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(name) = text(value, "$ref").and_then(|r| component(r, "schemas"))
                    && self.seen.insert(name.to_owned())
                    && let Some(schema) = self.known.get(name)
                {
                    self.search(schema);
                }
                for (key, inner) in map {
                    if key == "code" {
                        self.values_of(inner);
                    }
                    if !matches!(key.as_str(), "example" | "examples") {
                        self.search(inner);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.search(item)),
            _ => {}
        }
    }

    /// The enum of a property called `code`, behind whatever references.
    fn values_of(&mut self, schema: &Value) {
        let mut schema = schema;
        for _ in 0..16 {
            match text(schema, "$ref").and_then(|r| component(r, "schemas")).and_then(|name| self.known.get(name)) {
                Some(next) => schema = next,
                None => break,
            }
        }
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        self.codes.extend(values.filter_map(Value::as_str).map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_status_are_one_sorted_enum() {
        let mut root = json!({
            "components": {"schemas": {
                "messageCode401": {"type": "string", "enum": ["TOKEN_EXPIRED"]},
                "tpp401": {"type": "object", "properties": {"tppMessages": {"type": "array", "items": {
                    "type": "object", "properties": {"code": {"$ref": "#/components/schemas/messageCode401"}}
                }}}}
            }},
            "paths": {"/a": {"get": {"responses": {
                "200": {"content": {"application/json": {"schema": {"type": "object", "properties": {"code": {"type": "string", "enum": ["FINE"]}}}}}},
                "400": {"content": {"application/problem+json": {"schema": {"type": "object", "properties": {"code": {"type": "string", "enum": ["FORMAT_ERROR"]}}}}}},
                "401": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/tpp401"}}}}
            }}}}
        });
        collect_codes(&mut root).unwrap();
        assert_eq!(root["components"]["schemas"]["MessageCode"]["enum"], json!(["FORMAT_ERROR", "TOKEN_EXPIRED"]));
        drop_errors(&mut root).unwrap();
        let responses = root["paths"]["/a"]["get"]["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), ["200"]);
    }
}
