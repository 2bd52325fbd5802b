//! Every operation over a real socket: what is sent is held against the document.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use opp_raw::{Kind, Multipart};
use opp_tests::bench::{Bench, arguments, compare, every_header, example, headers, name, success};
use opp_tests::calls::{Form, entries, entry};
use opp_tests::document::Document;
use opp_tests::server::Reply;
use serde_json::{Map, Value, json};

/// Ids that a careless client would send to another address.
const NASTY: [&str; 12] =
    ["a/b", "ä", "%2F", "a b", "../x", "?x=1", "#x", "a;b=c", "a+b", "\\", "100%", "https://other.example/"];

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
    let told = include_str!("../../crates/opp-raw/README.md").contains(&format!("{} operations", ids.len()));
    assert!(told, "the README of opp-raw tells another number than {}", ids.len());
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

#[tokio::test]
async fn a_path_and_a_body_of_ones_own_go_out_as_they_are() {
    let bench = Bench::new().await;
    let path = "/psd2/consent/v1/consents/a%2Fb?x=1%2C2";
    bench.server.answer(Reply::new(200, "seen").header("content-type", "text/plain"));
    let body = Some(("text/x-own", "not held against anything".into()));
    let answer = bench.client.request(&opp_raw::operations::CREATE_CONSENT, path, body, "text/plain").await.unwrap();
    assert_eq!(answer.into_inner().collect(100).await.unwrap(), "seen");
    let request = bench.server.requests().pop().unwrap();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", path));
    assert_eq!(request.header("content-type"), Some("text/x-own"));
    assert_eq!(request.body, b"not held against anything");

    let elsewhere = bench.client.request(&opp_raw::operations::CREATE_CONSENT, "//evil.example/x", None, "*/*").await;
    assert_eq!(elsewhere.unwrap_err().kind(), Kind::Invalid);
    assert!(bench.server.requests().is_empty());
}
