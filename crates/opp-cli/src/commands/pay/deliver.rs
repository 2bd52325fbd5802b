//! From a payment on paper to one that the bank has: shown, agreed to, handed over, signed.

use chrono::Utc;
use opp_ergonomic::sca::Subject;
use opp_ergonomic::{Error, Invalid, NewPayment, Reply, Session};

use super::Handling;
use super::paper::{Paper, What};
use crate::app::App;
use crate::commands::payment::{self, Kept, PaymentRecord, Sending};
use crate::connect::Connection;
use crate::exit::{Exit, Failure};
use crate::records::Party;
use crate::remarks;
use crate::sign::Signer;
use crate::style;

pub(super) async fn run(app: &mut App, paper: Paper, handling: &Handling) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let party = connection.party(&handling.whom)?;
    let session = connection.session(&party, true)?;
    if paper.is_test && connection.profile.is_live() {
        return Err(Failure::usage("--test-numbers is for sandboxes: a wrong check digit is a mistake"));
    }
    if let What::Order(order) = &paper.what {
        session.payments().check(order).map_err(|wrong| option_of(&wrong))?;
    }
    let kept = Kept::new(app);
    let sending = Sending::new(&party, paper.amount.as_deref(), paper.creditor.as_deref());
    if !app.global.dry_run {
        show(app, &connection, &party, &paper)?;
        for sentence in kept.unknown(|other| sending.is_like(other))? {
            app.out.warn(&style::line(&sentence))?;
        }
        if connection.profile.is_live() {
            app.agree("Pay this, with real money?").await?;
        }
    }
    // Whoever cannot come back from the bank's page had better know before there is a payment.
    let signer = if handling.no_sign { None } else { Some(Signer::new(&connection, &handling.wishes).await?) };
    let session = session.with_request_id(&sending.request_id)?;
    if !app.global.dry_run {
        kept.begin(&sending)?;
    }
    let sent = sent_once(app, hand_over(&session, &paper.what)).await;
    if sent.as_ref().is_err_and(|failure| failure.exit != Exit::Unknown) {
        kept.end(&sending)?;
    }
    let (payment, interrupted) = sent?;
    let mut record = PaymentRecord {
        key: payment.key().clone(),
        party,
        created: Utc::now(),
        amount: paper.amount,
        creditor: paper.creditor,
        status: payment.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        redirect_uri: None,
        ticket: None,
        cancelling: false,
    };
    // The id is kept and told before anything else can go wrong, and told even if it cannot be kept.
    let noted = kept.put(&record).and_then(|()| kept.end(&sending));
    app.out.say(&format!("The bank has it: {}.", payment.key().id()))?;
    noted?;
    remarks::tell(app, &payment.warnings)?;
    if interrupted {
        let hint = format!("Sign it with `opp payment sign {}`.", payment::short(&record));
        return Err(Failure::interrupted("interrupted; nothing is signed").hint(hint));
    }
    if let Some(signer) = signer {
        let subject = Subject::Payment(record.key.clone());
        return payment::sign(app, &connection, &mut record, subject, signer).await;
    }
    app.out.say(&format!("It waits for a signature: `opp payment sign {}`.", payment::short(&record)))?;
    payment::print(app, &record)
}

/// What is about to be done, in red where it is real.
fn show(app: &mut App, connection: &Connection, party: &Party, paper: &Paper) -> Result<(), Failure> {
    let bank = party.bank.bic();
    if connection.profile.is_live() {
        app.out.warn(&format!("A real payment, at {bank}:"))?;
    } else {
        app.out.head(&format!("A payment in a sandbox, at {bank}:"))?;
    }
    let is_attended = app.out.is_attended();
    let width = paper.lines.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    for (title, shown) in &paper.lines {
        // A text with a line of its own could pass for one of these.
        app.out.say(&format!("  {title:<width$}  {}", style::line(&shown.text(is_attended))))?;
    }
    Ok(())
}

async fn hand_over(session: &Session, what: &What) -> Result<Reply<NewPayment>, Error> {
    let payments = session.payments();
    match what {
        What::Order(order) => payments.create((**order).clone()).await,
        What::Bytes { service, product, media, body } => {
            payments.create_bytes(service, product, media, body.clone()).await
        }
    }
}

/// A write, and whether Ctrl-C was pressed before its answer came.
pub(crate) async fn sent_once<T>(
    app: &mut App,
    sending: impl Future<Output = Result<T, Error>>,
) -> Result<(T, bool), Failure> {
    let (answer, interrupted) = undisturbed(app, sending).await?;
    Ok((answer.map_err(undecided)?, interrupted))
}

/// Waits for the answer to a write, and says whether Ctrl-C was pressed meanwhile. That does not break it off: it may
/// be on its way, and without the answer nobody would know. A second one gives up.
pub(crate) async fn undisturbed<T>(app: &mut App, sending: impl Future<Output = T>) -> Result<(T, bool), Failure> {
    tokio::pin!(sending);
    let mut interrupted = false;
    loop {
        tokio::select! {
            answer = &mut sending => return Ok((answer, interrupted)),
            _ = tokio::signal::ctrl_c() => {
                if std::mem::replace(&mut interrupted, true) {
                    let failure = Failure::unknown("interrupted before the answer: it may have been done or not");
                    return Err(failure.hint(where_to_look("the platform", "")));
                }
                app.out.say("It is on its way already: waiting for the answer. Ctrl-C once more gives up.")?;
            }
        }
    }
}

/// A write that failed, with what is needed to find out where nobody knows what came of it.
pub(crate) fn undecided(error: Error) -> Failure {
    let path = error.path().unwrap_or("the platform").to_owned();
    let failure = Failure::from(error);
    if failure.exit != Exit::Unknown {
        return failure;
    }
    failure.hint(where_to_look(&path, ", or ask the platform's support with the X-Request-ID,"))
}

fn where_to_look(path: &str, support: &str) -> String {
    let now = Utc::now().format("%F %T");
    format!(
        "It went to {path}, and now it is {now} UTC. Look at the account and in the bank's own app{support} before you \
         send it again."
    )
}

/// Which option a broken rule is about.
fn option_of(wrong: &Invalid) -> Failure {
    const OPTIONS: [(&str, &str); 11] = [
        ("creditorAccount.clearingNumber", "Give it with --clearing, and the national number with --to."),
        ("creditorAccount", "It is the one of --to."),
        ("creditorAddress", "Give it with --country, --city and --street."),
        ("creditorAgentName", "It is the one of --to-bank-name."),
        ("creditorAgent", "It is the one of --to-bank."),
        ("creditorName", "It is the one of --name."),
        ("debtorAccount", "It is the one of --from."),
        ("endToEndIdentification", "It is the one of --reference."),
        ("remittanceInformation", "It is the one of --message."),
        ("requestedExecutionDate", "It is the one of --on."),
        ("debtorAccountMessage", "It is the one of --own-message."),
    ];
    // What follows is for programmers.
    let text = wrong.to_string();
    let failure = Failure::usage(text.split("; use ").next().unwrap_or(&text));
    match OPTIONS.iter().find(|(field, _)| wrong.field().starts_with(field)) {
        Some((_, hint)) => failure.hint(*hint),
        None => failure,
    }
}
