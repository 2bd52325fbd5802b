//! What was begun and granted, one small file each: consents, and whatever else has an id that is needed later.

use std::fs;
use std::marker::PhantomData;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use opp_ergonomic::{Bank, PsuContext};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::places;

/// Records of one kind, by id.
pub(crate) struct Shelf<T> {
    folder: PathBuf,
    kind: PhantomData<T>,
}

impl<T> Shelf<T> {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, kind: PhantomData }
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{}.json", opp_ergonomic::raw::encode(id)))
    }

    pub(crate) fn remove(&self, id: &str) -> Result<(), Failure> {
        places::remove(&self.path(id))
    }
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    pub(crate) fn put(&self, id: &str, record: &T) -> Result<(), Failure> {
        places::write(&self.path(id), &serde_json::to_string_pretty(record)?)
    }

    /// All records. One of another edition that cannot be read any more is passed over.
    pub(crate) fn all(&self) -> Result<Vec<T>, Failure> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for entry in entries {
            let text = places::read(&entry?.path())?.unwrap_or_default();
            all.extend(serde_json::from_str::<T>(&text));
        }
        Ok(all)
    }
}

/// For whom and where something was begun: what later calls have to repeat.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Party {
    /// The API host and the application.
    pub(crate) api: String,
    pub(crate) client_id: String,
    pub(crate) bank: Bank,
    pub(crate) context: PsuContext,
    pub(crate) psu: Option<String>,
    pub(crate) corporate: Option<String>,
}

/// A consent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ConsentRecord {
    pub(crate) id: String,
    pub(crate) party: Party,
    pub(crate) created: DateTime<Utc>,
    pub(crate) valid_until: NaiveDate,
    pub(crate) frequency_per_day: u32,
    pub(crate) recurring: bool,
    /// The platform's word, as last heard.
    pub(crate) status: String,
    /// Where the bank sends the user back to.
    pub(crate) redirect_uri: String,
    /// What finds its signature again, while that is under way.
    pub(crate) ticket: Option<String>,
}
