#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

// In the order in which a command goes: what was typed, with whom to talk, what is done, what is said about it.
mod app;
mod arguments;
mod commands;
mod connect;
mod dry_run;
mod exit;
mod local;
mod options;
mod output;
mod places;
mod profile;
mod records;
mod remarks;
mod secrets;
mod sheet;
mod sign;
mod streams;
mod style;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Parser as _;

use app::App;
use arguments::Arguments;
pub use arguments::command;
pub use exit::Exit;
use exit::Failure;
use places::Places;
pub use streams::Streams;

/// Runs one command: arguments with the program's name first, variables of the environment, and streams.
///
/// It starts a runtime of its own, so it is not called inside of one.
pub fn run<I>(arguments: I, variables: BTreeMap<String, String>, mut streams: Streams) -> Exit
where
    I: IntoIterator<Item = OsString>,
{
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return streams.usage(&error),
    };
    let places = match Places::find(&variables) {
        Ok(places) => places,
        Err(failure) => return streams.failure(&failure),
    };
    let mut app = App::new(arguments.global, variables, places, streams);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(arguments.command.run(&mut app));
            // Somebody may still be asked for a line that will not come.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::error(format!("no runtime could be started: {error}"))),
    };
    match result {
        Ok(()) => Exit::Ok,
        Err(failure) => app.out.failure(&failure),
    }
}
