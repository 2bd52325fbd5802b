//! What somebody would write by hand to read the same report: owned, plain, and strict about kinds.

#![allow(dead_code, reason = "decoded to be compared with, not to be read")]
#![allow(clippy::struct_field_names, reason = "the names are the platform's")]

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) account: Option<Account>,
    pub(crate) transactions: Option<Transactions>,
    #[serde(default)]
    pub(crate) balances: Vec<Balance>,
    #[serde(rename = "_links")]
    pub(crate) links: Option<DownloadLinks>,
    #[serde(default)]
    pub(crate) tpp_messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transactions {
    #[serde(default)]
    pub(crate) booked: Vec<Transaction>,
    #[serde(default)]
    pub(crate) pending: Vec<Transaction>,
    #[serde(rename = "_links")]
    pub(crate) links: Option<PageLinks>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub(crate) transaction_id: Option<String>,
    pub(crate) entry_reference: Option<String>,
    pub(crate) end_to_end_id: Option<String>,
    pub(crate) mandate_id: Option<String>,
    pub(crate) check_id: Option<String>,
    pub(crate) creditor_id: Option<String>,
    pub(crate) booking_date: Option<String>,
    pub(crate) value_date: Option<String>,
    pub(crate) transaction_amount: Option<Amount>,
    #[serde(default)]
    pub(crate) currency_exchange: Vec<Exchange>,
    pub(crate) creditor_name: Option<String>,
    pub(crate) creditor_account: Option<Creditor>,
    pub(crate) ultimate_creditor: Option<String>,
    pub(crate) debtor_name: Option<String>,
    pub(crate) debtor_account: Option<Account>,
    pub(crate) ultimate_debtor: Option<String>,
    pub(crate) remittance_information_unstructured: Option<String>,
    pub(crate) remittance_information_structured: Option<String>,
    pub(crate) additional_information: Option<String>,
    pub(crate) purpose_code: Option<String>,
    pub(crate) bank_transaction_code: Option<String>,
    pub(crate) proprietary_bank_transaction_code: Option<String>,
    pub(crate) transaction_list_id: Option<String>,
    #[serde(rename = "_links")]
    pub(crate) links: Option<TransactionLinks>,
    pub(crate) balance_after_transaction: Option<BalanceAfter>,
    pub(crate) payment_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Amount {
    pub(crate) currency: Option<String>,
    pub(crate) amount: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exchange {
    pub(crate) source_currency: Option<String>,
    pub(crate) exchange_rate: Option<String>,
    pub(crate) unit_currency: Option<String>,
    pub(crate) target_currency: Option<String>,
    pub(crate) quotation_date: Option<String>,
    pub(crate) contract_identification: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Creditor {
    pub(crate) iban: Option<String>,
    pub(crate) bban: Option<String>,
    pub(crate) pan: Option<String>,
    pub(crate) masked_pan: Option<String>,
    pub(crate) msisdn: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) bank_giro: Option<String>,
    pub(crate) plus_giro: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) iban: Option<String>,
    pub(crate) bban: Option<String>,
    pub(crate) pan: Option<String>,
    pub(crate) masked_pan: Option<String>,
    pub(crate) msisdn: Option<String>,
    pub(crate) clearing_number: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) account_number: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceAfter {
    pub(crate) balance_amount: Option<Amount>,
    pub(crate) balance_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Balance {
    pub(crate) balance_amount: Option<Amount>,
    pub(crate) balance_type: Option<String>,
    pub(crate) credit_limit_included: Option<bool>,
    pub(crate) last_change_date_time: Option<String>,
    pub(crate) reference_date: Option<String>,
    pub(crate) last_committed_transaction: Option<String>,
    pub(crate) clearing_number: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    pub(crate) href: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionLinks {
    pub(crate) transaction_details: Option<Link>,
    pub(crate) proof_of_payment: Option<Link>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PageLinks {
    pub(crate) account: Option<Link>,
    pub(crate) first: Option<Link>,
    pub(crate) next: Option<Link>,
    pub(crate) previous: Option<Link>,
    pub(crate) last: Option<Link>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DownloadLinks {
    pub(crate) download: Option<Link>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) category: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) text: Option<String>,
}
