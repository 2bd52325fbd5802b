//! `opp login`: takes credentials, tries them, and keeps them as a profile.

use std::path::PathBuf;

use opp_ergonomic::raw::reqwest::Url;
use opp_ergonomic::{PsuContext, Secret};

use crate::app::App;
use crate::exit::Failure;
use crate::profile::Profile;
use crate::secrets::Kept;

/// Keep the credentials of an application as a profile
///
/// The portal shows a client id and, once, a client secret. The secret is asked for, or is the first line of standard
/// input; the password of a .pfx certificate is the second. Secrets go to the keyring of the system, or where there is
/// none to a file that only you can read. They are tried before they are kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The name of the profile
    #[arg(default_value = "default")]
    name: String,
    /// Which platform
    #[arg(long, value_name = "NAME", default_value = "sandbox", value_parser = ["sandbox", "production"])]
    environment: String,
    /// The client id; asked for unless given
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The client certificate that production wants: PEM, or PKCS#12 as .pfx or .p12
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    #[arg(
        long,
        value_name = "URL",
        help = "Where banks send you back to, as registered in the portal; best an address of this machine, such as \
                http://localhost:8976/callback"
    )]
    redirect_uri: Option<String>,
    /// The parts of the API that the application has, with commas between them
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    apis: Option<Vec<String>>,
    /// The bank that is meant where none is named
    #[arg(long, value_name = "BIC")]
    bank: Option<String>,
    /// The user as the bank knows him or her; it is kept in the profile
    #[arg(long, value_name = "ID")]
    psu: Option<String>,
    /// The number of the company, for business accounts
    #[arg(long, value_name = "NUMBER")]
    corporate: Option<String>,
    /// Another auth host than the platform's
    #[arg(long, value_name = "URL", requires = "api_url")]
    auth_url: Option<String>,
    /// Another API host than the platform's
    #[arg(long, value_name = "URL", requires = "auth_url")]
    api_url: Option<String>,
    /// Keep the credentials without trying them
    #[arg(long)]
    no_check: bool,
}

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    if app.global.dry_run {
        return Err(Failure::usage("--dry-run sends nothing, and credentials that were not tried are not kept")
            .hint("Leave --dry-run out, or keep them untried with --no-check."));
    }
    let client_id = match args.client_id {
        Some(id) => id,
        None if app.out.is_attended() => app.out.ask("Client id:").await?,
        None => return Err(Failure::usage("the client id is missing").hint("Give it with --client-id.")),
    };
    let client_secret = asked(app, "Client secret:", "client secret").await?;
    let extension = args.certificate.as_ref().and_then(|path| path.extension()?.to_str()).map(str::to_ascii_lowercase);
    let certificate_password = match extension.as_deref() {
        Some("pfx" | "p12") => Some(asked(app, "Password of the certificate:", "password of the certificate").await?),
        _ => None,
    };
    // A profile works from any folder.
    let certificate = args.certificate.map(|path| std::path::absolute(&path).unwrap_or(path));
    let profile = Profile {
        environment: Some(args.environment),
        auth_url: args.auth_url,
        api_url: args.api_url,
        client_id: client_id.trim().to_owned(),
        certificate,
        redirect_uri: args.redirect_uri,
        apis: args.apis,
        bank: args.bank,
        psu: args.psu,
        corporate: args.corporate,
    };
    if let Some(bic) = &profile.bank {
        let _ = opp_ergonomic::Bank::new(bic)?;
    }
    if let Some(uri) = &profile.redirect_uri {
        let is_page = Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_page {
            return Err(Failure::usage(format!("the redirect address {uri} is none"))
                .hint("It begins with http:// or https://, as in the portal."));
        }
    }
    let kept = Kept { client_secret, certificate_password };
    if !args.no_check {
        let copy =
            Kept { client_secret: kept.client_secret.clone(), certificate_password: kept.certificate_password.clone() };
        let connection = app.open(profile.clone(), copy, None)?;
        let scope = connection.client.scope(PsuContext::Private);
        let token = connection.client.tokens().token(scope).await;
        token.map_err(|error| Failure::from(opp_ergonomic::Error::from(error)).about("the credentials do not work"))?;
    }
    let place = app.profiles().put(&args.name, profile, &kept)?;
    app.out.say(&format!("The profile `{}` is kept, its secret {}.", args.name, place.as_str()))
}

async fn asked(app: &mut App, question: &str, what: &str) -> Result<Secret, Failure> {
    let secret = Secret::new(app.out.ask_secret(question).await?.trim());
    if secret.expose().is_empty() {
        return Err(Failure::usage(format!("the {what} is missing"))
            .hint("Type it when you are asked, or give it as a line of standard input."));
    }
    Ok(secret)
}
