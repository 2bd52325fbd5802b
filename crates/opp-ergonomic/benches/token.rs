//! What a token costs that is there already: at most 100 ns. `cargo bench -p opp-ergonomic --bench token`.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::Instant;

use opp_ergonomic::{Client, Environment, PsuContext};

const ROUNDS: u32 = 1_000_000;
const LIMIT: f64 = 100.0;

fn main() {
    // An auth host that gives one token.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let host = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&buffer).contains("grant_type") {
            let _ = stream.read(&mut buffer).expect("its bytes");
        }
        let body = r#"{"access_token":"t","expires_in":3600,"token_type":"Bearer"}"#;
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("its answer");
    });
    let client = Client::builder().environment(Environment::custom(&url, &url)).allow_plain_loopback();
    let client = client.credentials("id", "secret").build().expect("a client");
    let scope = client.scope(PsuContext::Private);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(client.tokens().token(scope)).expect("a token");
    host.join().expect("the host");

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
