//! `allOf`, `oneOf` and `anyOf`: one flat object wherever a reader needs one, a choice only where a writer must choose.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::document::walk::{each_root_schema_mut, each_schema_mut, operations_mut, schemas, schemas_mut, text};

use super::union::{DEPTH, expand, is_empty, is_prose, property_names, union};

/// `allOf` is one object with the properties of all its parts.
pub fn flatten_all_of(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(parts) = schema.get("allOf").and_then(Value::as_array).cloned() else { return };
            let map = schema.as_object_mut();
            let Some(map) = map else { return };
            map.shift_remove("allOf");
            // A single reference with nothing beside it but prose is that reference.
            if let ([only], true) = (parts.as_slice(), map.keys().all(|key| is_prose(key))) {
                *schema = only.clone();
                return;
            }
            let own = Value::Object(map.clone());
            let mut whole =
                parts.iter().fold(json!({}), |whole, part| union(&whole, &expand(part, &known, DEPTH), &known));
            whole = union(&whole, &own, &known);
            let prose: Vec<_> =
                map.iter().filter(|(key, _)| is_prose(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            *schema = whole;
            if let Some(map) = schema.as_object_mut() {
                map.extend(prose);
            }
        });
    });
    Ok(())
}

/// A choice within a schema, or as an answer, is one object in which everything is optional: whoever reads cannot know
/// beforehand which it will be, and trying one after the other loses fields.
///
/// An object with a choice beside its properties keeps the alternatives as `x-opp-one-of`, so that whoever builds one
/// is held to exactly one of them.
pub fn merge_choices(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    for schema in schemas_mut(root).values_mut() {
        each_schema_mut(schema, &mut |schema| merge_choice(schema, &known));
    }
    operations_mut(root, |_, _, operation| {
        for part in ["responses", "parameters"] {
            let Some(part) = operation.get_mut(part) else { continue };
            each_media_schema(part, &mut |schema| each_schema_mut(schema, &mut |schema| merge_choice(schema, &known)));
        }
    });
    Ok(())
}

fn merge_choice(schema: &mut Value, known: &Map<String, Value>) {
    let Some((key, branches)) = choice(schema) else { return };
    let mut branches: Vec<Value> = branches.into_iter().filter(|branch| !is_empty(branch)).collect();
    branches.dedup();
    let Some(map) = schema.as_object_mut() else { return };
    map.shift_remove(key);
    map.shift_remove("discriminator");
    if let ([only], true) = (branches.as_slice(), map.keys().all(|key| is_prose(key))) {
        *schema = only.clone();
        return;
    }
    let beside = map.contains_key("properties");
    let expanded: Vec<Value> = branches.iter().map(|branch| expand(branch, known, DEPTH)).collect();
    if beside {
        let groups: Vec<Vec<String>> = expanded.iter().map(property_names).collect();
        let all: Vec<&String> = groups.iter().flatten().collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        if groups.len() > 1 && distinct.len() == all.len() && groups.iter().all(|group| !group.is_empty()) {
            map.insert("x-opp-one-of".into(), json!(groups));
        }
    }
    let own = map.clone();
    let mut whole = expanded.into_iter().fold(Value::Null, |whole, mut branch| {
        // What one alternative requires, another may lack.
        if let Some(map) = branch.as_object_mut() {
            map.shift_remove("required");
        }
        if whole.is_null() { branch } else { union(&whole, &branch, known) }
    });
    whole = union(&whole, &Value::Object(own.clone()), known);
    if let Some(map) = whole.as_object_mut() {
        map.extend(own.into_iter().filter(|(key, _)| is_prose(key) || key == "required"));
    }
    *schema = whole;
}

