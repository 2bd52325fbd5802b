//! Calls of operations over a real socket, with arguments from the document, and requests held against it.

use std::collections::{BTreeMap, BTreeSet};

use opp_raw::types::RequestHeaders;
use opp_raw::{Check, Client};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::calls::{Answer, Arguments, Entry};
use crate::document::{Document, Operation};
use crate::server::{Reply, Request, Server};

/// Headers that the HTTP layer sets, whatever the operation.
const TRANSPORT: [&str; 5] = ["accept", "content-type", "content-length", "host", "user-agent"];

/// The value that the document shows for a parameter or a header.
#[must_use]
pub fn example(document: &Document, parameter: &Value) -> Value {
    match document.examples(parameter).first() {
        Some((_, value)) => (*value).clone(),
        None => json!("Q0VSVA=="),
    }
}

/// The name of a parameter.
#[must_use]
pub fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

/// Every header of the document, with the value that it shows.
#[must_use]
pub fn every_header(document: &Document) -> Map<String, Value> {
    let mut all = Map::new();
    for operation in document.operations() {
        for parameter in operation.parameters_in("header") {
            all.insert(name(parameter).to_owned(), example(document, parameter));
        }
    }
    all
}

/// The typed headers of these values, each of which has a field and keeps the rules.
#[must_use]
pub fn headers(values: &Map<String, Value>) -> RequestHeaders {
    let headers: RequestHeaders = serde_json::from_value(Value::Object(values.clone())).unwrap();
    assert!(headers.extra.is_empty(), "no field for the headers {:?}", headers.extra);
    headers.check().unwrap();
    headers
}

/// All parameters in path and query, with the values that the document shows.
#[must_use]
pub fn every_value(document: &Document, operation: &Operation<'_>) -> BTreeMap<String, Value> {
    let wanted = operation.parameters_in("path").chain(operation.parameters_in("query"));
    wanted.map(|parameter| (name(parameter).to_owned(), example(document, parameter))).collect()
}

/// A body for an operation that wants one.
#[must_use]
pub fn arguments(document: &Document, operation: &Operation<'_>) -> Arguments {
    let json = operation.request_media().into_iter().find(|(media, _)| *media == "application/json");
    let body = json.map(|(_, entry)| match document.examples(entry)[0].1 {
        // Nothing is an example of an optional body; another is that of one of its forms.
        Value::Object(empty) if empty.is_empty() => {
            let mut forms = entry["schema"]["anyOf"].as_array().unwrap().iter().map(|form| document.follow(form));
            forms.find_map(|form| form.get("example")).unwrap().clone()
        }
        example => example.clone(),
    });
    Arguments { values: every_value(document, operation), body, ..Arguments::default() }
}

/// A success of the operation that is read by JSON methods.
#[must_use]
pub fn success(document: &Document, operation: &Operation<'_>) -> Reply {
    let json = operation.success_media().into_iter().find(|(_, media, _)| *media == "application/json");
    match json {
        Some((status, _, entry)) => Reply::new(status, document.examples(entry)[0].1.to_string()),
        None => Reply::new(operation.responses.iter().find(|(status, _)| *status < 300).unwrap().0, ""),
    }
}

/// A document, a server and a client of it that has every header set.
#[derive(Debug)]
pub struct Bench {
    /// The document.
    pub document: Document,
    /// The server.
    pub server: Server,
    /// The client.
    pub client: Client,
}

impl Bench {
    /// Starts the server.
    pub async fn new() -> Self {
        let server = Server::start().await;
        let document = Document::read();
        let client = Client::new(&server.address).unwrap().with_headers(headers(&every_header(&document)));
        Self { document, server, client }
    }

    /// Calls, and gives what was sent and what came of it.
    pub async fn call(&self, entry: &Entry, client: Client, arguments: &Arguments, reply: Reply) -> (Request, Answer) {
        self.server.answer(reply);
        // On another thread, as applications do.
        let answer = tokio::spawn((entry.call)(client, arguments.clone())).await.unwrap();
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error:?}", entry.operation));
        let mut requests = self.server.requests();
        assert_eq!(requests.len(), 1, "{} sent {} requests", entry.operation, requests.len());
        (requests.remove(0), answer)
    }
}

