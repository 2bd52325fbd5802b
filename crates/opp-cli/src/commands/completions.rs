//! `opp completions`: the shell knows the commands.

use crate::app::App;
use crate::exit::Failure;

/// Print completions for a shell, to be sourced or kept where it looks for them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(app: &mut App, args: &Args, command: &mut clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "opp", &mut script);
    app.out.data(&script)
}
