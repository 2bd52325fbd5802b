//! Operations side by side.

use std::collections::BTreeSet;

use heck::ToSnakeCase;

use super::{Place, Services, arrow, need};
use crate::diff::model::{Body, Model, Operation, Parameter, Signature};
use crate::diff::{Action, Change, Kind};

type Pair<'a> = (Option<&'a Operation>, Option<&'a Operation>);

/// Matches operations by the name of the method, then by their address: there an id was changed.
pub(super) fn pairs<'a>(old: &'a Model, new: &'a Model) -> Vec<Pair<'a>> {
    let mut left: Vec<&Operation> = Vec::new();
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for (name, operation) in &old.operations {
        match new.operations.get(name) {
            Some(twin) => pairs.push((Some(operation), Some(twin))),
            None => left.push(operation),
        }
    }
    for (_, operation) in new.operations.iter().filter(|(name, _)| !old.operations.contains_key(*name)) {
        let place = left.iter().position(|other| blank(&other.address) == blank(&operation.address));
        pairs.push((place.map(|place| left.remove(place)), Some(operation)));
    }
    pairs.extend(left.into_iter().map(|operation| (Some(operation), None)));
    pairs
}

/// An address without the names of its parameters.
fn blank(address: &str) -> String {
    address.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

pub(super) fn compare(
    old: Option<&Operation>,
    new: Option<&Operation>,
    services: &Services,
    changes: &mut Vec<Change>,
) {
    let Some(any) = new.or(old) else { return };
    let mut place = Place { service: services.name(&any.service), name: any.id.clone(), changes };
    let (Some(old), Some(new)) = (old, new) else {
        let action = if new.is_some() { Action::Added } else { Action::Removed };
        place.note(Kind::Operation, action, "", any.address.clone(), names(any), action == Action::Removed);
        return;
    };
    if old.id != new.id {
        // An id may be spelt in another way and still give the same method.
        let breaking = old.id.to_snake_case() != new.id.to_snake_case();
        place.note(Kind::Operation, Action::Changed, "id", arrow(&old.id, &new.id), names(new), breaking);
    }
    if old.address != new.address {
        place.note(Kind::Operation, Action::Changed, "address", arrow(&old.address, &new.address), names(new), false);
    }
    if old.server != new.server {
        place.note(Kind::Operation, Action::Changed, "server", arrow(&old.server, &new.server), names(new), false);
    }
    if services.name(&old.service) != services.name(&new.service) {
        let detail = arrow(&old.service, &new.service);
        place.note(Kind::Operation, Action::Changed, "service", detail, names(new), false);
    }
    path(&mut place, &old.path, &new.path);
    query(&mut place, &old.query, &new.query);
    headers(&mut place, &old.headers, &new.headers);
    body(&mut place, old.body.as_ref(), new.body.as_ref());
    place.lists(Kind::Media, &old.answers, &new.answers, "of the answer", false, true);
    place.lists(Kind::Status, &old.statuses, &new.statuses, "", false, false);
    // An operation that now asks for a scope did without one before.
    place.lists(Kind::Scope, &old.scopes, &new.scopes, "", old.scopes.is_empty(), !new.scopes.is_empty());
    signatures(&mut place, old, new);
}

/// The methods of an operation.
fn names(operation: &Operation) -> String {
    operation.methods.keys().cloned().collect::<Vec<_>>().join(", ")
}

/// Path parameters are arguments in the order of the path: one of another name in the same place is the same argument.
fn path(place: &mut Place<'_>, old: &[Parameter], new: &[Parameter]) {
    let sorted = |all: &[Parameter]| all.iter().map(|p| p.name.clone()).collect::<BTreeSet<_>>();
    if old.len() != new.len() {
        unmatched(place, Kind::Path, old, new, |_| true);
        return;
    }
    let swapped = sorted(old) == sorted(new);
    for (old, new) in old.iter().zip(new) {
        if old.name != new.name {
            let detail = if swapped { format!("in the place of {}", old.name) } else { arrow(&old.name, &new.name) };
            place.note(Kind::Path, Action::Changed, &new.name, detail, new.kind.clone(), swapped);
        }
        kinds(place, Kind::Path, old, new);
    }
}

fn query(place: &mut Place<'_>, old: &[Parameter], new: &[Parameter]) {
    unmatched(place, Kind::Query, old, new, |_| true);
    for (old, new) in new.iter().filter_map(|new| Some((old.iter().find(|old| old.name == new.name)?, new))) {
        kinds(place, Kind::Query, old, new);
        if old.required != new.required {
            let detail = arrow(need(old.required), need(new.required));
            place.note(Kind::Query, Action::Changed, &new.name, detail, new.kind.clone(), true);
        }
        if old.commas != new.commas {
            let word = |commas| if commas { "one value with commas" } else { "a key for each" };
            let detail = arrow(word(old.commas), word(new.commas));
            place.note(Kind::Query, Action::Changed, &new.name, detail, new.kind.clone(), false);
        }
    }
}

/// The names of headers know no case.
fn headers(place: &mut Place<'_>, old: &[Parameter], new: &[Parameter]) {
    unmatched(place, Kind::Header, old, new, |added| added.required);
    for new in new {
        let Some(old) = old.iter().find(|old| old.name.eq_ignore_ascii_case(&new.name)) else { continue };
        if old.required != new.required {
            let detail = arrow(need(old.required), need(new.required));
            place.note(Kind::Header, Action::Changed, &new.name, detail, String::new(), new.required);
        }
    }
}

/// What is only on one side. A header that is gone breaks at the struct of all headers if at all.
fn unmatched(
    place: &mut Place<'_>,
    kind: Kind,
    old: &[Parameter],
    new: &[Parameter],
    adding: impl Fn(&Parameter) -> bool,
) {
    let among = |all: &[Parameter], one: &Parameter| all.iter().any(|other| other.name.eq_ignore_ascii_case(&one.name));
    for gone in old.iter().filter(|one| !among(new, one)) {
        let detail = need(gone.required).to_owned();
        place.note(kind, Action::Removed, &gone.name, detail, gone.kind.clone(), kind != Kind::Header);
    }
    for come in new.iter().filter(|one| !among(old, one)) {
        place.note(kind, Action::Added, &come.name, need(come.required).to_owned(), come.kind.clone(), adding(come));
    }
}

fn kinds(place: &mut Place<'_>, kind: Kind, old: &Parameter, new: &Parameter) {
    if old.kind != new.kind {
        place.note(kind, Action::Changed, &new.name, arrow(&old.kind, &new.kind), String::new(), true);
    }
}

fn body(place: &mut Place<'_>, old: Option<&Body>, new: Option<&Body>) {
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => {
            place.note(Kind::Body, Action::Removed, "", old.media.join(", "), String::new(), true);
        }
        (None, Some(new)) => {
            let detail = format!("{}, {}", need(new.required), new.media.join(", "));
            place.note(Kind::Body, Action::Added, "", detail, String::new(), true);
        }
        (Some(old), Some(new)) => {
            if old.required != new.required {
                let detail = arrow(need(old.required), need(new.required));
                place.note(Kind::Body, Action::Changed, "", detail, String::new(), true);
            }
            place.lists(Kind::Media, &old.media, &new.media, "of the body", false, true);
        }
    }
}

/// What a method takes and gives as a whole: the type of a body or an answer shows here alone. A method that only has
/// another name, because the operation has, was told with its id.
fn signatures(place: &mut Place<'_>, old: &Operation, new: &Operation) {
    let [was, is] = [old, new].map(|operation| operation.id.to_snake_case());
    let renamed = |name: &str, from: &str, to: &str| format!("{to}{}", name.strip_prefix(from).unwrap_or_default());
    for (name, before) in &old.methods {
        let name = renamed(name, &was, &is);
        match new.methods.get(&name) {
            None => place.note(Kind::Signature, Action::Removed, &name, show(before), name.clone(), true),
            Some(after) if after == before => {}
            Some(after) => {
                let detail = arrow(&show(before), &show(after));
                place.note(Kind::Signature, Action::Changed, &name, detail, name.clone(), true);
            }
        }
    }
    for (name, after) in new.methods.iter().filter(|(name, _)| !old.methods.contains_key(&renamed(name, &is, &was))) {
        place.note(Kind::Signature, Action::Added, name, show(after), name.clone(), false);
    }
}

fn show(signature: &Signature) -> String {
    format!("({}) -> {}", signature.arguments.join(", "), signature.result)
}
