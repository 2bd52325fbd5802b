//! Transactions: what is asked for, pages, and how an entry of the ledger looks (platform-facts 7.3). What is asked
//! for is found among small entries first; only those of one page become rows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDate, TimeDelta};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::accounts::{BASE, Purpose, account, amount, count_unattended, covers, show_balances};
use super::media::{JSON, TEXT, XML, preferred};
use super::{Call, statements};
use crate::model::accounts::Account;
use crate::model::banks::Bank;
use crate::model::clock::day;
use crate::model::entities::{Consent, Context};
use crate::model::ledger::Item;
use crate::model::postings::{LAST, Place, Row, place, reference};
use crate::model::world::World;
use crate::server::problem::Problem;
use crate::server::wire::{Body, Reply};

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Transactions)?;
    let wanted = Wanted::of(world, call, &consent, &bank, &account)?;
    if wanted.page.is_none() {
        count_unattended(world, call, &consent, &format!("transactions {}", account.key))?;
    }
    let media = preferred(call.request, &[JSON, XML, TEXT]);
    let view = world.ledgers.view(&account, &world.state.postings, wanted.today);
    let items = view.items(|item| wanted.takes(item));
    let most = wanted.most_rows.unwrap_or(usize::MAX);
    if items.len() > most && bank.history.refuses {
        let text = format!("more than {most} entries in this period; ask for a shorter one");
        return Err(Problem::bad_request("PERIOD_INVALID", text).at("dateFrom"));
    }
    let newest = view.newest_booked().filter(|_| wanted.page.is_none() && wanted.booked);
    let items = &items[..items.len().min(most)];
    let products = &world.directory.products;
    let reply = if items.is_empty() && bank.empty_is_204 {
        Reply::empty(StatusCode::NO_CONTENT)
    } else if media == JSON {
        let path = format!("{BASE}/{}", account.resource_id(world.state.ids.seed(), &consent.id));
        let (start, end, links) = wanted.page(call, &path, items, bank.page_rows);
        let rows: Vec<Row> = items[start..end].iter().map(|item| view.row(products, item)).collect();
        let report = wanted.report(&bank, &account, &path, rows, links);
        let mut body = json!({ "account": account.reference(&bank), "transactions": report });
        if start > 0 || end < items.len() {
            let whole = wanted.address(call, &path, None);
            body["_links"] = json!({ "download": { "href": download(&bank, &world.addresses.api, &whole) } });
        }
        if call.query("withBalance").as_deref() == Some("true") && covers(&consent.access, &account, Purpose::Balances)
        {
            body["balances"] = show_balances(&view, products, &account, wanted.today);
        }
        Reply::ok(body)
    } else {
        let rows: Vec<Row> = items.iter().rev().map(|item| view.row(products, item)).collect();
        let from = wanted.from.unwrap_or(wanted.earliest).max(wanted.earliest);
        let to = wanted.to.unwrap_or(wanted.today).min(wanted.today);
        let before = from.pred_opt().unwrap_or(from);
        let (opening, closing) = (view.balances(products, before, false), view.balances(products, to, false));
        let delta = call.query("entryReferenceFrom").is_some() || call.query("deltaList").as_deref() == Some("true");
        let kind = statements::Kind::of(delta, wanted.pending);
        let statement = statements::Statement {
            kind,
            account: &account,
            rows: &rows,
            opening,
            closing,
            from,
            to,
            today: wanted.today,
            created: call.now,
        };
        let text = if media == XML { statement.camt()? } else { statement.mt() };
        Reply { body: Body::Text(media, text), ..Reply::empty(StatusCode::OK) }
    };
    // What is booked later on the same day is new, too.
    if let Some((newest, known)) = newest.zip(world.state.consents.get_mut(&consent.id)) {
        known.read.insert(account.key, reference(newest));
    }
    Ok(reply)
}

/// Where a list that is too long for one page can be had in one piece. The address may lack the scheme
/// (platform-facts 7.3).
fn download(bank: &Bank, api: &str, path: &str) -> String {
    let host = api.split_once("://").map_or(api, |(_, host)| host);
    if bank.bare_download { format!("{host}{path}") } else { path.to_owned() }
}

pub(crate) fn details(world: &mut World, call: &Call<'_>) -> Result<Reply, Problem> {
    let (consent, bank, account) = account(world, call, Purpose::Transactions)?;
    if !bank.transaction_details {
        let text = format!("{} does not offer the details of a transaction", bank.bic);
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "SERVICE_INVALID", text));
    }
    count_unattended(world, call, &consent, &format!("transaction details {}", account.key))?;
    let today = call.now.date_naive();
    let view = world.ledgers.view(&account, &world.state.postings, today);
    let wanted = call.path("transactionId");
    let row = view
        .find(&world.directory.products, wanted)
        .ok_or_else(|| Problem::unknown(format!("there is no transaction {wanted} on this account")))?;
    let path = format!("{BASE}/{}", account.resource_id(world.state.ids.seed(), &consent.id));
    Ok(Reply::ok(show_row(&bank, &account, &path, &row, row.booked <= today)))
}

