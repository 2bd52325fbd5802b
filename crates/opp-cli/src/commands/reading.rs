//! What the commands that read accounts share: which consent, which account.

use opp_ergonomic::{Account, Accounts, Error, ValidConsent};

use super::consent::Kept;
use crate::app::App;
use crate::exit::Failure;
use crate::records::ConsentRecord;

/// With which consent.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Which {
    /// Read with this consent, by its id or the beginning of it; the newest that is valid unless given
    #[arg(long, value_name = "ID")]
    pub(crate) consent: Option<String>,
    /// Read at this bank, with the newest consent that is valid there
    #[arg(long, value_name = "BIC", conflicts_with = "consent")]
    pub(crate) bank: Option<String>,
    /// Nobody is there: a scheduled job. Such reads are counted, and a bank allows a few a day
    #[arg(long)]
    pub(crate) unattended: bool,
}

/// Accounts, and the consent that opens them.
pub(crate) struct Reading {
    pub(crate) accounts: Accounts,
    record: ConsentRecord,
    kept: Kept,
}

impl App {
    /// Opens the accounts of a consent.
    pub(crate) async fn reading(&mut self, which: &Which) -> Result<Reading, Failure> {
        let connection = self.connect().await?;
        let kept = Kept::new(self);
        let bank = which.bank.as_deref();
        let fits = |record: &ConsentRecord| {
            record.status == "valid" && bank.is_none_or(|bank| record.party.bank.bic() == bank)
        };
        let record = match &which.consent {
            Some(id) => kept.find(&connection, Some(id))?,
            None => kept.newest(&connection, fits).ok_or_else(|| {
                let bank = bank.or(connection.profile.bank.as_deref()).unwrap_or("BIC");
                Failure::denied("there is no consent to read accounts with")
                    .hint(format!("Ask for one with `opp consent create --bank {bank}`."))
            })?,
        };
        let session = connection.session(&record.party, !which.unattended)?;
        let consent = ValidConsent::stored(&record.id, Some(record.frequency_per_day));
        Ok(Reading { accounts: session.accounts(&consent), record, kept })
    }
}

impl Reading {
    /// All accounts, or the one with this id or number; the last digits are enough.
    pub(crate) async fn select(&mut self, wanted: Option<&str>) -> Result<Vec<Account>, Failure> {
        let all = self.accounts.list().await;
        let all = self.heard(all)?.into_inner();
        let Some(wanted) = wanted else { return Ok(all) };
        let digits: String = wanted.chars().filter(|sign| !sign.is_whitespace()).collect();
        let fits = |account: &&Account| {
            let numbers = [account.iban(), account.bban()];
            account.id() == Some(wanted)
                || (digits.len() >= 3 && numbers.into_iter().flatten().any(|number| number.ends_with(&digits)))
        };
        let found: Vec<_> = all.iter().filter(fits).cloned().collect();
        match found.len() {
            1 => Ok(found),
            0 => Err(Failure::usage(format!("there is no account {wanted}")).hint("`opp accounts` lists them.")),
            _ => Err(Failure::usage(format!("several accounts end with {wanted}")).hint("Give more of the number.")),
        }
    }

    /// Passes an answer on. A consent that has ended is not tried again.
    pub(crate) fn heard<T>(&mut self, answer: Result<T, Error>) -> Result<T, Failure> {
        answer.map_err(|error| {
            if error.needs_new_consent() {
                "expired".clone_into(&mut self.record.status);
                // What the bank said matters more than whether it could be noted.
                self.kept.put(&self.record).ok();
            }
            error.into()
        })
    }
}

/// How an account is called in lists: by its number, or by its id where it has none.
pub(crate) fn number_of(account: &Account) -> String {
    account.iban().or(account.bban()).or(account.id()).unwrap_or_default().to_owned()
}
