//! With whom a command talks: a client from a profile, from variables, or for a sandbox on this machine.

use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use opp_ergonomic::raw::Hook;
use opp_ergonomic::raw::reqwest::Url;
use opp_ergonomic::store::FileStore;
use opp_ergonomic::{ApiScope, Bank, Client, Environment, Identity, Psu, PsuContext, Secret, Session};

use crate::app::App;
use crate::dry_run::DryRun;
use crate::exit::Failure;
use crate::local;
use crate::profile::Profile;
use crate::records::Party;
use crate::secrets::Kept;

/// A client, and what is known beside it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) profile: Profile,
    /// The addresses of the hosts.
    pub(crate) auth: String,
    pub(crate) api: String,
    /// The certificate that the API host is shown.
    pub(crate) identity: Option<Identity>,
    /// The user's own address, for the calls that he or she has asked for.
    ip: Option<IpAddr>,
}

impl App {
    /// The client that the options ask for: `--sandbox`, then `--profile`, then variables, then the default profile,
    /// then a sandbox that runs.
    pub(crate) async fn connect(&mut self) -> Result<Connection, Failure> {
        let (profile, kept) = self.credentials().await?;
        if profile.is_live() && !self.global.live && self.uses_variables() {
            return Err(Failure::usage("the variables lead to production, and that is for real")
                .hint("Add --live if that is meant."));
        }
        if profile.is_live() {
            self.out.warn("Production: real banks.")?;
        }
        self.open(profile, kept, None)
    }

    fn uses_variables(&self) -> bool {
        self.named_profile().is_none() && self.variable("OPP_CLIENT_ID").is_some()
    }

    /// The profile that the user has named, now or for all commands.
    pub(crate) fn named_profile(&self) -> Option<String> {
        self.global.profile.clone().or_else(|| self.variable("OPP_PROFILE").map(str::to_owned))
    }

    async fn credentials(&mut self) -> Result<(Profile, Kept), Failure> {
        let sandbox = self.global.sandbox.clone().or_else(|| {
            let variable = self.variable("OPP_SANDBOX").filter(|_| self.global.profile.is_none());
            variable.map(str::to_owned)
        });
        if let Some(url) = sandbox {
            return self.of_sandbox(&url).await;
        }
        let named = self.named_profile();
        if named.is_none() && self.variable("OPP_CLIENT_ID").is_some() {
            return self.of_variables();
        }
        let profiles = self.profiles();
        let name = match named {
            Some(name) => Some(name),
            None => profiles.default_name()?,
        };
        if let Some(name) = name {
            return Ok((profiles.get(&name)?, profiles.secrets(&name)?));
        }
        if let Some(url) = local::announced(&self.places)? {
            self.out.say(&format!("Talking to the sandbox at {url}, since there is no profile."))?;
            return self.of_sandbox(&url).await;
        }
        Err(Failure::error("there are no credentials").hint(
            "`opp login` takes those from the portal. To try things out without any, run `opp sandbox` in another terminal.",
        ))
    }

    async fn of_sandbox(&self, url: &str) -> Result<(Profile, Kept), Failure> {
        let found = match url {
            "" => local::announced(&self.places)?,
            url => Some(url.to_owned()),
        };
        let url = found.ok_or_else(|| {
            Failure::error("no sandbox runs on this machine").hint("Start one with `opp sandbox` in another terminal.")
        })?;
        let info = local::ask(&url).await?;
        let application = info.applications.into_iter().next();
        let application =
            application.ok_or_else(|| Failure::error(format!("the sandbox at {url} has no application")))?;
        let profile = Profile {
            auth_url: Some(info.auth),
            api_url: Some(info.api),
            client_id: application.client_id,
            ..Profile::default()
        };
        Ok((profile, Kept { client_secret: application.client_secret.into(), certificate_password: None }))
    }

    /// The variables of [`Client::from_env`], and the redirect address. Plain HTTP to this machine
    /// needs no variable here.
    fn of_variables(&self) -> Result<(Profile, Kept), Failure> {
        let text = |name: &str| self.variable(name).map(str::to_owned);
        let secret = text("OPP_CLIENT_SECRET");
        let secret = secret.ok_or_else(|| Failure::usage("OPP_CLIENT_ID is set, and OPP_CLIENT_SECRET is not"))?;
        let profile = Profile {
            environment: text("OPP_ENVIRONMENT"),
            auth_url: text("OPP_AUTH_URL"),
            api_url: text("OPP_API_URL"),
            client_id: text("OPP_CLIENT_ID").unwrap_or_default(),
            certificate: text("OPP_CERTIFICATE").map(PathBuf::from),
            redirect_uri: text("OPP_REDIRECT_URI"),
            apis: text("OPP_APIS").map(|apis| apis.split_whitespace().map(str::to_owned).collect()),
            ..Profile::default()
        };
        let certificate_password = text("OPP_CERTIFICATE_PASSWORD").map(Secret::from);
        Ok((profile, Kept { client_secret: secret.into(), certificate_password }))
    }

