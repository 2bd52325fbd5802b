//! Reads the accounts of a consent with the transactions of the last month, and adds them up.
//!
//! `cargo run --example read_accounts`. With `OPP_CONSENT` it reads under a consent that was signed before, as a program
//! does that runs at night; otherwise it asks for one.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

mod support;

use chrono::{Days, Utc};
use opp_ergonomic::sca::Subject;
use opp_ergonomic::{Access, Amount, Bank, ConsentRequest, Session, TransactionQuery, ValidConsent};
use support::{Failure, Platform, sign, user};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let platform = Platform::start()?;
    let session = platform.client()?.at(Bank::new("SWEDSESS")?.prefer_redirect(false), user()?)?;
    let consent = match std::env::var("OPP_CONSENT") {
        Ok(id) => session.consents().valid(&id).await?,
        Err(_) => signed(&session).await?,
    };
    let accounts = session.accounts(&consent);
    for account in accounts.list().await?.iter() {
        let Some(id) = account.id() else { continue };
        let month = TransactionQuery::since(Utc::now().date_naive() - Days::new(30));
        // One by one: a page need not fit into memory, and neither need all of them.
        let mut transactions = accounts.transactions(id, &month)?;
        let (mut count, mut total) = (0, None::<Amount>);
        while let Some(transaction) = transactions.next().await {
            let Some(amount) = transaction?.amount() else { continue };
            count += 1;
            total = total.map_or(Some(amount), |total| total.checked_add(amount));
        }
        let total = total.map_or_else(|| "nothing".to_owned(), |total| total.to_string());
        println!("{}: {count} transactions, together {total}", account.iban().unwrap_or(id));
    }
    Ok(())
}

async fn signed(session: &Session) -> Result<ValidConsent, Failure> {
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
    let consent = session.consents().create(&request).await?;
    let ending = sign(session, Subject::Consent(consent.id().to_owned())).await?;
    println!("{ending:?}: OPP_CONSENT={}", consent.id());
    Ok(session.consents().valid(consent.id()).await?)
}
