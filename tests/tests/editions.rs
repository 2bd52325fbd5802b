//! Published editions of the document: each gives a crate that compiles by itself and in which every operation can be
//! called, over a real socket, with the least that the edition asks for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use opp_tests::editions;
use opp_tests::sample::Samples;
use serde_json::Value;
use xtask::codegen::{self, Arguments};

#[test]
fn the_published_document_generates_compiles_and_every_operation_can_be_called() {
    every_operation_can_be_called("openpayments-NextGenPSD2-1.3.3.yaml", false, 31);
}

#[test]
fn the_edition_of_2026_generates_compiles_and_every_operation_can_be_called() {
    every_operation_can_be_called("openpayments-api-2026.facts.yaml", true, 60);
}

fn every_operation_can_be_called(edition: &str, lenient: bool, operations: usize) {
    let Some(folder) = editions() else { return };
    let spec = folder.join(edition);
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let out = target.join(Path::new(edition).file_stem().unwrap_or_default());
    let arguments = Arguments { spec: Some(spec.clone()), out: Some(out.clone()), lenient, check: false };
    codegen::run(&arguments).unwrap();

    let corrected = codegen::correct(&spec, &xtask::root().join("openapi"), lenient).unwrap();
    let normal = codegen::normalise(&corrected).unwrap();
    assert_eq!(normal.operations.len(), operations);
    let client = std::fs::read_to_string(out.join("src/generated/client.rs")).unwrap();
    let program = program(&client, &normal.root, operations);
    // Both editions are built into one folder, to build their dependencies once: so their names have to differ.
    let name = format!("every_operation_of_{operations}");
    std::fs::create_dir_all(out.join("examples")).unwrap();
    std::fs::write(out.join(format!("examples/{name}.rs")), program).unwrap();
    let manifest = std::fs::read_to_string(out.join("Cargo.toml")).unwrap();
    let manifest = manifest.replace("name = \"opp-raw\"", &format!("name = \"opp-raw-of-{operations}\""));
    let manifest = manifest
        + "\n[lib]\nname = \"opp_raw\"\n"
        + "\n[dev-dependencies]\ntokio = { version = \"1\", features = [\"rt\", \"net\"] }\n";
    std::fs::write(out.join("Cargo.toml"), manifest).unwrap();
    // The same versions of everything, so that what is tested is the edition alone.
    std::fs::copy(xtask::root().join("Cargo.lock"), out.join("Cargo.lock")).unwrap();

    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--no-default-features", "--example", &name])
        .current_dir(&out)
        .env("CARGO_TARGET_DIR", target.join("editions"))
        .env("RUSTFLAGS", "-Dwarnings")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("called"), "{said}");
}

