//! The options of all commands, and how values of options are read.

use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;

use crate::output::Form;

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
    /// Print data as CSV; what a spreadsheet would take for a formula gets an apostrophe
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
}
