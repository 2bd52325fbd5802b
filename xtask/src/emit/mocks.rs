//! Typed mocks: for each operation what to expect and what to answer, over `httpmock`.
//!
//! The hand-written part of `opp-httpmock` does the work; what is written here are thin methods with the names and
//! types of the client's own.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;
use heck::ToUpperCamelCase;

use super::shape::{Method, Shapes};
use super::{HEAD, client};
use crate::normalise::Normal;
use crate::normalise::operations::{Answer, Operation};

/// What the generated file sees or defines beside the operations.
const TYPES: [&str; 14] = [
    "MockServerExt",
    "Value",
    "Number",
    "List",
    "Map",
    "Option",
    "Some",
    "None",
    "String",
    "Box",
    "AsRef",
    "FnOnce",
    "Self",
    "Into",
];

/// What every operation's `When` has already.
const WHEN: [&str; 9] =
    ["new", "map", "headers", "header", "content_type", "body_includes", "into_inner", "body", "body_raw"];

/// What the server has already: a method of the same name would never be reached.
const SERVER: [&str; 20] = [
    "mock_server",
    "mock",
    "mock_async",
    "address",
    "base_url",
    "host",
    "port",
    "url",
    "reset",
    "reset_async",
    "start",
    "start_async",
    "connect",
    "connect_async",
    "connect_from_env",
    "forward_to",
    "proxy",
    "record",
    "playback",
    "clone",
];

/// Emits the mocks.
pub fn emit(normal: &Normal, shapes: &Shapes) -> Result<String> {
    let mut named = BTreeSet::from(TYPES.map(str::to_owned));
    let mut methods = BTreeSet::from(SERVER.map(str::to_owned));
    let mut declared = String::new();
    let mut bodies = String::new();
    let mut extension = String::new();
    for operation in &normal.operations {
        let Some(method) = shapes.methods.get(&operation.name) else { continue };
        let name = type_name(operation, &mut named);
        let what = format!("`{}`: `{} {}`", operation.id, operation.method, operation.path);
        let _ = writeln!(
            declared,
            "operation! {{ {name}, {name}When, {name}Then, {}, {:?} }}",
            operation.constant(),
            format!("{what}.")
        );
        expectations(&mut bodies, operation, method, &name)?;
        answers(&mut bodies, operation, method, &name);
        let _ = write!(
            extension,
            "\n    /// Mocks {what}.\n    fn {}(&self, set_up: impl FnOnce({name}When, {name}Then)) -> httpmock::Mock<'_> {{\n        \
             crate::mock(self.mock_server(), set_up)\n    }}\n",
            free(&operation.name, &mut methods),
        );
    }
    Ok(format!(
        "{HEAD}//! A mock for each operation.\n\n#![allow(clippy::all, clippy::pedantic)]\n\n\
         #[allow(unused_imports)]\nuse opp_raw::{{List, Map, Number, types}};\n\
         #[allow(unused_imports)]\nuse serde_json::Value;\n\n\
         use crate::mock::operation;\n\
         #[allow(unused_imports)]\nuse crate::{{then::answer, when::expect}};\n\n\
         {declared}{bodies}\n\
         /// A server that every operation can be mocked on.\npub trait MockServerExt {{\n    \
         /// The server: a fixture that holds one names it here.\n    \
         fn mock_server(&self) -> &httpmock::MockServer;\n{extension}}}\n\n\
         impl MockServerExt for httpmock::MockServer {{\n    fn mock_server(&self) -> &httpmock::MockServer {{\n        \
         self\n    }}\n}}\n"
    ))
}

/// The name of an operation as a type, of which the names with `When` and `Then` behind it are free too.
fn type_name(operation: &Operation, taken: &mut BTreeSet<String>) -> String {
    let base = operation.name.to_upper_camel_case();
    let mut name = base.clone();
    let mut next = 2;
    while ["", "When", "Then"].iter().any(|end| taken.contains(&format!("{name}{end}"))) {
        name = format!("{base}{next}");
        next += 1;
    }
    taken.extend(["", "When", "Then"].map(|end| format!("{name}{end}")));
    name
}

/// A name that nothing else has.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = name.to_owned();
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

