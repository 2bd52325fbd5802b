//! The rules of scopes (platform-facts 2): at least one API scope, and one customer context.

use crate::document::Service;
use crate::model::entities::Context;

pub(crate) const API: [&str; 4] =
    ["aspspinformation", "accountinformation", "paymentinitiation", "bankgiroinformation"];
pub(crate) const CONTEXTS: [&str; 2] = ["private", "corporate"];

/// Reads a `scope` parameter; the error is a sentence for `error_description`.
pub(crate) fn parse(text: &str) -> Result<(Vec<String>, Context), String> {
    let mut scopes: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    if let Some(unknown) =
        scopes.iter().find(|scope| !API.contains(&scope.as_str()) && !CONTEXTS.contains(&scope.as_str()))
    {
        return Err(format!("there is no scope {unknown}"));
    }
    let has = |name: &str| scopes.iter().any(|scope| scope == name);
    if !API.iter().any(|scope| has(scope)) {
        return Err(format!("name at least one API scope: {}", API.join(", ")));
    }
    let context = match (has("private"), has("corporate")) {
        (true, false) => Context::Private,
        (false, true) => Context::Corporate,
        (false, false) => {
            return Err("name the customers' context: private or corporate".to_owned());
        }
        (true, true) => return Err("private and corporate need a token each".to_owned()),
    };
    if has("bankgiroinformation") && !(has("accountinformation") && context == Context::Corporate) {
        return Err("bankgiroinformation goes only together with accountinformation and corporate".to_owned());
    }
    Ok((scopes, context))
}

/// Scopes that open a service; any one will do. Listing banks also works with account information, which some
/// applications use for companies (platform-facts 2).
pub(crate) fn opening(service: Service) -> &'static [&'static str] {
    match service {
        Service::Directory => &["aspspinformation", "accountinformation"],
        Service::Consents | Service::Accounts => &["accountinformation"],
        Service::Payments => &["paymentinitiation"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_scopes_does_not_matter() {
        assert_eq!(parse("private accountinformation"), parse("accountinformation private"));
    }

    #[test]
    fn a_scope_without_context_is_refused() {
        assert!(parse("accountinformation").is_err());
    }

    #[test]
    fn one_token_serves_one_context() {
        assert!(parse("accountinformation private corporate").is_err());
    }
}
