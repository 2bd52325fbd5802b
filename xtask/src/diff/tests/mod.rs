//! One test for each kind of change, on the smallest documents that show it.

mod operations;
mod types;

use serde_json::{Value, json};

use super::{Action, Change, Diff, Kind, compare};

/// A document with one service whose operation `getA` answers with an `Answer`, and `makeA` sends an `Order`.
fn base() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": {"title": "test", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/a/{id}": {"get": {
                "operationId": "getA", "tags": ["A service"],
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "", "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/answer"}}
                }}}
            }},
            "/a": {"post": {
                "operationId": "makeA", "tags": ["A service"],
                "security": [{"oauth": ["a"]}, {"oauth": ["b"]}],
                "parameters": [{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/order"}}
                }},
                "responses": {"201": {"description": ""}, "400": {"description": ""}}
            }}
        },
        "components": {"schemas": {
            "answer": {"type": "object", "properties": {
                "name": {"type": "string"},
                "state": {"type": "string", "enum": ["open", "shut"]},
                "day": {"$ref": "#/components/schemas/day"}
            }},
            "day": {"type": "string", "format": "date"},
            "order": {"type": "object", "required": ["text"], "properties": {
                "text": {"type": "string", "maxLength": 70},
                "note": {"type": "string"},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5}
            }}
        }}
    })
}

/// What comes of changing one part of the document, the part being made if missing.
fn changed(pointer: &str, value: Value) -> Diff {
    let new = with(base(), pointer, value);
    compare(&base(), &new).unwrap()
}

fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => match key.parse::<usize>() {
            Ok(place) => items[place] = value,
            Err(_) => items.push(value),
        },
        other => other[key] = value,
    }
    document
}

fn without(pointer: &str) -> Value {
    let mut document = base();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        other => drop(other.as_object_mut().unwrap().shift_remove(&key)),
    }
    document
}

fn removed(pointer: &str) -> Diff {
    compare(&base(), &without(pointer)).unwrap()
}

/// The other way round: what comes of adding what [`removed`] takes away.
fn added(pointer: &str) -> Diff {
    compare(&without(pointer), &base()).unwrap()
}

#[track_caller]
fn find<'a>(diff: &'a Diff, kind: Kind, action: Action, place: &str, part: &str) -> &'a Change {
    let found = diff
        .changes
        .iter()
        .find(|c| (c.kind, c.action, c.place.as_str(), c.part.as_str()) == (kind, action, place, part));
    found.unwrap_or_else(|| panic!("no {action:?} {kind:?} {place} {part} in {:#?}", diff.changes))
}

#[track_caller]
fn breaks(diff: &Diff, kind: Kind, action: Action, place: &str, part: &str) {
    assert!(find(diff, kind, action, place, part).breaking, "{:#?}", diff.changes);
}

/// The change is there, and neither it nor anything else breaks.
#[track_caller]
fn harmless(diff: &Diff, kind: Kind, action: Action, place: &str, part: &str) {
    find(diff, kind, action, place, part);
    assert!(!diff.breaks(), "{:#?}", diff.changes);
}

const GET: &str = "/paths/~1a~1{id}/get";
const POST: &str = "/paths/~1a/post";
const ORDER: &str = "/components/schemas/order";
const ANSWER: &str = "/components/schemas/answer";

#[test]
fn the_same_document_and_other_words_make_no_difference() {
    assert_eq!(compare(&base(), &base()).unwrap().changes, []);
    let diff = changed(&format!("{ANSWER}/properties/name/description"), json!("A name."));
    assert_eq!((diff.changes.as_slice(), diff.summary().as_str()), (&[][..], "nothing"));
}

#[test]
fn what_several_services_use_is_a_group_of_its_own_at_the_end() {
    let new = with(base(), &format!("{GET}/tags/0"), json!("Z service"));
    let shared = with(new, &format!("{ANSWER}/properties/order"), json!({"$ref": "#/components/schemas/order"}));
    let more = with(shared.clone(), &format!("{ORDER}/properties/more"), json!({"type": "string"}));
    let more = with(more, &format!("{ANSWER}/properties/more"), json!({"type": "string"}));
    let diff = compare(&shared, &more).unwrap();
    let services: Vec<&str> = diff.changes.iter().map(|c| c.service.as_str()).collect();
    assert_eq!(services, ["Z service", "Several services"]);
}

#[test]
fn a_document_that_cannot_be_generated_is_named() {
    let broken = with(base(), &format!("{GET}/parameters/1/in"), json!("cookie"));
    let error = format!("{:#}", compare(&base(), &broken).unwrap_err());
    assert!(error.contains("the new document") && error.contains("getA"), "{error}");
}
