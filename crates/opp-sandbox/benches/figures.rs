//! The figures of the README: `cargo bench -p opp-sandbox`. Starts the program as anybody would and speaks to it over
//! sockets; the client runs on the same cores. Memory is read from `/proc`, so it is there on Linux only.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends when something is wrong")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 4;
const TIME: Duration = Duration::from_secs(3);
const CONSENTS: usize = 10_000;
const PAGES: usize = 2_000;

fn main() {
    // `cargo test --benches` only wants to know that it compiles and starts.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    start_up(if quick { 1 } else { 21 });
    speed(if quick { Duration::from_millis(50) } else { TIME });
    memory(if quick { (100, 20) } else { (CONSENTS, PAGES) });
}

fn start_up(times: usize) {
    let mut durations: Vec<_> = (0..times)
        .map(|_| {
            let start = Instant::now();
            let program = Program::start();
            Connection::to(&program.auth).get("/_sandbox/clock", "");
            start.elapsed()
        })
        .collect();
    durations.sort();
    let program = Program::start();
    println!("start-up to the first answer, median of {times}: {:?}", durations[times / 2]);
    println!("memory after start-up: {}", program.memory());
}

fn speed(time: Duration) {
    let program = Program::start();
    let form = program.form();
    let path = "/connect/token".to_owned();
    rate("token", &program.auth, time, move |connection| connection.post(&path, FORM, "", &form).len());
    let (headers, accounts) = program.authorised();
    let (given, list) = (headers.clone(), ACCOUNTS.to_owned());
    rate("account list", &program.api, time, move |connection| connection.get(&list, &given).len());
    let page = transactions(&accounts);
    let count = Connection::to(&program.api).get(&page, &headers).matches("\"transactionAmount\"").count();
    let label = format!("page of {count} transactions");
    rate(&label, &program.api, time, move |connection| connection.get(&page, &headers).len());
}

fn rate(what: &str, address: &str, time: Duration, call: impl Fn(&mut Connection) -> usize + Clone + Send + 'static) {
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (mut connection, call) = (Connection::to(address), call.clone());
            std::thread::spawn(move || {
                let (start, mut calls, mut bytes) = (Instant::now(), 0_u32, 0);
                while start.elapsed() < time {
                    bytes += call(&mut connection);
                    calls += 1;
                }
                (f64::from(calls) / start.elapsed().as_secs_f64(), bytes / calls as usize)
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let total: f64 = results.iter().map(|(rate, _)| rate).sum();
    println!("{what}: {total:.0} requests/s ({} bytes each, {CONNECTIONS} connections)", results[0].1);
}

fn memory((consents, pages): (usize, usize)) {
    let program = Program::start();
    let (headers, accounts) = program.authorised();
    let mut connection = Connection::to(&program.api);
    for _ in 0..consents {
        connection.post("/psd2/consent/v1/consents", JSON, &headers, CONSENT);
    }
    println!("memory after {consents} consents: {}", program.memory());
    let page = transactions(&accounts);
    let mut served = 0;
    for _ in 0..pages {
        served += connection.get(&page, &headers).matches("\"transactionAmount\"").count();
    }
    println!("memory after {served} transactions served: {}", program.memory());
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ACCOUNTS: &str = "/psd2/accountinformation/v1/accounts";
const CONSENT: &str = "{\"access\":{},\"recurringIndicator\":true,\"validUntil\":\"2099-01-01\",\
                       \"frequencyPerDay\":4,\"combinedServiceIndicator\":false}";

/// The transactions of the first account, from before its beginning.
fn transactions(accounts: &str) -> String {
    let id = field(accounts, "resourceId");
    format!("{ACCOUNTS}/{id}/transactions?bookingStatus=both&dateFrom=2000-01-01")
}

/// The first text field of this name.
fn field(json: &str, name: &str) -> String {
    let start = json.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
    json[start..].split('"').next().unwrap().to_owned()
}

struct Program {
    child: Child,
    _out: BufReader<ChildStdout>,
    auth: String,
    api: String,
}

impl Program {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opp-sandbox"))
            .args(["--page-rows", "500", "--person-after", "0"])
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut address = || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            line.split_once("http://").unwrap().1.trim().to_owned()
        };
        let (auth, api) = (address(), address());
        Self { child, _out: out, auth, api }
    }

    fn form(&self) -> String {
        let info = Connection::to(&self.auth).get("/_sandbox/info", "");
        let secret: String = form_urlencoded::byte_serialize(field(&info, "clientSecret").as_bytes()).collect();
        let id = field(&info, "clientId");
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=accountinformation private")
    }

    /// Headers with a token and a valid consent, and the list of its accounts.
    fn authorised(&self) -> (String, String) {
        let token = field(&Connection::to(&self.auth).post("/connect/token", FORM, "", &self.form()), "access_token");
        let mut headers = format!(
            "Authorization: Bearer {token}\r\nX-BicFi: ESSESESS\r\nPSU-IP-Address: 192.0.2.7\r\n\
             X-Request-ID: 0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111\r\n"
        );
        let mut connection = Connection::to(&self.api);
        let consents = "/psd2/consent/v1/consents";
        let id = field(&connection.post(consents, JSON, &headers, CONSENT), "consentId");
        let base = format!("{consents}/{id}/authorisations");
        let path = format!("{base}/{}", field(&connection.post(&base, JSON, &headers, ""), "authorisationId"));
        connection.send("PUT", &path, JSON, &headers, "{\"authenticationMethodId\":\"mbid\"}");
        connection.post("/_sandbox/clock", JSON, "", "{\"advanceSeconds\":20}");
        headers = format!("{headers}Consent-ID: {id}\r\n");
        let accounts = connection.get(ACCOUNTS, &headers);
        (headers, accounts)
    }

    fn memory(&self) -> String {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())) else {
            return "unknown".to_owned();
        };
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        format!("{:.1} MB", kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The plainest client that keeps its connection.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::with_capacity(64 * 1024, stream) }
    }

    fn get(&mut self, path: &str, headers: &str) -> String {
        self.send("GET", path, "", headers, "")
    }

    fn post(&mut self, path: &str, media: &str, headers: &str, body: &str) -> String {
        self.send("POST", path, media, headers, body)
    }

    fn send(&mut self, method: &str, path: &str, media: &str, headers: &str, body: &str) -> String {
        let media = if media.is_empty() { String::new() } else { format!("Content-Type: {media}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{media}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if status.is_empty() {
                status.clone_from(&line);
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(status.starts_with("HTTP/1.1 2"), "{method} {path}: {status}{answer}");
        answer
    }
}
