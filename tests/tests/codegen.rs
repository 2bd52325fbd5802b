//! The generator as a user of `cargo xtask codegen` meets it: the same every time, complete for every edition, and
//! plain about what it cannot do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use opp_tests::editions;
use xtask::codegen::{self, Arguments};
use xtask::emit::{self, Files};

fn generate(spec: &Path, folder: &Path, lenient: bool) -> anyhow::Result<Files> {
    let corrected = codegen::correct(spec, folder, lenient)?;
    emit::emit(&codegen::normalise(&corrected)?)
}

fn ours() -> Files {
    generate(&xtask::root().join(codegen::DOCUMENT), &xtask::root().join("openapi"), false).unwrap()
}

/// A document of its own in a folder of its own, without corrections.
fn generate_text(text: &str) -> anyhow::Result<Files> {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("small.yaml");
    std::fs::write(&spec, text).unwrap();
    generate(&spec, folder.path(), false)
}

const SMALL: &str = "
openapi: 3.0.1
info: {title: small, version: '1'}
servers: [{url: 'https://api.example'}]
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: '', content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}}
";

#[test]
fn two_runs_write_the_same_bytes() {
    assert_eq!(ours(), ours());
}

#[test]
fn the_published_document_gives_the_same_rust_api_as_ours() {
    let Some(editions) = editions() else { return };
    let published = editions.join("openpayments-NextGenPSD2-1.3.3.yaml");
    let theirs = generate(&published, &xtask::root().join("openapi"), false).unwrap();
    for (path, ours) in ours() {
        let code = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect()
        };
        assert!(code(&ours) == code(&theirs[path]), "{path} differs in more than documentation");
    }
}

#[test]
fn a_fragment_in_additions_is_generated_like_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("small.yaml");
    std::fs::write(&spec, SMALL).unwrap();
    std::fs::create_dir(folder.path().join("additions")).unwrap();
    std::fs::write(
        folder.path().join("additions/notes.yaml"),
        "
paths:
  /notes:
    post:
      operationId: createNote
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/note'}}}}
      responses: {'204': {description: ''}}
components:
  schemas:
    note: {type: object, required: [text], properties: {text: {type: string, maxLength: 10}}}
",
    )
    .unwrap();
    let files = generate(&spec, folder.path(), false).unwrap();
    let client = &files["opp-raw/src/generated/client.rs"];
    assert!(client.contains("pub async fn get_thing(") && client.contains("pub async fn create_note("));
    assert!(files["opp-raw/src/generated/types.rs"].contains("builder! { Note {"));
}

#[test]
fn a_correction_of_an_addition_is_applied_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("small.yaml");
    std::fs::write(&spec, SMALL).unwrap();
    std::fs::create_dir(folder.path().join("additions")).unwrap();
    std::fs::create_dir(folder.path().join("corrections")).unwrap();
    std::fs::write(
        folder.path().join("additions/a.yaml"),
        "paths: {/a: {get: {operationId: getA, responses: {'204': {description: ''}}}}}",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("corrections/01-a.yaml"),
        "overlay: 1.0.0\nx-reason: r\nx-source: s\nactions: [{target: \"$.paths['/a'].get\", update: {operationId: getB}}]",
    )
    .unwrap();
    let files = generate(&spec, folder.path(), false).unwrap();
    assert!(files["opp-raw/src/generated/client.rs"].contains("pub async fn get_b("));
}

#[test]
fn what_is_not_supported_names_document_place_operation_and_remedy() {
    let cookie = SMALL.replace("parameters: [", "parameters: [{name: session, in: cookie, schema: {type: string}}, ");
    let message = format!("{:#}", generate_text(&cookie).unwrap_err());
    for part in ["small.yaml", "/paths/~1things~1{id}/get", "getThing", "session", "correction"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

#[test]
fn a_reference_to_another_file_is_refused_by_its_place() {
    let message =
        format!("{:#}", generate_text(&SMALL.replace("{type: object,", "{$ref: 'other.yaml#/x',")).unwrap_err());
    assert!(message.contains("other.yaml#/x") && message.contains("bundle it"), "{message}");
}

#[test]
fn yaml_that_is_none_names_the_line() {
    let message = format!("{:#}", generate_text("openapi: 3.0.1\npaths: {a: [}\n").unwrap_err());
    assert!(message.contains("small.yaml") && message.contains("line 2"), "{message}");
}

#[test]
fn another_version_of_openapi_is_refused_with_a_remedy() {
    let message = format!("{:#}", generate_text("swagger: '2.0'\npaths: {}\n").unwrap_err());
    assert!(message.contains("/openapi"), "{message}");
}

#[test]
fn json_is_read_like_yaml() {
    let root = xtask::document::read::parse(SMALL).unwrap();
    assert_eq!(generate_text(&root.to_string()).unwrap(), generate_text(SMALL).unwrap());
}

#[test]
fn a_crate_written_elsewhere_inherits_nothing_from_here() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("small.yaml");
    std::fs::write(&spec, SMALL).unwrap();
    let out = folder.path().join("out");
    codegen::run(&Arguments { spec: Some(spec), out: Some(out.clone()), lenient: true, check: false }).unwrap();
    let manifest = std::fs::read_to_string(out.join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("workspace = true") && manifest.contains("+nextgenpsd2-1\""), "{manifest}");
    assert!(out.join("src/generated/client.rs").is_file() && out.join("src/client.rs").is_file());
}

/// Editions that nobody here has seen: whatever is missing or odd in one, the generator writes a crate or says what
/// is wrong; it never panics.
#[test]
fn a_damaged_document_is_generated_or_refused_but_never_a_panic() {
    use rand::{Rng, SeedableRng};
    let whole = xtask::document::read::read(&xtask::root().join(codegen::DOCUMENT)).unwrap().root;
    for seed in 0..120 {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let mut root = whole.clone();
        for _ in 0..rng.random_range(1..6) {
            damage(&mut root, &mut rng, 0);
        }
        let folder = tempfile::tempdir().unwrap();
        let spec = folder.path().join("damaged.json");
        std::fs::write(&spec, root.to_string()).unwrap();
        if let Err(error) = generate(&spec, folder.path(), true) {
            assert!(!format!("{error:#}").is_empty());
        }
    }
}

/// Goes down a random path and removes, replaces or empties what is there.
fn damage(value: &mut serde_json::Value, rng: &mut impl rand::Rng, depth: usize) {
    use serde_json::{Value, json};
    let leave = depth > 2 && rng.random_bool(0.25);
    match value {
        Value::Object(map) if !map.is_empty() && !leave => {
            let index = rng.random_range(0..map.len());
            let key = map.keys().nth(index).cloned().unwrap_or_default();
            if depth > 3 && rng.random_bool(0.2) {
                map.remove(&key);
            } else if let Some(inner) = map.get_mut(&key) {
                damage(inner, rng, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() && !leave => {
            let index = rng.random_range(0..items.len());
            damage(&mut items[index], rng, depth + 1);
        }
        other => {
            let odd =
                [json!(null), json!(true), json!(7), json!("odd name/{}"), json!([]), json!({}), json!([{"a": 1}])];
            *other = odd[rng.random_range(0..odd.len())].clone();
        }
    }
}
