//! What a bank wants of an order beyond the document (platform-facts 9.3 and 11), as data.

use opp_raw::Invalid;
use opp_raw::types::{AccountReferenceWithGiro, PaymentInitiationJson};

use crate::services::PaymentProduct;

/// One thing that a bank wants of a product.
struct Rule {
    /// The first eight characters of the BIC; empty for all banks.
    bank: &'static str,
    product: PaymentProduct,
    field: &'static str,
    broken: fn(&PaymentInitiationJson) -> bool,
    /// What the message says.
    says: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        bank: "",
        product: PaymentProduct::SepaCreditTransfers,
        field: "creditorAccount.iban",
        broken: |body| creditor_iban(body).is_empty(),
        says: "is missing: a SEPA credit transfer goes to an IBAN; use Iban",
    },
    Rule {
        bank: "HANDSESS",
        product: PaymentProduct::Domestic,
        field: "creditorAccount.clearingNumber",
        broken: |body| body.creditor_account.as_ref().is_some_and(|account| account.clearing_number.is_none()),
        says: "is missing: HANDSESS wants the payee by clearing number and BBAN, each apart; use (Clearing, Bban)",
    },
    Rule {
        bank: "SWEDSESS",
        product: PaymentProduct::Domestic,
        field: "remittanceInformationUnstructured",
        broken: too_long,
        says: "is longer than SWEDSESS hands on: 35 characters if Transfer::creditor_bank says SWEDSESS, else 10",
    },
    Rule {
        bank: "OKOYFIHH",
        product: PaymentProduct::SepaCreditTransfers,
        field: "creditorAddress",
        broken: |body| body.creditor_address.is_none() && !creditor_iban(body).starts_with("FI"),
        says: "is missing: OKOYFIHH wants it of every payee outside Finland; use Transfer::creditor_address",
    },
];

/// How a bank names the account that is debited.
struct Payer {
    banks: &'static [&'static str],
    named: fn(&AccountReferenceWithGiro) -> bool,
    says: &'static str,
}

const PAYERS: &[Payer] = &[
    Payer {
        banks: &["ESSESESS", "SWEDSESS", "NDEAFIHH", "OKOYFIHH"],
        named: |account| account.iban.is_some(),
        says: "is not named as this bank wants it: use Iban",
    },
    Payer {
        banks: &["HANDSESS", "DABASESX"],
        named: |account| account.bban.is_some() && account.clearing_number.is_none(),
        says: "is not named as this bank wants it: use Bban alone, without a clearing number",
    },
    Payer {
        banks: &["NDEASESS"],
        named: |account| account.bban.is_some() || account.plusgiro_number.is_some(),
        says: "is not named as this bank wants it: use Bban, or for a company Plusgiro",
    },
];

/// Refuses a payer that is named otherwise than the bank does.
pub(in crate::services) fn check_payer(bic: &str, payer: &AccountReferenceWithGiro) -> Result<(), Invalid> {
    let known = PAYERS.iter().find(|rule| rule.banks.iter().any(|bank| bic.starts_with(bank)));
    match known.filter(|rule| !(rule.named)(payer)) {
        Some(rule) => Err(Invalid::new(rule.says).within("debtorAccount")),
        None => Ok(()),
    }
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

/// The references of a SEPA credit transfer: one of them, and in no other (platform-facts 9.3).
fn check_references(product: &PaymentProduct, body: &PaymentInitiationJson) -> Result<(), Invalid> {
    let says = match (product, &body.invoice_ref, &body.ocr_ref) {
        (_, None, None)
        | (PaymentProduct::SepaCreditTransfers, Some(_), None)
        | (PaymentProduct::SepaCreditTransfers, None, Some(_)) => return Ok(()),
        (PaymentProduct::SepaCreditTransfers, ..) => "cannot stand beside ocrRef: one of them says what is paid",
        _ => "is for SEPA credit transfers: use Transfer::message",
    };
    Err(Invalid::new(says).within(if body.invoice_ref.is_some() { "invoiceRef" } else { "ocrRef" }))
}

/// Refuses a transfer that its bank would refuse.
pub(super) fn check(bic: &str, product: &PaymentProduct, body: &PaymentInitiationJson) -> Result<(), Invalid> {
    check_references(product, body)?;
    let broken = |rule: &&Rule| bic.starts_with(rule.bank) && rule.product == *product && (rule.broken)(body);
    match RULES.iter().find(broken) {
        Some(rule) => Err(Invalid::new(rule.says).within(rule.field)),
        None => Ok(()),
    }
}
