//! Getting programs that are missing: tools of the steps, and what only CI installs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::programs::{cargo, command, output, run};
use crate::root;

/// Where tools are kept that this project fetches for itself.
pub(crate) fn folder(tool: &str) -> PathBuf {
    root().join("target/tools").join(tool)
}

/// A package of npm in this very version, fetched if it is not there; `None` where there is no npm.
pub(super) fn node_package(tool: &str, name: &str, version: &str) -> Result<Option<PathBuf>> {
    let home = folder(tool);
    let package = home.join("node_modules").join(name);
    if installed(&package).as_deref() != Some(version) {
        if output(&mut npm(&["--version"])).is_none() {
            return Ok(None);
        }
        std::fs::create_dir_all(&home)?;
        let mut install = npm(&["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
        run(install.arg(&home).arg(format!("{name}@{version}")))
            .with_context(|| format!("{name} cannot be fetched"))?;
    }
    Ok(Some(package))
}

fn npm(arguments: &[&str]) -> Command {
    command(if cfg!(windows) { "npm.cmd" } else { "npm" }, arguments)
}

/// The version of an installed package of npm.
fn installed(package: &Path) -> Option<String> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(package.join("package.json")).ok()?).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

/// A tool of cargo in this very version, built and kept if it is not there.
pub(crate) fn cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    let program = folder("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let wanted = format!("{name} {version}");
    if output(&mut command(&program, &["--version"])).is_none_or(|version| version.trim() != wanted) {
        let mut install = cargo(&["install", name, "--locked", "--version", version, "--root"]);
        // Built once and kept; a build of its own, so that ours does not wait for its lock.
        install.arg(folder("")).arg("--target-dir").arg(folder("build")).args(["--profile", "dev"]);
        run(&mut install).with_context(|| format!("{name} cannot be built"))?;
    }
    Ok(program)
}

/// Installs packages of the system, which only CI does, and only where it may.
pub(crate) fn install_system_packages(packages: &[&str]) -> Result<()> {
    let root_user = output(&mut command("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    if output(&mut command("apt-get", &["--version"])).is_none() {
        bail!("install {} with the package manager of this system", packages.join(" and "));
    }
    let apt = |arguments: &[&str]| {
        let mut line = if root_user { command("apt-get", &[]) } else { command("sudo", &["-n", "apt-get"]) };
        run(line.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "-qq"])?;
    let install = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    apt(&install).map_err(|error| anyhow!("{} cannot be installed: {error:#}", packages.join(" and ")))
}
