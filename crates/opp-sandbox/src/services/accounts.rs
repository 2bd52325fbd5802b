//! Account information: accounts and balances of a valid consent (platform-facts 7); its transactions are next door.

use chrono::NaiveDate;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Call, check_origin, internal_bank};
use crate::model::accounts::{Account, of};
use crate::model::banks::Bank;
use crate::model::entities::{Consent, ConsentStatus, Context};
use crate::model::ledger::View;
use crate::model::products::Products;
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::Reply;

pub(super) const BASE: &str = "/psd2/accountinformation/v1/accounts";

/// What a consent may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Accounts,
    Balances,
    Transactions,
}

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank) = consent(world, call)?;
    count_unattended(world, call, &consent, "accounts")?;
    let with_balance = call.query("withBalance").as_deref() == Some("true");
    let accounts: Vec<_> = visible(world, &consent, &bank, Purpose::Accounts)
        .iter()
        .map(|account| show(world, call, &consent, &bank, account, with_balance))
        .collect();
    if accounts.is_empty() && bank.empty_is_204 {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Ok(Reply::ok(json!({ "accounts": accounts })))
}

pub(crate) fn details(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Accounts)?;
    count_unattended(world, call, &consent, &format!("details {}", account.key))?;
    let with_balance = call.query("withBalance").as_deref() == Some("true");
    let body = show(world, call, &consent, &bank, &account, with_balance);
    Ok(Reply::ok(if bank.wraps_details { json!({ "account": body }) } else { body }))
}

pub(crate) fn balances(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Balances)?;
    count_unattended(world, call, &consent, &format!("balances {}", account.key))?;
    let view = world.ledgers.view(&account, &world.state.postings, call.now.date_naive());
    let balances = show_balances(&view, &world.directory.products, &account, call.now.date_naive());
    Ok(Reply::ok(json!({ "account": account.reference(&bank), "balances": balances })))
}

/// Finds the consent that a call names, if it may be used.
fn consent(world: &World, call: &Call<'_>) -> Result<(Consent, Bank), Problem> {
    let unknown = || {
        let text = "header Consent-ID: this consent is not known for this application and bank";
        Problem::bad_request("CONSENT_UNKNOWN", text).at("Consent-ID")
    };
    let id = call.request.header("consent-id").unwrap_or_default();
    let consent = world.state.consents.get(id).ok_or_else(unknown)?;
    check_origin(world, call, &consent.origin, unknown)?;
    match consent.status {
        ConsentStatus::Valid => Ok((consent.clone(), internal_bank(world, &consent.origin.bic)?.clone())),
        ConsentStatus::Expired => {
            Err(Problem::unauthorised("CONSENT_EXPIRED", "the consent has expired; ask the customer for a new one"))
        }
        other => {
            let text = format!("the consent is {}, it has to be valid", super::consents::name(other));
            Err(Problem::unauthorised("CONSENT_INVALID", text))
        }
    }
}

/// Finds the account that a call's path names.
pub(super) fn account(world: &World, call: &Call<'_>, purpose: Purpose) -> Result<(Consent, Bank, Account), Problem> {
    let (consent, bank) = consent(world, call)?;
    let wanted = call.path("account-id");
    let seed = world.state.ids.seed();
    let named = |account: &Account| account.resource_id(seed, &consent.id) == wanted;
    if let Some(account) = visible(world, &consent, &bank, purpose).into_iter().find(named) {
        return Ok((consent, bank, account));
    }
    if visible(world, &consent, &bank, Purpose::Accounts).iter().any(named) {
        return Err(Problem::unauthorised("CONSENT_INVALID", "the consent does not cover this part of the account"));
    }
    Err(Problem::unknown(format!("there is no account {wanted} in this consent; ids belong to one consent only")))
}

fn visible(world: &World, consent: &Consent, bank: &Bank, purpose: Purpose) -> Vec<Account> {
    let mut accounts = of(world.state.ids.seed(), bank, &consent.origin.holder);
    accounts.retain(|account| covers(&consent.access, account, purpose));
    accounts
}

/// What `access` means for one account (platform-facts 6.1).
pub(super) fn covers(access: &Value, account: &Account, purpose: Purpose) -> bool {
    match access["availableAccounts"].as_str() {
        Some("allAccountsWithBalances") => return purpose != Purpose::Transactions,
        Some(_) => return purpose == Purpose::Accounts,
        None => {}
    }
    let list = |name: &str| access[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let lists = [list("accounts"), list("balances"), list("transactions")];
    if lists.iter().all(|list| list.is_empty()) {
        return true;
    }
    let holds = |list: &[Value]| list.iter().any(|reference| account.is(reference));
    match purpose {
        Purpose::Accounts => lists.iter().any(|list| holds(list)),
        Purpose::Balances => holds(lists[1]),
        Purpose::Transactions => holds(lists[2]),
    }
}

/// Counts a call without the customer; `PSU-IP-Address` says that the customer is there (platform-facts 6.4).
pub(super) fn count_unattended(
    world: &mut World,
    call: &Call<'_>,
    consent: &Consent,
    what: &str,
) -> Result<(), Problem> {
    let today = call.now.date_naive();
    let Some(known) = world.state.consents.get_mut(&consent.id) else {
        return Ok(());
    };
    known.last_action = today;
    if call.request.filled_header("psu-ip-address").is_some() {
        return Ok(());
    }
    if known.used_on != today {
        known.used.clear();
        known.used_on = today;
    }
    let exhausted = known.exhausted_on == Some(today);
    let used = known.used.entry(what.to_owned()).or_default();
    if exhausted || *used >= known.frequency_per_day {
        let text = format!("the consent allows {} calls a day without the customer", known.frequency_per_day);
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "ACCESS_EXCEEDED", text));
    }
    *used += 1;
    Ok(())
}

