//! Accounts from start to end: the user chooses a bank and signs, and sees their accounts.
//!
//! `cargo run --example quickstart`. Without credentials in the environment it brings a sandbox of its own.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

mod support;

use chrono::{Days, Utc};
use opp_ergonomic::sca::{Callback, Device, Step, Subject};
use opp_ergonomic::{Access, Bank, ConsentRequest, DirectoryFilter, Psu};
use support::{Failure, Platform, ask, back};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let platform = Platform::start()?;
    let client = platform.client()?;

    // Which bank, and who?
    for bank in client.banks().list(&DirectoryFilter::all().country("SE")).await?.iter() {
        println!("{}  {}", bank.bic().unwrap_or_default(), bank.name().unwrap_or_default());
    }
    let bank = Bank::new(&ask("The BIC of your bank?")?)?;
    let psu = Psu::private().id(&ask("Your personal number?")?).ip("192.0.2.7".parse()?).user_agent("quickstart");
    let session = client.at(bank, psu)?;

    // The permission to read, which the user signs: in an app, or at the bank's page, as the bank has it.
    let request = ConsentRequest::once(Access::all(), Utc::now().date_naive() + Days::new(1));
    let consent = session.consents().create(&request).await?;
    let flow = session.flow(Subject::Consent(consent.id().to_owned()), Device::Desktop).redirect(&back());
    let mut signing = session.sign(flow)?;
    while let Some(step) = signing.next().await? {
        match step {
            Step::ShowQr { payload, prompt, .. } => println!("{} QR code: {}", prompt.kind, payload.expose()),
            Step::ShowImage { image, prompt } => println!("{} Picture: {}", prompt.kind, image.src()),
            Step::Redirect { url, .. } => {
                println!("Open {}", url.expose());
                signing.callback(&Callback::parse(&ask("Where did you come back to?")?)).await?;
            }
            Step::Wait { prompt } => println!("{}", prompt.kind),
            Step::Done(ending) => println!("{ending:?}"),
            other => println!("{other:?}"),
        }
    }

    // What it was all for. Were it not signed, this would say so.
    let consent = session.consents().valid(consent.id()).await?;
    for account in session.accounts(&consent).list_with_balances().await?.iter() {
        println!("{}  {}", account.iban().or(account.bban()).unwrap_or("?"), account.name().unwrap_or_default());
        for balance in account.balances() {
            println!("    {}", balance.amount().map_or_else(|| "?".to_owned(), |amount| amount.to_string()));
        }
    }
    Ok(())
}
