//! Names: every schema that becomes a Rust type is a component, and its name is the type's.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use crate::document::walk::{
    component, each_root_schema_mut, each_schema_mut, schema_ref, schemas, schemas_mut, text, to_schema,
};

/// The key of the root under which [`pascal`] notes how the document writes the name of each component.
pub const WRITTEN_AS: &str = "x-opp-written-as";

/// What a component of no shape of its own is replaced by: lists, maps, flags and plain numbers need no name.
pub fn inline_shapeless(root: &mut Value) -> Result<()> {
    // References to references, and lists of lists, take a few rounds.
    for _ in 0..16 {
        let known = schemas(root).cloned().unwrap_or_default();
        let mut changed = false;
        each_root_schema_mut(root, &mut |schema| {
            each_schema_mut(schema, &mut |schema| {
                let Some(target) = schema_ref(schema).and_then(|name| known.get(name)) else { return };
                if is_shapeless(target) {
                    *schema = target.clone();
                    changed = true;
                }
            });
        });
        if !changed {
            return Ok(());
        }
    }
    anyhow::bail!("lists or references in the document refer to themselves without end")
}

pub(super) fn is_shapeless(schema: &Value) -> bool {
    if schema.get("$ref").is_some() {
        return true;
    }
    match text(schema, "type") {
        Some("object") => schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty),
        Some("string") => false,
        Some("integer" | "number") => !["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
            .iter()
            .any(|key| schema.get(key).is_some()),
        Some(_) | None => schema.get("oneOf").is_none(),
    }
}

/// `enum: ["true", "false"]` is a flag that somebody wrote as text.
pub fn flags(root: &mut Value) -> Result<()> {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(values) = schema.get("enum").and_then(Value::as_array) else { return };
            let mut words: Vec<String> =
                values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_lowercase)).collect();
            words.sort();
            if words == ["false", "true"]
                && let Some(map) = schema.as_object_mut()
            {
                map.shift_remove("enum");
                map.insert("type".into(), json!("boolean"));
            }
        });
    });
    Ok(())
}

/// Enum values are text, each once.
pub fn enum_values(root: &mut Value) -> Result<()> {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) else { return };
            let mut seen = BTreeSet::new();
            *values = values
                .iter()
                .filter(|value| !value.is_null())
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .filter(|value| seen.insert(value.clone()))
                .map(Value::String)
                .collect();
            let empty = values.is_empty();
            if let Some(map) = schema.as_object_mut() {
                map.insert("type".into(), json!("string"));
                if empty {
                    map.shift_remove("enum");
                }
            }
        });
    });
    Ok(())
}

/// What is true of a list that must not be printed is true of its elements.
pub fn sensitive_items(root: &mut Value) -> Result<()> {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            if schema.get("x-opp-sensitive").and_then(Value::as_bool) == Some(true)
                && let Some(items) = schema.get_mut("items").and_then(Value::as_object_mut)
            {
                items.insert("x-opp-sensitive".into(), json!(true));
            }
        });
    });
    Ok(())
}

/// `accountDetails` becomes `AccountDetails`; two names that differ only in spelling get a number, in order.
pub fn pascal(root: &mut Value) -> Result<()> {
    let mut taken = BTreeSet::new();
    let mut renamed = BTreeMap::new();
    let names: BTreeSet<_> = schemas(root).into_iter().flat_map(Map::keys).collect();
    for name in names {
        let mut base = name.to_upper_camel_case();
        if base.is_empty() || base.starts_with(|c: char| !c.is_ascii_alphabetic()) {
            base = format!("Schema{base}");
        }
        // These are taken: by the language, or by what every generated module has in scope.
        if ["Self", "Option", "Box", "String", "Vec", "List", "Map", "Value", "Extra", "Number", "Text", "Format"]
            .contains(&base.as_str())
        {
            base.push_str("Schema");
        }
        let mut unique = base.clone();
        let mut next = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{base}{next}");
            next += 1;
        }
        renamed.insert(name.clone(), unique);
    }
    rename(root, &renamed);
    // Whoever reports of a type can say where it stands in the document.
    root[WRITTEN_AS] = renamed.into_iter().map(|(written, name)| (name, Value::String(written))).collect();
    Ok(())
}

