//! The checks of the two hosts, from outside: names, TLS, and what their clocks say.

use std::error::Error as StdError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use opp_ergonomic::raw::reqwest::header::DATE;
use opp_ergonomic::raw::reqwest::redirect::Policy;
use opp_ergonomic::raw::reqwest::{self, Url};

use super::Finding;

/// How long a host may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far two clocks may be apart: tokens and codes are good for minutes.
const APART_SECONDS: i64 = 60;

/// Looks at both hosts. What the API host says behind its certificate, a call of the API finds out.
pub(super) async fn look(auth: &str, api: &str) -> Vec<Finding> {
    let mut findings = vec![name("auth host", auth).await, name("API host", api).await];
    match ask(auth).await {
        Ok(answer) => {
            let secure =
                if answer.url().scheme() == "https" { "TLS works" } else { "plain HTTP, to this very machine" };
            findings.push(Finding::ok("TLS of the auth host", secure));
            let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
            findings.push(clock(date, Utc::now()));
        }
        Err(error) => {
            findings.push(Finding::failed(
                "TLS of the auth host",
                innermost(&error),
                "Look at the network, a proxy in between, and the authorities that this machine trusts.",
            ));
            findings.push(Finding::skipped("clock", "the auth host has not told the time"));
        }
    }
    findings
}

async fn ask(host: &str) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).build()?;
    client.get(host).send().await
}

/// Whether a name is one that the network knows.
async fn name(check: &str, address: &str) -> Finding {
    let check = format!("name of the {check}");
    let url = Url::parse(address).ok();
    let parts = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let Some((host, port)) = parts else {
        return Finding::failed(check, format!("{address} is no address"), "Set another with `opp login`.");
    };
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.trim_matches(['[', ']']), port))).await;
    match found.map(|found| found.map(Iterator::count)) {
        Ok(Ok(1..)) => Finding::ok(check, host),
        Ok(Ok(0)) => Finding::failed(check, format!("{host} has no address"), "Look at the name and at DNS."),
        Ok(Err(error)) => Finding::failed(check, format!("{host}: {error}"), "Look at the name and at DNS."),
        Err(_) => Finding::failed(check, format!("{host}: no answer from DNS"), "Look at DNS and at the network."),
    }
}

/// How far this machine's clock is from the host's.
fn clock(date: Option<&str>, now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "clock";
    let Some(theirs) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return Finding::skipped(CHECK, "the auth host has not told the time");
    };
    let ahead = (now - theirs.to_utc()).num_seconds();
    let found = match ahead {
        -1..=1 => "as the auth host's".to_owned(),
        2.. => format!("{ahead} s ahead of the auth host's"),
        _ => format!("{} s behind the auth host's", -ahead),
    };
    if ahead.abs() <= APART_SECONDS {
        Finding::ok(CHECK, found)
    } else {
        Finding::failed(CHECK, found, "Let the machine set its clock by NTP.")
    }
}

/// The cause behind all others: the one that says something.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_clock_may_be_a_minute_off_and_no_more() {
        let now = DateTime::parse_from_rfc3339("2026-05-01T12:00:00Z").unwrap().to_utc();
        let told = |date| clock(Some(date), now);
        assert_eq!(told("Fri, 01 May 2026 12:00:01 GMT").found, "as the auth host's");
        assert_eq!(told("Fri, 01 May 2026 11:59:20 GMT").result, Verdict::Ok);
        let wrong = told("Fri, 01 May 2026 12:05:00 GMT");
        assert_eq!((wrong.result, wrong.found.as_str()), (Verdict::Failed, "300 s behind the auth host's"));
        assert_eq!(told("today").result, Verdict::Skipped);
    }

    #[tokio::test]
    async fn a_host_that_is_not_there_fails_by_name() {
        let findings = look("http://127.0.0.1:1", "http://[::1]:1").await;
        let results: Vec<_> = findings.iter().map(|finding| finding.result).collect();
        assert_eq!(results, [Verdict::Ok, Verdict::Ok, Verdict::Failed, Verdict::Skipped]);
    }
}
