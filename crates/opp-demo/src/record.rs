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
use opp_ergonomic::{Amount, Bank, PaymentKey, Session, ValidConsent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guest::{Guest, Person};
use crate::order::Form;
use crate::signing::Errand;

/// How long a guest is remembered who does not come back: about as long as a bank's permission lasts.
pub(crate) const KEEP: Duration = Duration::from_hours(24 * 180);

/// What is remembered of a guest.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) connections: Vec<Connection>,
    pub(crate) payments: Vec<Payment>,
    /// Orders that wait to be confirmed, the newest last.
    pub(crate) drafts: Vec<Draft>,
    /// Signatures that were asked for, the newest last.
    pub(crate) errands: Vec<Errand>,
}

/// How many orders and signatures are remembered: nobody has more of them under way.
const MOST: usize = 20;

impl Record {
    /// Remembers a signature that begins, and with what is signed that this one decides.
    pub(crate) fn begin(&mut self, errand: &Errand) {
        errand.note(self, None);
        self.errands.push(errand.clone());
        self.errands.drain(..self.errands.len().saturating_sub(MOST));
    }

    pub(crate) fn errand(&self, id: &str) -> Option<&Errand> {
        self.errands.iter().find(|errand| errand.id == id)
    }

    /// Remembers how a signature has ended, and what came of it. Of two pages that see it end the first is heard: by
    /// the second time another signature of the same thing may have begun.
    pub(crate) fn settle(&mut self, errand: &Errand, ending: &Ending, state: &ConnectionState) {
        let known = self.errands.iter_mut().find(|known| known.id == errand.id && known.ending.is_none());
        if let Some(known) = known {
            known.ending = Some(ending.clone());
            known.remarks.clone_from(&errand.remarks);
            errand.note(self, Some((ending, state)));
        }
    }

    pub(crate) fn add_draft(&mut self, draft: &Draft) {
        self.drafts.push(draft.clone());
        self.drafts.drain(..self.drafts.len().saturating_sub(MOST));
    }

    /// Takes an order away to send it: of two who try, one gets it.
    pub(crate) fn take_draft(&mut self, id: &str) -> Option<Draft> {
        let at = self.drafts.iter().position(|draft| draft.id == id)?;
        Some(self.drafts.remove(at))
    }

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
    /// Signed, and not open yet: the bank, or somebody else who signs, takes their time.
    Signed,
    /// Accounts can be read.
    Open { until: Option<NaiveDate>, per_day: Option<u32> },
    /// Nothing came of it, or it is over.
    Over,
}

impl ConnectionState {
    /// How far a permission has come that was signed, as the bank says now.
    pub(crate) async fn asked(session: &Session, consent: &str) -> Self {
        match session.consents().valid(consent).await {
            Ok(valid) => Self::Open { until: valid.valid_until(), per_day: valid.frequency_per_day() },
            Err(error) if error.needs_new_consent() => Self::Over,
            // Not yet, or no answer: it is looked at again.
            Err(_) => Self::Signed,
        }
    }
}

impl Connection {
    pub(crate) fn consent(&self) -> Option<ValidConsent> {
        match self.state {
            ConnectionState::Open { per_day, .. } => Some(ValidConsent::stored(&self.consent, per_day)),
            _ => None,
        }
    }
}

/// An order that waits to be confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) connection: String,
    pub(crate) account: String,
    pub(crate) form: Form,
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

/// The records of all guests.
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

    /// What is remembered of a guest.
    pub(crate) async fn of(&self, guest: &Guest) -> Result<Record, StoreError> {
        read(self.0.get(&key(guest)).await?.as_deref())
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
            let mut record = read(old.as_deref())?;
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

fn read(entry: Option<&[u8]>) -> Result<Record, StoreError> {
    entry.map_or_else(|| Ok(Record::default()), |bytes| serde_json::from_slice(bytes).map_err(StoreError::new))
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
