//! Transactions in other formats, and that pages cover them exactly once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/reader.rs"]
mod reader;

use std::collections::BTreeSet;

use common::refusal_of;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use reader::Reader;
use roxmltree::{Document, Node};
use serde_json::json;

fn named<'a>(document: &'a Document<'a>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| node.tag_name().name() == name)
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    node.descendants().find(|child| child.tag_name().name() == name).unwrap().text().unwrap()
}

fn cents(text: &str) -> i64 {
    text.replace(['.', ','], "").parse().unwrap()
}

#[tokio::test]
async fn accept_decides_between_json_xml_and_text() {
    let reader = Reader::at("ESSESESS").await;
    let path = reader.account("CACC").await;
    let list = format!("{path}/transactions?dateFrom=2026-02-01&bookingStatus");
    for (query, root, tag) in [
        ("booked", "camt.053", ":62F:"),
        ("both", "camt.052", ":90D:"),
        ("pending", "camt.052", ":90D:"),
        ("booked&deltaList=true", "camt.054", ":34F:"),
    ] {
        let xml = reader.read_as(&format!("{list}={query}"), "application/xml").await;
        let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
        assert!(document.root_element().tag_name().namespace().unwrap().contains(root), "{query}");
        let text = reader.read_as(&format!("{list}={query}"), "application/text").await;
        assert!(text.contains(tag), "{query}: {text}");
    }
    let mut request = reader.get(&format!("{list}=booked")).build().unwrap();
    request.headers_mut().insert("accept", "text/csv".parse().unwrap());
    let refused = reader.desk.client.execute(request).await.unwrap();
    assert_eq!(refusal_of(refused, 406).await.0, "REQUESTED_FORMATS_INVALID");
}

#[tokio::test]
async fn a_statement_adds_up() {
    for (bank, kind) in [("ESSESESS", "CACC"), ("ESSESESS", "CARD"), ("HANDSESS", "SVGS"), ("OKOYFIHH", "CACC")] {
        let reader = Reader::at(bank).await;
        let path = reader.account(kind).await;
        let list = format!("{path}/transactions?bookingStatus=booked&dateFrom=2025-11-01&dateTo=2026-02-28");
        let xml = reader.read_as(&list, "application/xml").await;
        let document = Document::parse(&xml).unwrap();
        let signed = |node: Node<'_, '_>| {
            let sign = if node.descendants().any(|child| child.text() == Some("DBIT")) { -1 } else { 1 };
            let amount = node.children().find(|child| child.tag_name().name() == "Amt").unwrap();
            sign * cents(amount.text().unwrap())
        };
        let balances: Vec<i64> = named(&document, "Bal").map(signed).collect();
        let entries: Vec<i64> = named(&document, "Ntry").map(signed).collect();
        assert_eq!(balances[0] + entries.iter().sum::<i64>(), balances[1], "{bank} {kind}");
        let (booked, _) = reader.all(&list).await;
        assert_eq!(booked.len(), entries.len());

        let mt = reader.read_as(&list, "application/text").await;
        // The mark stands at a place of its own: a `D` elsewhere (as in USD) says nothing.
        let signed = |line: &str, mark: usize, at: usize| {
            let text: String =
                line[at..].chars().take_while(|letter| letter.is_ascii_digit() || *letter == ',').collect();
            cents(&text) * if line.as_bytes()[mark] == b'D' { -1 } else { 1 }
        };
        let field = |tag: &str| mt.lines().filter(|line| line.starts_with(tag)).map(str::to_owned).collect::<Vec<_>>();
        let balance = |tag: &str| signed(&field(tag)[0], 5, 15);
        let entries: i64 = field(":61:").iter().map(|line| signed(line, 14, 15)).sum();
        assert_eq!(balance(":60F:") + entries, balance(":62F:"), "{bank} {kind}: {mt}");
        assert!(mt.is_ascii() && mt.ends_with("-\r\n"));
        assert_eq!(field(":61:").len(), booked.len());
        assert_eq!(named(&document, "NtryRef").count(), booked.len());
    }
}

