//! A simulated platform on this machine: found by its address, and asked for its credentials.

use std::time::Duration;

use opp_ergonomic::raw::reqwest;
use serde::Deserialize;

use crate::exit::Failure;
use crate::places::{self, Places};

/// What a sandbox tells of itself.
#[derive(Deserialize)]
pub(crate) struct Info {
    pub(crate) auth: String,
    pub(crate) api: String,
    pub(crate) applications: Vec<Application>,
}

/// An application of a sandbox. Its secret opens nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// Where `opp sandbox` leaves its address for other terminals.
const FILE: &str = "sandbox.url";

/// Leaves the address of a sandbox that runs.
pub(crate) fn announce(places: &Places, url: &str) -> Result<(), Failure> {
    places::write(&places.state(FILE), url)
}

/// Takes the address away again, unless another sandbox has left its own meanwhile.
pub(crate) fn withdraw(places: &Places, url: &str) -> Result<(), Failure> {
    let path = places.state(FILE);
    if places::read(&path)?.as_deref() == Some(url) { places::remove(&path) } else { Ok(()) }
}

/// The address that was left, if any.
pub(crate) fn announced(places: &Places) -> Result<Option<String>, Failure> {
    places::read(&places.state(FILE))
}

/// How long a program on this machine may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the sandbox at an address, of either of its hosts, for its other address and its credentials.
pub(crate) async fn ask(url: &str) -> Result<Info, Failure> {
    let address = format!("{}/_sandbox/info", url.trim_end_matches('/'));
    let wrong = |text: &str| {
        Failure::error(format!("no sandbox answers at {url}: {text}"))
            .hint("Start one with `opp sandbox`, or give its address with --sandbox=URL.")
    };
    let http = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|_| wrong("no connection can be made"))?;
    let answer = http.get(&address).send().await.map_err(|error| {
        wrong(match error {
            _ if error.is_timeout() => "whoever is there says nothing",
            _ if error.is_connect() => "nobody is there",
            _ => "the address is wrong",
        })
    })?;
    let body = answer.bytes().await.map_err(|_| wrong("the answer broke off"))?;
    serde_json::from_slice(&body).map_err(|_| wrong("somebody else is there"))
}
