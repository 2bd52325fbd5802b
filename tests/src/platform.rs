//! A simulated platform with a client, and the people that flows need: somebody at the bank's page, somebody with a
//! phone.

use std::time::Duration;

use chrono::{Days, Utc};
use opp_ergonomic::raw::reqwest;
use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Signing, Step, Subject};
use opp_ergonomic::{Access, Bank, Client, ClientBuilder, ConsentRequest, Environment, Psu, Session};
use opp_sandbox::{Caprice, Config, Rule, Sandbox};

/// All banks.
pub const BANKS: [&str; 7] = ["ESSESESS", "HANDSESS", "NDEASESS", "SWEDSESS", "DABASESX", "NDEAFIHH", "OKOYFIHH"];

/// Where banks send people back to.
pub const BACK: &str = "https://localhost/callback?shop=7";

/// Somebody who signs whatever comes.
pub const PERSON: &str = "199311219639";

/// A strict sandbox of one's own, with a client.
pub struct Platform {
    /// The platform, with its control.
    pub sandbox: Sandbox,
    /// A client of its application.
    pub client: Client,
}

impl Platform {
    /// One in which people and banks are quick.
    pub fn start() -> Self {
        Self::with(quick(), |client| client)
    }

    /// One in which nobody does anything by themselves: what happens, a test does.
    pub fn attended() -> Self {
        Self::with(Config { person_after: None, ..quick() }, |client| client)
    }

    /// One in which something is otherwise.
    pub fn with(config: Config, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let sandbox = Sandbox::start(config).expect("the sandbox starts");
        let client = configure(builder(&sandbox)).build().expect("the client is sound");
        Self { sandbox, client }
    }

    /// At a bank, for somebody who signs.
    pub fn session(&self, bank: &str, redirect: bool) -> Session {
        self.session_of(PERSON, bank, redirect)
    }

    /// At a bank, for somebody who may not.
    pub fn session_of(&self, person: &str, bank: &str, redirect: bool) -> Session {
        self.client.at(at(bank, redirect), psu(person)).expect("bank and user are sound")
    }

    /// A consent to be signed.
    pub async fn consent(&self, session: &Session) -> Subject {
        let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
        let consent = session.consents().create(&request).await.expect("a consent is created");
        Subject::Consent(consent.id().to_owned())
    }

    /// The next calls of an operation go otherwise than one hopes.
    pub fn disturb(&self, operation: &str, caprice: Caprice, times: u32) {
        let rule =
            Rule { caprices: vec![caprice], operation: Some(operation.into()), times: Some(times), ..Rule::default() };
        self.sandbox.control().add_caprice(rule);
    }

    /// How often paths with this end were called in this way.
    pub fn calls(&self, method: &str, end: &str) -> usize {
        let seen = self.sandbox.control().requests();
        seen.iter().filter(|seen| seen.method == method && seen.path.ends_with(end)).count()
    }

    /// The phone of whoever signs.
    pub fn phone(&self) -> Phone {
        Phone { address: format!("{}/bankid", self.sandbox.api_url()) }
    }
}

/// People approve after a twentieth of a second, banks take a fiftieth.
pub fn quick() -> Config {
    Config {
        strict: true,
        person_after: Some(Duration::from_millis(50)),
        bank_after: Duration::from_millis(20),
        ..Config::default()
    }
}

/// A client of a sandbox, to be configured further.
pub fn builder(sandbox: &Sandbox) -> ClientBuilder {
    let application = sandbox.application();
    Client::builder()
        .environment(Environment::custom(sandbox.auth_url(), sandbox.api_url()))
        .allow_plain_loopback()
        .credentials(&application.client_id, application.client_secret.as_str())
}

/// Somebody at their screen.
pub fn psu(person: &str) -> Psu {
    Psu::private().id(person).ip([192, 0, 2, 7].into()).user_agent("Mozilla/5.0")
}

/// A bank, with its pages or without.
pub fn at(bank: &str, redirect: bool) -> Bank {
    Bank::new(bank).expect("a BIC").prefer_redirect(redirect)
}

/// A flow that polls as quickly as people here are.
pub fn flow(session: &Session, subject: Subject) -> Flow {
    let flow = session.flow(subject, Device::Desktop).redirect(BACK);
    flow.poll_every(Duration::from_millis(20)).within(Duration::from_mins(1))
}

/// Signs to the end, whichever way the bank wants it; at the bank's page the user decides `approve` or `deny`.
pub async fn sign(session: &Session, subject: Subject, decision: &str) -> Ending {
    let mut signing = session.sign(flow(session, subject)).expect("the flow is of this bank");
    loop {
        match signing.next().await.expect("nothing disturbs it") {
            Some(Step::Redirect { url, .. }) => {
                let address = visit(url.expose(), decision).await;
                signing.callback(&Callback::parse(&address)).await.expect("it is this flow's");
            }
            Some(Step::Done(ending)) => return ending,
            Some(_) => {}
            None => panic!("it ended without saying how"),
        }
    }
}

/// Goes on until the user is to be sent to the bank's page, and gives the address.
pub async fn until_redirect(signing: &mut Signing) -> String {
    loop {
        match signing.next().await.expect("nothing disturbs it") {
            Some(Step::Redirect { url, .. }) => return url.expose().to_owned(),
            Some(Step::Wait { .. }) => {}
            other => panic!("{other:?} instead of a redirect"),
        }
    }
}

/// Goes on until there is a QR code to be scanned, and gives what it says.
pub async fn until_code(signing: &mut Signing) -> String {
    loop {
        match signing.next().await.expect("nothing disturbs it") {
            Some(Step::ShowQr { payload, .. }) => return payload.expose().to_owned(),
            Some(Step::Wait { .. }) => {}
            other => panic!("{other:?} instead of a code"),
        }
    }
}

/// Plays the user at the bank's page without a browser, and gives the address to which the bank leads back.
pub async fn visit(url: &str, decision: &str) -> String {
    // Banks with two rounds lead back to their own page in between.
    for _ in 0..3 {
        let answer = post(url, &format!("decision={decision}")).await;
        let address = answer.headers()["location"].to_str().expect("an address");
        if address.starts_with(BACK) {
            return address.to_owned();
        }
    }
    panic!("the bank does not lead back")
}

/// Plays the phone.
pub struct Phone {
    address: String,
}

impl Phone {
    /// Scans a code and signs.
    pub async fn approve(&self, code: &str) {
        self.press("approve", code).await;
    }

    /// Scans a code and declines.
    pub async fn reject(&self, code: &str) {
        self.press("reject", code).await;
    }

    async fn press(&self, button: &str, code: &str) {
        let code = percent_encoding::utf8_percent_encode(code, percent_encoding::NON_ALPHANUMERIC);
        let answer = post(&self.address, &format!("action={button}&code={code}")).await;
        assert!(answer.status().is_redirection(), "the phone does not know the code: {}", answer.status());
    }
}

async fn post(url: &str, form: &str) -> reqwest::Response {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let form = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    form.send().await.expect("the sandbox answers")
}
