//! The consents of this machine: found by the beginning of their ids, and kept up to date.

use opp_ergonomic::{Session, Warning};

use crate::app::App;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::records::{ConsentRecord, Shelf};

/// The consents that were asked for on this machine.
pub(crate) struct Kept(Shelf<ConsentRecord>);

impl Kept {
    pub(crate) fn new(app: &App) -> Self {
        Self(app.shelf("consents"))
    }

    /// All of them, newest first.
    pub(crate) fn all(&self) -> Result<Vec<ConsentRecord>, Failure> {
        let (mut all, _) = self.0.all()?;
        all.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.id.cmp(&other.id)));
        Ok(all)
    }

    /// What to say of those that cannot be read.
    pub(crate) fn unread(&self) -> Result<Option<String>, Failure> {
        self.0.unread()
    }

    pub(crate) fn put(&self, record: &ConsentRecord) -> Result<(), Failure> {
        self.0.put(&record.id, record)
    }

    pub(crate) fn forget(&self, id: &str) -> Result<(), Failure> {
        self.0.remove(id)
    }

    /// Forgets all that were asked for at a host which is no more.
    pub(crate) fn forget_host(&self, api: &str) -> Result<(), Failure> {
        self.all()?.iter().filter(|record| record.party.api == api).try_for_each(|record| self.forget(&record.id))
    }

    /// The newest one of this application that fits.
    pub(crate) fn newest(
        &self,
        connection: &Connection,
        fits: impl Fn(&ConsentRecord) -> bool,
    ) -> Option<ConsentRecord> {
        self.all().ok()?.into_iter().find(|record| connection.owns(&record.party) && fits(record))
    }

    /// The one whose id begins like this, or the newest.
    pub(crate) fn find(&self, connection: &Connection, id: Option<&str>) -> Result<ConsentRecord, Failure> {
        let begin = id.unwrap_or_default();
        let all = self.all()?.into_iter();
        let mut fitting = all.filter(|record| connection.owns(&record.party) && record.id.starts_with(begin));
        let (first, second) = (fitting.next(), fitting.next());
        match (first, second) {
            (Some(_), Some(_)) if id.is_some() => {
                Err(Failure::usage(format!("several consents begin with {begin}")).hint("Give more of the id."))
            }
            (Some(record), _) => Ok(record),
            (None, _) => Err(Failure::usage("there is no such consent here")
                .hint("`opp consent list` shows those that there are, `opp consent create` asks for one.")),
        }
    }

    /// Asks the bank how a consent stands, and keeps what it says. Gives what it remarks.
    pub(crate) async fn refresh(&self, session: &Session, record: &mut ConsentRecord) -> Result<Vec<Warning>, Failure> {
        let consent = session.consents().get(&record.id).await?;
        consent.status()?.as_str().clone_into(&mut record.status);
        if let Some(day) = consent.valid_until() {
            record.valid_until = day;
        }
        if let Some(times) = consent.frequency_per_day() {
            record.frequency_per_day = times;
        }
        self.put(record)?;
        Ok(consent.warnings)
    }
}
