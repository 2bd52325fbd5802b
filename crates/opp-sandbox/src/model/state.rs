//! The state: everything that a dump holds and a reset forgets.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::agenda::{Agenda, Due};
use super::entities::{Application, Code, Consent, Payment, Token};
use super::ids::Ids;
use super::postings::Postings;
use super::shelf::Shelf;
use crate::config::Limits;
use crate::sca::{Authorisation, Round};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) ids: Ids,
    /// The day on which all ledgers begin.
    pub(crate) epoch: NaiveDate,
    pub(crate) applications: Vec<Application>,
    pub(crate) tokens: Shelf<Token>,
    pub(crate) codes: Shelf<Code>,
    pub(crate) consents: Shelf<Consent>,
    pub(crate) payments: Shelf<Payment>,
    pub(crate) authorisations: Shelf<Authorisation>,
    /// BankID rounds, by order reference.
    pub(crate) rounds: Shelf<Round>,
    /// What payments added to the ledgers.
    pub(crate) postings: Postings,
    pub(crate) agenda: Agenda,
}

impl State {
    pub(crate) fn new(seed: u64, epoch: NaiveDate, applications: Vec<Application>, limits: &Limits) -> Self {
        Self {
            ids: Ids::new(seed),
            epoch,
            applications,
            tokens: Shelf::new(limits.entries, limits.state_bytes),
            codes: Shelf::new(limits.entries, limits.state_bytes),
            consents: Shelf::new(limits.entries, limits.state_bytes),
            payments: Shelf::new(limits.entries, limits.state_bytes),
            authorisations: Shelf::new(limits.entries, limits.state_bytes),
            rounds: Shelf::new(limits.entries, limits.state_bytes),
            postings: Postings::new(limits.entries),
            agenda: Agenda::default(),
        }
    }

    /// A restored state takes over the bounds of the sandbox that restores it.
    pub(crate) fn keep_to(&mut self, limits: &Limits) {
        self.tokens.set_capacity(limits.entries, limits.state_bytes);
        self.codes.set_capacity(limits.entries, limits.state_bytes);
        self.consents.set_capacity(limits.entries, limits.state_bytes);
        self.payments.set_capacity(limits.entries, limits.state_bytes);
        self.authorisations.set_capacity(limits.entries, limits.state_bytes);
        self.rounds.set_capacity(limits.entries, limits.state_bytes);
        self.postings.set_capacity(limits.entries);
    }

    /// Forgets what hangs on entries that are gone: their place in the agenda, and their names in other entries.
    pub(crate) fn tidy(&mut self) {
        let (authorisations, consents, payments) = (&self.authorisations, &mut self.consents, &mut self.payments);
        let agenda = &mut self.agenda;
        agenda.retain(|due| match due {
            Due::Authorisation(id) => authorisations.contains(id),
            Due::Consent(id) => consents.contains(id),
            Due::Payment(id) => payments.contains(id),
        });
        self.postings.retain_held(|id| payments.contains(id));
        for consent in consents.values_mut() {
            consent.authorisations.retain(|id| authorisations.contains(id));
        }
        for payment in payments.values_mut() {
            payment.authorisations.retain(|id| authorisations.contains(id));
            payment.cancellations.retain(|id| authorisations.contains(id));
        }
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.client_id == client_id)
    }
}
