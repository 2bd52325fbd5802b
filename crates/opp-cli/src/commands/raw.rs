//! `opp raw`: any operation of the platform by method and path, with the headers filled in.

use std::path::Path;

use opp_ergonomic::Error;
use opp_ergonomic::raw::reqwest::Url;
use opp_ergonomic::raw::reqwest::header::HeaderMap;
use opp_ergonomic::raw::{self, Bytes, Operation, operations};
use serde::Serialize;

use super::pay::{Format, undecided, undisturbed};
use crate::app::App;
use crate::connect::{Connection, Whom};
use crate::exit::{Exit, Failure};
use crate::output::text;

/// Call any operation by its method and path
///
/// Token, X-Request-ID, bank and user are filled in as for the other commands. The body of the answer goes to standard
/// output as it is, its status to standard error. Reads are repeated where that may help; what writes is sent once.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// GET, POST, PUT or DELETE
    #[arg(required_unless_present = "list")]
    method: Option<String>,
    /// The path with its query, such as /psd2/consent/v1/consents
    #[arg(required_unless_present = "list")]
    path: Option<String>,
    /// The body: a text, @ and the name of a file, or - for standard input
    #[arg(long, short, value_name = "BODY")]
    data: Option<String>,
    /// The media type of the body; seen by its beginning unless given
    #[arg(long, value_name = "TYPE", requires = "data")]
    content_type: Option<String>,
    /// The media type that is wanted
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    accept: String,
    /// One more header; may be given several times
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The consent to read with, by its whole id
    #[arg(long, value_name = "ID")]
    consent: Option<String>,
    /// Nobody is there: the user's address is left out
    #[arg(long)]
    unattended: bool,
    /// List all operations with their paths
    #[arg(long, conflicts_with_all = ["method", "path", "data"])]
    list: bool,
    #[command(flatten, next_help_heading = "At which bank, for whom")]
    whom: Whom,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is a name, a colon and a value")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[derive(Serialize)]
struct Row {
    operation: &'static str,
    method: &'static str,
    path: &'static str,
}

pub(crate) async fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    if args.list {
        let rows = operations::ALL.iter().map(|one| Row { operation: one.id, method: one.method, path: one.path });
        let columns = [text("operation", "Operation"), text("method", "Method"), text("path", "Path")];
        return app.out.list(&rows.collect::<Vec<_>>(), &columns);
    }
    let (method, path) = (args.method.clone().unwrap_or_default(), args.path.clone().unwrap_or_default());
    let path = resolved(&path)?;
    let operation = find(&method, &path)?;
    let body = body(app, &args).await?;
    let connection = app.connect().await?;
    let client = client(&connection, &args)?;
    if connection.profile.is_live() && !operation.is_read() && !app.global.dry_run {
        app.out.warn(&format!("{} at production, where it is for real.", operation.id))?;
        app.agree("Send it?").await?;
    }
    let sent = body.as_ref().map(|(media, bytes)| (media.as_str(), bytes.clone()));
    let sending = client.request(operation, &path, sent, &args.accept);
    let answer = if operation.is_read() { sending.await } else { undisturbed(app, sending).await?.0 };
    match answer {
        Ok(answer) => {
            status(app, answer.status().as_u16(), answer.raw_headers())?;
            let mut body = answer.into_inner();
            let mut last = None;
            while let Some(part) = body.next_part().await {
                let part = part.map_err(Error::from)?;
                app.out.data(&part)?;
                last = part.last().copied().or(last);
            }
            app.out.end_line(last)
        }
        Err(error) => {
            if let (Some(code), Some(headers)) = (error.status(), error.raw_headers()) {
                status(app, code.as_u16(), headers)?;
                let body = error.body().map(|body| &body[..]).unwrap_or_default();
                app.out.data(body)?;
                app.out.end_line(body.last().copied())?;
            }
            let missing = error.invalid().map(|invalid| invalid.field().to_owned());
            let failure = refused(error.into(), &path);
            Err(match missing.as_deref() {
                Some("X-BicFi") => failure.hint("Name the bank with --bank."),
                Some("Consent-ID") => {
                    failure.hint("Give the consent with --consent; `opp consent list` has their ids.")
                }
                Some("PSU-IP-Address") => failure.hint("Leave --unattended out, and name the bank with --bank."),
                _ => failure,
            })
        }
    }
}

