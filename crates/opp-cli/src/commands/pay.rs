//! `opp pay`: what is paid to whom, put together from what was typed, shown, handed over and signed.

mod content;
mod deliver;
mod file;
mod form;
mod order;
mod paper;

use clap::Subcommand;

use crate::app::App;
use crate::connect::Whom;
use crate::exit::Failure;
use crate::sign::Wishes;

pub(crate) use deliver::{sent_once, undecided, undisturbed};
pub(crate) use file::Format;

/// Pay: to an account, to a giro number, in euro, abroad, or from a file
///
/// What was typed is checked and shown before anything is sent, and no money moves before you have signed. With a
/// profile of production you are asked first. A payment is sent once and never again by itself: exit code 6 means that
/// nobody knows whether the bank has it.
#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    Domestic(order::Domestic),
    Giro(order::Giro),
    Sepa(order::Sepa),
    International(order::International),
    File(file::Args),
}

/// What is done with a payment that is put together.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Handling {
    #[command(flatten, next_help_heading = "At which bank, for whom")]
    whom: Whom,
    #[command(flatten, next_help_heading = "Signature")]
    wishes: Wishes,
    /// Hand it over, and sign it later with `opp payment sign`
    #[arg(long, help_heading = "Signature")]
    no_sign: bool,
}

pub(crate) async fn run(app: &mut App, kind: Kind) -> Result<(), Failure> {
    let (paper, handling) = match kind {
        Kind::Domestic(args) => args.read()?,
        Kind::Giro(args) => args.read()?,
        Kind::Sepa(args) => args.read()?,
        Kind::International(args) => args.read()?,
        Kind::File(args) => args.read(app).await?,
    };
    Box::pin(deliver::run(app, paper, &handling)).await
}
