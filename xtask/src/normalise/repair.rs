//! What editions of the document leave out or spell oddly, mended so that the passes after this one may rely on it.

use std::collections::BTreeSet;

use heck::ToLowerCamelCase;
use serde_json::{Map, Value, json};

use crate::document::walk::{each_root_schema_mut, each_schema_mut, operations_mut, text};

/// What the client and the list of operations call their own things: no operation may be called so.
const RESERVED: [&str; 20] = [
    "all",
    "builder",
    "call",
    "clone",
    "extraheaders",
    "follow",
    "followstream",
    "headers",
    "hook",
    "http",
    "maxbody",
    "new",
    "request",
    "server",
    "servers",
    "withheader",
    "withheaders",
    "withhook",
    "withtoken",
    "written",
];

/// Every operation gets an id that is an identifier and stands once.
pub fn operation_ids(root: &mut Value) {
    let mut taken = BTreeSet::new();
    operations_mut(root, |path, method, operation| {
        let written = text(operation, "operationId").unwrap_or_default();
        let base = if written.trim().is_empty() {
            let place = path.replace(['{', '}'], " ");
            format!("{method} {place}").to_lower_camel_case()
        } else if written.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            written.to_owned()
        } else {
            written.to_lower_camel_case()
        };
        let base = match base.as_str() {
            // `new` of the service `kyc` becomes `kycNew`.
            _ if RESERVED.contains(&base.to_lowercase().as_str()) => {
                let service = path.split('/').find(|part| !part.is_empty()).unwrap_or("operation");
                format!("{service} {base}").to_lower_camel_case()
            }
            _ if base.starts_with(|c: char| c.is_ascii_digit()) => format!("op{base}"),
            _ => base,
        };
        let mut id = base.clone();
        let mut next = 2;
        while !taken.insert(id.to_lowercase()) {
            id = format!("{base}{next}");
            next += 1;
        }
        operation["operationId"] = Value::String(id);
    });
}

/// `responses` holds statuses and nothing else; a missing description is an empty one.
pub fn responses(root: &mut Value) {
    operations_mut(root, |_, _, operation| {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
            operation["responses"] = json!({"default": {"description": ""}});
            return;
        };
        responses.retain(|status, response| is_status(status) && response.is_object());
        for response in responses.values_mut() {
            if response.get("$ref").is_none() && response.get("description").is_none() {
                response["description"] = Value::String(String::new());
            }
        }
    });
}

fn is_status(key: &str) -> bool {
    key == "default" || (key.len() == 3 && key.starts_with(|c: char| ('1'..='5').contains(&c)))
}

/// `required` is a list of names. A flag on a property is moved to its parent; anything else says nothing.
pub fn required_lists(root: &mut Value) {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(map) = schema.as_object_mut() else { return };
            let mut flagged = Vec::new();
            for (name, property) in map.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
                if let Some(Value::Bool(flag)) = property.get("required").cloned() {
                    property.as_object_mut().into_iter().for_each(|p| {
                        p.shift_remove("required");
                    });
                    if flag {
                        flagged.push(Value::String(name.clone()));
                    }
                }
            }
            let mut names = match map.get("required") {
                Some(Value::Array(names)) => names.iter().filter(|name| name.is_string()).cloned().collect(),
                Some(Value::String(name)) => vec![Value::String(name.clone())],
                // A flag on a nested schema is read when its parent is visited.
                Some(Value::Bool(_)) if flagged.is_empty() => return,
                _ => Vec::new(),
            };
            names.extend(flagged);
            if names.is_empty() {
                map.shift_remove("required");
            } else {
                map.insert("required".into(), Value::Array(names));
            }
        });
        // A flag at the root of a schema has no parent to be moved to.
        if schema.get("required").is_some_and(Value::is_boolean) {
            schema.as_object_mut().into_iter().for_each(|map| {
                map.shift_remove("required");
            });
        }
    });
}