/// What the end of a write means where the client does not know the path: it was made up here.
fn refused(error: Error, path: &str) -> Failure {
    let is_unknown = error.path().is_none();
    let failure = undecided(error);
    match &failure.hint {
        Some(hint) if is_unknown && failure.exit == Exit::Unknown => {
            let hint = hint.replace("to the platform", &format!("to {path}"));
            failure.hint(hint)
        }
        _ => failure,
    }
}

/// The path and query as they will go out: dots are resolved here, where it shows which operation they lead to.
fn resolved(path: &str) -> Result<String, Failure> {
    let base = Url::parse("http://localhost").and_then(|base| base.join(path));
    let url = base.ok().filter(|url| path.starts_with('/') && url.host_str() == Some("localhost"));
    let url = url.ok_or_else(|| Failure::usage("a path begins with a slash, as in /psd2/consent/v1/consents"))?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{}{query}", url.path()))
}

/// The operation of a method and a path.
fn find(method: &str, path: &str) -> Result<&'static Operation, Failure> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (wanted, has) = (template.split('/'), path.split('/'));
        wanted.clone().count() == has.clone().count()
            && wanted.zip(has).all(|(wanted, has)| wanted == has || (wanted.starts_with('{') && !has.is_empty()))
    };
    let here: Vec<_> = operations::ALL.iter().filter(|one| fits(one.path)).collect();
    let found = here.iter().find(|one| one.method.eq_ignore_ascii_case(method));
    found.map(|one| **one).ok_or_else(|| {
        let text = match &here[..] {
            [] => format!("no operation is at {path}"),
            some => {
                let methods: Vec<_> = some.iter().map(|one| one.method).collect();
                format!("{path} is there for {} only", methods.join(" and "))
            }
        };
        Failure::usage(text).hint("`opp raw --list` shows all operations.")
    })
}

async fn body(app: &mut App, args: &Args) -> Result<Option<(String, Bytes)>, Failure> {
    let Some(data) = &args.data else { return Ok(None) };
    let bytes = match data.strip_prefix('@') {
        Some(file) => app.content(Path::new(file)).await?,
        None if data == "-" => app.content(Path::new("-")).await?,
        None => data.clone().into_bytes(),
    };
    let seen = || Format::of(&bytes)?.media(&bytes);
    let media = args.content_type.clone().or_else(seen);
    let media = media.ok_or_else(|| {
        Failure::usage("the body is neither JSON nor XML nor a form").hint("Say with --content-type what it is.")
    })?;
    Ok(Some((media, bytes.into())))
}

/// A client with all headers that are known. Without a bank it is one for the directory.
fn client(connection: &Connection, args: &Args) -> Result<raw::Client, Failure> {
    let has_bank = args.whom.bank.is_some() || connection.profile.bank.is_some();
    let mut client = if has_bank {
        connection.session(&connection.party(&args.whom)?, !args.unattended)?.raw()
    } else {
        connection.client.raw()
    };
    let consent = args.consent.iter().map(|id| ("Consent-ID", id.as_str()));
    let others = args.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in consent.chain(others) {
        client = client.with_header(name, value)?;
    }
    Ok(client)
}

/// What came back, apart from the body.
fn status(app: &mut App, status: u16, headers: &HeaderMap) -> Result<(), Failure> {
    let shown = ["content-type", "aspsp-sca-approach", "x-request-id"].iter().filter_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(format!(", {name} {value}"))
    });
    app.out.say(&format!("Status {status}{}", shown.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> String {
        match resolved(path).and_then(|path| find(method, &path)) {
            Ok(operation) => operation.id.to_owned(),
            Err(failure) => failure.text,
        }
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for one in operations::ALL {
            let path = one.path.replace(['{', '}'], "");
            assert_eq!(found(&one.method.to_lowercase(), &path), one.id, "{path}");
        }
    }

    #[test]
    fn a_path_is_what_it_leads_to() {
        assert_eq!(found("GET", "/psd2/consent/v1/consents/1/x/../status"), "getConsentStatus");
        assert_eq!(found("GET", "/psd2/consent/v1/consents/1/x/%2e%2e/status"), "getConsentStatus");
        assert_eq!(found("PATCH", "/psd2/consent/v1/consents"), "/psd2/consent/v1/consents is there for POST only");
        assert_eq!(found("GET", "/psd2/nothing"), "no operation is at /psd2/nothing");
        for wrong in ["psd2", "//evil.example/psd2/consent/v1/consents", "http://evil.example/"] {
            assert!(found("POST", wrong).starts_with("a path begins"), "{wrong}");
        }
    }
}
