//! Lists the banks of a country, with what each can do: `cargo run --example list_banks -- SE`.
#![allow(clippy::print_stdout)]

use opp_ergonomic::{Client, DirectoryFilter, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let country = std::env::args().nth(1).unwrap_or_else(|| "SE".to_owned());
    let banks = Client::from_env()?.banks();
    for bank in banks.list(&DirectoryFilter::all().country(&country)).await?.iter() {
        let Some(bic) = bank.bic() else { continue };
        let details = banks.details(bic).await?;
        println!("{bic}  {}  {}", bank.name().unwrap_or_default(), details.payment_products().join(", "));
    }
    Ok(())
}
