//! What a call has to be like to be answered by a mock.
//!
//! Everything here becomes one of httpmock's own matchers, so that its explanation of a mismatch names the part that
//! differs, and servers in other processes work too.

use std::fmt;
use std::marker::PhantomData;

use opp_raw::types::RequestHeaders;

use crate::Mocked;

/// What a call of one operation has to be like. What is not mentioned may be anything.
pub struct When<O> {
    inner: httpmock::When,
    operation: PhantomData<fn() -> O>,
}

impl<O: Mocked> fmt::Debug for When<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When").field("operation", &O::OPERATION.id).finish_non_exhaustive()
    }
}

#[allow(clippy::return_self_not_must_use, reason = "httpmock keeps what was said: the end of a chain may be dropped")]
impl<O: Mocked> When<O> {
    /// Expects the operation's method and a path of its form.
    pub fn new(inner: httpmock::When) -> Self {
        let inner = inner.method(O::OPERATION.method).path_matches(path_like(O::OPERATION.path, None));
        Self { inner, operation: PhantomData }
    }

    fn map(self, step: impl FnOnce(httpmock::When) -> httpmock::When) -> Self {
        Self { inner: step(self.inner), operation: PhantomData }
    }

    /// Expects those of these headers that the operation has in the document: what a client with them sends.
    pub fn headers(self, headers: &RequestHeaders) -> Self {
        let names = O::OPERATION.required_headers.iter().chain(O::OPERATION.optional_headers);
        let given = names.filter_map(|name| Some((*name, headers.header(name)?)));
        self.map(|when| given.fold(when, |when, (name, value)| when.header(name, value)))
    }

    /// Expects a header, in the document or not.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.map(|when| when.header(name, value))
    }

    /// Expects a media type, whatever parameters stand behind it: `multipart/form-data` with any boundary.
    pub fn content_type(self, media: &str) -> Self {
        let value = format!("^(?i:{})[ \t]*(;.*)?$", regex::escape(media));
        self.map(|when| when.header_matches("^content-type$", value.as_str()))
    }

    /// Expects text within the body.
    pub fn body_includes(self, text: &str) -> Self {
        self.map(|when| when.body_includes(text))
    }

    /// httpmock's own side, for whatever else is to be expected.
    pub fn into_inner(self) -> httpmock::When {
        self.inner
    }
}

