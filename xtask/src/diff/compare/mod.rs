//! Two models side by side.

mod operations;
mod rules;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Model, Operation};
use super::{Action, Change, Diff, Kind};

/// The group of what several services use.
pub(super) const SHARED: &str = "Several services";
/// The group of operations without a tag.
const UNNAMED: &str = "Without a service";

/// Everything that differs.
pub(super) fn models(old: &Model, new: &Model) -> Diff {
    let pairs = operations::pairs(old, new);
    let services = Services::new(&pairs);
    let mut changes = Vec::new();
    servers(old, new, &mut changes);
    let mut kept = BTreeMap::new();
    for (old, new) in pairs {
        if let (Some(_), Some(new)) = (old, new) {
            *kept.entry(services.name(&new.service)).or_default() += 1;
        }
        operations::compare(old, new, &services, &mut changes);
    }
    types::compare(old, new, &services, &mut changes);
    let shared = |change: &Change| change.service == SHARED;
    changes.sort_by(|a, b| {
        let key = |c: &Change| (shared(c), c.service.clone(), c.kind, c.place.clone(), c.part.clone(), c.action);
        key(a).cmp(&key(b))
    });
    Diff { changes, kept }
}

/// The names of services: those of the new document, where a service kept an operation but not its name.
struct Services {
    renamed: BTreeMap<String, String>,
}

impl Services {
    fn new(pairs: &[(Option<&Operation>, Option<&Operation>)]) -> Self {
        let mut renamed = BTreeMap::new();
        let current: BTreeSet<&str> =
            pairs.iter().filter_map(|(_, new)| Some(new.as_ref()?.service.as_str())).collect();
        for (old, new) in pairs {
            if let (Some(old), Some(new)) = (old, new)
                && !current.contains(old.service.as_str())
            {
                renamed.entry(old.service.clone()).or_insert_with(|| new.service.clone());
            }
        }
        Self { renamed }
    }

    fn name(&self, service: &str) -> String {
        let service = self.renamed.get(service).map_or(service, String::as_str);
        if service.is_empty() { UNNAMED.to_owned() } else { service.to_owned() }
    }

    /// The one service among these, or all of them together.
    fn of(&self, services: &BTreeSet<String>) -> String {
        let names: BTreeSet<String> = services.iter().map(|service| self.name(service)).collect();
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (Some(one), None) => one,
            _ => SHARED.to_owned(),
        }
    }
}

/// Collects the changes of one place.
struct Place<'a> {
    service: String,
    name: String,
    changes: &'a mut Vec<Change>,
}

impl Place<'_> {
    fn note(&mut self, kind: Kind, action: Action, part: &str, detail: String, rust: String, breaking: bool) {
        self.changes.push(Change {
            service: self.service.clone(),
            kind,
            action,
            place: self.name.clone(),
            part: part.to_owned(),
            detail,
            rust,
            breaking,
        });
    }

    /// Notes what is only in one of two lists.
    fn lists(&mut self, kind: Kind, old: &[String], new: &[String], word: &str, added: bool, removed: bool) {
        for gone in old.iter().filter(|item| !new.contains(item)) {
            self.note(kind, Action::Removed, gone, word.to_owned(), String::new(), removed);
        }
        for come in new.iter().filter(|item| !old.contains(item)) {
            self.note(kind, Action::Added, come, word.to_owned(), String::new(), added);
        }
    }
}

fn servers(old: &Model, new: &Model, changes: &mut Vec<Change>) {
    let mut place = Place { service: SHARED.to_owned(), name: "servers".to_owned(), changes };
    // Clients name the hosts beside the first to give them other addresses.
    place.lists(Kind::Server, &old.servers, &new.servers, "", false, true);
}

/// `a → b`.
fn arrow(old: &str, new: &str) -> String {
    format!("{old} → {new}")
}

/// The word for whether something has to be there.
fn need(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}
