//! What every command has at hand.

use std::collections::BTreeMap;
use std::path::Path;

use tracing_subscriber::EnvFilter;

use crate::exit::Failure;
use crate::options::Global;
use crate::output::Output;
use crate::places::Places;
use crate::profile::Profiles;
use crate::records::Shelf;
use crate::streams::Streams;

/// Options, variables, folders, and the way to the user.
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) places: Places,
    pub(crate) out: Output,
    variables: BTreeMap<String, String>,
}

impl App {
    pub(crate) fn new(global: Global, variables: BTreeMap<String, String>, places: Places, streams: Streams) -> Self {
        if global.verbose > 0 {
            log(global.verbose);
        }
        let out = Output::new(global.form(), streams);
        Self { global, places, out, variables }
    }

    /// A variable of the environment. An empty one is none.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn profiles(&self) -> Profiles {
        Profiles::new(self.places.clone(), self.variable("OPP_SECRETS") != Some("file"))
    }

    /// What was begun and granted, of one kind.
    pub(crate) fn shelf<T>(&self, kind: &str) -> Shelf<T> {
        Shelf::new(self.places.state(kind))
    }
}

impl App {
    /// Asks before something that cannot be taken back. Nobody there to ask is a no.
    pub(crate) async fn agree(&mut self, question: &str) -> Result<(), Failure> {
        if self.global.yes {
            return Ok(());
        }
        if !self.out.is_attended() {
            return Err(Failure::usage("nobody is there to be asked").hint("Add --yes if it is meant."));
        }
        if self.out.confirm(question).await? { Ok(()) } else { Err(Failure::error("nothing was done")) }
    }
}

impl App {
    /// What is in a file; a mere dash is standard input.
    pub(crate) async fn content(&mut self, path: &Path) -> Result<Vec<u8>, Failure> {
        if path == Path::new("-") {
            return self.out.rest().await;
        }
        let wrong = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
        tokio::fs::read(path).await.map_err(wrong)
    }
}

/// Calls on standard error. What is told has neither secrets nor persons in it; that is the client's promise.
fn log(verbose: u8) {
    let level = if verbose == 1 { "debug" } else { "trace" };
    let filter = EnvFilter::new(format!("opp_ergonomic={level}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    // A second one in the same process, as in tests, is not needed.
    log.with_ansi(false).try_init().ok();
}
