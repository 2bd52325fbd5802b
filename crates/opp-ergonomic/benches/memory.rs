//! A million transactions, read as a stream: in one page, and in a thousand. The memory of the whole process, the host
//! on its other threads included, stays below 64 MiB.
//!
//! `cargo bench -p opp-ergonomic --bench memory`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark is a program that says its figures, and fails by panicking"
)]

mod hosts;

use std::io::Write;
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Instant;

use opp_ergonomic::{Bank, Psu, TransactionQuery, ValidConsent};

const ALL: usize = 1_000_000;
const LIMIT: u64 = 64 << 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kept = [1, 1_000].map(|pages| {
        let start = Instant::now();
        let read = runtime.block_on(read(pages));
        assert_eq!(read, ALL);
        let Some(peak) = peak() else {
            println!(
                "{ALL} transactions in {pages} pages were read; this system does not tell how much memory it took"
            );
            return true;
        };
        let (seconds, verdict) = (start.elapsed().as_secs_f64(), if peak < LIMIT { "kept" } else { "EXCEEDED" });
        let (mib, limit) = (peak >> 20, LIMIT >> 20);
        println!(
            "{verdict}: {ALL} transactions in {pages} pages, {seconds:.1} s, {mib} MiB at most, limit {limit} MiB"
        );
        peak < LIMIT
    });
    if kept == [true; 2] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads all of them and counts; nothing is kept.
async fn read(pages: usize) -> usize {
    let api = hosts::serve(move |head, stream| page(head, pages, stream));
    let client = hosts::client(&hosts::auth("t"), &api);
    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().ip("192.0.2.17".parse().unwrap())).unwrap();
    let accounts = session.accounts(&ValidConsent::stored("c", None));
    let mut transactions = accounts.transactions("a", &TransactionQuery::delta()).unwrap();
    let mut count = 0;
    while let Some(transaction) = transactions.next().await {
        assert!(transaction.unwrap().amount().is_some());
        count += 1;
    }
    count
}

/// Writes one page, some entries at a time.
fn page(head: &[String], pages: usize, stream: &mut TcpStream) -> std::io::Result<()> {
    let number = head[0].split_once("page=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).unwrap_or(1);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut part = |text: &str| write!(stream, "{:x}\r\n{text}\r\n", text.len());
    part(r#"{"account":{"iban":"SE4880000123459876543219"},"transactions":{"booked":["#)?;
    let entries = ALL / pages;
    for first in (0..entries).step_by(100) {
        let some: Vec<_> = (first..entries.min(first + 100)).map(|index| entry(number * entries + index)).collect();
        part(&(if first == 0 { "" } else { "," }.to_owned() + &some.join(",")))?;
    }
    let more =
        format!(r#""next":{{"href":"/psd2/accountinformation/v1/accounts/a/transactions?page={}"}}"#, number + 1);
    let next = if number < pages { &more } else { "" };
    part(&format!(r#"],"_links":{{{next}}}}}}}"#))?;
    stream.write_all(b"0\r\n\r\n")
}

fn entry(number: usize) -> String {
    format!(
        r#"{{"transactionId":"{number}","entryReference":"2026-{number}","bookingDate":"2026-03-02","valueDate":"2026-03-02",
        "transactionAmount":{{"currency":"SEK","amount":"-{}.50"}},"creditorName":"Nordvik Cykelservice AB",
        "creditorAccount":{{"iban":"SE2550000000054400047903"}},"remittanceInformationUnstructured":"service {number}",
        "proprietaryBankTransactionCode":"card"}}"#,
        number % 1_000
    )
}

/// The most memory that this process has had, in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}
