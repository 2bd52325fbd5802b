//! The client: built once, cloned freely, needing no runtime until it is used.

use std::sync::Arc;
use std::time::Duration;

use opp_raw::Invalid;
use opp_raw::reqwest;

use crate::bank::Bank;
use crate::clock::{Clock, SystemClock};
use crate::environment::{Environment, host};
use crate::error::Error;
use crate::identity::Identity;
use crate::psu::Psu;
use crate::retry::{Budget, RetryPolicy};
use crate::secret::Secret;
use crate::services::Banks;
use crate::session::{Caller, Session};
use crate::store::{self, MemoryStore, Store};
use crate::token::{ApiScope, ClientCredentials, CodeExchange, Endpoint, PsuContext, Scope, TokenProvider};
use crate::transport::{Core, Times};

/// The way to the platform.
///
/// ```
/// use opp_ergonomic::{Client, Environment};
///
/// let client = Client::builder()
///     .environment(Environment::Sandbox)
///     .credentials("my-client-id", "my-client-secret")
///     .build()?;
/// # Ok::<(), opp_ergonomic::Error>(())
/// ```
///
/// Clones share tokens, connections and the budget for retries.
#[derive(Debug, Clone)]
pub struct Client {
    caller: Caller,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// Starts configuring one.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Configures one from the environment:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `OPP_CLIENT_ID`, `OPP_CLIENT_SECRET` | the application's credentials |
    /// | `OPP_ENVIRONMENT` | `sandbox`, which it is if it is not set, or `production` |
    /// | `OPP_AUTH_URL`, `OPP_API_URL` | hosts of your own, each by itself |
    /// | `OPP_CERTIFICATE` | path of the client certificate: PEM, or PKCS#12 if it ends in `.pfx` or `.p12` |
    /// | `OPP_CERTIFICATE_PASSWORD` | the password of a PKCS#12 file |
    /// | `OPP_APIS` | the API scopes that the application has, with blanks between them |
    /// | `OPP_PLAIN_LOOPBACK` | `1` allows plain HTTP to this machine |
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?.build()
    }

    /// What can be asked without a user: which banks there are, and what they can do.
    pub fn banks(&self) -> Banks {
        Banks::new(self.caller.clone(), Arc::clone(&self.clock))
    }

    /// Everything that is done at a bank for a user. Both stay the same until it is over.
    pub fn at(&self, bank: Bank, psu: Psu) -> Result<Session, Error> {
        Session::new(&self.caller, Arc::clone(&self.clock), bank, psu)
    }

    /// The last leg of an OAuth redirect. A code is good once: this is never repeated.
    pub async fn exchange_code(&self, exchange: &CodeExchange) -> Result<(), Error> {
        Ok(self.caller.core().endpoint.exchange(exchange).await?)
    }

    /// Where the tokens come from.
    pub fn tokens(&self) -> &Arc<dyn TokenProvider> {
        &self.caller.core().tokens
    }

    /// The scope that calls in this context have: the union of what the application declared.
    pub fn scope(&self, context: PsuContext) -> &Scope {
        match context {
            PsuContext::Private => &self.caller.core().private,
            PsuContext::Corporate => &self.caller.core().corporate,
        }
    }

    /// The client underneath, with every operation and every field. Tokens, retries and tracing are the same; tokens
    /// are of the private context here, and of the user's own with [`Session::raw`].
    pub fn raw(&self) -> opp_raw::Client {
        self.caller.raw()
    }

    /// A clone whose calls all have this `X-Request-ID`: yours, if you are a platform yourself.
    pub fn with_request_id(&self, id: &str) -> Result<Self, Error> {
        Ok(Self { caller: self.caller.with_request_id(id)?, ..self.clone() })
    }

    /// A clone that sends one more header, such as `X-Feature-Flags`.
    pub fn with_header(&self, name: &str, value: &str) -> Result<Self, Error> {
        Ok(Self { caller: self.caller.with_header(name, value)?, ..self.clone() })
    }

    /// A clone whose calls take no longer than this, repetitions included.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { caller: self.caller.with_deadline(deadline), ..self.clone() }
    }
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    environment: Environment,
    auth: Option<String>,
    api: Option<String>,
    plain_loopback: bool,
    credentials: Option<(String, Secret)>,
    apis: Vec<ApiScope>,
    directory: Option<Scope>,
    identity: Option<Identity>,
    identity_for_auth: bool,
    http: Option<reqwest::Client>,
    times: Times,
    retry: RetryPolicy,
    max_body: Option<usize>,
    headers: Vec<(String, Secret)>,
    tokens: Option<Arc<dyn TokenProvider>>,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn Store>>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            environment: Environment::Sandbox,
            auth: None,
            api: None,
            plain_loopback: false,
            credentials: None,
            apis: vec![ApiScope::AspspInformation, ApiScope::AccountInformation, ApiScope::PaymentInitiation],
            directory: None,
            identity: None,
            identity_for_auth: false,
            http: None,
            times: Times { connect: 10 * second, attempt: 30 * second, total: 60 * second },
            retry: RetryPolicy::default(),
            max_body: None,
            headers: Vec::new(),
            tokens: None,
            clock: Arc::new(SystemClock),
            store: None,
        }
    }
}

