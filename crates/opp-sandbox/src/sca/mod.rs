//! Strong customer authentication: one machine for consents, payments and cancellations (platform-facts 8).
//!
//! `machine` knows the states and what moves an authorisation from one to the next, `effects` what its end means for
//! the consent or payment behind it, `bankid` the rounds that a phone sees, `calls` the four calls of the API.
//! Which statuses a bank shows, and in which order, is data (`data/banks.toml`).

pub(crate) mod bankid;
pub(crate) mod calls;
mod effects;
mod machine;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use bankid::Round;
pub(crate) use machine::{approve_at_bank, approve_round, deny_at_bank, exchanged, reject_round, scan_round, wake};

use crate::model::banks::Approach;
use crate::model::entities::Origin;

/// What is to be authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    Consent(String),
    Payment(String),
    Cancellation(String),
}

/// One authorisation: one signer's answer to one question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authorisation {
    pub(crate) id: String,
    pub(crate) target: Target,
    pub(crate) origin: Origin,
    /// Who signs: the `PSU-ID` of the call that started it, or whoever the resource belongs to.
    pub(crate) signer: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) approach: Approach,
    pub(crate) method: Option<String>,
    pub(crate) stage: Stage,
}

/// Where an authorisation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub(crate) enum Stage {
    /// Started; no method chosen yet.
    Received,
    /// Inside the bank's decoupled sequence.
    Step {
        index: usize,
        since: DateTime<Utc>,
        round: Option<String>,
    },
    /// The customer is on, or on the way to, the bank's page.
    AtBank {
        since: DateTime<Utc>,
        approved: bool,
    },
    Finalised,
    Failed {
        code: String,
        text: String,
    },
}
