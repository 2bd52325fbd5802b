//! What it withstands: a clear error or a closed connection, and afterwards it serves as before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::{Desk, config, json_of, refusal_of};
use opp_sandbox::{Config, Limits, Sandbox};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

const CONSENTS: &str = "/psd2/consent/v1/consents";

fn hasty() -> Config {
    let limits =
        Limits { read_time: Duration::from_millis(300), write_time: Duration::from_millis(300), ..Limits::default() };
    Config { limits, ..config() }
}

/// Sends bytes and gives what comes back until the connection ends.
fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    exchange(address, bytes, false)
}

fn exchange(address: SocketAddr, bytes: &[u8], hang_up: bool) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // The sandbox may have heard enough before all is sent.
    stream.write_all(bytes).ok();
    if hang_up {
        stream.shutdown(std::net::Shutdown::Write).ok();
    }
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert!(!matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "it hangs");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(address: SocketAddr, path: &str) -> String {
    talk(address, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
}

fn assert_serves(sandbox: &Sandbox) {
    for address in [sandbox.auth_address(), sandbox.api_address()] {
        let answer = get(address, "/_sandbox/clock");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
}

#[test]
fn random_bytes_get_an_error_or_an_end() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Runs { cases: 200, ..Runs::default() }, rng);
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        "[A-Z]{1,9} [ -~]{0,60} HTTP/1.[01]\r\n([A-Za-z-]{1,12}: [ -~]{0,30}\r\n){0,6}\r\n[ -~]{0,40}"
            .prop_map(String::into_bytes),
    ];
    runner
        .run(&bytes, |bytes| {
            let answer = exchange(sandbox.api_address(), &bytes, true);
            prop_assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{}", answer);
            Ok(())
        })
        .unwrap();
    assert_serves(&sandbox);
}

#[test]
fn unknown_methods_are_refused() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    for (method, path, status) in [
        ("BREW", "/psd2/aspspinformation/v1/aspsps", "405"),
        ("TRACE", "/psd2/consent/v1/consents", "405"),
        ("CONNECT", "localhost:443", "40"),
        ("PATCH", "/nothing", "404"),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = talk(sandbox.api_address(), request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{method} {path}: {answer}");
    }
    let answer = talk(sandbox.auth_address(), b"PUT /connect/token HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[test]
fn tricks_with_paths_reach_nothing() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    for path in [
        "/psd2/../_sandbox/info",
        "/psd2/%2e%2e/_sandbox/info",
        "/psd2%2faspspinformation%2fv1%2faspsps",
        "//_sandbox/info",
        "/_sandbox%2finfo",
        "/%5fsandbox/../../etc/passwd",
        "/_sandbox/logo/..%2f..%2fetc%2fpasswd",
        "/_sandbox/logo/ESSESESS.svg/..",
        "/psd2/%00",
        "/psd2/%ff%fe",
        "/psd2/consent/v1/consents//status",
    ] {
        let answer = get(sandbox.api_address(), path);
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        assert!(!answer.contains("clientSecret") && !answer.contains("root:"), "{path}");
    }
    let long = get(sandbox.api_address(), &format!("/{}", "a".repeat(100_000)));
    assert!(long.is_empty() || long.starts_with("HTTP/1.1 4"), "{}", &long[..long.len().min(99)]);
}

#[test]
fn a_header_section_without_end_is_refused() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}", "X-Filler: 0123456789\r\n".repeat(100_000));
    let answer = talk(sandbox.api_address(), request.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_serves(&sandbox);
}

#[tokio::test]
async fn malformed_json_is_refused_by_every_operation_with_a_body() {
    let desk = Desk::at("ESSESESS").await;
    let deep = "[".repeat(200_000);
    for body in ["{", "[1,2", "\"", "nul", "{\"a\":}", "\u{feff}{}", "{\"access\":{}}{}", deep.as_str()] {
        let request = desk.post(CONSENTS).header("Content-Type", "application/json").body(body.to_owned());
        let (code, _) = refusal_of(request.send().await.unwrap(), 400).await;
        assert_eq!(code, "FORMAT_ERROR", "{}", &body[..body.len().min(20)]);
        let url = format!("{}/_sandbox/clock", desk.sandbox.api_url());
        assert_eq!(desk.client.post(url).body(body.to_owned()).send().await.unwrap().status(), 400);
    }
    let bytes = desk.post(CONSENTS).header("Content-Type", "application/json").body(vec![b'"', 0xff, 0xfe, b'"']);
    assert_eq!(refusal_of(bytes.send().await.unwrap(), 400).await.0, "FORMAT_ERROR");
}

