//! The program: hands arguments, variables and streams of the process to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Those that are no text are none of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    opp_cli::run(std::env::args_os(), variables.collect(), opp_cli::Streams::of_process()).into()
}
