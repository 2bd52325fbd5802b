//! All operations are mocked on one server, each is called once, and each answer comes from its own mock.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeSet;

use opp_httpmock::MockServerExt;
use opp_httpmock::httpmock::MockServer;
use opp_raw::types::{
    AuthorisationRequest, BookingStatus, Consents, PaymentInitiationJson, PaymentProduct, PaymentService,
    RequestHeaders, ResponseHeaders,
};
use opp_raw::{Client, operations};
use serde_json::json;

fn named(id: &str) -> ResponseHeaders {
    ResponseHeaders { x_request_id: Some(id.to_owned()), ..Default::default() }
}

/// Each row: the operation, its arguments with what they are, and the answer, where `empty` stands for a JSON body.
macro_rules! every {
    ($( $constant:ident $method:ident ( $( $argument:ident = $value:expr ),* ) => $answer:ident ( $( $body:ident )? ); )*) => {
        #[tokio::test]
        async fn every_operation_reaches_its_own_mock() {
            let server = MockServer::start_async().await;
            let headers = RequestHeaders::builder()
                .x_bic_fi("ESSESESS")
                .consent_id("c/1")
                .psu_ip_address("192.0.2.7")
                .build()
                .unwrap();
            let client = Client::new(&server.base_url()).unwrap().with_headers(headers.clone());
            let mut mocked = Vec::new();
            $(
                let operation = &operations::$constant;
                mocked.push((operation.id, server.$method(|when, then| {
                    when.headers(&headers) $( .$argument($value) )*;
                    then.$answer($( &$body() )?).headers(&named(operation.id));
                })));
            )*
            // Turn by turn, so that a mock which answers for another shows.
            $(
                let answer = client.$method($( $value ),*).await.unwrap();
                assert_eq!(answer.headers().x_request_id.as_deref(), Some(operations::$constant.id));
            )*
            for (id, mock) in &mocked {
                assert_eq!(mock.calls_async().await, 1, "{id}");
            }
            let mocked: BTreeSet<_> = mocked.iter().map(|(id, _)| *id).collect();
            let all: BTreeSet<_> = operations::ALL.iter().map(|operation| operation.id).collect();
            assert_eq!(mocked, all);
        }
    };
}