impl ClientBuilder {
    /// Which platform: the sandbox unless set.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Another auth host than the environment's.
    pub fn auth_host(mut self, address: &str) -> Self {
        self.auth = Some(address.to_owned());
        self
    }

    /// Another API host than the environment's, without `/psd2`.
    pub fn api_host(mut self, address: &str) -> Self {
        self.api = Some(address.to_owned());
        self
    }

    /// Allows plain HTTP to this very machine: for a sandbox that runs here.
    pub fn allow_plain_loopback(mut self) -> Self {
        self.plain_loopback = true;
        self
    }

    /// The application's id and secret, as the portal has shown them.
    pub fn credentials(mut self, client_id: &str, client_secret: impl Into<Secret>) -> Self {
        self.credentials = Some((client_id.to_owned(), client_secret.into()));
        self
    }

    /// The parts of the API that the application has, all asked for in one token for each context. Unless set these
    /// are banks, accounts and payments.
    pub fn apis(mut self, apis: impl IntoIterator<Item = ApiScope>) -> Self {
        self.apis = apis.into_iter().collect();
        self
    }

    /// A scope for the directory of banks alone: sandboxes have refused some (platform-facts 2).
    pub fn directory_scope(mut self, scope: Scope) -> Self {
        self.directory = Some(scope);
        self
    }

    /// The client certificate, shown to the API host. Production needs one.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Shows the client certificate to the auth host too.
    pub fn identity_for_auth(mut self) -> Self {
        self.identity_for_auth = true;
        self
    }

    /// An HTTP client of your own, for both hosts. Certificates, proxies and connect timeouts are then its matter. It
    /// must not follow redirects: build it with [`redirect::Policy::none`](opp_raw::reqwest::redirect::Policy::none).
    pub fn http(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// How long a connection may take to come about; 10 s unless set.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.times.connect = time;
        self
    }

