//! A simulated platform of a fixed day, and a folder of its own, for each test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, unreachable_pub, reason = "each suite uses its part")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opp_cli::{Exit, Streams};
use opp_sandbox::{Config, Sandbox};
use tempfile::TempDir;

/// What a command is run against.
pub struct Platform {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

/// A day that is far enough from today for `opp` to take all dates around it for future ones, on which the accounts
/// are always the same.
pub const DAY: &str = "2031-01-15T09:00:00Z";

/// How long somebody takes to sign where it is the test that moves the clock.
pub const WAIT: Duration = Duration::from_secs(5);

impl Platform {
    /// Lets somebody sign now who waits for a clock that was stopped.
    pub fn go_on(&self) {
        self.sandbox.control().advance(WAIT);
        self.sandbox.control().resume_clock();
    }

    /// Somebody signs by themselves, and soon.
    pub fn start() -> Self {
        Self::with(Some(Duration::from_millis(300)))
    }

    /// Somebody signs after this time, or never.
    pub fn with(person_after: Option<Duration>) -> Self {
        let config = Config {
            person_after,
            bank_after: Duration::from_millis(200),
            start_time: Some(DAY.parse().unwrap()),
            strict: true,
            ..Config::default()
        };
        Self { sandbox: Sandbox::start(config).unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// The environment of a user who has nothing but this platform.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let folder = self.folder.path().to_str().unwrap();
        let pairs = [("OPP_CONFIG_DIR", folder), ("OPP_SECRETS", "file"), ("OPP_SANDBOX", self.sandbox.api_url())];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The environment of a user who has variables of their own instead.
    pub fn elsewhere(&self, own: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut variables = self.variables();
        variables.remove("OPP_SANDBOX");
        variables.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        variables
    }

    /// Runs a command, with this on its standard input.
    pub fn run(&self, line: &str, input: &str) -> Run {
        run(line, &self.variables(), input)
    }
}

/// What came of a command.
#[derive(Debug)]
pub struct Run {
    pub exit: Exit,
    pub out: String,
    pub err: String,
}

impl Run {
    /// What it printed, for commands that have to go well.
    pub fn ok(self) -> String {
        assert_eq!(self.exit, Exit::Ok, "{}", self.err);
        self.out
    }
}

/// Runs a command in this process.
pub fn run(line: &str, variables: &BTreeMap<String, String>, input: &str) -> Run {
    let (out, err) = (Sink::default(), Sink::default());
    let streams = Streams::new(Cursor::new(input.to_owned()), out.clone(), err.clone());
    let words = std::iter::once("opp").chain(line.split_whitespace()).map(Into::into);
    let exit = opp_cli::run(words, variables.clone(), streams);
    Run { exit, out: out.text(), err: err.text() }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Platform {
    /// A profile `live` for this platform that says it were production, with a certificate as production wants one.
    /// Nothing but the command line's own caution can tell them apart.
    pub fn with_live_profile(self) -> Self {
        let folder = self.folder.path().join("tls");
        let tls = Some(opp_sandbox::Tls { folder: folder.clone() });
        drop(Sandbox::start(Config { tls, ..Config::default() }).unwrap());
        let both = ["client.pem", "client.key"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
        let certificate = self.folder.path().join("both.pem");
        std::fs::write(&certificate, both.concat()).unwrap();
        let application = self.sandbox.application();
        let line = format!(
            "login live --environment production --client-id {} --auth-url {} --api-url {} --certificate {}",
            application.client_id,
            self.sandbox.auth_url(),
            self.sandbox.api_url(),
            certificate.display()
        );
        self.run(&line, &format!("{}\n", application.client_secret)).ok();
        self
    }

    /// How often the platform was asked to make a payment, or with `DELETE` to take one back.
    pub fn payments(&self, method: &str) -> usize {
        let is_one = |path: &str| path.starts_with("/psd2/paymentinitiation/") && !path.contains("authorisations");
        let requests = self.sandbox.control().requests();
        requests.iter().filter(|seen| seen.method == method && is_one(&seen.path)).count()
    }
}

impl Platform {
    /// Waits until the platform was asked this often for something about payments, and is perhaps still at it.
    pub fn seen(&self, method: &str, times: usize) {
        let end = std::time::Instant::now() + Duration::from_millis(PATIENCE);
        while self.payments(method) < times {
            assert!(std::time::Instant::now() < end, "{method} is not asked for");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Longer than anything takes, on a machine with other things to do as well.
const PATIENCE: u64 = 60_000;

/// A terminal of this size in which a command runs.
#[cfg(unix)]
pub fn terminal(
    line: &str,
    variables: &BTreeMap<String, String>,
    (rows, columns): (u16, u16),
) -> rexpect::session::PtySession {
    let mut command = std::process::Command::new("sh");
    let script = format!("stty rows {rows} cols {columns}; exec \"$0\" {line}");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_opp")]).envs(variables).env("TERM", "xterm");
    command.env_remove("NO_COLOR");
    rexpect::session::spawn_command(command, Some(PATIENCE)).unwrap()
}

/// How the command in a terminal has ended.
#[cfg(unix)]
pub fn exit_code(session: &rexpect::session::PtySession) -> i32 {
    match session.process().wait().unwrap() {
        rexpect::process::WaitStatus::Exited(_, code) => code,
        other => panic!("{other:?}"),
    }
}
