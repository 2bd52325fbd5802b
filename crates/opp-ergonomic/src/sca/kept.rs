//! Signatures that wait in the client's store, for as long as their users take: across requests, replicas and restarts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::driver::Signing;
use super::flow::Flow;
use super::redirect::Callback;
use crate::client::Client;
use crate::error::Error;
use crate::psu::Psu;
use crate::secret::{Secret, print_only};
use crate::store::{Expected, Store, StoreError, digest};

/// For how long a flow is kept after its deadline, so that a page can still be told how it ended.
const AFTERWARDS: Duration = Duration::from_mins(10);

/// What finds a kept signature again. Whoever has it can go on with the signature: put it where only its user has it,
/// such as a cookie of the page. The store knows no more than its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket(Secret);

impl Ticket {
    /// A ticket that came back with its user.
    pub fn new(text: &str) -> Self {
        Self(Secret::from(text))
    }

    /// What to give to the user's page.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn key(&self) -> String {
        format!("opp/flow/{}", digest(&["ticket", self.expose()]))
    }
}

/// A signature from the store, which needs its user again to go on.
#[derive(Debug)]
#[must_use]
pub struct Kept {
    client: Client,
    flow: Flow,
    slot: Slot,
}

impl Kept {
    /// What was kept: its [`label`](Flow::label) says whose it is, its [`ending`](Flow::ending) whether it is over.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Goes on with it, for the user that it was begun for. Whatever happens is kept again.
    pub fn sign(self, psu: Psu) -> Result<Signing, Error> {
        let session = self.client.at(self.flow.bank().clone(), psu)?;
        Signing::new(session, self.flow, Some(self.slot))
    }
}

impl Client {
    /// A signature that was kept under this ticket, to look at or to go on with. An error that
    /// [`is_not_found`](Error::is_not_found) says that there is none (any more).
    pub async fn resume(&self, ticket: &Ticket) -> Result<Kept, Error> {
        self.kept(ticket.key()).await
    }

    /// The signature that a user has come back for from the bank's page. Each callback finds it once; whoever comes
    /// without a `state`, with one that was used, or with an invented one gets the same error, which
    /// [`is_not_found`](Error::is_not_found).
    ///
    /// The `state` proves that the callback belongs to the signature, and not that it is the same browser that began
    /// it: where your page has a cookie, compare [`Flow::label`] with it before you go on.
    pub async fn returned(&self, callback: &Callback) -> Result<Kept, Error> {
        let leads = callback_key(&callback.state_hash().ok_or_else(Error::no_flow)?);
        let store = &self.caller.core.store;
        let key = store.get(&leads).await?;
        let key = key.and_then(|key| String::from_utf8(key).ok()).ok_or_else(Error::no_flow)?;
        let mut kept = self.kept(key).await?;
        let now = self.caller.core.clock.now();
        // Of several that come with the same one, the flow takes the first: only now is it used up.
        let taken = kept.slot.change(&mut kept.flow, now, |flow| flow.callback(callback, now)).await?;
        taken.map_err(|_| Error::no_flow())?;
        if let Err(error) = store.take(&leads).await {
            tracing::debug!(%error, "a callback that was used stays in the store until its time is over");
        }
        Ok(kept)
    }

    async fn kept(&self, key: String) -> Result<Kept, Error> {
        let mut slot = Slot { store: Arc::clone(&self.caller.core.store), key, stored: None, awaited: None };
        let flow = slot.load().await?;
        Ok(Kept { client: self.clone(), flow, slot })
    }
}

fn callback_key(state_hash: &str) -> String {
    format!("opp/callback/{state_hash}")
}

/// The place of one flow in a store.
pub(crate) struct Slot {
    store: Arc<dyn Store>,
    key: String,
    /// What is there, as far as is known.
    stored: Option<Vec<u8>>,
    /// The callback that leads here.
    awaited: Option<String>,
}

print_only!(Slot {});

impl Slot {
    pub(super) fn new(store: Arc<dyn Store>) -> (Self, Ticket) {
        let ticket = Ticket(Secret::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())));
        (Self { store, key: ticket.key(), stored: None, awaited: None }, ticket)
    }

    pub(super) async fn load(&mut self) -> Result<Flow, Error> {
        let stored = self.store.get(&self.key).await?.ok_or_else(Error::no_flow)?;
        let strange = |_| StoreError::new("what is kept there is no signature of this version");
        let flow: Flow = serde_json::from_slice(&stored).map_err(strange)?;
        self.awaited = flow.state_hash().map(str::to_owned);
        self.stored = Some(stored);
        Ok(flow)
    }

    /// Changes the flow, here and in the store. Where another process was faster, its flow is taken and changed.
    pub(super) async fn change<T>(
        &mut self,
        flow: &mut Flow,
        now: DateTime<Utc>,
        mut change: impl FnMut(&mut Flow) -> T,
    ) -> Result<T, Error> {
        loop {
            let done = change(flow);
            if self.save(flow, now).await? {
                return Ok(done);
            }
            flow.overtake(self.load().await?);
        }
    }

    /// Whether it could be stored, since nobody else has done so meanwhile.
    pub(super) async fn save(&mut self, flow: &Flow, now: DateTime<Utc>) -> Result<bool, Error> {
        let keep = (flow.deadline() - now).to_std().unwrap_or_default() + AFTERWARDS;
        if let Some(hash) = flow.state_hash().filter(|hash| self.awaited.as_deref() != Some(hash)) {
            let (key, leads_to) = (callback_key(hash), self.key.as_bytes());
            self.store.put_if(&key, Expected::Anything, leads_to, keep).await?;
            self.awaited = Some(hash.to_owned());
        }
        let unfit = |_| StoreError::new("the signature cannot be written");
        let value = serde_json::to_vec(flow).map_err(unfit)?;
        let expected = self.stored.as_deref().map_or(Expected::Nothing, Expected::Value);
        let saved = self.store.put_if(&self.key, expected, &value, keep).await?;
        if saved {
            self.stored = Some(value);
        }
        Ok(saved)
    }
}
