//! Signatures that wait in the client's store, for as long as their users take: across requests, replicas and restarts.

use std::sync::Arc;

use super::driver::Signing;
use super::flow::Flow;
use super::redirect::Callback;
use super::slot::{Slot, Ticket, callback_key};
use crate::client::Client;
use crate::error::Error;
use crate::psu::Psu;

/// A signature from the store, which needs its user again to go on.
#[derive(Debug)]
#[must_use]
pub struct Kept {
    client: Client,
    flow: Flow,
    slot: Slot,
}

impl Kept {
    /// What was kept: its [`label`](Flow::label) says whose it is, its [`ending`](Flow::ending) how it ended, once
    /// somebody has looked.
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
    /// it. Where your page has a cookie, [`resume`](Self::resume) the signatures of its user instead and give them the
    /// [`callback`](Signing::callback): in another browser it then uses nothing up. Or compare [`Flow::label`] with the
    /// cookie before you go on.
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
        let mut slot = Slot::at(Arc::clone(&self.caller.core.store), key);
        let flow = slot.load().await?;
        Ok(Kept { client: self.clone(), flow, slot })
    }
}
