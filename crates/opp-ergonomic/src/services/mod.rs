//! What can be asked for. Services say only what to ask; how it is asked is the transport's.

mod accounts;
mod banks;
mod consents;
mod orders;
mod page;
mod payments;
mod transactions;
mod view;

pub use accounts::{Account, Accounts, Balance, BalanceType, ValidConsent};
pub use banks::{BankDetails, BankEntry, Banks, City, Country, Directory, DirectoryFilter};
pub use consents::{Access, Consent, ConsentRequest, ConsentStatus, Consents, NewConsent};
pub use orders::{Bulk, Frequency, Giro, Order, Repetition, Transfer};
pub use payments::{
    Cancellation, NewPayment, PaymentDetails, PaymentKey, PaymentProduct, PaymentService, PaymentStage, PaymentStatus,
    Payments,
};
pub use transactions::{BookingStatus, ReportFormat, Transaction, TransactionQuery, Transactions};
