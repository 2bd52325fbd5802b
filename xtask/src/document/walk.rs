//! Small helpers to walk an `OpenAPI` document: pointers, references, operations.

use std::fmt;

use serde_json::{Map, Value};

/// The HTTP methods a path item may hold, in the order in which operations are listed.
pub const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/// Something in the document that cannot be turned into code, with what to do about it.
#[derive(Debug)]
pub struct Unsupported {
    pointer: String,
    operation: Option<String>,
    what: String,
    remedy: String,
}

impl Unsupported {
    /// Names the place, the trouble and the next step.
    pub fn new(pointer: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), operation: None, what: what.into(), remedy: remedy.into() }
    }

    /// Adds the operation it belongs to.
    #[must_use]
    pub fn in_operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}", self.pointer)?;
        if let Some(operation) = &self.operation {
            write!(f, " (operation {operation})")?;
        }
        write!(f, ": {}. {}", self.what, self.remedy)
    }
}

impl std::error::Error for Unsupported {}

/// Appends one key to a JSON pointer.
pub fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The text under a key, if it is text.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The component name in `#/components/<section>/<name>`.
pub fn component<'a>(reference: &'a str, section: &str) -> Option<&'a str> {
    reference.strip_prefix("#/components/")?.strip_prefix(section)?.strip_prefix('/')
}

/// The schema that a `$ref` names, if the value is one.
pub fn schema_ref(value: &Value) -> Option<&str> {
    component(text(value, "$ref")?, "schemas")
}

/// A reference to a schema.
pub fn to_schema(name: &str) -> Value {
    serde_json::json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Calls `visit` for each operation: path, method, operation, pointer.
pub fn operations<'a>(root: &'a Value, mut visit: impl FnMut(&'a str, &'a str, &'a Value, String)) {
    let Some(paths) = root.get("paths").and_then(Value::as_object) else { return };
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                visit(path, method, operation, join(&join("/paths", path), method));
            }
        }
    }
}

/// The same, to change them.
pub fn operations_mut(root: &mut Value, mut visit: impl FnMut(&str, &str, &mut Value)) {
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                visit(path, method, operation);
            }
        }
    }
}

/// Calls `visit` on every schema at or below `schema`, children first.
pub fn each_schema_mut(schema: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    if let Some(map) = schema.as_object_mut() {
        if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
            for property in properties.values_mut() {
                each_schema_mut(property, visit);
            }
        }
        for key in ["items", "additionalProperties", "not"] {
            if let Some(inner) = map.get_mut(key).filter(|inner| inner.is_object()) {
                each_schema_mut(inner, visit);
            }
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            for branch in map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
                each_schema_mut(branch, visit);
            }
        }
    }
    visit(schema);
}

/// Every place of the document that holds a schema: components, parameters, bodies, responses, headers.
pub fn each_root_schema_mut(root: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    fn below(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map.iter_mut() {
                    match key.as_str() {
                        "schema" => visit(inner),
                        "example" | "examples" => {}
                        _ => below(inner, visit),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| below(item, visit)),
            _ => {}
        }
    }
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        for (section, entries) in components.iter_mut() {
            if section == "schemas" {
                entries.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(&mut *visit);
            } else {
                below(entries, visit);
            }
        }
    }
    if let Some(paths) = root.get_mut("paths") {
        below(paths, visit);
    }
}

/// The component schemas.
pub fn schemas(root: &Value) -> Option<&Map<String, Value>> {
    root.pointer("/components/schemas").and_then(Value::as_object)
}

/// The component schemas, made if missing.
pub fn schemas_mut(root: &mut Value) -> &mut Map<String, Value> {
    object_at(object_at(object(root), "components"), "schemas")
}

/// The value as an object; anything else is replaced by an empty one.
pub fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object above"),
    }
}

/// The object under a key, made if missing.
pub fn object_at<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    object(map.entry(key).or_insert(Value::Null))
}
