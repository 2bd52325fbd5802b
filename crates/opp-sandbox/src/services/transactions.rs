//! Transactions: filters, pages, and how an entry of the ledger looks (platform-facts 7.3).

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::Call;
use super::accounts::{BASE, Purpose, account, amount, count_unattended};
use crate::model::accounts::Account;
use crate::model::banks::Bank;
use crate::model::ledger::Row;
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::Reply;

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Transactions)?;
    let page: usize = call.query("continuationKey").and_then(|key| key.parse().ok()).unwrap_or_default();
    if page == 0 {
        count_unattended(world, call, &consent, &format!("transactions {}", account.key))?;
    }
    let today = call.now.date_naive();
    let wanted = Wanted::of(call, today)?;
    let earliest = today - chrono::TimeDelta::days(bank.history_days);
    let rows: Vec<Row> = world
        .ledgers
        .rows(&account, &world.state.postings, today)
        .into_iter()
        .filter(|row| row.made >= earliest && wanted.takes(row, today))
        .take(bank.history_rows.unwrap_or(usize::MAX))
        .collect();
    let id = account.resource_id(world.state.ids.seed(), &consent.id);
    let path = format!("{BASE}/{id}");
    let link = |page: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.request.query_pairs().into_iter().filter(|(key, _)| key != "continuationKey"));
        query.append_pair("continuationKey", &page.to_string());
        json!({ "href": format!("{path}/transactions?{}", query.finish()) })
    };
    let mut links = json!({ "account": { "href": path } });
    if (page + 1).saturating_mul(bank.page_rows) < rows.len() {
        links["next"] = link(page + 1);
    }
    if page > 0 {
        links["first"] = link(0);
        links["previous"] = link(page - 1);
    }
    let shown = rows.iter().skip(page.saturating_mul(bank.page_rows)).take(bank.page_rows);
    let (booked, pending): (Vec<&Row>, Vec<&Row>) = shown.partition(|row| row.booked <= today);
    let show = |rows: Vec<&Row>, booked: bool| -> Vec<Value> {
        rows.into_iter().map(|row| show_row(&bank, &account, &path, row, booked)).collect()
    };
    let mut report = Map::new();
    if wanted.booked {
        report.insert("booked".to_owned(), show(booked, true).into());
    }
    if wanted.pending {
        report.insert("pending".to_owned(), show(pending, false).into());
    }
    report.insert("_links".to_owned(), links);
    Ok(Reply::ok(json!({ "account": account.reference(&bank), "transactions": report })))
}

pub(crate) fn details(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Transactions)?;
    if !bank.transaction_details {
        let text = format!("{} does not offer the details of a transaction", bank.bic);
        return Err(Problem::bad_request("SERVICE_INVALID", text));
    }
    let today = call.now.date_naive();
    let rows = world.ledgers.rows(&account, &world.state.postings, today);
    let wanted = call.path("transactionId");
    let row = rows.iter().find(|row| row.id == wanted);
    let row = row.ok_or_else(|| Problem::unknown(format!("there is no transaction {wanted} on this account")))?;
    let path = format!("{BASE}/{}", account.resource_id(world.state.ids.seed(), &consent.id));
    Ok(Reply::ok(show_row(&bank, &account, &path, row, row.booked <= today)))
}

/// What a transaction list is asked for.
struct Wanted {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    after: Option<String>,
    booked: bool,
    pending: bool,
}

impl Wanted {
    fn of(call: &Call<'_>, today: NaiveDate) -> Result<Self, Problem> {
        let date = |name: &str| call.query(name).and_then(|text| text.parse::<NaiveDate>().ok());
        let (from, to, after) = (date("dateFrom"), date("dateTo"), call.query("entryReferenceFrom"));
        let delta = call.query("deltaList").as_deref() == Some("true");
        if from.is_none() && after.is_none() && !delta {
            return Err(Problem::format("dateFrom", "query parameter dateFrom is missing; only a delta goes without"));
        }
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::bad_request("PERIOD_INVALID", "dateFrom lies after dateTo").at("dateFrom"));
        }
        if from.is_some_and(|from| from > today) {
            return Err(Problem::bad_request("PERIOD_INVALID", "dateFrom lies in the future").at("dateFrom"));
        }
        let status = call.query("bookingStatus").unwrap_or_default();
        Ok(Self { from, to, after, booked: status != "pending", pending: status != "booked" })
    }

    fn takes(&self, row: &Row, today: NaiveDate) -> bool {
        let booked = row.booked <= today;
        let day = if booked { row.booked } else { row.made };
        (if booked { self.booked } else { self.pending })
            && self.from.is_none_or(|from| day >= from)
            && self.to.is_none_or(|to| day <= to)
            && self.after.as_ref().is_none_or(|after| row.reference > *after)
    }
}

fn show_row(bank: &Bank, account: &Account, path: &str, row: &Row, booked: bool) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if !bank.omits_transaction_id {
        put("transactionId", json!(row.id));
    }
    put("entryReference", json!(row.reference));
    if let Some(reference) = &row.end_to_end {
        put("endToEndId", json!(reference));
    }
    if booked {
        put("bookingDate", json!(row.booked));
    }
    put("valueDate", json!(if booked { row.booked } else { row.made }));
    put("transactionAmount", amount(row.amount, &account.currency));
    if row.amount.is_sign_negative() {
        put("creditorName", json!(row.name));
        put("debtorName", json!(account.owner));
        put("debtorAccount", account.reference(bank));
        if let Some(other) = &row.account {
            put("creditorAccount", other.clone());
        }
    } else {
        put("debtorName", json!(row.name));
        put("creditorName", json!(account.owner));
        put("creditorAccount", account.reference(bank));
    }
    put("remittanceInformationUnstructured", json!(row.text));
    put("bankTransactionCode", json!(row.code));
    if bank.transaction_details && booked {
        put("_links", json!({ "transactionDetails": { "href": format!("{path}/transactions/{}", row.id) } }));
    }
    Value::Object(body)
}
