//! The client: where the hosts are, which headers go with each call, and what stands around the sending.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::call::Call;
use crate::generated::operations::SERVERS;
use crate::types::RequestHeaders;
use crate::value::{Plain, Read};
use crate::{ByteStream, Bytes, Error, Hook, Invalid, Operation, Response};

/// A client of the platform: one method for each operation.
///
/// It is cheap to clone. [`with_headers`](Self::with_headers) gives a clone that carries the headers of one request,
/// or of one user's flow.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    headers: Arc<Ambient>,
    extra: HeaderMap,
    hook: Option<Arc<dyn Hook>>,
}

/// The headers of a user's flow, written out once for all its calls.
#[derive(Default)]
struct Ambient {
    typed: RequestHeaders,
    /// Those that are set, by their names; `None` for a value that no header can carry.
    written: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Ambient {
    fn new(typed: RequestHeaders) -> Self {
        let write = |(name, text): (&str, Option<&dyn Plain>)| {
            let value = HeaderValue::try_from(text?.plain()).ok().map(|mut value| {
                value.set_sensitive(true);
                value
            });
            Some((HeaderName::try_from(name).ok()?, value))
        };
        let written = typed.texts().into_iter().filter_map(write).collect();
        Self { typed, written }
    }
}

struct Shared {
    http: reqwest::Client,
    servers: Vec<Option<Url>>,
    max_body: usize,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.shared.servers.iter().flatten().map(Url::as_str).collect();
        // Names alone: the values are of a person.
        let headers: Vec<_> = self.headers.written.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Client").field("servers", &hosts).field("headers", &headers).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the API at an address such as `https://api.sandbox.openbankingplatform.com`.
    pub fn new(api: &str) -> Result<Self, Error> {
        Self::builder().server("api", api).build()
    }

    /// Starts configuring one.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A clone that sends these headers with every operation that has them in the document.
    ///
    /// `X-Request-ID` is best left out: each call then gets a fresh one.
    #[must_use]
    pub fn with_headers(&self, headers: RequestHeaders) -> Self {
        Self { headers: Arc::new(Ambient::new(headers)), ..self.clone() }
    }

    /// The headers that are sent where the document has them.
    pub fn headers(&self) -> &RequestHeaders {
        &self.headers.typed
    }

    /// A header as it is sent, by its name in the document; `Some(None)` if no header can carry its value.
    pub(crate) fn written(&self, name: &str) -> Option<&(HeaderName, Option<HeaderValue>)> {
        self.headers.written.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
    }

    /// A clone that sends one more header, with every operation, in the document or not.
    pub fn with_header(&self, name: &str, value: &str) -> Result<Self, Invalid> {
        let wrong = |rule: &str| Invalid::new(rule).within(name);
        let parsed = HeaderName::try_from(name).map_err(|_| wrong("is no name of a header"))?;
        let mut content = HeaderValue::try_from(value).map_err(|_| wrong("has a value that no header can carry"))?;
        content.set_sensitive(true);
        let mut client = self.clone();
        client.extra.insert(parsed, content);
        Ok(client)
    }

