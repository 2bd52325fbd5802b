//! One request on one of the two hosts: read it within the limits, find who answers, write the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::body::{Cut, Manner, Sent};
use super::problem::Problem;
use super::wire::{Body, Reply, Request};
use super::{Host, Shared, api, guard};
use crate::control::{self, Caprice, Seen};
use crate::document::Route;
use crate::{auth, pages};

/// Answers up to this size need no share of the buffers.
const SMALL: usize = 4096;

/// The connection is to be reset, as a caprice wants it.
#[derive(Debug, thiserror::Error)]
#[error("reset on request")]
pub(super) struct Reset;

/// Answers a request; fails only to have its connection reset, which `reset` tells.
pub(super) async fn answer(
    shared: Arc<Shared>,
    host: Host,
    incoming: http::Request<Incoming>,
    reset: Arc<AtomicBool>,
) -> Result<Response<Sent>, Reset> {
    let latency = shared.world().settings.latency;
    let (request, refused) = read(&shared, incoming).await;
    let request_id = request_id(&shared, &request);
    let broken = refused.is_some();
    let (reply, caprices) = match refused {
        Some(problem) => (problem.reply(), Vec::new()),
        None => capricious(&shared, host, &request, &request_id),
    };
    let reply = reply.with("x-request-id", &request_id);
    let (manner, pause, lost) = sending(&caprices);
    note(&shared, host, &request, &request_id, &reply, caprices);
    // Before the pause, so that what waits there has its share of the buffers, and nothing else is held.
    let response = write(&shared, reply, manner, broken);
    drop(request);
    let pause = latency + pause;
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    if lost {
        reset.store(true, Ordering::Relaxed);
        return Err(Reset);
    }
    Ok(response)
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
    let authority = head.uri.authority().map(http::uri::Authority::as_str).or_else(|| request.header("host"));
    if (authority.is_some() || head.version >= Version::HTTP_11)
        && let Err(problem) = guard::check_host(authority, &shared.host_names)
    {
        return (request, Some(problem));
    }
    let limits = &shared.limits;
    let most = if is_restore(&request.path) { limits.restore_bytes } else { limits.body_bytes };
    let announced = request.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return (request, Some(too_large(most)));
    }
    match tokio::time::timeout(limits.read_time, collect(shared, body, most)).await {
        Ok(Ok(body)) => {
            request.body = body;
            (request, None)
        }
        Ok(Err(problem)) => (request, Some(problem)),
        Err(_) => {
            let text = "the body did not arrive in time";
            (request, Some(Problem::new(StatusCode::REQUEST_TIMEOUT, "FORMAT_ERROR", text)))
        }
    }
}

/// Collects a body piece by piece, each within what all connections together may hold.
async fn collect(shared: &Shared, mut body: Incoming, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    let mut share: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::format("/", format!("the body could not be read: {error}")))?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if bytes.len() + piece.len() > most {
            return Err(too_large(most));
        }
        let Some(more) = shared.share(piece.len()) else {
            return Err(busy());
        };
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

fn is_restore(path: &str) -> bool {
    path.trim_end_matches('/') == "/_sandbox/restore"
}

fn too_large(most: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "FORMAT_ERROR", format!("the body is larger than {most} bytes"))
}

fn busy() -> Problem {
    let text = "too many bodies are on their way at once";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_BLOCKED", text)
}

/// Echoes the caller's id; invents one when there is none to echo.
fn request_id(shared: &Shared, request: &Request) -> String {
    request.filled_header("x-request-id").unwrap_or_else(|| shared.world().state.ids.uuid())
}

/// Answers a request that came without a socket.
pub(crate) fn answer_plainly(shared: &Shared, host: Host, request: &Request) -> Reply {
    let request_id = request_id(shared, request);
    let (reply, caprices) = capricious(shared, host, request, &request_id);
    note(shared, host, request, &request_id, &reply, caprices);
    reply
}

