//! Every operation over a real socket: what is sent is held against the document, what comes back is read and compared.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use opp_raw::types::RequestHeaders;
use opp_raw::{Check, Client, Kind, Multipart};
use opp_tests::calls::{Answer, Arguments, Entry, Form, entries, entry};
use opp_tests::document::{Document, Operation};
use opp_tests::server::{Reply, Request, Server};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// Headers that the HTTP layer sets, whatever the operation.
const TRANSPORT: [&str; 5] = ["accept", "content-type", "content-length", "host", "user-agent"];

/// Ids that a careless client would send to another address.
const NASTY: [&str; 12] =
    ["a/b", "ä", "%2F", "a b", "../x", "?x=1", "#x", "a;b=c", "a+b", "\\", "100%", "https://other.example/"];

fn example(document: &Document, parameter: &Value) -> Value {
    match document.examples(parameter).first() {
        Some((_, value)) => (*value).clone(),
        None => json!("Q0VSVA=="),
    }
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

/// Every header of the document, with the value that it shows.
fn every_header(document: &Document) -> Map<String, Value> {
    let mut all = Map::new();
    for operation in document.operations() {
        for parameter in operation.parameters_in("header") {
            all.insert(name(parameter).to_owned(), example(document, parameter));
        }
    }
    all
}

fn headers(values: &Map<String, Value>) -> RequestHeaders {
    let headers: RequestHeaders = serde_json::from_value(Value::Object(values.clone())).unwrap();
    assert!(headers.extra.is_empty(), "no field for the headers {:?}", headers.extra);
    headers.check().unwrap();
    headers
}

/// All parameters in path and query, with the values that the document shows.
fn every_value(document: &Document, operation: &Operation<'_>) -> BTreeMap<String, Value> {
    let wanted = operation.parameters_in("path").chain(operation.parameters_in("query"));
    wanted.map(|parameter| (name(parameter).to_owned(), example(document, parameter))).collect()
}

/// A body for an operation that wants one.
fn arguments(document: &Document, operation: &Operation<'_>) -> Arguments {
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
fn success(document: &Document, operation: &Operation<'_>) -> Reply {
    let json = operation.success_media().into_iter().find(|(_, media, _)| *media == "application/json");
    match json {
        Some((status, _, entry)) => Reply::new(status, document.examples(entry)[0].1.to_string()),
        None => Reply::new(operation.responses.iter().find(|(status, _)| *status < 300).unwrap().0, ""),
    }
}

struct Bench {
    document: Document,
    server: Server,
    client: Client,
}

impl Bench {
    async fn new() -> Self {
        let server = Server::start().await;
        let document = Document::read();
        let client = Client::new(&server.address).unwrap().with_headers(headers(&every_header(&document)));
        Self { document, server, client }
    }

    /// Calls, and gives what was sent and what came of it.
    async fn call(&self, entry: &Entry, client: Client, arguments: &Arguments, reply: Reply) -> (Request, Answer) {
        self.server.answer(reply);
        // On another thread, as applications do.
        let answer = tokio::spawn((entry.call)(client, arguments.clone())).await.unwrap();
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error:?}", entry.operation));
        let mut requests = self.server.requests();
        assert_eq!(requests.len(), 1, "{} sent {} requests", entry.operation, requests.len());
        (requests.remove(0), answer)
    }
}

#[test]
fn the_table_has_every_operation_and_media_type_of_the_document_and_no_other() {
    let document = Document::read();
    let mut wanted = BTreeSet::new();
    for operation in document.operations() {
        wanted.insert((operation.id.to_owned(), Form::Json));
        for (media, _) in operation.request_media() {
            wanted.insert((operation.id.to_owned(), if media == "application/json" { Form::Json } else { Form::Body }));
        }
        for (_, media, _) in operation.success_media() {
            wanted
                .insert((operation.id.to_owned(), if media == "application/json" { Form::Json } else { Form::Stream }));
        }
    }
    let has: BTreeSet<_> = entries().iter().map(|entry| (entry.operation.to_owned(), entry.form)).collect();
    assert_eq!(has, wanted);
    let ids: BTreeSet<_> = opp_raw::operations::ALL.iter().map(|operation| operation.id.to_owned()).collect();
    assert_eq!(ids, document.operations().iter().map(|operation| operation.id.to_owned()).collect());
}

/// Method, path, query, headers and media types of a request are those of the document, with these arguments.
fn compare(
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

#[tokio::test]
async fn with_everything_set_each_operation_sends_what_the_document_declares_and_nothing_else() {
    let bench = Bench::new().await;
    let given = every_header(&bench.document);
    for operation in bench.document.operations() {
        let entry = entry(operation.id, Form::Json);
        let arguments = arguments(&bench.document, &operation);
        let (request, _) =
            bench.call(&entry, bench.client.clone(), &arguments, success(&bench.document, &operation)).await;
        compare(&bench.document, &operation, &request, &arguments, &given);
        assert_eq!(request.header("accept"), Some("application/json"), "{}", operation.id);
    }
}

#[tokio::test]
async fn with_only_what_is_required_each_operation_sends_only_that() {
    let bench = Bench::new().await;
    for operation in bench.document.operations() {
        let required = |parameter: &&Value| parameter["required"] == true;
        let given: Map<_, _> = operation
            .parameters_in("header")
            .filter(required)
            .filter(|parameter| name(parameter) != "X-Request-ID")
            .map(|parameter| (name(parameter).to_owned(), example(&bench.document, parameter)))
            .collect();
        let mut arguments = arguments(&bench.document, &operation);
        let queries: BTreeSet<_> = operation.parameters_in("query").filter(|p| !required(p)).map(name).collect();
        arguments.values.retain(|name, _| !queries.contains(name.as_str()));
        if operation.body.is_some_and(|body| body["required"] != true) {
            arguments.body = None;
        }
        let client = bench.client.with_headers(headers(&given));
        let entry = entry(operation.id, Form::Json);
        let (request, _) = bench.call(&entry, client, &arguments, success(&bench.document, &operation)).await;
        compare(&bench.document, &operation, &request, &arguments, &given);
        if arguments.body.is_none() {
            assert!(request.body.is_empty(), "{} sends a body that was not given", operation.id);
        }
    }
}

#[tokio::test]
async fn an_id_of_any_characters_reaches_its_own_operation() {
    let bench = Bench::new().await;
    let given = every_header(&bench.document);
    for operation in bench.document.operations() {
        let entry = entry(operation.id, Form::Json);
        for (index, _) in operation.parameters_in("path").enumerate() {
            for nasty in NASTY {
                let mut arguments = arguments(&bench.document, &operation);
                let parameter = operation.parameters_in("path").nth(index).unwrap();
                arguments.values.insert(name(parameter).to_owned(), json!(nasty));
                let reply = success(&bench.document, &operation);
                let (request, _) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
                compare(&bench.document, &operation, &request, &arguments, &given);
            }
        }
    }
}

#[tokio::test]
async fn a_dot_segment_or_nothing_for_an_id_is_refused_and_nothing_is_sent() {
    let bench = Bench::new().await;
    for operation in bench.document.operations() {
        for parameter in operation.parameters_in("path") {
            for bad in ["..", ".", ""] {
                let mut arguments = arguments(&bench.document, &operation);
                arguments.values.insert(name(parameter).to_owned(), json!(bad));
                let error = (entry(operation.id, Form::Json).call)(bench.client.clone(), arguments).await.unwrap_err();
                assert_eq!(error.kind(), Kind::Invalid);
                assert_eq!(error.invalid().unwrap().field(), name(parameter), "{}", operation.id);
            }
        }
    }
    assert!(bench.server.requests().is_empty());
}

#[tokio::test]
async fn a_query_value_of_any_characters_arrives_as_it_was() {
    let bench = Bench::new().await;
    let given = every_header(&bench.document);
    for operation in bench.document.operations() {
        for parameter in operation.parameters_in("query") {
            let schema = bench.document.follow(&parameter["schema"]);
            let strings = schema["type"] == "string" && schema.get("enum").is_none();
            if !strings && schema["type"] != "array" {
                continue;
            }
            for nasty in NASTY.into_iter().chain(["a&b=c", "å ö"]) {
                let mut arguments = arguments(&bench.document, &operation);
                let value = if strings { json!(nasty) } else { json!([nasty, "SE"]) };
                arguments.values.insert(name(parameter).to_owned(), value);
                let reply = success(&bench.document, &operation);
                let entry = entry(operation.id, Form::Json);
                let (request, _) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
                compare(&bench.document, &operation, &request, &arguments, &given);
            }
        }
    }
}

#[tokio::test]
async fn a_call_without_a_required_header_is_refused_by_its_name_and_nothing_is_sent() {
    let bench = Bench::new().await;
    for operation in bench.document.operations() {
        for parameter in operation.parameters_in("header").filter(|parameter| parameter["required"] == true) {
            let missing = name(parameter);
            if missing == "X-Request-ID" {
                continue;
            }
            let mut given = every_header(&bench.document);
            given.shift_remove(missing);
            let client = bench.client.with_headers(headers(&given));
            let call = (entry(operation.id, Form::Json).call)(client, arguments(&bench.document, &operation));
            let error = call.await.unwrap_err();
            assert_eq!((error.kind(), error.invalid().unwrap().field()), (Kind::Invalid, missing), "{}", operation.id);
        }
    }
    assert!(bench.server.requests().is_empty());
}

#[tokio::test]
async fn every_example_of_a_json_request_is_sent_as_it_stands_in_the_document() {
    let bench = Bench::new().await;
    let given = every_header(&bench.document);
    let mut count = 0;
    for operation in bench.document.operations() {
        for (_, media) in operation.request_media().into_iter().filter(|(media, _)| *media == "application/json") {
            for (example, body) in bench.document.examples(media) {
                let mut arguments = arguments(&bench.document, &operation);
                arguments.body = Some(body.clone());
                // An object without anything is a body that is left out.
                if *body == json!({}) {
                    arguments.body = None;
                }
                let reply = success(&bench.document, &operation);
                let entry = entry(operation.id, Form::Json);
                let (request, _) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
                compare(&bench.document, &operation, &request, &arguments, &given);
                assert_eq!(request.header("content-type"), Some("application/json"));
                if let Some(body) = arguments.body {
                    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), body, "{example}");
                }
                count += 1;
            }
        }
    }
    println!("{count} JSON bodies");
    assert!(count > 10);
}

