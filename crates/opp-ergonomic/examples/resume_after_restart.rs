//! A web server that is restarted while its user is at the bank, and goes on when they come back.
//!
//! `cargo run --example resume_after_restart`
#![allow(clippy::print_stdout, reason = "a program that talks to its user")]

mod support;

use std::path::Path;
use std::sync::Arc;

use chrono::{Days, Utc};
use opp_ergonomic::sca::{Callback, Device, Step, Subject};
use opp_ergonomic::store::FileStore;
use opp_ergonomic::{Access, Bank, Client, ConsentRequest};
use support::{Failure, Platform, ask, back, user};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Failure> {
    let platform = Platform::start()?;
    let folder = std::env::temp_dir().join(format!("opp-example-{}", std::process::id()));

    println!("Open {}", before(&client(&platform, &folder)?).await?);
    let address = ask("Where did you come back to?")?;
    println!("The server was restarted.");
    let ending = after(&client(&platform, &folder)?, &Callback::parse(&address)).await?;
    println!("{ending:?}");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// What each start of the server makes: nothing but the folder outlives it.
fn client(platform: &Platform, folder: &Path) -> Result<Client, Failure> {
    Ok(platform.builder()?.store(Arc::new(FileStore::open(folder)?)).build()?)
}

/// The first request: the flow is kept as soon as the user is sent away, and nothing is left in memory.
async fn before(client: &Client) -> Result<String, Failure> {
    let session = client.at(Bank::new("SWEDSESS")?.prefer_redirect(true), user()?)?;
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
    let consent = session.consents().create(&request).await?;
    let flow = session.flow(Subject::Consent(consent.id().to_owned()), Device::Desktop).redirect(&back());
    let mut signing = session.sign(flow.with_label("user 7"))?;
    signing.keep().await?;
    while let Some(step) = signing.next().await? {
        if let Step::Redirect { url, .. } = step {
            return Ok(url.expose().to_owned());
        }
    }
    Err("the bank has sent nobody away".into())
}

/// The request with which the user comes back: once, and only with the `state` that was sent along.
async fn after(client: &Client, callback: &Callback) -> Result<Step, Failure> {
    let returned = client.returned(callback).await?;
    println!("It is about {}.", returned.flow().label().unwrap_or("nobody"));
    Ok(Step::Done(returned.sign(user()?)?.finish(|_| {}).await?))
}
