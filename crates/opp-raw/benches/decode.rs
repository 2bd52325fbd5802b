//! Decoding a report of 10,000 transactions: the tolerant types, a struct written by hand for serde, and
//! `serde_json::Value`, side by side.
//!
//! `cargo bench -p opp-raw --bench decode`. Without `-p`, other crates of the workspace turn on features of `serde_json`
//! that change the figures of all three.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod by_hand;
mod report;
mod support;

use std::process::ExitCode;

use opp_raw::types::TransactionsResponse200Json;
use report::Order;
use support::{Contender, Limit, race};

fn main() -> ExitCode {
    // Both orders: the reader guesses that the next field is the next in the document, and must not depend on it.
    let kept = [(Order::Document, "in the document's order"), (Order::Alphabet, "by name")].map(|(order, words)| {
        let text = report::report(10_000, order);
        report::assert_same(&serde_json::from_str(&text).unwrap(), &serde_json::from_str(&text).unwrap());
        compare(text.as_bytes(), words)
    });
    if kept == [true; 2] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compare(text: &[u8], words: &str) -> bool {
    let mut contenders = [
        Contender::new("opp_raw::types", || serde_json::from_slice::<TransactionsResponse200Json>(text).unwrap()),
        Contender::new("struct by hand, serde derive", || serde_json::from_slice::<by_hand::Report>(text).unwrap()),
        Contender::new("serde_json::Value", || serde_json::from_slice::<serde_json::Value>(text).unwrap()),
    ];
    let limits = [Limit { against: 1, ratio: 1.15 }, Limit { against: 2, ratio: 0.5 }];
    let size = text.len() / 1000;
    race(&format!("decode and drop 10,000 transactions, {size} kB, fields {words}"), 61, &mut contenders, &limits)
}
