//! What a token costs that is there already: at most 100 ns. `cargo bench -p opp-ergonomic --bench token`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark is a program that says its figures, and fails by panicking"
)]

mod hosts;

use std::hint::black_box;
use std::time::Instant;

use opp_ergonomic::PsuContext;

const ROUNDS: u32 = 1_000_000;
const LIMIT: f64 = 100.0;

fn main() {
    let url = hosts::auth("t");
    let client = hosts::client(&url, &url);
    let scope = client.scope(PsuContext::Private);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(client.tokens().token(scope)).expect("a token");

    let mut best = f64::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(client.tokens().cached(black_box(scope)).expect("a token"));
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    let verdict = if best <= LIMIT { "within" } else { "beyond" };
    println!("a cached token costs {best:.1} ns, {verdict} the limit of {LIMIT} ns");
    assert!(best <= LIMIT);
}
