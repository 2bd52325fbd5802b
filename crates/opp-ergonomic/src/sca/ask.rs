//! What goes into the machine and comes out of it: what is signed, what is to be done, what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use opp_raw::types::{AspspScaApproach, ScaStatusResponse, StartScaprocessResponse, UpdatePsuDataResponse};
use serde::{Deserialize, Serialize};

use super::step::Failure;
use crate::services::{ConsentStatus, PaymentKey, PaymentStatus};
use crate::token::CodeExchange;

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Subject {
    /// A consent, by its id.
    Consent(String),
    /// A payment.
    Payment(PaymentKey),
    /// That a payment is taken back.
    Cancellation(PaymentKey),
}

/// What the flow wants done next.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Ask {
    /// Start an authorisation (POST): answer with [`Answer::Started`]. It is a write.
    Start,
    /// Read which authorisations there are (GET): answer with [`Answer::Found`]. The answer to the start was lost.
    Find,
    /// Nothing, until the user has chosen: [`Flow::choose`](super::Flow::choose).
    Choose,
    /// Select this method (PUT): answer with [`Answer::Selected`]. It is a write, and the bank's clock starts.
    Select(String),
    /// Nothing, until the answer to a write is here, or is certain not to come: then it is [`Answer::Lost`].
    Await {
        /// When it is certain that none comes.
        until: DateTime<Utc>,
    },
    /// Read the authorisation (GET), after a while: answer with [`Answer::Polled`].
    Poll {
        /// How long to wait before.
        after: Duration,
    },
    /// Exchange the code of the callback: answer with [`Answer::Exchanged`]. It is good once.
    Exchange(CodeExchange),
    /// Read the status of what was signed (GET), after a while: answer with [`Answer::Confirmed`].
    Confirm {
        /// How long to wait before.
        after: Duration,
    },
    /// Nothing: it is over.
    Nothing,
}

/// What came of what was asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// The authorisation was started.
    Started(Box<StartScaprocessResponse>),
    /// The ids of all authorisations that there are.
    Found(Vec<String>),
    /// A method was selected; with the approach of the answer's headers.
    Selected(Box<UpdatePsuDataResponse>, Option<AspspScaApproach>),
    /// Where the authorisation stands.
    Polled(Box<ScaStatusResponse>),
    /// The code was exchanged.
    Exchanged,
    /// Where the consent or payment stands.
    Confirmed(Resource),
    /// It never left: it is asked for again.
    NotSent,
    /// There was no answer, and nobody knows what came of the question. Nothing is repeated: reading will tell.
    Lost,
    /// It was refused.
    Refused(Failure),
}

/// The status of what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// Of a consent.
    Consent(ConsentStatus),
    /// Of a payment, to be cancelled or not.
    Payment(PaymentStatus),
}
