//! Who is asking: a cookie with a random number, which stands for a guest. Everything that is kept is kept under its
//! hash, so that guests cannot meet; forms carry a token that follows from it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Form;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::http::header::{COOKIE, HOST, HeaderMap, HeaderValue, LOCATION, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use opp_ergonomic::{Bank, Psu, Secret, Session};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::record::KEEP;

const COOKIE_NAME: &str = "opp_demo";

/// Nothing but what the demo itself serves; pictures may also stand in the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Somebody's browser.
#[derive(Clone)]
pub(crate) struct Guest {
    /// Under which everything of theirs is kept. The cookie cannot be told from it.
    pub(crate) key: String,
    /// What their forms carry.
    pub(crate) token: String,
    /// Where their request came from, as the banks want to know.
    presence: Presence,
}

/// How somebody reaches us: banks are told so, and take it as a sign that their customer is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Presence {
    ip: IpAddr,
    user_agent: String,
}

/// How a bank knows its customer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    /// Their personal number or user name.
    pub(crate) id: String,
    /// Their company's number, if they act for one.
    pub(crate) company: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

impl Person {
    /// This person, who is there.
    pub(crate) fn at(&self, presence: &Presence) -> Psu {
        let psu = match &self.company {
            Some(number) => Psu::corporate(number),
            None => Psu::private(),
        };
        let psu = if self.id.is_empty() { psu } else { psu.id(&self.id) };
        psu.ip(presence.ip).user_agent(&presence.user_agent)
    }

    /// What is done at a bank for this person, who is there.
    pub(crate) fn session(&self, app: &App, bank: &Bank, presence: &Presence) -> Result<Session, opp_ergonomic::Error> {
        app.platform.client.at(bank.clone(), self.at(presence))
    }
}

impl Guest {
    fn new(cookie: &str, presence: Presence) -> Self {
        Self { key: hash("guest", cookie), token: hash("form", cookie), presence }
    }

    pub(crate) fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Whether the browser says that it is a telephone's.
    pub(crate) fn has_phone(&self) -> bool {
        self.presence.user_agent.contains("Mobi")
    }
}

fn hash(purpose: &str, cookie: &str) -> String {
    let digest = Sha256::digest(format!("opp-demo {purpose} {cookie}"));
    digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Lets a request in: to the right address, with a guest, and out again with headers that keep the page to itself.
pub(crate) async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if let Some(elsewhere) = elsewhere(&app, &request) {
        return elsewhere;
    }
    let old = cookie(request.headers());
    let value = old.clone().unwrap_or_else(|| format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
    let guest = Guest::new(&value, presence(&app, &request));
    request.extensions_mut().insert(guest);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if old.is_none()
        && let Ok(value) = HeaderValue::try_from(set_cookie(&app, &value, KEEP.as_secs()))
    {
        headers.append(SET_COOKIE, value);
    }
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    response
}

/// One address, one cookie: who comes by another name of this machine is led to the right one, and a page of another
/// site that has pointed its name here gets nothing.
fn elsewhere(app: &App, request: &Request) -> Option<Response> {
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let own = app.base.split_once("://").map_or(app.base.as_str(), |(_, own)| own);
    if host == own {
        return None;
    }
    if request.method() != Method::GET {
        return Some(StatusCode::MISDIRECTED_REQUEST.into_response());
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Some((StatusCode::SEE_OTHER, [(LOCATION, format!("{}{path}", app.base))]).into_response())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == COOKIE_NAME)?;
    let ours = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    ours.then(|| value.to_owned())
}

/// `Lax` and not `Strict`: a bank's page leads back here, and its customer has to be known then.
fn set_cookie(app: &App, value: &str, seconds: u64) -> String {
    let secure = if app.base.starts_with("https:") { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The header that makes a browser forget who it is.
pub(crate) fn forget_cookie(app: &App) -> (axum::http::HeaderName, String) {
    (SET_COOKIE, set_cookie(app, "", 0))
}

fn presence(app: &App, request: &Request) -> Presence {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    // A header that anybody can write counts only if a proxy of ours has written its end.
    let is_behind_proxy = !app.base.starts_with("http://localhost");
    let forwarded = is_behind_proxy.then(|| forwarded(request.headers())).flatten();
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Presence {
        ip: forwarded.or(peer).unwrap_or(IpAddr::from([127, 0, 0, 1])),
        user_agent: user_agent.chars().take(300).collect(),
    }
}

/// The last address that proxies have added; those before it may be invented.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::stale_form)
    }
}

/// A form that one of our own pages has sent, for the guest to whom it was shown.
pub(crate) struct Signed<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Signed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let guest = request.extensions().get::<Guest>().cloned().ok_or_else(Problem::stale_form)?;
        let pairs = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let Form(pairs) = pairs.map_err(|_| Problem::stale_form())?;
        let sent = pairs.iter().find(|(name, _)| name == "token").map(|(_, token)| token.as_str());
        // Secrets are compared without telling by its duration how much was right.
        if Secret::from(sent.unwrap_or_default()) != Secret::from(guest.token.as_str()) {
            return Err(Problem::stale_form());
        }
        let fields: serde_json::Map<_, _> = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
        serde_json::from_value(fields.into()).map(Self).map_err(|_| Problem::stale_form())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_forwarded_addresses_only_the_last_is_a_proxys_word() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded(&headers), None);
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.1, 192.0.2.7"));
        assert_eq!(forwarded(&headers), Some(IpAddr::from([192, 0, 2, 7])));
    }
}