/// Method, path, query, headers and media types of a request are those of the document, with these arguments.
pub fn compare(
    document: &Document,
    operation: &Operation<'_>,
    request: &Request,
    sent: &Arguments,
    given: &Map<String, Value>,
) {
    let id = operation.id;
    assert_eq!(request.method, operation.method, "{id}");
    let (template, path): (Vec<_>, Vec<_>) = (operation.path.split('/').collect(), request.path().split('/').collect());
    assert_eq!(template.len(), path.len(), "{id}: {} for {}", request.path(), operation.path);
    for (expected, segment) in template.iter().zip(path) {
        let Some(parameter) = expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            assert_eq!(*expected, segment, "{id}");
            continue;
        };
        let plain = segment.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c));
        assert!(plain, "{id}: {segment} is not encoded");
        assert_eq!(
            percent_decode_str(segment).decode_utf8().unwrap(),
            sent.values[parameter].as_str().unwrap(),
            "{id}"
        );
    }

    let mut expected = BTreeMap::new();
    for parameter in operation.parameters_in("query") {
        if let Some(value) = sent.values.get(name(parameter)) {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = match value {
                Value::Array(items) => {
                    assert_eq!(parameter["explode"], false, "{id}: how is the list {} sent?", name(parameter));
                    items.iter().map(text).collect::<Vec<_>>().join(",")
                }
                other => text(other),
            };
            expected.insert(name(parameter).to_owned(), text);
        }
    }
    let pairs = request.query();
    let decoded: BTreeMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), percent_decode_str(value).decode_utf8().unwrap().into_owned()))
        .collect();
    assert_eq!(decoded, expected, "{id}");
    assert_eq!(pairs.len(), expected.len(), "{id}: a key is repeated in {}", request.target);

    let declared: BTreeSet<_> = operation.parameters_in("header").map(|p| name(p).to_lowercase()).collect();
    let mut wanted: BTreeMap<String, String> = given
        .iter()
        .filter(|(name, _)| declared.contains(&name.to_lowercase()))
        .map(|(name, value)| (name.to_lowercase(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let mut present: BTreeMap<String, String> = request.headers.iter().cloned().collect();
    assert_eq!(present.len(), request.headers.len(), "{id}: a header is sent twice");
    present.retain(|name, _| !TRANSPORT.contains(&name.as_str()));
    if !wanted.contains_key("x-request-id") {
        let made = present.get("x-request-id").unwrap_or_else(|| panic!("{id} goes without X-Request-ID"));
        assert!(uuid::Uuid::try_parse(made).is_ok(), "{id}: {made}");
        wanted.insert("x-request-id".into(), made.clone());
    }
    assert_eq!(present, wanted, "{id}: the headers are not those of the document");

    if request.body.is_empty() {
        let optional = operation.body.is_none_or(|body| body["required"] != true);
        assert!(optional, "{id} needs a body");
    } else {
        let content_type = request.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap();
        let media = operation.request_media();
        let (_, entry) =
            media.iter().find(|(name, _)| *name == essence).unwrap_or_else(|| panic!("{id}: {content_type}"));
        let body = match essence {
            "application/json" => serde_json::from_slice(&request.body).unwrap(),
            "multipart/form-data" => form(content_type, &request.body),
            _ => Value::String(String::from_utf8(request.body.clone()).unwrap()),
        };
        document.validate(&entry["schema"], &body).unwrap_or_else(|error| panic!("{id}: {error}\n{body}"));
    }
}

/// Reads a multipart body as RFC 7578 has it.
fn form(content_type: &str, body: &[u8]) -> Value {
    let boundary = content_type.split_once("boundary=").unwrap().1;
    let text = std::str::from_utf8(body).unwrap();
    let mut fields = Map::new();
    let whole = text.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
    let whole = whole.strip_suffix(&format!("\r\n--{boundary}--\r\n")).unwrap();
    for part in whole.split(&format!("\r\n--{boundary}\r\n")) {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        let name = head.split_once("name=\"").unwrap().1.split('"').next().unwrap();
        let json = head.to_lowercase().contains("application/json");
        let value = if json { serde_json::from_str(content).unwrap() } else { Value::String(content.to_owned()) };
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}

/// The headers of an answer, as the document shows them.
#[must_use]
pub fn answer_headers(document: &Document, operation: &Operation<'_>, status: u16) -> Map<String, Value> {
    let (_, response) = operation.responses.iter().find(|(known, _)| *known == status).unwrap();
    let headers = response["headers"].as_object().into_iter().flatten();
    headers.map(|(name, header)| (name.clone(), example(document, document.follow(header)))).collect()
}

/// An answer with these headers.
pub fn with_headers(mut reply: Reply, headers: &Map<String, Value>) -> Reply {
    for (name, value) in headers {
        reply = reply.header(name, value.as_str().unwrap());
    }
    reply
}