/// A method for each argument of the client's method.
fn expectations(out: &mut String, operation: &Operation, method: &Method, name: &str) -> Result<()> {
    let mut taken = BTreeSet::from(WHEN.map(str::to_owned));
    let mut arguments = method.arguments.clone();
    let json = operation.body.as_ref().and_then(|body| body.json.as_deref());
    let body = if json.is_some() { arguments.pop() } else { None };
    let mut methods = String::new();
    let mut write = |what: &str, name: &str, arguments: &str, step: &str| {
        let _ = write!(
            methods,
            "\n    /// Expects {what}.\n    pub fn {name}(self, {arguments}) -> Self {{\n        expect::{step}\n    }}\n"
        );
    };
    for (wire, place) in client::wires(operation, &arguments)? {
        let Some((argument, kind)) = arguments.get(place) else { continue };
        let method = free(argument, &mut taken);
        if operation.path_parameters.iter().any(|parameter| parameter.name == wire) {
            let value = if kind == "&str" { argument.clone() } else { format!("{argument}.as_str()") };
            let what = format!("`{wire}` in the path");
            write(&what, &method, &format!("{argument}: {kind}"), &format!("path(self, {wire:?}, {value})"));
            continue;
        }
        let parameter = operation.query.iter().find(|parameter| parameter.name == wire);
        let step = client::query_step(kind, parameter.is_some_and(|parameter| parameter.commas));
        let optional = kind.starts_with("Option<");
        let value = if optional { argument.clone() } else { format!("Some({argument})") };
        let what = format!("`{wire}` in the query{}", if optional { ", or its absence" } else { "" });
        write(&what, &method, &format!("{argument}: {kind}"), &format!("{step}(self, {wire:?}, {value})"));
    }
    if let (Some(body), Some(json), Some((_, kind))) = (&operation.body, json, body) {
        let (kind, value, nothing) =
            if body.required { (kind, "Some(body)", "") } else { (format!("Option<{kind}>"), "body", ", or none") };
        write(
            &format!("this body{nothing}"),
            "body",
            &format!("body: {kind}"),
            &format!("json(self, {json:?}, {value})"),
        );
    }
    if let Some(body) = operation.body.as_ref().filter(|body| !body.others.is_empty()) {
        let what = format!("these bytes: `{}`", body.others.join("`, `"));
        let arguments = "content_type: &str, body: impl AsRef<[u8]>";
        write(&what, "body_raw", arguments, "bytes(self, content_type, body.as_ref())");
    }
    block(out, &format!("{name}When"), &methods);
    Ok(())
}

/// A method for each status of success and each form of its answer.
fn answers(out: &mut String, operation: &Operation, method: &Method, name: &str) {
    let mut methods = String::new();
    let mut write = |what: &str, name: &str, arguments: &str, step: &str| {
        let _ = write!(
            methods,
            "\n    /// Answers with {what}.\n    pub fn {name}(self{arguments}) -> Self {{\n        {step}\n    }}\n"
        );
    };
    // Somebody has to say what happens when the document does not.
    let unsaid = [Answer { status: "2XX".to_owned(), json: None, others: Vec::new() }];
    let answers = if operation.success.answers.is_empty() { &unsaid[..] } else { &operation.success.answers };
    for answer in answers {
        let Status { method: name, code, argument } = Status::of(&answer.status);
        let first = if argument.is_empty() { "" } else { ", " };
        if let Some(media) = &answer.json {
            let kind = if method.result == "()" { "Value" } else { &method.result };
            write(
                &format!("{} and this JSON", answer.status),
                &name,
                &format!("{first}{argument}, body: &{kind}"),
                &format!("answer::json(self, {code}, {media:?}, body)"),
            );
        }
        if !answer.others.is_empty() {
            write(
                &format!("{} and these bytes: `{}`", answer.status, answer.others.join("`, `")),
                &format!("{name}_bytes"),
                &format!("{first}{argument}, content_type: &str, body: impl AsRef<[u8]>"),
                &format!("self.bytes({code}, content_type, body)"),
            );
        }
        if answer.json.is_none() && answer.others.is_empty() {
            let what = format!("{} and nothing else", answer.status);
            write(&what, &name, &format!("{first}{argument}"), &format!("self.empty({code})"));
        }
    }
    block(out, &format!("{name}Then"), &methods);
}

/// How a status of success is said.
struct Status {
    method: String,
    code: String,
    argument: &'static str,
}

