//! What is remembered of a guest: which banks they have opened, and what they have paid. One entry of the store for
//! each guest, changed by comparing and swapping, so that two tabs do not undo each other's changes.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};
use opp_ergonomic::sca::Ending;
use opp_ergonomic::store::{Expected, FileStore, Store, StoreError};
use opp_ergonomic::{Amount, Bank, PaymentKey, ValidConsent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guest::{Guest, Person};

/// How long a guest is remembered who does not come back: about as long as a bank's permission lasts.
pub(crate) const KEEP: Duration = Duration::from_hours(24 * 180);

/// What is remembered of a guest.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) connections: Vec<Connection>,
    pub(crate) payments: Vec<Payment>,
    /// The signature that was begun last: where somebody goes whom a bank sends back without saying what for.
    pub(crate) signing: Option<String>,
}

impl Record {
    pub(crate) fn set_connection(&mut self, id: &str, state: &ConnectionState) {
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.id == id) {
            connection.state = state.clone();
        }
    }

    pub(crate) fn set_payment(&mut self, id: &str, state: &PaymentState) {
        if let Some(payment) = self.payments.iter_mut().find(|payment| payment.id == id) {
            payment.state = state.clone();
        }
    }
}

/// A bank that a guest has opened, or is about to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) bank: Bank,
    pub(crate) bank_name: String,
    pub(crate) person: Person,
    pub(crate) consent: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) state: ConnectionState,
}

/// How far a permission has come, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConnectionState {
    /// Waits for the signature of this id.
    Asked(String),
    /// Accounts can be read.
    Open { until: Option<NaiveDate>, per_day: Option<u32> },
    /// Nothing came of it, or it is over.
    Over,
}

impl Connection {
    pub(crate) fn consent(&self) -> Option<ValidConsent> {
        match self.state {
            ConnectionState::Open { per_day, .. } => Some(ValidConsent::stored(&self.consent, per_day)),
            _ => None,
        }
    }
}

/// A payment that a guest has ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) bank: Bank,
    pub(crate) bank_name: String,
    pub(crate) person: Person,
    pub(crate) amount: Amount,
    pub(crate) payee: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) state: PaymentState,
}

/// How far a payment has come, as far as we know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum PaymentState {
    /// Sent, and no answer has come: it may exist. With the id of the call, if it is known.
    Unknown(Option<String>),
    /// The bank has refused it: nothing has happened.
    Refused,
    /// The bank has it, and the signature of this id decides.
    Known { key: PaymentKey, signing: Option<String>, ending: Option<Ending> },
}

/// The records of all guests, and whatever else is kept in the store.
#[derive(Debug)]
pub(crate) struct Records(Arc<dyn Store>);

impl Records {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let store = FileStore::open(folder.join("store"));
        Ok(Self(Arc::new(store.with_context(|| format!("{} cannot be used to keep state", folder.display()))?)))
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0)
    }

    /// Reads an entry that was written as JSON.
    pub(crate) async fn get<T: for<'a> Deserialize<'a>>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.0.get(key).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(StoreError::new)
    }

    /// Writes an entry as JSON.
    pub(crate) async fn put<T: Serialize>(&self, key: &str, value: &T, keep: Duration) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(value).map_err(StoreError::new)?;
        self.0.put_if(key, Expected::Anything, &bytes, keep).await.map(drop)
    }

    /// Reads an entry and removes it: of several who take it, one gets it.
    pub(crate) async fn take<T: for<'a> Deserialize<'a>>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.0.take(key).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(StoreError::new)
    }

    /// What is remembered of a guest.
    pub(crate) async fn of(&self, guest: &Guest) -> Result<Record, StoreError> {
        Ok(self.get(&key(guest)).await?.unwrap_or_default())
    }

    /// Changes what is remembered of a guest. The change may be made more than once, each time to what is there then.
    pub(crate) async fn change<T>(
        &self,
        guest: &Guest,
        change: impl Fn(&mut Record) -> T + Send,
    ) -> Result<T, StoreError> {
        let key = key(guest);
        loop {
            let old = self.0.get(&key).await?;
            let mut record: Record = match &old {
                Some(bytes) => serde_json::from_slice(bytes).map_err(StoreError::new)?,
                None => Record::default(),
            };
            let made = change(&mut record);
            let new = serde_json::to_vec(&record).map_err(StoreError::new)?;
            let expected = old.as_deref().map_or(Expected::Nothing, Expected::Value);
            if self.0.put_if(&key, expected, &new, KEEP).await? {
                return Ok(made);
            }
        }
    }

    /// Forgets a guest.
    pub(crate) async fn forget(&self, guest: &Guest) -> Result<(), StoreError> {
        self.0.take(&key(guest)).await.map(drop)
    }
}

fn key(guest: &Guest) -> String {
    format!("demo/guest/{}", guest.key)
}

/// A short name for something of a guest's; it means nothing to others, who cannot reach it.
pub(crate) fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}