/// Where a page begins, and the day on which its list was first asked for: a list does not change while it is read.
#[derive(Clone, Copy, Debug)]
struct Page {
    today: NaiveDate,
    /// The last entry of the page before; none for the download, which is all pages in one.
    below: Option<Place>,
    after: Option<Place>,
}

impl Page {
    /// What `continuationKey` looks like; callers are to follow it, not to read it (platform-facts 7.3).
    fn key(self) -> String {
        let [below, after] = [self.below, self.after].map(|place| place.map(reference).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(format!("{} {below} {after}", self.today))
    }

    fn read(key: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
        let mut parts = text.split(' ');
        let today = day(parts.next()?)?;
        let mut place = || match parts.next()? {
            "" => Some(None),
            text => place(text).map(Some),
        };
        Some(Self { today, below: place()?, after: place()? })
    }
}

/// What a transaction list is asked for.
struct Wanted {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    /// A delta: only what stands behind this entry.
    after: Option<Place>,
    booked: bool,
    pending: bool,
    earliest: NaiveDate,
    most_rows: Option<usize>,
    today: NaiveDate,
    page: Option<Page>,
}

impl Wanted {
    fn of(
        world: &mut World,
        call: &Call<'_>,
        consent: &Consent,
        bank: &Bank,
        account: &Account,
    ) -> Result<Self, Problem> {
        let unreadable = || Problem::format("continuationKey", "this continuationKey was not handed out here");
        let page = call.query("continuationKey").map(|key| Page::read(&key).ok_or_else(unreadable)).transpose()?;
        let today = page.map_or(call.now.date_naive(), |page| page.today.min(call.now.date_naive()));
        let date = |name: &str| call.query(name).and_then(|text| text.parse::<NaiveDate>().ok());
        let (mut from, mut to) = (date("dateFrom"), date("dateTo"));
        let delta = delta(world, call, consent, bank, account, today)?;
        if from.is_none() && delta.is_none() {
            return Err(Problem::format("dateFrom", "query parameter dateFrom is missing; only a delta goes without"));
        }
        let invalid = |text: &str| Problem::bad_request("PERIOD_INVALID", text).at("dateFrom");
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(invalid("dateFrom lies after dateTo"));
        }
        if from.is_some_and(|from| from > today) {
            return Err(invalid("dateFrom lies in the future"));
        }
        let earliest = earliest(call, consent, bank, account, from, today)?;
        let context = consent.origin.holder.context;
        let one_day = from.is_some_and(|from| to.unwrap_or(today) - from < TimeDelta::days(1));
        let most_rows = match (context, bank.history.corporate_day_rows) {
            (Context::Corporate, Some(rows)) if one_day => Some(rows),
            _ => bank.history_rows,
        };
        if bank.ignores_dates || delta.is_some() {
            // A delta may disregard the dates (platform-facts 7.3); here it does.
            (from, to) = (None, None);
        }
        let status = call.query("bookingStatus").unwrap_or_default();
        let all = bank.ignores_booking_status;
        let after = page.map_or(delta.flatten(), |page| page.after);
        let (booked, pending) = (all || status != "pending", all || status != "booked");
        Ok(Self { from, to, after, booked, pending, earliest, most_rows, today, page })
    }

    fn takes(&self, item: &Item<'_>) -> bool {
        let booked = item.booked() <= self.today;
        let day = if booked { item.booked() } else { item.made() };
        (if booked { self.booked } else { self.pending })
            && day >= self.earliest
            && self.from.is_none_or(|from| day >= from)
            && self.to.is_none_or(|to| day <= to)
            && self.after.is_none_or(|after| item.place() > after)
    }

    /// The address of the page below an entry, or of the download.
    fn address(&self, call: &Call<'_>, path: &str, below: Option<Place>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.request.query_pairs().into_iter().filter(|(key, _)| key != "continuationKey"));
        query.append_pair("continuationKey", &Page { today: self.today, below, after: self.after }.key());
        format!("{path}/transactions?{}", query.finish())
    }

    /// From where to where a page goes, and the links that lead on from it.
    fn page(&self, call: &Call<'_>, path: &str, items: &[Item<'_>], rows: usize) -> (usize, usize, Value) {
        let link = |below: Place| json!({ "href": self.address(call, path, Some(below)) });
        let mut links = json!({ "account": { "href": path } });
        let start = match self.page.map(|page| page.below) {
            None => 0,
            Some(Some(below)) => items.partition_point(|item| item.place() >= below),
            Some(None) => return (0, items.len(), links),
        };
        let end = (start + rows).min(items.len());
        if end < items.len() && end > start {
            links["next"] = link(items[end - 1].place());
        }
        // The way back leads through keys as well, so that it shows the list as it was.
        let top = (self.today.checked_add_days(chrono::Days::new(400)).unwrap_or(self.today), LAST);
        if start > 0 {
            links["first"] = link(top);
            let previous = start.saturating_sub(rows);
            links["previous"] = link(if previous == 0 { top } else { items[previous - 1].place() });
        }
        (start, end, links)
    }

    fn report(&self, bank: &Bank, account: &Account, path: &str, rows: Vec<Row>, links: Value) -> Value {
        let (booked, pending): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.booked <= self.today);
        let show = |rows: Vec<Row>, booked: bool| -> Vec<Value> {
            rows.iter().map(|row| show_row(bank, account, path, row, booked)).collect()
        };
        let mut report = Map::new();
        if self.booked {
            report.insert("booked".to_owned(), show(booked, true).into());
        }
        if self.pending {
            report.insert("pending".to_owned(), show(pending, false).into());
        }
        report.insert("_links".to_owned(), links);
        Value::Object(report)
    }
}

