//! A host that does as it is told and counts, and a clock that is set by hand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, unreachable_pub, reason = "each suite uses its part")]

pub mod faults;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opp_ergonomic::{Client, ClientBuilder, Clock, Environment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// What to do with it.
#[derive(Debug, Clone)]
pub enum Act {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    After(Duration, Box<Act>),
    /// Whatever these bytes say, and then the end of the connection.
    Raw(Vec<u8>),
    /// The first at once, and then a byte of the second now and then, again and again.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// These bytes, and then nothing.
    Stall(Vec<u8>),
    Hang,
    Close,
}

pub fn answer(status: u16, body: impl Into<String>) -> Act {
    Act::Answer { status, headers: Vec::new(), body: body.into() }
}

impl Act {
    pub fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Answer { status, mut headers, body } => {
                headers.push((name.into(), value.into()));
                Self::Answer { status, headers, body }
            }
            other => other,
        }
    }

    pub fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }
}

type Handler = dyn Fn(usize, &Request) -> Act + Send + Sync;

/// A host on this machine.
pub struct Host {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    count: Arc<AtomicUsize>,
}

impl Host {
    /// Starts one; the handler is told which request it is, from 1.
    pub async fn start(handler: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, count) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let handler: Arc<Handler> = Arc::new(handler);
        let (all, number) = (Arc::clone(&requests), Arc::clone(&count));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&handler), Arc::clone(&all), Arc::clone(&number)));
            }
        });
        Self { url, requests, count }
    }

    /// An auth host that gives `token-1`, `token-2` and so on, each good for an hour.
    pub async fn tokens() -> Self {
        Self::start(|number, _| token(number)).await
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// How many requests there were beside those for tokens.
    pub fn calls(&self) -> usize {
        self.requests().iter().filter(|request| request.target != "/connect/token").count()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

pub fn token(number: usize) -> Act {
    answer(200, format!(r#"{{"access_token":"token-{number}","expires_in":3600,"token_type":"Bearer"}}"#))
}

async fn serve(
    mut stream: TcpStream,
    handler: Arc<Handler>,
    all: Arc<Mutex<Vec<Request>>>,
    count: Arc<AtomicUsize>,
) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let request = read(&mut stream, &mut buffer).await?;
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut act = handler(number, &request);
        all.lock().unwrap().push(request);
        if let Act::After(time, then) = act {
            tokio::time::sleep(time).await;
            act = *then;
        }
        match act {
            Act::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                    head.push_str("Content-Type: application/json\r\n");
                }
                for (name, value) in headers {
                    head = format!("{head}{name}: {value}\r\n");
                }
                stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.ok()?;
            }
            Act::Raw(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()?;
                return None;
            }
            Act::Drip(head, bytes, pause) => {
                stream.write_all(&head).await.ok()?;
                loop {
                    for byte in &bytes {
                        stream.write_all(&[*byte]).await.ok()?;
                        tokio::time::sleep(pause).await;
                    }
                }
            }
            Act::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending::<()>().await;
            }
            Act::Hang | Act::After(..) => std::future::pending::<()>().await,
            Act::Close => return None,
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&buffer[end..end + length]).into_owned();
    buffer.drain(..end + length);
    Some(Request { method, target, headers, body })
}

/// A clock that is set by hand, each of its two kinds by itself.
#[derive(Debug)]
pub struct TestClock(Mutex<(Duration, DateTime<Utc>)>);

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Duration::from_secs(1_000_000), Utc::now()))))
    }

    /// Time goes by.
    pub fn pass(&self, seconds: u64) {
        self.sleep_machine(seconds);
        self.0.lock().unwrap().0 += Duration::from_secs(seconds);
    }

    /// The machine sleeps: only the time of day goes on.
    pub fn sleep_machine(&self, seconds: u64) {
        self.set_back(-i64::try_from(seconds).unwrap());
    }

    /// Somebody sets the time of day back.
    pub fn set_back(&self, seconds: i64) {
        self.0.lock().unwrap().1 -= TimeDelta::seconds(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().1
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().0
    }
}

pub fn builder(auth: &str, api: &str) -> ClientBuilder {
    Client::builder()
        .environment(Environment::custom(auth, api))
        .allow_plain_loopback()
        .credentials("shop", "s3cret/+=")
}
