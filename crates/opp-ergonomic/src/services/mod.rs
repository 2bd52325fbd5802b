//! What can be asked for. Services say only what to ask; how it is asked is the transport's.

mod accounts;
mod banks;
mod consents;
mod payments;
mod view;

pub use accounts::{Account, Accounts, ValidConsent};
pub use banks::{BankDetails, BankEntry, Banks, City, Country, Directory, DirectoryFilter};
pub use consents::{Access, Consent, ConsentRequest, ConsentStatus, Consents, NewConsent};
pub use payments::Payments;
