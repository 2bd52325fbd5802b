//! References to anything but schemas are replaced by what they refer to; schemas keep their names.

use anyhow::Result;
use heck::ToUpperCamelCase;
use serde_json::{Value, json};

use crate::document::walk::{METHODS, Unsupported, component, join, schemas, text};

/// Sections whose references are followed here.
const SECTIONS: [&str; 4] = ["parameters", "responses", "requestBodies", "headers"];

/// Parameters, bodies, responses and headers stand inside their operation. Inline schemas of a named body or response
/// take its name, so that operations which share it share one type.
pub fn references(root: &mut Value) -> Result<()> {
    let components = root.get("components").cloned().unwrap_or(Value::Null);
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return Ok(()) };
    for (path, item) in paths.iter_mut() {
        let pointer = join("/paths", path);
        if let Some(reference) = text(item, "$ref") {
            return Err(
                Unsupported::new(&pointer, format!("the path item refers to {reference}"), "Write it inline.").into()
            );
        }
        let shared = item.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        let servers = item.get("servers").cloned();
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else { continue };
            let here = join(&pointer, method);
            let id = text(operation, "operationId").unwrap_or(method).to_owned();
            if let (Some(servers), None) = (&servers, operation.get("servers")) {
                operation["servers"] = servers.clone();
            }
            follow(operation, &components, &here).map_err(|e| e.in_operation(&id))?;
            share_parameters(operation, &shared, &components, &pointer).map_err(|e| e.in_operation(&id))?;
        }
    }
    Ok(())
}

/// The parameters of a path belong to each of its operations, unless the operation has one of the same name.
fn share_parameters(
    operation: &mut Value,
    shared: &[Value],
    components: &Value,
    pointer: &str,
) -> Result<(), Unsupported> {
    let Some(map) = operation.as_object_mut() else { return Ok(()) };
    let own = map.entry("parameters").or_insert_with(|| json!([]));
    let Some(own) = own.as_array_mut() else { return Ok(()) };
    for parameter in shared {
        let mut parameter = parameter.clone();
        follow(&mut parameter, components, pointer)?;
        let same = |p: &Value| text(p, "name") == text(&parameter, "name") && text(p, "in") == text(&parameter, "in");
        if !own.iter().any(same) {
            own.push(parameter);
        }
    }
    Ok(())
}

fn follow(value: &mut Value, components: &Value, pointer: &str) -> Result<(), Unsupported> {
    if let Some(reference) = text(value, "$ref").map(str::to_owned) {
        if let Some(name) = component(&reference, "schemas") {
            if components.pointer(&join("/schemas", name)).is_none() {
                return Err(Unsupported::new(
                    pointer,
                    format!("{reference} is not in the document"),
                    "Add the component or mend the reference.",
                ));
            }
            // OpenAPI 3.0 ignores whatever stands beside a reference.
            *value = json!({ "$ref": reference });
            return Ok(());
        }
        if component(&reference, "examples").is_some() {
            *value = Value::Null;
            return Ok(());
        }
        let found = SECTIONS.iter().find_map(|section| {
            let name = component(&reference, section)?;
            Some((*section, name.to_owned(), components.pointer(&join(&join("", section), name))?.clone()))
        });
        let Some((section, name, found)) = found else {
            let what = format!("{reference} cannot be followed");
            return Err(Unsupported::new(
                pointer,
                what,
                "Only references within the document work: bundle it into one file first.",
            ));
        };
        *value = found;
        if matches!(section, "responses" | "requestBodies") {
            name_inline_schemas(value, section, &name);
        }
        return follow(value, components, pointer);
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if !matches!(key.as_str(), "example" | "examples" | "security") {
                    follow(inner, components, &join(pointer, key))?;
                }
            }
        }
        Value::Array(items) => {
            for (i, inner) in items.iter_mut().enumerate() {
                follow(inner, components, &join(pointer, &i.to_string()))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// `OK_200_UpdatePsuData` gives `UpdatePsuDataResponse`: statuses are no part of a name.
fn name_inline_schemas(value: &mut Value, section: &str, name: &str) {
    let bare = match name.split('_').position(|part| part.len() == 3 && part.chars().all(|c| c.is_ascii_digit())) {
        Some(status) => name.splitn(status + 2, '_').last().unwrap_or(name),
        None => name,
    };
    let suffix = if section == "responses" { "Response" } else { "Request" };
    let type_name = format!("{}{suffix}", bare.to_upper_camel_case());
    for media in
        value.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(|content| content.values_mut())
    {
        if let Some(schema) = media.get_mut("schema").filter(|schema| schema.get("$ref").is_none())
            && let Some(map) = schema.as_object_mut()
        {
            map.entry("x-opp-name").or_insert(Value::String(type_name.clone()));
        }
    }
}

/// References between schemas all lead somewhere.
pub fn schema_references(root: &Value) -> Result<()> {
    fn check(value: &Value, names: &serde_json::Map<String, Value>, pointer: &str) -> Result<(), Unsupported> {
        match value {
            Value::Object(map) => {
                if let Some(reference) = text(value, "$ref") {
                    let known = component(reference, "schemas").is_some_and(|name| names.contains_key(name));
                    if !known {
                        let what = format!("{reference} is not in the document");
                        return Err(Unsupported::new(pointer, what, "Add the component or mend the reference."));
                    }
                }
                for (key, inner) in map {
                    if !matches!(key.as_str(), "example" | "examples" | "enum" | "default") {
                        check(inner, names, &join(pointer, key))?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(i, inner)| check(inner, names, &join(pointer, &i.to_string())))
            }
            _ => Ok(()),
        }
    }
    let Some(names) = schemas(root) else { return Ok(()) };
    for (name, schema) in names {
        check(schema, names, &join("/components/schemas", name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_parameters_bodies_and_responses_stand_in_the_operation() {
        let mut root = json!({
            "paths": {"/a": {
                "parameters": [{"$ref": "#/components/parameters/id"}],
                "get": {"responses": {"200": {"$ref": "#/components/responses/OK_200_UpdatePsuData"}}}
            }},
            "components": {
                "parameters": {"id": {"name": "id", "in": "query", "schema": {"type": "string"}}},
                "responses": {"OK_200_UpdatePsuData": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
            }
        });
        references(&mut root).unwrap();
        let operation = &root["paths"]["/a"]["get"];
        assert_eq!(operation["parameters"][0]["name"], "id");
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(schema["x-opp-name"], "UpdatePsuDataResponse");
    }

    #[test]
    fn a_reference_to_nothing_names_place_and_operation() {
        let mut root = json!({"paths": {"/a": {"get": {
            "operationId": "getA", "responses": {"200": {"$ref": "other.yaml#/x"}}
        }}}});
        let message = references(&mut root).unwrap_err().to_string();
        assert!(message.contains("/paths/~1a/get/responses/200") && message.contains("getA"), "{message}");
    }

    #[test]
    fn a_dangling_schema_reference_is_an_error() {
        let root = json!({"components": {"schemas": {"a": {"properties": {"x": {"$ref": "#/components/schemas/b"}}}}}});
        assert!(schema_references(&root).unwrap_err().to_string().contains("/components/schemas/a/properties/x"));
    }
}
