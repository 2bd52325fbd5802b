//! `opp token`: an access token for other tools.

use opp_ergonomic::{ApiScope, PsuContext, Scope};
use serde::Serialize;

use crate::app::App;
use crate::exit::Failure;
use crate::output::{Form, text};

/// Print an access token, for curl and other tools
///
/// The token is a secret that is good for an hour: keep it out of files and histories, as in
/// `curl -H "Authorization: Bearer $(opp token)"`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The parts of the API that it opens, with the kind of accounts, such as "accountinformation corporate"; all that
    /// the application has, for private accounts, unless given
    #[arg(long, value_name = "WORDS")]
    scope: Option<String>,
}

#[derive(Serialize)]
struct Token<'a> {
    access_token: &'a str,
    scope: &'a str,
}

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let connection = app.connect().await?;
    let scope = match &args.scope {
        Some(words) => read(words)?,
        None => connection.client.scope(PsuContext::Private).clone(),
    };
    if app.global.dry_run {
        let (auth, id) = (connection.auth.trim_end_matches('/'), &connection.profile.client_id);
        let form = format!("-d grant_type=client_credentials -d client_id={id} -d \"client_secret=$SECRET\"");
        let curl = format!("curl {auth}/connect/token \\\n  {form} \\\n  -d 'scope={}'\n", scope.as_str());
        return app.out.data(curl.as_bytes());
    }
    let token = connection.client.tokens().token(&scope).await.map_err(opp_ergonomic::Error::from)?;
    if app.out.form() == Form::Table {
        return app.out.data(format!("{}\n", token.expose()).as_bytes());
    }
    let token = Token { access_token: token.expose(), scope: scope.as_str() };
    app.out.record(&token, &[text("access_token", "Token"), text("scope", "Scope")])
}

/// Reads a scope. One without a kind of accounts is for private ones.
fn read(words: &str) -> Result<Scope, Failure> {
    let is_context = |word: &&str| ["private", "corporate"].contains(word);
    let (contexts, apis): (Vec<_>, Vec<_>) = words.split_whitespace().partition(is_context);
    let context = match contexts[..] {
        [] | ["private"] => PsuContext::Private,
        ["corporate"] => PsuContext::Corporate,
        _ => return Err(Failure::usage("a scope is either private or corporate")),
    };
    if apis.is_empty() {
        return Err(Failure::usage("a scope names at least one part of the API, such as accountinformation"));
    }
    Ok(Scope::new(context, apis.into_iter().map(ApiScope::read)))
}
