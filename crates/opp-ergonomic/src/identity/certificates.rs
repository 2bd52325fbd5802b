//! What has to look into certificates: PKCS#12, made into PEM for the TLS library, and when a certificate ends. A feature
//! of its own: what reads these formats is a fifth of a whole build.

use chrono::{DateTime, Utc};
use opp_raw::Invalid;
use p12_keystore::Pkcs12Archive;
use pem_rfc7468::LineEnding;
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use super::{Identity, wrong};
use crate::secret::Secret;

impl Identity {
    /// When the certificate is no longer good; `None` if it does not say so in a way that can be read. The platform
    /// refuses it from then on, so that a new one is best ordered weeks before. Feature `certificates`.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.expires
    }

    /// Reads PKCS#12, which is what `.pfx` and `.p12` files are, encrypted with AES or with the 3DES of old.
    /// Feature `certificates`.
    pub fn from_pkcs12(file: &[u8], password: &Secret) -> Result<Self, Invalid> {
        let archive = Pkcs12Archive::from_pkcs12(file, password.expose())
            .map_err(|_| wrong("is no PKCS#12 file, or its password is another"))?;
        let [key] = &archive.keys[..] else {
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
        let sections = chain.into_iter().map(|certificate| ("CERTIFICATE", certificate.as_der()));
        for (label, der) in sections.chain([("PRIVATE KEY", key.key.as_der())]) {
            let section = pem_rfc7468::encode_string(label, LineEnding::LF, der).map(Zeroizing::new);
            pem.push_str(&section.map_err(|_| wrong("is too large"))?);
        }
        Self::from_pem(pem.as_bytes())
    }
}

/// The end of the application's own certificate, which comes first.
pub(super) fn expires(pem: &[u8]) -> Option<DateTime<Utc>> {
    let own = Pem::iter_from_buffer(pem).flatten().find(|section| section.label == "CERTIFICATE")?;
    DateTime::from_timestamp(own.parse_x509().ok()?.validity().not_after.timestamp(), 0)
}
