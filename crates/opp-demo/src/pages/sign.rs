//! A signature: a code that moves, a link, a way to the bank's page and back, and how it ended.

use std::sync::Arc;

use axum::extract::{Path, State};
use opp_ergonomic::sca::{Device, Ending, Failure, PromptKind, Standing, Step, qr};
use serde::Deserialize;

use super::events::{Part, stream_of};
use super::{Page, see};
use crate::app::App;
use crate::guest::{Guest, Signed};
use crate::signing::{Errand, Purpose, Sight};
use crate::view::{self, values};
use serde_json::Value;

/// The width of a code, in pixels; the page may draw it larger.
const SIDE: u32 = 240;

/// A form with nothing in it but its token.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
pub(crate) struct Again {
    #[serde(default)]
    other_device: String,
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    method: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, guest: Guest, Path(id): Path<String>) -> Page {
    let sight = app.signings.look(&app, &guest, &id).await?;
    let (step, part) = describe(&app, &guest, &sight);
    let html = view::part("step.html", values! { picture => part.picture, left => part.left, ..step });
    let here = if matches!(sight.errand.purpose, Purpose::Connection(_)) { "banks" } else { "pay" };
    let values = values! { id, bank => sight.errand.bank_name, html, over => part.is_over, here };
    Ok(view::page(&app, &guest, "sign.html", values))
}

pub(crate) async fn events(State(app): State<Arc<App>>, guest: Guest, Path(id): Path<String>) -> Page {
    app.signings.errand(&app, &guest, &id).await?;
    let shared = Arc::clone(&app);
    Ok(stream_of(&app, move || {
        let (app, guest, id) = (Arc::clone(&shared), guest.clone(), id.clone());
        async move { app.signings.look(&app, &guest, &id).await.map(|sight| describe(&app, &guest, &sight).1).ok() }
    }))
}

pub(crate) async fn choose(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(id): Path<String>,
    Signed(choice): Signed<Choice>,
) -> Page {
    Ok(see(&app.signings.choose(&app, &guest, &id, &choice.method).await?.address()))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(id): Path<String>,
    Signed(Nothing {}): Signed<Nothing>,
) -> Page {
    Ok(see(&app.signings.cancel(&app, &guest, &id).await?.address()))
}

/// Begins anew, perhaps on the other device: a code cannot be opened where it is shown, and an app needs a link.
pub(crate) async fn again(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(id): Path<String>,
    Signed(Again { other_device }): Signed<Again>,
) -> Page {
    let errand = app.signings.cancel(&app, &guest, &id).await?;
    if !errand.can_be_repeated() {
        return Ok(see(&errand.address()));
    }
    let device = match (errand.device, other_device.is_empty()) {
        (device, true) => device,
        (Device::Phone, false) => Device::Desktop,
        (Device::Desktop, false) => Device::Phone,
    };
    Ok(see(&errand.again(&app, &guest, device).await?.address()))
}

/// What is shown of a signature: the values of its template, and what of it changes while one looks at it.
fn describe(app: &App, guest: &Guest, sight: &Sight) -> (Value, Part) {
    let errand = &sight.errand;
    let (step, picture) = step(app, errand, &sight.step);
    let values = values! {
        token => guest.token, id => errand.id, bank => errand.bank_name, phone => app.platform.phone(),
        phone_at_hand => errand.device == Device::Phone, trouble => sight.trouble, remarks => errand.remarks,
        ..step
    };
    let is_over = matches!(sight.step, Step::Done(_)) || sight.trouble.is_some();
    let left = if is_over { String::new() } else { format!("{}:{:02}", sight.left / 60, sight.left % 60) };
    let html = view::part("step.html", values.clone());
    (values, Part { html, picture, left, is_over })
}

