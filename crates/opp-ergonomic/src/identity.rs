//! The client certificate that production asks for, from either form in which the portal or a tool gives it.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use opp_raw::Invalid;
use opp_raw::reqwest;
use p12_keystore::Pkcs12Archive;
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A certificate with its private key.
#[derive(Clone)]
pub struct Identity {
    inner: reqwest::Identity,
    expires: Option<DateTime<Utc>>,
}

impl Identity {
    /// Reads PEM: the certificate, those above it if there are any, and the key, in one text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Invalid> {
        let text = String::from_utf8_lossy(pem);
        if text.contains("ENCRYPTED") {
            return Err(wrong("has an encrypted key: decrypt it with `openssl pkey`, or use the .pfx file"));
        }
        let inner = reqwest::Identity::from_pem(pem)
            .map_err(|_| wrong("is no PEM text with a certificate and its unencrypted private key"))?;
        Ok(Self { inner, expires: expires(pem) })
    }

    /// When the certificate is no longer good; `None` if it does not say so in a way that can be read. The platform
    /// refuses it from then on, so that a new one is best ordered weeks before.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.expires
    }

    /// Reads PKCS#12, which is what `.pfx` and `.p12` files are, encrypted with AES or with the 3DES of old.
    pub fn from_pkcs12(file: &[u8], password: &Secret) -> Result<Self, Invalid> {
        let archive = Pkcs12Archive::from_pkcs12(file, password.expose())
            .map_err(|_| wrong("is no PKCS#12 file, or its password is another"))?;
        let mut keys = archive.keys.iter();
        let (Some(key), None) = (keys.next(), keys.next()) else {
            return Err(wrong("does not hold exactly one private key"));
        };
        let own = key.local_key_id.as_ref().map(AsRef::<[u8]>::as_ref);
        let certificates = &archive.certs;
        // The key's own certificate has its mark; where no mark is kept, it is the one that signed no other.
        let marked = certificates.iter().find(|bag| own.is_some() && bag.local_key_id.as_deref() == own);
        let leaf = marked.or_else(|| {
            certificates.iter().find(|bag| {
                let name = bag.cert.subject();
                !certificates.iter().any(|other| other.cert.issuer() == name && other.cert.subject() != name)
            })
        });
        let leaf = leaf.ok_or_else(|| wrong("holds no certificate"))?;
        let mut chain = vec![&leaf.cert];
        while let Some(last) = chain.last() {
            let above = certificates.iter().find(|bag| bag.cert.subject() == last.issuer());
            match above {
                Some(above) if !chain.iter().any(|known| known.subject() == above.cert.subject()) => {
                    chain.push(&above.cert);
                }
                _ => break,
            }
        }
        let mut pem = Zeroizing::new(String::new());
        for certificate in chain {
            section(&mut pem, "CERTIFICATE", certificate.as_der());
        }
        section(&mut pem, "PRIVATE KEY", key.key.as_der());
        Self::from_pem(pem.as_bytes())
    }

    /// Reads a file: PKCS#12 if its name ends in `.pfx` or `.p12`, which a password opens, and PEM otherwise.
    pub fn from_file(path: &Path, password: &Secret) -> Result<Self, Invalid> {
        let file = std::fs::read(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let file = Zeroizing::new(file);
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        if extension == "pfx" || extension == "p12" {
            Self::from_pkcs12(&file, password)
        } else {
            Self::from_pem(&file)
        }
    }

    pub(crate) fn into_inner(self) -> reqwest::Identity {
        self.inner
    }
}

/// Whether a host has ended the handshake over our certificate, or for want of one. Such a host has read nothing of the
/// call. With TLS 1.3 the client learns of it only when it waits for the answer.
pub(crate) fn was_refused(error: &(dyn StdError + 'static)) -> bool {
    const ALERTS: [&str; 4] = ["Certificate", "UnknownCA", "AccessDenied", "DecryptError"];
    let mut cause = Some(error);
    while let Some(error) = cause {
        // The TLS library's own error is inside the one of the connection, whose text is the same.
        if error.is::<std::io::Error>() {
            let text = error.to_string();
            let alert = text.strip_prefix("received fatal alert: ");
            return alert.is_some_and(|alert| ALERTS.iter().any(|word| alert.contains(word)));
        }
        cause = error.source();
    }
    false
}

/// The end of the application's own certificate, which comes first.
fn expires(pem: &[u8]) -> Option<DateTime<Utc>> {
    let own = Pem::iter_from_buffer(pem).flatten().find(|section| section.label == "CERTIFICATE")?;
    DateTime::from_timestamp(own.parse_x509().ok()?.validity().not_after.timestamp(), 0)
}

fn section(pem: &mut String, label: &str, der: &[u8]) {
    let text = Zeroizing::new(STANDARD.encode(der));
    for part in ["-----BEGIN ", label, "-----\n"] {
        pem.push_str(part);
    }
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    for part in ["-----END ", label, "-----\n"] {
        pem.push_str(part);
    }
}

fn wrong(rule: &str) -> Invalid {
    Invalid::new(rule).within("client certificate")
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([redacted])")
    }
}
