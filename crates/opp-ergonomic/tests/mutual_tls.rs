//! Certificates on both sides: against a sandbox that speaks HTTPS, whose API host wants the client's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{Days, Utc};
use opp_ergonomic::{
    Access, Bank, Client, ClientBuilder, ConsentRequest, DirectoryFilter, Environment, Identity, Outcome, Psu, Secret,
};
use opp_sandbox::{Certificates, Config, Sandbox, Tls};

struct Platform {
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Platform {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = Some(Tls { folder: folder.path().to_owned() });
        Self { sandbox: Sandbox::start(Config { tls, ..Config::default() }).unwrap(), _folder: folder }
    }

    fn files(&self) -> &Certificates {
        self.sandbox.certificates().unwrap()
    }

    /// A client that trusts the sandbox and has no certificate.
    fn builder(&self) -> ClientBuilder {
        let application = self.sandbox.application();
        Client::builder()
            .environment(Environment::custom(self.sandbox.auth_url(), self.sandbox.api_url()))
            .authority(&std::fs::read(&self.files().authority).unwrap())
            .credentials(&application.client_id, application.client_secret.as_str())
    }

    fn pem(&self) -> Identity {
        let mut pem = std::fs::read(&self.files().client).unwrap();
        pem.extend(std::fs::read(&self.files().client_key).unwrap());
        Identity::from_pem(&pem).unwrap()
    }
}

#[tokio::test]
async fn a_certificate_in_either_form_opens_the_api_host() {
    let platform = Platform::start();
    let pfx = Identity::from_file(&platform.files().client_pkcs12, &Secret::from(platform.files().password)).unwrap();
    for identity in [platform.pem(), pfx] {
        let client = platform.builder().identity(identity).build().unwrap();
        assert!(!client.banks().list(&DirectoryFilter::all()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn without_a_certificate_nothing_happens_and_the_error_says_what_is_missing() {
    let platform = Platform::start();
    let client = platform.builder().build().unwrap();
    let error = client.banks().list(&DirectoryFilter::all()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ClientBuilder::identity") && text.contains("X-Request-ID"), "{text}");
    assert!(!error.is_retryable(), "{text}");

    let session = client.at(Bank::new("ESSESESS").unwrap(), Psu::private().id("199311219639")).unwrap();
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + Days::new(90));
    let error = session.consents().create(&request).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::NotSent), "{error}");
}

#[tokio::test]
async fn the_auth_host_sees_the_certificate_on_request_alone() {
    let platform = Platform::start();
    // The API host stands in for an auth host that wants a certificate; it has no tokens, and says so to whom it lets in.
    let builder = || platform.builder().auth_host(platform.sandbox.api_url()).identity(platform.pem());
    let without = builder().build().unwrap().banks().list(&DirectoryFilter::all()).await.unwrap_err();
    assert_eq!(without.status(), None, "{without}");
    let with = builder().identity_for_auth().build().unwrap().banks().list(&DirectoryFilter::all()).await.unwrap_err();
    assert!(with.token().unwrap().status().is_some(), "{with}");
}

#[test]
fn an_authority_that_is_none_is_named() {
    let refusal = Client::builder().credentials("id", "secret").authority(b"-----BEGIN CERTIFICATE-----\n").build();
    assert_eq!(refusal.unwrap_err().invalid().unwrap().field(), "authority");
}
