//! What can be typed: the list of commands, and who carries them out.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app::App;
use crate::commands::{
    accounts, balances, bank, banks, completions, consent, demo, doctor, login, man, pay, payment, profile, raw,
    sandbox, token, transactions,
};
use crate::exit::Failure;
use crate::options::Global;

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
            Self::Completions(args) => completions::run(app, &args, &mut command()),
            Self::Man(args) => man::run(app, &args, command()),
        }
    }
}

/// The command line as data: for manuals, completions and tables in a README.
pub fn command() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        command().debug_assert();
    }
}