    /// A client for a profile, with something between it and the network if there is need.
    pub(crate) fn open(
        &self,
        profile: Profile,
        kept: Kept,
        hook: Option<Arc<dyn Hook>>,
    ) -> Result<Connection, Failure> {
        let environment = match profile.environment.as_deref() {
            None => Environment::Sandbox,
            Some(name) => name.parse()?,
        };
        let api = profile.api_url.clone().unwrap_or_else(|| environment.api().to_owned());
        let auth = profile.auth_url.clone().unwrap_or_else(|| environment.auth().to_owned());
        let mut builder = Client::builder().environment(environment).api_host(&api).auth_host(&auth);
        // Whoever names a host on this very machine means it.
        builder = builder.allow_plain_loopback().credentials(&profile.client_id, kept.client_secret);
        let password = kept.certificate_password.unwrap_or_else(|| Secret::new(""));
        let identity = profile.certificate.as_ref().map(|path| {
            Identity::from_file(path, &password).map_err(|wrong| Failure::from(wrong).about(path.display()))
        });
        let identity = identity.transpose()?;
        if let Some(identity) = identity.clone() {
            builder = builder.identity(identity);
        }
        // Not of a profile: it belongs to the network that this machine is in.
        if let Some(path) = self.variable("OPP_AUTHORITY") {
            let pem = std::fs::read(path);
            let pem = pem.map_err(|error| Failure::usage(format!("OPP_AUTHORITY cannot be read: {error}")))?;
            builder = builder.authority(&pem);
        }
        if let Some(apis) = &profile.apis {
            builder = builder.apis(apis.iter().map(|api| ApiScope::read(api)));
        }
        if let Some(time) = self.global.timeout {
            builder = builder.total_timeout(time).attempt_timeout(time).connect_timeout(time);
        }
        if self.global.dry_run {
            builder = builder.tokens(Arc::new(DryRun)).hook(Arc::new(DryRun));
        }
        let store = FileStore::open(self.places.state("store"));
        let store =
            store.map_err(|error| Failure::error(format!("the folder of signatures does not work: {error}")))?;
        builder = builder.store(Arc::new(store));
        if let Some(hook) = hook {
            builder = builder.hook(hook);
        }
        let ip = match self.variable("OPP_PSU_IP") {
            Some(text) => Some(text.parse().map_err(|_| Failure::usage("OPP_PSU_IP is no IP address"))?),
            None => own_address(&api),
        };
        Ok(Connection { client: builder.build()?, ip, identity, profile, auth, api })
    }
}

/// The address under which this machine talks to a host. Nothing is sent to find out.
fn own_address(api: &str) -> Option<IpAddr> {
    let host = Url::parse(api).ok()?;
    let address = host.socket_addrs(|| None).ok()?.into_iter().next()?;
    let any: IpAddr = if address.is_ipv4() { [0, 0, 0, 0].into() } else { [0; 16].into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(address).ok()?;
    socket.local_addr().ok().map(|own| own.ip())
}

/// At which bank, and for whom.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Whom {
    /// The bank, by its BIC; that of the profile unless given
    #[arg(long, value_name = "BIC")]
    pub(crate) bank: Option<String>,
    /// Which savings bank of the bank's group, by the id that `opp bank` shows
    #[arg(long, value_name = "ID")]
    pub(crate) affiliated: Option<String>,
    /// The user as the bank knows him or her, in Sweden the personal number in twelve digits
    #[arg(long, value_name = "ID")]
    pub(crate) psu: Option<String>,
    /// Business accounts, of the company with this number
    #[arg(long, value_name = "NUMBER")]
    pub(crate) corporate: Option<String>,
    /// Sign on the bank's page rather than in an app, at banks that can do both
    #[arg(long, conflicts_with = "app")]
    pub(crate) page: bool,
    // Not in a comment, which would want it in quotes.
    #[arg(long, help = "Sign in an app, such as BankID, rather than on the bank's page, at banks that can do both")]
    pub(crate) app: bool,
}

impl Connection {
    /// Who it is about, completed from the profile.
    pub(crate) fn party(&self, whom: &Whom) -> Result<Party, Failure> {
        let bic = whom.bank.as_ref().or(self.profile.bank.as_ref());
        let bic = bic.ok_or_else(|| {
            Failure::usage("no bank is named").hint("Name one with --bank BIC; `opp banks` lists them.")
        })?;
        let mut bank = Bank::new(bic)?;
        if let Some(id) = &whom.affiliated {
            bank = bank.affiliated(id);
        }
        if whom.page || whom.app {
            bank = bank.prefer_redirect(whom.page);
        }
        let corporate = whom.corporate.clone().or_else(|| self.profile.corporate.clone());
        let context = if corporate.is_some() { PsuContext::Corporate } else { PsuContext::Private };
        let psu = whom.psu.clone().or_else(|| self.profile.psu.clone());
        Ok(Party { api: self.api.clone(), client_id: self.profile.client_id.clone(), bank, context, psu, corporate })
    }

    /// Whether something was begun with the same application at the same host.
    pub(crate) fn owns(&self, party: &Party) -> bool {
        party.api == self.api && party.client_id == self.profile.client_id
    }

    /// What is done at a bank for a user, who is there or is not.
    pub(crate) fn session(&self, party: &Party, attended: bool) -> Result<Session, Failure> {
        Ok(self.client.at(party.bank.clone(), self.psu(party, attended))?)
    }

    /// The user, with an address if he or she is there.
    pub(crate) fn psu(&self, party: &Party, attended: bool) -> Psu {
        let mut psu = match &party.corporate {
            Some(number) => Psu::corporate(number),
            None => Psu::private(),
        };
        if let Some(id) = &party.psu {
            psu = psu.id(id);
        }
        psu = psu.user_agent(concat!("opp/", env!("CARGO_PKG_VERSION")));
        if let Some(ip) = self.ip.filter(|_| attended) {
            psu = psu.ip(ip);
        }
        psu
    }
}
