//! What a bank asks of an order beyond the document: `data/products.toml` says what, here is how it is checked
//! (platform-facts 9.3 and 11).

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::{creditor, standing, transfers};
use crate::model::accounts::{Account, debtor};
use crate::model::banks::Bank;
use crate::model::clock;
use crate::model::entities::Holder;
use crate::model::numbers::{self, has_check_digit, is_iban};
use crate::model::products::{Products, Rule};
use crate::server::problem::Problem;

/// Elements of a bulk order that a bank takes.
const MOST_ELEMENTS: usize = 1_000;

/// How far ahead an order may lie.
const FARTHEST: TimeDelta = TimeDelta::days(5 * 365);

/// Where a bulk order may name a moment instead of a day.
const TIME: &str = "requestedExecutionTime";

/// An order with what it has to be held against.
pub(super) struct Check<'a> {
    pub(super) seed: u64,
    pub(super) products: &'a Products,
    pub(super) bank: &'a Bank,
    pub(super) holder: &'a Holder,
    pub(super) service: &'a str,
    pub(super) product: &'a str,
    pub(super) order: &'a Value,
    pub(super) today: NaiveDate,
}

impl Check<'_> {
    /// Finds the first thing that is wrong; gives the warnings that go with a good order.
    pub(super) fn run(&self) -> Result<Vec<Value>, Problem> {
        let unknown = |text: String| {
            let problem = Problem::new(http::StatusCode::NOT_FOUND, "PRODUCT_UNKNOWN", text);
            Err(problem.at("payment-product"))
        };
        let rule = self.products.rule(&self.bank.bic, self.product);
        let Some(rule) = rule.filter(|_| self.bank.products.iter().any(|known| known == self.product)) else {
            return unknown(format!("{} offers these products: {}", self.bank.bic, self.bank.products.join(", ")));
        };
        if rule.single_only && self.service != "payments" {
            return unknown(format!("{} is for single payments only", self.product));
        }
        self.check_days()?;
        let account = self.check_debtor(rule)?;
        let list = transfers(self.order);
        if list.is_empty() || list.len() > MOST_ELEMENTS {
            let text = format!("a bulk order holds 1 to {MOST_ELEMENTS} payments, this one {}", list.len());
            return Err(Problem::format("/payments", text));
        }
        let bulk = self.order["payments"].is_array();
        let mut warnings = Vec::new();
        for (index, transfer) in list.iter().enumerate() {
            let at = if bulk { format!("/payments/{index}") } else { String::new() };
            self.check_transfer(rule, &account, transfer, &at)?;
            warnings.extend(self.warning(transfer, &at));
        }
        Ok(warnings)
    }

    fn check_days(&self) -> Result<(), Problem> {
        let order = self.order;
        let invalid =
            |name: &str, text: String| Err(Problem::bad_request("EXECUTION_DATE_INVALID", text).at(format!("/{name}")));
        for name in ["requestedExecutionDate", TIME, "startDate"] {
            let Some(text) = order[name].as_str() else { continue };
            let date = if name == TIME { text.get(..10).unwrap_or(text) } else { text };
            match clock::day(date) {
                None => return invalid(name, format!("{name} \"{text}\" is no date")),
                Some(day) if day < self.today => {
                    return invalid(name, format!("{name} {day} lies in the past; today is {}", self.today));
                }
                Some(day) if day - self.today > FARTHEST => {
                    return invalid(name, format!("{name} {day} lies too far ahead"));
                }
                Some(_) => {}
            }
        }
        if self.service != "periodic-payments" {
            return Ok(());
        }
        // What came as multipart has passed no schema.
        let known = ["startDate", "frequency"].iter().find(|name| !order[**name].is_string());
        if let Some(name) = known {
            return Err(Problem::format(format!("/{name}"), format!("{name} is missing")));
        }
        let Some(standing) = standing::Standing::of(order) else {
            return Err(Problem::format("/frequency", "frequency, executionRule or dayOfExecution make no sense"));
        };
        if standing.nth(0).is_none() {
            return invalid("endDate", "endDate leaves no day to execute on".to_owned());
        }
        Ok(())
    }

    fn check_debtor(&self, rule: &Rule) -> Result<Account, Problem> {
        let reference = &self.order["debtorAccount"];
        let keys = rule.debtor(self.holder.context);
        let takes = || {
            let text = format!("{} names the debtor of {} by {}", self.bank.bic, self.product, keys.join(" or "));
            Problem::format("/debtorAccount", text)
        };
        let key = keys.iter().find(|key| reference[key.as_str()].is_string()).ok_or_else(takes)?;
        let account = debtor(self.seed, self.bank, self.holder, &json!({ key: reference[key] }));
        let account = account.ok_or_else(|| {
            let own = crate::model::accounts::of(self.seed, self.bank, self.holder);
            let own: Vec<_> = own.iter().filter_map(|account| account.named_by(key)).collect();
            let text = format!("this customer has no account {}; theirs are {}", reference[key], own.join(", "));
            Problem::bad_request("RESOURCE_UNKNOWN", text).at(format!("/debtorAccount/{key}"))
        })?;
        if rule.creditor_clearing && reference["clearingNumber"].is_string() {
            let text = format!("{} wants the debtor's bban without clearing number", self.bank.bic);
            return Err(Problem::format("/debtorAccount/clearingNumber", text));
        }
        let currency = reference["currency"].as_str();
        if let Some(other) = currency.filter(|text| *text != account.currency) {
            let text = format!("the account is in {}, not in {other}", account.currency);
            return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at("/debtorAccount/currency"));
        }
        Ok(account)
    }

    fn check_transfer(&self, rule: &Rule, debtor: &Account, order: &Value, at: &str) -> Result<(), Problem> {
        let place = |field: &str| format!("{at}/{field}");
        let amount = order["instructedAmount"]["amount"].as_str().unwrap_or_default();
        // The document's pattern has no ends and takes anything with a digit in it.
        if numbers::amount(amount).is_none() {
            let text = format!(
                "instructedAmount/amount \"{amount}\" is no positive amount of 14 digits and two decimals at most"
            );
            return Err(Problem::format(place("instructedAmount/amount"), text));
        }
        let currency = order["instructedAmount"]["currency"].as_str().unwrap_or_default();
        if let Some(wanted) = rule.currency.as_deref().filter(|wanted| *wanted != currency) {
            let text = format!("{} at {} is in {wanted}, not in {currency}", self.product, self.bank.bic);
            return Err(Problem::bad_request("PARAMETER_NOT_CONSISTENT", text).at(place("instructedAmount/currency")));
        }
        if self.products.exchange(currency, &debtor.currencies[0], self.today).is_none() {
            let text = format!("{} does not pay in {currency}", self.bank.bic);
            return Err(Problem::bad_request("PARAMETER_NOT_SUPPORTED", text).at(place("instructedAmount/currency")));
        }
        if rule.creditor.is_empty() {
            check_giro(order, at)
        } else {
            self.check_creditor(rule, order, at)?;
            self.check_text(rule, order, at)
        }
    }

    fn check_creditor(&self, rule: &Rule, order: &Value, at: &str) -> Result<(), Problem> {
        let reference = &order["creditorAccount"];
        let Some(key) = rule.creditor.iter().find(|key| reference[key.as_str()].is_string()) else {
            let names = rule.creditor.join(" or ");
            let text = format!("{} names the creditor of {} by {names}", self.bank.bic, self.product);
            return Err(Problem::format(format!("{at}/creditorAccount"), text));
        };
        let number = reference[key].as_str().unwrap_or_default();
        // One of the numbers that the platform documents has wrong check digits (platform-facts 12).
        if key == "iban" && !is_iban(number) && !self.bank.accounts.iter().any(|known| known == number) {
            let text = format!("\"{number}\" is no IBAN: its check digits are wrong");
            return Err(Problem::format(format!("{at}/creditorAccount/iban"), text));
        }
        if rule.creditor_clearing && !reference["clearingNumber"].is_string() {
            let text = format!("{} wants the creditor's clearing number in a field of its own", self.bank.bic);
            return Err(Problem::format(format!("{at}/creditorAccount/clearingNumber"), text));
        }
        if rule.creditor_agent && !order["creditorAgent"].is_string() {
            let text = format!("{} needs the creditor's bank", self.product);
            return Err(Problem::format(format!("{at}/creditorAgent"), text));
        }
        let country = number.get(..2).unwrap_or_default();
        let abroad = rule.address_outside.as_deref().is_some_and(|home| home != country);
        if (rule.creditor_address || abroad) && !order["creditorAddress"].is_object() {
            let text = format!("{} needs the address of this creditor", self.bank.bic);
            return Err(Problem::format(format!("{at}/creditorAddress"), text));
        }
        Ok(())
    }

    fn check_text(&self, rule: &Rule, order: &Value, at: &str) -> Result<(), Problem> {
        let name = "remittanceInformationUnstructured";
        let length = order[name].as_str().unwrap_or_default().chars().count();
        let same_bank = order["creditorAgent"].as_str().is_some_and(|agent| agent.starts_with(&self.bank.bic));
        let most = match (rule.remittance, rule.remittance_elsewhere) {
            (_, Some(most)) if !same_bank => most,
            (most, _) => most.unwrap_or(140),
        };
        if length > most {
            let text =
                format!("{name} has {length} characters; {} takes {most} to this creditor's bank", self.bank.bic);
            return Err(Problem::format(format!("{at}/{name}"), text));
        }
        Ok(())
    }

    fn warning(&self, order: &Value, at: &str) -> Option<Value> {
        let account = creditor(order);
        let number =
            ["iban", "bban", "bankgiroNumber", "plusgiroNumber"].iter().find_map(|key| account[*key].as_str())?;
        self.products.is_flagged(number).then(|| {
            let text = format!("the creditor {number} is on a watch list; warn the payer before the signature");
            let path = format!("{at}/creditorAccount");
            json!({ "category": "WARNING", "code": "CREDITOR_ACCOUNT_FLAGGED", "path": path, "text": text })
        })
    }
}

