//! The token endpoint: client credentials, and the code exchange that ends an OAuth redirect.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use oauth2::basic::BasicTokenIntrospectionResponse;
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    RedirectUrl, RequestTokenError, StandardRevocableToken, TokenResponse, TokenUrl,
};
use opp_raw::Invalid;
use opp_raw::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use opp_raw::reqwest::{self, StatusCode, Url};
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::{AccessToken, Scope, TokenError};
use crate::retry;
use crate::secret::{Secret, print_only};

/// The largest answer that is read.
const LIMIT: usize = 1 << 20;

/// For how long a token is taken to be good that does not say so.
const UNSAID: Duration = Duration::from_mins(5);

/// The OAuth library's client with the address of the token endpoint, and nothing else that it could have.
type Configured = oauth2::Client<
    Refusal,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    Refusal,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

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

print_only!(CodeExchange { scope });

pub(crate) struct Endpoint {
    http: reqwest::Client,
    configured: Configured,
    secret: Secret,
    timeout: Duration,
}

print_only!(Endpoint { timeout });

impl Endpoint {
    pub(crate) fn new(http: reqwest::Client, auth: &Url, id: &str, secret: &Secret, timeout: Duration) -> Self {
        let mut url = auth.clone();
        url.set_path(&format!("{}/connect/token", auth.path().trim_end_matches('/')));
        let configured = oauth2::Client::new(ClientId::new(id.to_owned()))
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
        let words = scope.as_str().split(' ').map(|word| oauth2::Scope::new(word.to_owned()));
        let armed = self.armed();
        let request = armed.exchange_client_credentials().add_scopes(words);
        let answer = request.request_async(&self.sender(HeaderMap::new())).await.map_err(unpacked)?;
        Ok(Granted {
            token: AccessToken::new(answer.access_token().secret().as_str()),
            expires_in: answer.expires_in().unwrap_or(UNSAID),
        })
    }

    /// Exchanges a code. It is good once, so this is never repeated.
    pub(crate) async fn exchange(&self, exchange: &CodeExchange) -> Result<(), TokenError> {
        let redirect = RedirectUrl::new(exchange.redirect_uri.clone());
        let redirect = redirect.map_err(|_| TokenError::other(Invalid::new("is no address").within("redirect_uri")))?;
        let code = AuthorizationCode::new(exchange.code.expose().to_owned());
        let armed = self.armed();
        let mut request = armed.exchange_code(code).set_redirect_uri(Cow::Owned(redirect));
        if let Some(scope) = &exchange.scope {
            request = request.add_extra_param("scope", scope.clone());
        }
        request.request_async(&self.sender(exchange.headers.clone())).await.map(drop).map_err(unpacked)
    }

    /// What the OAuth library sends with: everything in it is owned, so that the request can outlive who asked.
    fn sender(&self, more: HeaderMap) -> impl Fn(HttpRequest) -> Sending + Send + Sync + 'static {
        let (http, timeout) = (self.http.clone(), self.timeout);
        move |request| Box::pin(send(http.clone(), timeout, more.clone(), request))
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, TokenError>> + Send>>;

/// Sends a request. What is no token is an error here already: the OAuth library would lose its status and headers.
async fn send(
    http: reqwest::Client,
    timeout: Duration,
    more: HeaderMap,
    request: HttpRequest,
) -> Result<HttpResponse, TokenError> {
    let mut request = reqwest::Request::try_from(request).map_err(TokenError::broken)?;
    request.headers_mut().extend(more);
    *request.timeout_mut() = Some(timeout);
    let mut answer = http.execute(request).await.map_err(TokenError::broken)?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(TokenError::broken)? {
        if body.len() + part.len() > LIMIT {
            break;
        }
        body.extend_from_slice(&part);
    }
    if status != StatusCode::OK {
        let refusal: Value = serde_json::from_slice(&body).unwrap_or_default();
        return Err(TokenError::answered(status, refusal["error"].as_str(), retry::retry_after(&headers)));
    }
    let mut response = HttpResponse::new(body);
    *response.headers_mut() = headers;
    Ok(response)
}

/// The error of sending. The text of the library's others quotes the body, in which there may be a token.
fn unpacked(error: RequestTokenError<TokenError, Refusal>) -> TokenError {
    match error {
        RequestTokenError::Request(error) => error,
        _ => TokenError::answered(StatusCode::OK, None, None),
    }
}
