//! Strong customer authentication: one machine for consents, payments and cancellations (platform-facts 8).
//!
//! `machine` knows the states and what moves an authorisation from one to the next, `at_bank` the bank's page in a
//! redirect, `effects` what the end means for the consent or payment behind it, `bankid` the rounds that a phone sees,
//! `calls` the four calls of the API.
//! Which statuses a bank shows, and in which order, is data (`data/banks.toml`).

mod at_bank;
pub(crate) mod bankid;
pub(crate) mod calls;
mod effects;
mod machine;
#[cfg(test)]
mod property;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use at_bank::{
    approve_at_bank, attend, choose_account, debtor_accounts, deny_at_bank, exchanged, leave_alone, sign_in, sign_ins,
    sign_out,
};
pub(crate) use bankid::Round;
pub(crate) use machine::{EXCHANGE_WITHIN, answer_by, approve_round, reject_round, scan_round, wake};

use crate::model::banks::Approach;
use crate::model::entities::Origin;
use crate::model::shelf::Weight;

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
        progress: Progress,
        /// Sign-ins that are done; some banks want two for one consent.
        sign_ins: u32,
        /// When a program opened the page, which is when the time of the played customer begins.
        opened: Option<DateTime<Utc>>,
    },
    Finalised,
    /// The bank asked for no authentication.
    Exempted,
    Failed {
        code: String,
        text: String,
    },
}

/// How far the customer is on the bank's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Progress {
    Asked,
    SignedIn,
    /// Said yes; a code waits for its exchange.
    Approved,
}

impl Weight for Authorisation {
    fn weight(&self) -> usize {
        512 + self.origin.weight() + self.signer.len()
    }
}

impl Weight for Round {}