/// A body that may be one of several is a choice of named types; `{}` among them means that the body may be left out.
pub fn choices_of_bodies(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    operations_mut(root, |_, _, operation| {
        let Some(body) = operation.get_mut("requestBody") else { return };
        let mut optional = false;
        each_media_schema(body, &mut |schema| {
            let Some((key, branches)) = choice(schema) else { return };
            let kept: Vec<Value> = branches.iter().filter(|branch| !is_empty(branch)).cloned().collect();
            optional |= kept.len() < branches.len();
            let objects = kept.iter().all(|branch| {
                text(branch, "$ref").is_some_and(|_| expand(branch, &known, DEPTH).get("properties").is_some())
            });
            let Some(map) = schema.as_object_mut() else { return };
            map.shift_remove(key);
            match kept.as_slice() {
                [only] => *schema = only.clone(),
                _ if objects => {
                    map.insert("oneOf".into(), Value::Array(kept));
                }
                _ => {
                    map.insert("oneOf".into(), Value::Array(kept));
                    each_schema_mut(schema, &mut |schema| merge_choice(schema, &known));
                }
            }
        });
        if optional {
            body["required"] = json!(false);
        }
    });
    Ok(())
}

/// The JSON of all successes is one schema: whoever calls gets one type, and the status tells the rest.
pub fn one_answer(root: &mut Value) -> Result<()> {
    let known = schemas(root).cloned().unwrap_or_default();
    operations_mut(root, |_, _, operation| {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        let mut whole: Option<Value> = None;
        each_json_schema(responses, &mut |schema| {
            whole = Some(whole.take().map_or_else(|| schema.clone(), |whole| union(&whole, schema, &known)));
        });
        if let Some(whole) = whole {
            each_json_schema(responses, &mut |schema| *schema = whole.clone());
        }
    });
    Ok(())
}

fn each_json_schema(responses: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)) {
    for response in responses.values_mut() {
        let content = response.get_mut("content").and_then(Value::as_object_mut);
        for (media, entry) in content.into_iter().flatten() {
            if let (true, Some(schema)) = (super::operations::is_json(media), entry.get_mut("schema")) {
                visit(schema);
            }
        }
    }
}

/// Media types other than JSON travel as bytes and need no types; but the parts of a multipart body do.
pub fn drop_schemas_of_bytes(root: &mut Value) -> Result<()> {
    let mut kept = Vec::new();
    operations_mut(root, |_, _, operation| {
        let mut contents: Vec<&mut Value> = Vec::new();
        let Some(map) = operation.as_object_mut() else { return };
        for (key, part) in map.iter_mut() {
            match key.as_str() {
                "requestBody" => contents.extend(part.get_mut("content")),
                "responses" => contents.extend(
                    part.as_object_mut()
                        .into_iter()
                        .flat_map(Map::values_mut)
                        .filter_map(|answer| answer.get_mut("content")),
                ),
                _ => {}
            }
        }
        for (media, entry) in contents.into_iter().filter_map(Value::as_object_mut).flatten() {
            if !super::operations::is_json(media) {
                let schema = entry.as_object_mut().and_then(|entry| entry.shift_remove("schema"));
                if let (Some(schema), true) = (schema, media.starts_with("multipart/")) {
                    kept.push(schema);
                }
            }
        }
    });
    root["x-opp-keep"] = Value::Array(kept);
    Ok(())
}

/// Calls `visit` on the schema of each media type (or parameter) below.
pub fn each_media_schema(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if key == "schema" { visit(inner) } else { each_media_schema(inner, visit) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_media_schema(item, visit)),
        _ => {}
    }
}

