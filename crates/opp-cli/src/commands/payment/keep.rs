//! The payments of this machine: noted before they are sent, found by the beginning of their ids, and kept up to date.

use chrono::{DateTime, Utc};
use clap::builder::NonEmptyStringValueParser;
use opp_ergonomic::raw::Read as _;
use opp_ergonomic::{PaymentKey, PaymentProduct, PaymentService, PaymentStatus, Reply, Session};
use serde::{Deserialize, Serialize};

use super::sending::Sending;
use crate::app::App;
use crate::connect::{Connection, Whom};
use crate::exit::Failure;
use crate::records::{Party, Shelf};

/// A payment. The bank has the whole of it; here is what finds it again, and what tells it from others.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PaymentRecord {
    pub(crate) key: PaymentKey,
    pub(crate) party: Party,
    pub(crate) created: DateTime<Utc>,
    pub(crate) amount: Option<String>,
    pub(crate) creditor: Option<String>,
    /// The platform's word, as last heard.
    pub(crate) status: String,
    /// Where the bank sends the user back to, once a signature was begun.
    pub(crate) redirect_uri: Option<String>,
    /// What finds its signature again, while that is under way.
    pub(crate) ticket: Option<String>,
    /// Whether what is under way is the signature of its cancellation.
    #[serde(default)]
    pub(crate) cancelling: bool,
}

/// As much of an id as is enough to find it again.
pub(crate) fn short(record: &PaymentRecord) -> &str {
    record.key.id().get(..8).unwrap_or_else(|| record.key.id())
}

const ELSEWHERE: &str = "A payment of another machine";

/// Which payment.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Which {
    /// Its id, or the beginning of it; the newest one unless given
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    id: Option<String>,
    /// Its product, such as domestic; its whole id and its bank are needed too
    #[arg(long, value_name = "WORD", requires = "id", help_heading = ELSEWHERE)]
    product: Option<String>,
    /// Its kind: payments, bulk-payments or periodic-payments
    #[arg(long, value_name = "WORD", default_value = "payments", requires = "product", help_heading = ELSEWHERE)]
    service: String,
    #[command(flatten, next_help_heading = ELSEWHERE)]
    whom: Whom,
}

impl Which {
    pub(crate) fn find(&self, app: &App, connection: &Connection) -> Result<PaymentRecord, Failure> {
        let (Some(id), Some(product)) = (&self.id, &self.product) else {
            return Kept::new(app).find(connection, self.id.as_deref());
        };
        let service = PaymentService::read_str(&self.service).unwrap_or(PaymentService::Payments);
        let product = PaymentProduct::read_str(product).unwrap_or(PaymentProduct::Domestic);
        Ok(PaymentRecord {
            key: PaymentKey::new(&service, &product, id)?,
            party: connection.party(&self.whom)?,
            created: Utc::now(),
            amount: None,
            creditor: None,
            status: String::new(),
            redirect_uri: None,
            ticket: None,
            cancelling: false,
        })
    }
}

/// The payments that were made on this machine, and those of which nobody knows yet whether they were.
pub(crate) struct Kept {
    payments: Shelf<PaymentRecord>,
    sending: Shelf<Sending>,
}

impl Kept {
    pub(crate) fn new(app: &App) -> Self {
        Self { payments: app.shelf("payments"), sending: app.shelf("sending") }
    }

    /// All of them, newest first.
    pub(crate) fn all(&self) -> Result<Vec<PaymentRecord>, Failure> {
        let (mut all, _) = self.payments.all()?;
        all.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.key.id().cmp(other.key.id())));
        Ok(all)
    }

    /// What to say of those that cannot be read.
    pub(crate) fn unread(&self) -> Result<Option<String>, Failure> {
        self.payments.unread()
    }

    pub(crate) fn put(&self, record: &PaymentRecord) -> Result<(), Failure> {
        self.payments.put(record.key.id(), record)
    }

    /// Notes that one is about to be sent.
    pub(crate) fn begin(&self, sending: &Sending) -> Result<(), Failure> {
        self.sending.put(&sending.request_id, sending)
    }

    /// Strikes the note out: it is known what came of it.
    pub(crate) fn end(&self, sending: &Sending) -> Result<(), Failure> {
        self.sending.remove(&sending.request_id)
    }

    /// What to say of those whose fate is unknown.
    pub(crate) fn unknown(&self, concerns: impl Fn(&Sending) -> bool) -> Result<Vec<String>, Failure> {
        let (all, _) = self.sending.all()?;
        let sentence = |one: &Sending| one.sentence(&self.sending.path(&one.request_id).display().to_string());
        Ok(all.iter().filter(|one| concerns(one)).map(sentence).collect())
    }

    /// Forgets all that were made at a host which is no more.
    pub(crate) fn forget_host(&self, api: &str) -> Result<(), Failure> {
        let (sending, _) = self.sending.all()?;
        sending.iter().filter(|one| one.party.api == api).try_for_each(|one| self.end(one))?;
        self.all()?
            .iter()
            .filter(|record| record.party.api == api)
            .try_for_each(|record| self.payments.remove(record.key.id()))
    }

    /// The one whose id begins like this, or the newest.
    fn find(&self, connection: &Connection, id: Option<&str>) -> Result<PaymentRecord, Failure> {
        let begin = id.unwrap_or_default();
        let fits = |record: &PaymentRecord| connection.owns(&record.party) && record.key.id().starts_with(begin);
        let mut fitting = self.all()?.into_iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(_), Some(_)) if id.is_some() => {
                Err(Failure::usage(format!("several payments begin with {begin}")).hint("Give more of the id."))
            }
            (Some(record), _) => Ok(record),
            (None, _) => Err(Failure::usage("there is no such payment here").hint(
                "`opp payment list` shows those that there are. One of another machine needs its whole id, --product \
                 and --bank.",
            )),
        }
    }

    /// Asks the bank how a payment stands, and keeps what it says.
    pub(crate) async fn refresh(
        &self,
        session: &Session,
        record: &mut PaymentRecord,
    ) -> Result<Reply<PaymentStatus>, Failure> {
        let status = session.payments().status(&record.key).await?;
        self.hear(record, &status)?;
        Ok(status)
    }

    /// Keeps a status. Another process may have begun a signature since the record was read: that is not undone.
    pub(crate) fn hear(&self, record: &mut PaymentRecord, status: &PaymentStatus) -> Result<(), Failure> {
        status.as_str().clone_into(&mut record.status);
        let now = self.payments.get(record.key.id())?;
        self.put(&PaymentRecord { status: record.status.clone(), ..now.unwrap_or_else(|| record.clone()) })
    }
}