#[tokio::test]
async fn every_example_of_another_body_is_sent_byte_by_byte() {
    let bench = Bench::new().await;
    let given = every_header(&bench.document);
    let mut sent = BTreeSet::new();
    for operation in bench.document.operations() {
        for (media, content) in operation.request_media().into_iter().filter(|(media, _)| *media != "application/json")
        {
            for (_, example) in bench.document.examples(content) {
                let mut arguments = arguments(&bench.document, &operation);
                (arguments.media, arguments.bytes) = match example {
                    Value::String(text) => (media.to_owned(), text.clone().into_bytes()),
                    Value::Object(parts) => {
                        let mut form = Multipart::new();
                        for (name, part) in parts {
                            form = match part {
                                Value::String(xml) => form.part(name, "application/xml", xml.clone()),
                                json => form.part(name, "application/json", json.to_string()),
                            };
                        }
                        let (media, bytes) = form.build();
                        (media, bytes.to_vec())
                    }
                    other => panic!("{other} is no body"),
                };
                let reply = success(&bench.document, &operation);
                let entry = entry(operation.id, Form::Body);
                let (request, _) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
                compare(&bench.document, &operation, &request, &arguments, &given);
                assert_eq!(request.header("content-type"), Some(arguments.media.as_str()));
                assert_eq!(request.body, arguments.bytes);
                sent.insert(media.to_owned());
            }
        }
    }
    assert_eq!(sent, BTreeSet::from(["application/xml".to_owned(), "multipart/form-data".to_owned()]));
}

