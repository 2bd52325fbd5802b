//! The one path to the network: rules, token, headers, sending, and what is done about a refusal or a failure.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opp_raw::reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use opp_raw::reqwest::{Request, Response, StatusCode};
use opp_raw::{Error as RawError, Hook, HookFuture, Invalid, Kind, Next, Operation, Problem};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::bank_rules;
use crate::clock::Clock;
use crate::identity;
use crate::retry::{Budget, RetryPolicy, retry_after};
use crate::secret::print_only;
use crate::store::{Store, Toll};
use crate::token::{AccessToken, Endpoint, PsuContext, Scope, TokenProvider};

pub(crate) const REQUEST_ID: &str = "x-request-id";

/// The largest error body that is looked into on the way.
const LOOK: usize = 1 << 20;

/// How many times as long as other calls a stream may take, unless it has a deadline of its own.
const STREAM: u32 = 10;

/// What counts as no limit at all.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 30);

/// What all calls of a client share.
pub(crate) struct Core {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) private: Scope,
    pub(crate) corporate: Scope,
    /// The scope of directory calls, on which sources disagree (platform-facts 2); unless set, that of the call.
    pub(crate) directory: Option<Scope>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) times: Times,
    /// What stands last before the network.
    pub(crate) hook: Option<Arc<dyn Hook>>,
    /// What replicas share.
    pub(crate) store: Arc<dyn Store>,
}

print_only!(Core { clock, tokens, endpoint, private, corporate, directory, retry, times, store });

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) total: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self { connect: 10 * second, attempt: 30 * second, total: 60 * second }
    }
}

impl Core {
    /// The scope that was declared for this context.
    pub(crate) fn own_scope(&self, context: PsuContext) -> &Scope {
        match context {
            PsuContext::Private => &self.private,
            PsuContext::Corporate => &self.corporate,
        }
    }

    fn scope(&self, operation: &Operation, context: PsuContext) -> &Scope {
        let directory = self.directory.as_ref().filter(|_| operation.path.contains("/aspspinformation/"));
        directory.unwrap_or_else(|| self.own_scope(context))
    }
}

/// What holds for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallOptions {
    pub(crate) context: PsuContext,
    /// Whether the `X-Request-ID` is the caller's own, and stays what it is when a read is repeated.
    pub(crate) own_id: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) streaming: bool,
}

/// Stands around one call, or around all calls of the raw client.
pub(crate) struct Transport {
    core: Arc<Core>,
    options: CallOptions,
    /// What the call spends, just before it is sent for the first time.
    toll: Option<Toll>,
    record: Mutex<Record>,
}

/// What is worth knowing of a call when it fails.
#[derive(Clone, Default)]
pub(crate) struct Record {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) request_id: Option<String>,
    pub(crate) path: Option<String>,
}

// Without the path: there are ids in it, which are asked for and not printed.
print_only!(Record { request_id });

impl Transport {
    pub(crate) fn new(core: Arc<Core>, options: CallOptions, toll: Option<Toll>) -> Self {
        Self { core, options, toll, record: Mutex::default() }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token, waited for no longer than the call may take.
    async fn token(&self, call: &Call) -> Result<AccessToken, RawError> {
        let scope = self.core.scope(call.operation, self.options.context);
        if let Some(token) = self.core.tokens.cached(scope) {
            return Ok(token);
        }
        match timeout_at(call.deadline, self.core.tokens.token(scope)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(RawError::from_hook(call.operation, error)),
            Err(late) => Err(RawError::from_hook(call.operation, late)),
        }
    }

    async fn deliver(&self, call: Call, request: Request, next: Next<'_>) -> Result<Response, RawError> {
        if let Err(invalid) = bank_rules::check_headers(call.operation, self.options.context, request.headers()) {
            return Err(RawError::from_hook(call.operation, invalid));
        }
        self.core.budget.pay_in();
        let mut token = self.token(&call).await?;
        if let Some(toll) = &self.toll {
            let late = |late| Err(RawError::from_hook(call.operation, late));
            timeout_at(call.deadline, toll.pay(call.operation)).await.unwrap_or_else(late)?;
        }
        let mut attempt = 1;
        let mut renewed = false;
        loop {
            let ready = self.prepare(&call, &request, &token, attempt - 1 + u32::from(renewed))?;
            let result = self.send(&call, ready, next).await;
            let (answer, pause) = match result {
                Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
                    let (answer, codes) = look(answer).await;
                    if !codes.is_empty() && !codes.iter().any(|code| code.starts_with("TOKEN_")) {
                        return Ok(answer); // The certificate, the user or the consent was refused, not the token.
                    }
                    let scope = self.core.scope(call.operation, self.options.context);
                    self.core.tokens.invalidate(scope, &token);
                    if !call.operation.is_read() || renewed {
                        return Ok(answer);
                    }
                    let fresh = self.token(&call).await?;
                    if fresh.same(&token) {
                        return Ok(answer);
                    }
                    (token, renewed) = (fresh, true);
                    continue;
                }
                Ok(answer) if call.operation.is_read() && is_passing(answer.status()) => {
                    let (answer, codes) = look(answer).await;
                    if codes.iter().any(|code| code == "ACCESS_EXCEEDED") {
                        return Ok(answer); // A day's reads are used up: no pause is long enough.
                    }
                    let pause = retry_after(answer.headers()).unwrap_or_else(|| self.core.retry.pause(attempt));
                    (Ok(answer), pause)
                }
                Err(error) if call.operation.is_read() && is_transient(&error) => {
                    (Err(error), self.core.retry.pause(attempt))
                }
                other => return other,
            };
            let in_time = pause < call.left();
            if attempt >= self.core.retry.attempts || !in_time || !self.core.budget.take() {
                return answer;
            }
            tracing::debug!(attempt, pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "reading again");
            attempt += 1;
            tokio::time::sleep(pause).await;
            token = self.token(&call).await?;
        }
    }