    /// A clone that sends this access token. It goes to the hosts that were configured and nowhere else; a token that
    /// has to be renewed on the way belongs in a [`Hook`].
    pub fn with_token(&self, token: &str) -> Result<Self, Invalid> {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    /// A clone that puts this around its calls, in place of the hook it was built with: what holds for one call or one
    /// user, such as a deadline or the context of a token, is told to a hook of its own.
    #[must_use]
    pub fn with_hook(&self, hook: Arc<dyn Hook>) -> Self {
        Self { hook: Some(hook), ..self.clone() }
    }

    /// Follows a link that the platform gave in an answer, such as `_links.next` of a page, as a call of an operation
    /// that reads. The link may be absolute, relative, or without the `/psd2` of the paths. One that leads to another
    /// host than the operation's own is refused before anything is sent: a bearer token goes along.
    pub async fn follow<T: Read + Default + serde::de::DeserializeOwned>(
        &self,
        operation: &'static Operation,
        link: &str,
    ) -> Result<Response<T>, Error> {
        self.call(operation).link(link).send().await
    }

    /// Follows a link like [`follow`](Self::follow), to a body that is handed over as it arrives.
    pub async fn follow_stream(
        &self,
        operation: &'static Operation,
        link: &str,
        accept: &str,
    ) -> Result<Response<ByteStream>, Error> {
        self.call(operation).link(link).stream(accept).await
    }

    /// Calls an operation at a path and with a body of one's own: for tools that take both from somebody else, and for
    /// what a typed method would not say. The path is taken as a link is in [`follow`](Self::follow); the body goes out
    /// as it is, with its media type, and is held against nothing.
    pub async fn request(
        &self,
        operation: &'static Operation,
        path: &str,
        body: Option<(&str, Bytes)>,
        accept: &str,
    ) -> Result<Response<ByteStream>, Error> {
        let call = self.call(operation).link(path);
        let call = match body {
            Some((media, body)) => call.bytes(media, body),
            None => call,
        };
        call.stream(accept).await
    }

    /// Starts a call of an operation; the generated methods do nothing else.
    pub(crate) fn call(&self, operation: &'static Operation) -> Call<'_> {
        Call::new(self, operation)
    }

    pub(crate) fn extra_headers(&self) -> &HeaderMap {
        &self.extra
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    pub(crate) fn hook(&self) -> Option<&dyn Hook> {
        self.hook.as_deref()
    }

    pub(crate) fn max_body(&self) -> usize {
        self.shared.max_body
    }

    /// The address of the host that an operation is at.
    pub(crate) fn server(&self, operation: &'static Operation) -> Result<&Url, Error> {
        let known = SERVERS.get(operation.server).map_or("api", |server| server.name);
        self.shared.servers.get(operation.server).and_then(Option::as_ref).ok_or_else(|| {
            let rule = "has no address: name one with ClientBuilder::server";
            Error::invalid_call(operation, Invalid::new(rule).within(known))
        })
    }
}

/// Configures a [`Client`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    http: Option<reqwest::ClientBuilder>,
    ready: Option<reqwest::Client>,
    servers: Vec<(String, String)>,
    hook: Option<Arc<dyn Hook>>,
    max_body: Option<usize>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Says where a group of operations is: `api` for nearly all, others as in
    /// [`operations::SERVERS`](crate::operations::SERVERS). The address is a host, without the `/psd2` of the paths.
    pub fn server(mut self, name: &str, address: &str) -> Self {
        self.servers.push((name.to_owned(), address.to_owned()));
        self
    }

    /// Timeouts, certificates, proxies: everything that is set on the HTTP client. Redirects stay off, whatever it
    /// says: a bearer token goes to no host that was not named here.
    pub fn http(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = Some(http);
        self
    }

    /// A client that is ready made, in place of [`http`](Self::http). It must not follow redirects: an answer that came
    /// from elsewhere than it was asked for is refused, but the headers have been there by then.
    pub fn ready(mut self, http: reqwest::Client) -> Self {
        self.ready = Some(http);
        self
    }

    /// Puts something around every call.
    pub fn hook(mut self, hook: Arc<dyn Hook>) -> Self {
        self.hook = Some(hook);
        self
    }

    /// The largest body that is read into memory, in bytes; 32 MiB unless set. Streams are not limited.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// The client, or what is wrong with its configuration.
    pub fn build(self) -> Result<Client, Error> {
        let mut servers = vec![None; SERVERS.len()];
        for (name, address) in &self.servers {
            let wrong = |rule: String| Error::configuration(Invalid::new(rule).within(name));
            let index = SERVERS.iter().position(|server| server.name == name);
            let place = index.and_then(|index| servers.get_mut(index));
            let place = place.ok_or_else(|| {
                let names: Vec<_> = SERVERS.iter().map(|server| server.name).collect();
                wrong(format!("is no server of the document, which has: {}", names.join(", ")))
            })?;
            let url = Url::parse(address).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
            let url = url.ok_or_else(|| wrong("is no address of the form https://host".into()))?;
            if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
                return Err(wrong("is more than a host: leave out user, query and fragment".into()));
            }
            *place = Some(url);
        }
        let http = if let Some(http) = self.ready {
            http
        } else {
            let http = self.http.unwrap_or_default().redirect(reqwest::redirect::Policy::none());
            http.build().map_err(Error::from_build)?
        };
        let shared = Shared { http, servers, max_body: self.max_body.unwrap_or(32 << 20) };
        Ok(Client { shared: Arc::new(shared), headers: Arc::default(), extra: HeaderMap::new(), hook: self.hook })
    }
}
