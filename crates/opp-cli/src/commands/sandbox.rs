//! `opp sandbox`: runs the simulated platform, and tells other terminals where.

use std::time::Duration;

use opp_sandbox::{Config, Sandbox};
use serde::Serialize;

use super::{consent, payment};
use crate::app::App;
use crate::exit::Failure;
use crate::local;
use crate::options::seconds;
use crate::output::text;

/// Run a simulated platform on this machine, until Ctrl-C
///
/// While it runs, `opp` in other terminals talks to it: by itself if there is no profile, with --sandbox if there is
/// one. Nothing is kept when it ends, nor are its consents and payments.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Port of the API host, the auth host takes the next one; any free ones unless given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..65535))]
    port: Option<u16>,
    /// All data, ids and secrets follow from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When somebody who is not there approves; "never" leaves it to the page of the phone
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = person)]
    person_after: Person,
    /// Check every response against the API document
    #[arg(long)]
    strict: bool,
}

/// When the unattended person approves.
#[derive(Debug, Clone, Copy)]
struct Person(Option<Duration>);

fn person(text: &str) -> Result<Person, String> {
    match text {
        "never" => Ok(Person(None)),
        "0" => Ok(Person(Some(Duration::ZERO))),
        text => seconds(text).map(|time| Person(Some(time))).map_err(|rule| format!("{rule}, nor \"never\"")),
    }
}

#[derive(Serialize)]
struct Addresses<'a> {
    api: &'a str,
    auth: &'a str,
    phone: String,
    controls: String,
    client_id: &'a str,
    client_secret: &'a str,
}

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let end = opp_sandbox::end_signal()?;
    let config = Config {
        api_port: args.port.unwrap_or_default(),
        auth_port: args.port.map_or(0, |port| port.saturating_add(1)),
        seed: args.seed,
        person_after: args.person_after.0,
        strict: args.strict,
        ..Config::default()
    };
    let sandbox = Sandbox::start(config).map_err(|error| Failure::error(error.to_string()))?;
    local::announce(&app.places, sandbox.api_url())?;
    let told = tell(app, &sandbox);
    if told.is_ok() {
        end.await;
    }
    local::withdraw(&app.places, sandbox.api_url())?;
    consent::Kept::new(app).forget_host(sandbox.api_url())?;
    payment::Kept::new(app).forget_host(sandbox.api_url())?;
    told
}

fn tell(app: &mut App, sandbox: &Sandbox) -> Result<(), Failure> {
    let application = sandbox.application();
    let addresses = Addresses {
        api: sandbox.api_url(),
        auth: sandbox.auth_url(),
        phone: format!("{}/bankid", sandbox.auth_url()),
        controls: format!("{}/_sandbox", sandbox.auth_url()),
        client_id: &application.client_id,
        client_secret: &application.client_secret,
    };
    let fields = [
        text("api", "API host"),
        text("auth", "Auth host"),
        text("phone", "Phone"),
        text("controls", "Controls"),
        text("client_id", "Client id"),
        text("client_secret", "Client secret"),
    ];
    app.out.record(&addresses, &fields)?;
    app.out.data(b"")?;
    app.out.say(
        "\nIn another terminal:\n\n  opp --sandbox banks\n  opp --sandbox consent create --bank ESSESESS --psu 199311219639\n  opp --sandbox accounts\n\nCtrl-C ends it.",
    )
}