/// The headers of an answer, as the document shows them.
fn answer_headers(document: &Document, operation: &Operation<'_>, status: u16) -> Map<String, Value> {
    let (_, response) = operation.responses.iter().find(|(known, _)| *known == status).unwrap();
    let headers = response["headers"].as_object().into_iter().flatten();
    headers.map(|(name, header)| (name.clone(), example(document, document.follow(header)))).collect()
}

fn with_headers(mut reply: Reply, headers: &Map<String, Value>) -> Reply {
    for (name, value) in headers {
        reply = reply.header(name, value.as_str().unwrap());
    }
    reply
}

#[tokio::test]
async fn every_example_of_an_answer_is_read_without_loss_and_its_headers_are_typed() {
    let bench = Bench::new().await;
    let mut count = 0;
    for operation in bench.document.operations() {
        let arguments = arguments(&bench.document, &operation);
        for (status, media, content) in operation.success_media() {
            for (example, value) in bench.document.examples(content) {
                let form = if media == "application/json" { Form::Json } else { Form::Stream };
                let body =
                    value.as_str().filter(|_| form == Form::Stream).map_or_else(|| value.to_string(), str::to_owned);
                let headers = answer_headers(&bench.document, &operation, status);
                let reply = with_headers(Reply::new(status, body.clone()), &headers).header("Content-Type", media);
                let arguments = Arguments { media: media.to_owned(), ..arguments.clone() };
                let entry = entry(operation.id, form);
                let (request, answer) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
                let place = format!("{} {status} {media} {example}", operation.id);
                assert_eq!(request.header("accept"), Some(media), "{place}");
                assert_eq!(answer.status, status, "{place}");
                assert_eq!(answer.headers, Value::Object(headers), "{place}");
                if form == Form::Json {
                    assert_eq!(answer.value, bench.document.canonical(&content["schema"], value), "{place}");
                } else {
                    assert_eq!(answer.bytes, body, "{place}");
                    assert_eq!(answer.media.as_deref(), Some(media), "{place}");
                }
                count += 1;
            }
        }
    }
    println!("{count} answers");
    assert!(count > 80, "only {count}");
}

