//! What a sandbox can be told before it starts.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::Application;

/// How a sandbox starts. Every field has a default that suits a test, so that one names only what differs:
/// `Config { seed: 7, ..Config::default() }`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on. Anything but loopback is announced loudly in the log.
    pub bind: IpAddr,
    /// Port of the auth host; 0 takes any free one.
    pub auth_port: u16,
    /// Port of the API host; 0 takes any free one.
    pub api_port: u16,
    /// All data, ids and secrets follow from this number: the same seed gives the same world.
    pub seed: u64,
    /// Where the virtual clock starts; `None` is the machine's present time.
    pub start_time: Option<DateTime<Utc>>,
    /// Check each response against the API document; a violation becomes a 500 that names the pointer.
    pub strict: bool,
    /// Extra time that every answer takes.
    pub latency: Duration,
    /// After this virtual time an unattended person approves by itself; `None` waits for a hand on the phone page.
    /// It counts for each BankID round from its beginning, and on the bank's page of a redirect from the moment when a
    /// program opens it that is no browser, that is, whose `Accept` does not name `text/html`.
    pub person_after: Option<Duration>,
    /// How long a bank works on a step that asks nobody.
    pub bank_after: Duration,
    /// Applications beside the one that every sandbox has.
    pub applications: Vec<Application>,
    /// What the sandbox holds at most.
    pub limits: Limits,
    /// Threads that serve; one is enough for tests, the program takes one per core.
    pub threads: usize,
    /// Names under which the sandbox may be addressed, beside addresses and `localhost`; any other `Host` is refused,
    /// so that no web page can reach the sandbox by DNS rebinding.
    pub host_names: Vec<String>,
    /// Transactions on a page, at every bank; `None` leaves each bank its own size.
    pub page_rows: Option<usize>,
    /// Serve HTTPS, with a client certificate demanded on the API host.
    pub tls: Option<Tls>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            auth_port: 0,
            api_port: 0,
            seed: 1,
            start_time: None,
            strict: false,
            latency: Duration::ZERO,
            person_after: Some(Duration::from_secs(2)),
            bank_after: Duration::from_secs(1),
            applications: Vec::new(),
            limits: Limits::default(),
            threads: 1,
            host_names: Vec::new(),
            page_rows: None,
            tls: None,
        }
    }
}

/// Bounds that keep memory and descriptors in check. What exceeds a bound of the state makes the oldest entry go, with
/// a warning; what exceeds a bound of the traffic is refused or closed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request body; more is answered with 413.
    pub body_bytes: usize,
    /// Bytes of the body of `/_sandbox/restore`, which brings a whole state.
    pub restore_bytes: usize,
    /// Bytes of bodies, requests' and answers', that are held at a time for all connections; more is answered with 503.
    pub buffer_bytes: usize,
    /// Time for a request's header, and again for its body.
    pub read_time: Duration,
    /// Time for which a client may take nothing of an answer.
    pub write_time: Duration,
    /// Connections open at a time on each host; more wait until one ends.
    pub connections: usize,
    /// Entries of each kind of state: tokens, consents, payments and so on.
    pub entries: usize,
    /// Bytes of each kind of state, roughly.
    pub state_bytes: usize,
    /// Accounts whose transactions are kept in memory; others are made again when asked for.
    pub ledgers: usize,
    /// Requests remembered for the control API.
    pub journal: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            restore_bytes: 32 << 20,
            buffer_bytes: 64 << 20,
            read_time: Duration::from_secs(10),
            write_time: Duration::from_secs(10),
            connections: 10_240,
            entries: 20_000,
            state_bytes: 64 << 20,
            ledgers: 64,
            journal: 1_000,
        }
    }
}

/// Where the certificates of a sandbox with TLS go.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Folder that receives the authority, the server's and the client's certificate and keys.
    pub folder: PathBuf,
}
