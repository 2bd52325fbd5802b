//! HTTPS: certificates in a folder, and an API host that wants the client's.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/skip.rs"]
mod skip;

use std::path::PathBuf;
use std::process::Command;

use opp_sandbox::{Config, Sandbox, Tls};
use reqwest::{Certificate, Client, Identity};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("opp-sandbox-tls-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn start(folder: &Folder) -> Sandbox {
    Sandbox::start(Config { tls: Some(Tls { folder: folder.0.clone() }), ..Config::default() }).unwrap()
}

/// A client that trusts the sandbox, and shows its certificate if it is to.
fn client(sandbox: &Sandbox, identity: bool) -> Client {
    let files = sandbox.certificates().unwrap();
    let authority = Certificate::from_pem(&std::fs::read(&files.authority).unwrap()).unwrap();
    let builder = Client::builder().tls_certs_only([authority]);
    if !identity {
        return builder.build().unwrap();
    }
    let mut pem = std::fs::read(&files.client).unwrap();
    pem.extend(std::fs::read(&files.client_key).unwrap());
    builder.identity(Identity::from_pem(&pem).unwrap()).build().unwrap()
}

#[tokio::test]
async fn the_auth_host_serves_everybody_and_the_api_host_only_who_has_a_certificate() {
    let folder = Folder::new("both");
    let sandbox = start(&folder);
    let discovery = format!("{}/.well-known/openid-configuration", sandbox.auth_url());
    let banks = format!("{}/psd2/aspspinformation/v1/aspsps", sandbox.api_url());
    let (with, without) = (client(&sandbox, true), client(&sandbox, false));
    assert_eq!(without.get(&discovery).send().await.unwrap().status(), 200);
    assert!(without.get(&banks).send().await.is_err(), "refused in the handshake");
    assert_eq!(with.get(&discovery).send().await.unwrap().status(), 200);
    assert_eq!(with.get(&banks).send().await.unwrap().status(), 401, "the certificate is no token");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (folder, other_folder) = (Folder::new("one"), Folder::new("other"));
    let (sandbox, other) = (start(&folder), start(&other_folder));
    let files = (sandbox.certificates().unwrap(), other.certificates().unwrap());
    let mut pem = std::fs::read(&files.1.client).unwrap();
    pem.extend(std::fs::read(&files.1.client_key).unwrap());
    let authority = Certificate::from_pem(&std::fs::read(&files.0.authority).unwrap()).unwrap();
    let stranger = Client::builder().tls_certs_only([authority]).identity(Identity::from_pem(&pem).unwrap());
    let banks = format!("{}/psd2/aspspinformation/v1/aspsps", sandbox.api_url());
    assert!(stranger.build().unwrap().get(banks).send().await.is_err());
}

#[tokio::test]
async fn links_and_discovery_say_https() {
    let folder = Folder::new("links");
    let sandbox = start(&folder);
    let url = format!("{}/.well-known/openid-configuration", sandbox.auth_url());
    let text = client(&sandbox, false).get(url).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(&format!("\"token_endpoint\":\"{}/connect/token\"", sandbox.auth_url())), "{text}");
    assert!(sandbox.auth_url().starts_with("https://"));
}

#[tokio::test]
async fn plain_http_and_half_a_handshake_harm_nobody() {
    let folder = Folder::new("plain");
    let sandbox = start(&folder);
    let plain = sandbox.auth_url().replace("https://", "http://");
    assert!(reqwest::get(plain).await.is_err());
    let _silent = std::net::TcpStream::connect(sandbox.auth_address()).unwrap();
    let discovery = format!("{}/.well-known/openid-configuration", sandbox.auth_url());
    assert_eq!(client(&sandbox, false).get(discovery).send().await.unwrap().status(), 200);
}

#[cfg(unix)]
#[test]
fn keys_are_readable_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("keys");
    let sandbox = start(&folder);
    drop(start(&folder));
    let files = sandbox.certificates().unwrap();
    for path in [&files.client_key, &files.client_pkcs12, &folder.0.join("server.key")] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn the_pkcs12_file_holds_the_same_client() {
    let folder = Folder::new("pkcs12");
    let sandbox = start(&folder);
    let files = sandbox.certificates().unwrap();
    let bytes = std::fs::read(&files.client_pkcs12).unwrap();
    let policy = p12_keystore::Pkcs12ImportPolicy::Strict;
    let store = p12_keystore::KeyStore::from_pkcs12(&bytes, files.password, policy).unwrap();
    let (_, chain) = store.private_key_chain().unwrap();
    assert_eq!(chain.certs().len(), 2);
    assert!(chain.certs()[0].subject().contains("sandbox client"), "{}", chain.certs()[0].subject());
    // Another reader than the crate that wrote it.
    if !skip::has(&["curl"]) {
        return;
    }
    let identity = format!("{}:{}", files.client_pkcs12.display(), files.password);
    let banks = format!("{}/psd2/aspspinformation/v1/aspsps", sandbox.api_url());
    let run = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cert-type", "P12", "--cert", &identity, "--cacert"])
        .arg(&files.authority)
        .arg(banks)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "401", "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let tls = Some(Tls { folder: "/proc/none/such".into() });
    let error = Sandbox::start(Config { tls, ..Config::default() }).unwrap_err().to_string();
    assert!(error.contains("/proc/none/such"), "{error}");
}