/// One `type` each, and the one that the rest of the schema speaks of.
pub fn types(root: &mut Value) {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(map) = schema.as_object_mut() else { return };
            if let Some(Value::Array(types)) = map.get("type") {
                let first = types.iter().find(|t| t.as_str() != Some("null")).cloned();
                match first {
                    Some(first) => map.insert("type".into(), first),
                    None => map.shift_remove("type"),
                };
            }
            map.shift_remove("nullable");
            let says = map.get("type").and_then(Value::as_str).map(str::to_owned);
            let properties = map.contains_key("properties");
            match says.as_deref() {
                Some("object") | None if map.contains_key("items") && !properties => {
                    map.insert("type".into(), json!("array"));
                }
                Some("array") if properties && !map.contains_key("items") => {
                    let mut item = Value::Object(std::mem::take(map));
                    item["type"] = json!("object");
                    *map = Map::from_iter([("type".into(), json!("array")), ("items".into(), item)]);
                }
                Some("array") if !map.contains_key("items") => {
                    map.insert("items".into(), json!({}));
                }
                None if properties => {
                    map.insert("type".into(), json!("object"));
                }
                None if map.contains_key("enum") || map.contains_key("pattern") || map.contains_key("maxLength") => {
                    map.insert("type".into(), json!("string"));
                }
                _ => {}
            }
        });
    });
}

/// Patterns that no engine accepts. A bare quantifier (`{5,35}`) was meant as a length; others are dropped.
pub fn patterns(root: &mut Value) {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(pattern) = text(schema, "pattern").map(str::to_owned) else { return };
            if let Some((min, max)) = bare_quantifier(&pattern) {
                schema["minLength"] = json!(min);
                schema["maxLength"] = json!(max);
            } else if regress::Regex::with_flags(&pattern, "u").is_ok() || regress::Regex::new(&pattern).is_ok() {
                return;
            }
            schema.as_object_mut().into_iter().for_each(|map| {
                map.shift_remove("pattern");
            });
        });
    });
}

/// A body, an answer or a field of them that is "exactly one of" schemas which overlap can never be valid: what is meant
/// is any of them.
///
/// An object with a choice beside its properties is left alone: there the alternatives do exclude each other.
pub fn overlapping_choices(root: &mut Value) {
    let mut mend = |schema: &mut Value| {
        let Some(map) = schema.as_object_mut().filter(|map| !map.contains_key("properties")) else { return };
        if let Some(alternatives) = map.shift_remove("oneOf") {
            map.insert("anyOf".into(), alternatives);
        }
    };
    each_root_schema_mut(root, &mut |schema| each_schema_mut(schema, &mut mend));
    for section in ["requestBodies", "responses"] {
        if let Some(section) = root.pointer_mut(&format!("/components/{section}")) {
            super::compose::each_media_schema(section, &mut mend);
        }
    }
    operations_mut(root, |_, _, operation| {
        for part in ["requestBody", "responses"] {
            if let Some(part) = operation.get_mut(part) {
                super::compose::each_media_schema(part, &mut mend);
            }
        }
    });
}

fn bare_quantifier(pattern: &str) -> Option<(u32, u32)> {
    let (min, max) = pattern.trim_matches(['^', '$']).strip_prefix('{')?.strip_suffix('}')?.split_once(',')?;
    Some((min.trim().parse().ok()?, max.trim().parse().ok()?))
}

