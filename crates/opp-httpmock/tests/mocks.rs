//! What a mock expects and how it answers, as a test of one's own meets it: one happy example of each kind, and what
//! does not match.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use opp_httpmock::httpmock::MockServer;
use opp_httpmock::operations::{CancelPaymentThen, CancelPaymentWhen};
use opp_httpmock::{MockServerExt, mock_async};
use opp_raw::types::{
    AccountList, AspspList, AspspScaApproach, AuthorisationRequest, BookingStatus, City,
    ConsentInformationResponse200Json, ConsentStatusResponse200, Consents, ConsentsResponse201, MessageCode,
    PaymentInitiationCancelResponse202, PaymentInitiationResponse, PaymentProduct, PaymentService, RequestHeaders,
    ResponseHeaders, StartScaprocessResponse,
};
use opp_raw::{Client, Kind, Multipart, Number};
use serde_json::json;

fn headers() -> RequestHeaders {
    RequestHeaders::builder()
        .x_bic_fi("ESSESESS")
        .consent_id("c-1")
        .psu_ip_address("192.0.2.7")
        .tpp_redirect_preferred(false)
        .build()
        .unwrap()
}

fn client(server: &MockServer) -> Client {
    Client::new(&server.base_url()).unwrap().with_headers(headers())
}

fn consent() -> Consents {
    serde_json::from_value(json!({
        "access": {}, "recurringIndicator": true, "validUntil": "2026-06-30", "frequencyPerDay": 4,
        "combinedServiceIndicator": false
    }))
    .unwrap()
}

#[tokio::test]
async fn a_path_parameter_is_expected_as_the_client_encodes_it() {
    let server = MockServer::start_async().await;
    let mock = server.get_city_details(|when, then| {
        when.city_id("Malmö/Lund (S) 1+1");
        then.ok(&City::default());
    });
    client(&server).get_city_details("Malmö/Lund (S) 1+1").await.unwrap();
    mock.assert_async().await;
    assert_eq!(client(&server).get_city_details("Malmö").await.unwrap_err().status().unwrap(), 404);
}

#[tokio::test]
async fn a_path_parameter_that_is_not_mentioned_may_be_anything_but_a_further_segment() {
    let server = MockServer::start_async().await;
    let mock = server.get_consent_information(|_, then| {
        then.ok(&ConsentInformationResponse200Json::default());
    });
    let client = client(&server);
    client.get_consent_information(&"a".parse().unwrap()).await.unwrap();
    client.get_consent_information(&"b/status".parse().unwrap()).await.unwrap();
    client.get_consent_status(&"b".parse().unwrap()).await.unwrap_err();
    mock.assert_calls_async(2).await;
}

