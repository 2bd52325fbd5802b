//! What a generator gets silently wrong if nobody looks: one test for each such thing, on the crate as it is used and,
//! where our document no longer has the case, on a small document that has it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use opp_raw::types::{self, RequestHeaders};
use opp_raw::{Check, Client, Error, Kind, Response};
use opp_tests::document::Document;
use opp_tests::server::{Reply, Request, Server};
use serde_json::{Value, json};
use xtask::normalise::{Normal, normalise};

/// The least that every operation asks for.
fn least() -> RequestHeaders {
    RequestHeaders::builder().x_bic_fi("ESSESESS").consent_id("c").psu_ip_address("2001:db8::7").build().unwrap()
}

async fn client() -> (Server, Client) {
    let server = Server::start().await;
    let client = Client::new(&server.address).unwrap().with_headers(least());
    (server, client)
}

fn only(server: &Server) -> Request {
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn small(operation: &Value, schemas: &Value) -> Normal {
    let mut operation = operation.clone();
    operation["operationId"] = json!("doIt");
    if operation.get("responses").is_none() {
        operation["responses"] = json!({"204": {"description": ""}});
    }
    let root = json!({
        "openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "servers": [{"url": "https://api.example"}],
        "paths": {"/it": {"put": operation}}, "components": {"schemas": schemas}
    });
    normalise(&root).unwrap()
}

fn answer(schema: &Value) -> Value {
    json!({"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}})
}

fn generated() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/opp-raw/src/generated/types.rs");
    std::fs::read_to_string(path).unwrap()
}

fn generated_types() -> BTreeSet<String> {
    let text = generated();
    let names =
        text.lines().filter_map(|line| line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")));
    names.filter_map(|line| line.split([' ', '(', ';']).next()).map(str::to_owned).collect()
}

// Several media types of an answer: JSON must not win for all of them.

#[tokio::test]
async fn accept_follows_the_method_and_not_the_first_media_type() {
    let (server, client) = client().await;
    let (id, booked) = ("a".parse().unwrap(), types::BookingStatus::Booked);
    server.answer(Reply::new(200, "{}"));
    client.get_transaction_list(&id, &booked, None, None, None, None, None).await.unwrap();
    assert_eq!(only(&server).header("accept"), Some("application/json"));
    for media in ["application/xml", "application/text"] {
        server.answer(Reply::new(200, "<x/>").header("content-type", media));
        let stream =
            client.get_transaction_list_stream(&id, &booked, None, None, None, None, None, media).await.unwrap();
        assert_eq!(stream.content_type(), Some(media));
        assert_eq!(stream.into_inner().collect(99).await.unwrap(), "<x/>");
        assert_eq!(only(&server).header("accept"), Some(media));
    }
}

// Alternatives of an answer: trying one after the other loses fields.

#[test]
fn an_answer_with_alternatives_has_a_place_for_every_field_of_each() {
    let document = Document::read();
    let mut count = 0;
    for operation in document.operations() {
        for (_, media, entry) in operation.success_media() {
            if media == "application/json" && entry["schema"]["anyOf"].is_array() {
                count += 1;
                let mut all = json!({});
                for name in document.properties(&entry["schema"]).keys() {
                    // Text is understood by none of the objects and lists of objects, so what is no text is left out.
                    all[*name] = json!(null);
                }
                let fields: BTreeSet<_> = all.as_object().unwrap().keys().cloned().collect();
                let known = match operation.id {
                    "initiatePayment" => serde_json::from_value::<types::PaymentInitiationResponse>(all).unwrap().extra,
                    "getPaymentInformation" => {
                        serde_json::from_value::<types::PaymentInitiationInformationResponse>(all).unwrap().extra
                    }
                    id if id.starts_with("update") => {
                        serde_json::from_value::<types::UpdatePsuDataResponse>(all).unwrap().extra
                    }
                    other => panic!("{other} answers with alternatives: say which type they are"),
                };
                assert!(known.is_empty(), "{}: no place for {known:?} of {fields:?}", operation.id);
            }
        }
    }
    assert!(count > 3);
}

#[test]
fn alternatives_of_an_answer_become_one_type_with_all_their_fields() {
    let normal = small(
        &answer(&json!({"oneOf": [{"$ref": "#/components/schemas/a"}, {"$ref": "#/components/schemas/b"}]})),
        &json!({
            "a": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}, "both": {"type": "string"}}},
            "b": {"type": "object", "properties": {"y": {"type": "string"}, "both": {"type": "string"}}}
        }),
    );
    let whole = normal.schemas().into_values().find(|schema| schema["properties"].get("y").is_some()).unwrap();
    assert_eq!(whole["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["x", "both", "y"]);
    assert!(whole.get("required").is_none() && whole.get("oneOf").is_none());
}

// `oneOf` with `{}`: the body is optional, and what is left is one type for all operations.

#[test]
fn an_empty_alternative_makes_a_body_optional_and_the_rest_one_type() {
    let normal = small(
        &json!({"requestBody": {"required": true, "content": {"application/json": {"schema": {
            "oneOf": [{}, {"$ref": "#/components/schemas/a"}]
        }}}}}),
        &json!({"a": {"type": "object", "properties": {"x": {"type": "string"}}}}),
    );
    assert!(!normal.operations[0].body.as_ref().unwrap().required);
    assert_eq!(normal.schemas().keys().filter(|name| name.contains("Choice")).count(), 0);
}

#[tokio::test]
async fn all_steps_of_an_authorisation_take_one_type_and_the_start_may_go_without() {
    let (server, client) = client().await;
    let select = types::SelectPsuAuthenticationMethod::builder().authentication_method_id("mbid").build().unwrap();
    // One type for all: this would not compile with one for each operation.
    let body: types::AuthorisationRequest = select.into();
    let (consent, payment, step) = ("c".parse().unwrap(), "p".parse().unwrap(), "a".parse().unwrap());
    let (service, product) = (types::PaymentService::Payments, types::PaymentProduct::Domestic);
    for _ in 0..5 {
        server.answer(Reply::new(200, "{}"));
    }
    client.start_consent_authorisation(&consent, Some(&body)).await.unwrap();
    client.update_consents_psu_data(&consent, &step, &body).await.unwrap();
    client.start_payment_authorisation(&service, &product, &payment, Some(&body)).await.unwrap();
    client.update_payment_psu_data(&service, &product, &payment, &step, &body).await.unwrap();
    let cancellation = "x".parse().unwrap();
    client.update_payment_cancellation_psu_data(&service, &product, &payment, &cancellation, &body).await.unwrap();
    for request in server.requests() {
        assert_eq!(request.body, br#"{"authenticationMethodId":"mbid"}"#, "{}", request.target);
    }
    server.answer(Reply::new(201, "{}"));
    client.start_consent_authorisation(&consent, None).await.unwrap();
    let request = only(&server);
    assert!(request.body.is_empty());
    assert_eq!(request.header("content-type"), Some("application/json"));
}

// An object with alternatives beside its properties: a giro payment has one reference.

#[test]
fn a_giro_payment_has_exactly_one_reference() {
    let payment = |invoice: Option<&str>, ocr: Option<&str>| {
        let giro = types::GiroReference::builder().giro_number("5555-5551").giro_type("BANKGIRO").build().unwrap();
        let amount = types::Amount::builder().currency("SEK").amount("845.00").build().unwrap();
        let debtor = types::AccountReferenceWithGiro::builder().iban("SE4550000000058398257466").build().unwrap();
        let mut builder = types::PaymentInitiationSwedishGiroJson::builder()
            .creditor_giro(giro)
            .instructed_amount(amount)
            .debtor_account(debtor)
            .creditor_name("Kustbandets Elnät AB");
        if let Some(invoice) = invoice {
            builder = builder.invoice_ref(invoice);
        }
        if let Some(ocr) = ocr {
            builder = builder.ocr_ref(ocr);
        }
        builder.build()
    };
    assert!(payment(Some("2026-0044"), None).is_ok());
    assert!(payment(None, Some("1234567897")).is_ok());
    for wrong in [payment(None, None), payment(Some("2026-0044"), Some("1234567897"))] {
        assert_eq!(wrong.unwrap_err().field(), "invoiceRef or ocrRef");
    }
}

// Inline enums: one type for one set of values, however many operations have it.

#[test]
fn the_same_values_are_one_type() {
    let mut seen: BTreeMap<BTreeSet<String>, String> = BTreeMap::new();
    let text = generated();
    let mut count = 0;
    for part in text.split("\nopen_enum! { ").skip(1) {
        let (name, values) = part.split_once('{').unwrap();
        let values: BTreeSet<_> =
            values.split("} }").next().unwrap().split('"').skip(1).step_by(2).map(str::to_owned).collect();
        if let Some(other) = seen.insert(values, name.trim().to_owned()) {
            panic!("{} and {other} have the same values", name.trim());
        }
        count += 1;
    }
    assert!(count > 15, "only {count}");
    let types = generated_types().len();
    assert!(types < 220, "{types} types: has one been born for each operation?");
}

#[test]
fn an_inline_enum_of_two_operations_is_one_type() {
    let parameter = json!([{"name": "kind", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}]);
    let operation =
        |id: &str| json!({"operationId": id, "parameters": parameter, "responses": {"204": {"description": ""}}});
    let root = json!({
        "openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "servers": [{"url": "https://api.example"}],
        "paths": {"/a": {"get": operation("a")}, "/b": {"get": operation("b")}}, "components": {"schemas": {}}
    });
    let normal = normalise(&root).unwrap();
    let enums: Vec<_> =
        normal.schemas().into_iter().filter(|(_, schema)| schema["enum"] == json!(["a", "b"])).collect();
    assert_eq!(enums.len(), 1);
}

// Flags that somebody wrote as text.

#[tokio::test]
async fn a_flag_is_a_flag_in_rust_and_a_word_on_the_wire() {
    let (server, client) = client().await;
    let mut headers = least();
    headers.tpp_redirect_preferred = Some(false);
    server.answer(Reply::new(201, "{}"));
    let consents: types::Consents = serde_json::from_value(
        json!({"access": {}, "recurringIndicator": "true", "validUntil": "2026-12-01", "frequencyPerDay": 4, "combinedServiceIndicator": false}),
    )
    .unwrap();
    assert_eq!(consents.recurring_indicator, Some(true));
    client.with_headers(headers).create_consent(&consents).await.unwrap();
    let request = only(&server);
    assert_eq!(request.header("tpp-redirect-preferred"), Some("false"));
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap()["recurringIndicator"], json!(true));
}

#[test]
fn an_enum_of_true_and_false_is_a_flag() {
    let normal = small(
        &answer(&json!({"$ref": "#/components/schemas/a"})),
        &json!({"a": {"type": "object", "properties": {"flag": {"type": "string", "enum": ["true", "false"]}}}}),
    );
    assert_eq!(normal.schemas()["A"]["properties"]["flag"], json!({"type": "boolean"}));
}

// Users have IPv6 addresses.

#[tokio::test]
async fn an_ipv6_address_of_a_user_is_sent_as_it_is() {
    let document = Document::read();
    let addresses = document.operations().into_iter().flat_map(|operation| operation.parameters);
    assert!(addresses.filter(|p| p["name"] == "PSU-IP-Address").all(|p| p["schema"].get("format").is_none()));
    let (server, client) = client().await;
    server.answer(Reply::new(200, "{}"));
    client.get_account_list(None).await.unwrap();
    assert_eq!(only(&server).header("psu-ip-address"), Some("2001:db8::7"));
}

// Lists in a query.

#[tokio::test]
async fn a_list_in_a_query_is_one_value_with_commas() {
    let (server, client) = client().await;
    server.answer(Reply::new(200, "{}"));
    let countries = ["SE".to_owned(), "FI".to_owned()];
    client.get_aspsp_list(None, Some(&countries)).await.unwrap();
    assert_eq!(only(&server).target, "/psd2/aspspinformation/v1/aspsps?isoCountryCodes=SE,FI");
    // An empty list is no list.
    server.answer(Reply::new(200, "{}"));
    client.get_aspsp_list(Some(&[]), None).await.unwrap();
    assert_eq!(only(&server).target, "/psd2/aspspinformation/v1/aspsps");
}

#[tokio::test]
async fn an_element_with_a_comma_would_be_two_and_is_refused() {
    let (server, client) = client().await;
    let error = client.get_aspsp_list(None, Some(&["SE,FI".to_owned()])).await.unwrap_err();
    assert_eq!(error.invalid().unwrap().field(), "isoCountryCodes");
    assert!(server.requests().is_empty());
}

// Headers that nobody asked for.

#[tokio::test]
async fn no_header_is_sent_that_the_document_does_not_have() {
    let (server, client) = client().await;
    server.answer(Reply::new(200, "{}"));
    client.get_countries_list(None).await.unwrap();
    let request = only(&server);
    assert_eq!(request.header("api-version"), None);
    let names: BTreeSet<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["accept", "host", "x-request-id"]));
}