/// A program that calls every method of a generated client against a server of its own, and compares what arrives
/// with the facts of the operation.
fn program(client: &str, root: &Value, operations: usize) -> String {
    let mut samples = Samples::new(root, 7).unwrap();
    let file = syn::parse_file(client).unwrap();
    let mut calls = String::new();
    let methods = file.items.iter().filter_map(|item| if let syn::Item::Impl(item) = item { Some(item) } else { None });
    for item in methods.flat_map(|item| &item.items) {
        let syn::ImplItem::Fn(function) = item else { continue };
        let arguments = function.sig.inputs.iter().filter_map(|argument| {
            let syn::FnArg::Typed(argument) = argument else { return None };
            let name = text(&argument.pat);
            Some(literal(&name, &text(&argument.ty), &mut samples))
        });
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        let name = &function.sig.ident;
        let _ = writeln!(
            calls,
            "    count += check({:?}, client.{name}({arguments}).await.map(|_| ()));",
            name.to_string()
        );
    }
    let headers = headers(root, &mut samples);
    format!(
        r##"//! Calls every operation once.
use std::io::{{BufRead, BufReader, Read, Write}};
use opp_raw::{{Client, Error, operations, types}};
#[allow(unused_imports)]
use serde_json::Value;

fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {{
    serde_json::from_str(json).expect(json)
}}

fn check(name: &str, result: Result<(), Error>) -> usize {{
    if let Err(error) = result {{ panic!("{{name}}: {{error}}") }}
    1
}}

/// Answers everything with an empty object and passes on the first line of each request.
fn serve(listener: std::net::TcpListener, seen: std::sync::mpsc::Sender<String>) {{
    for stream in listener.incoming().flatten() {{
        let seen = seen.clone();
        std::thread::spawn(move || {{
            let mut reader = BufReader::new(stream.try_clone().expect("stream"));
            let mut stream = stream;
            loop {{
                let mut first = String::new();
                if reader.read_line(&mut first).unwrap_or(0) == 0 {{ return }}
                let (mut length, mut chunked, mut line) = (0, false, String::new());
                while reader.read_line(&mut line).unwrap_or(0) > 2 {{
                    let lower = line.to_ascii_lowercase();
                    if let Some(value) = lower.strip_prefix("content-length:") {{ length = value.trim().parse().unwrap_or(0) }}
                    chunked |= lower.starts_with("transfer-encoding:");
                    assert!(!lower.starts_with("api-version"), "no such header belongs to the platform");
                    line.clear();
                }}
                assert!(!chunked, "bodies have a length");
                let _ = reader.by_ref().take(length).read_to_end(&mut Vec::new());
                let _ = seen.send(first.trim().to_owned());
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}");
            }}
        }});
    }}
}}

fn main() {{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("port");
    let address = format!("http://{{}}", listener.local_addr().expect("address"));
    let (sender, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || serve(listener, sender));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let count = runtime.block_on(calls(&address));
    let lines: Vec<String> = seen.try_iter().collect();
    assert_eq!(lines.len(), count, "every call arrived");
    for operation in operations::ALL {{
        let fits = |line: &String| {{
            let mut words = line.split(' ');
            let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let path = target.split('?').next().unwrap_or("");
            let (left, right): (Vec<_>, Vec<_>) = (operation.path.split('/').collect(), path.split('/').collect());
            method == operation.method && left.len() == right.len()
                && left.iter().zip(&right).all(|(l, r)| l == r || (l.starts_with('{{') && !r.is_empty()))
        }};
        assert!(lines.iter().any(fits), "{{}} was never called", operation.id);
    }}
    assert_eq!(operations::ALL.len(), {operations});
    println!("called {{count}}");
}}

async fn calls(address: &str) -> usize {{
    let mut builder = Client::builder();
    for server in operations::SERVERS {{ builder = builder.server(server.name, address) }}
    let client = builder.build().expect("client").with_headers(read::<types::RequestHeaders>(r#"{headers}"#));
    let mut count = 0;
{calls}    count
}}
"##
    )
}

fn text(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

/// An argument of a type, written as Rust.
fn literal(name: &str, kind: &str, samples: &mut Samples<'_>) -> String {
    if let Some(inner) = kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
        return format!("Some({})", literal(name, inner, samples));
    }
    if let Some(inner) = kind.strip_prefix("&[").and_then(|rest| rest.strip_suffix(']')) {
        let item = literal(name, &format!("&{inner}"), samples);
        return format!("&[{}]", item.trim_start_matches('&'));
    }
    match (name, kind) {
        ("content_type" | "accept", "&str") => "\"application/octet-stream\"".to_owned(),
        (_, "&str") => "\"id-1\"".to_owned(),
        (_, "&String") => "&\"id-1\".to_owned()".to_owned(),
        (_, "bool") => "true".to_owned(),
        (_, "i64") => "1".to_owned(),
        (_, kind) if kind.starts_with("impl") => "\"body\"".to_owned(),
        (_, kind) => {
            let inner = kind.trim_start_matches('&');
            let (rust, json) = match inner.strip_prefix("types::") {
                Some(schema) => (inner.to_owned(), samples.named(schema)),
                None => (format!("opp_raw::{inner}"), serde_json::json!({})),
            };
            format!("&read::<{rust}>(r#\"{json}\"#)")
        }
    }
}

/// A value for every header of the edition.
fn headers(root: &Value, samples: &mut Samples<'_>) -> Value {
    let schema = &root["components"]["schemas"]["RequestHeaders"];
    let mut whole = schema.clone();
    whole["required"] = schema["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
    samples.value(&whole)
}