/// Every `{name}` of a path is a required parameter of it, and there are no others.
pub fn path_parameters(root: &mut Value) {
    operations_mut(root, |path, _, operation| {
        let names: Vec<&str> = path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect();
        let list = operation
            .as_object_mut()
            .map(|map| map.entry("parameters").or_insert_with(|| json!([])))
            .and_then(Value::as_array_mut);
        let Some(list) = list else { return };
        list.retain(|p| text(p, "in") != Some("path") || text(p, "name").is_some_and(|n| names.contains(&n)));
        for name in names {
            match list.iter_mut().find(|p| text(p, "in") == Some("path") && text(p, "name") == Some(name)) {
                Some(parameter) => parameter["required"] = json!(true),
                None => {
                    list.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_operation(operation: &Value) -> Value {
        json!({"paths": {"/kyc/v1/{PSU-Corporate-ID}": {"get": operation}}})
    }

    #[test]
    fn ids_with_spaces_missing_or_twice_become_identifiers() {
        let mut root = json!({"paths": {
            "/a": {"get": {"operationId": "Get Creditor Name"}, "post": {"operationId": "getAll"}},
            "/v1/b/{id}": {"delete": {}, "get": {"operationId": "getAll"}},
            "/kyc/new": {"post": {"operationId": "new"}}
        }});
        operation_ids(&mut root);
        assert_eq!(root["paths"]["/kyc/new"]["post"]["operationId"], "kycNew");
        assert_eq!(root["paths"]["/a"]["get"]["operationId"], "getCreditorName");
        assert_eq!(root["paths"]["/v1/b/{id}"]["get"]["operationId"], "getAll2");
        assert_eq!(root["paths"]["/v1/b/{id}"]["delete"]["operationId"], "deleteV1BId");
    }

    #[test]
    fn no_operation_may_be_called_like_a_method_of_the_client() {
        let source = std::fs::read_to_string(crate::root().join("crates/opp-raw/src/client.rs")).unwrap();
        let items = syn::parse_file(&source).unwrap().items.into_iter();
        let is_client = |ty: &syn::Type| matches!(ty, syn::Type::Path(ty) if ty.path.is_ident("Client"));
        let blocks = items.filter_map(|item| match item {
            syn::Item::Impl(block) if block.trait_.is_none() && is_client(&block.self_ty) => Some(block),
            _ => None,
        });
        let methods: Vec<_> = blocks
            .flat_map(|block| block.items)
            .filter_map(|item| match item {
                syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string().replace('_', "")),
                _ => None,
            })
            .collect();
        assert!(methods.contains(&"withheaders".to_owned()), "{methods:?}");
        let free: Vec<_> = methods.iter().filter(|method| !RESERVED.contains(&method.as_str())).collect();
        assert!(free.is_empty(), "put into RESERVED: {free:?}");
    }

    #[test]
    fn responses_lose_what_is_no_status_and_gain_descriptions() {
        let mut root = with_operation(&json!({"responses": {"200": {}, "description": "stray"}}));
        responses(&mut root);
        assert_eq!(
            root["paths"]["/kyc/v1/{PSU-Corporate-ID}"]["get"]["responses"],
            json!({"200": {"description": ""}})
        );
    }

    #[test]
    fn required_flags_become_lists() {
        let mut root = json!({"components": {"schemas": {"a": {
            "type": "object", "required": true,
            "properties": {"x": {"type": "string", "required": true}, "y": {"type": "string", "required": false}}
        }}}});
        required_lists(&mut root);
        let schema = &root["components"]["schemas"]["a"];
        assert_eq!(schema["required"], json!(["x"]));
        assert_eq!(schema["properties"]["x"], json!({"type": "string"}));
    }

    #[test]
    fn objects_with_items_are_arrays_and_arrays_with_properties_are_arrays_of_objects() {
        let mut root = json!({"components": {"schemas": {
            "a": {"type": "object", "items": {"type": "string"}},
            "b": {"type": "array", "properties": {"x": {}}},
            "c": {"type": ["string", "null"], "nullable": true},
            "d": {"type": "array"}
        }}});
        types(&mut root);
        assert_eq!(
            root["components"]["schemas"],
            json!({
                "a": {"type": "array", "items": {"type": "string"}},
                "b": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}},
                "c": {"type": "string"},
                "d": {"type": "array", "items": {}}
            })
        );
    }

    #[test]
    fn a_bare_quantifier_is_a_length_and_a_broken_pattern_is_dropped() {
        let mut root = json!({"components": {"schemas": {
            "a": {"type": "string", "pattern": "{5,35}"},
            "b": {"type": "string", "pattern": "[a-"},
            "c": {"type": "string", "pattern": "[a-z]+"}
        }}});
        patterns(&mut root);
        assert_eq!(
            root["components"]["schemas"],
            json!({
                "a": {"type": "string", "minLength": 5, "maxLength": 35},
                "b": {"type": "string"},
                "c": {"type": "string", "pattern": "[a-z]+"}
            })
        );
    }

    #[test]
    fn overlapping_alternatives_of_a_body_are_any_of_them() {
        let mut root = json!({
            "components": {"schemas": {
                "giro": {"properties": {}, "oneOf": [{}, {}]},
                "form": {"properties": {"xml": {"oneOf": [{"type": "string"}, {"type": "string"}]}}}
            }},
            "paths": {"/a": {"put": {"requestBody": {"content": {"application/json": {"schema": {"oneOf": [{"type": "object"}]}}}}}}}
        });
        overlapping_choices(&mut root);
        assert!(root.pointer("/paths/~1a/put/requestBody/content/application~1json/schema/anyOf").is_some());
        assert!(root.pointer("/components/schemas/giro/oneOf").is_some());
        assert!(root.pointer("/components/schemas/form/properties/xml/anyOf").is_some());
    }

    #[test]
    fn path_parameters_follow_the_path() {
        let mut root = with_operation(&json!({"parameters": [{"name": "other", "in": "path", "schema": {}}]}));
        path_parameters(&mut root);
        let parameters = &root["paths"]["/kyc/v1/{PSU-Corporate-ID}"]["get"]["parameters"];
        assert_eq!(parameters[0]["name"], "PSU-Corporate-ID");
        assert_eq!(parameters.as_array().unwrap().len(), 1);
    }
}
