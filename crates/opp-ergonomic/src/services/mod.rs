//! What can be asked for. Services say only what to ask; how it is asked is the transport's.

mod accounts;
mod banks;
mod consents;
mod orders;
mod page;
mod payments;
mod transactions;
mod view;

pub use accounts::{Account, Accounts, Balance, ValidConsent};
pub use banks::{BankDetails, BankEntry, Banks, City, Country, Directory, DirectoryFilter};
pub(crate) use consents::is_over;
pub use consents::{Access, Consent, ConsentRequest, Consents, NewConsent};
/// Words of the platform that need nothing added.
pub use opp_raw::types::{
    BalanceType, BookingStatus, ConsentStatus, FrequencyCode as Frequency, PaymentProduct, PaymentService,
};
pub use orders::{Bulk, Draft, Giro, Order, Repetition, Transfer};
pub use payments::{Cancellation, NewPayment, PaymentDetails, PaymentKey, PaymentStage, PaymentStatus, Payments};
pub use transactions::{ReportFormat, Transaction, TransactionQuery, Transactions};
