//! Every answer of the document over a real socket: read without loss, with its headers, and errors with their codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opp_raw::Kind;
use opp_tests::bench::{Bench, answer_headers, arguments, with_headers};
use opp_tests::calls::{Arguments, Form, entry};
use opp_tests::server::Reply;
use serde_json::{Value, json};

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
