//! What goes wrong, in words: what has happened, under which id the platform knows it, and what to do next.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use opp_ergonomic::store::StoreError;
use opp_ergonomic::{Error, Outcome};
use serde::{Deserialize, Serialize};

use crate::view::{self, values};

/// A call that failed, as a person is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) title: String,
    pub(crate) text: String,
    /// What the platform's support asks for.
    pub(crate) request_id: Option<String>,
    /// Whether a new permission would help.
    pub(crate) wants_consent: bool,
}

impl Trouble {
    pub(crate) fn of(error: &Error) -> Self {
        let (title, text) = words(error);
        Self {
            title: title.to_owned(),
            text,
            request_id: error.request_id().map(str::to_owned),
            wants_consent: error.needs_new_consent(),
        }
    }
}

fn words(error: &Error) -> (&'static str, String) {
    let plain = |title, text: &str| (title, text.to_owned());
    if error.needs_new_consent() {
        let text = "The bank no longer accepts the permission to read these accounts. Give it anew to go on.";
        plain("The permission is over", text)
    } else if error.outcome() == Some(Outcome::Unknown) {
        let text = "The bank has not answered, so nobody can tell whether it was carried out. Look at the bank first, \
                    and do not do it again before you know.";
        plain("It is not known what happened", text)
    } else if error.outcome() == Some(Outcome::Accepted) {
        let text = "The bank has taken it, and its answer cannot be read. Look at the bank first, and do not do it again \
                    before you know what came of it.";
        plain("It is not known what happened", text)
    } else if error.is_rate_limited() {
        let text = "The bank has been asked too often for now. Wait a while before you try again.";
        plain("Too many questions", text)
    } else if error.needs_different_scope() {
        let text = "This application is not allowed to do that at the platform. Its owner can change what it may do.";
        plain("Not allowed", text)
    } else if error.is_timeout() || error.is_connect() {
        plain("The platform cannot be reached", "It gave no answer in time. Try again in a moment.")
    } else if error.is_not_found() {
        plain("The bank does not know this", "What you have asked for is not, or is no longer, there.")
    } else if let Some(invalid) = error.invalid() {
        ("Something in it is not right", format!("{invalid}. Go back, correct it and try again."))
    } else if error.is_retryable() {
        plain("The bank is not well", "It could not answer just now. Try again in a moment.")
    } else {
        ("The bank has said no", format!("This is what came back: {error}."))
    }
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    trouble: Trouble,
    next: (String, &'static str),
}

impl Problem {
    fn new(status: StatusCode, title: &str, text: &str) -> Self {
        let (title, text) = (title.to_owned(), text.to_owned());
        let trouble = Trouble { title, text, request_id: None, wants_consent: false };
        Self { status, trouble, next: ("/".to_owned(), "To the list of banks") }
    }

    /// Where to go from here, rather than to the list of banks.
    pub(crate) fn then(mut self, address: impl Into<String>, label: &'static str) -> Self {
        self.next = (address.into(), label);
        self
    }

    /// There is nothing at this address, or nothing of this guest's.
    pub(crate) fn not_found() -> Self {
        let text = "There is nothing at this address, or nothing of yours.";
        Self::new(StatusCode::NOT_FOUND, "Nothing here", text)
    }

    /// A form that was not shown to this guest, or in another session.
    pub(crate) fn stale_form() -> Self {
        let text = "This form belongs to another session. Nothing was done. Open the page again and fill it in anew.";
        Self::new(StatusCode::FORBIDDEN, "The form is out of date", text)
    }

    /// An order that is no longer there to be confirmed.
    pub(crate) fn sent_already() -> Self {
        let text = "This order has been sent already, or has waited for too long. Your payments say which.";
        Self::new(StatusCode::GONE, "Nothing to confirm", text).then("/pay", "To your payments")
    }

    /// A file that would not have everything in it.
    pub(crate) fn too_much() -> Self {
        let text =
            "There are more transactions than are read at once, and the file would lack some. Choose fewer days.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too much for one file", text)
    }

    /// Something broke off in the middle of its work.
    pub(crate) fn broken() -> Self {
        let text = "It is not known how far it has come. Look at your payments and permissions before you try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong on our side", text)
    }

    /// Somebody came back from a bank who was not awaited. It does not say why: the answer helps nobody but a thief.
    pub(crate) fn not_awaited() -> Self {
        let text = "This address cannot be used, or not a second time. Nothing was done.";
        Self::new(StatusCode::BAD_REQUEST, "This does not lead on", text)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        tracing::info!(%error, "a call has failed");
        let status = match error.status() {
            _ if error.invalid().is_some() => StatusCode::UNPROCESSABLE_ENTITY,
            Some(404) => StatusCode::NOT_FOUND,
            Some(429) => StatusCode::TOO_MANY_REQUESTS,
            _ if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self { trouble: Trouble::of(&error), ..Self::new(status, "", "") }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(?error, "the store has failed");
        let text = "What is kept about you cannot be read or written just now. Try again in a moment.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong on our side", text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (address, label) = self.next;
        let page = view::bare("problem.html", values! { trouble => self.trouble, address, label });
        (self.status, page).into_response()
    }
}
