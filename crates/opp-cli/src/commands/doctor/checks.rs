//! The checks of credentials and settings, in the order in which a call needs them.

use std::net::{IpAddr, TcpListener};

use chrono::{DateTime, Utc};
use opp_ergonomic::raw::reqwest::Url;
use opp_ergonomic::{ApiScope, DirectoryFilter, Error, Identity, PsuContext, Scope, TokenError};

use super::{Finding, hosts};
use crate::connect::Connection;

/// A certificate is best renewed before it comes to this.
const SOON_DAYS: i64 = 30;

/// The parts of the API that are tried where the profile names none.
const USUAL: [ApiScope; 3] = [ApiScope::AspspInformation, ApiScope::AccountInformation, ApiScope::PaymentInitiation];

pub(super) async fn all(connection: &Connection) -> Vec<Finding> {
    let mut findings = hosts::look(&connection.auth, &connection.api).await;
    findings.push(certificate(connection));
    let scopes = scopes(connection).await;
    let credentials = credentials(&scopes);
    let is_known = credentials.is_known();
    findings.push(credentials.finding);
    if is_known {
        findings.extend(scopes.into_iter().map(|(scope, answer)| granted(&scope, answer)));
        findings.push(directory(connection).await);
    }
    findings.push(redirect(connection.profile.redirect_uri.as_deref()));
    findings
}

fn certificate(connection: &Connection) -> Finding {
    const CHECK: &str = "client certificate";
    match connection.identity.as_ref().map(Identity::expires) {
        None => Finding::skipped(CHECK, "none is set, and only production wants one"),
        Some(None) => Finding::skipped(CHECK, "it can be read, and does not say until when it is good"),
        Some(Some(end)) => lifetime(CHECK, end, Utc::now()),
    }
}

fn lifetime(check: &str, end: DateTime<Utc>, now: DateTime<Utc>) -> Finding {
    let order = "Order the next one in the portal.";
    let (days, day) = ((end - now).num_days(), end.date_naive());
    match days {
        _ if end <= now => Finding::failed(check, format!("it has ended on {day}"), order),
        ..SOON_DAYS => Finding::ok(check, format!("{days} days left, until {day}")).with_hint(order),
        _ => Finding::ok(check, format!("{days} days left, until {day}")),
    }
}

type Answer = Result<(), TokenError>;

/// Asks for a token for each part of the API by itself.
async fn scopes(connection: &Connection) -> Vec<(Scope, Answer)> {
    let own = match connection.profile.corporate {
        Some(_) => PsuContext::Corporate,
        None => PsuContext::Private,
    };
    let named = connection.profile.apis.as_ref().map(|apis| apis.iter().map(|api| ApiScope::read(api)).collect());
    let mut answers = Vec::new();
    for api in named.unwrap_or_else(|| USUAL.to_vec()) {
        // There are no private accounts behind it.
        let context = if api == ApiScope::BankgiroInformation { PsuContext::Corporate } else { own };
        let scope = Scope::new(context, [api]);
        let token = connection.client.tokens().token(&scope).await;
        answers.push((scope, token.map(drop)));
    }
    answers
}

/// What the answers for single scopes say of the credentials.
struct Credentials {
    finding: Finding,
    known: bool,
}

impl Credentials {
    fn is_known(&self) -> bool {
        self.known
    }
}

fn credentials(scopes: &[(Scope, Answer)]) -> Credentials {
    const CHECK: &str = "credentials";
    let refused = |error: &&TokenError| error.code() != Some("invalid_scope");
    let errors: Vec<_> = scopes.iter().filter_map(|(_, answer)| answer.as_ref().err()).filter(refused).collect();
    match errors.first() {
        Some(error) if errors.len() == scopes.len() => Credentials {
            finding: Finding::failed(CHECK, error.to_string(), "`opp login` takes new ones from the portal."),
            known: false,
        },
        _ => Credentials { finding: Finding::ok(CHECK, "the auth host knows them"), known: true },
    }
}

