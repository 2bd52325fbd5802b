//! Types side by side.

use std::collections::BTreeSet;

use super::{Place, Services, arrow, need, rules};
use crate::diff::model::{Field, Model, Shape, Type};
use crate::diff::{Action, Change, Kind};

pub(super) fn compare(old: &Model, new: &Model, services: &Services, changes: &mut Vec<Change>) {
    let mut added: Vec<(&String, &Type)> =
        new.types.iter().filter(|(name, _)| !old.types.contains_key(*name)).collect();
    for (name, was) in &old.types {
        if let Some(is) = new.types.get(name) {
            let mut place = Place { service: services.of(&is.services), name: is.place.clone(), changes };
            one(&mut place, name, was, is);
            continue;
        }
        if let Some((other, is)) = twin(was, &added).map(|twin| added.remove(twin)) {
            let mut place = Place { service: services.of(&is.services), name: is.place.clone(), changes };
            place.note(Kind::Type, Action::Changed, "name", arrow(name, other), other.clone(), true);
            one(&mut place, other, was, is);
        } else {
            let mut place = Place { service: services.of(&was.services), name: was.place.clone(), changes };
            place.note(Kind::Type, Action::Removed, "", was.shape.word().to_owned(), name.clone(), true);
        }
    }
    for (name, is) in added {
        let mut place = Place { service: services.of(&is.services), name: is.place.clone(), changes };
        place.note(Kind::Type, Action::Added, "", is.shape.word().to_owned(), name.clone(), false);
    }
}

/// The same type under another name: it stands where it stood, or is what it was.
fn twin(was: &Type, added: &[(&String, &Type)]) -> Option<usize> {
    let stands = added.iter().position(|(_, is)| is.place == was.place && is.shape.word() == was.shape.word());
    // Texts and numbers look too much alike to tell.
    let telling = !matches!(was.shape, Shape::Text(_) | Shape::Number(_));
    stands.or_else(|| added.iter().position(|(_, is)| telling && is.shape == was.shape))
}

fn one(place: &mut Place<'_>, name: &str, old: &Type, new: &Type) {
    // A builder is what objects have; texts and enums are built alike wherever they are used.
    if matches!((&old.shape, &new.shape), (Shape::Object { .. }, Shape::Object { .. })) && old.builder != new.builder {
        let word = |builder| if builder { "sent" } else { "only read" };
        let detail = arrow(word(old.builder), word(new.builder));
        place.note(Kind::Type, Action::Changed, "use", detail, name.to_owned(), old.builder);
    }
    let sent = old.sent && new.sent;
    match (&old.shape, &new.shape) {
        (
            Shape::Object { fields: was, groups: before, rules: old },
            Shape::Object { fields: is, groups: after, rules: new },
        ) => {
            fields(place, name, was, is, sent);
            groups(place, name, before, after, sent);
            rules::compare(place, "", name, old, new, sent);
        }
        (Shape::Enum(was), Shape::Enum(is)) => values(place, name, was, is),
        (Shape::Choice(was), Shape::Choice(is)) => {
            place.lists(Kind::Value, was, is, name, false, true);
        }
        (Shape::Text(was), Shape::Text(is)) | (Shape::Number(was), Shape::Number(is)) => {
            rules::compare(place, "", name, was, is, sent);
        }
        (was, is) => {
            place.note(Kind::Type, Action::Changed, "kind", arrow(was.word(), is.word()), name.to_owned(), true);
        }
    }
}

fn fields(place: &mut Place<'_>, name: &str, old: &[Field], new: &[Field], sent: bool) {
    let rust = |field: &Field| format!("{name}::{}", field.ident);
    for gone in old.iter().filter(|field| !new.iter().any(|other| other.wire == field.wire)) {
        place.note(Kind::Field, Action::Removed, &gone.wire, gone.kind.clone(), rust(gone), true);
    }
    for is in new {
        let Some(was) = old.iter().find(|other| other.wire == is.wire) else {
            let detail = if is.required { format!("{}, required", is.kind) } else { is.kind.clone() };
            place.note(Kind::Field, Action::Added, &is.wire, detail, rust(is), is.required && sent);
            continue;
        };
        if was.ident != is.ident {
            place.note(Kind::Field, Action::Changed, &is.wire, arrow(&was.ident, &is.ident), rust(is), true);
        }
        if was.kind != is.kind {
            place.note(Kind::Field, Action::Changed, &is.wire, arrow(&was.kind, &is.kind), rust(is), true);
        }
        if was.required != is.required {
            let detail = arrow(need(was.required), need(is.required));
            place.note(Kind::Field, Action::Changed, &is.wire, detail, rust(is), is.required && sent);
        }
        rules::compare(place, &is.wire, &rust(is), &was.rules, &is.rules, sent);
    }
}

/// Of each group exactly one has to be given; without any group everything may be.
fn groups(place: &mut Place<'_>, name: &str, old: &BTreeSet<String>, new: &BTreeSet<String>, sent: bool) {
    let [was, is]: [Vec<String>; 2] = [old, new].map(|groups| groups.iter().cloned().collect());
    let (added, removed) = (sent && was.is_empty(), sent && !is.is_empty());
    place.lists(Kind::Rule, &was, &is, &format!("one of these in {name}"), added, removed);
}

fn values(place: &mut Place<'_>, name: &str, old: &[(String, String)], new: &[(String, String)]) {
    for (value, variant) in old.iter().filter(|(value, _)| !new.iter().any(|(other, _)| other == value)) {
        place.note(Kind::Value, Action::Removed, value, String::new(), format!("{name}::{variant}"), true);
    }
    for (value, variant) in new {
        match old.iter().find(|(other, _)| other == value) {
            None => place.note(Kind::Value, Action::Added, value, String::new(), format!("{name}::{variant}"), false),
            Some((_, was)) if was != variant => {
                let rust = format!("{name}::{variant}");
                place.note(Kind::Value, Action::Changed, value, arrow(was, variant), rust, true);
            }
            Some(_) => {}
        }
    }
}
