//! A server that answers what it was told to, byte by byte, and keeps what it was asked.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came over the socket.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query, exactly as sent.
    pub target: String,
    /// The headers in order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path without its query, as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The pairs of the query, as sent.
    #[must_use]
    pub fn query(&self) -> Vec<(&str, &str)> {
        let query = self.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect()
    }
}

/// An answer, as bytes.
#[derive(Debug, Clone)]
pub struct Reply {
    head: String,
    body: Vec<u8>,
    announced: usize,
}

impl Reply {
    /// An answer without headers of its own.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { head: format!("HTTP/1.1 {status} x\r\n"), announced: body.len(), body }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Breaks off before the body is complete.
    #[must_use]
    pub fn truncated(mut self) -> Self {
        self.announced += 100;
        self
    }

    fn bytes(mut self) -> Vec<u8> {
        // A `204` has no body, and may not announce one.
        if !self.head.contains(" 204 ") {
            let length = self.announced;
            let _ = write!(self.head, "content-length: {length}\r\n");
        }
        let mut bytes = (self.head + "connection: close\r\n\r\n").into_bytes();
        bytes.append(&mut self.body);
        bytes
    }
}

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    requests: Vec<Request>,
}

/// The server; it ends with the value.
#[derive(Debug)]
pub struct Server {
    /// Where it is: `http://127.0.0.1:port`.
    pub address: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts one.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    /// What the next request is answered with; answers are used up in order.
    pub fn answer(&self, reply: Reply) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).replies.push_back(reply);
    }

    /// What was asked since the last time.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).requests)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(request) = read(&mut stream).await else { return };
    let reply = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(request);
        state.replies.pop_front().unwrap_or_else(|| Reply::new(599, "no answer was prepared"))
    };
    let _ = stream.write_all(&reply.bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = parse(&bytes) {
            return Some(request);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A request, once all of it is there.
fn parse(bytes: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; 96];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes).ok()? else { return None };
    let mut request = Request {
        method: head.method?.to_owned(),
        target: head.path?.to_owned(),
        headers: head
            .headers
            .iter()
            .map(|header| (header.name.to_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
            .collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = bytes.get(start..start + length)?.to_vec();
    Some(request)
}