fn check_giro(order: &Value, at: &str) -> Result<(), Problem> {
    let giro = order["creditorGiro"]["giroNumber"].as_str();
    // The document's pattern has no ends here, either.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let Some(number) = giro.filter(|number| digits(number) && has_check_digit(number)) else {
        let text =
            format!("giro number \"{}\" holds more than digits or has a wrong check digit", giro.unwrap_or_default());
        return Err(Problem::format(format!("{at}/creditorGiro/giroNumber"), text));
    };
    match (order["ocrRef"].as_str(), order["invoiceRef"].as_str()) {
        (Some(reference), None) if !reference.contains('-') && digits(reference) && has_check_digit(reference) => {
            Ok(())
        }
        (Some(reference), None) => {
            let text = format!("ocrRef \"{reference}\" holds more than digits or has a wrong check digit");
            Err(Problem::format(format!("{at}/ocrRef"), text))
        }
        (None, Some(text)) if text.chars().count() <= 25 => Ok(()),
        (None, Some(_)) => Err(Problem::format(format!("{at}/invoiceRef"), "invoiceRef is longer than 25 characters")),
        _ => {
            let text = format!("a payment to giro {number} needs exactly one of ocrRef and invoiceRef");
            Err(Problem::format(format!("{at}/ocrRef"), text))
        }
    }
}
