//! `opp payment`: what has become of payments, signing them later, and taking them back.

mod keep;
mod watch;

use clap::Subcommand;
use opp_ergonomic::raw::types::TransactionStatus;
use opp_ergonomic::sca::{Subject, Ticket};
use opp_ergonomic::{Cancellation, PaymentStage, PaymentStatus};
use serde::Serialize;

use crate::app::App;
use crate::commands::pay::undecided;
use crate::connect::Connection;
use crate::exit::{Failure, judge};
use crate::output::{Column, data, detail, text};
use crate::remarks;
use crate::sign::{Signer, Wishes};

use keep::Which;
pub(crate) use keep::{Kept, PaymentRecord, short};

/// Look at payments, sign them later, take them back
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// List the payments that were made on this machine, as last heard of
    List,
    /// Ask the bank how a payment stands
    Show(Which),
    /// Sign a payment, or go on with a signature that was interrupted
    Sign {
        #[command(flatten)]
        which: Which,
        #[command(flatten, next_help_heading = "Signature")]
        wishes: Wishes,
    },
    /// Take a payment back, if the bank still lets you; some banks want that signed
    Cancel {
        #[command(flatten)]
        which: Which,
        #[command(flatten, next_help_heading = "Signature")]
        wishes: Wishes,
    },
    Watch(watch::Args),
}

pub(crate) async fn run(app: &mut App, action: Action) -> Result<(), Failure> {
    match action {
        Action::List => list(app),
        Action::Show(which) => show(app, &which).await,
        Action::Sign { which, wishes } => sign_later(app, &which, &wishes).await,
        Action::Cancel { which, wishes } => cancel(app, &which, &wishes).await,
        Action::Watch(args) => watch::run(app, &args).await,
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    bank: &'a str,
    api: &'a str,
    amount: Option<&'a str>,
    creditor: Option<&'a str>,
    status: &'a str,
    stage: &'static str,
    product: String,
    service: String,
    created: String,
}

const COLUMNS: [Column; 10] = [
    text("id", "Id"),
    text("bank", "Bank"),
    text("amount", "Amount"),
    text("creditor", "To"),
    text("status", "Status"),
    text("stage", "Meaning"),
    detail("product", "Product"),
    detail("service", "Service"),
    detail("created", "Created"),
    data("api"),
];

fn row(record: &PaymentRecord) -> Row<'_> {
    Row {
        id: record.key.id(),
        bank: record.party.bank.bic(),
        api: &record.party.api,
        amount: record.amount.as_deref(),
        creditor: record.creditor.as_deref(),
        status: &record.status,
        stage: words(PaymentStatus::read(&record.status).stage()),
        product: record.key.product().to_string(),
        service: record.key.service().to_string(),
        created: record.created.format("%F %R").to_string(),
    }
}

/// What a stage is called.
fn words(stage: PaymentStage) -> &'static str {
    match stage {
        PaymentStage::NeedsMoreSigners => "needs more signers",
        PaymentStage::InProgress => "in progress, not paid yet",
        PaymentStage::Partial => "accepted in part",
        PaymentStage::Paid => "paid",
        PaymentStage::Failed => "failed",
        PaymentStage::Cancelled => "cancelled",
        _ => "open",
    }
}

/// A payment with its properties.
pub(crate) fn print(app: &mut App, record: &PaymentRecord) -> Result<(), Failure> {
    app.out.record(&row(record), &COLUMNS)
}

fn list(app: &mut App) -> Result<(), Failure> {
    let records = Kept::new(app).all()?;
    let rows: Vec<_> = records.iter().map(row).collect();
    app.out.list(&rows, &COLUMNS)
}

async fn show(app: &mut App, which: &Which) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let mut record = which.find(app, &connection)?;
    let session = connection.session(&record.party, true)?;
    let status = Kept::new(app).refresh(&session, &mut record).await?;
    remarks::tell(app, &status.warnings)?;
    print(app, &record)
}

async fn sign_later(app: &mut App, which: &Which, wishes: &Wishes) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let mut record = which.find(app, &connection)?;
    let kept = match record.ticket.take() {
        Some(ticket) => match connection.client.resume(&Ticket::new(&ticket)).await {
            Ok(kept) => Some(kept),
            // Its time was over, or it was used: a new one is begun.
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let Some(kept) = kept else {
        let signer = Signer::new(&connection, wishes).await?;
        let subject = Subject::Payment(record.key.clone());
        return sign(app, &connection, &mut record, subject, signer).await;
    };
    let signer = match &record.redirect_uri {
        Some(uri) => Signer::at(wishes, uri).await?,
        None => Signer::new(&connection, wishes).await?,
    };
    let signing = kept.sign(connection.psu(&record.party, true))?;
    finish(app, &connection, &mut record, signing, signer).await
}

/// Begins a signature, of a payment or of its cancellation, and goes through with it.
pub(crate) async fn sign(
    app: &mut App,
    connection: &Connection,
    record: &mut PaymentRecord,
    subject: Subject,
    signer: Signer,
) -> Result<(), Failure> {
    let session = connection.session(&record.party, true)?;
    let mut signing = session.sign(signer.flow(subject, &session))?;
    record.ticket = Some(signing.keep().await?.expose().to_owned());
    record.redirect_uri = Some(signer.redirect_uri().to_owned());
    Kept::new(app).put(record)?;
    finish(app, connection, record, signing, signer).await
}

async fn finish(
    app: &mut App,
    connection: &Connection,
    record: &mut PaymentRecord,
    signing: opp_ergonomic::sca::Signing,
    mut signer: Signer,
) -> Result<(), Failure> {
    let ending = signer.sign(app, signing).await.map_err(|failure| match failure.hint {
        None => failure.hint(format!("Go on with `opp payment sign {}`.", short(record))),
        Some(_) => failure,
    })?;
    record.ticket = None;
    let kept = Kept::new(app);
    kept.put(record)?;
    let session = connection.session(&record.party, true)?;
    let heard = kept.refresh(&session, record).await;
    let _ = judge(&ending)?;
    let status = heard?;
    app.out.say(match status.stage() {
        PaymentStage::Paid => "Signed and paid.",
        PaymentStage::NeedsMoreSigners => "Signed; more people have to sign.",
        PaymentStage::Cancelled => "Signed: the payment is cancelled.",
        _ => "Signed. It is not paid before the status says so; `opp payment watch` waits for that.",
    })?;
    print(app, record)
}

async fn cancel(app: &mut App, which: &Which, wishes: &Wishes) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let mut record = which.find(app, &connection)?;
    if connection.profile.is_live() && !app.global.dry_run {
        app.out.warn(&format!("A real payment at {} is taken back: {}", record.party.bank.bic(), record.key.id()))?;
        app.agree("Take it back?").await?;
    }
    let signer = Signer::new(&connection, wishes).await?;
    let session = connection.session(&record.party, true)?;
    let answer = session.payments().cancel(&record.key).await.map_err(undecided)?;
    remarks::tell(app, &answer.warnings)?;
    if *answer == Cancellation::Done {
        TransactionStatus::Canc.as_str().clone_into(&mut record.status);
        record.ticket = None;
        Kept::new(app).put(&record)?;
        app.out.say("The payment is taken back.")?;
        return print(app, &record);
    }
    app.out.say("The bank wants that signed.")?;
    let subject = Subject::Cancellation(record.key.clone());
    sign(app, &connection, &mut record, subject, signer).await
}
