//! The bank's page as the machine sees it: a customer signs in, says yes or no, or a program plays the customer.

use chrono::{DateTime, Utc};

use super::machine::{deny, fail_as_documented, finalise};
use super::{Progress, Stage, Target};
use crate::model::accounts::{self, Account};
use crate::model::agenda::Due;
use crate::model::banks::RedirectKind;
use crate::model::directory::Outcome;
use crate::model::entities::{Consent, Holder};
use crate::model::world::World;

/// A customer has signed in. Whoever is the first to sign a resource owns it: a bank looks at who has signed in, not
/// at what the caller has said. A payment stays with whose account it is paid from, unless that is still to be chosen.
pub(crate) fn sign_in(world: &mut World, id: &str, person: &str) -> bool {
    let owns = becomes_owner(world, id, person);
    let Some(authorisation) = world.state.authorisations.get_mut(id) else {
        return false;
    };
    let Stage::AtBank { progress, .. } = &mut authorisation.stage else {
        return false;
    };
    if *progress == Progress::Approved {
        return false;
    }
    *progress = Progress::SignedIn;
    person.clone_into(&mut authorisation.signer);
    if !owns {
        return true;
    }
    person.clone_into(&mut authorisation.origin.holder.psu);
    let owner = match &authorisation.target {
        Target::Consent(id) => world.state.consents.get_mut(id).map(|it| &mut it.origin.holder),
        Target::Payment(id) | Target::Cancellation(id) => {
            world.state.payments.get_mut(id).map(|it| &mut it.origin.holder)
        }
    };
    if let Some(owner) = owner {
        person.clone_into(&mut owner.psu);
    }
    true
}

fn becomes_owner(world: &World, id: &str, person: &str) -> bool {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return false;
    };
    match &authorisation.target {
        Target::Consent(id) => world.state.consents.get(id).is_some_and(|it| it.signers.is_empty()),
        Target::Payment(id) => {
            let known = world.state.payments.get(id).zip(world.bank(&authorisation.origin.bic));
            known.filter(|(payment, _)| payment.signers.is_empty()).is_some_and(|(payment, bank)| {
                let holder = Holder { psu: person.to_owned(), ..payment.origin.holder.clone() };
                let account = &payment.order["debtorAccount"];
                bank.page.chooses_debtor || accounts::debtor(world.state.ids.seed(), bank, &holder, account).is_some()
            })
        }
        Target::Cancellation(_) => false,
    }
}

/// The customer wants to sign in as somebody else.
pub(crate) fn sign_out(world: &mut World, id: &str) {
    if let Some(Stage::AtBank { progress, .. }) = stage(world, id)
        && *progress == Progress::SignedIn
    {
        *progress = Progress::Asked;
    }
}

/// A browser shows the page, so a person is there and nobody has to play one.
pub(crate) fn attend(world: &mut World, id: &str) {
    if let Some(Stage::AtBank { opened, .. }) = stage(world, id) {
        *opened = None;
    }
}

/// A program opened the page, so the customer is played: gives the moment at which that one will have decided.
pub(crate) fn leave_alone(world: &mut World, id: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let after = world.settings.person_after?;
    let Some(Stage::AtBank { opened, progress, .. }) = stage(world, id) else {
        return None;
    };
    if *progress == Progress::Approved {
        return None;
    }
    let decided = *opened.get_or_insert(now) + after;
    world.state.agenda.add(decided, Due::Authorisation(id.to_owned()));
    Some(decided)
}

/// The customer approves. What comes of it stands in the stage: approved, another sign-in, or a failure that belongs
/// to a documented person.
pub(crate) fn approve_at_bank(world: &mut World, id: &str, now: DateTime<Utc>) -> bool {
    let needed = sign_ins(world, id);
    let Some(Stage::AtBank { progress, .. }) = stage(world, id) else {
        return false;
    };
    if *progress == Progress::Approved || fail_as_documented(world, id, now) {
        return true;
    }
    if let Some(Stage::AtBank { progress, sign_ins, .. }) = stage(world, id) {
        *sign_ins = sign_ins.saturating_add(1);
        if *sign_ins < needed {
            *progress = Progress::Asked;
            return true;
        }
        *progress = Progress::Approved;
    }
    if !exchange_follows(world, id) {
        finalise(world, id, now);
    }
    true
}

