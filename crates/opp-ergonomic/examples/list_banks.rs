//! Lists the Swedish banks, with what each can do: `cargo run --example list_banks`.
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

mod support;

use opp_ergonomic::DirectoryFilter;
use support::{Failure, Platform};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let platform = Platform::start()?;
    let banks = platform.client()?.banks();
    for bank in banks.list(&DirectoryFilter::all().country("SE")).await?.iter() {
        let Some(bic) = bank.bic() else { continue };
        let details = banks.details(bic).await?;
        println!("{bic}  {}  {}", bank.name().unwrap_or_default(), details.payment_products().join(", "));
    }
    Ok(())
}