/// The entry behind which a delta begins; `Some(None)` is a delta of everything.
#[expect(clippy::option_option, reason = "no delta, a delta from the beginning, a delta from somewhere")]
fn delta(
    world: &mut World,
    call: &Call<'_>,
    consent: &Consent,
    bank: &Bank,
    account: &Account,
    today: NaiveDate,
) -> Result<Option<Option<Place>>, Problem> {
    let from = call.query("entryReferenceFrom");
    let list = call.query("deltaList").as_deref() == Some("true");
    if from.is_none() && !list {
        return Ok(None);
    }
    let name = if from.is_some() { "entryReferenceFrom" } else { "deltaList" };
    if !bank.delta {
        let text = format!("{} knows no {name}; ask by dates", bank.bic);
        return Err(Problem::bad_request("PARAMETER_NOT_SUPPORTED", text).at(name));
    }
    let Some(from) = from else {
        return Ok(Some(consent.read.get(&account.key).and_then(|reference| place(reference))));
    };
    let known = |place: &Place| world.ledgers.view(account, &world.state.postings, today).knows(*place);
    let text = || format!("query parameter entryReferenceFrom: \"{from}\" is no entry of this account");
    place(&from)
        .filter(known)
        .map(|place| Some(Some(place)))
        .ok_or_else(|| Problem::bad_request("RESOURCE_UNKNOWN", text()).at("entryReferenceFrom"))
}

/// The first day that the bank shows. Who asks for more is refused where the bank refuses: SWEDSESS wants a fresh
/// signature for old entries (platform-facts 6.4), HANDSESS has its windows (platform-facts 11).
fn earliest(
    call: &Call<'_>,
    consent: &Consent,
    bank: &Bank,
    account: &Account,
    from: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<NaiveDate, Problem> {
    let history = &bank.history;
    let days = match consent.origin.holder.context {
        Context::Corporate => history.corporate_days.unwrap_or(bank.history_days),
        Context::Private if account.currency != bank.currency => history.foreign_days.unwrap_or(bank.history_days),
        Context::Private => bank.history_days,
    };
    let reach = |days: i64| today - TimeDelta::days(days);
    let Some(from) = from.filter(|from| *from < reach(days)) else {
        return Ok(reach(days));
    };
    if let Some(extended) = history.extended_days {
        let minutes = TimeDelta::minutes(history.extended_minutes);
        let fresh = consent.authorised.is_some_and(|authorised| call.now - authorised <= minutes);
        if !fresh {
            let text = format!("a statement from before {} needs a fresh signature of the customer", reach(days));
            return Err(Problem::unauthorised("CONSENT_INVALID", text).at("dateFrom"));
        }
        return Ok(reach(extended));
    }
    if history.refuses {
        let text = format!("{} shows entries from {} on, dateFrom is {from}", bank.bic, reach(days));
        return Err(Problem::bad_request("PERIOD_INVALID", text).at("dateFrom"));
    }
    Ok(reach(days))
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
    put("transactionAmount", amount(row.amount, &row.currency));
    if let Some(exchange) = &row.exchange {
        put(
            "currencyExchange",
            json!([{
                "sourceCurrency": exchange.source,
                "exchangeRate": exchange.rate.to_string(),
                "unitCurrency": exchange.source,
                "targetCurrency": exchange.target,
                "quotationDate": exchange.day,
            }]),
        );
    }
    let other = row.account.clone();
    if row.amount.is_sign_negative() {
        put("creditorName", json!(row.name));
        put("debtorName", json!(account.owner));
        put("debtorAccount", account.reference(bank));
        other.map(|other| put("creditorAccount", other));
    } else {
        put("debtorName", json!(row.name));
        put("creditorName", json!(account.owner));
        put("creditorAccount", account.reference(bank));
        other.map(|other| put("debtorAccount", other));
    }
    if !row.text.is_empty() {
        put("remittanceInformationUnstructured", json!(row.text));
    }
    if let Some(reference) = &row.structured {
        put("remittanceInformationStructured", json!(reference));
    }
    put("bankTransactionCode", json!(row.code));
    if let Some(payment) = &row.payment {
        put("paymentId", json!(payment));
    }
    if bank.transaction_details && booked {
        put("_links", json!({ "transactionDetails": { "href": format!("{path}/transactions/{}", row.id) } }));
    }
    Value::Object(body)
}