fn show(world: &mut World, call: &Call<'_>, consent: &Consent, bank: &Bank, account: &Account, balance: bool) -> Value {
    let id = account.resource_id(world.state.ids.seed(), &consent.id);
    let path = format!("{BASE}/{}", utf8_percent_encode(&id, NON_ALPHANUMERIC).to_string().replace("%2D", "-"));
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("resourceId", json!(id));
    if let Some(pan) = &account.masked_pan {
        put("maskedPan", json!(pan));
    } else {
        put("iban", json!(account.iban));
        put("bban", json!(if bank.spaced_bban { spaced(&account.bban) } else { account.bban.clone() }));
        put("clearingNumber", json!(account.clearing.get(..4).unwrap_or(&account.clearing)));
    }
    for (name, number) in [("bankgiroNumber", &account.bankgiro), ("plusgiroNumber", &account.plusgiro)] {
        number.as_ref().map(|number| put(name, json!(number)));
    }
    put("bic", json!(account.bic));
    if !bank.omits_currency || account.currency == "XXX" {
        put("currency", json!(account.currency));
    }
    put("name", json!(account.name));
    put("ownerName", json!(account.owner));
    put("product", json!(account.product));
    put("cashAccountType", json!(account.cash_account_type));
    put("status", json!("enabled"));
    let usage = match consent.origin.holder.context {
        Context::Private => "PRIV",
        Context::Corporate => "ORGA",
    };
    put("usage", json!(usage));
    if let Some(limit) = account.credit_limit {
        put("creditLimit", amount(Decimal::from(limit), &account.currency));
    }
    if balance && covers(&consent.access, account, Purpose::Balances) {
        let today = call.now.date_naive();
        let view = world.ledgers.view(account, &world.state.postings, today);
        put("balances", show_balances(&view, &world.directory.products, account, today));
    }
    let mut links = Map::new();
    for (name, purpose) in [("balances", Purpose::Balances), ("transactions", Purpose::Transactions)] {
        if covers(&consent.access, account, purpose) {
            links.insert(name.to_owned(), json!({ "href": format!("{path}/{name}") }));
        }
    }
    put("_links", Value::Object(links));
    Value::Object(body)
}

/// A number as SWEDSESS writes it: `8105-9,694 857 993-0` (platform-facts 7.1).
fn spaced(bban: &str) -> String {
    let tail = bban.get(bban.len().saturating_sub(15)..).unwrap_or(bban);
    match (tail.get(..4), tail.get(4..5), tail.get(5..8), tail.get(8..11), tail.get(11..14), tail.get(14..)) {
        (Some(clearing), Some(check), Some(one), Some(two), Some(three), Some(last)) => {
            format!("{clearing}-{check},{one} {two} {three}-{last}")
        }
        _ => bban.to_owned(),
    }
}

/// Booked and available, in each currency of the account. A card is owed on, so what is not invoiced yet comes along.
pub(super) fn show_balances(view: &View<'_>, products: &Products, account: &Account, today: NaiveDate) -> Value {
    let mut balances = Vec::new();
    for (currency, booked) in view.balances(products, today, false) {
        let mut balance = json!({
            "balanceType": "interimBooked",
            "balanceAmount": amount(booked, &currency),
            "referenceDate": today,
        });
        if account.credit_limit.is_some() {
            balance["creditLimitIncluded"] = json!(false);
        }
        balances.push(balance);
    }
    for (currency, expected) in view.balances(products, today, true) {
        let limit = Decimal::from(account.credit_limit.unwrap_or_default());
        balances.push(json!({
            "balanceType": "interimAvailable",
            "balanceAmount": amount(expected.saturating_add(limit), &currency),
            "referenceDate": today,
            "creditLimitIncluded": account.credit_limit.is_some(),
        }));
        if account.masked_pan.is_some() {
            let owed = amount(expected, &currency);
            balances.push(json!({ "balanceType": "nonInvoiced", "balanceAmount": owed, "referenceDate": today }));
        }
    }
    balances.into()
}

/// Money is a text with two decimals, never a number.
pub(crate) fn amount(value: Decimal, currency: &str) -> Value {
    json!({ "currency": currency, "amount": format!("{value:.2}") })
}
