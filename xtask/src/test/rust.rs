//! Steps about the Rust code.

use anyhow::{Context, Result};
use serde_json::Value;

use super::tools::{cargo, ci, command, install_system_packages, output, run, run_tests};
use super::{Count, Outcome};

pub(super) fn format() -> Result<Outcome> {
    run(&mut cargo(&["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    Ok(Outcome::passed())
}

pub(super) fn clippy() -> Result<Outcome> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    Ok(Outcome::passed())
}

/// The two layers with each choice of features but those that the whole workspace has.
pub(super) fn features() -> Result<Outcome> {
    let combinations = [
        ("opp-ergonomic", "none", &[] as &[&str]),
        ("opp-ergonomic", "certificates", &["--features", "certificates"]),
        ("opp-ergonomic", "conformance", &["--features", "conformance"]),
        ("opp-ergonomic", "files", &["--features", "files"]),
        ("opp-ergonomic", "qr", &["--features", "qr"]),
        ("opp-raw", "schemars", &["--features", "schemars"]),
        ("opp-raw", "none", &["--no-default-features"]),
        ("opp-raw", "native-tls", &["--no-default-features", "--features", "native-tls"]),
    ];
    let mut done = Vec::new();
    for (package, name, flags) in combinations {
        if name == "native-tls" && !has_openssl() {
            if !ci() {
                return Ok(Outcome::Skipped(format!(
                    "native-tls, for want of OpenSSL's headers and pkg-config; did {}",
                    done.join(", ")
                )));
            }
            install_system_packages(&["libssl-dev", "pkg-config"])?;
        }
        let arguments = [&["clippy", "--package", package, "--locked"], flags, &["--", "-D", "warnings"]].concat();
        let what = format!("{package} with {name}");
        run(&mut cargo(&arguments)).context(what.clone())?;
        done.push(what);
    }
    Ok(Outcome::Passed(done.join(", ")))
}

/// Only where TLS of the system is OpenSSL does a build need its headers.
fn has_openssl() -> bool {
    let other = cfg!(any(target_os = "macos", target_os = "windows"));
    other || output(&mut command("pkg-config", &["--exists", "openssl"])).is_some()
}

pub(super) fn tests() -> Result<Outcome> {
    // The two runners run the same tests; nextest runs them side by side.
    let nextest = output(&mut cargo(&["nextest", "--version"])).is_some();
    let count = if nextest {
        run_tests(&mut cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]))?
    } else {
        run_tests(&mut cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast"]))?
    };
    some(count)
}

pub(super) fn doctests() -> Result<Outcome> {
    some(run_tests(&mut cargo(&["test", "--workspace", "--doc", "--locked", "--no-fail-fast"]))?)
}

/// A runner that finds no test has been called wrongly.
fn some(count: Count) -> Result<Outcome> {
    anyhow::ensure!(count != Count::default(), "no test ran");
    Ok(Outcome::Tested(count))
}

pub(super) fn docs() -> Result<Outcome> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::passed())
}

/// Packages the crates together, so that one may depend on another that no registry has yet, and builds each from its
/// package.
pub(super) fn package() -> Result<Outcome> {
    let published = published()?;
    let mut arguments = vec!["package", "--locked"];
    // Who tries out a change has not committed it yet.
    arguments.extend((!ci()).then_some("--allow-dirty"));
    arguments.extend(published.iter().flat_map(|name| ["--package", name]));
    run(&mut cargo(&arguments))?;
    Ok(Outcome::Passed(published.join(", ")))
}

/// The crates of the workspace that do not say `publish = false`.
fn published() -> Result<Vec<String>> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1", "--locked"]));
    let metadata: Value = serde_json::from_str(&metadata.context("`cargo metadata` fails")?)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("metadata without packages")?;
    let published = packages.iter().filter(|package| package.get("publish").is_none_or(Value::is_null));
    Ok(published.filter_map(|package| Some(package.get("name")?.as_str()?.to_owned())).collect())
}
