//! A bank, and the permission that it is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use chrono::Days;
use opp_ergonomic::sca::{Device, Subject};
use opp_ergonomic::{Access, Bank, BankDetails, ConsentRequest};
use serde::{Deserialize, Serialize};

use super::{Page, see, to_its_end};
use crate::app::App;
use crate::guest::{Guest, Person, Signed};
use crate::record::{Connection, ConnectionState, Record, new_id};
use crate::signing::{Errand, Purpose};
use crate::view::{self, values};
use serde_json::Value;

/// For how many days a permission is asked; the bank may grant fewer.
const DAYS: [u64; 3] = [1, 90, 180];

/// What the guest has filled in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    person: String,
    company: String,
    affiliated: String,
    days: String,
    way: String,
}

impl Wish {
    /// The way to sign that is chosen unless another is: what the bank can do, on the device that is at hand.
    fn first(guest: &Guest, bank: &BankDetails, simulated: bool) -> Self {
        let way = match (bank.is_decoupled(), guest.has_phone()) {
            (true, false) => "qr",
            (true, true) => "app",
            (false, _) => "bank",
        };
        // Somebody whom all banks of the simulated platform know.
        let person = if simulated { "199311219639" } else { "" };
        Self { way: way.to_owned(), days: "90".to_owned(), person: person.to_owned(), ..Self::default() }
    }
}

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest, Path(bic): Path<String>) -> Page {
    let bank = app.directory.details(&bic).await?;
    let wish = Wish::first(&guest, &bank, app.platform.sandbox.is_some());
    Ok(form(&app, &guest, &bank, &wish, &Mistakes::new()))
}

fn form(app: &App, guest: &Guest, bank: &BankDetails, wish: &Wish, wrong: &Mistakes) -> axum::response::Response {
    let affiliated: Vec<Value> = bank.affiliated().map(|(id, name)| values! { id, name }).collect();
    let days: Vec<Value> = DAYS
        .into_iter()
        .filter_map(|days| {
            let until = app.today().checked_add_days(Days::new(days))?;
            Some(values! { days, until => view::day(until), chosen => wish.days == days.to_string() })
        })
        .collect();
    let values = values! {
        bic => bank.bic(), name => bank.name(), decoupled => bank.is_decoupled(), redirect => bank.is_redirect(),
        affiliated, days, wish, wrong, history => bank.history_days(), products => bank.payment_products(), here => "banks",
    };
    view::page(app, guest, "bank.html", values)
}

pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(bic): Path<String>,
    Signed(wish): Signed<Wish>,
) -> Page {
    let details = app.directory.details(&bic).await?;
    let wrong = mistakes(&details, &wish);
    if !wrong.is_empty() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &guest, &details, &wish, &wrong)).into_response());
    }
    let mut bank = Bank::new(&bic).map_err(opp_ergonomic::Error::from)?;
    if details.affiliated().any(|(id, _)| id == wish.affiliated) {
        bank = bank.affiliated(&wish.affiliated);
    }
    bank = bank.prefer_redirect(wish.way == "bank");
    let company = Some(wish.company.trim().to_owned()).filter(|number| !number.is_empty());
    let person = Person { id: wish.person.trim().to_owned(), company };
    let days = wish.days.parse().unwrap_or(DAYS[1]);
    let until = app.today().checked_add_days(Days::new(days)).unwrap_or_else(|| app.today());
    let request =
        if days == 1 { ConsentRequest::once(Access::all(), until) } else { ConsentRequest::new(Access::all(), until) };
    let (name, way) = (details.name().unwrap_or(&bic).to_owned(), wish.way);
    to_its_end(begin(app, guest, (bank, name), person, request, way)).await
}

/// Asks the bank, and leads to the signature.
async fn begin(
    app: Arc<App>,
    guest: Guest,
    (bank, name): (Bank, String),
    person: Person,
    request: ConsentRequest,
    way: String,
) -> Page {
    let session = person.session(&app, &bank, guest.presence())?;
    let created = session.consents().create(&request).await?;
    let consent = created.id().to_owned();

    let device = if way == "app" { Device::Phone } else { Device::Desktop };
    let id = new_id();
    let what = (Purpose::Connection(id.clone()), Subject::Consent(consent.clone()));
    let errand = Errand::begin(&app, &guest, (&person, &name), &session, what, device).await?;
    let errand = errand.remarked(&created.warnings);
    let state = ConnectionState::Asked(errand.id.clone());
    let connection = Connection { id, bank, bank_name: name, person, consent, created: app.now(), state };
    let remember = |record: &mut Record| {
        record.connections.push(connection.clone());
        record.begin(&errand);
    };
    app.records.change(&guest, remember).await?;
    Ok(see(&errand.address()))
}

/// What is wrong with a wish, by field.
type Mistakes = BTreeMap<&'static str, &'static str>;

fn mistakes(bank: &BankDetails, wish: &Wish) -> Mistakes {
    let mut wrong = Mistakes::new();
    let person = wish.person.trim();
    if person.is_empty() {
        wrong.insert("person", "Say who you are at the bank.");
    }
    if person.chars().count() > 64 || person.chars().any(char::is_control) {
        wrong.insert("person", "This is longer than any bank's customer number.");
    }
    if !DAYS.iter().any(|days| days.to_string() == wish.days) {
        wrong.insert("days", "Choose for how long.");
    }
    let possible = match wish.way.as_str() {
        "qr" | "app" => bank.is_decoupled(),
        "bank" => bank.is_redirect(),
        _ => false,
    };
    if !possible {
        wrong.insert("way", "Choose how you want to sign.");
    }
    wrong
}