// Ids that lead elsewhere.

#[tokio::test]
async fn two_dots_for_an_id_do_not_reach_another_operation() {
    let (server, client) = client().await;
    let error = client.get_city_details("..").await.unwrap_err();
    assert_eq!((error.kind(), error.invalid().unwrap().field()), (Kind::Invalid, "city-id"));
    assert!(server.requests().is_empty());
    // Encoded dots are resolved by parsers of URLs as well: they have to arrive as the letters that they are.
    server.answer(Reply::new(200, "{}"));
    client.get_city_details("%2e%2e").await.unwrap();
    assert_eq!(only(&server).target, "/psd2/aspspinformation/v1/cities/%252e%252e");
}

// Types that nobody can meet.

#[test]
fn what_no_operation_answers_with_has_no_type() {
    let document = Document::read();
    let reachable = document.reachable();
    let types: BTreeSet<_> = generated_types().into_iter().map(|name| name.to_lowercase()).collect();
    let plain = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let wanted: BTreeSet<_> = reachable.iter().map(|name| plain(name)).collect();
    let mut left_out = 0;
    for name in document.schemas().keys().filter(|name| !reachable.contains(name.as_str())) {
        let name = plain(name);
        assert!(wanted.contains(&name) || !types.contains(&name), "{name} is generated, and no operation reaches it");
        left_out += 1;
    }
    assert!(left_out > 80, "only {left_out} are left out");
}

