//! How a command ends: the one place where errors and endings of signatures become exit codes.

use std::fmt;
use std::process::ExitCode;

use opp_ergonomic::sca::{Ending, Standing};
use opp_ergonomic::{Error, Invalid, Outcome};

use crate::dry_run::OnlyShown;
use crate::style;

/// The exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: it was done.
    Ok,
    /// 1: it was not done.
    Error,
    /// 2: the command line is wrong.
    Usage,
    /// 4: not signed in time, refused by the user or the bank, or the credentials are wrong.
    Denied,
    /// 5: too many calls, now or for this day.
    Exhausted,
    /// 6: it may or may not have been done: look it up before it is done again.
    Unknown,
    /// 130: interrupted by the user.
    Interrupted,
}

impl Exit {
    /// The code as a number.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::Denied => 4,
            Self::Exhausted => 5,
            Self::Unknown => 6,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not do what it was asked for, and what to do next. With [`Exit::Ok`] it is what was to be shown
/// instead of done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
    /// Whether it may go well a little later.
    pub(crate) is_passing: bool,
}

impl Failure {
    fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), hint: None, is_passing: false }
    }

    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self::new(Exit::Error, text)
    }

    /// Something about the command line that only shows when it is carried out.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    pub(crate) fn denied(text: impl Into<String>) -> Self {
        Self::new(Exit::Denied, text)
    }

    pub(crate) fn interrupted(text: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, text)
    }

    /// Something was perhaps sent, and nobody knows what came of it.
    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Self::new(Exit::Unknown, text)
    }

    /// What to do next, as a sentence.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What it was about, put before the text.
    pub(crate) fn about(mut self, what: impl fmt::Display) -> Self {
        if self.exit != Exit::Ok {
            self.text = format!("{what}: {}", self.text);
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let source = error.raw().and_then(std::error::Error::source);
        if let Some(OnlyShown(request)) = source.and_then(|source| source.downcast_ref()) {
            return Self::new(Exit::Ok, request);
        }
        let exit = if matches!(error.outcome(), Some(Outcome::Unknown | Outcome::Accepted)) {
            Exit::Unknown
        } else if error.is_rate_limited() {
            Exit::Exhausted
        } else if error.invalid().is_some() {
            Exit::Usage
        } else if error.token().is_some_and(opp_ergonomic::TokenError::is_refused)
            || error.needs_new_consent()
            || error.needs_different_scope()
            || error.status() == Some(401)
        {
            Exit::Denied
        } else {
            Exit::Error
        };
        let failure = Self { is_passing: error.is_retryable(), ..Self::new(exit, error.to_string()) };
        match advice(&error, exit) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// What to do next at this command line, or what the bank said: it may be the user's to read, and is in no log.
fn advice(error: &Error, exit: Exit) -> Option<String> {
    if exit == Exit::Unknown {
        return error.path().map(|path| format!("The call was to {path}."));
    }
    if error.needs_new_consent() {
        return Some("Ask for a new one with `opp consent renew`.".to_owned());
    }
    let option = match error.invalid().map(Invalid::field) {
        Some("PSU-ID") => Some("Name the user with --psu ID."),
        Some("PSU-Corporate-ID") => Some("Name the company with --corporate NUMBER."),
        Some("client certificate") => Some("`opp login NAME --environment production --certificate FILE` keeps it."),
        Some("PSU-IP-Address") => Some("This cannot be read unattended."),
        _ => None,
    };
    let problem = error.raw().and_then(opp_ergonomic::raw::Error::problem);
    let said = problem.and_then(|problem| problem.messages.iter().find_map(|message| message.text.clone()));
    option.map(str::to_owned).or_else(|| said.map(|text| format!("The bank says: {}", style::line(&text))))
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::usage(invalid.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // Whoever reads our output has gone: nothing is left to be said.
        let exit = if error.kind() == std::io::ErrorKind::BrokenPipe { Exit::Ok } else { Exit::Error };
        Self::new(exit, if exit == Exit::Ok { String::new() } else { error.to_string() })
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => std::io::Error::from(kind).into(),
            None => Self::error(format!("cannot be written as JSON: {error}")),
        }
    }
}

/// What the end of a signature means: how it stands, or why it failed.
pub(crate) fn judge(ending: &Ending) -> Result<&Standing, Failure> {
    match ending {
        Ending::Finalised(standing) | Ending::Exempted(standing) => Ok(standing),
        Ending::Failed(failure) => {
            let code = failure.code.as_deref().unwrap_or("no code");
            let said = failure.message.as_ref().map(|message| format!(": {}", style::line(message)));
            let refused = Failure::denied(format!("not signed: {code}{}", said.unwrap_or_default()));
            Err(if failure.may_try_again() { refused.hint("It may be tried again.") } else { refused })
        }
        Ending::Expired => Err(Failure::denied("nobody signed in time").hint("Begin again when the user is there.")),
        _ => Err(Failure::denied("the signature was called off")),
    }
}