fn choice(schema: &Value) -> Option<(&'static str, Vec<Value>)> {
    ["oneOf", "anyOf"].into_iter().find_map(|key| Some((key, schema.get(key)?.as_array()?.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_is_one_object() {
        let mut root = json!({"components": {"schemas": {
            "a": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
            "b": {"description": "both", "allOf": [{"$ref": "#/components/schemas/a"}, {"type": "object", "required": ["y"], "properties": {"y": {}}}]},
            "c": {"allOf": [{"$ref": "#/components/schemas/a"}]}
        }}});
        flatten_all_of(&mut root).unwrap();
        let schemas = &root["components"]["schemas"];
        assert_eq!(schemas["b"]["required"], json!(["x", "y"]));
        assert_eq!(property_names(&schemas["b"]), ["x", "y"]);
        assert_eq!(schemas["b"]["description"], "both");
        assert_eq!(schemas["c"], json!({"$ref": "#/components/schemas/a"}));
    }

    #[test]
    fn an_object_with_alternatives_keeps_them_for_whoever_builds_one() {
        let mut root = json!({"components": {"schemas": {
            "ocr": {"type": "object", "properties": {"ocrRef": {"type": "string"}}},
            "invoice": {"type": "object", "properties": {"invoiceRef": {"type": "string"}}},
            "giro": {
                "type": "object", "required": ["amount"], "properties": {"amount": {"type": "string"}},
                "oneOf": [{"$ref": "#/components/schemas/ocr"}, {"$ref": "#/components/schemas/invoice"}]
            }
        }}});
        merge_choices(&mut root).unwrap();
        let giro = &root["components"]["schemas"]["giro"];
        assert_eq!(giro["x-opp-one-of"], json!([["ocrRef"], ["invoiceRef"]]));
        assert_eq!(giro["required"], json!(["amount"]));
        assert!(giro["properties"].get("invoiceRef").is_some() && giro.get("oneOf").is_none());
    }

    #[test]
    fn an_answer_with_alternatives_loses_no_field() {
        let mut root = json!({"paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {
            "oneOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "enum": ["x"]}}},
                {"type": "object", "properties": {"a": {"type": "string", "enum": ["y"]}, "b": {"type": "integer"}}}
            ]
        }}}}}}}}});
        merge_choices(&mut root).unwrap();
        let schema = &root["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["a"]["enum"], json!(["x", "y"]));
        assert!(schema["properties"].get("b").is_some() && schema.get("required").is_none());
    }

    #[test]
    fn an_empty_alternative_makes_the_body_optional_and_copies_stay_a_choice() {
        let mut root = json!({
            "components": {"schemas": {
                "a": {"type": "object", "properties": {"a": {}}}, "b": {"type": "object", "properties": {"b": {}}}
            }},
            "paths": {"/a": {"put": {"requestBody": {"required": true, "content": {"application/json": {"schema": {
                "oneOf": [{}, {"$ref": "#/components/schemas/a"}, {"$ref": "#/components/schemas/b"}]
            }}}}}}}
        });
        choices_of_bodies(&mut root).unwrap();
        let body = &root["paths"]["/a"]["put"]["requestBody"];
        assert_eq!(body["required"], false);
        assert_eq!(body["content"]["application/json"]["schema"]["oneOf"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn two_successes_are_one_type() {
        let body = |name: &str| json!({"content": {"application/json": {"schema": {"type": "object", "properties": {name: {}}}}}});
        let mut root =
            json!({"paths": {"/a": {"delete": {"responses": {"200": body("a"), "202": body("b"), "204": {}}}}}});
        one_answer(&mut root).unwrap();
        let schema = &root["paths"]["/a"]["delete"]["responses"]["202"]["content"]["application/json"]["schema"];
        assert_eq!(property_names(schema), ["a", "b"]);
    }

    #[test]
    fn only_json_has_types_but_the_parts_of_a_form_are_kept() {
        let mut root = json!({"paths": {"/a": {"post": {"requestBody": {"content": {
            "application/xml": {"schema": {"type": "string"}}, "multipart/form-data": {"schema": {"$ref": "#/components/schemas/a"}}
        }}}}}});
        drop_schemas_of_bytes(&mut root).unwrap();
        assert_eq!(root["paths"]["/a"]["post"]["requestBody"]["content"]["application/xml"], json!({}));
        assert_eq!(root["x-opp-keep"], json!([{"$ref": "#/components/schemas/a"}]));
    }
}
