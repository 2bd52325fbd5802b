//! The differences for readers: aligned, by service, what is the same in several operations told once.

use std::fmt::Write;

use super::{by_service, counts, figures, word};
use crate::codegen::Corrected;
use crate::diff::{Action, Advice, Bump, Change, Diff, Kind};

/// Longer places do not push the column of details any further.
const WIDEST: usize = 52;
/// Lists of operations are broken here.
const MARGIN: usize = 120;

/// What stands between before and after.
const BETWEEN: &str = " → ";

/// One line of the table.
struct Row<'a> {
    change: &'a Change,
    place: String,
    /// The operations in which it is so, if the line tells of a part of operations.
    operations: Vec<&'a str>,
}

pub(in crate::diff) fn text(diff: &Diff, advice: &Advice, old: &Corrected, new: &Corrected) -> String {
    let mut out = String::new();
    for (word, corrected) in [("old", old), ("new", new)] {
        heading(&mut out, word, corrected);
    }
    if diff.changes.is_empty() {
        let _ = writeln!(out, "\nno difference, documentation aside\n\nopp-raw stays at {}", advice.current);
        return out;
    }
    out.push_str("\n! breaks users of opp-raw   + added   - removed   ~ changed\n");
    for (service, changes) in by_service(diff) {
        let _ = writeln!(out, "\n{service}");
        let rows = rows(&changes);
        let kinds = width(rows.iter().map(|row| word(row.change.kind)));
        let places = width(rows.iter().map(|row| row.place.as_str())).min(WIDEST);
        for row in rows {
            line(&mut out, &row, kinds, places, diff.kept.get(service).copied());
        }
    }
    out.push('\n');
    let breaking = diff.changes.iter().filter(|change| change.breaking).count();
    let figures: Vec<String> = counts(diff).into_iter().filter_map(|(name, count)| figures(name, count)).collect();
    let _ = writeln!(out, "{} changes, {breaking} of them breaking: {}", diff.changes.len(), figures.join(", "));
    let _ = writeln!(out, "opp-raw {} -> {}: {}", advice.current, advice.next, reason(diff, advice));
    out
}

fn heading(out: &mut String, word: &str, corrected: &Corrected) {
    let version = corrected.document.root.pointer("/info/version").and_then(|version| version.as_str());
    let _ = writeln!(out, "{word}  {}, version {}", corrected.document.path.display(), version.unwrap_or("unknown"));
    let unmatched = corrected.corrections.iter().filter(|correction| !correction.unmatched.is_empty());
    let unmatched: Vec<&str> = unmatched.map(|correction| correction.name.trim_end_matches(".yaml")).collect();
    if !unmatched.is_empty() {
        let names = wrap(&unmatched, 5);
        let _ = writeln!(out, "     corrections with a target that it lacks:\n     {names}");
    }
}

fn rows<'a>(changes: &[&'a Change]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for change in changes {
        let part_of_operation = change.kind > Kind::Signature && change.kind < Kind::Server;
        if !part_of_operation {
            rows.push(Row { change, place: place(change), operations: Vec::new() });
            continue;
        }
        let same = |row: &&mut Row<'_>| {
            let of = |c: &Change| (c.kind, c.action, c.part.clone(), c.detail.clone(), c.rust.clone(), c.breaking);
            of(row.change) == of(change)
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.operations.push(&change.place),
            None => rows.push(Row { change, place: change.part.clone(), operations: vec![&change.place] }),
        }
    }
    // What was told once for several operations is sorted by what it tells.
    rows.sort_by(|a, b| a.change.kind.cmp(&b.change.kind).then_with(|| a.place.cmp(&b.place)));
    rows
}

fn place(change: &Change) -> String {
    match (change.kind, change.part.as_str()) {
        (_, "") => change.place.clone(),
        (Kind::Signature, part) => part.to_owned(),
        (Kind::Field, part) => format!("{}.{part}", change.place),
        (_, part) => format!("{}: {part}", change.place),
    }
}

fn line(out: &mut String, row: &Row<'_>, kinds: usize, places: usize, kept: Option<usize>) {
    let change = row.change;
    let sign = match change.action {
        Action::Added => '+',
        Action::Removed => '-',
        Action::Changed => '~',
    };
    let mark = if change.breaking { '!' } else { ' ' };
    let indent = 6 + kinds + 2;
    let _ = write!(out, "  {mark} {sign} {:kinds$}  ", word(change.kind));
    // A signature is long: it stands below the method.
    if change.kind == Kind::Signature {
        let _ = writeln!(out, "{}", row.place);
        let words: &[&str] = if change.action == Action::Changed { &["was ", "is  "] } else { &[""] };
        for (word, signature) in words.iter().zip(change.detail.split(BETWEEN)) {
            let _ = writeln!(out, "{:indent$}{word}{signature}", "");
        }
        return;
    }
    let mut text = format!("{:places$}", row.place);
    if !change.detail.is_empty() {
        let _ = write!(text, "  {}", change.detail);
    }
    if !change.rust.is_empty() {
        let _ = write!(text, "  [{}]", change.rust);
    }
    let everywhere = kept == Some(row.operations.len());
    let operations = if everywhere && row.operations.len() > 1 {
        format!("  in all {} operations", row.operations.len())
    } else {
        row.operations.first().map(|_| format!("  in {}", row.operations.join(", "))).unwrap_or_default()
    };
    if indent + text.len() + operations.len() <= MARGIN {
        text.push_str(&operations);
        let _ = writeln!(out, "{}", text.trim_end());
    } else if row.operations.is_empty() {
        let _ = writeln!(out, "{}", text.trim_end());
    } else {
        let _ = writeln!(out, "{}\n{:indent$}  in {}", text.trim_end(), "", wrap(&row.operations, indent + 5));
    }
}

fn wrap(names: &[&str], indent: usize) -> String {
    let mut out = String::new();
    let mut used = indent;
    for (place, name) in names.iter().enumerate() {
        let last = place + 1 == names.len();
        if used > indent && used + name.len() + 1 > MARGIN {
            let _ = write!(out, "\n{:indent$}", "");
            used = indent;
        }
        used += name.len() + 2;
        out.push_str(name);
        if !last {
            out.push(',');
            out.push(' ');
        }
    }
    // A break leaves the blank that was before it.
    out.replace(", \n", ",\n")
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn reason(diff: &Diff, advice: &Advice) -> &'static str {
    match (advice.bump, diff.breaks(), advice.current.major) {
        (Bump::Major, ..) => "a major version, because users have to change their code",
        (Bump::Minor, true, _) => "a minor version, because users have to change their code (before 1.0)",
        (Bump::Minor, ..) => "a minor version, because something was added",
        (Bump::Patch, _, 0) => "a patch, because nothing breaks (before 1.0)",
        (Bump::Patch, ..) => "a patch, because nothing breaks and nothing was added",
        (Bump::None, ..) => "no new version",
    }
}