/// A pattern of the paths of an operation, in which one parameter may have a value and the others have any.
fn path_like(template: &str, known: Option<(&str, &str)>) -> String {
    let mut pattern = String::from("^");
    let mut rest = template;
    while let Some((literal, (name, behind))) =
        rest.split_once('{').and_then(|(literal, behind)| Some((literal, behind.split_once('}')?)))
    {
        pattern.push_str(&regex::escape(literal));
        match known {
            Some((wanted, value)) if wanted == name => pattern.push_str(&regex::escape(&opp_raw::encode(value))),
            _ => pattern.push_str("[^/]+"),
        }
        rest = behind;
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push('$');
    pattern
}

/// What the generated methods are made of. These are functions, because a document may call its parameters anything.
pub(crate) mod expect {
    use opp_raw::Plain;

    use super::{Mocked, When, path_like};

    /// Expects a path parameter, encoded as the client encodes it.
    pub(crate) fn path<O: Mocked>(when: When<O>, name: &str, value: &str) -> When<O> {
        let pattern = path_like(O::OPERATION.path, Some((name, value)));
        when.map(|when| when.path_matches(pattern))
    }

    /// Expects a query parameter, or that it is not there.
    pub(crate) fn query<O: Mocked>(when: When<O>, name: &str, value: Option<impl Plain>) -> When<O> {
        when.map(|when| match value {
            Some(value) => when.query_param(name, value.plain()),
            None => when.query_param_missing(name),
        })
    }

    /// Expects a list in one value with commas. The client leaves out an empty one.
    pub(crate) fn query_commas<O: Mocked>(when: When<O>, name: &str, values: Option<&[impl Plain]>) -> When<O> {
        let values: Vec<_> = values.unwrap_or_default().iter().map(Plain::plain).collect();
        query(when, name, (!values.is_empty()).then(|| values.join(",")))
    }

    /// Expects a list in as many values of one name, and no further ones.
    #[allow(dead_code, reason = "only documents with repeated keys need it")]
    pub(crate) fn query_each<O: Mocked>(when: When<O>, name: &str, values: Option<&[impl Plain]>) -> When<O> {
        let values = values.unwrap_or_default();
        if values.is_empty() {
            return query(when, name, None::<&str>);
        }
        let key = format!("^{}$", regex::escape(name));
        when.map(|when| {
            let all = values.iter().fold(when, |when, value| when.query_param(name, value.plain()));
            all.query_param_count(key.as_str(), "(?s).*", values.len())
        })
    }

    /// Expects JSON of a media type, or an empty body.
    pub(crate) fn json<O: Mocked>(when: When<O>, media: &str, body: Option<&impl serde::Serialize>) -> When<O> {
        match body {
            Some(body) => when.content_type(media).map(|when| when.json_body_obj(body)),
            None => when.map(|when| when.body("")),
        }
    }

    /// Expects these very bytes with this very `Content-Type`.
    pub(crate) fn bytes<O: Mocked>(when: When<O>, content_type: &str, body: &[u8]) -> When<O> {
        when.header("content-type", content_type).map(|when| {
            if let Ok(text) = std::str::from_utf8(body) {
                return when.body(text);
            }
            // httpmock compares text only; a function can compare bytes, if the server is in this process.
            let body = body.to_owned();
            when.is_true(move |request| request.body_ref() == body)
        })
    }
}

#[cfg(test)]
mod tests {
    use httpmock::MockServer;
    use opp_raw::reqwest::{Client, StatusCode};

    use super::*;
    use crate::mock;

    enum Listed {}

    impl Mocked for Listed {
        const OPERATION: &'static opp_raw::Operation = &opp_raw::operations::GET_ACCOUNT_LIST;
    }

    #[test]
    fn only_a_parameter_may_be_anything_in_a_path() {
        let pattern = |known| regex::Regex::new(&path_like("/v1.0/{a-b}/x/{c}:stop", known)).unwrap();
        let any = pattern(None);
        assert!(any.is_match("/v1.0/1/x/2:stop"));
        for other in ["/v1x0/1/x/2:stop", "/v1.0/1/x/2", "/v1.0/1/2/x/2:stop", "/v1.0//x/2:stop", "/p/v1.0/1/x/2:stop"]
        {
            assert!(!any.is_match(other), "{other}");
        }
        let one = pattern(Some(("a-b", "1.2/3")));
        assert!(one.is_match("/v1.0/1.2%2F3/x/2:stop") && !one.is_match("/v1.0/1x2%2F3/x/2:stop"));
    }

    #[tokio::test]
    async fn a_repeated_parameter_is_expected_with_each_of_its_values_and_no_other() {
        let server = MockServer::start_async().await;
        mock(&server, |when: When<Listed>, then| {
            expect::query_each(when, "id[]", Some(&["1".to_owned(), "2,3".to_owned()]));
            then.empty(200);
        });
        mock(&server, |when: When<Listed>, then| {
            expect::query_each(when, "id[]", None::<&[String]>);
            then.empty(204);
        });
        for (query, status) in [
            ("?id%5B%5D=1&id%5B%5D=2%2C3", 200),
            ("?id%5B%5D=2%2C3&id%5B%5D=1&other=1", 200),
            ("?id%5B%5D=1", 404),
            ("?id%5B%5D=1&id%5B%5D=2%2C3&id%5B%5D=4", 404),
            ("", 204),
        ] {
            let address = format!("{}{}{query}", server.base_url(), Listed::OPERATION.path);
            let answer = Client::new().get(address).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::from_u16(status).unwrap(), "{query}");
        }
    }
}
