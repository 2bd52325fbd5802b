//! `opp profile`: which profiles there are.

use clap::Subcommand;
use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::{Column, detail, text};
use crate::profile::Profile;

/// List, show, choose and delete profiles; `opp login` makes them
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// List all profiles
    List,
    /// Show a profile, without its secrets
    Show {
        /// Its name; the one that is used now unless given
        name: Option<String>,
    },
    /// Use this profile where none is named
    Use {
        /// Its name
        name: String,
    },
    /// Delete a profile with its secrets
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Serialize)]
struct Row {
    name: String,
    default: bool,
    live: bool,
    environment: String,
    client_id: String,
    bank: Option<String>,
    redirect_uri: Option<String>,
    certificate: Option<String>,
}

const COLUMNS: [Column; 8] = [
    text("name", "Name"),
    text("default", "Default"),
    detail("live", "Live"),
    text("environment", "Environment"),
    text("client_id", "Client id"),
    text("bank", "Bank"),
    detail("redirect_uri", "Redirect address"),
    detail("certificate", "Certificate"),
];

pub(crate) async fn run(app: &mut App, action: Action) -> Result<(), Failure> {
    let profiles = app.profiles();
    match action {
        Action::List => {
            let (all, default) = profiles.all()?;
            let rows: Vec<_> = all.into_iter().map(|(name, profile)| row(name, profile, default.as_deref())).collect();
            app.out.list(&rows, &COLUMNS)
        }
        Action::Show { name } => {
            let default = profiles.default_name()?;
            let name = name.or_else(|| app.named_profile()).or_else(|| default.clone());
            let name = name.ok_or_else(|| Failure::error("there is no profile yet").hint("`opp login` makes one."))?;
            let profile = profiles.get(&name)?;
            app.out.record(&row(name, profile, default.as_deref()), &COLUMNS)
        }
        Action::Use { name } => {
            profiles.choose(&name)?;
            app.out.say(&format!("The profile `{name}` is used where none is named."))
        }
        Action::Delete { name } => {
            profiles.get(&name)?;
            app.agree(&format!("Delete the profile `{name}` with its secrets?")).await?;
            profiles.remove(&name)?;
            app.out.say(&format!("The profile `{name}` and its secrets are gone."))
        }
    }
}

fn row(name: String, profile: Profile, default: Option<&str>) -> Row {
    let hosts = profile.api_url.clone();
    Row {
        default: default == Some(&name),
        live: profile.is_live(),
        environment: hosts.or(profile.environment).unwrap_or_else(|| "sandbox".to_owned()),
        client_id: profile.client_id,
        bank: profile.bank,
        redirect_uri: profile.redirect_uri,
        certificate: profile.certificate.map(|path| path.display().to_string()),
        name,
    }
}