#[tokio::test]
async fn a_success_without_content_is_empty_and_keeps_its_headers() {
    let bench = Bench::new().await;
    let mut seen = 0;
    for operation in bench.document.operations() {
        for (status, response) in operation.responses.iter().filter(|(status, _)| (200..300).contains(status)) {
            if response.get("content").is_some() {
                continue;
            }
            let headers = answer_headers(&bench.document, &operation, *status);
            let reply = with_headers(Reply::new(*status, ""), &headers);
            let entry = entry(operation.id, Form::Json);
            let arguments = arguments(&bench.document, &operation);
            let (_, answer) = bench.call(&entry, bench.client.clone(), &arguments, reply).await;
            assert_eq!((answer.status, answer.headers), (*status, Value::Object(headers)), "{}", operation.id);
            assert!(answer.value.is_null() || answer.value == json!({}), "{}: {}", operation.id, answer.value);
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen}");
}

#[tokio::test]
async fn every_example_of_an_error_gives_status_headers_codes_and_body() {
    let bench = Bench::new().await;
    let mut count = 0;
    for operation in bench.document.operations() {
        let arguments = arguments(&bench.document, &operation);
        for (status, response) in operation.responses.iter().filter(|(status, _)| *status >= 400) {
            for (media, content) in opp_tests::document::media(response) {
                for (example, value) in bench.document.examples(content) {
                    let headers = answer_headers(&bench.document, &operation, *status);
                    let reply =
                        with_headers(Reply::new(*status, value.to_string()), &headers).header("Content-Type", media);
                    bench.server.answer(reply);
                    let call = (entry(operation.id, Form::Json).call)(bench.client.clone(), arguments.clone());
                    let error = call.await.unwrap_err();
                    let place = format!("{} {status} {media} {example}", operation.id);
                    assert_eq!(error.kind(), Kind::Status, "{place}");
                    assert_eq!(error.operation().unwrap().id, operation.id, "{place}");
                    assert_eq!(error.status().unwrap().as_u16(), *status, "{place}");
                    assert_eq!(error.body().unwrap().as_ref(), value.to_string().as_bytes(), "{place}");
                    let typed = serde_json::to_value(error.headers().unwrap()).unwrap();
                    assert_eq!(typed, Value::Object(headers), "{place}");
                    let codes: Vec<_> = error.codes().map(opp_raw::types::MessageCode::as_str).collect();
                    assert_eq!(codes, codes_of(value), "{place}");
                    assert!(error.codes().all(opp_raw::types::MessageCode::is_known), "{place}: {codes:?}");
                    count += 1;
                }
            }
        }
    }
    println!("{count} errors");
    assert!(count > 300, "only {count}");
}

/// Every code in a body, in order.
fn codes_of(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => {
            let own = map.get("code").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(codes_of)).collect()
        }
        Value::Array(items) => items.iter().flat_map(codes_of).collect(),
        _ => Vec::new(),
    }
}
