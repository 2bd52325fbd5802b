//! The differences as lines for readers, as JSON for programs, and as one line for a table.

mod json;
mod table;

use std::collections::BTreeSet;

pub(super) use json::json;
pub(super) use table::text;

use super::{Action, Change, Diff, Kind};

/// How many things of one sort were added, removed and changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    added: usize,
    removed: usize,
    changed: usize,
}

/// The figures of a diff: operations, types, fields, values.
fn counts(diff: &Diff) -> [(&'static str, Count); 4] {
    let of_operations = |kind: Kind| kind < Kind::Server;
    [
        ("operations", wholes(diff, Kind::Operation, of_operations)),
        ("types", wholes(diff, Kind::Type, |kind| kind >= Kind::Type)),
        ("fields", parts(diff, Kind::Field)),
        ("values", parts(diff, Kind::Value)),
    ]
}

/// Things that come and go as a whole; one whose parts differ has changed, once.
fn wholes(diff: &Diff, kind: Kind, belongs: impl Fn(Kind) -> bool) -> Count {
    let whole = |action| diff.changes.iter().filter(|c| c.kind == kind && c.action == action).count();
    let changed: BTreeSet<&str> = diff
        .changes
        .iter()
        .filter(|c| belongs(c.kind) && !(c.kind == kind && c.action != Action::Changed))
        .map(|c| c.place.as_str())
        .collect();
    Count { added: whole(Action::Added), removed: whole(Action::Removed), changed: changed.len() }
}

fn parts(diff: &Diff, kind: Kind) -> Count {
    let each = |action| {
        let parts = diff.changes.iter().filter(|c| c.kind == kind && c.action == action);
        parts.map(|c| (c.place.as_str(), c.part.as_str())).collect::<BTreeSet<_>>().len()
    };
    Count { added: each(Action::Added), removed: each(Action::Removed), changed: each(Action::Changed) }
}

/// `operations +2 -1, fields ~3; 2 changes break users`.
pub(super) fn summary(diff: &Diff) -> String {
    if diff.changes.is_empty() {
        return "nothing".to_owned();
    }
    let mut parts: Vec<String> = counts(diff).into_iter().filter_map(|(name, count)| figures(name, count)).collect();
    let rest = diff.changes.iter().filter(|change| change.kind == Kind::Server).count();
    if rest > 0 {
        parts.push(format!("servers ~{rest}"));
    }
    let breaking = diff.changes.iter().filter(|change| change.breaking).count();
    let breaks = match breaking {
        0 => "nothing breaks users".to_owned(),
        1 => "1 change breaks users".to_owned(),
        more => format!("{more} changes break users"),
    };
    format!("{}; {breaks}", parts.join(", "))
}

fn figures(name: &str, count: Count) -> Option<String> {
    let signed = [('+', count.added), ('-', count.removed), ('~', count.changed)];
    let signed: Vec<String> =
        signed.iter().filter(|(_, figure)| *figure > 0).map(|(sign, figure)| format!("{sign}{figure}")).collect();
    (!signed.is_empty()).then(|| format!("{name} {}", signed.join(" ")))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Operation => "operation",
        Kind::Signature => "method",
        Kind::Path => "path parameter",
        Kind::Query => "query parameter",
        Kind::Header => "header",
        Kind::Body => "body",
        Kind::Media => "media type",
        Kind::Status => "status",
        Kind::Scope => "scope",
        Kind::Server => "server",
        Kind::Type => "type",
        Kind::Field => "field",
        Kind::Value => "value",
        Kind::Rule => "rule",
    }
}

/// The changes by service, in order.
fn by_service(diff: &Diff) -> Vec<(&str, Vec<&Change>)> {
    let mut groups: Vec<(&str, Vec<&Change>)> = Vec::new();
    for change in &diff.changes {
        match groups.last_mut() {
            Some((service, changes)) if *service == change.service => changes.push(change),
            _ => groups.push((&change.service, vec![change])),
        }
    }
    groups
}