/// Sends up to 100 MB after a header, until the sandbox has had enough; gives what it said and how much it took.
fn pour(address: SocketAddr, header: &str, chunked: bool) -> (String, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let head = format!("POST {CONSENTS} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut piece = vec![b' '; 64 * 1024];
    if chunked {
        piece.splice(0..0, b"10000\r\n".iter().copied());
        piece.extend_from_slice(b"\r\n");
    }
    let mut sent = 0;
    while sent < 100 << 20 && stream.write_all(&piece).is_ok() {
        sent += 64 * 1024;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    (String::from_utf8_lossy(&answer).into_owned(), sent)
}

#[test]
fn a_body_of_a_hundred_megabytes_is_refused_early() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    for (header, chunked) in [("Content-Length: 104857600", false), ("Transfer-Encoding: chunked", true)] {
        let (answer, sent) = pour(sandbox.api_address(), header, chunked);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(sent < 20 << 20, "{header}: {sent} bytes were taken");
    }
    // Who waits for permission gets the refusal for certain.
    let head = format!(
        "POST {CONSENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\nExpect: 100-continue\r\n\r\n"
    );
    let answer = talk(sandbox.api_address(), head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_serves(&sandbox);
}

#[test]
fn all_bodies_together_are_bounded() {
    let limits = Limits { buffer_bytes: 100_000, read_time: Duration::from_secs(5), ..Limits::default() };
    let sandbox = Sandbox::start(Config { limits, ..config() }).unwrap();
    let head = format!("POST {CONSENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n");
    let mut holders: Vec<_> = (0..2).map(|_| TcpStream::connect(sandbox.api_address()).unwrap()).collect();
    for holder in &mut holders {
        holder.write_all(head.as_bytes()).unwrap();
        holder.write_all(&vec![b' '; 80_000]).unwrap();
    }
    // One of the two found no room.
    let refused = holders.iter_mut().any(|holder| {
        holder.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut start = [0; 12];
        holder.read_exact(&mut start).is_ok() && &start == b"HTTP/1.1 503"
    });
    assert!(refused);
    drop(holders);
    assert_serves(&sandbox);
}

#[test]
fn a_client_that_dawdles_is_cut_off() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    let head = format!("POST {CONSENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n");
    for (beginning, expected) in [("", ""), ("GET / HT", ""), (head.as_str(), "HTTP/1.1 408")] {
        let mut stream = TcpStream::connect(sandbox.api_address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(beginning.as_bytes()).unwrap();
        let start = Instant::now();
        // Drips go on and do not help.
        let mut dripping = stream.try_clone().unwrap();
        let drip = std::thread::spawn(move || {
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(50));
                if beginning_is_open(&mut dripping).is_err() {
                    break;
                }
            }
        });
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        assert!(start.elapsed() < Duration::from_secs(3), "{beginning:?} took {:?}", start.elapsed());
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(expected) || answer.starts_with("HTTP/1.1 408"), "{beginning:?}: {answer}");
        drip.join().unwrap();
    }
    assert_serves(&sandbox);
}

fn beginning_is_open(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"x")
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let sandbox = Sandbox::start(hasty()).unwrap();
    let mut stream = TcpStream::connect(sandbox.auth_address()).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    // Asks on and on and never looks at an answer: both directions fill up, and then it is over.
    let request = b"GET /_sandbox/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let start = Instant::now();
    let ended =
        (0..5_000).any(|_| stream.write_all(&request).is_err_and(|error| error.kind() != ErrorKind::WouldBlock));
    assert!(ended, "it went on for {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_serves(&sandbox);
}

#[test]
fn more_connections_than_allowed_wait_for_a_place() {
    let limits = Limits { connections: 5, read_time: Duration::from_millis(500), ..Limits::default() };
    let sandbox = Sandbox::start(Config { limits, ..config() }).unwrap();
    let _silent: Vec<_> = (0..20).map(|_| TcpStream::connect(sandbox.api_address()).unwrap()).collect();
    assert!(get(sandbox.api_address(), "/_sandbox/clock").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_rebound_name_is_refused() {
    let desk = Desk::with("ESSESESS", Config { host_names: vec!["sandbox".to_owned()], ..config() }).await;
    for url in [desk.sandbox.api_url(), desk.sandbox.auth_url()] {
        for (host, status) in [("evil.example:80", 421), ("localhost:1", 200), ("sandbox:80", 200)] {
            let request = desk.client.get(format!("{url}/_sandbox/info")).header("Host", host);
            assert_eq!(request.send().await.unwrap().status(), status, "{host}");
        }
    }
    let none = talk(desk.sandbox.api_address(), b"GET /_sandbox/info HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(none.starts_with("HTTP/1.1 400"), "{none}");
}

#[tokio::test]
async fn the_oldest_state_goes_when_there_is_too_much() {
    let limits = Limits { entries: 3, ..Limits::default() };
    let desk = Desk::with("ESSESESS", Config { limits, ..config() }).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(desk.create_consent().await);
    }
    let info = json_of(desk.get("/_sandbox/info").send().await.unwrap(), 200).await;
    assert_eq!(info["state"]["consents"], 3);
    let oldest = desk.get(&format!("{CONSENTS}/{}", ids[0])).send().await.unwrap();
    assert_eq!(refusal_of(oldest, 403).await.0, "CONSENT_UNKNOWN");
    assert_eq!(desk.get(&format!("{CONSENTS}/{}", ids[3])).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn heavy_state_goes_sooner() {
    let limits = Limits { state_bytes: 200_000, ..Limits::default() };
    let desk = Desk::with("ESSESESS", Config { limits, ..config() }).await;
    for _ in 0..4 {
        let mut body = common::consent();
        body["access"] = json!({ "accounts": (0..1_000).map(|n| json!({ "iban": format!("SE45500000000583982{n:05}") })).collect::<Vec<_>>() });
        json_of(desk.post(CONSENTS).json(&body).send().await.unwrap(), 201).await;
    }
    let info = json_of(desk.get("/_sandbox/info").send().await.unwrap(), 200).await;
    assert!(info["state"]["consents"].as_u64().unwrap() < 4, "{info}");
}
