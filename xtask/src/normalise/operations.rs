//! The operations as facts: everything that a method, a mock or a table says of them.

use anyhow::Result;
use heck::ToSnakeCase;
use serde_json::Value;

use crate::document::walk::{Unsupported, operations, text};

use super::headers::is_transport;

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The document's id, mended where needed.
    pub id: String,
    /// The method's name in Rust.
    pub name: String,
    /// The HTTP method in capitals.
    pub method: String,
    /// The path template from the root of the host.
    pub path: String,
    /// Which of the document's servers it is at.
    pub server: usize,
    /// The service it belongs to.
    pub tag: String,
    /// One line on what it does.
    pub summary: String,
    /// What else is to be said.
    pub description: String,
    /// Alternatives of scopes, each to be had with one token.
    pub scopes: Vec<String>,
    /// Path parameters in the order of the path.
    pub path_parameters: Vec<Parameter>,
    /// Query parameters.
    pub query: Vec<Parameter>,
    /// Header parameters: the name, and whether it is required.
    pub headers: Vec<Parameter>,
    /// What may be sent.
    pub body: Option<Body>,
    /// What comes back.
    pub success: Success,
    /// The statuses of errors that the document names.
    pub errors: Vec<String>,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name on the wire.
    pub name: String,
    /// Whether a request without it is refused.
    pub required: bool,
    /// A list is sent as one value with commas, or as the same key several times.
    pub commas: bool,
    /// What it is for.
    pub description: String,
}

/// A request body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Whether it has to be there.
    pub required: bool,
    /// Whether one of its forms is JSON, with the media type to send.
    pub json: Option<String>,
    /// Its other forms, sent as bytes.
    pub others: Vec<String>,
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Success {
    /// The statuses that mean success.
    pub statuses: Vec<String>,
    /// Whether one of its forms is JSON.
    pub json: bool,
    /// Its other forms, read as a stream of bytes.
    pub others: Vec<String>,
    /// The same for each status alone.
    pub answers: Vec<Answer>,
}

/// What comes with one status of success.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, or a range such as `2XX`.
    pub status: String,
    /// The media type of its JSON, if it has any.
    pub json: Option<String>,
    /// Its other media types.
    pub others: Vec<String>,
}

impl Operation {
    /// The name of the constant that holds its facts.
    pub fn constant(&self) -> String {
        self.name.to_uppercase()
    }
}

/// Reads the operations, sorted by path: what belongs together stands together, whatever order an edition has.
pub fn collect(root: &Value) -> Result<Vec<Operation>> {
    let mut all = Vec::new();
    let mut failure = None;
    operations(root, |path, method, operation, pointer| match read(path, method, operation, &pointer) {
        Ok(read) => all.push(read),
        Err(error) => failure = failure.take().or(Some(error)),
    });
    all.sort_by(|a, b| a.path.cmp(&b.path).then(a.method.cmp(&b.method)));
    failure.map_or(Ok(all), |error| Err(error.into()))
}

