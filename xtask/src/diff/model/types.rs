//! Types with their place in the document and the services that use them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Field, Rules, Shape, Type};
use crate::document::walk::{operations, schema_ref, text};
use crate::emit::shape::Shapes;
use crate::emit::types::variants;
use crate::normalise::names::WRITTEN_AS;
use crate::normalise::{Normal, errors, headers};

/// The keywords that are rules of a value.
const RULES: [&str; 13] = [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "x-opp-sensitive",
];

pub(super) fn read(normal: &Normal, shapes: &Shapes) -> BTreeMap<String, Type> {
    let known = normal.schemas();
    let reach = Reach { known: &known };
    let mut places = written_places(normal);
    let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut sent = normal.written.clone();
    operations(&normal.root, |_, _, operation, _| {
        let service = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
        let id = text(operation, "operationId").unwrap_or_default();
        let mut all = BTreeSet::new();
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let place = format!("parameter {}", text(parameter, "name").unwrap_or_default());
            reach.from(parameter, &place, &mut all, &mut places);
        }
        // Whatever a parameter reaches is sent.
        sent.extend(all.iter().cloned());
        for (part, word) in [("requestBody", "request"), ("responses", "response")] {
            if let Some(part) = operation.get(part) {
                reach.from(part, &format!("{id} {word}"), &mut all, &mut places);
            }
        }
        for name in all {
            services.entry(name).or_default().insert(service.to_owned());
        }
    });
    // What only headers and parts of bodies reach has a place too.
    for name in known.keys() {
        let place = places.get(*name).cloned().unwrap_or_else(|| (*name).to_owned());
        let mut beyond = BTreeSet::new();
        if let Some(schema) = known.get(name) {
            reach.from(schema, &place, &mut beyond, &mut places);
        }
    }
    known
        .iter()
        .map(|(name, schema)| {
            let one = Type {
                place: places.get(*name).cloned().unwrap_or_else(|| (*name).to_owned()),
                services: services.remove(*name).unwrap_or_default(),
                sent: sent.contains(*name),
                builder: normal.written.contains(*name),
                shape: shape(name, schema, shapes),
            };
            ((*name).to_owned(), one)
        })
        .collect()
}

/// The places of components: as the document writes them.
fn written_places(normal: &Normal) -> BTreeMap<String, String> {
    let written = normal.root.get(WRITTEN_AS).and_then(Value::as_object);
    let mut places: BTreeMap<String, String> = written
        .into_iter()
        .flatten()
        .filter_map(|(name, written)| Some((name.clone(), written.as_str()?.to_owned())))
        .collect();
    for (made, place) in
        [(headers::REQUEST, "request headers"), (headers::RESPONSE, "response headers"), (errors::CODES, "error codes")]
    {
        places.insert(made.to_owned(), place.to_owned());
    }
    places
}

struct Reach<'a> {
    known: &'a BTreeMap<&'a str, &'a Value>,
}

impl Reach<'_> {
    /// Follows every reference at or below a value. A type that has no place yet gets this one.
    fn from(&self, value: &Value, place: &str, found: &mut BTreeSet<String>, places: &mut BTreeMap<String, String>) {
        if let Some(name) = schema_ref(value) {
            let place = places.entry(name.to_owned()).or_insert_with(|| place.to_owned()).clone();
            if let (true, Some(schema)) = (found.insert(name.to_owned()), self.known.get(name)) {
                self.from(schema, &place, found, places);
            }
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match key.as_str() {
                        "properties" => {
                            for (name, property) in inner.as_object().into_iter().flatten() {
                                self.from(property, &format!("{place}.{name}"), found, places);
                            }
                        }
                        "items" => self.from(inner, &format!("{place}[]"), found, places),
                        _ => self.from(inner, place, found, places),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.from(item, place, found, places)),
            _ => {}
        }
    }
}

fn shape(name: &str, schema: &Value, shapes: &Shapes) -> Shape {
    let strings = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if let Some(branches) = schema.get("oneOf").and_then(Value::as_array) {
        return Shape::Choice(branches.iter().filter_map(schema_ref).map(str::to_owned).collect());
    }
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    // The types of headers are structs even in a document that has no header.
    if !properties.is_empty() || [headers::REQUEST, headers::RESPONSE].contains(&name) {
        let groups = schema.get("x-opp-one-of").and_then(Value::as_array);
        let groups = groups.into_iter().flatten().map(|group| strings(Some(group)).join(" + ")).collect();
        let fields = fields(name, properties, &strings(schema.get("required")), shapes);
        return Shape::Object { fields, groups, rules: rules(schema) };
    }
    if schema.get("enum").is_some() {
        let values = strings(schema.get("enum"));
        let variants = variants(&values.iter().map(String::as_str).collect::<Vec<_>>());
        return Shape::Enum(values.into_iter().zip(variants).collect());
    }
    match text(schema, "type") {
        Some("integer" | "number") => Shape::Number(rules(schema)),
        _ => Shape::Text(rules(schema)),
    }
}

fn fields(name: &str, properties: &Map<String, Value>, required: &[String], shapes: &Shapes) -> Vec<Field> {
    let shaped = shapes.structs.get(name).map(Vec::as_slice).unwrap_or_default();
    shaped
        .iter()
        .filter_map(|field| {
            Some(Field {
                wire: field.wire.clone(),
                ident: field.ident.clone(),
                kind: field.kind.clone(),
                // Which headers are required differs from operation to operation, and stands there.
                required: name != headers::REQUEST && required.contains(&field.wire),
                rules: properties.get(&field.wire).map(rules)?,
            })
        })
        .collect()
}

/// The rules of a schema. A reference has none of its own.
fn rules(schema: &Value) -> Rules {
    RULES.into_iter().filter_map(|key| Some((key, schema.get(key)?.clone()))).collect()
}
