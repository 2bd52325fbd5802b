//! Where the platform is: a pair of hosts, each of which can be set by itself.

use std::net::IpAddr;
use std::str::FromStr;

use opp_raw::Invalid;
use opp_raw::reqwest::Url;

/// Which platform to talk to.
///
/// Hosts as in platform-facts 1. Credentials of one environment are `invalid_client` in the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// The sandbox of the platform: no certificate, invented people.
    #[default]
    Sandbox,
    /// The real banks; needs the certificate from the portal.
    Production,
    /// Hosts of your own: a gateway, or a sandbox on this machine.
    Custom {
        /// Address of the auth host, without a path.
        auth: String,
        /// Address of the API host, without `/psd2`.
        api: String,
    },
}

impl Environment {
    /// Hosts of your own, such as those of a local sandbox.
    pub fn custom(auth: impl Into<String>, api: impl Into<String>) -> Self {
        Self::Custom { auth: auth.into(), api: api.into() }
    }

    /// The address of the auth host.
    pub fn auth(&self) -> &str {
        match self {
            Self::Sandbox => "https://auth.sandbox.openbankingplatform.com",
            Self::Production => "https://auth.openbankingplatform.com",
            Self::Custom { auth, .. } => auth,
        }
    }

    /// The address of the API host.
    pub fn api(&self) -> &str {
        match self {
            Self::Sandbox => "https://api.sandbox.openbankingplatform.com",
            Self::Production => "https://api.openbankingplatform.com",
            Self::Custom { api, .. } => api,
        }
    }
}

impl Environment {
    /// Whether an address is one of production's, whatever the settings around it are called: there it is for real.
    pub fn is_production(address: &str) -> bool {
        let host = |address: &str| Some(Url::parse(address).ok()?.host_str()?.trim_end_matches('.').to_owned());
        let given = host(address);
        given.is_some() && [Self::Production.auth(), Self::Production.api()].map(host).contains(&given)
    }
}

impl FromStr for Environment {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name {
            "sandbox" => Ok(Self::Sandbox),
            "production" => Ok(Self::Production),
            _ => Err(Invalid::new("is neither `sandbox` nor `production`")),
        }
    }
}

/// Reads the address of a host. Plain HTTP is for loopback alone, and there only if it was asked for.
pub(crate) fn host(name: &str, address: &str, plain_loopback: bool) -> Result<Url, Invalid> {
    let wrong = |rule: &str| Err(Invalid::new(rule).within(name));
    let no_host = "is no address of the form https://host";
    let Ok(url) = Url::parse(address) else { return wrong(no_host) };
    let bare = url.has_host() && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match url.scheme() {
        "http" if !is_loopback(&url) => {
            wrong("is not encrypted: use https, tokens and personal data go over this line")
        }
        "http" if !plain_loopback => {
            wrong("is not encrypted: call allow_plain_loopback() if this is a sandbox on your machine")
        }
        "https" | "http" if bare => Ok(url),
        _ => wrong(no_host),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_refused_but_for_loopback_on_request() {
        assert!(host("api", "https://bank.example", false).is_ok());
        assert!(host("api", "http://bank.example", true).is_err());
        for local in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
            assert!(host("api", local, true).is_ok(), "{local}");
            let refusal = host("api", local, false).unwrap_err().to_string();
            assert!(refusal.contains("allow_plain_loopback"), "{refusal}");
        }
        // A name that only begins like one.
        assert!(host("api", "http://localhost.evil.example", true).is_err());
        assert!(host("api", "http://127.0.0.1.evil.example", true).is_err());
    }

    #[test]
    fn production_is_known_by_its_hosts() {
        for address in
            ["https://api.openbankingplatform.com", "HTTPS://AUTH.openbankingplatform.com.:443/connect/token"]
        {
            assert!(Environment::is_production(address), "{address}");
        }
        for address in
            ["https://api.sandbox.openbankingplatform.com", "https://api.openbankingplatform.com.evil.example", ""]
        {
            assert!(!Environment::is_production(address), "{address}");
        }
    }

    #[test]
    fn more_than_a_host_is_refused() {
        for address in
            ["bank.example", "https://user@bank.example", "https://bank.example?x=1", "ftp://bank.example", ""]
        {
            assert!(host("api", address, true).is_err(), "{address}");
        }
    }
}