impl Status {
    fn of(status: &str) -> Self {
        let name = match status {
            "200" => "ok",
            "201" => "created",
            "202" => "accepted",
            "203" => "non_authoritative",
            "204" => "no_content",
            "205" => "reset_content",
            "206" => "partial_content",
            "207" => "multi_status",
            _ if status.parse::<u16>().is_ok() => {
                return Self { method: format!("status_{status}"), code: status.to_owned(), argument: "" };
            }
            // A range: which of it is the test's to say.
            _ => return Self { method: "success".to_owned(), code: "status".to_owned(), argument: "status: u16" },
        };
        Self { method: name.to_owned(), code: status.to_owned(), argument: "" }
    }
}

fn block(out: &mut String, name: &str, methods: &str) {
    if !methods.is_empty() {
        let _ = write!(out, "\nimpl {name} {{\n{}}}\n", methods.trim_start_matches('\n'));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn emitted(paths: &Value) -> String {
        let document = json!({
            "openapi": "3.0.1", "info": {"title": "small", "version": "1"}, "servers": [{"url": "https://api.example"}],
            "paths": paths
        });
        let normal = crate::normalise::normalise(&document).unwrap();
        let shapes = super::super::shape::shapes(&normal).unwrap();
        let text = emit(&normal, &shapes).unwrap();
        syn::parse_file(&text).unwrap();
        text
    }

    fn parameter(name: &str, place: &str) -> Value {
        json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}})
    }

    #[test]
    fn names_that_the_runtime_has_already_get_another() {
        let text = emitted(&json!({
            "/a/{header}": {"get": {"operationId": "mock", "responses": {"200": {"description": ""}}, "parameters": [
                parameter("header", "path"), parameter("into_inner", "query"), parameter("new", "query")
            ]}},
            "/b": {"get": {"operationId": "getB", "responses": {"200": {"description": ""}}}},
            "/c": {"get": {"operationId": "getBWhen", "responses": {"200": {"description": ""}}}},
            "/d": {"get": {"operationId": "value", "responses": {"200": {"description": ""}}}}
        }));
        for method in ["header_(self, header: &str)", "into_inner_(", "new_(", "fn mock_(&self"] {
            assert!(text.contains(method), "{method} in {text}");
        }
        for name in ["operation! { GetB, GetBWhen,", "operation! { GetBWhen2, GetBWhen2When,", "operation! { Value2,"] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn every_status_and_form_of_success_has_an_answer() {
        let form = |media: &str| json!({"description": "", "content": {media: {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}});
        let text = emitted(&json!({"/a": {"get": {"operationId": "getA", "responses": {
            "200": form("application/hal+json"), "202": form("text/csv"), "204": {"description": ""},
            "226": {"description": ""}, "2XX": {"description": ""}
        }}}, "/b": {"get": {"operationId": "getB", "responses": {"400": {"description": ""}}}}}));
        for answer in [
            "fn ok(self, body: &types::",
            "answer::json(self, 200, \"application/hal+json\", body)",
            "fn accepted_bytes(self, content_type: &str, body: impl AsRef<[u8]>)",
            "fn no_content(self)",
            "fn status_226(self)",
            "fn success(self, status: u16)",
        ] {
            assert!(text.contains(answer), "{answer} in {text}");
        }
        // An operation that names no success can succeed all the same.
        assert_eq!(text.matches("fn success(").count(), 2);
    }

    #[test]
    fn lists_and_optional_bodies_are_expected_as_the_client_sends_them() {
        let list = |name: &str, explode: bool| {
            json!({
                "name": name, "in": "query", "style": "form", "explode": explode,
                "schema": {"type": "array", "items": {"type": "string"}}
            })
        };
        let body = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let text = emitted(&json!({"/a": {"post": {
            "operationId": "postA", "parameters": [list("ids", false), list("keys", true)],
            "requestBody": {"content": {"application/json": {"schema": body}, "application/xml": {}}},
            "responses": {"204": {"description": ""}}
        }}}));
        for step in [
            "expect::query_commas(self, \"ids\", ids)",
            "expect::query_each(self, \"keys\", keys)",
            "fn body(self, body: Option<&types::",
            "expect::json(self, \"application/json\", body)",
            "fn body_raw(self, content_type: &str, body: impl AsRef<[u8]>)",
        ] {
            assert!(text.contains(step), "{step} in {text}");
        }
    }
}
