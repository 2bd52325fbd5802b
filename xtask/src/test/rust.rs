//! Steps about the Rust code.

use anyhow::{Context, Result};
use serde_json::Value;

use super::tools::install_system_packages;
use super::{Count, Outcome, browser, editions};
use crate::programs::{cargo, ci, command, output, run, run_tests};
use crate::root;

/// What a step cannot do without a part of the toolchain; small toolchains come without.
fn without(subcommand: &str, component: &str) -> Option<Outcome> {
    let is_there = output(&mut cargo(&[subcommand, "--version"])).is_some();
    let skipped = || format!("this toolchain has no {component}; `rustup component add {component}` gets it");
    (!is_there).then(|| Outcome::Skipped(skipped()))
}

pub(super) fn format() -> Result<Outcome> {
    if let Some(skipped) = without("fmt", "rustfmt") {
        return Ok(skipped);
    }
    run(&mut cargo(&["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    Ok(Outcome::passed())
}

pub(super) fn clippy() -> Result<Outcome> {
    if let Some(skipped) = without("clippy", "clippy") {
        return Ok(skipped);
    }
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    Ok(Outcome::passed())
}

/// The two layers with each choice of features but those that the whole workspace has.
pub(super) fn features() -> Result<Outcome> {
    if let Some(skipped) = without("clippy", "clippy") {
        return Ok(skipped);
    }
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
    tested(count, unseen())
}

/// What the suites leave out on this machine. Each test says so itself, but a runner may hide what a test says.
fn unseen() -> Vec<String> {
    let pages = browser::missing().map(|missing| format!("the pages: {missing}"));
    let mut shell = vec!["bash", "curl"];
    shell.retain(|program| output(&mut command(program, &["--version"])).is_none());
    let pasted =
        (!shell.is_empty()).then(|| format!("what people paste into a shell: install {}", shell.join(" and ")));
    let editions =
        editions().is_none().then(|| "the published editions, which are not part of the repository".to_owned());
    [pages, pasted, editions].into_iter().flatten().collect()
}

pub(super) fn doctests() -> Result<Outcome> {
    tested(run_tests(&mut cargo(&["test", "--workspace", "--doc", "--locked", "--no-fail-fast"]))?, Vec::new())
}

/// A runner that finds no test has been called wrongly.
fn tested(count: Count, unseen: Vec<String>) -> Result<Outcome> {
    anyhow::ensure!(count != Count::default(), "no test ran");
    Ok(Outcome::Tested(count, unseen))
}

pub(super) fn docs() -> Result<Outcome> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::passed())
}

/// Packages the crates together, so that one may depend on another that no registry has yet, and builds each from its
/// package.
///
/// Each time in a folder of its own: Cargo keeps what it unpacked and built by name, version and folder, and would hold
/// one crate against yesterday's edition of another of the same version.
pub(super) fn package() -> Result<Outcome> {
    let published = published()?;
    // It is not there where Cargo builds elsewhere.
    let folder = root().join("target");
    std::fs::create_dir_all(&folder)?;
    let target = tempfile::Builder::new().prefix("package-").tempdir_in(folder)?;
    let mut arguments = vec!["package", "--locked"];
    // Who tries out a change has not committed it yet.
    arguments.extend((!ci()).then_some("--allow-dirty"));
    arguments.extend(published.iter().flat_map(|name| ["--package", name]));
    // What is built is thrown away; nobody debugs it.
    let mut package = cargo(&arguments);
    run(package.arg("--target-dir").arg(target.path()).env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
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
