//! Where a program reads and writes. Tests bring their own.

use std::io::{self, BufRead, IsTerminal as _, Write};

use crate::exit::{Exit, Failure};
use crate::style;

/// Input, output and errors, and which of them is a terminal.
pub struct Streams {
    /// Data.
    pub out: Box<dyn Write + Send>,
    /// What is said to the user.
    pub err: Box<dyn Write + Send>,
    /// Answers of the user, and secrets from another program.
    pub input: Box<dyn BufRead + Send>,
    /// Whether data go to a terminal, and are made for people.
    pub out_is_terminal: bool,
    /// Whether somebody can be asked: both input and errors are a terminal.
    pub attended: bool,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("attended", &self.attended).finish_non_exhaustive()
    }
}

impl Streams {
    /// The streams of the process. Colours are taken out where there is no terminal, or `NO_COLOR` is set.
    pub fn of_process() -> Self {
        Self {
            out: Box::new(anstream::stdout()),
            err: Box::new(anstream::stderr()),
            input: Box::new(io::BufReader::new(io::stdin())),
            out_is_terminal: io::stdout().is_terminal(),
            attended: io::stdin().is_terminal() && io::stderr().is_terminal(),
        }
    }

    /// Streams that are no terminal.
    pub fn new(
        input: impl BufRead + Send + 'static,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> Self {
        Self {
            out: Box::new(anstream::StripStream::new(Box::new(out) as Box<dyn Write + Send>)),
            err: Box::new(anstream::StripStream::new(Box::new(err) as Box<dyn Write + Send>)),
            input: Box::new(input),
            out_is_terminal: false,
            attended: false,
        }
    }

    /// What the parser of the command line has to say: help, or what is wrong.
    pub(crate) fn usage(&mut self, error: &clap::Error) -> Exit {
        let (stream, exit) = if error.use_stderr() { (&mut self.err, Exit::Usage) } else { (&mut self.out, Exit::Ok) };
        write!(stream, "{}", error.render().ansi()).and_then(|()| stream.flush()).ok();
        exit
    }

    /// Says why a command failed. A failure without a text has been told already.
    pub(crate) fn failure(&mut self, failure: &Failure) -> Exit {
        let (bad, good) = (style::BAD, style::HINT);
        if failure.exit == Exit::Ok && !failure.text.is_empty() {
            writeln!(self.out, "{}", failure.text).ok();
        } else if !failure.text.is_empty() {
            writeln!(self.err, "{bad}error:{bad:#} {}", style::plain(&failure.text)).ok();
        }
        if let Some(hint) = &failure.hint {
            writeln!(self.err, "{good}hint:{good:#} {}", style::plain(hint)).ok();
        }
        self.err.flush().and_then(|()| self.out.flush()).ok();
        failure.exit
    }
}
