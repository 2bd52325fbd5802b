//! A bank and a user, given once: what every call of a flow is made with.

use opp_raw::types::ConsentId;

use crate::bank::Bank;
use crate::caller::{Caller, per_call};
use crate::error::Error;
use crate::psu::Psu;
use crate::sca::{Device, Flow, Signing, Subject};
use crate::services::{Accounts, Consents, Payments, ValidConsent};

/// What is done at one bank for one user. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) caller: Caller,
    bank: Bank,
    psu: Psu,
}

impl Session {
    pub(crate) fn new(caller: &Caller, bank: Bank, psu: Psu) -> Result<Self, Error> {
        let mut headers = psu.headers()?;
        bank.write(&mut headers)?;
        let caller = caller.for_user(psu.context(), headers);
        Ok(Self { caller, bank, psu })
    }

    /// Consents: the user's permission to read accounts.
    pub fn consents(&self) -> Consents {
        Consents::new(self.caller.clone())
    }

    /// Accounts and what happened on them, under a consent that is valid.
    pub fn accounts(&self, consent: &ValidConsent) -> Accounts {
        let mut headers = self.caller.headers().clone();
        headers.consent_id = ConsentId::try_from(consent.id()).ok();
        Accounts::new(self.caller.for_user(self.psu.context(), headers), consent, self.psu.is_present())
    }

    /// Payments.
    pub fn payments(&self) -> Payments {
        Payments::new(self.caller.clone(), self.bank.clone())
    }

    /// A flow that signs something at this bank, to be begun with [`sign`](Self::sign).
    pub fn flow(&self, subject: Subject, device: Device) -> Flow {
        Flow::new(subject, self.bank.clone(), device, self.caller.core.clock.now())
    }

    /// Begins a signature, or goes on with it: the flow says where it is.
    pub fn sign(&self, flow: Flow) -> Result<Signing, Error> {
        Signing::new(self.clone(), flow.in_context(self.psu.context()), None)
    }

    /// The bank.
    pub fn bank(&self) -> &Bank {
        &self.bank
    }

    /// The client underneath, with every operation and every field, for this bank and this user.
    pub fn raw(&self) -> opp_raw::Client {
        self.caller.raw()
    }
}

per_call!(Session { bank, psu });
