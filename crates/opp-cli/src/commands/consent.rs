//! `opp consent`: the user's permission to read accounts, from the question to its end.

mod create;
mod keep;

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use opp_ergonomic::ConsentStatus;
use opp_ergonomic::sca::Ticket;
use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::{Column, data, detail, number, text};
use crate::records::ConsentRecord;
use crate::remarks;
use crate::sign::Wishes;

use create::{Create, Terms, begin};
pub(crate) use keep::Kept;

/// Ask for consents, sign them, and give them back
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Ask for a consent and sign it
    Create(Create),
    /// List the consents that were asked for on this machine, as last heard of
    List,
    /// Ask the bank how a consent stands
    Show {
        /// Its id, or the beginning of it; the newest one unless given
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        id: Option<String>,
    },
    /// Go on with a signature that was interrupted
    Resume {
        /// The consent's id, or the beginning of it; the newest one unless given
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        id: Option<String>,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// Ask for a consent like an old one and sign it; then the old one is given back
    Renew {
        /// The old one's id, or the beginning of it; the newest one unless given
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        id: Option<String>,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// Give a consent back: nothing more can be read with it
    Delete {
        /// Its id, or the beginning of it
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        id: String,
    },
}

pub(crate) async fn run(app: &mut App, action: Action) -> Result<(), Failure> {
    match action {
        Action::Create(args) => create::run(app, &args).await,
        Action::List => list(app),
        Action::Show { id } => show(app, id.as_deref()).await,
        Action::Resume { id, wishes } => resume(app, id.as_deref(), &wishes).await,
        Action::Renew { id, wishes } => renew(app, id.as_deref(), &wishes).await,
        Action::Delete { id } => delete(app, &id).await,
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    bank: &'a str,
    api: &'a str,
    status: &'a str,
    valid_until: String,
    days_left: i64,
    unattended_per_day: u32,
    recurring: bool,
    created: String,
}

const COLUMNS: [Column; 9] = [
    text("id", "Id"),
    text("bank", "Bank"),
    text("status", "Status"),
    text("valid_until", "Valid until"),
    number("days_left", "Days left"),
    detail("unattended_per_day", "Unattended reads a day"),
    detail("recurring", "Recurring"),
    detail("created", "Created"),
    data("api"),
];

fn row(record: &ConsentRecord) -> Row<'_> {
    Row {
        id: &record.id,
        bank: record.party.bank.bic(),
        api: &record.party.api,
        status: &record.status,
        valid_until: record.valid_until.to_string(),
        days_left: (record.valid_until - Utc::now().date_naive()).num_days().max(0),
        unattended_per_day: record.frequency_per_day,
        recurring: record.recurring,
        created: record.created.format("%F %R").to_string(),
    }
}

fn list(app: &mut App) -> Result<(), Failure> {
    let kept = Kept::new(app);
    let records = kept.all()?;
    if let Some(sentence) = kept.unread()? {
        app.out.warn(&sentence)?;
    }
    let rows: Vec<_> = records.iter().map(row).collect();
    app.out.list(&rows, &COLUMNS)
}

async fn show(app: &mut App, id: Option<&str>) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let kept = Kept::new(app);
    let mut record = kept.find(&connection, id)?;
    let session = connection.session(&record.party, true)?;
    let remarks = kept.refresh(&session, &mut record).await?;
    remarks::tell(app, &remarks)?;
    print_record(app, &record)
}

fn print_record(app: &mut App, record: &ConsentRecord) -> Result<(), Failure> {
    let row = row(record);
    app.out.record(&row, &COLUMNS)
}

async fn resume(app: &mut App, id: Option<&str>, wishes: &Wishes) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let kept = Kept::new(app);
    let mut record = match id {
        Some(id) => kept.find(&connection, Some(id))?,
        None => kept
            .newest(&connection, |record| record.ticket.is_some())
            .ok_or_else(|| Failure::error("no signature is under way").hint("Begin one with `opp consent create`."))?,
    };
    let Some(ticket) = record.ticket.take() else {
        return Err(Failure::error(format!(
            "the consent {} is {}: nothing is left to be signed",
            record.id, record.status
        )));
    };
    create::resume(app, &connection, record, &Ticket::new(&ticket), wishes).await
}

async fn renew(app: &mut App, id: Option<&str>, wishes: &Wishes) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let kept = Kept::new(app);
    let old = kept.find(&connection, id)?;
    let days = (old.valid_until - old.created.date_naive()).num_days().max(1);
    let terms = Terms {
        until: Utc::now().date_naive() + TimeDelta::days(days),
        once: !old.recurring,
        frequency: old.frequency_per_day,
    };
    let new = begin(app, &connection, old.party.clone(), &terms, wishes).await?;
    if new.status != ConsentStatus::Valid.as_str() {
        // Until then the old one is what opens the accounts.
        app.out.say(&format!("The old consent {} is kept, since the new one is not valid yet.", old.id))?;
        return create::tell(app, &new);
    }
    let session = connection.session(&old.party, true)?;
    match session.consents().delete(&old.id).await {
        Ok(_) => kept.forget(&old.id)?,
        Err(error) if error.is_not_found() || error.needs_new_consent() => kept.forget(&old.id)?,
        Err(error) => app.out.say(&format!("The old consent {} could not be given back: {error}", old.id))?,
    }
    create::tell(app, &new)
}

async fn delete(app: &mut App, id: &str) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let kept = Kept::new(app);
    let record = kept.find(&connection, Some(id))?;
    let session = connection.session(&record.party, true)?;
    match session.consents().delete(&record.id).await {
        Err(error) if !error.is_not_found() => return Err(error.into()),
        _ => kept.forget(&record.id)?,
    }
    app.out.say(&format!("The consent {} is given back.", record.id))
}
