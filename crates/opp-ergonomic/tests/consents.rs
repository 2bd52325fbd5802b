//! What a consent may ask for and what is refused, and reads under one, as they are on the wire.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Host, answer, builder};
use opp_ergonomic::{Access, AccountNumber, Bank, ConsentRequest, Consents, Iban, Psu, ValidConsent, raw};

fn consents(auth: &Host, api: &Host) -> Consents {
    let psu = Psu::private().id("199311219639").ip([192, 0, 2, 7].into());
    builder(&auth.url, &api.url).build().unwrap().at(Bank::new("ESSESESS").unwrap(), psu).unwrap().consents()
}

fn once(access: Access) -> ConsentRequest {
    ConsentRequest::once(access, chrono::Utc::now().date_naive())
}

#[tokio::test]
async fn an_address_that_is_told_as_a_header_does_not_make_its_user_present() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(200, r#"{"accounts":[]}"#)).await);
    let absent = Psu::private().id("199311219639");
    let client = builder(&auth.url, &api.url).build().unwrap();
    let session = client.at(Bank::new("HANDSESS").unwrap(), absent).unwrap();
    let session = session.with_header("PSU-IP-Address", "192.0.2.7").unwrap();
    let accounts = session.accounts(&ValidConsent::stored("c1", Some(1)));
    accounts.list().await.unwrap();
    assert_eq!(api.requests()[0].headers["psu-ip-address"], "192.0.2.7");
    assert!(accounts.list().await.unwrap_err().is_rate_limited());
    assert_eq!(api.count(), 1);
}

#[tokio::test]
async fn a_consent_names_balances_only_of_its_accounts() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, r#"{"consentId":"c1"}"#)).await);
    let consents = consents(&auth, &api);
    let ask = async |access: Access| consents.create(&once(access)).await;
    let number = |text: &str| AccountNumber::from(Iban::new(text).unwrap());
    let [one, other] = ["SE4550000000058398257466", "SE8160000000000401975231"].map(number);
    let stray = Access::lists(std::slice::from_ref(&one), &[], std::slice::from_ref(&other));
    assert_eq!(ask(stray).await.unwrap_err().invalid().unwrap().field(), "access.transactions");
    assert_eq!(api.count(), 0);
    ask(Access::lists(&[], std::slice::from_ref(&one), &[])).await.unwrap();
    ask(Access::lists(&[one.clone(), other], &[one], &[])).await.unwrap();
}

#[tokio::test]
async fn a_consent_can_say_what_the_platform_has_and_no_method_does() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| answer(201, r#"{"consentId":"c1"}"#)).await);
    let consents = consents(&auth, &api);
    let euro = r#"{"accounts":[{"iban":"SE4550000000058398257466","currency":"EUR"}]}"#;
    let euro: raw::types::AccountAccess = serde_json::from_str(euro).unwrap();
    for (access, sent) in [
        (Access::from(euro), r#""currency":"EUR""#),
        (Access::selected_accounts(), r#""availableAccounts":"selectAccounts""#),
    ] {
        consents.create(&once(access)).await.unwrap();
        let body = api.requests().pop().unwrap().body;
        assert!(body.contains(sent), "{body}");
    }
}
