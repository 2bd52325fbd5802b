//! Transactions over pages: what is asked, what comes out, and where it does not go.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Act, Host, answer, builder};
use opp_ergonomic::{
    Accounts, Bank, BookingStatus, Error, Psu, ReportFormat, Transaction, TransactionQuery, ValidConsent,
};

fn accounts(auth: &Host, api: &Host) -> Accounts {
    let client = builder(&auth.url, &api.url).attempt_timeout(Duration::from_millis(400)).build().unwrap();
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("1")).unwrap();
    session.accounts(&ValidConsent::stored("c1", None))
}

fn page(ids: &[&str], next: Option<&str>) -> Act {
    let entries: Vec<_> = ids
        .iter()
        .map(|id| format!(r#"{{"transactionId":"{id}","transactionAmount":{{"currency":"SEK","amount":"-10.50"}}}}"#))
        .collect();
    let links = next.map_or("{}".into(), |next| format!(r#"{{"next":{{"href":"{next}"}}}}"#));
    answer(200, format!(r#"{{"transactions":{{"booked":[{}],"_links":{links}}}}}"#, entries.join(",")))
}

async fn all(accounts: &Accounts) -> Result<Vec<Transaction>, Error> {
    let query = TransactionQuery::since("2026-01-01".parse().unwrap()).until("2026-02-01".parse().unwrap());
    accounts.transactions("a/1", &query)?.collect().await
}

#[tokio::test]
async fn pages_are_one_stream_with_the_same_headers() {
    let auth = Host::tokens().await;
    let next = "/accountinformation/v1/accounts/a%2F1/transactions?continuationKey";
    let api = Host::start(move |number, request| match number {
        1 => page(&["1", "2"], Some(&format!("{next}=2"))),
        2 => page(&["3"], Some(&format!("http://{}/psd2{next}=3", request.headers["host"]))),
        _ => page(&[], None),
    })
    .await;
    let transactions = all(&accounts(&auth, &api)).await.unwrap();
    let ids: Vec<_> = transactions.iter().filter_map(Transaction::id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(transactions[0].amount().unwrap().to_string(), "-10.50 SEK");
    let requests = api.requests();
    assert!(
        requests[0].target.ends_with("a%2F1/transactions?bookingStatus=booked&dateFrom=2026-01-01&dateTo=2026-02-01")
    );
    assert_eq!(requests[1].target, format!("/psd2{next}=2"));
    assert_eq!(requests[2].target, format!("/psd2{next}=3"));
    for request in requests {
        assert_eq!(request.headers["consent-id"], "c1");
        assert_eq!(request.headers["x-bicfi"], "ESSESESS");
    }
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let auth = Host::tokens().await;
    let evil = Host::start(|_, _| page(&["evil"], None)).await;
    let there = format!("{}/psd2/accountinformation/v1/accounts/1/transactions", evil.url);
    let api = Host::start(move |_, _| page(&["1"], Some(&there))).await;
    let error = all(&accounts(&auth, &api)).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
    assert_eq!(evil.count(), 0);
}

#[tokio::test]
async fn pages_that_go_round_come_to_an_end() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| page(&["1"], Some(if number % 2 == 0 { "/psd2/a" } else { "/psd2/b" }))).await;
    let error = all(&accounts(&auth, &api)).await.unwrap_err();
    assert!(error.to_string().contains("read before"), "{error}");
    assert_eq!(api.count(), 3);
}

#[tokio::test]
async fn a_page_that_breaks_off_is_an_error_after_what_came() {
    let auth = Host::tokens().await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n";
    let body = r#"{"transactions":{"booked":[{"transactionId":"1"},{"transactionId":"#;
    let api = Host::start(move |_, _| Act::Raw(format!("{head}{body}").into())).await;
    let query = TransactionQuery::since("2026-01-01".parse().unwrap()).status(BookingStatus::Both);
    let mut transactions = accounts(&auth, &api).transactions("1", &query).unwrap();
    assert_eq!(transactions.next().await.unwrap().unwrap().id(), Some("1"));
    assert!(transactions.next().await.unwrap().is_err());
    assert!(transactions.next().await.is_none());
}

#[tokio::test]
async fn whoever_stops_waiting_can_go_on_and_misses_nothing() {
    let auth = Host::tokens().await;
    let api = Host::start(move |number, _| match number {
        1 | 3 => Act::Hang,
        2 => page(&["1"], Some("/psd2/next")),
        _ => page(&["2"], None),
    })
    .await;
    let mut transactions = accounts(&auth, &api).transactions("1", &TransactionQuery::delta()).unwrap();
    for id in ["1", "2"] {
        let asked = api.count();
        tokio::select! {
            found = transactions.next() => panic!("{found:?} out of nothing"),
            () = async { while api.count() == asked { tokio::task::yield_now().await } } => {}
        }
        assert_eq!(transactions.next().await.unwrap().unwrap().id(), Some(id));
    }
    assert!(transactions.next().await.is_none());
}

#[tokio::test]
async fn no_content_is_no_transactions() {
    let auth = Host::tokens().await;
    let api = Host::start(|_, _| answer(204, "")).await;
    assert!(all(&accounts(&auth, &api)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_stream_may_take_its_time_but_not_fall_silent() {
    let auth = Host::tokens().await;
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n".to_vec();
    let body = br#"{"transactions":{"booked":[{"transactionId":"1"}]}}         "#.to_vec();
    assert_eq!(body.len(), 60);
    let act = Act::Drip(head, body, Duration::from_millis(10));
    let api = Host::start(move |_, _| act.clone()).await;
    let start = Instant::now();
    assert_eq!(all(&accounts(&auth, &api)).await.unwrap().len(), 1);
    assert!(start.elapsed() > Duration::from_millis(400), "longer than an attempt");

    // One letter, and then nothing.
    let act = Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{".to_vec());
    let api = Host::start(move |_, _| act.clone()).await;
    let error = tokio::time::timeout(Duration::from_secs(5), all(&accounts(&auth, &api))).await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn days_in_the_wrong_order_are_refused() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| page(&[], None)).await);
    let query = TransactionQuery::since("2026-02-01".parse().unwrap()).until("2026-01-01".parse().unwrap());
    let error = accounts(&auth, &api).transactions("1", &query).unwrap_err();
    assert_eq!(error.invalid().unwrap().field(), "dateTo");
}

#[tokio::test]
async fn what_came_after_an_entry_can_be_asked_for() {
    let (auth, api) = (Host::tokens().await, Host::start(|_, _| page(&["8"], None)).await);
    let query = TransactionQuery::after_entry("7/a");
    assert_eq!(accounts(&auth, &api).transactions("1", &query).unwrap().collect().await.unwrap().len(), 1);
    assert!(api.requests()[0].target.ends_with("bookingStatus=booked&entryReferenceFrom=7%2Fa"));
}

#[tokio::test]
async fn a_report_comes_as_bytes() {
    let auth = Host::tokens().await;
    let api =
        Host::start(|_, request| answer(200, "<Document/>").with("Content-Type", &request.headers["accept"])).await;
    let query = TransactionQuery::delta();
    let report = accounts(&auth, &api).download("1", &query, ReportFormat::CAMT).await.unwrap().into_inner();
    assert_eq!(report.content_type(), Some("application/xml"));
    assert_eq!(&report.collect(100).await.unwrap()[..], b"<Document/>");
    assert!(api.requests()[0].target.ends_with("bookingStatus=booked&deltaList=true"));
}

#[tokio::test]
async fn a_page_that_is_long_in_coming_is_asked_for_again() {
    let auth = Host::tokens().await;
    let api = Host::start(|number, _| if number == 1 { Act::Hang } else { page(&["1"], None) }).await;
    let own = opp_ergonomic::raw::reqwest::Client::builder().build().unwrap();
    let client = builder(&auth.url, &api.url).attempt_timeout(Duration::from_millis(100)).http(own).build().unwrap();
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("1")).unwrap();
    assert_eq!(all(&session.accounts(&ValidConsent::stored("c1", None))).await.unwrap().len(), 1);
    assert_eq!(api.count(), 2);
}

#[tokio::test]
async fn no_transaction_is_left_out_without_a_word() {
    // Half of a pair of UTF-16, as some systems cut texts: no text, so the entry cannot be read.
    let cut = r#"{"transactions":{"booked":[{"remittanceInformationUnstructured":"party \ud83c"},null]}}"#;
    let download = r#"{"_links":{"download":{"href":"/psd2/report"}}}"#;
    for (body, wanted) in [(cut, "makes no sense"), (download, "link to a download")] {
        let (auth, api) = (Host::tokens().await, Host::start(move |_, _| answer(200, body)).await);
        let error = all(&accounts(&auth, &api)).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[tokio::test]
async fn remarks_on_pages_are_kept_and_the_id_of_the_call_is_known_whatever_happens() {
    let auth = Host::tokens().await;
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{";
    let remark = r#"{"category":"WARNING","code":"RAW","text":"Old entries are left out"}"#;
    let first =
        format!(r#"{{"transactions":{{"_links":{{"next":{{"href":"/psd2/2"}}}}}},"tppMessages":[{remark},{remark}]}}"#);
    let api =
        Host::start(move |number, _| if number == 1 { answer(200, &*first) } else { Act::Raw(half.into()) }).await;
    let mut transactions = accounts(&auth, &api).transactions("1", &TransactionQuery::delta()).unwrap();
    assert_eq!(transactions.request_id(), None);
    let error = transactions.next().await.unwrap().unwrap_err();
    let [warning] = transactions.warnings() else { panic!("{:?}", transactions.warnings()) };
    assert_eq!(warning.code.as_deref(), Some("RAW"));
    let sent = &api.requests()[1].headers["x-request-id"];
    assert_eq!((error.request_id(), transactions.request_id()), (Some(sent.as_str()), Some(sent.as_str())));
    assert_eq!(error.path(), Some("/psd2/2"));
}
