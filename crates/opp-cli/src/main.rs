//! The program: hands arguments, variables and streams of the process to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    opp_cli::run(std::env::args_os(), std::env::vars().collect(), opp_cli::Streams::of_process()).into()
}
