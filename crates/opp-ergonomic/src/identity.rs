//! The client certificate that production asks for, from either form in which the portal or a tool gives it.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use opp_raw::Invalid;
use opp_raw::reqwest;
use zeroize::Zeroizing;

use crate::secret::Secret;

#[cfg(feature = "certificates")]
mod certificates;

/// A certificate with its private key.
#[derive(Clone)]
pub struct Identity {
    inner: reqwest::Identity,
    #[cfg(feature = "certificates")]
    expires: Option<chrono::DateTime<chrono::Utc>>,
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
        Ok(Self {
            inner,
            #[cfg(feature = "certificates")]
            expires: certificates::expires(pem),
        })
    }

    /// Reads a file: PKCS#12 if its name ends in `.pfx` or `.p12`, which a password opens (feature
    /// `certificates`), and PEM otherwise.
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

    #[cfg(not(feature = "certificates"))]
    fn from_pkcs12(_file: &[u8], _password: &Secret) -> Result<Self, Invalid> {
        let rule =
            "is PKCS#12: build with the feature `certificates` of opp-ergonomic, or make PEM of it with `openssl`";
        Err(wrong(rule))
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

fn wrong(rule: &str) -> Invalid {
    Invalid::new(rule).within("client certificate")
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([redacted])")
    }
}
