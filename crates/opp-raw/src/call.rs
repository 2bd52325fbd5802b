//! One call, from arguments to answer. Every generated method goes through here.

use std::sync::atomic::AtomicUsize;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::response::{self, ByteStream, Response};
use crate::value::{Plain, Read};
use crate::{Bytes, Check, Client, Error, Invalid, Next, Operation};

/// Everything but the unreserved characters of RFC 3986 is encoded, in paths and in queries.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as it stands in the path or the query of every call, percent-encoded.
///
/// ```
/// assert_eq!(opp_raw::encode("a/b ü"), "a%2Fb%20%C3%BC");
/// ```
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// A call that is being put together. The first mistake is remembered and refuses the call before it is sent.
#[must_use = "a call does nothing until it is sent"]
pub(crate) struct Call<'a> {
    client: &'a Client,
    operation: &'static Operation,
    path: String,
    query: String,
    body: Option<(HeaderValue, Bytes)>,
    link: Option<Url>,
    mistake: Option<Invalid>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(client: &'a Client, operation: &'static Operation) -> Self {
        let (path, query) = (operation.path.to_owned(), String::new());
        Self { client, operation, path, query, body: None, link: None, mistake: None }
    }

    fn refuse(&mut self, name: &str, rule: &str) {
        self.mistake.get_or_insert_with(|| Invalid::new(rule).within(name));
    }

    /// Puts a value into the path. Dot segments are refused: URL parsers resolve them even when they are encoded, and
    /// the call would reach another operation.
    pub(crate) fn path(mut self, name: &'static str, value: &str) -> Self {
        match value {
            "" => self.refuse(name, "is empty"),
            "." | ".." => self.refuse(name, "is a dot segment, which is no id"),
            _ => {
                self.path = self.path.replace(&format!("{{{name}}}"), &encode(value));
            }
        }
        self
    }

    /// Adds a query parameter, if there is one.
    pub(crate) fn query(mut self, name: &str, value: Option<impl Plain>) -> Self {
        if let Some(value) = value {
            self.pair(name, &value.plain());
        }
        self
    }

    /// Adds a list, as one value with commas. Commas within an element are encoded twice over by nobody: they are
    /// refused.
    pub(crate) fn query_commas(mut self, name: &str, values: Option<&[impl Plain]>) -> Self {
        let values: Vec<_> = values.unwrap_or_default().iter().map(Plain::plain).collect();
        if values.iter().any(|value| value.contains(',')) {
            self.refuse(name, "holds an element with a comma");
        } else if !values.is_empty() {
            let encoded: Vec<_> = values.iter().map(|value| encode(value)).collect();
            self.separate();
            self.query.extend(utf8_percent_encode(name, ENCODED));
            self.query.push('=');
            self.query.push_str(&encoded.join(","));
        }
        self
    }

    /// Adds a list, as one pair for each element.
    #[allow(dead_code, reason = "only documents with repeated keys need it")]
    pub(crate) fn query_each(mut self, name: &str, values: Option<&[impl Plain]>) -> Self {
        for value in values.unwrap_or_default() {
            self.pair(name, &value.plain());
        }
        self
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.separate();
        self.query.extend(utf8_percent_encode(name, ENCODED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, ENCODED));
    }

    fn separate(&mut self) {
        if !self.query.is_empty() {
            self.query.push('&');
        }
    }

    /// Sets the body, if there is one, after holding it against the document's rules.
    pub(crate) fn json<B: serde::Serialize + Check>(mut self, media: &'static str, body: Option<&B>) -> Self {
        let Some(body) = body else { return self };
        if let Err(invalid) = body.check() {
            self.mistake.get_or_insert(invalid);
            return self;
        }
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some((HeaderValue::from_static(media), bytes.into())),
            Err(_) => self.refuse("body", "cannot be written as JSON"),
        }
        self
    }

    /// Sets a body of any media type.
    pub(crate) fn bytes(mut self, media: &str, body: Bytes) -> Self {
        match HeaderValue::try_from(media) {
            Ok(media) => self.body = Some((media, body)),
            Err(_) => self.refuse("Content-Type", "has a value that no header can carry"),
        }
        self
    }

    /// Says that the operation is called with `Content-Type` even when there is nothing to send.
    pub(crate) fn content_type(mut self, media: &'static str) -> Self {
        self.body.get_or_insert_with(|| (HeaderValue::from_static(media), Bytes::new()));
        self
    }

    /// Calls the operation at a link from an answer, which has path and query in it.
    pub(crate) fn link(mut self, link: &str) -> Self {
        match self.client.server(self.operation).ok().map(|server| follow(server, self.operation, link)) {
            Some(Some(url)) => self.link = Some(url),
            // A client without an address for the operation is refused later on, with the reason.
            None => {}
            Some(None) => self.refuse("link", "leads to another host than the operation has"),
        }
        self
    }

    /// Sends the call and reads JSON. An answer without content is the empty value.
    pub(crate) async fn send<T: Read + Default + serde::de::DeserializeOwned>(self) -> Result<Response<T>, Error> {
        let (operation, limit) = (self.operation, self.client.max_body());
        let answer = self.answer(HeaderValue::from_static("application/json")).await?;
        response::read_json(operation, answer, limit).await
    }

    /// Sends the call; success has no content worth reading.
    pub(crate) async fn send_for_nothing(self) -> Result<Response<()>, Error> {
        let operation = self.operation;
        let answer = self.answer(HeaderValue::from_static("application/json")).await?;
        Ok(response::nothing(operation, &answer))
    }

    /// Sends the call and hands over the body as it arrives.
    pub(crate) async fn stream(mut self, accept: &str) -> Result<Response<ByteStream>, Error> {
        let operation = self.operation;
        let accept = HeaderValue::try_from(accept).unwrap_or_else(|_| {
            self.refuse("Accept", "has a value that no header can carry");
            HeaderValue::from_static("*/*")
        });
        let answer = self.answer(accept).await?;
        Ok(response::stream(operation, answer))
    }

    /// Sends the call and gives the answer if it is a success.
    async fn answer(self, accept: HeaderValue) -> Result<reqwest::Response, Error> {
        let (operation, limit) = (self.operation, self.client.max_body());
        let client = self.client;
        let request = self.request(accept)?;
        let sent = AtomicUsize::new(0);
        let next = Next { http: client.http(), operation, limit, sent: &sent };
        let answer = match client.hook() {
            Some(hook) => hook.around(operation, request, next).await,
            None => next.send(request).await,
        };
        let answer = answer.inspect_err(|error| error.note(sent.into_inner() > 0))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(Error::from_answer(operation, answer, limit).await)
    }

    fn request(self, accept: HeaderValue) -> Result<reqwest::Request, Error> {
        let headers = self.headers(accept);
        if let Some(mistake) = self.mistake {
            return Err(Error::invalid_call(self.operation, mistake));
        }
        let server = self.client.server(self.operation)?;
        let url = self.link.or_else(|| address(server, &self.path, &self.query));
        let url = url.ok_or_else(|| {
            Error::invalid_call(self.operation, Invalid::new("gives no valid address").within(self.operation.path))
        })?;
        let method = reqwest::Method::from_bytes(self.operation.method.as_bytes()).unwrap_or_default();
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers?;
        if let Some((media, body)) = self.body {
            request.headers_mut().insert(CONTENT_TYPE, media);
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }

    /// The headers of the document that the caller has set, a fresh `X-Request-ID` if need be, and any others.
    fn headers(&self, accept: HeaderValue) -> Result<HeaderMap, Error> {
        let extra = self.client.extra_headers();
        let mut headers = HeaderMap::with_capacity(24);
        let wanted = self.operation.required_headers.iter().map(|name| (*name, true));
        let wanted = wanted.chain(self.operation.optional_headers.iter().map(|name| (*name, false)));
        for (name, required) in wanted {
            let invalid = |rule: &str| Error::invalid_call(self.operation, Invalid::new(rule).within(name));
            match self.client.written(name) {
                Some((key, Some(value))) => _ = headers.insert(key, value.clone()),
                Some((_, None)) => return Err(invalid("has a value that no header can carry")),
                None if name.eq_ignore_ascii_case(REQUEST_ID) => {
                    let id = HeaderValue::try_from(uuid::Uuid::new_v4().to_string());
                    headers.insert(HeaderName::from_static("x-request-id"), id.map_err(|_| invalid("cannot be made"))?);
                }
                None if required && !extra.contains_key(name) => {
                    return Err(invalid("is a header that this operation requires"));
                }
                None => {}
            }
        }
        headers.insert(ACCEPT, accept);
        for (name, value) in extra {
            headers.insert(name, value.clone());
        }
        Ok(headers)
    }
}