// Two successes of one operation.

#[tokio::test]
async fn a_cancellation_is_done_or_begun_and_the_status_tells_which() {
    let (server, client) = client().await;
    let (service, product) = (types::PaymentService::Payments, types::PaymentProduct::Domestic);
    let payment = "p".parse().unwrap();
    server.answer(Reply::new(204, ""));
    let done = client.cancel_payment(&service, &product, &payment).await.unwrap();
    assert_eq!((done.status().as_u16(), &*done), (204, &types::PaymentInitiationCancelResponse202::default()));
    server.answer(Reply::new(202, r#"{"transactionStatus":"CANC"}"#));
    let begun: Response<_> = client.cancel_payment(&service, &product, &payment).await.unwrap();
    assert_eq!(
        (begun.status().as_u16(), begun.transaction_status.clone()),
        (202, Some(types::TransactionStatus::Canc))
    );
}

// A body is checked before it is sent.

#[tokio::test]
async fn a_body_that_was_read_and_breaks_a_rule_is_not_sent() {
    let (server, client) = client().await;
    let consents: types::Consents = serde_json::from_value(json!({"access": {}, "validUntil": "tomorrow"})).unwrap();
    assert!(consents.check().is_err());
    let error: Error = client.create_consent(&consents).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(server.requests().is_empty());
}
