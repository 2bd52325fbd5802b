//! `cargo xtask screenshots`: takes the pictures of the READMEs anew, with the simulated platform's data and time.

use anyhow::{Context, Result, ensure};

use crate::test::browser;
use crate::{programs, root};

/// Where the pictures are.
const FOLDER: &str = "docs/screenshots";

/// Takes them all.
pub fn run() -> Result<()> {
    browser::equip()?
        .map_or(Ok(()), |missing| Err(anyhow::anyhow!("there is no browser to take them with: {missing}")))?;
    let folder = root().join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let mut pictures = programs::cargo(&["test", "--package", "opp-demo", "--test", "pictures", "--", "--ignored"]);
    programs::run(pictures.env("OPP_DEMO_PICTURES", &folder)).context("the pictures cannot be taken")?;
    let taken = std::fs::read_dir(&folder)?.filter_map(Result::ok).count();
    ensure!(taken == 5, "{FOLDER} holds {taken} files, and not the five pictures");
    Ok(())
}
