//! The token endpoint: client credentials, and the code exchange that ends an OAuth redirect.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    RedirectUrl, RequestTokenError, TokenResponse, TokenUrl,
};
use opp_raw::Invalid;
use opp_raw::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use opp_raw::reqwest::{self, Url};

use super::error::Kind;
use super::{AccessToken, Scope, TokenError};
use crate::retry;
use crate::secret::Secret;

/// The largest answer that is read.
const LIMIT: usize = 1 << 20;

/// For how long a token is taken to be good that does not say so.
const UNSAID: Duration = Duration::from_mins(5);

type Configured = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// A token as it was granted.
pub(crate) struct Granted {
    pub(crate) token: AccessToken,
    pub(crate) expires_in: Duration,
}

/// The last leg of an OAuth redirect: the code that came back is exchanged, under headers that tie it to the
/// authorisation (platform-facts 8.3). What comes of it only says that it went well.
#[derive(Clone)]
pub struct CodeExchange {
    code: Secret,
    redirect_uri: String,
    scope: Option<String>,
    headers: HeaderMap,
}

impl CodeExchange {
    /// The code of the callback, and the redirect address exactly as it was put into the link.
    pub fn new(code: impl Into<Secret>, redirect_uri: impl Into<String>) -> Self {
        Self { code: code.into(), redirect_uri: redirect_uri.into(), scope: None, headers: HeaderMap::new() }
    }

    /// The scope, where one is to be sent: sources differ between none, the one of the callback, and the full one.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// A header that says to which authorisation the code belongs, such as `X-ConsentId`.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Invalid> {
        let wrong = |rule: &str| Invalid::new(rule).within(name);
        let parsed = HeaderName::try_from(name).map_err(|_| wrong("is no name of a header"))?;
        let value = HeaderValue::try_from(value).map_err(|_| wrong("has a value that no header can carry"))?;
        self.headers.insert(parsed, value);
        Ok(self)
    }
}

impl fmt::Debug for CodeExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeExchange").field("scope", &self.scope).finish_non_exhaustive()
    }
}

pub(crate) struct Endpoint {
    http: reqwest::Client,
    configured: Configured,
    secret: Secret,
    timeout: Duration,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.configured.token_uri().as_str()).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(crate) fn new(http: reqwest::Client, auth: &Url, id: &str, secret: &Secret, timeout: Duration) -> Self {
        let mut url = auth.clone();
        url.set_path(&format!("{}/connect/token", auth.path().trim_end_matches('/')));
        let configured = BasicClient::new(ClientId::new(id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(url));
        Self { http, configured, secret: secret.clone(), timeout }
    }

    /// With the secret, which the OAuth library does not wipe: so it has it for one request only.
    fn armed(&self) -> Configured {
        self.configured.clone().set_client_secret(ClientSecret::new(self.secret.expose().to_owned()))
    }

    pub(crate) fn client_id(&self) -> &str {
        self.configured.client_id().as_str()
    }

    /// Asks for a token of the application itself.
    pub(crate) async fn client_credentials(&self, scope: &Scope) -> Result<Granted, TokenError> {
        let seen = Arc::new(Seen::default());
        let http = self.sender(HeaderMap::new(), &seen);
        let words = scope.as_str().split(' ').map(|word| oauth2::Scope::new(word.to_owned()));
        let armed = self.armed();
        let answer = armed.exchange_client_credentials().add_scopes(words).request_async(&http).await;
        let answer = answer.map_err(|error| seen.error(error))?;
        Ok(Granted {
            token: AccessToken::new(answer.access_token().secret().as_str()),
            expires_in: answer.expires_in().unwrap_or(UNSAID),
        })
    }

    /// Exchanges a code. It is good once, so this is never repeated.
    pub(crate) async fn exchange(&self, exchange: &CodeExchange) -> Result<(), TokenError> {
        let seen = Arc::new(Seen::default());
        let http = self.sender(exchange.headers.clone(), &seen);
        let redirect = RedirectUrl::new(exchange.redirect_uri.clone());
        let redirect = redirect.map_err(|_| TokenError::other(Invalid::new("is no address").within("redirect_uri")))?;
        let code = AuthorizationCode::new(exchange.code.expose().to_owned());
        let armed = self.armed();
        let mut request = armed.exchange_code(code).set_redirect_uri(Cow::Owned(redirect));
        if let Some(scope) = &exchange.scope {
            request = request.add_extra_param("scope", scope.clone());
        }
        request.request_async(&http).await.map(drop).map_err(|error| seen.error(error))
    }

    /// What the OAuth library sends with: everything in it is owned, so that the request can outlive who asked.
    fn sender(&self, more: HeaderMap, seen: &Arc<Seen>) -> impl Fn(HttpRequest) -> Sending + Send + Sync + 'static {
        let (http, timeout, seen) = (self.http.clone(), self.timeout, Arc::clone(seen));
        move |request| Box::pin(send(http.clone(), timeout, more.clone(), Arc::clone(&seen), request))
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>>;

async fn send(
    http: reqwest::Client,
    timeout: Duration,
    more: HeaderMap,
    seen: Arc<Seen>,
    request: HttpRequest,
) -> Result<HttpResponse, reqwest::Error> {
    let mut request = reqwest::Request::try_from(request)?;
    request.headers_mut().extend(more);
    *request.timeout_mut() = Some(timeout);
    let mut answer = http.execute(request).await.map_err(reqwest::Error::without_url)?;
    seen.note(answer.status().as_u16(), retry::retry_after(answer.headers()));
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + part.len() > LIMIT {
            break;
        }
        body.extend_from_slice(&part);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

fn kind(error: &reqwest::Error) -> Kind {
    if error.is_timeout() {
        Kind::Timeout
    } else if error.is_connect() {
        Kind::Connect
    } else {
        Kind::Transport
    }
}

/// What the OAuth library does not hand on.
#[derive(Default)]
struct Seen(Mutex<Option<(u16, Option<Duration>)>>);

impl Seen {
    fn note(&self, status: u16, retry_after: Option<Duration>) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((status, retry_after));
    }

    fn error(&self, error: RequestTokenError<reqwest::Error, BasicErrorResponse>) -> TokenError {
        let seen = *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (status, retry_after) = (seen.map(|seen| seen.0), seen.and_then(|seen| seen.1));
        match error {
            RequestTokenError::ServerResponse(answer) => {
                TokenError::new(Kind::Refused, status, Some(answer.error().as_ref().to_owned()), retry_after, None)
            }
            RequestTokenError::Request(error) => {
                TokenError::new(kind(&error), status, None, retry_after, Some(Box::new(error)))
            }
            // The text of the other errors quotes the body, in which there may be a token.
            _ => TokenError::new(Kind::Unexpected, status, None, retry_after, None),
        }
    }
}
