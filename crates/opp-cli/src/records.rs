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

    pub(crate) fn path(&self, id: &str) -> PathBuf {
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

    /// The record of this id, if it is there and can be read.
    pub(crate) fn get(&self, id: &str) -> Result<Option<T>, Failure> {
        Ok(places::read(&self.path(id))?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// All records, and how many there are that cannot be read: of another edition, or damaged.
    pub(crate) fn all(&self) -> Result<(Vec<T>, usize), Failure> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Ok((Vec::new(), 0)) };
        let (mut all, mut unread) = (Vec::new(), 0);
        for entry in entries {
            let path = entry?.path();
            // What is being written just now has another name, and what was removed meanwhile is no loss.
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => match serde_json::from_slice(&bytes) {
                    Ok(record) => all.push(record),
                    Err(_) => unread += 1,
                },
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => unread += 1,
            }
        }
        Ok((all, unread))
    }

    /// What to say of records that cannot be read, if there are any.
    pub(crate) fn unread(&self) -> Result<Option<String>, Failure> {
        let (_, unread) = self.all()?;
        let folder = self.folder.display();
        Ok((unread > 0).then(|| format!("Files that cannot be read, and are left out here: {unread}, in {folder}.")))
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