    /// How long one attempt may take, and the silence within a stream; 30 s unless set.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.times.attempt = time;
        self
    }

    /// How long a call may take with token and repetitions; 60 s unless set. Streams and downloads may take ten times
    /// as long, or as long as [`Client::with_deadline`] says.
    pub fn total_timeout(mut self, time: Duration) -> Self {
        self.times.total = time;
        self
    }

    /// How reads are repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The largest answer that is read into memory, in bytes; 32 MiB unless set.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// One more header on every call, such as `X-Feature-Flags`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Tokens from elsewhere than the auth host.
    pub fn tokens(mut self, tokens: Arc<dyn TokenProvider>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// What several replicas share: the calls of the day that a consent has without its user. In memory unless set.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// A clock that a test sets.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The client, or what is wrong with its configuration.
    pub fn build(self) -> Result<Client, Error> {
        let auth = self.auth.as_deref().unwrap_or_else(|| self.environment.auth());
        let auth = host("auth host", auth, self.plain_loopback)?;
        let api = self.api.as_deref().unwrap_or_else(|| self.environment.api());
        let api = host("API host", api, self.plain_loopback)?;
        if self.environment == Environment::Production && self.identity.is_none() && self.http.is_none() {
            let rule = "is missing: production answers only to the certificate of your application; download it from \
                        the portal and give it with ClientBuilder::identity";
            return Err(Invalid::new(rule).within("client certificate").into());
        }
        let (id, secret) = match (self.credentials, &self.tokens) {
            (Some(credentials), _) => credentials,
            (None, Some(_)) => (String::new(), Secret::new("")),
            (None, None) => {
                let rule = "are missing: the portal shows id and secret; give them with ClientBuilder::credentials";
                return Err(Invalid::new(rule).within("credentials").into());
            }
        };
        let for_auth = self.identity.clone().filter(|_| self.identity_for_auth);
        let auth_http = if let Some(http) = &self.http {
            http.clone()
        } else {
            let http = http(&self.times, for_auth).redirect(reqwest::redirect::Policy::none()).build();
            http.map_err(|_| Invalid::new("cannot be used for TLS").within("client certificate"))?
        };
        let endpoint = Arc::new(Endpoint::new(auth_http, &auth, &id, &secret, self.times.attempt));
        let tokens = self
            .tokens
            .unwrap_or_else(|| Arc::new(ClientCredentials::new(Arc::clone(&endpoint), Arc::clone(&self.clock))));
        let core = Core {
            tokens,
            endpoint,
            private: Scope::new(PsuContext::Private, self.apis.clone()),
            corporate: Scope::new(PsuContext::Corporate, self.apis),
            directory: self.directory,
            retry: self.retry,
            budget: Budget::default(),
            times: self.times,
            unattended: store::Budget::new(
                self.store.unwrap_or_else(|| Arc::new(MemoryStore::new(Arc::clone(&self.clock)))),
            ),
        };
        let mut raw = opp_raw::Client::builder().server("api", api.as_str());
        raw = match self.http {
            Some(http) => raw.ready(http),
            None => raw.http(http(&self.times, self.identity)),
        };
        if let Some(bytes) = self.max_body {
            raw = raw.max_body(bytes);
        }
        let mut caller = Caller::new(Arc::new(core), raw.build()?);
        for (name, value) in &self.headers {
            caller = caller.with_header(name, value.expose())?;
        }
        Ok(Client { caller, clock: self.clock })
    }

    /// Reads the variables of [`Client::from_env`] from wherever they are kept.
    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let missing = |name: &str| Invalid::new("is not set").within(name);
        let required = |name: &str| lookup(name).ok_or_else(|| missing(name));
        let mut builder = Self::default().credentials(&required("OPP_CLIENT_ID")?, required("OPP_CLIENT_SECRET")?);
        if let Some(name) = lookup("OPP_ENVIRONMENT") {
            builder.environment = name.parse().map_err(|invalid: Invalid| invalid.within("OPP_ENVIRONMENT"))?;
        }
        builder.auth = lookup("OPP_AUTH_URL");
        builder.api = lookup("OPP_API_URL");
        builder.plain_loopback = lookup("OPP_PLAIN_LOOPBACK").is_some_and(|flag| flag == "1");
        if let Some(apis) = lookup("OPP_APIS") {
            builder.apis = apis.split_whitespace().map(ApiScope::read).collect();
        }
        if let Some(path) = lookup("OPP_CERTIFICATE") {
            let file = std::fs::read(&path)
                .map(zeroize::Zeroizing::new)
                .map_err(|error| Invalid::new(format!("cannot be read: {error}")).within("OPP_CERTIFICATE"))?;
            let extension = path.rsplit('.').next().map(str::to_ascii_lowercase);
            builder.identity = Some(if matches!(extension.as_deref(), Some("pfx" | "p12")) {
                let password = lookup("OPP_CERTIFICATE_PASSWORD").unwrap_or_default();
                Identity::from_pkcs12(&file, &password.into())?
            } else {
                Identity::from_pem(&file)?
            });
        }
        Ok(builder)
    }
}

fn http(times: &Times, identity: Option<Identity>) -> reqwest::ClientBuilder {
    let http = reqwest::Client::builder()
        .user_agent(concat!("opp-ergonomic/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(times.connect)
        .read_timeout(times.attempt);
    match identity {
        Some(identity) => http.identity(identity.into_inner()),
        None => http,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Client, Error> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        ClientBuilder::from_lookup(find)?.build()
    }

    #[test]
    fn variables_make_a_client() {
        let client = from(&[("OPP_CLIENT_ID", "a"), ("OPP_CLIENT_SECRET", "b"), ("OPP_APIS", "accountinformation")]);
        assert_eq!(client.unwrap().scope(PsuContext::Corporate).as_str(), "accountinformation corporate");
    }

    #[test]
    fn a_missing_or_wrong_variable_is_named() {
        let text = |pairs: &[(&str, &str)]| from(pairs).unwrap_err().to_string();
        assert!(text(&[("OPP_CLIENT_ID", "a")]).contains("OPP_CLIENT_SECRET"));
        let base = [("OPP_CLIENT_ID", "a"), ("OPP_CLIENT_SECRET", "b")];
        assert!(text(&[base[0], base[1], ("OPP_ENVIRONMENT", "test")]).contains("OPP_ENVIRONMENT"));
        assert!(text(&[base[0], base[1], ("OPP_CERTIFICATE", "/nowhere.pem")]).contains("OPP_CERTIFICATE"));
    }

    #[test]
    fn production_without_a_certificate_is_refused_with_advice() {
        let refusal = Client::builder().environment(Environment::Production).credentials("a", "b").build();
        let refusal = refusal.unwrap_err().to_string();
        assert!(refusal.contains("portal") && refusal.contains("ClientBuilder::identity"), "{refusal}");
    }

    #[test]
    fn nothing_secret_is_printed() {
        let builder = Client::builder().credentials("id", "s3cret").header("X-Feature-Flags", "new-statuses");
        assert!(!format!("{builder:?}").contains("s3cret"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("s3cret"));
    }
}
