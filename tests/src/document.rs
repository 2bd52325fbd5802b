//! The corrected document as any other tool reads it: plain JSON and JSON Schema, nothing of the generator's own model.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// `openapi/bundle.json`.
#[derive(Debug)]
pub struct Document {
    root: Value,
    /// The component schemas without prose: enough to validate with, and quick to copy.
    bare_schemas: Value,
}

/// One operation as the document has it.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// `operationId`.
    pub id: &'a str,
    /// In capitals.
    pub method: String,
    /// The path template from the root of the host.
    pub path: String,
    /// Path, query and header parameters, references followed.
    pub parameters: Vec<&'a Value>,
    /// The request body, if the operation takes one.
    pub body: Option<&'a Value>,
    /// The responses by status, references followed.
    pub responses: Vec<(u16, &'a Value)>,
}

impl<'a> Operation<'a> {
    /// The parameters in one place: `path`, `query` or `header`.
    pub fn parameters_in(&self, place: &str) -> impl Iterator<Item = &'a Value> {
        self.parameters.iter().copied().filter(move |parameter| parameter["in"] == place)
    }

    /// The media types of the request body.
    #[must_use]
    pub fn request_media(&self) -> Vec<(&'a str, &'a Value)> {
        self.body.map(media).unwrap_or_default()
    }

    /// Every successful answer with a body: status, media type and what the document says of it.
    #[must_use]
    pub fn success_media(&self) -> Vec<(u16, &'a str, &'a Value)> {
        let successes = self.responses.iter().filter(|(status, _)| (200..300).contains(status));
        successes.flat_map(|(status, response)| media(response).into_iter().map(|(m, v)| (*status, m, v))).collect()
    }
}

/// The media types of a body or a response.
#[must_use]
pub fn media(body: &Value) -> Vec<(&str, &Value)> {
    body["content"].as_object().into_iter().flatten().map(|(name, media)| (name.as_str(), media)).collect()
}

/// A value within a value, and the schema that the document gives it there.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// Where it is, as a JSON pointer.
    pub pointer: String,
    /// Its schema, references followed.
    pub schema: &'a Value,
}

const PROSE: [&str; 6] = ["description", "title", "example", "examples", "externalDocs", "default"];

