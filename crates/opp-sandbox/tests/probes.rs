//! The fuzz targets' entry functions, with seeded bytes: so they never rot, and a panic is found without a fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use opp_sandbox::probe::{self, Probe};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn runner() -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    TestRunner::new_with_rng(Config { cases: 400, ..Config::default() }, rng)
}

/// JSON of any shape, with members that the platform knows.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "2026-06-01",
            "9999-12-31",
            "SEK",
            "100.00",
            "-0",
            "SE4550000000058398257466",
            "1e999"
        ])
        .prop_map(Value::from),
    ];
    let names = vec![
        "access",
        "accounts",
        "availableAccounts",
        "balances",
        "iban",
        "bban",
        "recurringIndicator",
        "validUntil",
        "frequencyPerDay",
        "combinedServiceIndicator",
        "instructedAmount",
        "currency",
        "amount",
        "debtorAccount",
        "creditorAccount",
        "creditorName",
        "advanceSeconds",
        "stopped",
        "caprices",
        "name",
        "times",
        "every",
        "other",
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.clone()), inner), 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// A body that is sound for a consent and for a payment, whichever takes it.
fn sound_body() -> Value {
    json!({
        "access": {}, "recurringIndicator": true, "validUntil": "2026-06-01", "frequencyPerDay": 4,
        "combinedServiceIndicator": false, "instructedAmount": { "currency": "SEK", "amount": "10.00" },
        "debtorAccount": { "iban": "SE3750000000054400047881" }, "creditorName": "Ebba",
        "creditorAccount": { "iban": "SE2550000000054400047903" },
    })
}

/// The same with one member replaced.
fn nearly_right() -> impl Strategy<Value = Value> {
    let sound = sound_body();
    let names: Vec<String> = sound.as_object().unwrap().keys().cloned().collect();
    (prop::sample::select(names), any_json()).prop_map(move |(name, value)| {
        let mut body = sound.clone();
        body[name] = value;
        body
    })
}

/// What a call without surprises is answered with; otherwise the other tests here would test refusals only.
#[test]
fn a_sound_body_is_taken() {
    let probe = Probe::new().unwrap();
    for path in ["/psd2/consent/v1/consents", "/psd2/paymentinitiation/v1/payments/domestic"] {
        let bytes = probe::sound("POST", path, "application/json", sound_body().to_string().as_bytes());
        let (status, text) = probe.answer(false, &bytes).unwrap();
        assert_eq!(status, 201, "{path}: {text}");
    }
}

/// Paths of all values inside a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inside {
        let at = format!("{at}/{name}");
        pointers(value, &at, found);
        found.push(at);
    }
}

#[test]
fn a_state_that_was_tampered_with_is_refused_or_lives_on() {
    let probe = Probe::new().unwrap();
    let json = "application/json";
    let call = |method: &str, path: &str, body: &Value| -> Value {
        let bytes = probe::sound(method, path, json, body.to_string().as_bytes());
        serde_json::from_str(&probe.answer(false, &bytes).unwrap().1).unwrap_or_default()
    };
    let consents = "/psd2/consent/v1/consents";
    let id = call("POST", consents, &sound_body())["consentId"].as_str().unwrap().to_owned();
    call("POST", &format!("{consents}/{id}/authorisations"), &json!({}));
    let payment = call("POST", "/psd2/paymentinitiation/v1/payments/domestic", &sound_body());
    let payment = payment["_links"]["self"]["href"].as_str().unwrap().to_owned();
    let authorisation = call("POST", &format!("{payment}/authorisations"), &json!({}));
    let authorisation = authorisation["_links"]["scaStatus"]["href"].as_str().unwrap().to_owned();
    call("PUT", &authorisation, &json!({ "authenticationMethodId": "mbid" }));
    let dump = call("GET", "/_sandbox/dump", &json!({}));
    let mut places = Vec::new();
    pointers(&dump, "", &mut places);
    assert!(places.len() > 60, "{places:?}");
    let taken = std::cell::Cell::new(0);
    runner()
        .run(&(prop::sample::select(places), any_json()), |(place, value)| {
            let mut dump = dump.clone();
            *dump.pointer_mut(&place).unwrap() = value;
            let status = probe.body(false, "POST", "/_sandbox/restore", json, dump.to_string().as_bytes());
            if status == Some(200) {
                taken.set(taken.get() + 1);
                call("GET", &format!("{consents}/{id}"), &json!({}));
                call("GET", &payment, &json!({}));
                call("POST", "/_sandbox/clock", &json!({ "advanceSeconds": 864_000 }));
                call("GET", &format!("{payment}/status"), &json!({}));
                call("GET", &authorisation, &json!({}));
                call("GET", "/bankid", &json!({}));
                let form = b"grant_type=client_credentials&client_id=probe&client_secret=probe&scope=accountinformation private";
                probe.body(true, "POST", "/connect/token", FORM, form);
            }
            Ok(())
        })
        .unwrap();
    assert!(taken.get() > 10, "only {} were taken", taken.get());
}

