//! One request on one of the two hosts: read it within the limits, find who answers, write the answer.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::problem::Problem;
use super::wire::{Body, Reply, Request};
use super::{Host, Shared, api};
use crate::control::{self, Seen};
use crate::{auth, pages};

/// Answers a request; never fails, so that a connection ends only by its client or by a limit.
pub(super) async fn answer(
    shared: Arc<Shared>,
    host: Host,
    incoming: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let latency = shared.world().settings.latency;
    let (request, refused) = read(&shared, incoming).await;
    let request_id = request_id(&shared, &request);
    let broken = refused.is_some();
    let reply = match refused {
        Some(problem) => problem.reply(),
        None => route(&shared, host, &request, &request_id),
    };
    let reply = reply.with("x-request-id", &request_id);
    note(&shared, host, &request, &request_id, &reply);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    Ok(write(reply, broken))
}

/// Reads the request to its end, or says why it cannot be read.
async fn read(shared: &Shared, incoming: http::Request<Incoming>) -> (Request, Option<Problem>) {
    let (head, body) = incoming.into_parts();
    let mut request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: Bytes::new(),
    };
    let most = shared.limits.body_bytes;
    let too_large = || {
        let text = format!("the body is larger than {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "FORMAT_ERROR", text)
    };
    let announced = request.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return (request, Some(too_large()));
    }
    match tokio::time::timeout(shared.limits.read_time, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => {
            request.body = body.to_bytes();
            (request, None)
        }
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => (request, Some(too_large())),
        Ok(Err(error)) => {
            let problem = Problem::format("/", format!("the body could not be read: {error}"));
            (request, Some(problem))
        }
        Err(_) => {
            let text = "the body did not arrive in time";
            (request, Some(Problem::new(StatusCode::REQUEST_TIMEOUT, "FORMAT_ERROR", text)))
        }
    }
}

/// Echoes the caller's id; invents one when there is none to echo.
fn request_id(shared: &Shared, request: &Request) -> String {
    request.filled_header("x-request-id").unwrap_or_else(|| shared.world().state.ids.uuid())
}

fn route(shared: &Shared, host: Host, request: &Request, request_id: &str) -> Reply {
    let Some(path) = request.segments() else {
        return Problem::format("/", "the path is not percent-encoded UTF-8").reply();
    };
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match (host, parts.as_slice()) {
        (_, ["_sandbox", rest @ ..]) => control::answer(&mut shared.world(), request, rest),
        (_, ["bankid"]) => pages::phone::answer(&mut shared.world(), request),
        (Host::Auth, parts) => auth::answer(&mut shared.world(), request, parts),
        (Host::Api, _) => api::answer(shared, request, &path, request_id),
    }
}

/// Logs the request and keeps it for the control API.
fn note(shared: &Shared, host: Host, request: &Request, request_id: &str, reply: &Reply) {
    let verdict = verdict(&reply.body);
    let status = reply.status.as_u16();
    tracing::info!(host = host.name(), method = %request.method, path = request.path, status, request_id, verdict);
    if request.path.starts_with("/_sandbox") {
        return;
    }
    let mut world = shared.world();
    let time = world.clock.now();
    world.journal.add(Seen {
        time,
        host: host.name(),
        method: request.method.to_string(),
        path: request.path.chars().take(512).collect(),
        request_id: request_id.chars().take(64).collect(),
        status,
        verdict,
    });
}

fn verdict(body: &Body) -> String {
    let Body::Json(value) = body else {
        return "ok".to_owned();
    };
    let message = value["tppMessages"].as_array().and_then(|list| list.first());
    let (code, text) = match message {
        Some(message) => (&message["code"], &message["text"]),
        None => (&value["error"], &value["error_description"]),
    };
    match (code, text) {
        (Value::String(code), Value::String(text)) => format!("{code}: {text}"),
        (Value::String(code), _) => code.clone(),
        _ => "ok".to_owned(),
    }
}

fn write(reply: Reply, close: bool) -> Response<Full<Bytes>> {
    let (media, bytes) = Reply::into_bytes(reply.body);
    let mut response = Response::new(Full::new(bytes));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Some(media) = media {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    }
    if close {
        // What is left of the body would be taken for the next request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
