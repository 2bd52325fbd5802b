//! Client certificates as tools write them. The files hold a key made for these tests with openssl:
//! `openssl pkcs12 -export`, with its present defaults and with `-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use opp_ergonomic::{Client, Environment, Identity, Secret};

const AES: &[u8] = include_bytes!("data/aes.pfx");
const TRIPLE_DES: &[u8] = include_bytes!("data/3des.pfx");

#[test]
fn pkcs12_of_today_and_of_old_is_read() {
    for file in [AES, TRIPLE_DES] {
        let identity = Identity::from_pkcs12(file, &Secret::from("portal")).unwrap();
        assert_eq!(format!("{identity:?}"), "Identity([redacted])");
        let client = Client::builder().environment(Environment::Production).credentials("id", "secret");
        client.identity(identity).identity_for_auth().build().unwrap();
    }
}

#[test]
fn production_wants_a_certificate_whatever_its_address_is_given_as() {
    let client = || Client::builder().credentials("id", "secret");
    for client in [
        client().environment(Environment::Production),
        client().api_host("https://api.openbankingplatform.com/"),
        client().environment(Environment::custom("https://auth.openbankingplatform.com", "https://gateway.example")),
    ] {
        let refusal = client.build().unwrap_err().to_string();
        assert!(refusal.starts_with("client certificate is missing"), "{refusal}");
    }
    assert!(client().build().is_ok());
}

#[test]
fn a_certificate_tells_when_it_ends() {
    let identity = Identity::from_pkcs12(AES, &Secret::from("portal")).unwrap();
    // As `openssl x509 -enddate` says of the file.
    assert_eq!(identity.expires().unwrap().to_string(), "2126-10-28 04:10:10 UTC");
}

#[test]
fn a_wrong_password_is_said_to_be_one() {
    for file in [AES, TRIPLE_DES] {
        let refusal = Identity::from_pkcs12(file, &Secret::from("gateway")).unwrap_err().to_string();
        assert!(refusal.contains("password") && !refusal.contains("gateway"), "{refusal}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    assert!(Identity::from_pkcs12(b"no file", &Secret::from("")).is_err());
    assert!(Identity::from_pem(b"no text").is_err());
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let refusal = Identity::from_pem(locked.as_bytes()).unwrap_err().to_string();
    assert!(refusal.contains("openssl pkey"), "{refusal}");
}
