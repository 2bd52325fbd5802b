//! Answers: the value, the status and the headers; or the bytes as they arrive.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http_body::Body as _;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::Value;

use crate::types::ResponseHeaders;
use crate::{Bytes, Error, Operation};

/// A successful answer.
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: ResponseHeaders,
    raw_headers: HeaderMap,
}

/// Of the headers that the document does not name, the names alone: a bank may set cookies.
impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.as_u16())
            .field("headers", &self.headers)
            .field("value", &self.value)
            .field("raw_headers", &self.raw_headers.keys().map(HeaderName::as_str).collect::<Vec<_>>())
            .finish()
    }
}

impl<T> Response<T> {
    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status: `204 No Content` is a success with nothing in it, such as an empty list or a payment that is gone.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers that the document names: `X-Request-ID`, `ASPSP-SCA-Approach`, `Location`.
    pub fn headers(&self) -> &ResponseHeaders {
        &self.headers
    }

    /// All headers.
    pub fn raw_headers(&self) -> &HeaderMap {
        &self.raw_headers
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Response<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Reads the headers that the document names.
pub(crate) fn typed(headers: &HeaderMap) -> ResponseHeaders {
    ResponseHeaders::from_texts(&|name| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned()))
}

fn wrap<T>(value: T, status: StatusCode, raw_headers: HeaderMap) -> Response<T> {
    Response { value, status, headers: typed(&raw_headers), raw_headers }
}

pub(crate) async fn read_json<T: Default + serde::de::DeserializeOwned>(
    operation: &'static Operation,
    mut answer: reqwest::Response,
    limit: usize,
) -> Result<Response<T>, Error> {
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    if status == StatusCode::NO_CONTENT {
        return Ok(wrap(T::default(), status, headers));
    }
    let (body, failure) = body(&mut answer, limit).await;
    if let Some(failure) = failure {
        return Err(Error::from_body(operation, status, headers, body, failure));
    }
    // Looking at the whole for UTF-8 once is cheaper than at each string, and a large report has many.
    let error = match std::str::from_utf8(&body).map(serde_json::from_str) {
        Ok(Ok(value)) => return Ok(wrap(value, status, headers)),
        Ok(Err(error)) => error,
        Err(error) => serde::de::Error::custom(error),
    };
    let error = failure_with_path(&body, error);
    Err(Error::from_decoding(operation, status, headers, body, &error))
}

/// Reads once more, to see where reading fails: keeping track of the path while all goes well would cost every caller.
/// As the types take any value there is, what fails is the JSON itself, and fails for any type.
fn failure_with_path(body: &[u8], error: serde_json::Error) -> serde_path_to_error::Error<serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let again = Value::deserialize(serde_path_to_error::Deserializer::new(&mut reader, &mut track));
    serde_path_to_error::Error::new(track.path(), again.err().unwrap_or(error))
}

pub(crate) fn nothing(_: &'static Operation, answer: &reqwest::Response) -> Response<()> {
    wrap((), answer.status(), answer.headers().clone())
}

pub(crate) fn stream(operation: &'static Operation, mut answer: reqwest::Response) -> Response<ByteStream> {
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request_id = crate::call::request_id(&headers);
    wrap(ByteStream { inner: answer.into(), content_type, operation, request_id }, status, headers)
}

/// Why a body could not be read to its end.
pub(crate) enum Failure {
    TooLarge(usize),
    Transport(reqwest::Error),
}

/// Reads a body up to a limit, and gives what came of it even if its end did not. One that comes in one part is not
/// copied.
pub(crate) async fn body(answer: &mut reqwest::Response, limit: usize) -> (Bytes, Option<Failure>) {
    let (mut first, mut whole) = (Bytes::new(), Vec::new());
    let failure = loop {
        match answer.chunk().await {
            Ok(None) => break None,
            Ok(Some(part)) if first.len().max(whole.len()) + part.len() > limit => {
                break Some(Failure::TooLarge(limit));
            }
            Ok(Some(part)) if first.is_empty() => first = part,
            Ok(Some(part)) => {
                if whole.is_empty() {
                    whole.extend_from_slice(&first);
                }
                whole.extend_from_slice(&part);
            }
            Err(error) => break Some(Failure::Transport(error)),
        }
    };
    (if whole.is_empty() { first } else { whole.into() }, failure)
}

/// A body as it arrives: an account report in camt or MT form, or JSON that is too large to hold.
pub struct ByteStream {
    inner: reqwest::Body,
    content_type: Option<String>,
    operation: &'static Operation,
    request_id: Option<String>,
}

impl ByteStream {
    /// The media type that the platform says it is.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next part, or `None` at the end.
    pub async fn next_part(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// All of it, up to a limit in bytes; more is an error of [`Kind::Body`](crate::Kind::Body).
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = Vec::new();
        while let Some(part) = self.next_part().await {
            let part = part?;
            if whole.len() + part.len() > limit {
                return Err(Error::too_large(self.operation, self.request_id, limit));
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole.into())
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(part) => Some(Ok(part)),
                    Err(_trailers) => continue,
                },
                Some(Err(error)) => Some(Err(Error::from_transport(self.operation, self.request_id.clone(), error))),
                None => None,
            });
        }
    }
}
