//! What must not be logged is not printed: by no type, wherever in it the secret stands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use opp_raw::types::RequestHeaders;
use opp_raw::{Client, Multipart};
use opp_tests::document::Document;
use opp_tests::generate::{Generator, runner};
use opp_tests::subjects;
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "planted-secret-8105";

/// What is secret whatever the document says: a mark that is lost in it would go unnoticed otherwise.
const ALWAYS: [&str; 16] = [
    "iban",
    "bban",
    "pan",
    "maskedPan",
    "msisdn",
    "accountNumber",
    "bankgiroNumber",
    "plusgiroNumber",
    "giroNumber",
    "password",
    "encryptedPassword",
    "scaAuthenticationData",
    "image",
    "imageLink",
    "data",
    "PSU-ID",
];

fn is_secret(schema: &Value, pointer: &str) -> bool {
    let name = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
    schema["x-opp-sensitive"] == true || ALWAYS.contains(&name)
}

#[test]
fn no_type_shows_a_secret() {
    let document = Document::read();
    let generator = Generator::new(&document);
    let planted = std::cell::Cell::new(0);
    for (name, kind) in subjects::components() {
        let schema = &document.schemas()[name];
        let run = runner(20).run(&generator.component(name), |mut value| {
            let mut here = 0;
            for place in document.places(schema, &value.clone()) {
                let Some(inner) = value.pointer_mut(&place.pointer) else { continue };
                if is_secret(place.schema, &place.pointer) && inner.is_string() {
                    *inner = json!(SECRET);
                    here += 1;
                }
                // What has no place may be anything.
                if let Value::Object(map) = inner {
                    map.insert("beyondTheDocument".into(), json!({"deep": [SECRET]}));
                }
                if let Value::Array(items) = inner {
                    items.push(json!([[SECRET], {"x": SECRET}]));
                }
            }
            planted.set(planted.get() + here);
            let shown = kind.read(&value).map_err(|error| TestCaseError::fail(error.to_string()))?.debug();
            prop_assert!(!shown.contains(SECRET), "{}", shown);
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{name} as {}: {error}", kind.name));
    }
    assert!(planted.get() > 1000, "only {} secrets were planted", planted.get());
}

#[test]
fn what_does_not_fit_its_field_is_not_shown_either() {
    let document = Document::read();
    for (name, kind) in subjects::components() {
        let mut value = json!({});
        for property in document.properties(&document.schemas()[name]).keys() {
            value[*property] = json!([{ "x": SECRET }, [SECRET, SECRET]]);
        }
        if let Ok(subject) = kind.read(&value) {
            assert!(!subject.debug().contains(SECRET), "{name}: {}", subject.debug());
        }
    }
}

/// A header may tell who the user is, where they are and what they have signed: names only are shown.
#[test]
fn no_header_of_a_request_shows_its_value() {
    let mut all = json!({});
    for operation in Document::read().operations() {
        for parameter in operation.parameters_in("header").filter(|p| p["schema"]["type"] != "boolean") {
            all[parameter["name"].as_str().unwrap()] = json!(SECRET);
        }
    }
    let headers: RequestHeaders = serde_json::from_value(all).unwrap();
    let client = Client::new("https://api.example").unwrap().with_headers(headers.clone());
    let client = client.with_header("Authorization", SECRET).unwrap();
    for shown in [format!("{headers:?}"), format!("{headers:#?}"), format!("{client:?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
        // By the document's name, or as it goes over the wire.
        assert!(shown.to_lowercase().contains("psu-id"), "{shown}");
    }
}

#[test]
fn a_form_and_a_builder_show_nothing_of_their_content() {
    let form = Multipart::new().part("xml_sct", "application/xml", SECRET);
    assert!(!format!("{form:?}").contains(SECRET), "{form:?}");
    let builder = opp_raw::types::PsuData::builder().password(SECRET);
    assert!(!format!("{builder:?}").contains(SECRET), "{builder:?}");
}

#[test]
fn what_breaks_a_rule_is_named_and_not_quoted() {
    let wrong = opp_raw::types::AccountReference::builder().iban(SECRET).build().unwrap_err();
    assert_eq!(wrong.field(), "iban");
    assert!(!format!("{wrong} {wrong:?}").contains(SECRET), "{wrong:?}");
}
