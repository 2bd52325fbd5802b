//! Types by the names that the document has for them, so that a test can go through all of them.

// Nearly every type of the crate is named here, once, in long tables.
#![allow(clippy::wildcard_imports, clippy::too_many_lines)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use opp_raw::types::*;
use opp_raw::{Check, Invalid, List};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A value of some type.
pub trait Subject {
    /// The value as it is written again.
    fn json(&self) -> Value;
    /// The value as `Debug` shows it.
    fn debug(&self) -> String;
    /// What building it would say.
    fn check(&self) -> Result<(), Invalid>;
}

impl<T: Serialize + Debug + Check> Subject for T {
    fn json(&self) -> Value {
        // By way of text: a number is written with every digit.
        serde_json::from_str(&serde_json::to_string(self).unwrap()).unwrap()
    }

    fn debug(&self) -> String {
        format!("{self:?}\n{self:#?}")
    }

    fn check(&self) -> Result<(), Invalid> {
        Check::check(self)
    }
}

/// A type that stands for a schema of the document.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    /// The type's name in Rust.
    pub name: &'static str,
    read: fn(&str) -> serde_json::Result<Box<dyn Subject>>,
}

impl Type {
    /// The type itself.
    #[must_use]
    pub fn of<T: Serialize + Debug + Check + DeserializeOwned + 'static>(name: &'static str) -> Self {
        Self { name, read: |text| Ok(Box::new(serde_json::from_str::<T>(text)?)) }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If the type cannot be made of it.
    pub fn read(&self, value: &Value) -> serde_json::Result<Box<dyn Subject>> {
        self.read_text(&value.to_string())
    }

    /// Reads a text.
    ///
    /// # Errors
    /// If it is no JSON, or the type cannot be made of it.
    pub fn read_text(&self, text: &str) -> serde_json::Result<Box<dyn Subject>> {
        (self.read)(text)
    }
}

macro_rules! table {
    ($( $component:literal => $kind:ty ),* $(,)?) => {
        BTreeMap::from([$( ($component, Type::of::<$kind>(stringify!($kind))) ),*])
    };
}