    /// The request as it goes out this time.
    fn prepare(&self, call: &Call, original: &Request, token: &AccessToken, resent: u32) -> Result<Request, RawError> {
        let unfit = |what| RawError::from_hook(call.operation, Invalid::new("cannot be sent").within(what));
        let mut request = original.try_clone().ok_or_else(|| unfit("body"))?;
        let headers = request.headers_mut();
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut bearer = bearer.map_err(|_| unfit("access token"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        // Each call has an id of its own, each repetition too; the caller's id stays what it is.
        let fresh = !headers.contains_key(REQUEST_ID) || (resent > 0 && !self.options.own_id);
        if fresh && let Ok(id) = HeaderValue::try_from(uuid::Uuid::new_v4().to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        Span::current().record("opp.request_id", id);
        if resent > 0 {
            Span::current().record("http.request.resend_count", resent);
        }
        self.record().request_id = Some(id.to_owned());
        let left = call.left();
        // A stream may take long once it has begun, but a trickle is not let go on forever.
        *request.timeout_mut() = Some(match (call.streaming, self.options.deadline) {
            (false, _) => left.min(self.core.times.attempt),
            (true, Some(_)) => left,
            (true, None) => self.core.times.total.saturating_mul(STREAM),
        });
        Ok(request)
    }

    async fn send(&self, call: &Call, request: Request, next: Next<'_>) -> Result<Response, RawError> {
        let sending = async {
            match &self.core.hook {
                Some(hook) => hook.around(call.operation, request, next).await,
                None => next.send(request).await,
            }
        };
        let result = if call.streaming {
            let limit = call.deadline.min(after(self.core.times.attempt));
            timeout_at(limit, sending).await.unwrap_or_else(|late| Err(RawError::from_hook(call.operation, late)))
        } else {
            match sending.await {
                // What breaks off in the body of a read is asked for again like everything else.
                Ok(answer) if call.operation.is_read() && answer.status().is_success() => next.read(answer).await,
                other => other,
            }
        };
        match &result {
            Ok(answer) => tracing::debug!(http.response.status_code = answer.status().as_u16(), "answer"),
            Err(error) => tracing::debug!(error.r#type = word(error), "no answer"),
        }
        result
    }
}

/// What stays the same through all attempts.
struct Call {
    operation: &'static Operation,
    deadline: Instant,
    streaming: bool,
}

/// The moment at which so much time is over: the end of all days, where a clock does not reach as far.
fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or_else(|| now + FOREVER)
}

impl Call {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

impl Hook for Transport {
    fn around<'a>(&'a self, operation: &'static Operation, request: Request, next: Next<'a>) -> HookFuture<'a> {
        let total = self.options.deadline.unwrap_or(self.core.times.total);
        // A write is no stream, whatever comes of it: giving one up that is on its way leaves its fate unknown.
        let streaming = operation.is_read()
            && (self.options.streaming
                || request.headers().get(ACCEPT).is_none_or(|accept| accept != "application/json"));
        let call = Call { operation, deadline: after(total), streaming };
        // The id that it will have, or would have had: a call that is stopped before it is sent has one too.
        let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        *self.record() =
            Record { operation: Some(operation), path: Some(request.url().path().to_owned()), request_id: id };
        // The names are OpenTelemetry's for HTTP clients. The template is told instead of the path: ids are not logged.
        let span = tracing::debug_span!(
            "opp",
            otel.name = operation.id,
            otel.kind = "client",
            http.request.method = operation.method,
            url.template = operation.path,
            server.address = request.url().host_str().unwrap_or_default(),
            server.port = request.url().port_or_known_default().unwrap_or_default(),
            http.request.resend_count = Empty,
            http.response.status_code = Empty,
            error.r#type = Empty,
            opp.request_id = Empty,
        );
        let delivered = async move {
            let result = self.deliver(call, request, next).await;
            note(&Span::current(), &result);
            result
        };
        Box::pin(delivered.instrument(span))
    }
}

/// How the call ended, whatever its attempts were like.
fn note(span: &Span, result: &Result<Response, RawError>) {
    match result {
        Ok(answer) => {
            let status = answer.status().as_u16();
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("error.type", status);
            }
        }
        Err(error) => _ = span.record("error.type", word(error)),
    }
}

fn word(error: &RawError) -> &'static str {
    match error.kind() {
        Kind::Connect => "connect",
        Kind::Timeout => "timeout",
        Kind::Transport => "transport",
        _ => "stopped",
    }
}

/// Reads an error body for its codes, and gives back an answer with the same body.
async fn look(mut answer: Response) -> (Response, Vec<String>) {
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = Vec::new();
    while let Ok(Some(part)) = answer.chunk().await {
        if body.len() + part.len() > LOOK {
            break;
        }
        body.extend_from_slice(&part);
    }
    let codes = Problem::parse(&body).map(|problem| problem.messages).unwrap_or_default();
    let codes = codes.iter().filter_map(|message| Some(message.code.as_ref()?.as_str().to_owned())).collect();
    let mut rebuilt = oauth2::http::Response::new(body);
    *rebuilt.status_mut() = status;
    *rebuilt.headers_mut() = headers;
    (Response::from(rebuilt), codes)
}

/// Statuses that another moment may change.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn is_transient(error: &RawError) -> bool {
    let late = error.source().is_some_and(<dyn StdError>::is::<Elapsed>);
    (late || matches!(error.kind(), Kind::Connect | Kind::Timeout | Kind::Transport)) && !identity::was_refused(error)
}
