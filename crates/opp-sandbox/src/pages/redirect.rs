//! The bank's page of a redirect: `/connect/authorize` for the OAuth kind, `/connect/redirect` for the plain one
//! (platform-facts 8.3). The customer signs in, sees who asks for what, and says yes or no.
//!
//! A program that follows the link instead of showing it plays an unattended customer. It is known by an `Accept` that
//! does not name `text/html`, as every browser's does. From its first GET on the time of `Config::person_after` runs;
//! until then it gets the page and `Retry-After`, afterwards the way back, with the code or with the error. A script
//! that does not want to wait posts `decision=approve` or `decision=deny`, without signing in.

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use minijinja::{Value, context};

use super::ask::{Ask, grouped};
use super::visit::{Visit, see_other};
use super::{error, render};
use crate::model::banks::{Bank, Login};
use crate::model::world::World;
use crate::sca::{self, Authorisation, Progress, Stage};
use crate::server::wire::{Reply, Request};

pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.catch_up();
    let visit = match Visit::read(world, request) {
        Ok(visit) => visit,
        Err(text) => return error(world, &text),
    };
    let page = Page { visit, link: format!("{}?{}", request.path, request.query), now };
    if request.method == Method::POST {
        return page.post(world, request);
    }
    let browser = names_html(request);
    if browser {
        sca::attend(world, &page.visit.authorisation);
        return page.show(world, browser, None);
    }
    match sca::leave_alone(world, &page.visit.authorisation, now) {
        Some(decided) if decided > now => {
            let seconds = ((decided - now).num_milliseconds() + 999) / 1000;
            page.show(world, browser, None).with("retry-after", &seconds.to_string())
        }
        _ => {
            world.catch_up();
            page.show(world, browser, None)
        }
    }
}

