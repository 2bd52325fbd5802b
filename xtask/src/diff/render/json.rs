//! The differences for programs: each on its own, nothing summed up.

use serde_json::{Map, Value, json as object};

use super::{by_service, counts, word};
use crate::codegen::Corrected;
use crate::diff::{Action, Advice, Change, Diff};

pub(in crate::diff) fn json(diff: &Diff, advice: &Advice, old: &Corrected, new: &Corrected) -> Value {
    let figures: Map<String, Value> = counts(diff)
        .into_iter()
        .map(|(name, count)| {
            let figures = object!({"added": count.added, "removed": count.removed, "changed": count.changed});
            (name.to_owned(), figures)
        })
        .collect();
    let services: Vec<Value> = by_service(diff)
        .into_iter()
        .map(|(service, changes)| {
            object!({"service": service, "changes": changes.into_iter().map(change).collect::<Vec<_>>()})
        })
        .collect();
    object!({
        "old": document(old),
        "new": document(new),
        "services": services,
        "counts": figures,
        "breaking": diff.breaks(),
        "version": {
            "crate": "opp-raw",
            "current": advice.current.to_string(),
            "next": advice.next.to_string(),
            "bump": advice.bump.as_str(),
        },
    })
}

fn change(change: &Change) -> Value {
    let action = match change.action {
        Action::Added => "added",
        Action::Removed => "removed",
        Action::Changed => "changed",
    };
    object!({
        "kind": word(change.kind),
        "action": action,
        "place": change.place,
        "part": change.part,
        "detail": change.detail,
        "rust": change.rust,
        "breaking": change.breaking,
    })
}

fn document(corrected: &Corrected) -> Value {
    let unmatched: Vec<&str> = corrected
        .corrections
        .iter()
        .filter(|correction| !correction.unmatched.is_empty())
        .map(|correction| correction.name.as_str())
        .collect();
    object!({
        "path": corrected.document.path.display().to_string(),
        "version": corrected.document.root.pointer("/info/version").cloned().unwrap_or(Value::Null),
        "unmatched_corrections": unmatched,
    })
}
