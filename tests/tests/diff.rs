//! `cargo xtask diff` on the published editions: what it is to find in them is known.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use opp_tests::editions;
use serde_json::Value;
use xtask::codegen;
use xtask::diff::{Action, Diff, Kind, compare};

const PUBLISHED: &str = "openpayments-NextGenPSD2-1.3.3.yaml";
const LATER: &str = "openpayments-api-2026.facts.yaml";

fn corrected(path: &Path) -> Value {
    codegen::correct(path, &xtask::root().join("openapi"), true).unwrap().document.root
}

fn between(old: &Path, new: &Path) -> Diff {
    compare(&corrected(old), &corrected(new)).unwrap()
}

#[track_caller]
fn lists(diff: &Diff, kind: Kind, action: Action, place: &str, breaking: bool) {
    let found = diff.changes.iter().any(|c| {
        (c.kind, c.action, c.place.as_str(), c.part.as_str(), c.breaking) == (kind, action, place, "", breaking)
    });
    assert!(found, "no {action:?} {kind:?} {place}");
}

#[test]
fn ours_and_the_published_document_differ_in_nothing_but_words() {
    let Some(folder) = editions() else { return };
    let diff = between(&folder.join(PUBLISHED), &xtask::root().join(codegen::DOCUMENT));
    assert_eq!(diff.changes, []);
}

#[test]
fn the_later_edition_lost_the_cities_and_has_signing_baskets() {
    let Some(folder) = editions() else { return };
    let diff = between(&folder.join(PUBLISHED), &folder.join(LATER));
    for gone in ["getCityList", "getCityDetails", "getCountryDetails"] {
        lists(&diff, Kind::Operation, Action::Removed, gone, true);
    }
    for come in ["createSigningBasket", "getSigningBasketStatus", "getCardAccountList", "getCreditorName"] {
        lists(&diff, Kind::Operation, Action::Added, come, false);
    }
    lists(&diff, Kind::Type, Action::Removed, "cityList", true);
    lists(&diff, Kind::Type, Action::Added, "signingBasket", false);
    let operations = |action| diff.changes.iter().filter(|c| c.kind == Kind::Operation && c.action == action).count();
    // 31 operations became 60.
    assert_eq!(31 - operations(Action::Removed) + operations(Action::Added), 60);
}

#[test]
fn the_way_back_turns_what_came_into_what_is_gone() {
    let Some(folder) = editions() else { return };
    let diff = between(&folder.join(LATER), &folder.join(PUBLISHED));
    lists(&diff, Kind::Operation, Action::Added, "getCityList", false);
    lists(&diff, Kind::Operation, Action::Removed, "createSigningBasket", true);
}

#[test]
fn the_bundle_is_not_corrected_twice() {
    let bundle = xtask::root().join("openapi/bundle.json");
    let diff = between(&bundle, &xtask::root().join(codegen::DOCUMENT));
    assert_eq!(diff.changes, []);
}

#[test]
fn readers_get_lines_and_programs_json() {
    // The same document with one operation less: an edition that needs no other folder.
    let ours = xtask::root().join(codegen::DOCUMENT);
    let mut root = corrected(&ours);
    root["paths"].as_object_mut().unwrap().retain(|path, _| !path.ends_with("/cities/{city-id}"));
    let folder = tempfile::tempdir().unwrap();
    let less = folder.path().join("less.json");
    std::fs::write(&less, root.to_string()).unwrap();

    let said = diff_program(&[&ours, &less], false);
    let line = said.lines().find(|line| line.contains("getCityDetails")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.starts_with("  ! - operation"), "{line}");
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("opp-raw ") && last.contains("because users have to change their code"), "{said}");
    assert!(said.lines().all(|line| line == line.trim_end()), "{said}");

    let json: Value = serde_json::from_str(&diff_program(&[&ours, &less], true)).unwrap();
    let changes = json["services"][0]["changes"].as_array().unwrap();
    let city = changes.iter().find(|change| change["place"] == "getCityDetails").unwrap();
    assert_eq!((&city["kind"], &city["action"]), (&"operation".into(), &"removed".into()));
    assert_eq!((&city["breaking"], &json["breaking"]), (&true.into(), &true.into()));
    assert_eq!(json["counts"]["operations"]["removed"], 1);
    assert_ne!(json["version"]["next"], json["version"]["current"]);

    let same = diff_program(&[&ours, &ours], false);
    assert!(same.contains("no difference, documentation aside"), "{same}");
}

#[test]
fn a_file_that_is_no_document_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, "a: 1\n").unwrap();
    let run = xtask().args(["diff".as_ref(), wrong.as_os_str(), wrong.as_os_str()]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && said.contains("wrong.yaml"), "{said}");
}

fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--package", "xtask", "--"]).current_dir(xtask::root());
    command
}

fn diff_program(documents: &[&Path; 2], json: bool) -> String {
    let mut command = xtask();
    command.arg("diff").args(documents);
    if json {
        command.arg("--json");
    }
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}
