//! `opp bank`: what one bank can do.

use opp_ergonomic::BankDetails;
use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::text;

/// Show what a bank can do: products, ways to sign, how far back it remembers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bank, by its BIC
    bic: String,
}

#[derive(Serialize)]
struct Details {
    bic: Option<String>,
    name: Option<String>,
    website: Option<String>,
    company_number: Option<String>,
    signing: Vec<&'static str>,
    payment_products: Vec<String>,
    history_days: Option<i64>,
    extended_history_days: Option<i64>,
    extended_history_minutes: Option<u64>,
    signing_basket_limit: Option<i64>,
    affiliated: Vec<String>,
}

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let bank = app.connect().await?.client.banks().details(&args.bic).await?;
    let fields = [
        text("bic", "BIC"),
        text("name", "Name"),
        text("website", "Website"),
        text("company_number", "Company number"),
        text("signing", "Signing"),
        text("payment_products", "Payment products"),
        text("history_days", "Days of history"),
        text("extended_history_days", "Days right after signing"),
        text("extended_history_minutes", "Minutes that this lasts"),
        text("signing_basket_limit", "Payments signed together"),
        text("affiliated", "Banks of the group"),
    ];
    app.out.record(&details(&bank), &fields)
}

fn details(bank: &BankDetails) -> Details {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let ways = [(bank.is_decoupled(), "in an app"), (bank.is_redirect(), "on the bank's page")];
    let extended = bank.extended_history();
    Details {
        bic: own(bank.bic()),
        name: own(bank.name()),
        website: own(bank.website_url()),
        company_number: own(bank.company_number()),
        signing: ways.into_iter().filter_map(|(has, way)| has.then_some(way)).collect(),
        payment_products: bank.payment_products().to_vec(),
        history_days: bank.history_days(),
        extended_history_days: extended.map(|(days, _)| days),
        extended_history_minutes: extended.map(|(_, time)| time.as_secs() / 60),
        signing_basket_limit: bank.signing_basket_limit(),
        affiliated: bank.affiliated().map(|(id, name)| format!("{id} {name}")).collect(),
    }
}
