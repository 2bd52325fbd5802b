//! What each bank wants beyond the document, as data: of the headers of calls, and of orders. What lacks it is refused
//! before it is sent, with the bank's rule: the bank itself would only say `FORMAT_ERROR`, or nothing.

use opp_raw::reqwest::header::HeaderMap;
use opp_raw::types::{AccountReferenceWithGiro, PaymentInitiationJson};
use opp_raw::{Invalid, Operation};

use crate::services::PaymentProduct;
use crate::token::PsuContext;

/// One thing that banks want.
struct Rule {
    /// The first eight characters of their BICs.
    banks: &'static [&'static str],
    wants: Want,
    /// What the message says.
    says: &'static str,
}

/// What is wanted, and where.
enum Want {
    /// A header of the user, on some calls.
    Header { name: &'static str, calls: Calls, context: Option<PsuContext> },
    /// Something of a transfer by one product.
    Order { product: PaymentProduct, field: &'static str, broken: fn(&PaymentInitiationJson) -> bool },
    /// The account that is debited, named in one way.
    Payer { named: fn(&AccountReferenceWithGiro) -> bool },
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

/// All banks: their BICs begin with nothing in common.
const ALL_BANKS: &[&str] = &[""];

/// Sources: platform-facts 3 for the headers that all banks want, 9.3 for the IBANs of SEPA, and with it of the Finnish
/// banks; 12 for how SWEDSESS names a payer, as the vendor's samples do; 11 for all others.
const RULES: &[Rule] = &[
    Rule {
        banks: ALL_BANKS,
        wants: Want::Header { name: "PSU-IP-Address", calls: Calls::Payment, context: None },
        says: "is missing: a payment needs the address of its user at every bank; set Psu::ip",
    },
    Rule {
        banks: ALL_BANKS,
        wants: Want::Header { name: "PSU-Corporate-ID", calls: Calls::Create, context: Some(PsuContext::Corporate) },
        says: "is missing: a company needs its number, at ESSESESS that of its agreement; use Psu::corporate",
    },
    Rule {
        banks: ALL_BANKS,
        wants: Want::Order {
            product: PaymentProduct::SepaCreditTransfers,
            field: "creditorAccount.iban",
            broken: |body| creditor_iban(body).is_empty(),
        },
        says: "is missing: a SEPA credit transfer goes to an IBAN; use Iban",
    },
    Rule {
        banks: &["ESSESESS"],
        wants: Want::Order {
            product: PaymentProduct::Domestic,
            field: "creditorAccount.iban",
            broken: |body| creditor_iban(body).is_empty(),
        },
        says: "is missing: ESSESESS wants the payee by IBAN, as the payer; use Iban",
    },
    Rule {
        banks: &["ESSESESS", "SWEDSESS", "NDEAFIHH", "OKOYFIHH"],
        wants: Want::Payer { named: |account| account.iban.is_some() },
        says: "is not named as this bank wants it: use Iban",
    },
    Rule {
        banks: &["HANDSESS"],
        wants: Want::Payer { named: is_bban_alone },
        says: "is not named as this bank wants it: use Bban alone, without a clearing number",
    },
    Rule {
        // Of its British accounts that is known, which are those of its sandbox, and of no others.
        banks: &["DABASESX"],
        wants: Want::Payer {
            named: |account| {
                is_bban_alone(account) || account.iban.as_ref().is_some_and(|iban| !iban.as_str().starts_with("GB"))
            },
        },
        says: "is not named as this bank wants it: use Bban alone, without a clearing number, for a British account",
    },
    Rule {
        banks: &["NDEASESS"],
        wants: Want::Payer { named: |account| account.bban.is_some() || account.plusgiro_number.is_some() },
        says: "is not named as this bank wants it: use Bban, or for a company Plusgiro",
    },
    Rule {
        banks: &["HANDSESS"],
        wants: Want::Header { name: "PSU-IP-Address", calls: Calls::Attended, context: None },
        says: "is missing: HANDSESS wants it on account, status and authorisation calls; set Psu::ip if the user is there",
    },
    Rule {
        banks: &["HANDSESS"],
        wants: Want::Order {
            product: PaymentProduct::Domestic,
            field: "creditorAccount.clearingNumber",
            broken: |body| body.creditor_account.as_ref().is_some_and(|account| account.clearing_number.is_none()),
        },
        says: "is missing: HANDSESS wants the payee by clearing number and BBAN, each apart; use (Clearing, Bban)",
    },
    Rule {
        banks: &["SWEDSESS"],
        wants: Want::Header { name: "PSU-IP-Address", calls: Calls::Create, context: None },
        says: "is missing: SWEDSESS wants it when a consent or payment is created; set Psu::ip",
    },
    Rule {
        banks: &["SWEDSESS"],
        wants: Want::Header { name: "PSU-User-Agent", calls: Calls::Create, context: None },
        says: "is missing: SWEDSESS wants it when a consent or payment is created; set Psu::user_agent",
    },
    Rule {
        banks: &["SWEDSESS"],
        wants: Want::Header { name: "PSU-ID", calls: Calls::Create, context: None },
        says: "is missing: SWEDSESS takes any value but wants one; set Psu::id",
    },
    Rule {
        banks: &["SWEDSESS"],
        wants: Want::Order {
            product: PaymentProduct::Domestic,
            field: "remittanceInformationUnstructured",
            broken: too_long,
        },
        says: "is longer than SWEDSESS hands on: 35 characters if Transfer::creditor_bank says SWEDSESS, else 10",
    },
    Rule {
        banks: &["OKOYFIHH"],
        wants: Want::Order {
            product: PaymentProduct::SepaCreditTransfers,
            field: "creditorAddress",
            broken: |body| body.creditor_address.is_none() && !creditor_iban(body).starts_with("FI"),
        },
        says: "is missing: OKOYFIHH wants it of every payee outside Finland; use Transfer::creditor_address",
    },
];

fn is_bban_alone(account: &AccountReferenceWithGiro) -> bool {
    account.bban.is_some() && account.clearing_number.is_none()
}

fn creditor_iban(body: &PaymentInitiationJson) -> &str {
    body.creditor_account.as_ref().and_then(|account| account.iban.as_ref()).map_or("", |iban| iban.as_str())
}

/// The characters of the message that are handed on: fewer to another bank.
fn too_long(body: &PaymentInitiationJson) -> bool {
    let text = body.remittance_information_unstructured.as_ref().map_or("", |text| text.as_str());
    let same_bank = body.creditor_agent.as_ref().is_some_and(|agent| agent.as_str().starts_with("SWEDSESS"));
    text.chars().count() > if same_bank { 35 } else { 10 }
}

/// The first rule of a bank that is broken: `broken` names the field, where it is.
fn hold(bic: &str, broken: impl Fn(&Want) -> Option<&'static str>) -> Result<(), Invalid> {
    let mut rules = RULES.iter().filter(|rule| rule.banks.iter().any(|bank| bic.starts_with(bank)));
    match rules.find_map(|rule| Some((broken(&rule.wants)?, rule.says))) {
        Some((field, says)) => Err(Invalid::new(says).within(field)),
        None => Ok(()),
    }
}

/// Refuses a call that lacks a header which its bank wants.
pub(crate) fn check_headers(operation: &Operation, in_context: PsuContext, headers: &HeaderMap) -> Result<(), Invalid> {
    let Some(bic) = headers.get("x-bicfi").and_then(|value| value.to_str().ok()) else { return Ok(()) };
    hold(bic, |want| match want {
        Want::Header { name, calls, context } => {
            let concerned = context.is_none_or(|only| only == in_context) && calls.include(operation);
            (concerned && !headers.contains_key(*name)).then_some(*name)
        }
        _ => None,
    })
}

/// Refuses a transfer that its bank would refuse.
pub(crate) fn check_order(bic: &str, by: &PaymentProduct, body: &PaymentInitiationJson) -> Result<(), Invalid> {
    hold(bic, |want| match want {
        Want::Order { product, field, broken } => (product == by && broken(body)).then_some(*field),
        _ => None,
    })
}

/// Refuses a payer that is named otherwise than its bank does.
pub(crate) fn check_payer(bic: &str, payer: &AccountReferenceWithGiro) -> Result<(), Invalid> {
    hold(bic, |want| match want {
        Want::Payer { named } => (!named(payer)).then_some("debtorAccount"),
        _ => None,
    })
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
            let refusal = check_headers(operation, PsuContext::Private, &without).unwrap_err().to_string();
            assert!(refusal.contains("PSU-IP-Address") && refusal.contains("HANDSESS"), "{refusal}");
            assert!(check_headers(operation, PsuContext::Private, &with).is_ok());
        }
        assert!(check_headers(&GET_CONSENT_INFORMATION, PsuContext::Private, &without).is_ok());
    }

    #[test]
    fn each_rule_can_be_kept_and_broken() {
        for rule in RULES {
            let Want::Header { name, calls, context } = &rule.wants else { continue };
            let bank = rule.banks.iter().find(|bank| !bank.is_empty()).unwrap_or(&"ESSESESS");
            let context = context.unwrap_or(PsuContext::Private);
            let all = ["PSU-IP-Address", "PSU-Corporate-ID", "PSU-User-Agent", "PSU-ID"];
            let mut told: HeaderMap = all.iter().map(|name| (name.parse().unwrap(), "x".parse().unwrap())).collect();
            told.insert("x-bicfi", bank.parse().unwrap());
            assert!(all.contains(name), "{name} is no header of the user");
            for operation in ALL.iter().filter(|operation| calls.include(operation)) {
                assert!(check_headers(operation, context, &told).is_ok(), "{}", operation.id);
                let declared = operation.required_headers.iter().chain(operation.optional_headers);
                assert!(declared.into_iter().any(|known| known == name), "{} takes no {name}", operation.id);
            }
            told.remove(*name);
            assert!(
                ALL.iter().any(|operation| check_headers(operation, context, &told).is_err()),
                "{} never tells",
                rule.says
            );
        }
    }

    #[test]
    fn a_company_needs_its_number() {
        let headers = headers(&[("x-bicfi", "ESSESESS")]);
        assert!(check_headers(&CREATE_CONSENT, PsuContext::Private, &headers).is_ok());
        assert!(check_headers(&CREATE_CONSENT, PsuContext::Corporate, &headers).is_err());
    }
}
