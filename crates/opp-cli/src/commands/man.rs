//! `opp man`: manual pages.

use std::path::PathBuf;

use crate::app::App;
use crate::exit::Failure;

/// Print the manual page, or write those of all commands to a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "FOLDER")]
    all: Option<PathBuf>,
}

pub(crate) fn run(app: &mut App, args: &Args, command: clap::Command) -> Result<(), Failure> {
    if let Some(folder) = &args.all {
        std::fs::create_dir_all(folder)?;
        return Ok(clap_mangen::generate_to(command, folder)?);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    app.out.data(&page)
}