/// The type of each component schema that requests, parameters and successful answers are made of. Several
/// components that stand for one answer are one type, and a list or a flag has no name of its own.
#[must_use]
pub fn components() -> BTreeMap<&'static str, Type> {
    table! {
        "MessageCode2XX" => MessageCode2Xx,
        "_linksAccountDetails" => LinksAccountDetails,
        "_linksAccountReport" => LinksAccountReport,
        "_linksConsents" => LinksConsents,
        "_linksDownload" => LinksDownload,
        "_linksGetConsent" => LinksGetConsent,
        "_linksPaymentInitiation" => LinksPaymentInitiation,
        "_linksPaymentInitiationCancel" => LinksPaymentInitiationCancel,
        "_linksSelectPsuAuthenticationMethod" => Links,
        "_linksStartScaProcess" => LinksStartScaProcess,
        "_linksTransactionDetails" => LinksTransactionDetails,
        "_linksUpdatePsuAuthentication" => Links,
        "_linksUpdatePsuIdentification" => Links,
        "accountAccess" => AccountAccess,
        "accountDetails" => AccountDetails,
        "accountId" => AccountId,
        "accountInformationCapabilities" => AccountInformationCapabilities,
        "accountList" => AccountList,
        "accountNumber" => AccountNumber,
        "accountReference" => AccountReference,
        "accountReferenceWithGiro" => AccountReferenceWithGiro,
        "accountReport" => AccountReport,
        "accountStatus" => AccountStatus,
        "address" => Address,
        "affiliatedAspspItem" => AffiliatedAspspItem,
        "affiliatedAspsps" => List<AffiliatedAspspItem>,
        "amount" => Amount,
        "amountValue" => AmountValue,
        "aspsp" => Aspsp,
        "aspspList" => AspspList,
        "aspspListItem" => AspspListItem,
        "authenticationMethodId" => AuthenticationMethodId,
        "authenticationObject" => AuthenticationObject,
        "authenticationType" => AuthenticationType,
        "authorisationId" => AuthorisationId,
        "authorisations" => Authorisations,
        "authorisationsList" => List<AuthorisationId>,
        "balance" => Balance,
        "balanceAfterTransaction" => BalanceAfterTransaction,
        "balanceList" => List<Balance>,
        "balanceType" => BalanceType,
        "bankGiroNumber" => BankGiroNumber,
        "bankTransactionCode" => BankTransactionCode,
        "batchBookingPreferred" => bool,
        "bban" => Bban,
        "bicfi" => Bicfi,
        "bookingDate" => BookingDate,
        "bulkPaymentInitiationWithStatusResponse" => PaymentInitiationInformationResponse,
        "bulkPaymentInitiation_json" => BulkPaymentInitiationJson,
        "cancellationId" => CancellationId,
        "cancellationList" => CancellationList,
        "cashAccountType" => CashAccountType,
        "challengeData" => ChallengeData,
        "chosenScaMethod" => AuthenticationObject,
        "city" => City,
        "cityIds" => List<String>,
        "cityList" => CityList,
        "clearingNumber" => ClearingNumber,
        "consentId" => ConsentId,
        "consentInformationResponse-200_json" => ConsentInformationResponse200Json,
        "consentStatus" => ConsentStatus,
        "consentStatusResponse-200" => ConsentStatusResponse200,
        "consents" => Consents,
        "consentsResponse-201" => ConsentsResponse201,
        "country" => Country,
        "countryCode" => CountryCode,
        "countryList" => CountryList,
        "creditLimit" => CreditLimit,
        "creditorAgentName" => CreditorAgentName,
        "creditorName" => CreditorName,
        "currencyCode" => CurrencyCode,
        "dayOfExecution" => DayOfExecution,
        "debtorAccountMessage" => DebtorAccountMessage,
        "debtorName" => DebtorName,
        "endDate" => EndDate,
        "executionRule" => ExecutionRule,
        "frequencyCode" => FrequencyCode,
        "frequencyPerDay" => FrequencyPerDay,
        "giroInvoiceReference" => PaymentInitiationSwedishGiroJson,
        "giroNumber" => GiroNumber,
        "giroOcrReference" => PaymentInitiationSwedishGiroJson,
        "giroReference" => GiroReference,
        "giroType" => GiroType,
        "hrefEntry" => HrefEntry,
        "hrefType" => HrefType,
        "iban" => Iban,
        "isoCountryCodes" => List<String>,
        "lastActionDate" => LastActionDate,
        "maskedPan" => MaskedPan,
        "msisdn" => Msisdn,
        "pan" => Pan,
        "paymentId" => PaymentId,
        "paymentInitationRequestResponse-201" => PaymentInitiationResponse,
        "paymentInitationSwedishGiroRequestResponse-201" => PaymentInitiationResponse,
        "paymentInitiationBulkElement_json" => PaymentInitiationBulkElementJson,
        "paymentInitiationCancelResponse-202" => PaymentInitiationCancelResponse202,
        "paymentInitiationCapabilities" => PaymentInitiationCapabilities,
        "paymentInitiationCrossBorder_pain.001" => String,
        "paymentInitiationSctInst_pain.001" => String,
        "paymentInitiationSct_pain.001" => String,
        "paymentInitiationStatusResponse-200_json" => PaymentInitiationStatusResponse200Json,
        "paymentInitiationSwedishGiroWithStatusResponse" => PaymentInitiationInformationResponse,
        "paymentInitiationSwedishGiro_json" => PaymentInitiationSwedishGiroJson,
        "paymentInitiationTarget2_pain.001" => String,
        "paymentInitiationWithStatusResponse" => PaymentInitiationInformationResponse,
        "paymentInitiation_json" => PaymentInitiationJson,
        "periodicPaymentInitiationMultipartBody" => PeriodicPaymentInitiationMultipartBody,
        "periodicPaymentInitiationWithStatusResponse" => PaymentInitiationInformationResponse,
        "periodicPaymentInitiation_json" => PeriodicPaymentInitiationJson,
        "periodicPaymentInitiation_xml-Part2-standingorderType_json" => PeriodicPaymentInitiationXmlPart2StandingorderTypeJson,
        "plusGiroNumber" => PlusGiroNumber,
        "proprietaryBankTransactionCode" => ProprietaryBankTransactionCode,
        "psuData" => PsuData,
        "psuMessageText" => PsuMessageText,
        "purposeCode" => PurposeCode,
        "readAccountBalanceResponse-200" => ReadAccountBalanceResponse200,
        "recurringIndicator" => bool,
        "regulatoryReporting" => List<PaymentInitiationJsonRegulatoryReportingItem>,
        "remittanceInformationStructured" => RemittanceInformationStructured,
        "remittanceInformationUnstructured" => RemittanceInformationUnstructured,
        "reportExchangeRate" => ReportExchangeRate,
        "reportExchangeRateList" => List<ReportExchangeRate>,
        "scaAuthenticationData" => ScaAuthenticationData,
        "scaMethods" => List<AuthenticationObject>,
        "scaStatus" => ScaStatus,
        "scaStatusResponse" => ScaStatusResponse,
        "selectPsuAuthenticationMethod" => SelectPsuAuthenticationMethod,
        "selectPsuAuthenticationMethodResponse" => UpdatePsuDataResponse,
        "startDate" => StartDate,
        "startScaprocessResponse" => StartScaprocessResponse,
        "supportedAuthorizationMethodItem" => SupportedAuthorizationMethodItem,
        "supportedAuthorizationMethods" => List<SupportedAuthorizationMethodItem>,
        "tppMessage2XX" => TppMessage2Xx,
        "tppMessageCategory" => TppMessageCategory,
        "tppMessageText" => TppMessageText,
        "transactionAuthorisation" => TransactionAuthorisation,
        "transactionDetails" => TransactionDetails,
        "transactionFeeIndicator" => bool,
        "transactionId" => TransactionId,
        "transactionList" => List<TransactionDetails>,
        "transactionListId" => TransactionListId,
        "transactionPaymentId" => TransactionPaymentId,
        "transactionStatus" => TransactionStatus,
        "transactionsResponse-200_json" => TransactionsResponse200Json,
        "trnsCreditorAccountReference" => TrnsCreditorAccountReference,
        "ultimateCreditor" => UltimateCreditor,
        "ultimateDebtor" => UltimateDebtor,
        "updatePsuAuthentication" => UpdatePsuAuthentication,
        "updatePsuAuthenticationResponse" => UpdatePsuDataResponse,
        "updatePsuIdenticationResponse" => UpdatePsuDataResponse,
        "validUntil" => ValidUntil,
    }
}

