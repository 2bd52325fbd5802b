//! A valid value for a schema of the normalised document: the least that may be sent.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

/// Makes values for the schemas of one document.
#[derive(Debug)]
pub struct Samples<'a> {
    schemas: &'a Map<String, Value>,
    rng: StdRng,
}

impl<'a> Samples<'a> {
    /// For the component schemas of a normalised document; the same seed gives the same values.
    #[must_use]
    pub fn new(root: &'a Value, seed: u64) -> Option<Self> {
        let schemas = root.pointer("/components/schemas")?.as_object()?;
        Some(Self { schemas, rng: rand::SeedableRng::seed_from_u64(seed) })
    }

    /// A value of a named schema.
    pub fn named(&mut self, name: &str) -> Value {
        match self.schemas.get(name) {
            Some(schema) => self.of(schema, 0),
            None => Value::Null,
        }
    }

    /// A value of a schema.
    pub fn value(&mut self, schema: &Value) -> Value {
        self.of(schema, 0)
    }

    fn of(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
            return if depth > 12 {
                Value::Null
            } else {
                self.schemas.get(name).map_or(Value::Null, |s| self.of(s, depth + 1))
            };
        }
        if let Some(first) = schema.get("oneOf").and_then(Value::as_array).and_then(|branches| branches.first()) {
            return self.of(first, depth + 1);
        }
        if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
            return first.clone();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).max(1);
                let items = schema.get("items").unwrap_or(&Value::Null);
                (0..count).map(|_| self.of(items, depth + 1)).collect()
            }
            Some("string") => Value::String(self.text(schema)),
            Some("integer" | "number") => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(1).max(1)),
            Some("boolean") => json!(true),
            _ => json!({}),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut names: Vec<&str> = texts(schema.get("required"));
        // Of alternatives that exclude each other, the first.
        let groups = schema.get("x-opp-one-of").and_then(Value::as_array);
        names.extend(texts(groups.and_then(|groups| groups.first())));
        let properties = schema.get("properties").and_then(Value::as_object);
        let named = names.into_iter().filter_map(|name| Some((name, properties?.get(name)?)));
        named.map(|(name, property)| (name.to_owned(), self.of(property, depth + 1))).collect::<Map<_, _>>().into()
    }

    fn text(&mut self, schema: &Value) -> String {
        match schema.get("format").and_then(Value::as_str) {
            Some("date") => return "2026-11-21".to_owned(),
            Some("date-time") => return "2026-11-21T10:00:00+01:00".to_owned(),
            Some("uuid") => return "6f1f0a52-9a3c-4e6e-8f0b-3f1d3a8f9f10".to_owned(),
            _ => {}
        }
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (min, max) = (bound("minLength").unwrap_or(1), bound("maxLength").unwrap_or(40));
        let pattern = schema.get("pattern").and_then(Value::as_str).unwrap_or("[a-z]*");
        // ECMAScript's classes are ASCII, the generator's are all of Unicode.
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        let pattern = &pattern.replace("\\d", "[0-9]").replace("\\w", "[A-Za-z0-9_]").replace("\\s", " ");
        let Ok(regex) = rand_regex::Regex::compile(pattern, 12) else { return "x".repeat(min) };
        let fits = |text: &String| (min..=max).contains(&text.chars().count());
        (0..1000).map(|_| self.rng.sample::<String, _>(&regex)).find(fits).unwrap_or_else(|| "x".repeat(min))
    }
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
