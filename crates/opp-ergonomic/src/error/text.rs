//! What an error says: what happened and where, the facts, and what to do next, once each.

use std::fmt;

use opp_raw::{Error as RawError, Kind};
use tokio::time::error::Elapsed;

use super::{Cause, Error, Outcome};
use crate::services::is_over;
use crate::store::{Exhausted, StoreError};

const SPENT: &str = "wait until tomorrow, or read while the user is present and Psu::ip is set";

impl Error {
    /// What happened, in the words of a call; nothing where the raw client has said what to do as well.
    fn happened(&self, error: &RawError) -> Option<&'static str> {
        Some(match error.kind() {
            Kind::Status if self.status().is_some_and(|status| status >= 500) => "failed at the platform or the bank",
            Kind::Status => "was refused",
            Kind::Connect => "found no connection",
            Kind::Timeout => "ran out of time",
            Kind::Transport => "lost its connection",
            Kind::Body => "succeeded, but its answer cannot be read",
            Kind::Hook if !error.is_unsent() => "was stopped by a hook, after it was sent",
            _ => return None,
        })
    }

    /// Why this layer did not send it, or gave it up.
    fn stopped(&self) -> Option<String> {
        self.raw().filter(|error| error.kind() == Kind::Hook)?;
        if self.stopped_by::<Elapsed>().is_some() {
            return Some("was given up, for time ran out: raise the deadline, or try later".to_owned());
        }
        self.raw().filter(|error| error.is_unsent())?;
        let token = || self.token().map(ToString::to_string);
        let store = || self.stopped_by::<StoreError>().map(ToString::to_string);
        let why = self.invalid().map(ToString::to_string).or_else(token).or_else(store)?;
        Some(format!("was not sent: {why}"))
    }

    /// What to do, where more can be said than the raw client says.
    fn advice(&self) -> Option<&'static str> {
        let code = |codes| self.has_code(codes);
        Some(match &self.0.cause {
            Cause::NotValid(status) if !is_over(status) => "let the user sign it first",
            _ if self.needs_new_consent() => "ask the user for a new consent",
            Cause::Spent => SPENT,
            Cause::NoFlow => "begin a new one",
            Cause::Raw(_) if code(&["ACCESS_EXCEEDED"]) => SPENT,
            Cause::Raw(_) if self.is_certificate() => {
                "the host wants the certificate of your application, or does not accept the one it saw: give the one \
                 from the portal with ClientBuilder::identity"
            }
            Cause::Raw(_) if code(&["TPP_KYC_INVALID"]) => "complete the platform's check of your company first",
            Cause::Raw(_) if code(&["PRODUCT_INVALID", "PRODUCT_UNKNOWN"]) => {
                "the bank does not offer this product: BankDetails::payment_products has those that it offers"
            }
            Cause::Raw(_) if self.needs_different_scope() && self.token().is_none() => {
                "add the API scope to ClientBuilder::apis, or change private for corporate"
            }
            Cause::Exchange(_) if self.outcome() == Some(Outcome::Unknown) => {
                "it is good once, so look at the status of what was to be signed instead of sending it again"
            }
            _ if self.outcome() == Some(Outcome::Unknown) => {
                "whether it was carried out is not known: find out, with the X-Request-ID and Error::path, before it \
                 is sent again"
            }
            _ if self.outcome() == Some(Outcome::Accepted) => "it was carried out: do not send it again",
            _ => return None,
        })
    }

    /// Status, codes and `X-Request-ID`, as far as they are known.
    fn facts(&self) -> String {
        let mut facts = self.raw().map(RawError::facts).unwrap_or_default();
        // The platform does not always echo the id.
        let told = self.raw().is_some_and(|error| error.request_id().is_some());
        if let Some(id) = self.request_id().filter(|_| !told) {
            let comma = if facts.is_empty() { "" } else { ", " };
            facts = format!("{facts}{comma}X-Request-ID {id}");
        }
        if facts.is_empty() { facts } else { format!(" ({facts})") }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operation, facts, advice) = (self.operation().unwrap_or("the call"), self.facts(), self.advice());
        match &self.0.cause {
            Cause::Invalid(invalid) => invalid.fmt(f)?,
            Cause::Token(error) => error.fmt(f)?,
            Cause::Exchange(error) => match error.exchanged() {
                Outcome::NotSent | Outcome::Rejected => write!(f, "the code was not exchanged: {error}")?,
                Outcome::Accepted => write!(f, "the code was exchanged, with an answer that is no token: {error}")?,
                Outcome::Unknown => write!(f, "nobody knows whether the code was exchanged: {error}")?,
            },
            Cause::Store(error) => error.fmt(f)?,
            Cause::Answer(how) => write!(f, "{operation} succeeded, but its answer {how}{facts}")?,
            Cause::NotValid(status) => write!(f, "the consent cannot be used: it is {status}")?,
            Cause::Spent => Exhausted.fmt(f)?,
            Cause::NoFlow => f.write_str("no signature waits for this: it was used, is over, or never was")?,
            Cause::Raw(error) => match (self.stopped(), advice.and_then(|_| self.happened(error))) {
                // The platform knows nothing of what was not sent: its id is no news to anybody there.
                (Some(stopped), _) if self.stopped_by::<Elapsed>().is_none() => write!(f, "{operation} {stopped}")?,
                (Some(stopped), _) => write!(f, "{operation} {stopped}{facts}")?,
                (None, Some(happened)) => write!(f, "{operation} {happened}{facts}")?,
                (None, None) => match self.request_id().filter(|_| error.request_id().is_none()) {
                    Some(id) => write!(f, "{error} (X-Request-ID {id})")?,
                    None => error.fmt(f)?,
                },
            },
        }
        advice.map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}