fn read(path: &str, method: &str, operation: &Value, pointer: &str) -> Result<Operation, Unsupported> {
    let id = text(operation, "operationId").unwrap_or_default().to_owned();
    let mut read = Operation {
        name: id.to_snake_case(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        server: operation.get("x-opp-server").and_then(Value::as_u64).and_then(|n| n.try_into().ok()).unwrap_or(0),
        tag: operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
        summary: text(operation, "summary").unwrap_or_default().trim().to_owned(),
        description: text(operation, "description").unwrap_or_default().trim().to_owned(),
        scopes: scopes(operation),
        path_parameters: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: body(operation),
        success: success(operation),
        errors: Vec::new(),
        id,
    };
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let name = text(parameter, "name").unwrap_or_default().to_owned();
        let fact = Parameter {
            required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
            commas: parameter.get("explode").and_then(Value::as_bool) == Some(false),
            description: text(parameter, "description").unwrap_or_default().trim().to_owned(),
            name,
        };
        match text(parameter, "in") {
            Some("path") => read.path_parameters.push(fact),
            Some("query") => read.query.push(fact),
            Some("header") if is_transport(&fact.name) => {}
            Some("header") => read.headers.push(fact),
            other => {
                let what = format!("parameter {} is in {}", fact.name, other.unwrap_or("nothing"));
                let remedy = "Only path, query and header parameters can be sent: remove it with a correction.";
                return Err(Unsupported::new(pointer, what, remedy).in_operation(&read.id));
            }
        }
    }
    read.path_parameters.sort_by_key(|p| path.find(&format!("{{{}}}", p.name)));
    read.errors = operation
        .get("x-opp-errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok(read)
}

/// Keeps the statuses of errors as a note, before the errors themselves are dropped.
pub fn note_errors(root: &mut Value) -> Result<()> {
    crate::document::walk::operations_mut(root, |_, _, operation| {
        let responses = operation.get("responses").and_then(Value::as_object);
        let statuses: Vec<_> =
            responses.into_iter().flat_map(|r| r.keys()).filter(|s| s.starts_with(['4', '5'])).cloned().collect();
        operation["x-opp-errors"] = statuses.into();
    });
    Ok(())
}

fn scopes(operation: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for alternative in operation.get("security").and_then(Value::as_array).into_iter().flatten() {
        for scopes in alternative.as_object().into_iter().flat_map(|map| map.values()) {
            let words: Vec<_> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let scope = words.join(" ");
            if !scope.is_empty() && !all.contains(&scope) {
                all.push(scope);
            }
        }
    }
    all
}

/// `application/json` and its relatives; not the form for errors.
pub fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or(media).trim();
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn media_types(content: Option<&Value>) -> (Vec<String>, Vec<String>) {
    let names = content.and_then(Value::as_object).into_iter().flat_map(|map| map.keys().cloned());
    names.partition(|media| is_json(media))
}

fn body(operation: &Value) -> Option<Body> {
    let body = operation.get("requestBody")?;
    let (json, others) = media_types(body.get("content"));
    let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
    Some(Body { required, json: json.into_iter().next(), others })
}

fn success(operation: &Value) -> Success {
    let mut found = Success { statuses: Vec::new(), json: false, others: Vec::new(), answers: Vec::new() };
    for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
        if !status.starts_with('2') {
            continue;
        }
        found.statuses.push(status.clone());
        let (json, others) = media_types(response.get("content"));
        found.json |= !json.is_empty();
        for media in &others {
            if !found.others.contains(media) {
                found.others.push(media.clone());
            }
        }
        found.answers.push(Answer { status: status.clone(), json: json.into_iter().next(), others });
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_is_read_with_all_that_it_says() {
        let root = json!({"paths": {"/a/{b}/{a}": {"put": {
            "operationId": "putA",
            "security": [{"oAuth2": ["accountinformation private"]}, {"oAuth2": ["accountinformation corporate"]}],
            "parameters": [
                {"name": "a", "in": "path", "required": true}, {"name": "b", "in": "path", "required": true},
                {"name": "ids", "in": "query", "style": "form", "explode": false},
                {"name": "X-Request-ID", "in": "header", "required": true}, {"name": "Accept", "in": "header"}
            ],
            "requestBody": {"content": {"application/xml": {}, "application/json": {}}},
            "responses": {"200": {"content": {"application/json": {}, "application/text": {}}}, "204": {}}
        }}}});
        let all = collect(&root).unwrap();
        let put = &all[0];
        assert_eq!((put.name.as_str(), put.method.as_str()), ("put_a", "PUT"));
        assert_eq!(put.path_parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert!(put.query[0].commas && put.headers.len() == 1 && put.headers[0].required);
        assert_eq!(put.scopes, ["accountinformation private", "accountinformation corporate"]);
        let body = put.body.as_ref().unwrap();
        assert_eq!((body.json.as_deref(), body.required), (Some("application/json"), false));
        assert_eq!(put.success.others, ["application/text"]);
        assert_eq!(put.success.statuses, ["200", "204"]);
        let json: Vec<_> = put.success.answers.iter().map(|answer| answer.json.as_deref()).collect();
        assert_eq!(json, [Some("application/json"), None]);
    }

    #[test]
    fn the_statuses_of_errors_are_kept_when_the_errors_go() {
        let mut root =
            json!({"paths": {"/a": {"get": {"responses": {"200": {}, "404": {}, "503": {}, "default": {}}}}}});
        note_errors(&mut root).unwrap();
        assert_eq!(root["paths"]["/a"]["get"]["x-opp-errors"], json!(["404", "503"]));
    }

    #[test]
    fn a_cookie_parameter_is_an_error_that_names_the_operation() {
        let root =
            json!({"paths": {"/a": {"get": {"operationId": "getA", "parameters": [{"name": "c", "in": "cookie"}]}}}});
        let message = collect(&root).unwrap_err().to_string();
        assert!(message.contains("getA") && message.contains("/paths/~1a/get"), "{message}");
    }
}
