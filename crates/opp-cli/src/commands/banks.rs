//! `opp banks`: the directory.

use futures_util::StreamExt as _;
use opp_ergonomic::{BankDetails, BankEntry, Banks, DirectoryFilter};
use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::text;

/// List the banks that the platform reaches
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only banks in this country, such as SE; may be repeated
    #[arg(long, value_name = "CODE")]
    country: Vec<String>,
    /// Only banks with this payment product, such as swedish-giro; each bank is asked for it
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
}

#[derive(Serialize)]
struct Row {
    bic: String,
    name: String,
}

/// Banks that are asked at the same time.
const TOGETHER: usize = 8;

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let banks = app.connect().await?.client.banks();
    let filter = args.country.iter().fold(DirectoryFilter::all(), |filter, code| filter.country(code));
    let mut list = banks.list(&filter).await?.into_inner();
    if let Some(product) = &args.product {
        list = offering(app, &banks, list, product).await?;
    }
    show(app, &list)
}

pub(super) fn show(app: &mut App, banks: &[BankEntry]) -> Result<(), Failure> {
    let rows: Vec<_> = banks.iter().map(row).collect();
    app.out.list(&rows, &[text("bic", "BIC"), text("name", "Name")])
}

fn row(bank: &BankEntry) -> Row {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Row { bic: text(bank.bic()), name: text(bank.name()) }
}

/// The banks that offer a product, in their order.
async fn offering(app: &App, banks: &Banks, list: Vec<BankEntry>, product: &str) -> Result<Vec<BankEntry>, Failure> {
    let bar = app.out.progress(list.len() as u64, "asking the banks");
    let ask = |bank: BankEntry| async move {
        let details = banks.details(bank.bic().unwrap_or_default()).await;
        details.map(|details| offers(&details, product).then_some(bank))
    };
    let mut answers = futures_util::stream::iter(list).map(ask).buffered(TOGETHER);
    let mut found = Vec::new();
    while let Some(answer) = answers.next().await {
        found.extend(answer?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(found)
}

fn offers(bank: &BankDetails, product: &str) -> bool {
    bank.payment_products().iter().any(|offered| offered == product)
}
