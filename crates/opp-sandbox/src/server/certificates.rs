//! Certificates of a sandbox with TLS: an authority of its own, made anew at every start, that signs the servers'
//! certificate and the client's.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike as _, Utc};
use p12_keystore::{Certificate as P12Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::StartError;

/// The password of the client's PKCS#12 file; it protects nothing that the file beside it does not hold.
const PASSWORD: &str = "sandbox";

/// Where the certificates of a sandbox with TLS are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Certificates {
    /// The authority to trust, PEM.
    pub authority: PathBuf,
    /// The client's certificate, PEM.
    pub client: PathBuf,
    /// The client's key, PEM.
    pub client_key: PathBuf,
    /// The client's certificate and key, PKCS#12.
    pub client_pkcs12: PathBuf,
    /// The password of the PKCS#12 file.
    pub password: &'static str,
}

/// What the two hosts need to speak TLS.
pub(crate) struct Acceptors {
    pub(crate) auth: TlsAcceptor,
    /// Wants the client's certificate.
    pub(crate) api: TlsAcceptor,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Makes the certificates, writes them to the folder and sets up TLS.
pub(crate) fn make(folder: &Path, bind: IpAddr, names: &[String]) -> Result<(Certificates, Acceptors), StartError> {
    try_make(folder, bind, names).map_err(|source| StartError::Tls { folder: folder.to_owned(), source })
}

fn try_make(folder: &Path, bind: IpAddr, names: &[String]) -> Result<(Certificates, Acceptors), Failure> {
    let authority_key = KeyPair::generate()?;
    let mut params = dated(CertificateParams::default(), "Open Payments sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = params.self_signed(&authority_key)?;
    let issuer = Issuer::new(params, authority_key);

    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    hosts.push(bind.to_string());
    hosts.extend(names.iter().cloned());
    hosts.sort();
    hosts.dedup();
    let (server, server_key) = leaf(hosts, "Open Payments sandbox", ExtendedKeyUsagePurpose::ServerAuth, &issuer)?;
    let (client, client_key) =
        leaf(Vec::new(), "Open Payments sandbox client", ExtendedKeyUsagePurpose::ClientAuth, &issuer)?;

    std::fs::create_dir_all(folder)?;
    let paths = Certificates {
        authority: folder.join("ca.pem"),
        client: folder.join("client.pem"),
        client_key: folder.join("client.key"),
        client_pkcs12: folder.join("client.p12"),
        password: PASSWORD,
    };
    std::fs::write(&paths.authority, authority.pem())?;
    std::fs::write(folder.join("server.pem"), server.pem())?;
    std::fs::write(&paths.client, client.pem())?;
    write_secret(&folder.join("server.key"), server_key.serialize_pem().as_bytes())?;
    write_secret(&paths.client_key, client_key.serialize_pem().as_bytes())?;
    write_secret(&paths.client_pkcs12, &pkcs12(&client, &client_key, &authority)?)?;
    Ok((paths, acceptors(&authority, &server, &server_key)?))
}

fn dated(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, name);
    let year = Utc::now().year();
    params.not_before = date_time_ymd(year - 1, 12, 1);
    params.not_after = date_time_ymd(year + 1, 12, 31);
    params
}

fn leaf(
    hosts: Vec<String>,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'static, KeyPair>,
) -> Result<(Certificate, KeyPair), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = dated(CertificateParams::new(hosts)?, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    Ok((params.signed_by(&key, issuer)?, key))
}

fn pkcs12(client: &Certificate, key: &KeyPair, authority: &Certificate) -> Result<Vec<u8>, Failure> {
    let chain = [P12Certificate::from_der(client.der())?, P12Certificate::from_der(authority.der())?];
    let key = PrivateKey::from_der(&key.serialize_der())?;
    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(b"client".to_vec(), key, chain)));
    Ok(store.writer(PASSWORD).write()?)
}

/// Keys are for the eyes of their owner.
fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // An older file keeps its permissions when it is written over.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn acceptors(authority: &Certificate, server: &Certificate, key: &KeyPair) -> Result<Acceptors, Failure> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
    let key = || PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = || ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let auth = builder()?.with_no_client_auth().with_single_cert(chain.clone(), key())?;
    let api = builder()?.with_client_cert_verifier(verifier).with_single_cert(chain, key())?;
    Ok(Acceptors { auth: TlsAcceptor::from(Arc::new(auth)), api: TlsAcceptor::from(Arc::new(api)) })
}
