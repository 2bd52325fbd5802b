//! Finding banks, cities and countries.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Desk, refusal_of};
use serde_json::json;

const ROOT: &str = "/psd2/aspspinformation/v1";

#[tokio::test]
async fn the_list_holds_the_seven_banks() {
    let desk = Desk::at("ESSESESS").await;
    let body = desk.read(&format!("{ROOT}/aspsps")).await;
    let bics: Vec<_> = body["aspsps"].as_array().unwrap().iter().map(|bank| bank["bicFi"].as_str().unwrap()).collect();
    for bic in ["ESSESESS", "HANDSESS", "NDEASESS", "SWEDSESS", "DABASESX", "NDEAFIHH", "OKOYFIHH"] {
        assert!(bics.contains(&bic), "{bic}");
    }
}

#[tokio::test]
async fn countries_and_cities_together_are_a_union() {
    let desk = Desk::at("ESSESESS").await;
    let helsinki = "ba9dd929-1408-33a6-3ce2-bc45fcfaaa5c";
    let count =
        async |query: &str| desk.read(&format!("{ROOT}/aspsps?{query}")).await["aspsps"].as_array().unwrap().len();
    assert_eq!(count("isoCountryCodes=FI").await, 2);
    assert_eq!(count("isoCountryCodes=SE").await, 5);
    assert_eq!(count("isoCountryCodes=SE,FI").await, 7);
    assert_eq!(count("isoCountryCodes=SE&isoCountryCodes=FI").await, 7);
    assert_eq!(count(&format!("isoCountryCodes=SE&cityIds={helsinki}")).await, 7);
}

#[tokio::test]
async fn details_name_the_affiliated_savings_banks() {
    let desk = Desk::at("ESSESESS").await;
    let body = desk.read(&format!("{ROOT}/aspsps/SWEDSESS")).await;
    assert_eq!(body["affiliatedAspsps"][0]["id"], "08999");
    assert_eq!(body["globalPaymentProducts"][0], "domestic");
}

#[tokio::test]
async fn every_way_of_signing_is_called_by_one_of_the_two_documented_names() {
    let desk = Desk::at("ESSESESS").await;
    for (bank, names) in [
        ("ESSESESS", &["Decoupled", "OAuth2"][..]),
        ("HANDSESS", &["Decoupled"]),
        ("SWEDSESS", &["OAuth2", "Decoupled"]),
        ("OKOYFIHH", &["OAuth2"]),
    ] {
        let details = desk.read(&format!("{ROOT}/aspsps/{bank}")).await;
        let methods = details["supportedAuthorizationMethods"].as_array().unwrap();
        assert_eq!(methods.iter().map(|method| method["name"].as_str().unwrap()).collect::<Vec<_>>(), names, "{bank}");
    }
}

#[tokio::test]
async fn details_say_how_far_back_a_bank_goes() {
    let desk = Desk::at("ESSESESS").await;
    let history = async |bank: &str| desk.read(&format!("{ROOT}/aspsps/{bank}")).await["accountInformation"].clone();
    let swedbank = json!({
        "transactionHistoryMaxDays": 90,
        "extendedTransactionHistoryMaxDays": 760,
        "extendedTransactionHistoryAvailableWindowMinutes": 60,
    });
    assert_eq!(history("SWEDSESS").await, swedbank);
    let handelsbanken = json!({ "transactionHistoryMaxDays": 456, "transactionHistoryMaxCount": 600 });
    assert_eq!(history("HANDSESS").await, handelsbanken);
}

#[tokio::test]
async fn places_are_listed_and_found_by_id() {
    let desk = Desk::at("ESSESESS").await;
    let cities = desk.read(&format!("{ROOT}/cities?isoCountryCodes=DK")).await;
    let id = cities["cities"][0]["cityId"].as_str().unwrap();
    assert_eq!(desk.read(&format!("{ROOT}/cities/{id}")).await["name"], "Copenhagen");
    assert_eq!(desk.read(&format!("{ROOT}/countries")).await["countries"].as_array().unwrap().len(), 4);
    assert_eq!(desk.read(&format!("{ROOT}/countries/FI")).await["name"], "Finland");
}

#[tokio::test]
async fn a_trailing_slash_changes_nothing() {
    let desk = Desk::at("ESSESESS").await;
    assert_eq!(desk.read(&format!("{ROOT}/aspsps/")).await, desk.read(&format!("{ROOT}/aspsps")).await);
}

#[tokio::test]
async fn a_bank_that_does_not_exist_is_unknown() {
    let desk = Desk::at("ESSESESS").await;
    let answer = desk.get(&format!("{ROOT}/aspsps/DEUTDEFF")).send().await.unwrap();
    assert_eq!(refusal_of(answer, 404).await.0, "RESOURCE_UNKNOWN");
}

#[tokio::test]
async fn a_bic_of_the_wrong_form_is_told_apart_from_an_unknown_one() {
    let desk = Desk::at("ESSESESS").await;
    let answer = desk.get(&format!("{ROOT}/aspsps/countries")).send().await.unwrap();
    let (code, text) = refusal_of(answer, 400).await;
    assert_eq!(code, "FORMAT_ERROR");
    assert!(text.contains("bicFi"), "{text}");
}
