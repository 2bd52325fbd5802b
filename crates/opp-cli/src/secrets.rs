//! Secrets of profiles: in the keyring of the system, or where there is none in a file that only its owner can read.

use std::path::PathBuf;

use opp_ergonomic::Secret;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::places::{self, Places};

/// The name under which a keyring lists them.
const SERVICE: &str = "opp (open-payments-rust)";

/// What is kept of one profile.
pub(crate) struct Kept {
    pub(crate) client_secret: Secret,
    /// Of a PKCS#12 file.
    pub(crate) certificate_password: Option<Secret>,
}

/// Where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Keyring,
    File,
}

impl Where {
    /// For a sentence.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "in the keyring of the system",
            Self::File => "in a file that only you can read",
        }
    }
}

/// All secrets of this user.
pub(crate) struct Secrets {
    places: Places,
    keyring: bool,
}

impl Secrets {
    /// Without the keyring everything is in files: `OPP_SECRETS=file`.
    pub(crate) fn new(places: Places, keyring: bool) -> Self {
        Self { places, keyring }
    }

    fn path(&self, profile: &str) -> PathBuf {
        self.places.config(&format!("secrets/{profile}.json"))
    }

    pub(crate) fn get(&self, profile: &str) -> Result<Option<Kept>, Failure> {
        let path = self.path(profile);
        let text = match places::read(&path)? {
            Some(text) => {
                refuse_shared(&path)?;
                Some(text)
            }
            None if self.keyring => with_keyring(profile, keyring::Entry::get_password),
            None => None,
        };
        Ok(text.and_then(|text| {
            let value: Value = serde_json::from_str(&text).ok()?;
            let read = |name: &str| value[name].as_str().map(Secret::from);
            Some(Kept { client_secret: read("client_secret")?, certificate_password: read("certificate_password") })
        }))
    }

    pub(crate) fn put(&self, profile: &str, kept: &Kept) -> Result<Where, Failure> {
        let password = kept.certificate_password.as_ref().map(Secret::expose);
        let text = json!({"client_secret": kept.client_secret.expose(), "certificate_password": password}).to_string();
        if self.keyring && with_keyring(profile, |entry| entry.set_password(&text)).is_some() {
            places::remove(&self.path(profile))?;
            return Ok(Where::Keyring);
        }
        places::write(&self.path(profile), &text)?;
        Ok(Where::File)
    }

    pub(crate) fn remove(&self, profile: &str) -> Result<(), Failure> {
        if self.keyring {
            with_keyring(profile, keyring::Entry::delete_credential);
        }
        places::remove(&self.path(profile))
    }
}

/// Does something with the keyring; `None` if it does not work, or has no such entry. It may wait for the user to open
/// the keyring and brings a runtime of its own, which is why it has a thread of its own.
fn with_keyring<T: Send>(profile: &str, act: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send) -> Option<T> {
    let act = || act(&keyring::Entry::new(SERVICE, profile).ok()?).ok();
    std::thread::scope(|scope| scope.spawn(act).join().ok().flatten())
}

/// A secret that others can read is none.
#[cfg(unix)]
fn refuse_shared(path: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o077;
    if std::fs::metadata(path)?.permissions().mode() & OTHERS == 0 {
        return Ok(());
    }
    let refusal = Failure::error(format!("{} can be read by others", path.display()));
    Err(refusal.hint(format!("Use a new secret from the portal, after `chmod 600 {}`.", path.display())))
}

#[cfg(not(unix))]
fn refuse_shared(_: &std::path::Path) -> Result<(), Failure> {
    Ok(())
}
