//! The mocks of other documents than ours: they compile, whatever a document calls its operations and parameters.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use opp_tests::editions;
use xtask::codegen::{self, Arguments};
use xtask::{emit, root};

/// A document whose names are those of the mocks' own methods and types, and that sends what ours never does.
const AWKWARD: &str = "
openapi: 3.0.1
info: {title: awkward, version: '1'}
servers: [{url: 'https://api.example'}]
paths:
  /a/{header}/{body}:copy:
    parameters:
    - {name: header, in: path, required: true, schema: {type: string}}
    - {name: body, in: path, required: true, schema: {type: string}}
    get:
      operationId: mock
      parameters:
      - {name: new, in: query, schema: {type: boolean}}
      - {name: into_inner, in: query, schema: {type: integer}}
      - {name: price, in: query, schema: {type: number}}
      - {name: keys, in: query, explode: true, schema: {type: array, items: {type: string}}}
      - {name: colours, in: query, explode: false, schema: {type: array, items: {type: string, enum: [red, green]}}}
      - {name: answer, in: query, schema: {type: string}}
      - {name: self, in: query, schema: {type: string}}
      responses:
        '200': {description: '', content: {application/json: {schema: {type: array, items: {type: string}}}, text/csv: {}}}
        2XX: {description: '', content: {application/json: {schema: {type: array, items: {type: string}}}}}
        '226': {description: ''}
    put:
      operationId: mockWhen
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: number}}}}, text/csv: {}}}
      responses: {'204': {description: ''}}
  /value:
    post:
      operationId: Value
      requestBody: {required: true, content: {application/xml: {}}}
      responses: {'400': {description: ''}}
";

#[test]
fn the_mocks_of_a_document_with_awkward_names_compile() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("awkward.yaml");
    fs::write(&spec, AWKWARD).unwrap();
    compile(&spec, "awkward");
}

#[test]
fn the_mocks_of_the_edition_of_2026_compile() {
    let Some(folder) = editions() else { return };
    compile(&folder.join("openpayments-api-2026.facts.yaml"), "2026");
}

/// Writes the raw crate and beside it the mocks' own, with what is generated of a document, and checks both.
fn compile(spec: &Path, name: &str) {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = target.join(format!("mocks-{name}"));
    let raw = folder.join("opp-raw");
    codegen::run(&Arguments { spec: Some(spec.to_owned()), out: Some(raw.clone()), lenient: true, check: false })
        .unwrap();
    let corrected = codegen::correct(spec, &root().join("openapi"), true).unwrap();
    let files = emit::emit(&codegen::normalise(&corrected).unwrap()).unwrap();

    let ours = root().join("crates/opp-httpmock");
    let mocks = folder.join("opp-httpmock");
    fs::create_dir_all(mocks.join("src")).unwrap();
    for entry in fs::read_dir(ours.join("src")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, mocks.join("src").join(path.file_name().unwrap())).unwrap();
    }
    fs::write(mocks.join("src/generated.rs"), &files["opp-httpmock/src/generated.rs"]).unwrap();
    fs::copy(ours.join("README.md"), mocks.join("README.md")).unwrap();
    let manifest = fs::read_to_string(ours.join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    fs::write(
        mocks.join("Cargo.toml"),
        format!(
            "[package]\nname = \"opp-httpmock\"\nedition = \"2024\"\n\n[dependencies]{dependencies}\n[lints.rust]\nwarnings = \"deny\"\nmissing_docs = \"deny\"\n\n[workspace]\n"
        ),
    )
    .unwrap();
    // The same versions of everything, so that what is tested is the document alone.
    fs::copy(root().join("Cargo.lock"), mocks.join("Cargo.lock")).unwrap();

    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet"])
        .current_dir(&mocks)
        .env("CARGO_TARGET_DIR", target.join("editions"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}
