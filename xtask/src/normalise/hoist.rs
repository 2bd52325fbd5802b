//! Inline schemas that need a name: found, named, and shared by all that mean the same.

use std::collections::BTreeMap;

use anyhow::Result;
use heck::ToUpperCamelCase;
use serde_json::{Map, Value};

use super::compose::each_media_schema;
use super::names::is_shapeless;
use crate::document::walk::{operations_mut, schemas, schemas_mut, text, to_schema};

/// Inline objects, enums and constrained texts become components, so that no operation gives birth to a type that
/// another has already.
pub fn hoist(root: &mut Value) -> Result<()> {
    let mut hoist = Hoist::new(root);
    // Sorted, so that names do not depend on the order in which an edition happens to list things.
    let mut components = std::mem::take(schemas_mut(root));
    components.sort_keys();
    for (name, schema) in &mut components {
        hoist.below(schema, name);
    }
    *schemas_mut(root) = components;
    let mut order = Vec::new();
    operations_mut(root, |path, method, operation| {
        order.push((text(operation, "operationId").unwrap_or_default().to_owned(), path.to_owned(), method.to_owned()));
    });
    order.sort();
    for (id, path, method) in order {
        let operation = &mut root["paths"][path][method];
        let id = id.to_upper_camel_case();
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = text(parameter, "name").unwrap_or_default().to_upper_camel_case();
            describe(parameter);
            if let Some(schema) = parameter.get_mut("schema") {
                hoist.place(schema, &name, &name);
            }
        }
        for (part, suffix) in [("requestBody", "Request"), ("responses", "Response")] {
            if let Some(part) = operation.get_mut(part) {
                let owner = format!("{id}{suffix}");
                describe(part);
                each_media_schema(part, &mut |schema| hoist.place(schema, &owner, &owner));
            }
        }
    }
    schemas_mut(root).extend(hoist.made);
    schemas_mut(root).sort_keys();
    Ok(())
}

/// A schema without words of its own takes those of the parameter or body that it belongs to.
fn describe(holder: &mut Value) {
    let Some(words) = text(holder, "description").map(str::to_owned) else { return };
    each_media_schema(holder, &mut |schema| {
        if let Some(map) = schema.as_object_mut().filter(|map| !map.contains_key("$ref")) {
            map.entry("description").or_insert_with(|| Value::String(words.clone()));
        }
    });
}

/// Names given so far, and the facts behind each.
struct Hoist {
    taken: BTreeMap<String, Value>,
    made: Map<String, Value>,
}

impl Hoist {
    fn new(root: &Value) -> Self {
        let taken = schemas(root).into_iter().flatten().map(|(name, schema)| (name.clone(), facts(schema))).collect();
        Self { taken, made: Map::new() }
    }

    /// Hoists what stands within a schema that has a name.
    fn below(&mut self, schema: &mut Value, owner: &str) {
        for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            let short = name.to_upper_camel_case();
            self.place(property, &short, &format!("{owner}{short}"));
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
                self.place(inner, &format!("{owner}Item"), &format!("{owner}Item"));
            }
        }
        for branch in schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            self.place(branch, &format!("{owner}Choice"), &format!("{owner}Choice"));
        }
    }

    /// Replaces an inline schema by a reference, under its short name if that is free, else under the long one.
    fn place(&mut self, schema: &mut Value, short: &str, long: &str) {
        let given = text(schema, "x-opp-name").map(str::to_owned);
        let short = given.as_deref().unwrap_or(short);
        let long = given.as_deref().unwrap_or(long);
        if !needs_name(schema) {
            let inner = short.strip_suffix('s').unwrap_or(short);
            for key in ["items", "additionalProperties"] {
                if let Some(item) = schema.get_mut(key).filter(|item| item.is_object()) {
                    self.place(item, inner, &format!("{long}Item"));
                }
            }
            return;
        }
        // Two are the same type if their facts are, before anything within them got a name.
        let wanted = facts(schema);
        let candidates = [short.to_owned(), long.to_owned()].into_iter().chain((2..).map(|n| format!("{long}{n}")));
        let free = |name: &String| self.taken.get(name).is_none_or(|known| *known == wanted);
        let Some(name) = candidates.into_iter().find(free) else { return };
        if !self.taken.contains_key(&name) {
            self.taken.insert(name.clone(), wanted);
            let mut whole = schema.clone();
            self.below(&mut whole, &name);
            self.made.insert(name.clone(), whole);
        }
        *schema = to_schema(&name);
    }
}

fn needs_name(schema: &Value) -> bool {
    if schema.get("$ref").is_some() {
        return false;
    }
    if schema.get("oneOf").is_some() {
        return true;
    }
    let constrained = |keys: &[&str]| keys.iter().any(|key| schema.get(key).is_some());
    match text(schema, "type") {
        Some("object") => schema.get("properties").and_then(Value::as_object).is_some_and(|p| !p.is_empty()),
        Some("string") => {
            constrained(&["enum", "pattern", "minLength", "maxLength", "x-opp-sensitive"])
                || text(schema, "format").is_some_and(|format| matches!(format, "date" | "date-time"))
        }
        Some("integer" | "number") => !is_shapeless(schema),
        _ => false,
    }
}

/// A schema without its prose: what decides whether two are one type.
fn facts(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, value)| {
                    let prose = matches!(
                        key.as_str(),
                        "description" | "title" | "example" | "examples" | "default" | "x-opp-name"
                    );
                    !prose || value.is_object()
                })
                .map(|(key, value)| (key.clone(), facts(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(facts).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_inline_enum_is_one_type_and_another_gets_its_owners_name() {
        let mut root = json!({
            "components": {"schemas": {
                "Account": {"type": "object", "properties": {"status": {"type": "string", "enum": ["on", "off"]}}},
                "Card": {"type": "object", "properties": {"status": {"type": "string", "enum": ["on", "off"], "description": "other words"}}},
                "Order": {"type": "object", "properties": {"status": {"type": "string", "enum": ["new"]}}}
            }},
            "paths": {}
        });
        hoist(&mut root).unwrap();
        let property = |owner: &str| root["components"]["schemas"][owner]["properties"]["status"].clone();
        assert_eq!(property("Account"), to_schema("Status"));
        assert_eq!(property("Card"), to_schema("Status"));
        assert_eq!(property("Order"), to_schema("OrderStatus"));
    }

    #[test]
    fn an_enum_without_words_takes_those_of_its_parameter() {
        let mut root = json!({"paths": {"/a": {"get": {"parameters": [
            {"name": "status", "in": "query", "description": "Which ones.", "schema": {"type": "string", "enum": ["on"]}}
        ]}}}});
        hoist(&mut root).unwrap();
        assert_eq!(root["components"]["schemas"]["Status"]["description"], "Which ones.");
    }
}