fn granted(scope: &Scope, answer: Answer) -> Finding {
    let check = format!("scope {}", scope.as_str());
    match answer {
        Ok(()) => Finding::ok(check, "granted"),
        Err(error) if error.code() == Some("invalid_scope") => Finding::failed(
            check,
            "not granted",
            "Activate this product for the application in the portal, or leave it out with `opp login --apis`.",
        ),
        Err(error) => {
            Finding::failed(check, error.to_string(), "Try again; if it stays so, ask the platform's support.")
        }
    }
}

/// One call with everything: token, certificate, headers.
async fn directory(connection: &Connection) -> Finding {
    const CHECK: &str = "call of the API";
    let answer = connection.client.banks().list(&DirectoryFilter::all()).await;
    match answer {
        Ok(banks) => Finding::ok(CHECK, format!("{} banks in the directory", banks.len())),
        Err(error) => {
            let hint = hint(&error);
            Finding::failed(CHECK, error.to_string(), hint)
        }
    }
}

fn hint(error: &Error) -> &'static str {
    if error.token().is_some() {
        "All scopes are asked for at once: leave out with `opp login --apis` what is not granted."
    } else if error.is_connect() {
        "Look at the network, a proxy in between, and the certificate."
    } else if error.needs_different_scope() {
        "Activate the product aspspinformation for the application in the portal."
    } else {
        "Try again with -v to see the calls; the X-Request-ID is what the platform's support asks for."
    }
}

/// Whether somebody who comes back from a bank's page would be heard.
fn redirect(uri: Option<&str>) -> Finding {
    const CHECK: &str = "redirect address";
    const PORTAL: &str = "Whether it is registered, only the portal shows: it has to stand there letter by letter.";
    let Some(uri) = uri else {
        return Finding::skipped(CHECK, "none is set: any free port of this machine is taken")
            .with_hint("The platform takes registered addresses only: set one with `opp login --redirect-uri`.");
    };
    let Ok(url) = Url::parse(uri) else {
        return Finding::failed(CHECK, "it is no address", "Set another with `opp login --redirect-uri`.");
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let ip = if host == "localhost" { "127.0.0.1" } else { host };
    let Some(ip) = ip.parse::<IpAddr>().ok().filter(IpAddr::is_loopback).filter(|_| url.scheme() == "http") else {
        return Finding::ok(CHECK, "not on this machine: the address is pasted when a user has come back")
            .with_hint(PORTAL);
    };
    match TcpListener::bind((ip, url.port_or_known_default().unwrap_or_default())) {
        Ok(_) => Finding::ok(CHECK, "on this machine, and its port is free").with_hint(PORTAL),
        Err(error) => Finding::failed(
            CHECK,
            format!("nobody can be heard there: {error}"),
            "End what listens at its port, or register another and set it with `opp login --redirect-uri`.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_certificate_that_has_ended_fails_and_one_that_ends_soon_has_a_hint() {
        let now = Utc::now();
        let after = |days| lifetime("x", now + TimeDelta::days(days) + TimeDelta::hours(1), now);
        assert_eq!(after(-2).result, Verdict::Failed);
        assert_eq!((after(3).result, after(3).hint.is_some()), (Verdict::Ok, true));
        assert_eq!((after(300).result, after(300).hint), (Verdict::Ok, None));
    }

    #[test]
    fn a_redirect_address_that_nobody_can_listen_at_fails() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/callback", taken.local_addr().unwrap());
        assert_eq!(redirect(Some(&uri)).result, Verdict::Failed);
        drop(taken);
        assert_eq!(redirect(Some(&uri)).result, Verdict::Ok);
        assert_eq!(redirect(Some("https://shop.example/back")).result, Verdict::Ok);
        assert_eq!(redirect(Some("nowhere")).result, Verdict::Failed);
    }
}
