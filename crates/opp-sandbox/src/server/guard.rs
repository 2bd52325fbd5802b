//! Who may speak to a sandbox at all. It listens on the machine of a developer whose browser visits strange pages: a
//! page can make the browser send requests here, and by DNS rebinding even read the answers, but then the request
//! says so in `Host` or `Origin`.

use std::net::IpAddr;

use http::StatusCode;
use http::uri::Authority;

use super::problem::Problem;
use super::wire::Request;

/// Refuses a request that was meant for another host.
pub(super) fn check_host(authority: Option<&str>, known: &[String]) -> Result<(), Problem> {
    let Some(text) = authority else {
        return Err(Problem::format("Host", "header Host is missing"));
    };
    let Ok(authority) = text.parse::<Authority>() else {
        return Err(Problem::format("Host", "header Host is no host"));
    };
    if is_ours(authority.host(), known) {
        return Ok(());
    }
    let text = format!("header Host: this sandbox is not {text}; --host-name gives it a name");
    Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "FORMAT_ERROR", text).at("Host"))
}

/// Refuses what a page of another site made a browser send. An address is no proof here: a page can be served from one.
pub(super) fn check_origin(request: &Request, known: &[String]) -> Result<(), Problem> {
    let Some(origin) = request.header("origin") else {
        return Ok(());
    };
    let host = |text: &str| Some(plain(text.parse::<Authority>().ok()?.host()));
    let theirs = origin.split_once("://").and_then(|(_, rest)| host(rest));
    let ours = request.header("host").and_then(host);
    let at_home = |host: &String| host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if theirs.is_some_and(|host| at_home(&host) || is_named(&host, known) || ours.as_ref() == Some(&host)) {
        return Ok(());
    }
    Err(Problem::forbidden("SERVICE_BLOCKED", "no page of another site may use this").at("Origin"))
}

/// An address cannot be rebound, only a name can.
fn is_ours(host: &str, known: &[String]) -> bool {
    let host = plain(host);
    host.parse::<IpAddr>().is_ok() || is_named(&host, known)
}

fn plain(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

fn is_named(host: &str, known: &[String]) -> bool {
    host == "localhost" || host.ends_with(".localhost") || known.iter().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_the_machine_itself_are_welcome() {
        for host in ["127.0.0.1:8080", "[::1]:8080", "localhost", "LOCALHOST:1", "bank.localhost:80", "192.0.2.1"] {
            assert!(check_host(Some(host), &[]).is_ok(), "{host}");
        }
    }

    #[test]
    fn a_rebound_name_is_refused_unless_it_was_given() {
        assert!(check_host(Some("evil.example:8080"), &[]).is_err());
        assert!(check_host(Some("localhost.evil.example"), &[]).is_err());
        assert!(check_host(Some("127.0.0.1.evil.example"), &[]).is_err());
        assert!(check_host(None, &[]).is_err());
        assert!(check_host(Some("sandbox:8080"), &["sandbox".to_owned()]).is_ok());
    }
}
