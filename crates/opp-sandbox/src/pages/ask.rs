//! What a customer is asked for, in words: the same on the bank's page and on the phone.

use minijinja::context;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::model::entities::{Consent, Payment};
use crate::model::world::World;
use crate::sca::{Authorisation, Target};

/// The label of the debtor's account.
const FROM: &str = "From account";

/// The question.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The kind of the request.
    kind: &'static str,
    /// What the application wants to do, as the end of a sentence.
    wish: &'static str,
    amount: Option<String>,
    /// What the button says.
    verb: &'static str,
    /// Everything else, as labels and texts.
    lines: Vec<(&'static str, Vec<String>)>,
}

impl Ask {
    pub(super) fn of(world: &World, authorisation: &Authorisation) -> Option<Self> {
        let mut ask = match &authorisation.target {
            Target::Consent(id) => of_consent(world.state.consents.get(id)?),
            Target::Payment(id) => {
                let mut ask = of_payment(world.state.payments.get(id)?);
                (ask.kind, ask.wish, ask.verb) = ("Payment", "make a payment from your account", "Sign");
                ask
            }
            Target::Cancellation(id) => {
                let mut ask = of_payment(world.state.payments.get(id)?);
                (ask.kind, ask.wish, ask.verb) = ("Cancelled payment", "cancel a payment", "Sign");
                ask
            }
        };
        if let Some(company) = &authorisation.origin.holder.company {
            ask.add("On behalf of company", company.clone());
        }
        Some(ask)
    }

    /// Leaves out the debtor's account, which the customer is about to choose.
    pub(super) fn without_debtor(mut self) -> Self {
        self.lines.retain(|(label, _)| *label != FROM);
        self
    }

    /// For the templates.
    pub(super) fn value(self) -> minijinja::Value {
        context! { kind => self.kind, wish => self.wish, verb => self.verb, amount => self.amount, lines => self.lines }
    }

    fn add(&mut self, label: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.lines.push((label, vec![text]));
        }
    }
}

fn of_consent(consent: &Consent) -> Ask {
    let access = &consent.access;
    let list = |name: &str| access[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut named: Vec<String> = Vec::new();
    for account in ["accounts", "balances", "transactions"].iter().flat_map(|name| list(name)) {
        let label = account_label(account);
        if !named.contains(&label) {
            named.push(label);
        }
    }
    let parts = match access["availableAccounts"].as_str() {
        Some("allAccountsWithBalances") => vec!["account names and numbers", "balances"],
        Some(_) => vec!["account names and numbers"],
        None if named.is_empty() => vec!["account names and numbers", "balances", "transactions"],
        None => {
            let both = [("balances", "balances"), ("transactions", "transactions")];
            let more = both.iter().filter(|(name, _)| !list(name).is_empty()).map(|(_, text)| *text);
            std::iter::once("account names and numbers").chain(more).collect()
        }
    };
    let mut ask =
        Ask { kind: "Account access", wish: "read your accounts", amount: None, verb: "Approve", lines: Vec::new() };
    let named = if named.is_empty() { vec!["all your accounts".to_owned()] } else { named };
    ask.lines.push(("Accounts", named));
    ask.lines.push(("May see", parts.into_iter().map(str::to_owned).collect()));
    ask.add("Until", consent.valid_until.to_string());
    let often = match (consent.recurring, consent.frequency_per_day) {
        (false, _) => "once".to_owned(),
        (true, 1) => "when you use the application, and once a day without you".to_owned(),
        (true, times) => format!("when you use the application, and up to {times} times a day without you"),
    };
    ask.add("How often", often);
    ask
}

fn of_payment(payment: &Payment) -> Ask {
    let order = &payment.order;
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    let mut ask = Ask { kind: "", wish: "", amount: None, verb: "", lines: Vec::new() };
    if let Some(list) = order["payments"].as_array() {
        ask.amount = total(list);
        ask.add("Payments", list.len().to_string());
        for one in list.iter().take(5) {
            let name = one["creditorName"].as_str().unwrap_or_default();
            ask.add("To", format!("{name}: {}", money(&one["instructedAmount"]).unwrap_or_default()));
        }
        if list.len() > 5 {
            ask.add("To", format!("and {} more", list.len() - 5));
        }
    } else {
        ask.amount = money(&order["instructedAmount"]);
        ask.add("To", text("creditorName"));
        ask.add("To account", account_label(&order["creditorAccount"]));
        ask.add("To giro", giro_label(&order["creditorGiro"]));
    }
    ask.add(FROM, account_label(&order["debtorAccount"]));
    for (label, name) in [
        ("Message", "remittanceInformationUnstructured"),
        ("OCR number", "ocrRef"),
        ("Invoice", "invoiceRef"),
        ("On", "requestedExecutionDate"),
        ("First on", "startDate"),
        ("Last on", "endDate"),
        ("Repeated", "frequency"),
    ] {
        ask.add(label, text(name));
    }
    ask
}

fn money(amount: &Value) -> Option<String> {
    Some(format!("{} {}", amount["amount"].as_str()?, amount["currency"].as_str().unwrap_or_default()))
}

/// The sum of a bulk; none where its parts are in several currencies.
fn total(list: &[Value]) -> Option<String> {
    let currency = list.first()?["instructedAmount"]["currency"].as_str()?;
    let mut sum = Decimal::ZERO;
    for one in list {
        let amount = &one["instructedAmount"];
        if amount["currency"].as_str() != Some(currency) {
            return None;
        }
        sum += amount["amount"].as_str()?.parse::<Decimal>().ok()?;
    }
    Some(format!("{sum:.2} {currency}"))
}

/// An account as a customer reads it: an IBAN in groups of four, other numbers with what goes before them.
pub(super) fn account_label(account: &Value) -> String {
    let text = |name: &str| account[name].as_str().filter(|text| !text.is_empty());
    if let Some(iban) = text("iban") {
        return grouped(iban);
    }
    let number = ["bban", "accountNumber", "maskedPan", "msisdn"].iter().find_map(|name| text(name));
    match (number, text("clearingNumber"), text("bankgiroNumber"), text("plusgiroNumber")) {
        (Some(number), Some(clearing), ..) => format!("{clearing}, {number}"),
        (Some(number), None, ..) => number.to_owned(),
        (None, _, Some(giro), _) => format!("Bankgiro {giro}"),
        (None, _, None, Some(giro)) => format!("Plusgiro {giro}"),
        (None, _, None, None) => String::new(),
    }
}

pub(super) fn grouped(iban: &str) -> String {
    let letters: Vec<char> = iban.chars().filter(|letter| !letter.is_whitespace()).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn giro_label(giro: &Value) -> String {
    let Some(number) = giro["giroNumber"].as_str() else {
        return String::new();
    };
    let kind = if giro["giroType"] == "PLUSGIRO" { "Plusgiro" } else { "Bankgiro" };
    format!("{kind} {number}")
}
