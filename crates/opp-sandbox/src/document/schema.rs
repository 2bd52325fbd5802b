//! Compiled schemas of the document, by JSON pointer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use super::follow;
use crate::StartError;
use crate::model::clock::day;
use crate::model::ids::is_uuid;

const HOME: &str = "sandbox:///document";

/// A schema that a value broke: where in the value, and how.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    /// JSON pointer into the value; empty for the value itself.
    pub(crate) pointer: String,
    pub(crate) text: String,
}

pub(super) struct Schemas {
    root: Value,
    registry: Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    pub(super) fn new(root: Value) -> Result<Self, StartError> {
        let schemas = json!({ "components": { "schemas": root["components"]["schemas"] } });
        let registry = Registry::new()
            // OpenAPI 3.0 took its schemas from draft 4: `exclusiveMinimum` is a boolean, `$ref` has no siblings.
            .draft(Draft::Draft4)
            .add(HOME, schemas)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| StartError::Document(error.to_string()))?;
        Ok(Self { root, registry, compiled: Mutex::default() })
    }

    /// Holds a value against the schema at a pointer and gives all violations.
    pub(super) fn violations(&self, pointer: &str, value: &Value) -> Vec<Violation> {
        let validator = match self.validator(pointer) {
            Ok(validator) => validator,
            // A schema that does not compile must not pass for one that everything satisfies.
            Err(text) => {
                return vec![Violation { pointer: String::new(), text }];
            }
        };
        validator
            .iter_errors(value)
            .map(|error| Violation { pointer: error.instance_path().to_string(), text: error.to_string() })
            .collect()
    }

    /// The pointers that a schema offers as alternatives, references followed; itself when it offers none.
    pub(super) fn alternatives(&self, pointer: &str) -> Vec<String> {
        let (at, value) = follow(&self.root, pointer);
        for keyword in ["oneOf", "anyOf"] {
            // Alternatives beside properties of their own refine one object; they are no separate shapes.
            if value.get("properties").is_none()
                && let Some(list) = value[keyword].as_array()
            {
                return (0..list.len()).map(|index| follow(&self.root, &format!("{at}/{keyword}/{index}")).0).collect();
            }
        }
        vec![at]
    }

    /// Whether the schema says nothing at all, as the document does for "no body".
    pub(super) fn is_open(&self, pointer: &str) -> bool {
        self.root.pointer(pointer).and_then(Value::as_object).is_none_or(serde_json::Map::is_empty)
    }

    fn validator(&self, pointer: &str) -> Result<Arc<Validator>, String> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(pointer) {
            return Ok(Arc::clone(validator));
        }
        // A schema that stands outside the components is small: it is compiled where it is, its references lead home.
        let (at, value) = follow(&self.root, pointer);
        let schema = if at.starts_with("/components/schemas/") {
            json!({ "$ref": format!("{HOME}#{at}") })
        } else {
            rebased(value)
        };
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .with_format("uuid", is_uuid)
            .with_format("date", |text: &str| day(text).is_some())
            .build(&schema)
            .map_err(|error| format!("the schema at {pointer} does not compile: {error}"))?;
        let validator = Arc::new(validator);
        compiled.insert(pointer.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}

/// The schema with its local references made absolute.
fn rebased(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(target) if name == "$ref" && target.starts_with('#') => {
                    (name.clone(), json!(format!("{HOME}{target}")))
                }
                _ => (name.clone(), rebased(value)),
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(rebased).collect(),
        other => other.clone(),
    }
}