/// One step in the words of its template, and its picture.
fn step(app: &App, errand: &Errand, step: &Step) -> (Value, String) {
    let said =
        |prompt: &opp_ergonomic::sca::Prompt| values! { say => prompt.kind.to_string(), message => prompt.message };
    match step {
        Step::ShowQr { payload, prompt, .. } => {
            let picture = qr::svg(payload.expose(), SIDE).unwrap_or_default();
            // A page has no use for the prologue of a file.
            let picture = picture.find("<svg").map(|at| picture[at..].to_owned()).unwrap_or_default();
            (values! { kind => "qr", ..said(prompt) }, picture)
        }
        Step::ShowImage { image, prompt } if image.src().starts_with("data:") => {
            (values! { kind => "image", ..said(prompt) }, view::part("picture.html", values! { src => image.src() }))
        }
        // A page loads nothing from elsewhere: the guest does.
        Step::ShowImage { image, prompt } => {
            (values! { kind => "elsewhere", href => image.src(), ..said(prompt) }, String::new())
        }
        Step::OpenLink { start, prompt } => {
            let back = format!("{}/sign/{}", app.base, errand.id);
            (values! { kind => "link", href => start.app_link(Some(&back)), ..said(prompt) }, String::new())
        }
        Step::Redirect { url, prompt } => {
            (values! { kind => "redirect", href => url.expose(), ..said(prompt) }, String::new())
        }
        Step::ChooseMethod { methods } => {
            let methods: Vec<Value> =
                methods.iter().map(|method| values! { id => method.id, name => method.name }).collect();
            (values! { kind => "choose", methods }, String::new())
        }
        Step::Done(ending) => (over(errand, ending), String::new()),
        // The way to the bank's page is not kept: after a restart one begins anew, or is on the way back already.
        Step::Wait { prompt } if prompt.kind == PromptKind::AtBank => {
            (values! { kind => "away", ..said(prompt) }, String::new())
        }
        Step::Wait { prompt } => (values! { kind => "wait", ..said(prompt) }, String::new()),
        _ => (values! { kind => "wait", say => "Waiting for the bank." }, String::new()),
    }
}

fn over(errand: &Errand, ending: &Ending) -> Value {
    let (title, text) = match ending {
        Ending::Finalised(standing) | Ending::Exempted(standing) => standing_words(standing),
        Ending::Failed(failure) => ("It was not signed", failure_words(failure)),
        Ending::Expired => ("Time ran out", format!("Nobody was seen to sign in time. {}", if_signed(errand))),
        Ending::Cancelled => ("Called off", format!("This page waits no longer. {}", if_signed(errand))),
        _ => ("It is over", String::new()),
    };
    let (address, label) = match (&errand.purpose, ending.standing()) {
        (Purpose::Connection(_), Some(Standing::Valid)) => ("/accounts".to_owned(), "See your accounts"),
        (Purpose::Connection(_), Some(_)) => ("/consents".to_owned(), "See your permissions"),
        (Purpose::Connection(_), None) => (format!("/banks/{}", errand.bank.bic()), "Try again"),
        (Purpose::Payment(id), Some(_)) => (format!("/payments/{id}"), "Follow the payment"),
        (Purpose::Payment(id), None) => (format!("/payments/{id}"), "See the payment"),
    };
    let (good, again) = (ending.is_success(), errand.can_be_repeated());
    values! { kind => "over", good, title, text, again, address, label }
}

/// What the bank hears from the app counts, whether or not somebody still looked here.
fn if_signed(errand: &Errand) -> &'static str {
    match errand.purpose {
        Purpose::Connection(_) => "If it was signed in the app all the same, take it back under Permissions.",
        Purpose::Payment(_) => {
            "If it was signed in the app all the same, the bank pays: see the payment before you pay again."
        }
    }
}

fn standing_words(standing: &Standing) -> (&'static str, String) {
    let (title, text) = match standing {
        Standing::Valid => ("Signed", "The bank has opened your accounts to this page."),
        Standing::Paid => ("Signed and paid", "The money has left your account."),
        Standing::InProgress => ("Signed", "The bank carries the payment out."),
        Standing::NeedsMoreSigners => ("Signed by you", "Somebody else has to sign as well before anything happens."),
        Standing::Partial => ("Signed", "The bank has accepted some of it."),
        Standing::Cancelled => ("Cancelled", "The payment is taken back."),
        _ => ("Signed", "The bank has not said yet what came of it. Look again later."),
    };
    (title, text.to_owned())
}

fn failure_words(failure: &Failure) -> String {
    let told = match failure.code.as_deref() {
        Some("USER_CANCEL" | "access_denied") => "It was declined. Nothing has happened.",
        Some("BANKID_NOT_ACTIVATED") => "The BankID of this person is not active. Their bank can help.",
        Some("AUTHENTICATION_SESSION_EXPIRED") => "BankID was not opened in time. Nothing has happened.",
        Some("PSU_RIGHTS_MISSING") => "This person may not sign that.",
        _ => "The bank has ended it. Nothing has happened.",
    };
    match &failure.message {
        Some(message) => format!("{told} The bank says: {message}"),
        None => told.to_owned(),
    }
}
