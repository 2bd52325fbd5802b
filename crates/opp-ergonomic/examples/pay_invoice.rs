//! Pays an invoice to a Bankgiro number, and is careful about what may have happened.
//!
//! `cargo run --example pay_invoice`
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

mod support;

use std::time::Duration;

use opp_ergonomic::sca::{Ending, Standing, Subject};
use opp_ergonomic::{Bank, Bankgiro, Giro, Iban, Ocr, Outcome, PaymentStage};
use support::{Failure, Platform, sign, user};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let platform = Platform::start()?;
    let session = platform.client()?.at(Bank::new("SWEDSESS")?.prefer_redirect(false), user()?)?;
    let payments = session.payments();

    // A wrong number or a wrong check digit is refused here, and not by the bank tomorrow.
    let bill = Giro::new("845.50 SEK".parse()?, Bankgiro::new("991-2346")?, "Kustbandets Elnät AB")
        .ocr(Ocr::new("1234567897")?)
        // An account of the platform's own, whose check digits are not right.
        .from(Iban::test_number("SE4880000123459876543219")?);
    let key = match payments.create(bill).await {
        Ok(payment) => payment.key().clone(),
        // It may exist. Whoever sends it again now may pay twice.
        Err(error) if error.outcome() == Some(Outcome::Unknown) => {
            println!("ask the bank about {:?}", error.request_id());
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };

    match sign(&session, Subject::Payment(key.clone())).await? {
        Ending::Finalised(Standing::NeedsMoreSigners) => println!("Somebody else has to sign, too."),
        ending if ending.is_success() => println!("Signed."),
        ending => println!("Not signed: {ending:?}"),
    }

    // Signed is not paid, and ACTC is not paid either: the stage says what is.
    for _ in 0..30 {
        let status = payments.status(&key).await?;
        println!("{}: {:?}", *status, status.stage());
        if !matches!(status.stage(), PaymentStage::Open | PaymentStage::InProgress) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}
