//! After the signature: what became of the consent or the payment.

use super::ask::{Resource, Subject};
use super::flow::{Flow, Phase};
use super::step::{Ending, Failure, Standing};
use crate::services::{ConsentStatus, PaymentStage, is_over};

/// How often a signed consent or payment is looked at that has not moved yet.
pub(super) const CONFIRMATIONS: u32 = 15;

impl Flow {
    pub(super) fn confirmed(&mut self, exempted: bool, times: u32, resource: &Resource) {
        let word = match resource {
            Resource::Consent(status) => status.as_str(),
            Resource::Payment(status) => status.as_str(),
        };
        match standing(resource, &self.subject) {
            Ok(Some(standing)) => self.settle(exempted, standing),
            Ok(None) => self.wait_on(exempted, times, word.to_owned()),
            Err(Dead) => self.end(Ending::Failed(Failure::code(word))),
        }
    }

    pub(super) fn wait_on(&mut self, exempted: bool, times: u32, status: String) {
        if times >= CONFIRMATIONS - 1 {
            self.settle(exempted, Standing::Open(status));
        } else {
            self.phase = Phase::Confirm { exempted, times: times + 1 };
        }
    }

    pub(super) fn settle(&mut self, exempted: bool, standing: Standing) {
        self.end(if exempted { Ending::Exempted(standing) } else { Ending::Finalised(standing) });
    }
}

/// Nothing will come of it, though it was signed.
struct Dead;

/// How it stands, if that is certain yet.
fn standing(resource: &Resource, subject: &Subject) -> Result<Option<Standing>, Dead> {
    Ok(match (resource, subject) {
        (Resource::Consent(status), Subject::Consent(_)) => match status {
            ConsentStatus::Valid => Some(Standing::Valid),
            ConsentStatus::PartiallyAuthorised => Some(Standing::NeedsMoreSigners),
            status if is_over(status) => return Err(Dead),
            _ => None,
        },
        (Resource::Payment(status), Subject::Payment(_)) => match status.stage() {
            PaymentStage::Paid => Some(Standing::Paid),
            PaymentStage::InProgress => Some(Standing::InProgress),
            PaymentStage::Partial => Some(Standing::Partial),
            PaymentStage::NeedsMoreSigners => Some(Standing::NeedsMoreSigners),
            PaymentStage::Failed | PaymentStage::Cancelled => return Err(Dead),
            PaymentStage::Open => None,
        },
        (Resource::Payment(status), Subject::Cancellation(_)) => match status.stage() {
            PaymentStage::Cancelled => Some(Standing::Cancelled),
            PaymentStage::NeedsMoreSigners => Some(Standing::NeedsMoreSigners),
            // It came too late.
            PaymentStage::Paid => return Err(Dead),
            _ => None,
        },
        _ => None,
    })
}