const REQUEST_ID: &str = "X-Request-ID";

/// The `X-Request-ID` among headers.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Joins host and path without letting the URL parser resolve anything: what is asked for is what is sent.
fn address(server: &Url, path: &str, query: &str) -> Option<Url> {
    let mut url = server.clone();
    let whole = format!("{}{path}", server.path().trim_end_matches('/'));
    url.set_path(&whole);
    if url.path() != whole {
        return None;
    }
    url.set_query(Some(query).filter(|query| !query.is_empty()));
    Some(url)
}

/// Where a link leads to, if it stays with the server and below its address.
fn follow(server: &Url, operation: &Operation, link: &str) -> Option<Url> {
    let base = server.path().trim_end_matches('/');
    let mut url = match Url::parse(link) {
        Ok(url) if url.has_host() => url,
        _ if link.starts_with("//") => return None,
        _ if link.starts_with('/') => server.join(&format!("{base}{link}")).ok()?,
        // Links to downloads have come without a scheme. Whose host it is, is looked at below.
        _ => Url::parse(&format!("{}://{link}", server.scheme())).ok()?,
    };
    if url.origin() != server.origin() || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let below = url.path().strip_prefix(base)?;
    if operation.path.starts_with("/psd2/") && !below.starts_with("/psd2/") {
        // Some links leave the common beginning of all paths out.
        let whole = format!("{base}/psd2{below}");
        url.set_path(&whole);
    }
    url.set_fragment(None);
    Some(url)
}

