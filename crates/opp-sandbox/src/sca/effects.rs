//! What the end of an authorisation means for the consent, the payment or the cancellation behind it.

use chrono::{DateTime, Utc};

use super::Target;
use crate::model::directory::Outcome;
use crate::model::world::World;
use crate::services::{consents, payments};

/// A signer has approved. With a person who needs a second signer the resource is complete only after another one
/// (platform-facts 8.5 and 12).
pub(super) fn finalised(world: &mut World, id: &str, now: DateTime<Utc>) {
    let Some(authorisation) = world.state.authorisations.get(id) else {
        return;
    };
    let (target, signer) = (authorisation.target.clone(), authorisation.signer.clone());
    match target {
        Target::Consent(consent) => {
            let Some(known) = world.state.consents.get_mut(&consent) else {
                return;
            };
            add(&mut known.signers, signer);
            let complete = is_complete(world, &consent, |world, id| world.state.consents.get(id).map(|it| &it.signers));
            consents::approved(world, &consent, complete, now);
        }
        Target::Payment(payment) => {
            let Some(known) = world.state.payments.get_mut(&payment) else {
                return;
            };
            add(&mut known.signers, signer);
            let complete = is_complete(world, &payment, |world, id| world.state.payments.get(id).map(|it| &it.signers));
            payments::signed(world, &payment, complete, now);
        }
        Target::Cancellation(payment) => payments::cancelled(world, &payment, now),
    }
}

/// A signer has declined: the order is off. A denied cancellation leaves the payment as it was.
pub(super) fn denied(world: &mut World, id: &str, now: DateTime<Utc>) {
    match world.state.authorisations.get(id).map(|known| known.target.clone()) {
        Some(Target::Consent(consent)) => consents::rejected(world, &consent, now),
        Some(Target::Payment(payment)) => payments::rejected(world, &payment, now),
        Some(Target::Cancellation(_)) | None => {}
    }
}

/// Whether the creditor of a payment has never been paid by this debtor before.
pub(super) fn pays_new_creditor(world: &World, target: &Target) -> bool {
    let Target::Payment(id) = target else {
        return false;
    };
    let Some(payment) = world.state.payments.get(id) else {
        return false;
    };
    !world.state.payments.iter().any(|(_, other)| {
        other.id != payment.id
            && other.signed.is_some()
            && other.origin.holder == payment.origin.holder
            && other.order["creditorAccount"] == payment.order["creditorAccount"]
            && other.order["creditorGiro"] == payment.order["creditorGiro"]
    })
}

fn add(signers: &mut Vec<String>, signer: String) {
    if !signers.contains(&signer) {
        signers.push(signer);
    }
}

fn is_complete<'a>(world: &'a World, id: &str, signers: impl Fn(&'a World, &str) -> Option<&'a Vec<String>>) -> bool {
    let Some(signers) = signers(world, id) else {
        return false;
    };
    let needs_two = signers.iter().any(|signer| world.directory.outcome(signer) == Outcome::NeedsSecondSigner);
    signers.len() >= if needs_two { 2 } else { 1 }
}
