//! Every example of the document keeps the document's own rules, and goes through its Rust type without loss.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opp_tests::document::{Document, component, media};
use opp_tests::subjects::{self, Type};
use serde_json::Value;

/// Where an example stands, its schema and itself.
type Example<'a> = (String, &'a Value, &'a Value);

/// The examples of bodies and answers, of headers and of parameters.
fn of_messages(document: &Document) -> Vec<Example<'_>> {
    let mut all = Vec::new();
    let mut add = |place: String, of| {
        for (name, example) in document.examples(of) {
            all.push((format!("{place} {name}"), &of["schema"], example));
        }
    };
    for operation in document.operations() {
        let id = operation.id;
        for parameter in &operation.parameters {
            add(format!("{id} parameter {}", parameter["name"]), parameter);
        }
        for (name, entry) in operation.request_media() {
            add(format!("{id} request {name}"), entry);
        }
        for (status, response) in &operation.responses {
            for (name, entry) in media(response) {
                add(format!("{id} {status} {name}"), entry);
            }
            for (name, header) in response["headers"].as_object().into_iter().flatten() {
                add(format!("{id} {status} header {name}"), document.follow(header));
            }
        }
    }
    all
}

/// The examples of schemas and of their properties.
fn of_schemas(document: &Document) -> Vec<Example<'_>> {
    fn below<'a>(place: &str, schema: &'a Value, all: &mut Vec<Example<'a>>) {
        if let Some(example) = schema.get("example") {
            all.push((place.to_owned(), schema, example));
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            below(&format!("{place}.{name}"), property, all);
        }
        if let Some(items) = schema.get("items") {
            below(&format!("{place}[]"), items, all);
        }
    }
    let mut all = Vec::new();
    for (name, schema) in document.schemas() {
        below(name, schema, &mut all);
    }
    all
}

#[test]
fn every_request_and_response_has_an_example() {
    let document = Document::read();
    let mut missing = Vec::new();
    for operation in document.operations() {
        let answers = operation.responses.iter().flat_map(|(status, response)| {
            media(response).into_iter().map(move |(name, entry)| (status.to_string(), name, entry))
        });
        let requests = operation.request_media().into_iter().map(|(name, entry)| ("request".to_owned(), name, entry));
        for (part, name, entry) in requests.chain(answers) {
            if document.examples(entry).is_empty() {
                missing.push(format!("{} {part} {name}", operation.id));
            }
        }
    }
    assert!(missing.is_empty(), "without example: {missing:#?}");
}

#[test]
fn every_example_is_valid_after_corrections() {
    let document = Document::read();
    let (messages, schemas) = (of_messages(&document), of_schemas(&document));
    // Not hard numbers, but a check of examples that finds none checks nothing.
    assert!(messages.len() > 500 && schemas.len() > 200, "{} and {}", messages.len(), schemas.len());
    println!("{} examples of messages, {} of schemas", messages.len(), schemas.len());
    let mut seen: Vec<(&Value, &Value)> = Vec::new();
    let mut broken = Vec::new();
    for (place, schema, example) in messages.iter().chain(&schemas) {
        // Operations share most of their answers.
        if seen.iter().any(|(s, e)| std::ptr::eq(*s, *schema) && std::ptr::eq(*e, *example)) {
            continue;
        }
        seen.push((schema, example));
        // What the document says is read from another form, such as a link that is mere text, is valid in its own.
        if let Err(error) = document.validate(schema, &document.canonical(schema, example)) {
            broken.push(format!("{place}: {error}"));
        }
    }
    println!("{} different ones", seen.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_example_of_a_component_goes_through_its_type_without_loss() {
    let document = Document::read();
    let types = subjects::components();
    let mut count = 0;
    let mut broken = Vec::new();
    for (name, kind) in &types {
        let schema = &document.schemas()[*name];
        let Some(example) = schema.get("example") else { continue };
        count += 1;
        broken.extend(changed(&document, schema, kind, example).map(|what| format!("{name}: {what}")));
    }
    println!("{count} examples of components through their types");
    assert!(count > 80, "only {count}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Bodies and answers by way of the type that stands for the component at their root, or for the choice.
#[test]
fn every_example_of_a_request_and_of_an_answer_goes_through_its_type_without_loss() {
    let document = Document::read();
    let types = subjects::components();
    let mut count = 0;
    let mut broken = Vec::new();
    for operation in document.operations() {
        let answers = operation.success_media().into_iter().map(|(_, name, entry)| (name, entry));
        for (name, entry) in operation.request_media().into_iter().chain(answers) {
            if !name.ends_with("json") && !name.starts_with("multipart/") {
                continue;
            }
            let schema = &entry["schema"];
            // Alternatives of an answer are one type; those of a request are types of their own.
            let kind = component(schema).or_else(|| component(&schema["anyOf"][0]));
            let kind = match schema["x-opp-name"].as_str() {
                Some("AuthorisationRequest") => {
                    Type::of::<opp_raw::types::AuthorisationRequest>("AuthorisationRequest")
                }
                _ if operation.id == "initiatePayment"
                    && name == "application/json"
                    && !schema["anyOf"].is_null()
                    && operation.request_media().iter().any(|(_, e)| std::ptr::eq(*e, entry)) =>
                {
                    Type::of::<opp_raw::types::PaymentInitiationRequest>("PaymentInitiationRequest")
                }
                _ => types[kind.unwrap_or_else(|| panic!("{} {name} has an unnamed schema", operation.id))],
            };
            for (example, value) in document.examples(entry) {
                count += 1;
                let what = changed(&document, schema, &kind, value);
                broken.extend(what.map(|what| format!("{} {name} {example}: {what}", operation.id)));
            }
        }
    }
    println!("{count} examples of requests and answers through their types");
    assert!(count > 60, "only {count}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn changed(document: &Document, schema: &Value, kind: &Type, example: &Value) -> Option<String> {
    let read = match kind.read(example) {
        Ok(read) => read,
        Err(error) => return Some(format!("{} does not read {example}: {error}", kind.name)),
    };
    let (before, after) = (document.canonical(schema, example), read.json());
    (before != after).then(|| format!("{} made of\n{before}\nthis\n{after}", kind.name))
}

/// The links that some banks send as mere text stand in the document as an example, and are read as links.
#[test]
fn the_example_with_a_link_as_text_is_read_as_a_link() {
    let document = Document::read();
    let examples = of_messages(&document);
    let texts = examples.iter().filter(|(_, schema, example)| {
        document.places(schema, example).iter().any(|place| {
            place.schema["x-opp-bare"] == "href" && example.pointer(&place.pointer).is_some_and(Value::is_string)
        })
    });
    assert!(texts.count() > 0, "the document no longer shows a link as text");
}

/// Fields of JSON examples have to be fields of the schema: what is misspelt would go unnoticed as something beyond
/// the document.
#[test]
fn no_example_has_a_field_that_its_schema_lacks() {
    let document = Document::read();
    let mut strange = Vec::new();
    for (place, schema, example) in of_messages(&document) {
        for known in document.places(schema, example) {
            let Some(Value::Object(map)) = example.pointer(&known.pointer) else { continue };
            let properties = document.properties(known.schema);
            let open = known.schema.get("additionalProperties").is_some() || properties.is_empty();
            let wrapped = known.schema["x-opp-unwrap"].as_str();
            for name in map.keys() {
                if !open && !properties.contains_key(name.as_str()) && wrapped != Some(name.as_str()) {
                    strange.push(format!("{place}{}/{name}", known.pointer));
                }
            }
        }
    }
    strange.sort();
    strange.dedup();
    assert!(strange.is_empty(), "{strange:#?}");
}