fn empty<T: Default>() -> T {
    T::default()
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn consents() -> Consents {
    serde_json::from_value(json!({
        "access": {}, "recurringIndicator": true, "validUntil": "2026-06-30", "frequencyPerDay": 4,
        "combinedServiceIndicator": false
    }))
    .unwrap()
}

fn payment() -> opp_raw::types::PaymentInitiationRequest {
    let payment: PaymentInitiationJson = serde_json::from_value(json!({
        "instructedAmount": {"currency": "SEK", "amount": "349.50"},
        "debtorAccount": {"iban": "SE4550000000058398257466"},
        "creditorAccount": {"iban": "SE3850000000005231104726"},
        "creditorName": "Kråkskärs Keramik AB"
    }))
    .unwrap();
    payment.into()
}

fn choice() -> AuthorisationRequest {
    serde_json::from_value(json!({"authenticationMethodId": "mbid"})).unwrap()
}

const SERVICE: PaymentService = PaymentService::Payments;
const PRODUCT: PaymentProduct = PaymentProduct::Domestic;

every! {
    GET_ASPSP_LIST get_aspsp_list(city_ids = None, iso_country_codes = Some(&["SE".to_owned(), "FI".to_owned()])) => ok(empty);
    GET_ASPSP_DETAILS get_aspsp_details(bic_fi = &id("ESSESESS")) => ok(empty);
    GET_CITY_LIST get_city_list(city_ids = Some(&["1".to_owned()]), iso_country_codes = None) => ok(empty);
    GET_CITY_DETAILS get_city_details(city_id = "Åre & co") => ok(empty);
    GET_COUNTRIES_LIST get_countries_list(iso_country_codes = Some(&["SE".to_owned()])) => ok(empty);
    GET_COUNTRY_DETAILS get_country_details(iso_country_code = &id("SE")) => ok(empty);
    CREATE_CONSENT create_consent(body = &consents()) => created(empty);
    GET_CONSENT_INFORMATION get_consent_information(consent_id = &id("c/1")) => ok(empty);
    DELETE_CONSENT delete_consent(consent_id = &id("c/1")) => no_content();
    GET_CONSENT_STATUS get_consent_status(consent_id = &id("c/1")) => ok(empty);
    GET_CONSENT_AUTHORISATION get_consent_authorisation(consent_id = &id("c/1")) => ok(empty);
    START_CONSENT_AUTHORISATION start_consent_authorisation(consent_id = &id("c/1"), body = None) => created(empty);
    GET_CONSENT_SCA_STATUS get_consent_sca_status(consent_id = &id("c/1"), authorisation_id = &id("a?2")) => ok(empty);
    UPDATE_CONSENTS_PSU_DATA update_consents_psu_data(consent_id = &id("c/1"), authorisation_id = &id("a?2"), body = &choice()) => ok(empty);
    GET_ACCOUNT_LIST get_account_list(with_balance = Some(true)) => ok(empty);
    READ_ACCOUNT_DETAILS read_account_details(account_id = &id("k#3"), with_balance = None) => ok(empty);
    GET_BALANCES get_balances(account_id = &id("k#3")) => ok(empty);
    GET_TRANSACTION_LIST get_transaction_list(
        account_id = &id("k#3"), booking_status = &BookingStatus::Both, date_from = Some(&id("2026-01-01")),
        date_to = Some(&id("2026-01-31")), delta_list = Some(false), entry_reference_from = Some("100%+1"),
        with_balance = Some(true)
    ) => ok(empty);
    GET_TRANSACTION_DETAILS get_transaction_details(account_id = &id("k#3"), transaction_id = &id("t 4")) => ok(empty);
    INITIATE_PAYMENT initiate_payment(payment_service = &SERVICE, payment_product = &PRODUCT, body = &payment()) => created(empty);
    GET_PAYMENT_INFORMATION get_payment_information(payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")) => ok(empty);
    CANCEL_PAYMENT cancel_payment(payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")) => accepted(empty);
    GET_PAYMENT_INITIATION_STATUS get_payment_initiation_status(payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")) => ok(empty);
    GET_PAYMENT_INITIATION_AUTHORISATION get_payment_initiation_authorisation(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")
    ) => ok(empty);
    START_PAYMENT_AUTHORISATION start_payment_authorisation(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5"), body = Some(&choice())
    ) => created(empty);
    GET_PAYMENT_INITIATION_SCA_STATUS get_payment_initiation_sca_status(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5"), authorisation_id = &id("a?2")
    ) => ok(empty);
    UPDATE_PAYMENT_PSU_DATA update_payment_psu_data(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5"), authorisation_id = &id("a?2"),
        body = &choice()
    ) => ok(empty);
    GET_PAYMENT_INITIATION_CANCELLATION_AUTHORISATION_INFORMATION get_payment_initiation_cancellation_authorisation_information(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")
    ) => ok(empty);
    START_PAYMENT_INITIATION_CANCELLATION_AUTHORISATION start_payment_initiation_cancellation_authorisation(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5")
    ) => created(empty);
    GET_PAYMENT_CANCELLATION_SCA_STATUS get_payment_cancellation_sca_status(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5"), cancellation_id = &id("x.6")
    ) => ok(empty);
    UPDATE_PAYMENT_CANCELLATION_PSU_DATA update_payment_cancellation_psu_data(
        payment_service = &SERVICE, payment_product = &PRODUCT, payment_id = &id("p%5"), cancellation_id = &id("x.6"),
        body = &choice()
    ) => ok(empty);
}
