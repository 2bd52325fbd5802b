//! `opp payment`: what has become of payments, signing them later, and taking them back.

mod keep;
mod sending;
mod watch;

use clap::Subcommand;
use opp_ergonomic::raw::types::TransactionStatus;
use opp_ergonomic::sca::{Subject, Ticket};
use opp_ergonomic::{Cancellation, PaymentStage, PaymentStatus};
use serde::Serialize;

use crate::app::App;
use crate::commands::pay::sent_once;
use crate::connect::Connection;
use crate::exit::{Failure, judge};
use crate::output::{Column, data, detail, text};
use crate::remarks;
use crate::sign::{Signer, Wishes};
use crate::style;

use keep::Which;
pub(crate) use keep::{Kept, PaymentRecord, short};
pub(crate) use sending::Sending;

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
    let kept = Kept::new(app);
    let records = kept.all()?;
    if let Some(sentence) = kept.unread()? {
        app.out.warn(&sentence)?;
    }
    for sentence in kept.unknown(|_| true)? {
        app.out.warn(&style::line(&sentence))?;
    }
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
            // Whoever wanted to take it back is not made to sign the payment itself.
            Err(error) if error.is_not_found() && record.cancelling => {
                record.cancelling = false;
                Kept::new(app).put(&record)?;
                let hint = format!("Begin again with `opp payment cancel {}`.", short(&record));
                return Err(Failure::denied("the time to sign the cancellation is over").hint(hint));
            }
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
    record.cancelling = matches!(subject, Subject::Cancellation(_));
    let mut signing = session.sign(signer.flow(subject, &session))?;
    if !app.global.dry_run {
        record.ticket = Some(signing.keep().await?.expose().to_owned());
        record.redirect_uri = Some(signer.redirect_uri().to_owned());
        Kept::new(app).put(record)?;
    }
    finish(app, connection, record, signing, signer).await
}

async fn finish(
    app: &mut App,
    connection: &Connection,
    record: &mut PaymentRecord,
    signing: opp_ergonomic::sca::Signing,
    mut signer: Signer,
) -> Result<(), Failure> {
    let is_cancellation = matches!(signing.flow().subject(), Subject::Cancellation(_));
    let ending = signer.sign(app, signing).await.map_err(|failure| match failure.hint {
        None => failure.hint(format!("Go on with `opp payment sign {}`.", short(record))),
        Some(_) => failure,
    })?;
    (record.ticket, record.cancelling) = (None, false);
    let kept = Kept::new(app);
    kept.put(record)?;
    let session = connection.session(&record.party, true)?;
    let heard = kept.refresh(&session, record).await;
    if let Err(failure) = judge(&ending) {
        // A signature may count that came as time ran out.
        if let Ok(status) = heard {
            app.out.say(&format!("The payment is {}: {}.", status.as_str(), words(status.stage())))?;
        }
        return Err(failure);
    }
    let status = heard.map_err(|failure| unheard(&failure, record))?;
    app.out.say(outcome(status.stage(), is_cancellation))?;
    print(app, record)?;
    match (status.stage(), is_cancellation) {
        (PaymentStage::Failed, false) => Err(Failure::error("the bank has not carried the payment out")),
        (PaymentStage::Cancelled, false) => Err(Failure::error("the payment is cancelled")),
        (PaymentStage::Paid, true) => Err(Failure::error("the payment was carried out before it could be taken back")),
        _ => Ok(()),
    }
}

/// What has come of something that was signed.
fn outcome(stage: PaymentStage, is_cancellation: bool) -> &'static str {
    match (stage, is_cancellation) {
        (PaymentStage::Cancelled, _) => "Signed: the payment is cancelled.",
        (PaymentStage::NeedsMoreSigners, _) => "Signed; more people have to sign.",
        (PaymentStage::Paid, false) => "Signed and paid.",
        (PaymentStage::Failed, false) => "Signed, and the bank has refused it.",
        (PaymentStage::Paid, true) => "Signed, and too late.",
        (_, false) => "Signed. It is not paid before the status says so; `opp payment watch` waits for that.",
        (_, true) => "Signed. It is not taken back before the status says so; `opp payment show` asks for it.",
    }
}

/// It is signed, so it may be paid: that the bank cannot be asked about it now is no failure to pay.
fn unheard(failure: &Failure, record: &PaymentRecord) -> Failure {
    let text = format!("it is signed, and how it stands is not known: {}", failure.text);
    Failure::unknown(text).hint(format!("Ask again with `opp payment show {}`.", short(record)))
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
    let (answer, interrupted) = sent_once(app, session.payments().cancel(&record.key)).await?;
    if *answer == Cancellation::Done {
        TransactionStatus::Canc.as_str().clone_into(&mut record.status);
        (record.ticket, record.cancelling) = (None, false);
        Kept::new(app).put(&record)?;
    }
    remarks::tell(app, &answer.warnings)?;
    if *answer == Cancellation::Done {
        app.out.say("The payment is taken back.")?;
        return print(app, &record);
    }
    app.out.say("The bank wants that signed.")?;
    if interrupted {
        let hint = format!("Begin again with `opp payment cancel {}`.", short(&record));
        return Err(Failure::interrupted("interrupted; the payment is not taken back").hint(hint));
    }
    let subject = Subject::Cancellation(record.key.clone());
    sign(app, &connection, &mut record, subject, signer).await
}
