//! The program: what it prints, how it ends, how many connections it bears.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/skip.rs"]
mod skip;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    auth: String,
    api: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opp-sandbox"))
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut address = |name: &str| {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).trim().to_owned()
        };
        let (auth, api) = (address("Auth host:"), address("API host:"));
        Self { child, out, auth, api }
    }

    /// The rest of the greeting.
    fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.iter().filter(|line: &&String| line.starts_with("curl ")).count() < 2 {
            let mut line = String::new();
            assert!(self.out.read_line(&mut line).unwrap() > 0);
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    /// Sends a signal, waits for the end, and gives the exit code and what stands on standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        // The shell's own, since not every system has a program of this name.
        Command::new("sh").args(["-c", &format!("kill {signal} {}", self.child.id())]).status().unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn pasted(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().filter(|line| line.starts_with("TOKEN=") || line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3, "token, banks, create consent");
    let script: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let run = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn its_three_lines_can_be_pasted_into_a_shell() {
    if !skip::has(&["curl"]) {
        return;
    }
    let mut program = Program::start(&["--strict"]);
    let out = pasted(&program.lines());
    assert!(out.contains("\"bicFi\":\"ESSESESS\"") && out.contains("\"consentStatus\":\"received\""), "{out}");
}

#[test]
fn its_three_lines_work_with_tls_too() {
    if !skip::has(&["curl"]) {
        return;
    }
    let folder = std::env::temp_dir().join(format!("opp-sandbox-program-{}", std::process::id()));
    let mut program = Program::start(&["--tls", folder.to_str().unwrap()]);
    assert!(program.auth.starts_with("https://") && program.api.starts_with("https://"));
    let out = pasted(&program.lines());
    std::fs::remove_dir_all(folder).unwrap();
    assert!(out.contains("\"bicFi\":\"ESSESESS\"") && out.contains("\"consentStatus\":\"received\""), "{out}");
}

#[test]
fn ctrl_c_and_terminate_end_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let program = Program::start(&[]);
        let (code, log) = program.end(signal);
        assert_eq!((code, log.as_str()), (Some(0), ""), "{signal}");
    }
}

#[test]
fn it_says_loudly_that_it_can_be_reached_from_outside() {
    let (_, log) = Program::start(&[]).end("-INT");
    assert!(!log.contains("ANYBODY"), "{log}");
    let (_, log) = Program::start(&["--bind", "0.0.0.0"]).end("-INT");
    assert!(log.contains("WARN") && log.contains("ANYBODY IN THE NETWORK CAN REACH"), "{log}");
}

#[test]
fn a_taken_port_is_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Command::new(env!("CARGO_BIN_EXE_opp-sandbox")).args(["--port", &port]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("cannot listen on 127.0.0.1"));
}

#[test]
fn its_log_can_be_json() {
    let program = Program::start(&["--bind", "0.0.0.0", "--log", "json"]);
    let (_, log) = program.end("-INT");
    let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(line["level"], "WARN");
}

#[test]
fn the_readme_names_every_flag() {
    let run = Command::new(env!("CARGO_BIN_EXE_opp-sandbox")).arg("--help").output().unwrap();
    let help = String::from_utf8(run.stdout).unwrap();
    let flags: Vec<_> = help.split_whitespace().filter(|word| word.starts_with("--")).collect();
    assert!(flags.len() >= 10);
    for flag in flags.into_iter().filter(|flag| !["--help", "--version"].contains(flag)) {
        assert!(include_str!("../README.md").contains(&format!("`{flag}")), "{flag}");
    }
}

/// Memory that the process has used at most, in bytes; only Linux tells.
fn peak_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

#[test]
fn ten_thousand_open_connections_leave_it_serving() {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let wanted = usize::try_from(limit.saturating_sub(200)).unwrap().min(10_000);
    let program = Program::start(&[]);
    let address = program.auth.trim_start_matches("http://").to_owned();
    let start = Instant::now();
    // Each with the beginning of a request, so that it costs a buffer, too.
    let open: Vec<_> = (0..wanted)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(b"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: loc").unwrap();
            stream
        })
        .collect();
    let mut one_more = TcpStream::connect(&address).unwrap();
    one_more.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    one_more.write_all(b"GET /_sandbox/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    one_more.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(30));
    if let Some(memory) = peak_memory(program.child.id()) {
        assert!(memory < 300 << 20, "{memory} bytes for {wanted} connections");
    }
    drop(open);
    assert_eq!(program.end("-INT").0, Some(0));
}

#[test]
fn out_of_descriptors_it_serves_again_once_there_are_some() {
    // The shell lowers the limit for the program alone.
    let script = format!("ulimit -n 64; exec {} --port 0", env!("CARGO_BIN_EXE_opp-sandbox"));
    let mut child =
        Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address = line.trim_start_matches("Auth host:").trim().trim_start_matches("http://").to_owned();
    let open: Vec<_> = (0..150).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(open);
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET /_sandbox/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
