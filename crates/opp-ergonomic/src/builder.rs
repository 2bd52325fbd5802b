//! How a client is configured, by hand or from the environment, and what is refused.

use std::sync::Arc;
use std::time::Duration;

use opp_raw::reqwest;
use opp_raw::{Hook, Invalid};

use crate::caller::Caller;
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::environment::{Environment, host};
use crate::error::Error;
use crate::identity::Identity;
use crate::macros::setters;
use crate::retry::{Budget, RetryPolicy};
use crate::secret::{Secret, print_only};
use crate::store::{MemoryStore, Store};
use crate::token::{ApiScope, ClientCredentials, Endpoint, PsuContext, Scope, Shared, TokenProvider};
use crate::transport::{Core, Times};

/// Configures a [`Client`].
#[derive(Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    environment: Environment,
    auth: Option<String>,
    api: Option<String>,
    plain_loopback: bool,
    credentials: Option<(String, Secret)>,
    apis: Option<Vec<ApiScope>>,
    directory: Option<Scope>,
    identity: Option<Identity>,
    identity_for_auth: bool,
    authority: Option<Vec<u8>>,
    http: Option<reqwest::Client>,
    times: Times,
    retry: RetryPolicy,
    max_body: Option<usize>,
    headers: Vec<(String, Secret)>,
    tokens: Option<Arc<dyn TokenProvider>>,
    clock: Option<Arc<dyn Clock>>,
    store: Option<Arc<dyn Store>>,
    hook: Option<Arc<dyn Hook>>,
}

print_only!(ClientBuilder { environment, auth, api, apis, directory, times, retry });

impl ClientBuilder {
    setters! {
        /// Which platform: the sandbox unless set.
        environment(self, environment: Environment) => environment = environment;
        /// Another auth host than the environment's.
        auth_host(self, address: &str) => auth = Some(address.to_owned());
        /// Another API host than the environment's, without `/psd2`.
        api_host(self, address: &str) => api = Some(address.to_owned());
        /// Allows plain HTTP to this very machine: for a sandbox that runs here.
        allow_plain_loopback(self) => plain_loopback = true;
        /// The application's id and secret, as the portal has shown them.
        credentials(self, client_id: &str, client_secret: impl Into<Secret>) => credentials =
            Some((client_id.to_owned(), client_secret.into()));
        /// The parts of the API that the application has, all asked for in one token for each context. Unless set these
        /// are banks, accounts and payments; with a [scope for the directory](Self::directory_scope) the latter two.
        apis(self, apis: impl IntoIterator<Item = ApiScope>) => apis = Some(apis.into_iter().collect());
        /// A scope for the directory of banks alone: sandboxes have refused some (platform-facts 2).
        directory_scope(self, scope: Scope) => directory = Some(scope);
        /// The client certificate, shown to the API host. Production needs one.
        identity(self, identity: Identity) => identity = Some(identity);
        /// Shows the client certificate to the auth host too.
        identity_for_auth(self) => identity_for_auth = true;
        /// An authority to trust beside those of the system, in PEM: a gateway's, or that of a sandbox with HTTPS.
        authority(self, pem: &[u8]) => authority = Some(pem.to_owned());
        /// An HTTP client of your own, for both hosts. Certificates, proxies and connect timeouts are then its matter. It
        /// must not follow redirects: build it with [`redirect::Policy::none`](opp_raw::reqwest::redirect::Policy::none).
        http(self, http: reqwest::Client) => http = Some(http);
        /// How long a connection may take to come about; 10 s unless set.
        connect_timeout(self, time: Duration) => times.connect = time;
        /// How long one attempt may take, and the silence within a stream; 30 s unless set.
        attempt_timeout(self, time: Duration) => times.attempt = time;
        /// How long a call may take with token and repetitions; 60 s unless set. Streams and downloads may take ten times
        /// as long, or as long as [`Client::with_deadline`] says.
        total_timeout(self, time: Duration) => times.total = time;
        /// How reads are repeated.
        retry(self, retry: RetryPolicy) => retry = retry;
        /// The largest answer that is read into memory, in bytes; 32 MiB unless set.
        max_body(self, bytes: usize) => max_body = Some(bytes);
        /// Tokens from elsewhere than the auth host. [`credentials`](Self::credentials) are then needed only where a
        /// bank leads to a page of its own.
        tokens(self, tokens: Arc<dyn TokenProvider>) => tokens = Some(tokens);
        /// What several replicas share, and what outlives a restart: signatures that are
        /// [kept](crate::sca::Signing::keep), tokens, and the calls of the day that a consent has without its user. Unless
        /// set it is in memory, and tokens are not shared. What lies there in clear, [`store`](crate::store) says.
        store(self, store: Arc<dyn Store>) => store = Some(store);
        /// Something that sees each request as it is about to leave, token and all, and sends it or not: for what is shown
        /// instead of sent, and for tests. Requests for tokens do not pass it.
        hook(self, hook: Arc<dyn Hook>) => hook = Some(hook);
        /// A clock that a test sets.
        clock(self, clock: Arc<dyn Clock>) => clock = Some(clock);
    }