impl Document {
    /// Reads the bundle.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/bundle.json");
        let text = std::fs::read_to_string(path).expect("the bundle is in the repository");
        let root: Value = serde_json::from_str(&text).expect("the bundle is JSON");
        let bare_schemas = without_prose(&root["components"]["schemas"], true);
        Self { root, bare_schemas }
    }

    /// The whole.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The component schemas.
    #[must_use]
    pub fn schemas(&self) -> &Map<String, Value> {
        self.root["components"]["schemas"].as_object().expect("the document has schemas")
    }

    /// What a reference leads to, or the value itself.
    #[must_use]
    pub fn follow<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            value = self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        }
        value
    }

    /// All operations.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let server = self.root["servers"][0]["url"].as_str().unwrap_or_default();
        let base = server.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
        let mut all = Vec::new();
        for (path, item) in self.root["paths"].as_object().into_iter().flatten() {
            for method in ["get", "put", "post", "delete", "patch", "head", "options", "trace"] {
                let Some(operation) = item.get(method) else { continue };
                let shared = item["parameters"].as_array().into_iter().flatten();
                let own = operation["parameters"].as_array().into_iter().flatten();
                all.push(Operation {
                    id: operation["operationId"].as_str().expect("an operation has an id"),
                    method: method.to_uppercase(),
                    path: format!("{base}{path}").replace("//", "/"),
                    parameters: own.chain(shared).map(|parameter| self.follow(parameter)).collect(),
                    body: operation.get("requestBody").map(|body| self.follow(body)),
                    responses: operation["responses"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .filter_map(|(status, response)| Some((status.parse().ok()?, self.follow(response))))
                        .collect(),
                });
            }
        }
        all
    }

    /// The examples of a media type, a parameter or a header; those of its schema where it has none of its own.
    #[must_use]
    pub fn examples<'a>(&'a self, of: &'a Value) -> Vec<(&'a str, &'a Value)> {
        if let Some(example) = of.get("example") {
            return vec![("example", example)];
        }
        let named: Vec<_> = of["examples"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, example)| (name.as_str(), &self.follow(example)["value"]))
            .collect();
        if !named.is_empty() {
            return named;
        }
        let schema = of.get("schema").map(|schema| self.follow(schema));
        schema.and_then(|schema| schema.get("example")).map(|example| ("schema", example)).into_iter().collect()
    }

    /// A validator of a schema of the document.
    ///
    /// # Panics
    /// If it is no schema.
    #[must_use]
    pub fn validator(&self, schema: &Value) -> Validator {
        let bare = without_prose(schema, false);
        // The components are many: only what refers to them carries them.
        let whole = if refers(&bare) {
            json!({"allOf": [bare], "components": {"schemas": self.bare_schemas.clone()}})
        } else {
            bare
        };
        let uuid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
        // Version 3.0 of OpenAPI follows the fourth draft in what it has in common with JSON Schema.
        let options = jsonschema::options().with_draft(Draft::Draft4);
        let options = options.should_validate_formats(true).with_format("uuid", uuid);
        options.build(&whole).unwrap_or_else(|error| panic!("{schema} is no schema: {error}"))
    }

    /// What is wrong with a value, in words.
    ///
    /// # Errors
    /// Every rule of the schema that the value breaks.
    pub fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema);
        let errors: Vec<_> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
    }

    /// The component schemas that the JSON of requests, parameters and successful answers is made of: those that a
    /// user meets as types.
    #[must_use]
    pub fn reachable(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for operation in self.operations() {
            for parameter in &operation.parameters {
                self.reach(&parameter["schema"], &mut found);
            }
            let answers = operation.success_media().into_iter().map(|(_, name, media)| (name, media));
            for (name, media) in operation.request_media().into_iter().chain(answers) {
                if name.ends_with("json") || name.starts_with("multipart/") {
                    self.reach(&media["schema"], &mut found);
                }
            }
        }
        found
    }

    /// The component schemas that a schema is made of.
    pub fn reach<'a>(&'a self, schema: &'a Value, found: &mut BTreeSet<&'a str>) {
        match schema {
            Value::Object(map) => {
                if let Some(name) = component(schema) {
                    if found.insert(name) {
                        self.reach(&self.schemas()[name], found);
                    }
                    return;
                }
                for (key, inner) in map {
                    if !PROSE.contains(&key.as_str()) || inner["type"].is_string() {
                        self.reach(inner, found);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.reach(item, found)),
            _ => {}
        }
    }

    /// The schema of a property, declared by the schema or by one of its alternatives.
    #[must_use]
    pub fn property<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        self.properties(schema).remove(name)
    }

    /// The properties of a schema, its alternatives included. Of two with one name, the one that knows more fields.
    #[must_use]
    pub fn properties<'a>(&'a self, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
        let schema = self.follow(schema);
        let mut all: BTreeMap<&str, &Value> = BTreeMap::new();
        let fields = |schema: &Value| schema["properties"].as_object().map_or(0, Map::len);
        let mut add = |name, property| {
            let known = all.entry(name).or_insert(property);
            if fields(known) < fields(property) {
                *known = property;
            }
        };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            add(name.as_str(), self.follow(property));
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            for branch in schema[key].as_array().into_iter().flatten() {
                self.properties(branch).into_iter().for_each(|(name, property)| add(name, property));
            }
        }
        all
    }

    /// Every value within a value that the schema speaks of, the root included.
    #[must_use]
    pub fn places<'a>(&'a self, schema: &'a Value, value: &Value) -> Vec<Place<'a>> {
        let mut found = Vec::new();
        self.collect(schema, value, String::new(), &mut found);
        found
    }

    fn collect<'a>(&'a self, schema: &'a Value, value: &Value, pointer: String, found: &mut Vec<Place<'a>>) {
        let schema = self.follow(schema);
        match value {
            Value::Object(map) => {
                let properties = self.properties(schema);
                for (name, inner) in map {
                    let declared = properties.get(name.as_str()).copied();
                    let other = schema.get("additionalProperties").filter(|schema| schema.is_object());
                    if let Some(property) = declared.or(other) {
                        let name = name.replace('~', "~0").replace('/', "~1");
                        self.collect(property, inner, format!("{pointer}/{name}"), found);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    for (index, inner) in items.iter().enumerate() {
                        self.collect(schema, inner, format!("{pointer}/{index}"), found);
                    }
                }
            }
            _ => {}
        }
        found.push(Place { pointer, schema });
    }

    /// A value as it is written again: what the document says is read from other forms (`x-opp-bare`,
    /// `x-opp-unwrap`) is in its own form, and what is null is left out.
    #[must_use]
    pub fn canonical(&self, schema: &Value, value: &Value) -> Value {
        let schema = self.follow(schema);
        let properties = self.properties(schema);
        match value {
            Value::Object(map) => {
                let bare = map.keys().any(|key| properties.contains_key(key.as_str()));
                let wrapper = schema["x-opp-unwrap"].as_str().filter(|_| !bare);
                if let Some((wrapper, inner)) = wrapper.and_then(|wrapper| Some((wrapper, map.get(wrapper)?))) {
                    let mut whole = self.canonical(schema, inner);
                    for (name, beside) in map.iter().filter(|(name, _)| *name != wrapper) {
                        whole[name] = beside.clone();
                    }
                    return whole;
                }
                let known = |name: &str| properties.get(name).copied().or_else(|| schema.get("additionalProperties"));
                map.iter()
                    .filter(|(name, inner)| !(inner.is_null() && properties.contains_key(name.as_str())))
                    .map(|(name, inner)| match known(name) {
                        Some(schema) => (name.clone(), self.canonical(schema, inner)),
                        None => (name.clone(), inner.clone()),
                    })
                    .collect::<Map<_, _>>()
                    .into()
            }
            other => match schema["x-opp-bare"].as_str() {
                Some(bare) => json!({ bare: self.canonical(properties[bare], other) }),
                None => match other {
                    Value::Array(items) => {
                        items.iter().map(|item| self.canonical(&schema["items"], item)).collect::<Vec<_>>().into()
                    }
                    scalar => scalar.clone(),
                },
            },
        }
    }
}

fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.contains_key("$ref") || map.values().any(refers),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// The name of the component schema that a reference leads to.
#[must_use]
pub fn component(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// A schema without what does not decide. `names` says that the keys of this map are names and not keywords.
fn without_prose(schema: &Value, names: bool) -> Value {
    match schema {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| names || !PROSE.contains(&key.as_str()))
            .map(|(key, inner)| (key.clone(), without_prose(inner, !names && key == "properties")))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| without_prose(item, false)).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}