/// Routes a call, with the caprices around it that it asked for or that stand for it.
fn capricious(shared: &Shared, host: Host, request: &Request, request_id: &str) -> (Reply, Vec<Caprice>) {
    let Some(path) = request.segments() else {
        return (Problem::format("/", "the path is not percent-encoded UTF-8").reply(), Vec::new());
    };
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let own = matches!(parts.as_slice(), ["_sandbox" | "bankid", ..]);
    let answers = request.method == Method::POST && matches!(parts.as_slice(), ["connect", "authorize" | "redirect"]);
    if (own || answers)
        && let Err(problem) = guard::check_origin(request, &shared.host_names)
    {
        return (problem.reply(), Vec::new());
    }
    if own {
        return (route(shared, host, request, &path, &parts, request_id), Vec::new());
    }
    let caprices = match control::caprices_of(request) {
        Ok(mut caprices) => {
            caprices.extend(standing(shared, host, request, &path, &parts));
            caprices
        }
        Err(problem) => return (problem.reply(), Vec::new()),
    };
    if caprices.is_empty() {
        return (route(shared, host, request, &path, &parts, request_id), caprices);
    }
    if caprices.contains(&Caprice::Reset { done: false }) {
        return (Reply::empty(StatusCode::SERVICE_UNAVAILABLE), caprices);
    }
    let instead = {
        let mut world = shared.world();
        let now = world.catch_up();
        control::before(&mut world, request, &parts, &caprices, now)
    };
    let mut reply = instead.unwrap_or_else(|| route(shared, host, request, &path, &parts, request_id));
    let mut world = shared.world();
    let api = world.addresses.api.clone();
    control::after(&mut world.rules, &api, &request.path, &caprices, &mut reply);
    (reply, caprices)
}

/// The caprices of the standing rules.
fn standing(shared: &Shared, host: Host, request: &Request, path: &[String], parts: &[&str]) -> Vec<Caprice> {
    let mut world = shared.world();
    if world.rules.is_empty() {
        return Vec::new();
    }
    let operation = match (host, shared.document.route(&request.method, path)) {
        (Host::Api, Route::Found(operation, _)) => Some(operation.id.as_str()),
        (Host::Auth, _) if parts == ["connect", "token"] => Some("token"),
        _ => None,
    };
    let token = request.bearer().and_then(|value| world.state.tokens.get(value));
    let application = token.map(|token| token.client_id.clone()).or_else(|| {
        let form = if host == Host::Auth { request.form_pairs() } else { Vec::new() };
        form.into_iter().find_map(|(name, value)| (name == "client_id").then_some(value))
    });
    let caller = control::Caller { application: application.as_deref(), bank: request.header("x-bicfi"), operation };
    world.rules.strike(&caller)
}

/// How the answer is sent, how much later, and whether it is lost.
fn sending(caprices: &[Caprice]) -> (Manner, Duration, bool) {
    let (mut manner, mut later, mut lost) = (Manner::default(), Duration::ZERO, false);
    for caprice in caprices {
        match caprice {
            Caprice::Latency(time) => later += *time,
            Caprice::SlowDrip(pause) => manner.pause = Some(*pause),
            Caprice::TruncatedBody(kept) => manner.cut = Some(kept.map_or(Cut::Half, Cut::After)),
            Caprice::Reset { .. } => lost = true,
            _ => {}
        }
    }
    (manner, later, lost)
}

fn route(shared: &Shared, host: Host, request: &Request, path: &[String], parts: &[&str], request_id: &str) -> Reply {
    match (host, parts) {
        (_, ["_sandbox", rest @ ..]) => control::answer(&mut shared.world(), request, rest),
        (_, ["bankid"]) => pages::phone::answer(&mut shared.world(), request),
        (Host::Auth, parts) => auth::answer(&mut shared.world(), request, parts),
        (Host::Api, _) => api::answer(shared, request, path, request_id),
    }
}

/// Logs the request and keeps it for the control API.
fn note(shared: &Shared, host: Host, request: &Request, request_id: &str, reply: &Reply, caprices: Vec<Caprice>) {
    let verdict = verdict(&reply.body);
    let status = reply.status.as_u16();
    // Without the text, which may quote an account number or a person.
    let code = verdict.split(':').next();
    tracing::info!(host = host.name(), method = %request.method, path = request.path, status, request_id, verdict = code);
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
        caprices,
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

fn write(shared: &Shared, reply: Reply, manner: Manner, close: bool) -> Response<Sent> {
    let (mut status, mut headers) = (reply.status, reply.headers);
    let (mut media, mut bytes) = Reply::into_bytes(reply.body);
    // A refusal is small and goes out even when there is no room.
    let share = shared.share(bytes.len());
    if share.is_none() && bytes.len() > SMALL {
        status = StatusCode::SERVICE_UNAVAILABLE;
        headers.remove("location");
        (media, bytes) = Reply::into_bytes(busy().reply().body);
    }
    let mut response = Response::new(Sent::new(bytes, manner, share));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(media) = media {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    }
    if close {
        // What is left of the body would be taken for the next request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