#[tokio::test]
async fn an_account_of_several_currencies_has_a_statement_for_each() {
    let reader = Reader::at("OKOYFIHH").await;
    let accounts = reader.accounts().await;
    let list =
        accounts.iter().find(|account| account["currency"] == "XXX").unwrap()["_links"]["transactions"]["href"].clone();
    let list = format!("{}?bookingStatus=booked&dateFrom=2026-01-01", list.as_str().unwrap());
    let xml = reader.read_as(&list, "application/xml").await;
    let document = Document::parse(&xml).unwrap();
    let currencies: Vec<_> = named(&document, "Stmt").map(|statement| text(statement, "Ccy")).collect();
    assert_eq!(currencies, ["EUR", "SEK", "USD"]);
}

/// Pages, whatever is asked for and whatever happens meanwhile, against the statement, which has no pages.
#[test]
fn pages_cover_all_entries_exactly_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reader = runtime.block_on(Reader::at("ESSESESS"));
    let path = runtime.block_on(reader.account("CACC"));
    reader.desk.sandbox.control().stop_clock();
    let strategy = (0_i64..1100, 0_i64..1100, prop::sample::select(vec!["booked", "pending", "both"]), any::<bool>());
    let mut runner = TestRunner::new(Cases { cases: 24, failure_persistence: None, ..Cases::default() });
    let result = runner.run(&strategy, |(one, other, status, pay)| {
        runtime.block_on(async {
            let today = reader.desk.sandbox.control().now().date_naive();
            let day = |back: i64| today - chrono::TimeDelta::days(back);
            let (from, to) = (day(one.max(other)), day(one.min(other)));
            let list = format!("{path}/transactions?bookingStatus={status}&dateFrom={from}&dateTo={to}");
            let xml = reader.read_as(&list, "application/xml").await;
            let document = Document::parse(&xml).unwrap();
            let mut expected: Vec<String> =
                named(&document, "NtryRef").map(|node| node.text().unwrap().to_owned()).collect();
            let mut seen = Vec::new();
            let mut next = Some(list);
            while let Some(path) = next {
                let page = reader.read(&path).await;
                for name in ["pending", "booked"] {
                    let rows = page["transactions"][name].as_array().cloned().unwrap_or_default();
                    seen.extend(rows.iter().map(|row| row["entryReference"].as_str().unwrap().to_owned()));
                }
                next = page["transactions"]["_links"]["next"]["href"].as_str().map(str::to_owned);
                if pay && next.is_some() {
                    pay_something(&reader).await;
                }
            }
            let unique: BTreeSet<_> = seen.iter().collect();
            prop_assert_eq!(unique.len(), seen.len(), "an entry came twice");
            expected.sort();
            seen.sort();
            prop_assert_eq!(seen, expected);
            Ok(())
        })
    });
    result.unwrap();
}

/// A payment that is booked while somebody turns pages.
async fn pay_something(reader: &Reader) {
    let order = json!({
        "instructedAmount": { "currency": "SEK", "amount": "1.00" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorAccount": { "iban": "SE2550000000054400047903" },
        "creditorName": "Meanwhile",
    });
    let payment = reader.create("payments/domestic", &order).await;
    reader.approve(&payment).await;
    reader.wait(5);
}

#[tokio::test]
async fn a_statement_that_asks_for_more_than_there_is_adds_up_too() {
    let mut reader = Reader::at("OKOYFIHH").await;
    reader.wait(60 * 86_400);
    reader.desk.token = reader.desk.token_for(common::EVERYTHING).await;
    let path = reader.account("CACC").await;
    let list = format!("{path}/transactions?bookingStatus=booked&dateFrom=2019-01-01");
    let xml = reader.read_as(&list, "application/xml").await;
    let document = Document::parse(&xml).unwrap();
    let signed = |node: Node<'_, '_>| {
        let amount = node.children().find(|child| child.tag_name().name() == "Amt").unwrap();
        cents(amount.text().unwrap()) * if text(node, "CdtDbtInd") == "DBIT" { -1 } else { 1 }
    };
    let balances: Vec<i64> = named(&document, "Bal").map(signed).collect();
    assert_eq!(balances[0] + named(&document, "Ntry").map(signed).sum::<i64>(), balances[1]);
}
