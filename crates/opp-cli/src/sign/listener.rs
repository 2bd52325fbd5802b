//! The loopback address that banks send users back to: it takes one callback and is closed with its owner.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use opp_ergonomic::raw::reqwest::Url;
use opp_ergonomic::sca::Callback;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::exit::Failure;

/// Somebody who came back, and waits for a page.
pub(super) struct Return {
    pub(super) callback: Callback,
    taken: oneshot::Sender<bool>,
}

impl Return {
    /// Says whether the callback belonged here.
    pub(super) fn answer(self, taken: bool) {
        self.taken.send(taken).ok();
    }
}

/// Listens until it is dropped.
pub(super) struct Listener {
    uri: String,
    returns: mpsc::Receiver<Return>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens at an address, if it is on this machine and plain HTTP. Port 0 is any free one.
    pub(super) async fn open(uri: &str) -> Result<Option<Self>, Failure> {
        let url = Url::parse(uri).map_err(|_| Failure::usage(format!("the redirect address {uri} is none")))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let ip = if host == "localhost" { "127.0.0.1" } else { host };
        let is_here = ip.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let Some(port) = url.port_or_known_default().filter(|_| is_here && url.scheme() == "http") else {
            return Ok(None);
        };
        let wrong = |error| {
            Failure::error(format!("nobody can come back to {uri}: {error}"))
                .hint("End what listens there, or name another registered address in the profile.")
        };
        let socket = TcpListener::bind((ip, port)).await.map_err(wrong)?;
        let mut own = url.clone();
        own.set_port(Some(socket.local_addr()?.port())).ok();
        let (sender, returns) = mpsc::channel(8);
        let task = tokio::spawn(listen(socket, url.path().to_owned(), sender));
        Ok(Some(Self { uri: own.into(), returns, task }))
    }

    /// The address, with its port.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    pub(super) async fn next(&mut self) -> Return {
        match self.returns.recv().await {
            Some(back) => back,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(socket: TcpListener, path: String, sender: mpsc::Sender<Return>) {
    while let Ok((stream, _)) = socket.accept().await {
        let (path, sender) = (path.clone(), sender.clone());
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| answer(request, &path, &sender));
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            served.await.ok();
        });
    }
}

type Page = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, path: &str, sender: &mpsc::Sender<Return>) -> Result<Page, Infallible> {
    if request.uri().path() != path || request.method() != hyper::Method::GET {
        return Ok(page(StatusCode::NOT_FOUND, "There is nothing here."));
    }
    let callback = Callback::parse(request.uri().query().unwrap_or_default());
    let (taken, verdict) = oneshot::channel();
    // Who comes with a foreign or a used state learns nothing more.
    let is_ours = sender.send(Return { callback, taken }).await.is_ok() && verdict.await.unwrap_or(false);
    Ok(if is_ours {
        page(StatusCode::OK, "That was all here. Close this page and go on in the terminal.")
    } else {
        page(StatusCode::BAD_REQUEST, "This page was not expected. Nothing has happened.")
    })
}

fn page(status: StatusCode, text: &str) -> Page {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>opp</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><p>{text}</p></html>"
    );
    let mut page = Response::new(Full::new(Bytes::from(html)));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        // The address has a code in it.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    page
}
