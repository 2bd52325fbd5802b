//! What the examples share: the platform that they talk to, and the user in front of them.
#![allow(dead_code, reason = "each example uses its part")]

use std::error::Error;
use std::io::BufRead;

use opp_ergonomic::sca::{Callback, Device, Ending, Step, Subject};
use opp_ergonomic::{Client, ClientBuilder, Environment, Psu, Session};
use opp_sandbox::{Config, Sandbox};

pub(crate) type Failure = Box<dyn Error>;

/// The platform, if `OPP_CLIENT_ID` and its like are in the environment, or else a sandbox, which ends with this.
pub(crate) struct Platform(Option<Sandbox>);

impl Platform {
    pub(crate) fn start() -> Result<Self, Failure> {
        if std::env::var_os("OPP_CLIENT_ID").is_some() {
            return Ok(Self(None));
        }
        Ok(Self(Some(Sandbox::start(Config::default())?)))
    }

    /// A client of it, to be configured further.
    pub(crate) fn builder(&self) -> Result<ClientBuilder, Failure> {
        let Some(sandbox) = &self.0 else { return Ok(ClientBuilder::from_env()?) };
        let application = sandbox.application();
        Ok(Client::builder()
            .environment(Environment::custom(sandbox.auth_url(), sandbox.api_url()))
            .allow_plain_loopback()
            .credentials(&application.client_id, application.client_secret.as_str()))
    }

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder()?.build()?)
    }
}

/// Where banks send users back to: an address that is registered for the application.
pub(crate) fn back() -> String {
    std::env::var("OPP_REDIRECT_URI").unwrap_or_else(|_| "https://localhost/callback".to_owned())
}

/// Asks the user something.
pub(crate) fn ask(question: &str) -> Result<String, Failure> {
    println!("{question}");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// The user, as a web server would know them from their request.
pub(crate) fn user() -> Result<Psu, Failure> {
    Ok(Psu::private().id("199311219639").ip("192.0.2.7".parse()?).user_agent("Mozilla/5.0"))
}

/// Shows the user what there is to be shown until they have signed, or have not.
pub(crate) async fn sign(session: &Session, subject: Subject) -> Result<Ending, Failure> {
    let mut signing = session.sign(session.flow(subject, Device::Desktop).redirect(&back()))?;
    loop {
        match signing.next().await? {
            Some(Step::ShowQr { payload, prompt, .. }) => println!("{} QR code: {}", prompt.kind, payload.expose()),
            Some(Step::Redirect { url, .. }) => {
                println!("Open {}", url.expose());
                signing.callback(&Callback::parse(&ask("Where did you come back to?")?)).await?;
            }
            Some(Step::Done(ending)) => return Ok(ending),
            Some(other) => println!("{other:?}"),
            None => return Err("the signature has ended before".into()),
        }
    }
}
