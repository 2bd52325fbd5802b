//! What can be typed: the options of all commands, and the list of commands.

use std::time::Duration;

use chrono::NaiveDate;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::app::App;
use crate::commands::{
    accounts, balances, bank, banks, completions, consent, demo, doctor, login, man, pay, payment, profile, raw,
    sandbox, token, transactions,
};
use crate::exit::Failure;
use crate::output::Form;

/// The Open Payments Platform in a terminal: banks, consents, accounts, payments.
///
/// Nothing at hand yet? `opp demo` shows what it is about. `opp sandbox` runs a simulated platform, and in another
/// terminal all commands work with it, without credentials. With credentials from the portal, begin with `opp login`.
#[derive(Debug, Parser)]
#[command(name = "opp", version, max_term_width = 100, after_help = EXITS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXITS: &str = "Options for profiles, JSON and so on go with every command: `opp --help` lists them.

Exit codes: 0 done, 1 error, 2 wrong command line, 4 not signed or not allowed, 5 too many calls,
6 perhaps done, perhaps not: look before you do it again, 130 interrupted.";

/// Options of all commands.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "they are flags")]
pub(crate) struct Global {
    /// Use this profile, see `opp profile`
    #[arg(long, global = true, value_name = "NAME", help_heading = "With whom", hide_short_help = true)]
    pub(crate) profile: Option<String>,
    /// Use a simulated platform on this machine: the one that `opp sandbox` runs, or the one at an address
    #[arg(
        long,
        global = true,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with = "profile",
        help_heading = "With whom",
        hide_short_help = true
    )]
    pub(crate) sandbox: Option<String>,
    /// Allow production where the profile does not: real banks, real money
    #[arg(long, global = true, help_heading = "With whom", hide_short_help = true)]
    pub(crate) live: bool,
    /// Answer all questions with yes
    #[arg(long, short, global = true, help_heading = "With whom", hide_short_help = true)]
    pub(crate) yes: bool,
    /// Print data as JSON
    #[arg(long, global = true, conflicts_with = "csv", help_heading = "Output", hide_short_help = true)]
    pub(crate) json: bool,
    /// Print data as CSV
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) csv: bool,
    /// Print the first request as a curl command, without secrets, and send nothing
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) dry_run: bool,
    /// Tell on standard error what is called; twice for more
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Output", hide_short_help = true)]
    pub(crate) verbose: u8,
    /// How long a call may take, repetitions included
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, help_heading = "Output", hide_short_help = true)]
    pub(crate) timeout: Option<Duration>,
}

impl Global {
    pub(crate) fn form(&self) -> Form {
        match (self.json, self.csv) {
            (true, _) => Form::Json,
            (_, true) => Form::Csv,
            _ => Form::Table,
        }
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Sandbox(sandbox::Args),
    Login(login::Args),
    #[command(subcommand)]
    Profile(profile::Action),
    Banks(banks::Args),
    Bank(bank::Args),
    #[command(subcommand)]
    Consent(consent::Action),
    Accounts(accounts::Args),
    Balances(balances::Args),
    Transactions(transactions::Args),
    #[command(subcommand)]
    Pay(Box<pay::Kind>),
    #[command(subcommand)]
    Payment(payment::Action),
    Token(token::Args),
    Raw(raw::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::Demo(args) => demo::run(app, args).await,
            Self::Sandbox(args) => sandbox::run(app, args).await,
            Self::Login(args) => login::run(app, args).await,
            Self::Profile(action) => profile::run(app, action).await,
            Self::Banks(args) => banks::run(app, args).await,
            Self::Bank(args) => bank::run(app, args).await,
            Self::Consent(action) => consent::run(app, action).await,
            Self::Accounts(args) => accounts::run(app, args).await,
            Self::Balances(args) => balances::run(app, args).await,
            Self::Transactions(args) => transactions::run(app, args).await,
            Self::Pay(kind) => pay::run(app, *kind).await,
            Self::Payment(action) => payment::run(app, action).await,
            Self::Raw(args) => raw::run(app, args).await,
            Self::Doctor(args) => doctor::run(app, args).await,
            Self::Token(args) => token::run(app, args).await,
            Self::Completions(args) => completions::run(app, &args),
            Self::Man(args) => man::run(app, &args),
        }
    }
}

/// The command line as data: for manuals, completions and tables in a README.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Reads a day.
pub(crate) fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "not a date such as 2031-01-31".to_owned())
}

/// As long as anybody waits; clocks end somewhere beyond.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Reads a time in seconds, which is more than none.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(time) if time > LONGEST => Err("longer than a year".to_owned()),
        Some(time) if !time.is_zero() => Ok(time),
        _ => Err("not a number of seconds above 0, such as 2.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_longer_than_clocks_run() {
        assert_eq!(seconds("2.5").unwrap(), Duration::from_millis(2500));
        assert_eq!(seconds("1e18").unwrap_err(), "longer than a year");
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        command().debug_assert();
    }
}
