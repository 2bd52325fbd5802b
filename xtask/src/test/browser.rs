//! The browser in which the sandbox's pages are tested.

use anyhow::Result;

use super::Outcome;
use super::tools::{ci, command, install_system_packages, output};

/// Debian's names of the browser and of what drives it.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// Makes sure that there is one. The suites themselves skip their pages without it, and fail under CI.
pub(super) fn browser() -> Result<Outcome> {
    if is_there() {
        return Ok(Outcome::passed());
    }
    match install_system_packages(&PACKAGES) {
        Ok(()) if is_there() => Ok(Outcome::Passed(format!("installed {}", PACKAGES.join(" and ")))),
        Err(error) if ci() => Err(error),
        Ok(()) | Err(_) => Ok(Outcome::Skipped(format!(
            "the sandbox's pages are not looked at, for want of a browser: install {}",
            PACKAGES.join(" and ")
        ))),
    }
}

fn is_there() -> bool {
    ["chromium", "chromedriver"].iter().all(|program| output(&mut command(program, &["--version"])).is_some())
}
