//! The control API: what it documents, it does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Desk, json_of};
use reqwest::Method;
use serde_json::{Value, json};

async fn control(desk: &Desk, method: Method, path: &str, body: Option<Value>) -> reqwest::Response {
    let mut request = desk.client.request(method, format!("{}/_sandbox{path}", desk.sandbox.auth_url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

async fn post(desk: &Desk, path: &str, body: Value, status: u16) -> Value {
    json_of(control(desk, Method::POST, path, Some(body)).await, status).await
}

async fn get(desk: &Desk, path: &str) -> Value {
    json_of(control(desk, Method::GET, path, None).await, 200).await
}

#[tokio::test]
async fn every_documented_call_answers_as_documented() {
    let desk = Desk::at("ESSESESS").await;
    let document = get(&desk, "/openapi.json").await;
    let mut calls = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut body = call["requestBody"]["content"]["application/json"]["example"].clone();
            if path == "/restore" {
                body = get(&desk, "/dump").await;
            }
            let mut target = path.replace("{file}", "ESSESESS.svg");
            if target.contains("{id}") {
                let added = post(&desk, "/caprices", json!({ "caprices": ["bare-lists"] }), 201).await;
                target = target.replace("{id}", &added["id"].to_string());
            }
            let answer = control(&desk, method.clone(), &target, (!body.is_null()).then_some(body)).await;
            let status = answer.status().as_u16();
            assert!(status < 300, "{method} {path}: {status} {}", answer.text().await.unwrap());
            let declared = &call["responses"][status.to_string()];
            assert!(declared.is_object(), "{method} {path}: {status} is not documented");
            check(&document, declared, answer).await;
            calls += 1;
        }
    }
    assert_eq!(calls, 17);
}

/// Holds an answer against the schema that the document declares for it.
async fn check(document: &Value, declared: &Value, answer: reqwest::Response) {
    let media = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    let Some(schema) = declared.pointer("/content/application~1json/schema") else {
        assert_ne!(media.as_deref(), Some("application/json"));
        return;
    };
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    let validator = jsonschema::validator_for(&whole).unwrap();
    let body = serde_json::from_str(&text).unwrap();
    let errors: Vec<_> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {text}");
}

#[tokio::test]
async fn what_is_not_documented_is_refused() {
    let desk = Desk::at("ESSESESS").await;
    assert_eq!(control(&desk, Method::GET, "/nothing", None).await.status(), 404);
    let wrong = control(&desk, Method::DELETE, "/clock", None).await;
    assert_eq!((wrong.status().as_u16(), wrong.headers()["allow"].to_str().unwrap()), (405, "GET, POST"));
    assert_eq!(control(&desk, Method::DELETE, "/caprices/99", None).await.status(), 404);
    for (path, body) in [
        ("/clock", json!({ "advanceSeconds": -1 })),
        ("/clock", json!({ "backSeconds": 1 })),
        ("/reset", json!({ "seed": "x" })),
        ("/caprices", json!({ "caprices": [] })),
        ("/caprices", json!({ "caprices": ["bad-mood"] })),
        ("/caprices", json!({ "caprices": ["reset"], "times": 0 })),
        ("/caprices", json!({ "caprices": vec!["latency=1"; 33] })),
        ("/caprices", json!({ "caprices": ["reset"], "bank": "X".repeat(257) })),
        ("/restore", json!({ "now": 1 })),
    ] {
        let error = post(&desk, path, body.clone(), 400).await;
        assert!(error["error"].is_string(), "{path} {body}");
    }
    assert_eq!(control(&desk, Method::POST, "/scenarios", Some(json!({ "name": "x" }))).await.status(), 404);
}

#[tokio::test]
async fn the_guide_names_every_call_caprice_and_scenario() {
    let desk = Desk::at("ESSESESS").await;
    let page = control(&desk, Method::GET, "", None).await.text().await.unwrap().replace("&#x2f;", "/");
    for path in get(&desk, "/openapi.json").await["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.trim_end_matches('/')), "{path}");
    }
    for form in get(&desk, "/caprices").await["catalogue"].as_object().unwrap().keys() {
        assert!(page.contains(form), "{form}");
    }
    for scenario in get(&desk, "/scenarios").await["scenarios"].as_array().unwrap() {
        assert!(page.contains(scenario["name"].as_str().unwrap()), "{scenario}");
    }
}

#[tokio::test]
async fn the_readme_names_every_call_caprice_and_scenario() {
    let desk = Desk::at("ESSESESS").await;
    let readme = include_str!("../README.md");
    for path in get(&desk, "/openapi.json").await["paths"].as_object().unwrap().keys() {
        assert!(readme.contains(path), "{path}");
    }
    for form in get(&desk, "/caprices").await["catalogue"].as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{form}`")), "{form}");
    }
    for scenario in get(&desk, "/scenarios").await["scenarios"].as_array().unwrap() {
        assert!(readme.contains(&format!("`{}`", scenario["name"].as_str().unwrap())), "{scenario}");
    }
}

#[tokio::test]
async fn the_clock_moves_stops_and_has_a_horizon() {
    let desk = Desk::at("ESSESESS").await;
    let stopped = post(&desk, "/clock", json!({ "stopped": true, "advanceSeconds": 7200 }), 200).await;
    assert_eq!(stopped["stopped"], true);
    assert_eq!(desk.get("/psd2/aspspinformation/v1/aspsps").send().await.unwrap().status(), 401, "tokens expire");
    assert_eq!(get(&desk, "/clock").await["now"], stopped["now"]);
    for _ in 0..3 {
        post(&desk, "/clock", json!({ "advanceSeconds": u32::MAX }), 200).await;
    }
    assert!(get(&desk, "/clock").await["now"].as_str().unwrap().starts_with("2046-"));
}

#[tokio::test]
async fn a_reset_with_a_seed_makes_another_world() {
    let mut desk = Desk::at("ESSESESS").await;
    let first = desk.create_consent().await;
    let info = post(&desk, "/reset", json!({ "seed": 42 }), 200).await;
    assert_eq!((info["seed"].as_u64(), info["state"]["consents"].as_u64()), (Some(42), Some(0)));
    desk.token = desk.token_for(common::EVERYTHING).await;
    assert_ne!(desk.create_consent().await, first);
}

#[tokio::test]
async fn a_state_is_dumped_and_restored_over_the_wire() {
    let desk = Desk::at("ESSESESS").await;
    let id = desk.valid_consent().await;
    let dump = get(&desk, "/dump").await;
    post(&desk, "/reset", json!({}), 200).await;
    let info = post(&desk, "/restore", dump, 200).await;
    assert_eq!(info["state"]["consents"], 1);
    let status = desk.read(&format!("/psd2/consent/v1/consents/{id}/status")).await;
    assert_eq!(status["consentStatus"], "valid");
}

#[tokio::test]
async fn a_state_from_beyond_the_calendar_is_refused() {
    let desk = Desk::at("ESSESESS").await;
    let dump = get(&desk, "/dump").await;
    for (member, value) in
        [("/now", "+260000-01-01T00:00:00Z"), ("/state/epoch", "1971-01-01"), ("/state/epoch", "2027-01-01")]
    {
        let mut dump = dump.clone();
        *dump.pointer_mut(member).unwrap() = json!(value);
        let error = post(&desk, "/restore", dump, 400).await;
        assert!(error["error"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn the_requests_seen_tell_their_verdict() {
    let desk = Desk::at("ESSESESS").await;
    desk.get("/psd2/nothing").send().await.unwrap();
    let requests = get(&desk, "/requests").await;
    let last = requests["requests"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["status"], 404);
    assert!(last["verdict"].as_str().unwrap().starts_with("RESOURCE_UNKNOWN"), "{last}");
    assert!(!requests.to_string().contains(&desk.token), "a token is no business of the journal");
    assert_eq!(control(&desk, Method::DELETE, "/requests", None).await.status(), 204);
    assert_eq!(get(&desk, "/requests").await["requests"], json!([]));
}

#[tokio::test]
async fn a_page_of_another_site_may_not_use_the_controls() {
    let desk = Desk::at("ESSESESS").await;
    for origin in ["https://evil.example", "http://198.51.100.7", "http://[2001:db8::1]:8080", "null"] {
        let reset = desk.client.post(format!("{}/_sandbox/reset", desk.sandbox.auth_url()));
        assert_eq!(reset.header("Origin", origin).send().await.unwrap().status(), 403, "{origin}");
    }
    let reset = desk.client.post(format!("{}/_sandbox/reset", desk.sandbox.auth_url()));
    assert_eq!(reset.header("Origin", desk.sandbox.auth_url()).send().await.unwrap().status(), 200);
}
