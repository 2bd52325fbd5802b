//! Where a signature lies in the store, and what finds it again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::flow::Flow;
use crate::error::Error;
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

    pub(super) fn key(&self) -> String {
        format!("opp/flow/{}", digest(&["ticket", self.expose()]))
    }
}

pub(super) fn callback_key(state_hash: &str) -> String {
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
        (Self::at(store, ticket.key()), ticket)
    }

    /// A place where something was put before.
    pub(super) fn at(store: Arc<dyn Store>, key: String) -> Self {
        Self { store, key, stored: None, awaited: None }
    }

    pub(super) async fn load(&mut self) -> Result<Flow, Error> {
        let stored = self.store.get(&self.key).await?.ok_or_else(Error::no_flow)?;
        let strange = |_| StoreError::new("what is kept there is no signature of this version");
        let flow: Flow = serde_json::from_slice(&stored).map_err(strange)?;
        self.awaited = flow.state_hash().map(str::to_owned);
        self.stored = Some(stored);
        Ok(flow)
    }

    /// Loads what another process has put there, since the store has said that there is something else. One that still
    /// gives what was there before is asked no further: it would say the same for as long as it is behind.
    pub(super) async fn load_newer(&mut self) -> Result<Flow, Error> {
        let before = self.stored.clone();
        let flow = self.load().await?;
        if self.stored == before {
            return Err(
                StoreError::new("it gives an older value than it has: it has to be read where it is written").into()
            );
        }
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
            let code = flow.code.clone();
            let done = change(flow);
            if self.save(flow, now).await? {
                return Ok(done);
            }
            // What could not be stored has not happened: the code of a callback is another's to exchange.
            flow.code = code;
            flow.overtake(self.load_newer().await?);
        }
    }

    /// Whether it could be stored, since nobody else has done so meanwhile.
    pub(super) async fn save(&mut self, flow: &mut Flow, now: DateTime<Utc>) -> Result<bool, Error> {
        let keep = (flow.deadline() - now).to_std().unwrap_or_default() + AFTERWARDS;
        if let Some(hash) = flow.state_hash().filter(|hash| self.awaited.as_deref() != Some(hash)) {
            let (key, leads_to) = (callback_key(hash), self.key.as_bytes());
            self.store.put_if(&key, Expected::Anything, leads_to, keep).await?;
            self.awaited = Some(hash.to_owned());
        }
        flow.stamp = Uuid::new_v4().as_u64_pair().0;
        let unfit = |_| StoreError::new("the signature cannot be written");
        let value = serde_json::to_vec(flow).map_err(unfit)?;
        let expected = self.stored.as_deref().map_or(Expected::Nothing, Expected::Value);
        let saved = match self.store.put_if(&self.key, expected, &value, keep).await {
            Ok(saved) => saved,
            // It may have been only the answer that was lost: then what is there is what nobody else can have written.
            Err(error) => match self.store.get(&self.key).await {
                Ok(Some(found)) if found == value => true,
                _ => return Err(error.into()),
            },
        };
        if saved {
            self.stored = Some(value);
        }
        Ok(saved)
    }
}
