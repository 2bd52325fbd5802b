//! The user at the bank's page: sent there, taken back, and the code that comes along.

use chrono::{DateTime, TimeDelta, Utc};
use opp_raw::Invalid;

use super::ask::Subject;
use super::flow::{Flow, Phase, Visit};
use super::redirect::{self, Callback, CallbackError, fill_link};
use super::step::{Ending, Failure, Prompt, PromptKind, Step};
use crate::secret::Secret;
use crate::token::{CodeExchange, PsuContext};

/// How long it takes at least to see what has become of a signature whose user is back, whatever the deadline was.
const RETURN: TimeDelta = TimeDelta::minutes(1);

impl Flow {
    /// Sends the user to the bank's page, if there is a link to one.
    pub(super) fn send_away(&mut self, oauth: Option<&str>, plain: Option<&str>) {
        let Some(link) = oauth.or(plain).filter(|_| self.phase == Phase::Poll) else { return };
        let Some(uri) = self.redirect_uri.clone() else { return self.fail("NO_REDIRECT_URI") };
        if self.client_id.is_empty() && redirect::has_placeholder(link, "CLIENT_ID") {
            return self.fail("NO_CLIENT_ID");
        }
        let state = redirect::new_state();
        let mut link = link.to_owned();
        // A code is exchanged only for somebody who was sent for it.
        if oauth.is_some() && !redirect::has_placeholder(&link, redirect::STATE) {
            link.push_str(if link.contains('?') { "&state=[TPP_STATE]" } else { "?state=[TPP_STATE]" });
        }
        if self.context == PsuContext::Corporate {
            link = redirect::for_company(&link);
        }
        let bic = self.bank.bic();
        let values = [
            ("CLIENT_ID", self.client_id.as_str()),
            ("TPP_REDIRECT_URI", uri.as_str()),
            (redirect::STATE, state.expose()),
            // Documented with and without its second I.
            ("BICFI", bic),
            ("BICIFI", bic),
        ];
        let Ok(url) = fill_link(&link, &values) else { return self.fail("BAD_REDIRECT_LINK") };
        let state_hash = redirect::hash_state(state.expose());
        self.visit = Visit::Away { state_hash, exchange: oauth.is_some() };
        let prompt = Prompt { kind: PromptKind::AtBank, message: None };
        self.show(Step::Redirect { url: Secret::new(url), prompt });
    }

    /// What the user has to come back with, as far as it may be stored.
    pub(super) fn state_hash(&self) -> Option<&str> {
        match &self.visit {
            Visit::Away { state_hash, .. } => Some(state_hash),
            _ => None,
        }
    }

    /// Takes the user back. What is left to be done has a minute at least, though the deadline be near. Whoever comes
    /// without this flow's `state`, or a second time, is turned away, and nothing changes.
    pub fn callback(&mut self, callback: &Callback, now: DateTime<Utc>) -> Result<Step, CallbackError> {
        let exchange = match &self.visit {
            Visit::None => return Err(CallbackError::NotExpected),
            Visit::Back => return Err(CallbackError::AlreadyUsed),
            Visit::Away { state_hash, exchange } => {
                let given = callback.state_hash().unwrap_or_default();
                if !redirect::same_hash(state_hash, &given) {
                    return Err(CallbackError::WrongState);
                }
                *exchange
            }
        };
        self.visit = Visit::Back;
        // Whoever comes back has perhaps signed, and is not told at the last moment that nobody did.
        self.until = now.checked_add_signed(RETURN).map_or(self.until, |later| later.max(self.until));
        if self.phase == Phase::Poll {
            self.show(Step::wait(PromptKind::Wait));
            match &callback.error {
                Some(error) => {
                    let failure = Failure { code: Some(error.clone()), message: callback.description.clone() };
                    // A refusal is one. Anything else may have come about after the user had signed: the bank knows.
                    if error == "access_denied" {
                        self.end(Ending::Failed(failure));
                    } else {
                        self.turned_back = Some(failure);
                    }
                }
                // Without a code there is nothing to exchange: whether it was signed, polling tells.
                None if exchange => self.code = callback.code.clone().map(|code| (code, callback.scope.clone())),
                None => {}
            }
        }
        Ok(self.tick(now))
    }

    pub(super) fn code_exchange(&self) -> Result<Option<CodeExchange>, Invalid> {
        let (Some((code, scope)), Some(uri)) = (&self.code, &self.redirect_uri) else { return Ok(None) };
        let (id, names) = match &self.subject {
            Subject::Consent(id) => (id.as_str(), ("X-ConsentId", "X-ConsentAuthorisationId")),
            Subject::Payment(key) | Subject::Cancellation(key) => {
                (key.id(), ("X-PaymentId", "X-PaymentAuthorisationId"))
            }
        };
        let names = self.link_headers.as_ref().map_or(names, |(subject, own)| (subject.as_str(), own.as_str()));
        let exchange = CodeExchange::new(code.clone(), uri)
            .header(names.0, id)?
            .header(names.1, self.authorisation.as_deref().unwrap_or_default())?;
        Ok(Some(match scope {
            Some(scope) => exchange.scope(scope),
            None => exchange,
        }))
    }
}
