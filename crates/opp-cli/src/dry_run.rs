//! `--dry-run`: a request as a curl command that shows no secrets, instead of a request.

use std::fmt;

use opp_ergonomic::raw::reqwest::Request;
use opp_ergonomic::raw::{Error, Hook, HookFuture, Next, Operation};
use opp_ergonomic::{AccessToken, Scope, TokenFuture, TokenProvider};
use serde_json::Value;

/// The error that keeps a request back, with what is shown of it. It is a success to whoever asked for it.
pub(crate) struct OnlyShown(pub(crate) String);

impl fmt::Debug for OnlyShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnlyShown")
    }
}

impl fmt::Display for OnlyShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was only to be shown")
    }
}

impl std::error::Error for OnlyShown {}

/// Stands last before the network, and lets nothing pass.
#[derive(Debug)]
pub(crate) struct DryRun;

impl Hook for DryRun {
    fn around<'a>(&'a self, operation: &'static Operation, request: Request, _: Next<'a>) -> HookFuture<'a> {
        let shown = OnlyShown(curl(&request));
        Box::pin(async move { Err(Error::from_hook(operation, shown)) })
    }
}

/// Asks nobody for a token.
impl TokenProvider for DryRun {
    fn token<'a>(&'a self, _: &'a Scope) -> TokenFuture<'a> {
        Box::pin(async { Ok(AccessToken::new("$TOKEN")) })
    }

    fn invalidate(&self, _: &Scope, _: &AccessToken) {}
}

/// Headers that say who somebody is.
const PERSONAL: [&str; 6] =
    ["psu-id", "psu-corporate-id", "psu-authoriser-id", "psu-ip-address", "psu-geo-location", "psu-device-id"];

/// The keys of account numbers in bodies.
const NUMBERS: [&str; 9] =
    ["iban", "bban", "pan", "maskedPan", "msisdn", "accountNumber", "giroNumber", "bankgiroNumber", "plusgiroNumber"];

/// The keys of what says in bodies who somebody is, or what somebody wrote.
const TEXTS: [&str; 12] = [
    "creditorName",
    "debtorName",
    "street",
    "buildingNumber",
    "city",
    "postalCode",
    "remittanceInformationUnstructured",
    "debtorAccountMessage",
    "creditorAccountMessage",
    "endToEndIdentification",
    "ocrRef",
    "invoiceRef",
];

fn curl(request: &Request) -> String {
    let mut lines = vec![format!("curl -X {} {}", request.method(), quote(request.url().as_str()))];
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        // The shell puts a token of its own in.
        lines.push(match name.as_str() {
            "authorization" => "-H \"Authorization: Bearer $TOKEN\"".to_owned(),
            name if PERSONAL.contains(&name) => format!("-H {}", quote(&format!("{name}: [redacted]"))),
            name => format!("-H {}", quote(&format!("{name}: {value}"))),
        });
    }
    if let Some(body) = request.body().and_then(|body| body.as_bytes()) {
        lines.push(match serde_json::from_slice::<Value>(body) {
            Ok(mut json) => {
                hide(&mut json);
                format!("--data-raw {}", quote(&json.to_string()))
            }
            Err(_) if body.is_empty() => "--data-raw ''".to_owned(),
            Err(_) => format!("--data-binary @FILE # {} bytes", body.len()),
        });
    }
    lines.join(" \\\n  ")
}

/// Leaves of account numbers what tells them apart, and of names and messages nothing.
fn hide(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if NUMBERS.contains(&name.as_str()) => {
                        let end: String = text.chars().skip(text.chars().count().saturating_sub(4)).collect();
                        *text = format!("…{end}");
                    }
                    Value::String(text) if TEXTS.contains(&name.as_str()) => "[redacted]".clone_into(text),
                    other => hide(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide),
        _ => {}
    }
}

/// A word for a shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_secret_or_personal_is_shown() {
        let url = "https://bank.example/psd2/x?a=it's".parse().unwrap();
        let mut request = Request::new(opp_ergonomic::raw::reqwest::Method::POST, url);
        for (name, value) in [("authorization", "Bearer s3cret"), ("psu-id", "199311219639"), ("x-bicfi", "ESSESESS")] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        *request.body_mut() =
            Some(r#"{"creditorAccount":{"iban":"SE3750000000054400047881"},"debtorAccount":{"plusgiroNumber":"9020033"},"n":[{"bban":"1"}],"creditorName":"Anna","creditorAddress":{"city":"Bonn"}}"#.into());
        let shown = curl(&request);
        for hidden in ["s3cret", "19931121", "SE37", "9020033", "Anna", "Bonn"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("it'\\''s") || shown.contains("it%27s"), "{shown}");
        assert!(shown.contains("x-bicfi: ESSESESS") && shown.contains("…7881"), "{shown}");
    }
}
