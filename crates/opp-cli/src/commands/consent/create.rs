//! `opp consent create`, and the signature that it shares with `renew` and `resume`.

use chrono::{NaiveDate, TimeDelta, Utc};
use opp_ergonomic::sca::{Signing, Subject, Ticket};
use opp_ergonomic::{Access, ConsentRequest, ConsentStatus};

use super::Kept;
use crate::app::App;
use crate::connect::{Connection, Whom};
use crate::exit::{Failure, judge};
use crate::options::day;
use crate::records::{ConsentRecord, Party};
use crate::remarks;
use crate::sign::{Signer, Wishes};

/// What is asked for, and of whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    #[command(flatten)]
    whom: Whom,
    /// How many days it is good for; banks may shorten it
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    /// The last day on which it is good, instead of a number of days
    #[arg(long, value_name = "DATE", conflicts_with = "days", value_parser = day)]
    until: Option<NaiveDate>,
    /// For reading once, now
    #[arg(long, conflicts_with = "frequency")]
    once: bool,
    /// How often a day it may be read while the user is away
    #[arg(long, value_name = "TIMES", default_value_t = 4)]
    frequency: u32,
    #[command(flatten)]
    wishes: Wishes,
}

/// How long and how often.
pub(super) struct Terms {
    pub(super) until: NaiveDate,
    pub(super) once: bool,
    pub(super) frequency: u32,
}

pub(super) async fn run(app: &mut App, args: &Create) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let party = connection.party(&args.whom)?;
    let until = args.until.unwrap_or_else(|| Utc::now().date_naive() + TimeDelta::days(args.days.into()));
    let terms = Terms { until, once: args.once, frequency: if args.once { 1 } else { args.frequency } };
    let record = begin(app, &connection, party, &terms, &args.wishes).await?;
    tell(app, &record)
}

/// Asks for a consent and has it signed.
pub(super) async fn begin(
    app: &mut App,
    connection: &Connection,
    party: Party,
    terms: &Terms,
    wishes: &Wishes,
) -> Result<ConsentRecord, Failure> {
    let mut signer = Signer::new(connection, wishes).await?;
    let session = connection.session(&party, true)?;
    let request = if terms.once {
        ConsentRequest::once(Access::all(), terms.until)
    } else {
        let times = u16::try_from(terms.frequency).unwrap_or(u16::MAX);
        ConsentRequest::new(Access::all(), terms.until).frequency_per_day(times)
    };
    let consent = session.consents().create(&request).await?;
    remarks::tell(app, &consent.warnings)?;
    let flow = signer.flow(Subject::Consent(consent.id().to_owned()), &session);
    let mut signing = session.sign(flow)?;
    let ticket = signing.keep().await?;
    let record = ConsentRecord {
        id: consent.id().to_owned(),
        party,
        created: Utc::now(),
        valid_until: terms.until,
        frequency_per_day: terms.frequency,
        recurring: !terms.once,
        status: ConsentStatus::Received.as_str().to_owned(),
        redirect_uri: signer.redirect_uri().to_owned(),
        ticket: Some(ticket.expose().to_owned()),
    };
    Kept::new(app).put(&record)?;
    finish(app, connection, record, signing, &mut signer).await
}

/// Goes on with a signature where it was left.
pub(super) async fn resume(
    app: &mut App,
    connection: &Connection,
    record: ConsentRecord,
    ticket: &Ticket,
    wishes: &Wishes,
) -> Result<(), Failure> {
    let signing = match connection.client.resume(ticket).await {
        Err(error) if error.is_not_found() => {
            let id = &record.id;
            Kept::new(app).put(&ConsentRecord { ticket: None, ..record.clone() })?;
            return Err(
                Failure::denied(format!("the time to sign {id} is over")).hint("Ask anew with `opp consent renew`.")
            );
        }
        kept => kept?.sign(connection.psu(&record.party, true))?,
    };
    let mut signer = Signer::at(wishes, &record.redirect_uri).await?;
    let record = finish(app, connection, record, signing, &mut signer).await?;
    tell(app, &record)
}

async fn finish(
    app: &mut App,
    connection: &Connection,
    mut record: ConsentRecord,
    signing: Signing,
    signer: &mut Signer,
) -> Result<ConsentRecord, Failure> {
    let ending = signer.sign(app, signing).await.map_err(|failure| match failure.hint {
        None => failure.hint(format!("Go on with `opp consent resume {}`.", short(&record.id))),
        Some(_) => failure,
    })?;
    record.ticket = None;
    let kept = Kept::new(app);
    let session = connection.session(&record.party, true)?;
    if let Err(failure) = judge(&ending) {
        kept.put(&record)?;
        // How it stands at the bank is worth knowing, but not what it is about now.
        kept.refresh(&session, &mut record).await.ok();
        return Err(failure);
    }
    kept.refresh(&session, &mut record).await?;
    Ok(record)
}

/// As much of an id as is enough to find it again.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Says what has become of it.
pub(super) fn tell(app: &mut App, record: &ConsentRecord) -> Result<(), Failure> {
    if record.status == ConsentStatus::Valid.as_str() {
        app.out.say(&format!("Signed: valid until {}.", record.valid_until))?;
    } else {
        app.out.say(&format!("Signed, and it is {}: more people may have to sign.", record.status))?;
    }
    super::print_record(app, record)
}