/// The customer says no, which is too late after a yes.
pub(crate) fn deny_at_bank(world: &mut World, id: &str, now: DateTime<Utc>) {
    if matches!(stage(world, id), Some(Stage::AtBank { progress: Progress::Asked | Progress::SignedIn, .. })) {
        deny(world, id, now);
    }
}

/// What the played customer does, to the end.
pub(super) fn decide_alone(world: &mut World, id: &str, now: DateTime<Utc>) {
    let signer = world.state.authorisations.get(id).map(|known| known.signer.clone()).unwrap_or_default();
    if world.directory.outcome(&signer) == Outcome::Declines {
        return deny_at_bank(world, id, now);
    }
    for _ in 0..sign_ins(world, id) {
        approve_at_bank(world, id, now);
    }
}

/// The client has exchanged the code of an approved authorisation.
pub(crate) fn exchanged(world: &mut World, id: &str, now: DateTime<Utc>) -> bool {
    let approved = matches!(stage(world, id), Some(Stage::AtBank { progress: Progress::Approved, .. }));
    if approved {
        finalise(world, id, now);
    }
    approved
}

/// How often the customer has to sign in for this authorisation.
pub(crate) fn sign_ins(world: &World, id: &str) -> u32 {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return 1;
    };
    let without_list = match &authorisation.target {
        Target::Consent(id) => world.state.consents.get(id).is_some_and(|consent| !lists_accounts(consent)),
        Target::Payment(_) | Target::Cancellation(_) => false,
    };
    let bank = world.bank(&authorisation.origin.bic).filter(|_| without_list);
    bank.map_or(1, |bank| bank.page.sign_ins_without_account_list.max(1))
}

fn lists_accounts(consent: &Consent) -> bool {
    let named = |name: &&str| consent.access[*name].as_array().is_some_and(|list| !list.is_empty());
    ["accounts", "balances", "transactions"].iter().any(named)
}

fn exchange_follows(world: &World, id: &str) -> bool {
    let bank = world.state.authorisations.get(id).and_then(|known| world.bank(&known.origin.bic));
    bank.is_some_and(|bank| bank.redirect == RedirectKind::Oauth)
}

fn stage<'a>(world: &'a mut World, id: &str) -> Option<&'a mut Stage> {
    world.state.authorisations.get_mut(id).map(|known| &mut known.stage)
}

/// Puts the account that the customer chose into the order.
pub(crate) fn choose_account(world: &mut World, id: &str, account: &str) {
    let Some((payment, bic)) = world.state.authorisations.get(id).and_then(|known| match &known.target {
        Target::Payment(payment) => Some((payment.clone(), known.origin.bic.clone())),
        Target::Consent(_) | Target::Cancellation(_) => None,
    }) else {
        return;
    };
    let Some(chosen) = debtor_accounts(world, id).into_iter().find(|one| one.key == account) else {
        return;
    };
    let Some(reference) = world.bank(&bic).map(|bank| chosen.reference(bank)) else {
        return;
    };
    // What was sent as a file keeps its text; what is done follows the order that was read from it.
    if let Some(fields) = world.state.payments.get_mut(&payment).and_then(|payment| payment.order.as_object_mut()) {
        fields.insert("debtorAccount".to_owned(), reference);
    }
}

/// The accounts among which the customer chooses; none where the bank leaves no choice.
pub(crate) fn debtor_accounts(world: &World, id: &str) -> Vec<Account> {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return Vec::new();
    };
    let holder: &Holder = match &authorisation.target {
        Target::Payment(id) => match world.state.payments.get(id) {
            // Whoever signs after the first signs what that one saw.
            Some(payment) if payment.signers.is_empty() => &payment.origin.holder,
            _ => return Vec::new(),
        },
        Target::Consent(_) | Target::Cancellation(_) => return Vec::new(),
    };
    match world.bank(&authorisation.origin.bic) {
        Some(bank) if bank.page.chooses_debtor => accounts::of(world.state.ids.seed(), bank, holder),
        _ => Vec::new(),
    }
}