#[test]
fn json_bodies_never_break_the_platform() {
    let probe = Probe::new().unwrap();
    let bodies = prop_oneof![any_json(), nearly_right()];
    runner()
        .run(&bodies, |body| {
            for path in [
                "/psd2/consent/v1/consents",
                "/psd2/paymentinitiation/v1/payments/domestic",
                "/psd2/paymentinitiation/v1/periodic-payments/domestic",
                "/psd2/paymentinitiation/v1/bulk-payments/domestic",
                "/_sandbox/clock",
                "/_sandbox/caprices",
                "/_sandbox/scenarios",
                "/_sandbox/restore",
            ] {
                let status = probe.body(false, "POST", path, "application/json", body.to_string().as_bytes());
                prop_assert!(status.is_some_and(|status| status < 500), "{}: {:?}", path, status);
            }
            probe.body(false, "POST", "/_sandbox/reset", "application/json", b"");
            Ok(())
        })
        .unwrap();
}

#[test]
fn other_bodies_never_break_the_platform() {
    let probe = Probe::new().unwrap();
    let bodies = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "(--b\r\n(Content-Disposition: form-data; name=\"[a-z_]{1,16}\"\r\n)?\r\n[ -~]{0,60}\r\n){0,4}(--b--)?"
            .prop_map(String::into_bytes),
        "(<(/)?[A-Za-z:]{1,12}( [a-z]{1,5}=\"[ -~]{0,9}\")?>[ -~]{0,20}){0,12}".prop_map(String::into_bytes),
    ];
    runner()
        .run(&bodies, |body| {
            for media in ["application/xml", "multipart/form-data; boundary=b", "application/json", "text/plain", "x"] {
                for product in ["payments/sepa-credit-transfers", "bulk-payments/sepa-credit-transfers"] {
                    let path = format!("/psd2/paymentinitiation/v1/{product}");
                    let status = probe.body(false, "POST", &path, media, &body);
                    prop_assert!(status.is_some_and(|status| status < 500), "{}: {:?}", media, status);
                }
            }
            let status = probe.body(true, "POST", "/connect/token", FORM, &body);
            prop_assert!(matches!(status, Some(200 | 400)), "{:?}", status);
            Ok(())
        })
        .unwrap();
}

#[test]
fn whole_requests_never_break_the_platform() {
    let probe = Probe::new().unwrap();
    let text = "(GET|POST|PUT|DELETE|[A-Z]{1,5}) /(psd2|connect|_sandbox|bankid|[a-z0-9%./]{0,9})(/[a-zA-Z0-9%._-]{0,20}){0,7}\
                (\\?[ -~&&[^ #]]{0,60})?\n((authorization: Bearer probe|x-bicfi: [A-Z]{4,8}|consent-id: [a-z0-9-]{0,36}|\
                accept: [ -~]{0,20}|content-type: [ -~]{0,30}|psu-id: [ -~]{0,20}|x-sandbox-caprice: [ -~]{0,30}|\
                x-request-id: [ -~]{0,36})\n){0,8}\n[ -~]{0,80}";
    let bytes = prop_oneof![prop::collection::vec(any::<u8>(), 0..300), text.prop_map(String::into_bytes)];
    runner()
        .run(&(any::<bool>(), bytes), |(auth, bytes)| {
            probe.request(auth, &bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn caprices_are_written_as_they_are_read() {
    let texts = prop_oneof![
        ".{0,40}",
        "(latency|reset|rate-limit|slow-drip|html-error|late-challenge|truncated-body)=[0-9a-z]{0,6}"
    ];
    runner()
        .run(&texts, |text| {
            prop_assert!(probe::caprice(text.as_bytes()));
            Ok(())
        })
        .unwrap();
}
