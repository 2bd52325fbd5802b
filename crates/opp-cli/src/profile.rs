//! Profiles: with whom to talk and as whom, under a name. Secrets are kept apart.

use std::collections::BTreeMap;
use std::path::PathBuf;

use opp_ergonomic::Environment;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::places::{self, Places};
use crate::secrets::{Kept, Secrets, Where};

/// One profile. It is written to a file that only its owner can read, and not printed as a whole: it may name a person.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// `sandbox` or `production`.
    pub(crate) environment: Option<String>,
    /// Hosts of one's own, instead of those of the environment.
    pub(crate) auth_url: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) client_id: String,
    /// The client certificate: PEM, or PKCS#12 if it ends in `.pfx` or `.p12`.
    pub(crate) certificate: Option<PathBuf>,
    /// Where banks send the user back to.
    pub(crate) redirect_uri: Option<String>,
    /// The parts of the API that the application has.
    pub(crate) apis: Option<Vec<String>>,
    /// The bank that is meant where none is named.
    pub(crate) bank: Option<String>,
    /// The user, as the bank knows him or her.
    pub(crate) psu: Option<String>,
    /// The number of the company, for business accounts.
    pub(crate) corporate: Option<String>,
}

impl Profile {
    /// Whether it leads to real banks: by its name, or because it names the address of production.
    pub(crate) fn is_live(&self) -> bool {
        let mut own = [&self.auth_url, &self.api_url].into_iter().flatten();
        self.environment.as_deref() == Some("production") || own.any(|address| Environment::is_production(address))
    }
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    default: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// All profiles of this user.
pub(crate) struct Profiles {
    path: PathBuf,
    secrets: Secrets,
}

impl Profiles {
    pub(crate) fn new(places: Places, keyring: bool) -> Self {
        Self { path: places.config("profiles.toml"), secrets: Secrets::new(places, keyring) }
    }

    fn read(&self) -> Result<File, Failure> {
        let Some(text) = places::read(&self.path)? else { return Ok(File::default()) };
        toml::from_str(&text).map_err(|error| {
            // Only the place and the rule: the line may name a person.
            let before = text.bytes().take(error.span().map_or(0, |span| span.start));
            let line = 1 + before.filter(|byte| *byte == b'\n').count();
            Failure::error(format!("{}, line {line}: {}", self.path.display(), error.message()))
        })
    }

    fn write(&self, file: &File) -> Result<(), Failure> {
        let text = toml::to_string_pretty(file).map_err(|error| Failure::error(error.to_string()))?;
        places::write(&self.path, &text)
    }

    /// The names, and which of them is used where none is named.
    pub(crate) fn all(&self) -> Result<(BTreeMap<String, Profile>, Option<String>), Failure> {
        let file = self.read()?;
        Ok((file.profiles, file.default))
    }

    /// The profile of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Profile, Failure> {
        self.read()?.profiles.remove(name).ok_or_else(|| {
            Failure::usage(format!("there is no profile `{name}`"))
                .hint("`opp profile list` shows those that there are, `opp login` makes one.")
        })
    }

    /// The name of the profile that is used where none is named.
    pub(crate) fn default_name(&self) -> Result<Option<String>, Failure> {
        Ok(self.read()?.default)
    }

    /// Its secrets, wherever they are kept.
    pub(crate) fn secrets(&self, name: &str) -> Result<Kept, Failure> {
        self.secrets.get(name)?.ok_or_else(|| {
            Failure::denied(format!("the secret of the profile `{name}` is gone"))
                .hint("Give it again with `opp login`.")
        })
    }

    /// Keeps a profile; the first one becomes the default. Says where its secrets are.
    pub(crate) fn put(&self, name: &str, profile: Profile, secrets: &Kept) -> Result<Where, Failure> {
        let fits = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(Failure::usage("a profile's name has letters, digits, - and _ only"));
        }
        let kept = self.secrets.put(name, secrets)?;
        let mut file = self.read()?;
        file.profiles.insert(name.to_owned(), profile);
        file.default.get_or_insert_with(|| name.to_owned());
        self.write(&file)?;
        Ok(kept)
    }

    /// Makes a profile the default.
    pub(crate) fn choose(&self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        let mut file = self.read()?;
        file.default = Some(name.to_owned());
        self.write(&file)
    }

    /// Forgets a profile and its secrets.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        self.secrets.remove(name)?;
        let mut file = self.read()?;
        file.profiles.remove(name);
        file.default = file.default.filter(|default| default != name);
        self.write(&file)
    }
}