#[tokio::test]
async fn a_query_is_expected_with_its_commas_and_its_gaps() {
    let server = MockServer::start_async().await;
    let codes = ["SE".to_owned(), "FI & åland".to_owned()];
    let mock = server.get_aspsp_list(|when, then| {
        when.iso_country_codes(Some(&codes)).city_ids(None);
        then.ok(&AspspList::default());
    });
    let client = client(&server);
    client.get_aspsp_list(None, Some(&codes)).await.unwrap();
    mock.assert_async().await;
    for (cities, codes) in [(None, None), (None, Some(&codes[..1])), (Some(&codes[..1]), Some(&codes[..]))] {
        client.get_aspsp_list(cities, codes).await.unwrap_err();
    }
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn a_json_body_is_expected_and_a_typed_answer_comes_back_with_its_headers() {
    let server = MockServer::start_async().await;
    let mock = server.create_consent(|when, then| {
        when.body(&consent()).headers(&headers());
        then.created(&ConsentsResponse201 { consent_id: Some("c-2".parse().unwrap()), ..Default::default() }).headers(
            &ResponseHeaders {
                aspsp_sca_approach: Some(AspspScaApproach::Decoupled),
                location: Some("/psd2/consent/v1/consents/c-2".to_owned()),
                ..Default::default()
            },
        );
    });
    let client = client(&server);
    let created = client.create_consent(&consent()).await.unwrap();
    assert_eq!((created.status().as_u16(), created.consent_id.as_ref().unwrap().as_str()), (201, "c-2"));
    assert_eq!(created.headers().aspsp_sca_approach, Some(AspspScaApproach::Decoupled));
    assert_eq!(created.headers().location.as_deref(), Some("/psd2/consent/v1/consents/c-2"));
    mock.assert_async().await;

    let other = Consents { recurring_indicator: Some(false), ..consent() };
    client.create_consent(&other).await.unwrap_err();
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn a_body_that_may_be_missing_is_expected_to_be() {
    let server = MockServer::start_async().await;
    let consent = "c-1".parse().unwrap();
    let request: AuthorisationRequest = serde_json::from_value(json!({"authenticationMethodId": "mbid"})).unwrap();
    let without = server.start_consent_authorisation(|when, then| {
        when.body(None);
        then.created(&StartScaprocessResponse::default());
    });
    let client = client(&server);
    client.start_consent_authorisation(&consent, None).await.unwrap();
    client.start_consent_authorisation(&consent, Some(&request)).await.unwrap_err();
    without.assert_calls_async(1).await;
}

#[tokio::test]
async fn xml_is_expected_byte_for_byte() {
    let server = MockServer::start_async().await;
    let (service, product) = (PaymentService::Payments, PaymentProduct::SepaCreditTransfers);
    // Also in the encoding of a bank of old.
    let latin = [&b"<Nm>Kr"[..], &[0xe5], b"ka</Nm>"].concat();
    for xml in [b"<Document/>".to_vec(), latin] {
        let mock = server.initiate_payment(|when, then| {
            when.payment_service(&service).payment_product(&product).body_raw("application/xml", &xml);
            then.created(&PaymentInitiationResponse::default());
        });
        let client = client(&server);
        client.initiate_payment_raw(&service, &product, "application/xml", xml.clone()).await.unwrap();
        client.initiate_payment_raw(&service, &product, "application/xml", &b"<Document />"[..]).await.unwrap_err();
        client.initiate_payment_raw(&service, &product, "text/xml", xml).await.unwrap_err();
        mock.assert_calls_async(1).await;
    }
}

#[tokio::test]
async fn a_form_is_expected_whatever_its_boundary() {
    let server = MockServer::start_async().await;
    let (service, product) = (PaymentService::PeriodicPayments, PaymentProduct::SepaCreditTransfers);
    let mock = server.initiate_payment(|when, then| {
        when.content_type("multipart/form-data").body_includes("<Document/>");
        then.created(&PaymentInitiationResponse::default());
    });
    let client = client(&server);
    let (media, form) = Multipart::new().part("xml_sct", "application/xml", "<Document/>").build();
    client.initiate_payment_raw(&service, &product, &media, form.clone()).await.unwrap();
    client.initiate_payment_raw(&service, &product, "multipart/mixed", form).await.unwrap_err();
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn a_report_of_another_media_type_streams() {
    let server = MockServer::start_async().await;
    let account = "a-1".parse().unwrap();
    let report: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let mock = server.get_transaction_list(|when, then| {
        when.account_id(&account).booking_status(&BookingStatus::Booked).header("accept", "application/xml");
        then.ok_bytes("application/xml", &report);
    });
    let answer = client(&server)
        .get_transaction_list_stream(&account, &BookingStatus::Booked, None, None, None, None, None, "application/xml")
        .await
        .unwrap();
    assert_eq!(answer.content_type(), Some("application/xml"));
    assert!(answer.into_inner().collect(1 << 20).await.unwrap() == report);
    mock.assert_async().await;
}

#[tokio::test]
async fn an_answer_without_content_is_empty() {
    let server = MockServer::start_async().await;
    server.get_account_list(|when, then| {
        when.with_balance(Some(true));
        then.no_content();
    });
    let accounts = client(&server).get_account_list(Some(true)).await.unwrap();
    assert_eq!((accounts.status().as_u16(), accounts.accounts.len()), (204, 0));
}

#[tokio::test]
async fn an_error_has_its_status_and_all_its_codes_in_either_form() {
    let server = MockServer::start_async().await;
    let codes = [MessageCode::ConsentExpired, MessageCode::Unknown("NEW_CODE".to_owned())];
    let (consent, account) = ("c-1".parse().unwrap(), "a-1".parse().unwrap());
    server.get_consent_status(|_, then| {
        then.error(401, &codes).headers(&ResponseHeaders { x_request_id: Some("r-1".into()), ..Default::default() });
    });
    server.get_balances(|_, then| {
        then.problem(401, &codes);
    });
    let client = client(&server);
    let messages = client.get_consent_status(&consent).await.unwrap_err();
    let problem = client.get_balances(&account).await.unwrap_err();
    for error in [&messages, &problem] {
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (Kind::Status, 401));
        assert_eq!(error.codes().cloned().collect::<Vec<_>>(), codes);
    }
    assert_eq!(messages.request_id(), Some("r-1"));
    assert_eq!(messages.problem().unwrap().messages[0].category.as_deref(), Some("ERROR"));
    assert_eq!(problem.problem().unwrap().title.as_deref(), Some("Unauthorized"));
    assert_eq!(problem.raw_headers().unwrap()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn what_the_document_does_not_know_can_be_answered_all_the_same() {
    let server = MockServer::start_async().await;
    server.get_country_details(|_, then| {
        then.json(200, &json!({"isoCountryCode": "SE", "colour": "blue"})).header("x-bank", "odd");
    });
    server.get_account_list(|_, then| {
        then.bytes(502, "text/html", "<h1>Bad Gateway</h1>");
    });
    server.get_consent_status(|_, then| {
        then.empty(500);
    });
    let client = client(&server);
    let country = client.get_country_details(&"SE".parse().unwrap()).await.unwrap();
    assert_eq!(country.extra.get("colour").unwrap(), "blue");
    assert_eq!(country.raw_headers()["x-bank"], "odd");
    let gateway = client.get_account_list(Some(false)).await.unwrap_err();
    assert_eq!(gateway.body().unwrap(), "<h1>Bad Gateway</h1>");
    let silent = client.get_consent_status(&"c-1".parse().unwrap()).await.unwrap_err();
    assert_eq!((silent.status().unwrap().as_u16(), silent.body().unwrap().len()), (500, 0));
}

#[tokio::test]
async fn numbers_are_answered_with_all_their_digits() {
    let server = MockServer::start_async().await;
    let amount: Number = "12345678901234567890.10".parse().unwrap();
    server.get_account_list(|_, then| {
        then.json(400, &[&amount]);
    });
    let error = client(&server).get_account_list(None).await.unwrap_err();
    assert_eq!(error.body().unwrap(), "[12345678901234567890.10]");
}

#[tokio::test]
async fn headers_that_the_client_was_given_are_expected_and_another_value_does_not_match() {
    let server = MockServer::start_async().await;
    let mock = server.get_account_list(|when, then| {
        when.headers(&headers()).header("x-tenant", "7");
        then.ok(&AccountList::default());
    });
    let same = client(&server).with_header("x-tenant", "7").unwrap();
    same.get_account_list(None).await.unwrap();
    mock.assert_calls_async(1).await;

    let mut other = headers();
    other.tpp_redirect_preferred = Some(true);
    let differing = same.with_headers(other);
    assert_eq!(differing.get_account_list(None).await.unwrap_err().status().unwrap(), 404);
    let mut missing = headers();
    missing.psu_ip_address = None;
    assert_eq!(same.with_headers(missing).get_account_list(None).await.unwrap_err().status().unwrap(), 404);
    client(&server).get_account_list(None).await.unwrap_err();
    mock.assert_calls_async(1).await;
}

#[tokio::test]
async fn a_header_that_the_operation_does_not_have_is_not_expected() {
    let server = MockServer::start_async().await;
    // `Consent-ID` belongs to account calls: the client sends none to a consent.
    let mock = server.get_consent_status(|when, then| {
        when.headers(&headers());
        then.ok(&ConsentStatusResponse200::default());
    });
    client(&server).get_consent_status(&"c-1".parse().unwrap()).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn httpmocks_own_side_is_within_reach_and_a_mock_can_be_made_without_blocking() {
    let server = MockServer::start_async().await;
    let mock = mock_async(&server, |when: CancelPaymentWhen, then: CancelPaymentThen| {
        when.into_inner().header_exists("x-request-id");
        then.accepted(&PaymentInitiationCancelResponse202::default())
            .into_inner()
            .delay(std::time::Duration::from_millis(30));
    })
    .await;
    let started = std::time::Instant::now();
    let (service, product) = (PaymentService::Payments, PaymentProduct::Domestic);
    let cancelled = client(&server).cancel_payment(&service, &product, &"p-1".parse().unwrap()).await.unwrap();
    assert_eq!(cancelled.status().as_u16(), 202);
    assert!(started.elapsed().as_millis() >= 30);
    mock.assert_async().await;
}
