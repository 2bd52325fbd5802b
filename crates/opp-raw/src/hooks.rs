//! Where a layer above puts its token, its tracing and its retries: around the sending of each request.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::response::body;
use crate::{Error, Operation};

/// What a hook returns.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = Result<reqwest::Response, Error>> + Send + 'a>>;

/// Something that stands around every call.
///
/// The request is complete but for what the hook adds. It may call [`Next::send`] several times with
/// [`try_clone`](reqwest::Request::try_clone)d requests, or not at all, and return an error of its own with
/// [`Error::from_hook`]. Whether anything had been sent by then, [`Error::is_unsent`] knows.
pub trait Hook: Send + Sync {
    /// Sends a request, or refuses to.
    fn around<'a>(&'a self, operation: &'static Operation, request: reqwest::Request, next: Next<'a>)
    -> HookFuture<'a>;
}

/// The way to the network.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) operation: &'static Operation,
    /// The largest body that is read, in bytes.
    pub(crate) limit: usize,
    /// How many requests have left, or may have: one that is being sent counts, in case nobody waits for its end.
    pub(crate) sent: &'a AtomicUsize,
}

impl Next<'_> {
    /// Sends the request once. Redirects are not followed.
    pub async fn send(self, request: reqwest::Request) -> Result<reqwest::Response, Error> {
        let id = crate::call::request_id(request.headers());
        let asked = request.url().clone();
        self.sent.fetch_add(1, Ordering::Relaxed);
        let result = self.http.execute(request).await;
        if result.as_ref().is_err_and(reqwest::Error::is_connect) {
            self.sent.fetch_sub(1, Ordering::Relaxed);
        }
        match result {
            Ok(answer) if answer.url().origin() != asked.origin() => Err(Error::led_astray(self.operation, id)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(Error::from_transport(self.operation, id, error)),
        }
    }

    /// Reads the body here and now, so that a hook can ask again if it breaks off. What comes back is the same answer
    /// with its body at hand. Not for what is to be a stream.
    pub async fn read(self, mut answer: reqwest::Response) -> Result<reqwest::Response, Error> {
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let (body, failure) = body(&mut answer, self.limit).await;
        if let Some(failure) = failure {
            return Err(Error::from_body(self.operation, status, headers, body, failure));
        }
        let mut read = http::Response::new(body);
        (*read.status_mut(), *read.headers_mut()) = (status, headers);
        Ok(read.into())
    }
}
