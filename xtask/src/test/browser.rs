//! The browser in which pages are tested, and the rules of accessibility that they are held against.

use anyhow::Result;

use super::Outcome;
use super::tools::{folder, install_system_packages, node_package};
use crate::programs::{ci, command, output};

/// Debian's names of the browser and of what drives it.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// The rules of accessibility; pinned, because rules come and go.
const AXE: &str = "4.14.1";

/// Makes sure that there is one, with its rules. The suites themselves skip their pages without, and fail under CI.
pub(super) fn browser() -> Result<Outcome> {
    Ok(match equip()? {
        None => Outcome::Passed(format!("with axe-core {AXE}")),
        Some(missing) => Outcome::Skipped(format!("pages are not looked at: {missing}")),
    })
}

/// Gets what the suites need; tells what is missing, if that cannot be had here.
pub(crate) fn equip() -> Result<Option<String>> {
    if !is_there() && ci() {
        install_system_packages(&PACKAGES)?;
    }
    if !is_there() {
        return Ok(missing());
    }
    Ok(match node_package("axe", "axe-core", AXE)? {
        Some(_) => None,
        None => Some("install Node.js with npm, which fetches axe-core".into()),
    })
}

/// What keeps the suites from looking at pages on this machine as it is.
pub(super) fn missing() -> Option<String> {
    if !is_there() {
        return Some(format!("install {}", PACKAGES.join(" and ")));
    }
    let axe = folder("axe").join("node_modules/axe-core/axe.min.js");
    (!axe.is_file()).then(|| "`cargo xtask test browser` fetches axe-core".into())
}

fn is_there() -> bool {
    ["chromium", "chromedriver"].iter().all(|program| output(&mut command(program, &["--version"])).is_some())
}
