//! Account information: kinds of accounts, balances, transactions, windows and pages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/reader.rs"]
mod reader;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{config, consent, refusal_of};
use opp_sandbox::Config;
use reader::{ACCOUNTS, Reader};
use serde_json::{Value, json};

#[tokio::test]
async fn customers_have_accounts_of_many_kinds() {
    let reader = Reader::at("ESSESESS").await;
    let accounts = reader.accounts().await;
    let kinds: Vec<_> = accounts.iter().map(|account| account["cashAccountType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["CACC", "SVGS", "TRAN", "CARD", "CACC"]);
    let company = Reader::company_at("ESSESESS", "5566771234").await.accounts().await;
    assert_eq!(company[1]["cashAccountType"], "TAXE");
    assert!(company[0]["bankgiroNumber"].is_string());
    assert!(Reader::company_at("NDEASESS", "5566771234").await.accounts().await[0]["plusgiroNumber"].is_string());
}

#[tokio::test]
async fn a_card_account_has_a_masked_number_and_a_limit() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CARD").await;
    let card = reader.read(&format!("{path}?withBalance=true")).await;
    assert!(card["maskedPan"].as_str().unwrap().contains("******"));
    assert!(card["iban"].is_null());
    let amount =
        |index: usize| card["balances"][index]["balanceAmount"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let limit: f64 = card["creditLimit"]["amount"].as_str().unwrap().parse().unwrap();
    assert_eq!(card["balances"][2]["balanceType"], "nonInvoiced");
    assert!((amount(1) - limit - amount(2)).abs() < 0.001, "available is the limit and what is owed: {card}");
    let (booked, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2025-03-16")).await;
    assert!(booked.iter().any(|row| row["currencyExchange"][0]["sourceCurrency"] == "EUR"));
    assert!(booked.iter().all(|row| row["transactionAmount"]["currency"] == "SEK"));
}

#[tokio::test]
async fn an_account_of_several_currencies_has_a_balance_in_each() {
    let reader = Reader::at("OKOYFIHH").await;
    let accounts = reader.accounts().await;
    let account = accounts.iter().find(|account| account["currency"] == "XXX").unwrap();
    let balances = account["balances"].as_array().unwrap();
    let currencies: BTreeSet<_> =
        balances.iter().map(|one| one["balanceAmount"]["currency"].as_str().unwrap()).collect();
    assert_eq!(currencies, BTreeSet::from(["EUR", "SEK", "USD"]));
    let list = account["_links"]["transactions"]["href"].as_str().unwrap();
    let (booked, _) = reader.all(&format!("{list}?bookingStatus=booked&dateFrom=2025-03-16")).await;
    let seen: BTreeSet<_> = booked.iter().map(|one| one["transactionAmount"]["currency"].as_str().unwrap()).collect();
    assert_eq!(seen, currencies);
}

#[tokio::test]
async fn details_are_bare_or_wrapped_by_bank() {
    for (bank, wrapped) in [("ESSESESS", false), ("SWEDSESS", true), ("DABASESX", true), ("OKOYFIHH", false)] {
        let reader = Reader::at(bank).await;
        let path = reader.account("CACC").await;
        let body = reader.read(&path).await;
        let inner = if wrapped { &body["account"] } else { &body };
        assert_eq!(inner["cashAccountType"], "CACC", "{bank}");
    }
}

#[tokio::test]
async fn swedbank_writes_account_numbers_its_own_way_and_leaves_ids_out() {
    let reader = Reader::at("SWEDSESS").await;
    let account = &reader.accounts().await[0];
    assert!(account["bban"].as_str().unwrap().contains("-9,") || account["bban"].as_str().unwrap().contains(','));
    assert!(account["currency"].is_null());
    let list = account["_links"]["transactions"]["href"].as_str().unwrap();
    let (booked, _) = reader.all(&format!("{list}?bookingStatus=booked&dateFrom=2026-03-01")).await;
    assert!(booked.iter().all(|row| row["transactionId"].is_null()) && booked.len() > 30, "dates mean nothing here");
}

#[tokio::test]
async fn nothing_to_list_is_an_empty_list_or_204_by_bank() {
    let mut access = consent();
    access["access"] = json!({ "accounts": [{ "iban": "SE3850000000005231104726" }] });
    for (bank, status) in [("ESSESESS", 200), ("NDEASESS", 204), ("OKOYFIHH", 204), ("HANDSESS", 200)] {
        let reader = Reader::with(bank, config(), None, &access).await;
        assert_eq!(reader.get(ACCOUNTS).send().await.unwrap().status(), status, "{bank}");
    }
    let reader = Reader::at("OKOYFIHH").await;
    let path = reader.account("SVGS").await;
    let quiet = format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-14&dateTo=2026-03-15");
    assert_eq!(reader.get(&quiet).send().await.unwrap().status(), 204, "a weekend");
}

#[tokio::test]
async fn giros_are_spelt_differently_in_transactions() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let (booked, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2025-12-01")).await;
    for key in ["bankGiro", "plusGiro"] {
        assert!(booked.iter().any(|row| row["creditorAccount"][key].is_string()), "{key}");
    }
}

#[tokio::test]
async fn three_years_are_believable() {
    let reader = Reader::at("ESSESESS").await;
    for (kind, least) in [("CACC", 1000), ("SVGS", 40), ("TRAN", 300), ("CARD", 200)] {
        let path = reader.account(kind).await;
        let (booked, pending) =
            reader.all(&format!("{path}/transactions?bookingStatus=both&dateFrom=2023-03-20")).await;
        assert!(booked.len() > least, "{kind}: {}", booked.len());
        assert!(pending.iter().all(|row| row["bookingDate"].is_null()));
        let days: Vec<&str> = booked.iter().map(|row| row["bookingDate"].as_str().unwrap()).collect();
        assert!(days.is_sorted_by(|one, other| one >= other), "newest first");
        let weekday =
            |day: &str| chrono::Datelike::weekday(&day.parse::<chrono::NaiveDate>().unwrap()).num_days_from_monday();
        assert!(days.iter().all(|day| weekday(day) < 5), "nothing is booked on a weekend");
        if kind == "CACC" {
            let salaries = booked.iter().filter(|row| row["bankTransactionCode"] == "PMNT-RCDT-SALA").count();
            assert!((35..=37).contains(&salaries), "{salaries} salaries");
            let balance = reader.read(&format!("{path}/balances")).await;
            let amount: f64 = balance["balances"][0]["balanceAmount"]["amount"].as_str().unwrap().parse().unwrap();
            assert!(amount > 0.0, "{amount}");
        }
    }
}

#[tokio::test]
async fn what_is_pending_gets_booked() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let list = format!("{path}/transactions?bookingStatus=both&dateFrom=2026-03-01");
    let (_, pending) = reader.all(&list).await;
    assert!(!pending.is_empty());
    let mut reader = reader;
    reader.desk.sandbox.control().advance(Duration::from_hours(5 * 24));
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    let (booked, _) = reader.all(&list).await;
    for row in &pending {
        let same = booked.iter().find(|other| other["transactionId"] == row["transactionId"]).unwrap();
        assert_eq!(same["transactionAmount"], row["transactionAmount"]);
    }
}

#[tokio::test]
async fn balances_are_the_sum_of_what_was_listed() {
    let mut reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let cents = |value: &Value| value["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let before = cents(&reader.read(&format!("{path}/balances")).await["balances"][0]["balanceAmount"]);
    reader.desk.sandbox.control().advance(Duration::from_hours(30 * 24));
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    let after = cents(&reader.read(&format!("{path}/balances")).await["balances"][0]["balanceAmount"]);
    let (booked, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-17")).await;
    let sum: i64 = booked.iter().map(|row| cents(&row["transactionAmount"])).sum();
    assert_eq!(after - before, sum);
}

#[tokio::test]
async fn handelsbanken_refuses_what_lies_before_its_windows() {
    let reader = Reader::at("HANDSESS").await;
    let accounts = reader.accounts().await;
    let list = |account: &Value, from: &str| {
        format!("{}?bookingStatus=booked&dateFrom={from}", account["_links"]["transactions"]["href"].as_str().unwrap())
    };
    let (kronor, euro) = (&accounts[1], accounts.iter().find(|account| account["currency"] == "EUR").unwrap());
    reader.read(&list(kronor, "2025-01-01")).await;
    let refused = reader.get(&list(kronor, "2024-12-01")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PERIOD_INVALID");
    reader.read(&list(euro, "2025-03-01")).await;
    let refused = reader.get(&list(euro, "2025-01-01")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PERIOD_INVALID");
    let company = Reader::company_at("HANDSESS", "5566771234").await;
    let account = &company.accounts().await[1];
    company.read(&list(account, "2025-02-01")).await;
    let refused = company.get(&list(account, "2025-01-01")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PERIOD_INVALID");
}

#[tokio::test]
async fn handelsbanken_refuses_more_than_600_rows() {
    let reader = Reader::at("HANDSESS").await;
    let path = reader.account("CACC").await;
    let list = |from: &str| format!("{path}/transactions?bookingStatus=booked&dateFrom={from}");
    let (few, _) = reader.all(&list("2025-09-01")).await;
    assert!(few.len() <= 600);
    // Payments fill it up beyond what a bank shows at once.
    pay_many(&reader, &json!("403333911"), 590).await;
    let refused = reader.get(&list("2025-09-01")).send().await.unwrap();
    assert!(refusal_of(refused, 400).await.1.contains("600"));
}

#[tokio::test]
async fn handelsbanken_shows_companies_2900_rows_of_a_single_day() {
    let reader = Reader::company_at("HANDSESS", "5566771234").await;
    let accounts = reader.accounts().await;
    let (debtor, path) = (&accounts[0]["bban"], accounts[0]["_links"]["transactions"]["href"].as_str().unwrap());
    let list = |from: &str| format!("{path}?bookingStatus=booked&dateFrom={from}&dateTo=2026-03-16");
    let refusal = async |from: &str| refusal_of(reader.get(&list(from)).send().await.unwrap(), 400).await;
    let (mut rows, today) = (reader.all(&list("2026-03-16")).await.0.len(), "2026-03-16");
    for count in [700, 1_000, 1_000] {
        pay_many(&reader, debtor, count).await;
        rows += count;
        assert_eq!(reader.all(&list(today)).await.0.len(), rows);
        assert!(refusal("2026-03-15").await.1.contains("600"), "{rows} rows of more than a day");
    }
    pay_many(&reader, debtor, 300).await;
    let (code, text) = refusal(today).await;
    assert!(code == "PERIOD_INVALID" && text.contains("2900"), "{text}");
}

/// So many payments of a krona, booked at once.
async fn pay_many(reader: &Reader, debtor: &Value, count: usize) {
    let order = json!({
        "debtorAccount": { "bban": debtor },
        "payments": (0..count).map(|index| json!({
            "instructedAmount": { "currency": "SEK", "amount": "1.00" },
            "creditorAccount": { "bban": "401975231", "clearingNumber": "1000" },
            "creditorName": format!("Payee {index}"),
        })).collect::<Vec<_>>(),
    });
    let payment = reader.create("bulk-payments/domestic", &order).await;
    reader.approve(&payment).await;
    reader.wait(5);
}

#[tokio::test]
async fn a_list_too_long_for_a_page_can_be_downloaded_in_one_piece() {
    for (bank, bare) in [("ESSESESS", false), ("SWEDSESS", true)] {
        let reader = Reader::with(bank, Config { page_rows: Some(20), ..config() }, None, &consent()).await;
        let path = reader.account("CACC").await;
        let first = reader.read(&format!("{path}/transactions?bookingStatus=both&dateFrom=2026-01-01")).await;
        let link = first["_links"]["download"]["href"].as_str().unwrap();
        let host = reader.desk.sandbox.api_url().strip_prefix("http://").unwrap();
        assert_eq!(link.starts_with(host), bare, "{bank}: {link}");
        assert_eq!(link.starts_with('/'), !bare, "{bank}: {link}");
        let address = if bare { format!("http://{link}") } else { link.to_owned() };
        let whole = reader.read(&address).await;
        let (booked, pending) =
            reader.all(&format!("{path}/transactions?bookingStatus=both&dateFrom=2026-01-01")).await;
        assert!(booked.len() > 20);
        assert_eq!(whole["transactions"]["booked"].as_array().unwrap(), &booked, "{bank}");
        assert_eq!(whole["transactions"]["pending"].as_array().unwrap(), &pending, "{bank}");
        assert!(whole["transactions"]["_links"]["next"].is_null() && whole["_links"].is_null(), "it is whole");
    }
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let short = reader.read(&format!("{path}/transactions?bookingStatus=both&dateFrom=2026-03-10")).await;
    assert!(short["_links"].is_null(), "what fits on a page needs none");
}

#[tokio::test]
async fn a_download_is_the_list_as_it_was() {
    let mut reader = Reader::with("ESSESESS", Config { page_rows: Some(20), ..config() }, None, &consent()).await;
    let path = reader.account("CACC").await;
    let list = format!("{path}/transactions?bookingStatus=booked&deltaList=true");
    let first = reader.read(&list).await;
    let link = first["_links"]["download"]["href"].as_str().unwrap();
    let before = reader.read(link).await;
    reader.wait(86_400 * 7);
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    assert_eq!(reader.read(link).await, before);
}

#[tokio::test]
async fn swedbank_wants_a_fresh_signature_for_old_entries() {
    let reader = Reader::at("SWEDSESS").await;
    let path = reader.account("CACC").await;
    let list = |from: &str| format!("{path}/transactions?bookingStatus=booked&dateFrom={from}");
    let fresh = reader.all(&list("2025-01-01")).await.0.len();
    let mut reader = reader;
    reader.desk.sandbox.control().advance(Duration::from_hours(2));
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    let refused = reader.get(&list("2025-01-01")).send().await.unwrap();
    let (code, text) = refusal_of(refused, 401).await;
    assert_eq!(code, "CONSENT_INVALID");
    assert!(text.contains("statement"), "{text}");
    assert!(reader.all(&list("2026-01-01")).await.0.len() < fresh);
}

#[tokio::test]
async fn a_delta_shows_what_came_after_an_entry_and_after_the_last_read() {
    let mut reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let (booked, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-02-01")).await;
    let tenth = booked[10]["entryReference"].as_str().unwrap();
    let (newer, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&entryReferenceFrom={tenth}")).await;
    assert_eq!(newer, booked[..10]);
    let unknown = format!("{path}/transactions?bookingStatus=booked&entryReferenceFrom=2026030100099999");
    assert_eq!(refusal_of(reader.get(&unknown).send().await.unwrap(), 400).await.0, "RESOURCE_UNKNOWN");
    let list = format!("{path}/transactions?bookingStatus=booked&deltaList=true");
    assert!(reader.all(&list).await.0.is_empty(), "read a moment ago");
    reader.desk.sandbox.control().advance(Duration::from_hours(7 * 24));
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    let (week, _) = reader.all(&list).await;
    let (expected, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-17")).await;
    assert!(!week.is_empty());
    assert_eq!(week, expected);
    let other = Reader::at("HANDSESS").await;
    let path = other.account("CACC").await;
    let refused = other.get(&format!("{path}/transactions?bookingStatus=booked&deltaList=true")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 400).await.0, "PARAMETER_NOT_SUPPORTED");
}

#[tokio::test]
async fn a_transaction_has_details_at_seb_only() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let (booked, _) = reader.all(&format!("{path}/transactions?bookingStatus=booked&dateFrom=2026-03-01")).await;
    for row in &booked {
        assert_eq!(&reader.read(row["_links"]["transactionDetails"]["href"].as_str().unwrap()).await, row);
    }
    let unknown = reader.get(&format!("{path}/transactions/0000000020260301")).send().await.unwrap();
    assert_eq!(refusal_of(unknown, 404).await.0, "RESOURCE_UNKNOWN");
    let other = Reader::at("OKOYFIHH").await;
    let path = other.account("CACC").await;
    let refused = other.get(&format!("{path}/transactions/1")).send().await.unwrap();
    assert_eq!(refusal_of(refused, 405).await.0, "SERVICE_INVALID");
}

#[tokio::test]
async fn a_page_key_that_was_not_handed_out_is_refused() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    for key in ["1", "AAAA", "%00", "b3BlbnN1Mg", "LTI2MjE0My0wMS0wMSAg"] {
        let list = format!("{path}/transactions?bookingStatus=booked&deltaList=true&continuationKey={key}");
        assert_eq!(refusal_of(reader.get(&list).send().await.unwrap(), 400).await.0, "FORMAT_ERROR", "{key}");
    }
}

#[tokio::test]
async fn the_way_back_through_the_pages_is_the_way_there() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let mut pages = vec![reader.read(&format!("{path}/transactions?bookingStatus=both&dateFrom=2025-06-01")).await];
    while let Some(next) = pages.last().unwrap()["transactions"]["_links"]["next"]["href"].as_str() {
        let page = reader.read(next).await;
        pages.push(page);
    }
    assert!(pages.len() > 2);
    let lists = |page: &Value| (page["transactions"]["booked"].clone(), page["transactions"]["pending"].clone());
    let first = pages.last().unwrap()["transactions"]["_links"]["first"]["href"].as_str().unwrap();
    assert_eq!(lists(&reader.read(first).await), lists(&pages[0]));
    for pair in pages.windows(2) {
        let previous = pair[1]["transactions"]["_links"]["previous"]["href"].as_str().unwrap();
        assert_eq!(lists(&reader.read(previous).await), lists(&pair[0]));
    }
}
