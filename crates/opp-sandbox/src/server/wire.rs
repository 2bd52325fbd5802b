//! A request as it was read and a reply before it is written: plain values, so that the whole platform can be a
//! function from one to the other.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path as it came, still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A header as text; what is no UTF-8 counts as absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::trim)
    }

    /// The bearer token, if there is one.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| value.trim())
    }

    /// A header of the customer, empty ones left out: an empty `PSU-ID` names nobody.
    pub(crate) fn filled_header(&self, name: &str) -> Option<String> {
        self.header(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The path's parts, each decoded for itself: an encoded slash stays inside its part and can never lead to
    /// another route. One trailing slash is forgiven, as on the platform.
    pub(crate) fn segments(&self) -> Option<Vec<String>> {
        let path = self.path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        path.split('/')
            .map(|part| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned))
            .collect()
    }

    /// The pairs of the query, decoded, in their order.
    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The pairs of a form body.
    pub(crate) fn form_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The media type of the body, without its parameters and in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let text = self.header("content-type")?;
        let media = text.split(';').next().unwrap_or_default().trim();
        (!media.is_empty()).then(|| media.to_ascii_lowercase())
    }

    /// Whether the caller takes an answer of this media type. No `Accept` takes everything.
    pub(crate) fn accepts(&self, media: &str) -> bool {
        let mut any = false;
        for value in self.headers.get_all("accept") {
            for range in value.to_str().unwrap_or_default().split(',') {
                any = true;
                let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                let kind = media.split('/').next().unwrap_or_default();
                if range == "*/*" || range == media || range == format!("{kind}/*") {
                    return true;
                }
            }
        }
        !any
    }
}

/// What goes into a reply's body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// Text of another media type: a page, an XML report, a statement.
    Text(&'static str, String),
}

/// One reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Empty }
    }

    pub(crate) fn json(status: StatusCode, value: Value) -> Self {
        Self { body: Body::Json(value), ..Self::empty(status) }
    }

    pub(crate) fn ok(value: Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    pub(crate) fn created(value: Value) -> Self {
        Self::json(StatusCode::CREATED, value)
    }

    pub(crate) fn page(status: StatusCode, html: String) -> Self {
        Self { body: Body::Text("text/html; charset=utf-8", html), ..Self::empty(status) }
    }

    pub(crate) fn see_other(target: &str) -> Self {
        Self::empty(StatusCode::SEE_OTHER).with("location", target)
    }

    /// Adds a header; a value that no header can hold is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The media type and the bytes to send.
    pub(crate) fn into_bytes(body: Body) -> (Option<&'static str>, Bytes) {
        match body {
            Body::Empty => (None, Bytes::new()),
            Body::Json(value) => (Some("application/json"), Bytes::from(value.to_string())),
            Body::Text(media, text) => (Some(media), Bytes::from(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Request {
        Request {
            method: Method::GET,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn an_encoded_slash_does_not_open_another_route() {
        assert_eq!(get("/a/b%2Fc").segments(), Some(vec!["a".to_owned(), "b/c".to_owned()]));
    }

    #[test]
    fn one_trailing_slash_is_forgiven_and_only_one() {
        assert_eq!(get("/a/").segments(), get("/a").segments());
        assert_ne!(get("/a//").segments(), get("/a").segments());
    }

    #[test]
    fn bytes_that_are_no_utf8_are_no_path() {
        assert_eq!(get("/%FF").segments(), None);
    }
}
