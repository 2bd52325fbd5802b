//! The skeleton that every pass relies on: maps where `OpenAPI` has maps, lists where it has lists.

use serde_json::Value;

use crate::document::walk::{METHODS, Unsupported, join, text};

/// Refuses a document whose skeleton is broken, naming the place. What stands in the right place but is odd is left
/// to the passes.
pub fn check(root: &Value) -> Result<(), Unsupported> {
    for (path, item) in entries(root.get("paths"), "/paths", "paths")? {
        let here = join("/paths", path);
        object(item, &here, "a path item")?;
        list(item.get("parameters"), &join(&here, "parameters"), "parameters", parameter)?;
        list(item.get("servers"), &join(&here, "servers"), "servers", |server, at| object(server, at, "a server"))?;
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let at = join(&here, method);
                let id = operation.get("operationId").and_then(Value::as_str).unwrap_or(method);
                self::operation(operation, &at).map_err(|error| error.in_operation(id))?;
            }
        }
    }
    list(root.get("servers"), "/servers", "servers", |server, at| object(server, at, "a server"))?;
    let Some(components) = root.get("components") else { return Ok(()) };
    for (section, entries) in entries(Some(components), "/components", "components")? {
        let check: fn(&Value, &str) -> Result<(), Unsupported> = match section.as_str() {
            "schemas" => schema,
            "parameters" => parameter,
            "responses" | "requestBodies" => content,
            "headers" => |header, at| object(header, at, "a header"),
            _ => continue,
        };
        let at = join("/components", section);
        for (name, entry) in self::entries(Some(entries), &at, section)? {
            check(entry, &join(&at, name))?;
        }
    }
    Ok(())
}

fn operation(operation: &Value, at: &str) -> Result<(), Unsupported> {
    object(operation, at, "an operation")?;
    list(operation.get("parameters"), &join(at, "parameters"), "parameters", parameter)?;
    list(operation.get("servers"), &join(at, "servers"), "servers", |server, at| object(server, at, "a server"))?;
    if let Some(body) = operation.get("requestBody") {
        content(body, &join(at, "requestBody"))?;
    }
    if let Some(responses) = operation.get("responses") {
        let at = join(at, "responses");
        for (status, response) in entries(Some(responses), &at, "responses")? {
            // A stray text among the statuses is dropped later.
            if response.is_object() {
                content(response, &join(&at, status))?;
            }
        }
    }
    Ok(())
}

fn parameter(parameter: &Value, at: &str) -> Result<(), Unsupported> {
    object(parameter, at, "a parameter")?;
    if parameter.get("$ref").is_none() && text(parameter, "name").is_none_or(str::is_empty) {
        return Err(Unsupported::new(at, "a parameter has no name", "Name it, or remove it with a correction."));
    }
    parameter.get("schema").map_or(Ok(()), |inner| schema(inner, &join(at, "schema")))
}

/// A body or an answer.
fn content(holder: &Value, at: &str) -> Result<(), Unsupported> {
    object(holder, at, "a body or response")?;
    if let Some(headers) = holder.get("headers") {
        let at = join(at, "headers");
        for (name, header) in entries(Some(headers), &at, "headers")? {
            object(header, &join(&at, name), "a header")?;
        }
    }
    let Some(content) = holder.get("content") else { return Ok(()) };
    let at = join(at, "content");
    for (media, entry) in entries(Some(content), &at, "content")? {
        let at = join(&at, media);
        object(entry, &at, "a media type")?;
        if let Some(inner) = entry.get("schema") {
            schema(inner, &join(&at, "schema"))?;
        }
    }
    Ok(())
}

fn schema(value: &Value, at: &str) -> Result<(), Unsupported> {
    object(value, at, "a schema")?;
    if let Some(reference) = value.get("$ref") {
        if !reference.is_string() {
            return Err(Unsupported::new(at, "a `$ref` is no text", "Write the reference as text."));
        }
        return Ok(());
    }
    if let Some(properties) = value.get("properties") {
        let at = join(at, "properties");
        for (name, property) in entries(Some(properties), &at, "properties")? {
            schema(property, &join(&at, name))?;
        }
    }
    if let Some(items) = value.get("items") {
        schema(items, &join(at, "items"))?;
    }
    if let Some(inner) = value.get("additionalProperties").filter(|inner| !inner.is_boolean()) {
        schema(inner, &join(at, "additionalProperties"))?;
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        list(value.get(key), &join(at, key), key, schema)?;
    }
    Ok(())
}

fn object(value: &Value, at: &str, what: &str) -> Result<(), Unsupported> {
    if value.is_object() { Ok(()) } else { Err(wrong(at, what, "an object")) }
}

fn entries<'a>(
    value: Option<&'a Value>,
    at: &str,
    what: &str,
) -> Result<&'a serde_json::Map<String, Value>, Unsupported> {
    value.and_then(Value::as_object).ok_or_else(|| wrong(at, what, "an object"))
}

fn list(
    value: Option<&Value>,
    at: &str,
    what: &str,
    each: fn(&Value, &str) -> Result<(), Unsupported>,
) -> Result<(), Unsupported> {
    let Some(value) = value else { return Ok(()) };
    let items = value.as_array().ok_or_else(|| wrong(at, what, "a list"))?;
    items.iter().enumerate().try_for_each(|(i, item)| each(item, &join(at, &i.to_string())))
}

fn wrong(at: &str, what: &str, kind: &str) -> Unsupported {
    Unsupported::new(
        at,
        format!("{what} has to be {kind}"),
        "Mend the document, or correct it in `openapi/corrections`.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_broken_skeleton_is_named_by_its_place() {
        for (root, place) in [
            (json!({}), "/paths"),
            (json!({"paths": {"/a": 7}}), "/paths/~1a"),
            (json!({"paths": {"/a": {"get": "x"}}}), "/paths/~1a/get"),
            (json!({"paths": {"/a": {"get": {"parameters": {}}}}}), "/paths/~1a/get/parameters"),
            (
                json!({"paths": {}, "components": {"schemas": {"a": {"properties": []}}}}),
                "/components/schemas/a/properties",
            ),
            (json!({"paths": {}, "components": {"schemas": {"a": {"items": "b"}}}}), "/components/schemas/a/items"),
        ] {
            let message = check(&root).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("at {place}:")) || message.starts_with(&format!("at {place} ")),
                "{message}"
            );
        }
    }

    #[test]
    fn oddities_that_the_passes_mend_are_let_through() {
        let root = json!({"paths": {"/a": {"get": {"responses": {"200": {}, "description": "stray"}}}}});
        check(&root).unwrap();
    }
}