    /// One more header on every call, such as `X-Feature-Flags`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Where the hosts are, for tokens and for the API.
    fn hosts(&self) -> Result<(reqwest::Url, reqwest::Url), Invalid> {
        let auth = self.auth.as_deref().unwrap_or_else(|| self.environment.auth());
        let api = self.api.as_deref().unwrap_or_else(|| self.environment.api());
        let is_real =
            self.environment == Environment::Production || [auth, api].into_iter().any(Environment::is_production);
        if is_real && self.identity.is_none() && self.http.is_none() {
            let rule = "is missing: production answers only to the certificate of your application; download it from \
                        the portal and give it with ClientBuilder::identity";
            return Err(Invalid::new(rule).within("client certificate"));
        }
        Ok((host("auth host", auth, self.plain_loopback)?, host("API host", api, self.plain_loopback)?))
    }

    /// The client, or what is wrong with its configuration.
    pub fn build(self) -> Result<Client, Error> {
        let (auth, api) = self.hosts()?;
        let (id, secret) = match (&self.credentials, &self.tokens) {
            (Some((id, secret)), _) => (id.as_str(), secret.clone()),
            (None, Some(_)) => ("", Secret::new("")),
            (None, None) => {
                let rule = "are missing: the portal shows id and secret; give them with ClientBuilder::credentials";
                return Err(Invalid::new(rule).within("credentials").into());
            }
        };
        let shown = self.identity.as_ref().filter(|_| self.identity_for_auth);
        let endpoint = Arc::new(Endpoint::new(self.http_client(shown)?, &auth, id, &secret, self.times.attempt));
        let raw = opp_raw::Client::builder()
            .server("api", api.as_str())
            .ready(self.http_client(self.identity.as_ref())?)
            .max_body(self.max_body.unwrap_or(32 << 20))
            .build()?;
        // A directory with a scope of its own is asked for apart: who refuses one refuses all that it stands among.
        let banks = Some(ApiScope::AspspInformation).filter(|_| self.directory.is_none());
        let usual = || banks.into_iter().chain([ApiScope::AccountInformation, ApiScope::PaymentInitiation]).collect();
        let apis: Vec<_> = self.apis.unwrap_or_else(usual);
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let clock = || Arc::clone(&clock);
        let shared = self.store.clone().map(|store| Shared::new(store, clock(), &auth, id, &secret));
        let own = || Arc::new(ClientCredentials::new(Arc::clone(&endpoint), clock(), shared)) as _;
        let core = Core {
            clock: clock(),
            tokens: self.tokens.unwrap_or_else(own),
            endpoint,
            private: Scope::new(PsuContext::Private, apis.clone()),
            corporate: Scope::new(PsuContext::Corporate, apis),
            directory: self.directory,
            retry: self.retry,
            budget: Budget::default(),
            times: self.times,
            hook: self.hook,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new(clock()))),
        };
        let mut caller = Caller::new(Arc::new(core), raw);
        for (name, value) in &self.headers {
            caller = caller.with_header(name, value.expose())?;
        }
        Ok(Client { caller })
    }

    /// What speaks to a host, and shows this certificate.
    fn http_client(&self, identity: Option<&Identity>) -> Result<reqwest::Client, Invalid> {
        if let Some(http) = &self.http {
            return Ok(http.clone());
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("opp-ergonomic/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.times.connect)
            .read_timeout(self.times.attempt)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &self.authority {
            let wrong = |_| Invalid::new("is no PEM text with certificates").within("authority");
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(wrong)?;
            http = http.tls_certs_merge(certificates);
        }
        if let Some(identity) = identity {
            http = http.identity(identity.clone().into_inner());
        }
        let unfit = "cannot be built: check certificates, proxy and TLS settings";
        http.build().map_err(|_| Invalid::new(unfit).within("HTTP client"))
    }

    /// Begins with what the environment says, see [`Client::from_env`]; the rest can still be set.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads the variables from wherever they are kept.
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
            builder.apis = Some(apis.split_whitespace().map(ApiScope::read).collect());
        }
        if let Some(path) = lookup("OPP_AUTHORITY") {
            let wrong = |error| Invalid::new(format!("cannot be read: {error}")).within("OPP_AUTHORITY");
            builder.authority = Some(std::fs::read(path).map_err(wrong)?);
        }
        if let Some(path) = lookup("OPP_CERTIFICATE") {
            let password = lookup("OPP_CERTIFICATE_PASSWORD").unwrap_or_default().into();
            let identity = Identity::from_file(path.as_ref(), &password);
            builder.identity = Some(identity.map_err(|wrong| Invalid::new(wrong.rule()).within("OPP_CERTIFICATE"))?);
        }
        Ok(builder)
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