/// Every browser names `text/html`; programs send `*/*` or nothing.
fn names_html(request: &Request) -> bool {
    request.headers.get_all("accept").iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

/// One visit of the page.
struct Page {
    visit: Visit,
    /// The page's own address.
    link: String,
    now: DateTime<Utc>,
}

impl Page {
    fn authorisation<'a>(&self, world: &'a World) -> Option<&'a Authorisation> {
        world.state.authorisations.get(&self.visit.authorisation)
    }

    fn post(&self, world: &mut World, request: &Request) -> Reply {
        let id = &self.visit.authorisation;
        match self.authorisation(world).map(|known| &known.stage) {
            // The answer stands; whoever sends the form again goes the same way again.
            Some(Stage::AtBank { progress: Progress::Approved, .. }) => return self.after_decision(world),
            Some(Stage::AtBank { .. }) => {}
            _ => return self.show(world, true, None),
        }
        let form = request.form_pairs();
        let get = |name: &str| form.iter().find_map(|(key, value)| (key == name).then_some(value.trim()));
        match get("decision") {
            Some("sign-in") => match self.sign_in(world, &get) {
                Ok(()) => see_other(&self.link),
                Err(text) => self.show(world, true, Some(text)),
            },
            Some("sign-out") => {
                sca::sign_out(world, id);
                see_other(&self.link)
            }
            Some("approve") => {
                if let Some(user) = get("user").filter(|user| !user.is_empty()) {
                    if let Err(text) = self.check_person(world, user) {
                        return self.show(world, true, Some(text));
                    }
                    sca::sign_in(world, id, user);
                }
                if let Some(account) = get("account") {
                    sca::choose_account(world, id, account);
                }
                sca::approve_at_bank(world, id, self.now);
                self.after_decision(world)
            }
            Some("deny") => {
                sca::deny_at_bank(world, id, self.now);
                self.after_decision(world)
            }
            _ => error(world, "The form holds no decision."),
        }
    }

    fn sign_in<'a>(&self, world: &mut World, get: &impl Fn(&str) -> Option<&'a str>) -> Result<(), &'static str> {
        let user = get("user").unwrap_or_default();
        let login = self.check_person(world, user)?;
        if login != Login::BankId && get("secret").is_none_or(str::is_empty) {
            return Err(match login {
                Login::Codes => "Type the code from your app.",
                _ => "Type your password.",
            });
        }
        sca::sign_in(world, &self.visit.authorisation, user);
        Ok(())
    }

    /// Whether the bank lets this person in, and how.
    fn check_person(&self, world: &World, user: &str) -> Result<Login, &'static str> {
        let authorisation = self.authorisation(world);
        let bank = authorisation.and_then(|known| world.bank(&known.origin.bic)).ok_or("This bank is gone.")?;
        if user.is_empty() || user.chars().count() > 64 || user.chars().any(char::is_control) {
            return Err("Say who you are.");
        }
        let known = persons(world, bank, authorisation);
        if !known.is_empty() && !known.iter().any(|person| person == user) {
            return Err("The bank does not know you. It knows only its test persons.");
        }
        Ok(bank.page.login)
    }

    /// Where a decision leads: back to the application, to the next sign-in, or to a page that says what went wrong.
    fn after_decision(&self, world: &mut World) -> Reply {
        let declined = |code: &str| code == "USER_CANCEL";
        match self.authorisation(world).map(|known| known.stage.clone()) {
            Some(Stage::AtBank { progress: Progress::Approved, .. } | Stage::Finalised) => {
                see_other(&self.visit.approved(world, self.now))
            }
            Some(Stage::AtBank { .. }) => see_other(&self.link),
            Some(Stage::Failed { code, .. }) if declined(&code) => {
                see_other(&self.visit.refused("The customer declined"))
            }
            _ => self.show(world, true, None),
        }
    }

    /// What the page looks like now. A program is never shown an end, but sent back with it.
    fn show(&self, world: &mut World, browser: bool, wrong: Option<&str>) -> Reply {
        let Some(authorisation) = self.authorisation(world).cloned() else {
            return error(world, "This authorisation is gone.");
        };
        match &authorisation.stage {
            Stage::AtBank { progress: Progress::Approved, .. } => {
                let back = self.visit.approved(world, self.now);
                self.ended(world, &authorisation, browser, "approved", &back)
            }
            Stage::AtBank { progress, .. } => {
                let template = if *progress == Progress::SignedIn { "approve.html" } else { "sign-in.html" };
                self.form(world, &authorisation, template, wrong)
            }
            Stage::Failed { code, text } => {
                let back = self.visit.refused(text);
                self.ended(world, &authorisation, browser, code, &back)
            }
            _ => {
                // A plain redirect ends with the approval; the code of the other kind has been used by now.
                let back = if self.visit.is_plain() {
                    self.visit.approved(world, self.now)
                } else {
                    self.visit.refused("This was answered before")
                };
                self.ended(world, &authorisation, browser, "approved", &back)
            }
        }
    }

    fn form(&self, world: &World, authorisation: &Authorisation, template: &str, wrong: Option<&str>) -> Reply {
        let Some(bank) = world.bank(&authorisation.origin.bic) else {
            return error(world, "This bank is gone.");
        };
        let Some(ask) = Ask::of(world, authorisation) else {
            return error(world, "What this is about is gone.");
        };
        let needed = sca::sign_ins(world, &authorisation.id);
        let done = match authorisation.stage {
            Stage::AtBank { sign_ins, .. } => sign_ins,
            _ => 0,
        };
        let accounts: Vec<Value> = sca::debtor_accounts(world, &authorisation.id)
            .into_iter()
            .map(|account| {
                let number = if bank.debtor_key == "iban" { grouped(&account.iban) } else { account.bban.clone() };
                let chosen = self.is_debtor(world, &account);
                context! { key => &account.key, name => &account.name, number, chosen }
            })
            .collect();
        let ask = if accounts.is_empty() { ask } else { ask.without_debtor() };
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let values = context! {
            accounts, wrong,
            ask => ask.value(),
            bank => bank_of(bank),
            client => &self.visit.client,
            person => &authorisation.signer,
            persons => persons(world, bank, Some(authorisation)),
            login => bank.page.login.name(),
            part => (needed > 1).then(|| format!("Sign-in {} of {needed}", done + 1)),
            until => sca::answer_by(world, authorisation).map(|at| at.format("%H:%M").to_string()),
        };
        render(world, status, template, values)
    }

    fn is_debtor(&self, world: &World, account: &crate::model::accounts::Account) -> bool {
        let payment = self.authorisation(world).and_then(|known| match &known.target {
            sca::Target::Payment(id) => world.state.payments.get(id),
            _ => None,
        });
        payment.is_some_and(|payment| account.is(&payment.order["debtorAccount"]))
    }

    fn ended(&self, world: &World, authorisation: &Authorisation, browser: bool, how: &str, way: &str) -> Reply {
        if !browser {
            return see_other(way);
        }
        let Some(bank) = world.bank(&authorisation.origin.bic) else {
            return error(world, "This bank is gone.");
        };
        // A person is not sent back with an error about something that went well.
        let used = matches!(authorisation.stage, Stage::Finalised | Stage::Exempted) && !self.visit.is_plain();
        let (heading, text) = match how {
            "approved" => ("You have answered", "There is nothing left to do here."),
            "USER_CANCEL" => ("You have declined", "Nothing was approved."),
            "AUTHENTICATION_SESSION_EXPIRED" => {
                ("Your time is up", "The bank ends a session that takes too long. Nothing was approved.")
            }
            "BANKID_NOT_ACTIVATED" => {
                ("BankID is not activated", "This person cannot sign with BankID at this bank. Nothing was approved.")
            }
            _ => ("This did not work", "Nothing was approved."),
        };
        let values = context! {
            heading, text,
            back => (!used).then_some(way),
            bank => bank_of(bank),
            client => &self.visit.client,
        };
        render(world, StatusCode::OK, "ended.html", values)
    }
}

fn bank_of(bank: &Bank) -> Value {
    let initial: String = bank.name.chars().take(1).collect();
    context! { name => bank.name.trim(), colour => &bank.page.colour, initial }
}

/// Whom the page lets in; nobody in particular where anybody may.
fn persons(world: &World, bank: &Bank, authorisation: Option<&Authorisation>) -> Vec<String> {
    if bank.page.persons.is_empty() {
        return Vec::new();
    }
    let named = authorisation.map(|known| [known.signer.clone(), known.origin.holder.psu.clone()]);
    let mut persons: Vec<String> = named.into_iter().flatten().collect();
    persons.extend(bank.page.persons.iter().cloned());
    persons.extend(world.directory.test_persons().map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    persons.retain(|person| seen.insert(person.clone()));
    persons
}
