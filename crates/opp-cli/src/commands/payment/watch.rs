//! `opp payment watch`: follows a payment until its bank has done with it.

use std::time::Duration;

use chrono::Utc;
use opp_ergonomic::{PaymentStage, PaymentStatus};
use serde::Serialize;
use tokio::time::Instant;

use super::{Kept, Which, words};
use crate::app::App;
use crate::exit::{Exit, Failure};
use crate::options::seconds;
use crate::output::{Column, text};
use crate::remarks;

/// Follow a payment until it is paid, failed or cancelled
///
/// Each change of the status is a line. The exit code is 0 only if it was paid. A bank may leave a payment in progress
/// for long, sandboxes for good: then it is given up after a while, and can be watched again.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// How long to wait between two looks
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    every: Duration,
    /// How long to watch at most
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = seconds)]
    at_most: Duration,
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
struct Change {
    time: String,
    status: String,
    stage: &'static str,
}

const COLUMNS: [Column; 3] = [text("time", "Time (UTC)"), text("status", "Status"), text("stage", "Meaning")];

pub(super) async fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let mut record = args.which.find(app, &connection)?;
    let session = connection.session(&record.party, true)?;
    let (kept, end) = (Kept::new(app), Instant::now() + args.at_most);
    let mut last: Option<PaymentStatus> = None;
    loop {
        let answer = session.payments().status(&record.key).await;
        let mut pause = args.every;
        match answer {
            Ok(status) if last.as_ref() != Some(&*status) => {
                remarks::tell(app, &status.warnings)?;
                let status = status.into_inner();
                kept.hear(&mut record, &status)?;
                let change = Change {
                    time: Utc::now().format("%F %T").to_string(),
                    status: record.status.clone(),
                    stage: words(status.stage()),
                };
                app.out.more(&[change], &COLUMNS, last.is_none()).map_err(unseen)?;
                if let Some(ended) = end_of(&status) {
                    return ended;
                }
                last = Some(status);
            }
            Ok(_) => {}
            // The next look may go better.
            Err(error) if error.is_retryable() => {
                pause = pause.max(error.retry_after().unwrap_or_default());
                app.out.say(&format!("No answer this time: {error}"))?;
            }
            Err(error) => return Err(error.into()),
        }
        if pause > end.saturating_duration_since(Instant::now()) {
            let stands =
                last.map_or_else(|| "nobody has said how it stands".to_owned(), |last| format!("it is {last}"));
            return Err(Failure::error(format!("not done within {} s: {stands}", args.at_most.as_secs()))
                .hint("Watch on with `opp payment watch`."));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => return Err(Failure::interrupted("interrupted; the payment goes its way")),
        }
    }
}

/// Whoever reads along has gone. That is no success here, where success says that money has moved.
fn unseen(failure: Failure) -> Failure {
    match failure.exit {
        Exit::Ok => Failure::error("nobody reads along any more; the payment goes its way"),
        _ => failure,
    }
}

/// What a status means to whoever has waited for the end; nothing if it is none.
fn end_of(status: &PaymentStatus) -> Option<Result<(), Failure>> {
    Some(match status.stage() {
        PaymentStage::Paid => Ok(()),
        PaymentStage::Failed => Err(Failure::error("the bank has not carried the payment out")),
        PaymentStage::Cancelled => Err(Failure::error("the payment is cancelled")),
        _ => return None,
    })
}
