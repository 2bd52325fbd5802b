//! What each bank needs beyond the document, as data. A call that lacks it is refused before it is sent, with the
//! bank's rule: the bank itself would only say `FORMAT_ERROR`, or nothing.

use opp_raw::reqwest::header::HeaderMap;
use opp_raw::{Invalid, Operation};

use crate::token::PsuContext;

/// One thing that a bank needs.
struct Rule {
    /// The first eight characters of the BIC; empty for all banks.
    bank: &'static str,
    context: Option<PsuContext>,
    calls: Calls,
    header: &'static str,
    /// What the message says.
    says: &'static str,
}

enum Calls {
    /// Those that create a consent or a payment.
    Create,
    /// All that read accounts, read a status, or belong to an authorisation.
    Attended,
    Payment,
}

impl Calls {
    fn include(&self, operation: &Operation) -> bool {
        match self {
            Self::Create => matches!(operation.id, "createConsent" | "initiatePayment"),
            Self::Payment => operation.id == "initiatePayment",
            Self::Attended => {
                let path = operation.path;
                ["/accountinformation/", "uthorisation", "/cancellation-", "/status"]
                    .iter()
                    .any(|part| path.contains(part))
            }
        }
    }
}

/// Sources: platform-facts 3 for the first two, 11 for the others.
const RULES: &[Rule] = &[
    Rule {
        bank: "",
        context: None,
        calls: Calls::Payment,
        header: "PSU-IP-Address",
        says: "is missing: a payment needs the address of its user at every bank; set Psu::ip",
    },
    Rule {
        bank: "",
        context: Some(PsuContext::Corporate),
        calls: Calls::Create,
        header: "PSU-Corporate-ID",
        says: "is missing: a company needs its number, at ESSESESS that of its agreement; use Psu::corporate",
    },
    Rule {
        bank: "HANDSESS",
        context: None,
        calls: Calls::Attended,
        header: "PSU-IP-Address",
        says: "is missing: HANDSESS wants it on account, status and authorisation calls; set Psu::ip",
    },
    Rule {
        bank: "SWEDSESS",
        context: None,
        calls: Calls::Create,
        header: "PSU-IP-Address",
        says: "is missing: SWEDSESS wants it when a consent or payment is created; set Psu::ip",
    },
    Rule {
        bank: "SWEDSESS",
        context: None,
        calls: Calls::Create,
        header: "PSU-User-Agent",
        says: "is missing: SWEDSESS wants it when a consent or payment is created; set Psu::user_agent",
    },
    Rule {
        bank: "SWEDSESS",
        context: None,
        calls: Calls::Create,
        header: "PSU-ID",
        says: "is missing: SWEDSESS takes any value but wants one; set Psu::id",
    },
];

/// Refuses a call that lacks what its bank needs.
pub(crate) fn check(operation: &Operation, context: PsuContext, headers: &HeaderMap) -> Result<(), Invalid> {
    let Some(bank) = headers.get("x-bicfi").and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let broken = RULES.iter().find(|rule| {
        bank.starts_with(rule.bank)
            && rule.context.is_none_or(|only| only == context)
            && rule.calls.include(operation)
            && !headers.contains_key(rule.header)
    });
    match broken {
        Some(rule) => Err(Invalid::new(rule.says).within(rule.header)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use opp_raw::operations::{ALL, CREATE_CONSENT, GET_ACCOUNT_LIST, GET_CONSENT_INFORMATION, GET_CONSENT_STATUS};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn handsess_wants_an_address_where_it_says_so() {
        let without = headers(&[("x-bicfi", "HANDSESS")]);
        let with = headers(&[("x-bicfi", "HANDSESS"), ("psu-ip-address", "192.0.2.7")]);
        for operation in [&GET_ACCOUNT_LIST, &GET_CONSENT_STATUS] {
            let refusal = check(operation, PsuContext::Private, &without).unwrap_err().to_string();
            assert!(refusal.contains("PSU-IP-Address") && refusal.contains("HANDSESS"), "{refusal}");
            assert!(check(operation, PsuContext::Private, &with).is_ok());
        }
        assert!(check(&GET_CONSENT_INFORMATION, PsuContext::Private, &without).is_ok());
    }

    #[test]
    fn each_rule_can_be_kept_and_broken() {
        for rule in RULES {
            let bank = if rule.bank.is_empty() { "ESSESESS" } else { rule.bank };
            let context = rule.context.unwrap_or(PsuContext::Private);
            let all = ["PSU-IP-Address", "PSU-Corporate-ID", "PSU-User-Agent", "PSU-ID"];
            let mut told: HeaderMap = all.iter().map(|name| (name.parse().unwrap(), "x".parse().unwrap())).collect();
            told.insert("x-bicfi", bank.parse().unwrap());
            assert!(all.contains(&rule.header), "{} is no header of the user", rule.header);
            for operation in ALL.iter().filter(|operation| rule.calls.include(operation)) {
                assert!(check(operation, context, &told).is_ok(), "{}", operation.id);
                let declared = operation.required_headers.iter().chain(operation.optional_headers);
                assert!(
                    declared.into_iter().any(|name| *name == rule.header),
                    "{} takes no {}",
                    operation.id,
                    rule.header
                );
            }
            told.remove(rule.header);
            assert!(ALL.iter().any(|operation| check(operation, context, &told).is_err()), "{} never tells", rule.says);
        }
    }

    #[test]
    fn a_company_needs_its_number() {
        let headers = headers(&[("x-bicfi", "ESSESESS")]);
        assert!(check(&CREATE_CONSENT, PsuContext::Private, &headers).is_ok());
        assert!(check(&CREATE_CONSENT, PsuContext::Corporate, &headers).is_err());
    }
}