macro_rules! inline {
    ($( $kind:ident ),* $(,)?) => { vec![$( Type::of::<$kind>(stringify!($kind)) ),*] };
}

/// The types of what has no name in the document: inline enums and texts, headers, choices.
#[must_use]
pub fn inline() -> Vec<Type> {
    inline! {
        AdditionalInformation, AllPsd2, AspspListItemName, AspspName, AspspScaApproach, AuthorisationRequest,
        AvailableAccounts, BicFi, BookingStatus, ChallengeImage, ChallengeText, CheckId, CityName, CountryName,
        CreditorAccountMessage, CreditorId, DateFrom, DateTo, Details, DetailsCode, DetailsInformation,
        EncryptedPassword, EndToEndId, EndToEndIdentification, EntryReference, ImageLink, InvoiceRef, IsoCountryCode,
        LastChangeDateTime, LastCommittedTransaction, LinkedAccounts, MandateId, Message, MessageCode, Name, OcrRef,
        OtpFormat, OwnerName, Password, PaymentInitiationJsonInvoiceRef, PaymentInitiationJsonOcrRef,
        PaymentInitiationRequest, PaymentProduct, PaymentService, PostalCode, Product, PsuAuthoriserId,
        PsuCorporateId, PsuGeoLocation, PsuHttpMethod, PsuId, QuotationDate, Reference, ReferenceDate,
        ReferenceIssuer, ReferenceType, RequestHeaders, RequestedExecutionDate, RequestedExecutionTime,
        ResponseHeaders, Street, StreetAddress, TransactionDetailsRemittanceInformationStructured, Usage, ValueDate,
        XBicFi,
    }
}

macro_rules! strict {
    ($( $kind:ident ),* $(,)?) => {
        BTreeMap::from([$( (
            stringify!($kind),
            (|text: &str| text.parse::<$kind>().map(|value| value.as_str().to_owned())) as Strict,
        ) ),*])
    };
}

/// Reads text strictly and gives it back.
pub type Strict = fn(&str) -> Result<String, Invalid>;

/// The types that text can be parsed as: those with rules, and enums.
#[must_use]
pub fn strict() -> BTreeMap<&'static str, Strict> {
    strict! {
        AccountId, AccountNumber, AccountStatus, AdditionalInformation, AllPsd2, AmountValue, AspspListItemName,
        AspspName, AspspScaApproach, AuthenticationMethodId, AuthenticationType, AuthorisationId, AvailableAccounts,
        BalanceType, BankGiroNumber, BankTransactionCode, Bban, BicFi, Bicfi, BookingDate, BookingStatus,
        CancellationId, CashAccountType, ChallengeImage, ChallengeText, CheckId, CityName, ClearingNumber, ConsentId,
        ConsentStatus, CountryCode, CountryName, CreditorAccountMessage, CreditorAgentName, CreditorId, CreditorName,
        CurrencyCode, DateFrom, DateTo, DayOfExecution, DebtorAccountMessage, DebtorName, Details, DetailsCode,
        DetailsInformation, EncryptedPassword, EndDate, EndToEndId, EndToEndIdentification, EntryReference,
        ExecutionRule, FrequencyCode, GiroNumber, GiroType, HrefEntry, Iban, ImageLink, InvoiceRef, IsoCountryCode,
        LastActionDate, LastChangeDateTime, LastCommittedTransaction, LinkedAccounts, MandateId, MaskedPan, Message,
        MessageCode, MessageCode2Xx, Msisdn, Name, OcrRef, OtpFormat, OwnerName, Pan, Password, PaymentId,
        PaymentInitiationJsonInvoiceRef, PaymentInitiationJsonOcrRef, PaymentProduct, PaymentService, PlusGiroNumber,
        PostalCode, Product, ProprietaryBankTransactionCode, PsuAuthoriserId, PsuCorporateId, PsuGeoLocation,
        PsuHttpMethod, PsuId, PsuMessageText, PurposeCode, QuotationDate, Reference, ReferenceDate, ReferenceIssuer,
        ReferenceType, RemittanceInformationUnstructured, RequestedExecutionDate, RequestedExecutionTime,
        ScaAuthenticationData, ScaStatus, StartDate, Street, StreetAddress, TppMessageCategory, TppMessageText,
        TransactionDetailsRemittanceInformationStructured, TransactionId, TransactionListId, TransactionPaymentId,
        TransactionStatus, UltimateCreditor, UltimateDebtor, Usage, ValidUntil, ValueDate, XBicFi,
    }
}