impl crate::types::RequestHeaders {
    /// The value of a header by its name in the document, as it is sent.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, text) = self.texts().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        text.map(Plain::plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::GET_TRANSACTION_LIST;

    fn from(server: &str, link: &str) -> Option<String> {
        follow(&Url::parse(server).unwrap(), &GET_TRANSACTION_LIST, link).map(String::from)
    }

    #[test]
    fn a_link_is_followed_in_each_of_its_forms() {
        let whole = "https://bank.example/psd2/accountinformation/v1/accounts/1/transactions?continuationKey=2";
        let path = whole.strip_prefix("https://bank.example").unwrap();
        let bare = whole.strip_prefix("https://").unwrap();
        for link in [whole, path, path.strip_prefix("/psd2").unwrap(), bare] {
            assert_eq!(from("https://bank.example", link).as_deref(), Some(whole), "{link}");
        }
    }

    #[test]
    fn a_link_to_another_host_is_not_followed() {
        for link in [
            "https://evil.example/psd2/x",
            "http://bank.example/psd2/x",
            "https://bank.example:444/psd2/x",
            "//evil.example/psd2/x",
            "evil.example/psd2/x",
            "user@bank.example/psd2/x",
            "bank.example:444/psd2/x",
            "javascript:alert(1)",
            "https://user@bank.example/psd2/x",
            "x",
            "",
        ] {
            assert_eq!(from("https://bank.example", link), None, "{link}");
        }
        assert_eq!(from("https://gateway.example/bank", "https://gateway.example/other/psd2/x"), None);
    }
}