fn rename(root: &mut Value, renamed: &BTreeMap<String, String>) {
    each_root_schema_mut(root, &mut |schema| {
        each_schema_mut(schema, &mut |schema| {
            if let Some(new) = schema_ref(schema).and_then(|name| renamed.get(name)) {
                *schema = to_schema(new);
            }
        });
    });
    for kept in root.get_mut("x-opp-keep").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(new) = schema_ref(kept).and_then(|name| renamed.get(name)) {
            *kept = to_schema(new);
        }
    }
    let old = std::mem::take(schemas_mut(root));
    *schemas_mut(root) =
        old.into_iter().map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema)).collect();
}

/// Components that no operation reaches are not generated.
pub fn prune(root: &mut Value, also: &[&str]) -> Result<()> {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(name) = text(value, "$ref").and_then(|r| component(r, "schemas")) {
                    found.push(name.to_owned());
                }
                map.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }
    let mut open: Vec<String> = also.iter().map(|name| (*name).to_owned()).collect();
    references(&root["paths"], &mut open);
    references(&root["x-opp-keep"], &mut open);
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas(root).and_then(|known| known.get(&name))
            && reached.insert(name)
        {
            references(schema, &mut open);
        }
    }
    schemas_mut(root).retain(|name, _| reached.contains(name));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_references_lose_their_names_but_objects_keep_them() {
        let mut root = json!({"components": {"schemas": {
            "list": {"type": "array", "items": {"$ref": "#/components/schemas/item"}},
            "item": {"type": "object", "properties": {"all": {"$ref": "#/components/schemas/alias"}}},
            "alias": {"$ref": "#/components/schemas/list"}
        }}});
        inline_shapeless(&mut root).unwrap();
        assert_eq!(
            root["components"]["schemas"]["item"]["properties"]["all"],
            json!({"type": "array", "items": {"$ref": "#/components/schemas/item"}})
        );
    }

    #[test]
    fn a_flag_written_as_text_is_a_flag() {
        let mut root = json!({"components": {"schemas": {"a": {"type": "string", "enum": ["true", "false"]}}}});
        flags(&mut root).unwrap();
        assert_eq!(root["components"]["schemas"]["a"], json!({"type": "boolean"}));
    }

    #[test]
    fn a_list_that_must_not_be_printed_has_elements_that_must_not() {
        let mut root = json!({"components": {"schemas": {"a": {"type": "array", "x-opp-sensitive": true, "items": {"type": "string"}}}}});
        sensitive_items(&mut root).unwrap();
        assert_eq!(root["components"]["schemas"]["a"]["items"]["x-opp-sensitive"], true);
    }

    #[test]
    fn names_become_types_and_never_collide() {
        let mut root = json!({"components": {"schemas": {
            "camt.052": {}, "a": {"properties": {"x": {"$ref": "#/components/schemas/_links"}}}, "_links": {}, "links": {}, "4xx": {}
        }}});
        pascal(&mut root).unwrap();
        let names: Vec<_> = schemas(&root).unwrap().keys().cloned().collect();
        assert_eq!(names, ["Camt052", "A", "Links", "Links2", "Schema4xx"]);
        assert_eq!(root["components"]["schemas"]["A"]["properties"]["x"], to_schema("Links"));
    }

    #[test]
    fn what_no_operation_reaches_is_left_out() {
        let mut root = json!({
            "components": {"schemas": {"a": {"$ref": "#/components/schemas/b"}, "b": {}, "c": {}, "d": {}}},
            "paths": {"/": {"get": {"x": {"$ref": "#/components/schemas/a"}}}}
        });
        prune(&mut root, &["d"]).unwrap();
        assert_eq!(schemas(&root).unwrap().keys().collect::<Vec<_>>(), ["a", "b", "d"]);
    }

    #[test]
    fn enum_values_are_text_each_once() {
        let mut root = json!({"components": {"schemas": {"a": {"enum": [1, "1", null, true]}}}});
        enum_values(&mut root).unwrap();
        assert_eq!(root["components"]["schemas"]["a"], json!({"enum": ["1", "true"], "type": "string"}));
    }
}
