//! How each operation is called, in one table: from arguments by the names of the document to an answer as JSON.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use opp_raw::{ByteStream, Bytes, Client, Error, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What an operation is called with.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Path and query parameters by name.
    pub values: BTreeMap<String, Value>,
    /// The JSON body.
    pub body: Option<Value>,
    /// A body of another media type.
    pub bytes: Vec<u8>,
    /// The media type of that body, or of the answer.
    pub media: String,
}

impl Arguments {
    fn value<T: DeserializeOwned>(&self, name: &str) -> T {
        self.given(name).unwrap_or_else(|| panic!("{name} is missing"))
    }

    fn given<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let value = self.values.get(name)?;
        Some(serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name} = {value}: {error}")))
    }

    fn list(&self, name: &str) -> Option<Vec<String>> {
        self.given(name)
    }

    fn body<T: DeserializeOwned>(&self) -> T {
        self.optional_body().expect("the operation needs a body")
    }

    fn optional_body<T: DeserializeOwned>(&self) -> Option<T> {
        self.body.clone().map(|body| serde_json::from_value(body).expect("the body reads"))
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The typed headers, written again.
    pub headers: Value,
    /// The typed value, written again.
    pub value: Value,
    /// The body of a stream.
    pub bytes: Bytes,
    /// The media type that a stream says it has.
    pub media: Option<String>,
}

impl Answer {
    fn new<T>(response: &Response<T>) -> Self {
        let headers = serde_json::to_value(response.headers()).expect("headers are JSON");
        Self { status: response.status().as_u16(), headers, value: Value::Null, bytes: Bytes::new(), media: None }
    }

    fn json<T: Serialize>(response: &Response<T>) -> Self {
        let text = serde_json::to_string(&**response).expect("a value is JSON");
        Self { value: serde_json::from_str(&text).expect("what was written is JSON"), ..Self::new(response) }
    }

    fn nothing(response: &Response<()>) -> Self {
        Self::new(response)
    }

    async fn stream(response: Response<ByteStream>) -> Result<Self, Error> {
        let answer = Self { media: response.content_type().map(str::to_owned), ..Self::new(&response) };
        Ok(Self { bytes: response.into_inner().collect(1 << 20).await?, ..answer })
    }
}

/// A call under way. It can go to another thread, as every call must.
pub type Call = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// Which of an operation's methods it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// JSON, or nothing, in both directions.
    Json,
    /// A body of another media type.
    Body,
    /// An answer of another media type.
    Stream,
}

/// One method of the client.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The operation's id in the document.
    pub operation: &'static str,
    /// Which of its methods it is.
    pub form: Form,
    /// Calls it.
    pub call: fn(Client, Arguments) -> Call,
}

macro_rules! table {
    (@answer json $response:expr) => { Ok(Answer::json(&$response)) };
    (@answer nothing $response:expr) => { Ok(Answer::nothing(&$response)) };
    (@answer stream $response:expr) => { Answer::stream($response).await };
    ($( $form:ident $answer:ident $operation:literal |$client:ident, $arguments:ident| $call:expr; )*) => {
        vec![$( Entry {
            operation: $operation,
            form: Form::$form,
            call: |$client, $arguments| Box::pin(async move {
                let response = $call.await?;
                table!(@answer $answer response)
            }),
        } ),*]
    };
}

/// Every method of the client.
#[must_use]
pub fn entries() -> Vec<Entry> {
    table! {
        Json json "getAccountList" |c, a| c.get_account_list(a.given("withBalance"));
        Json json "readAccountDetails" |c, a| c.read_account_details(&a.value("account-id"), a.given("withBalance"));
        Json json "getBalances" |c, a| c.get_balances(&a.value("account-id"));
        Json json "getTransactionList" |c, a| c.get_transaction_list(&a.value("account-id"), &a.value("bookingStatus"), a.given("dateFrom").as_ref(), a.given("dateTo").as_ref(), a.given("deltaList"), a.given::<String>("entryReferenceFrom").as_deref(), a.given("withBalance"));
        Stream stream "getTransactionList" |c, a| c.get_transaction_list_stream(&a.value("account-id"), &a.value("bookingStatus"), a.given("dateFrom").as_ref(), a.given("dateTo").as_ref(), a.given("deltaList"), a.given::<String>("entryReferenceFrom").as_deref(), a.given("withBalance"), &a.media);
        Json json "getTransactionDetails" |c, a| c.get_transaction_details(&a.value("account-id"), &a.value("transactionId"));
        Json json "getASPSPList" |c, a| c.get_aspsp_list(a.list("cityIds").as_deref(), a.list("isoCountryCodes").as_deref());
        Json json "getASPSPDetails" |c, a| c.get_aspsp_details(&a.value("bicFi"));
        Json json "getCityList" |c, a| c.get_city_list(a.list("cityIds").as_deref(), a.list("isoCountryCodes").as_deref());
        Json json "getCityDetails" |c, a| c.get_city_details(&a.value::<String>("city-id"));
        Json json "getCountriesList" |c, a| c.get_countries_list(a.list("isoCountryCodes").as_deref());
        Json json "getCountryDetails" |c, a| c.get_country_details(&a.value("isoCountryCode"));
        Json json "createConsent" |c, a| c.create_consent(&a.body());
        Json nothing "deleteConsent" |c, a| c.delete_consent(&a.value("consentId"));
        Json json "getConsentInformation" |c, a| c.get_consent_information(&a.value("consentId"));
        Json json "getConsentAuthorisation" |c, a| c.get_consent_authorisation(&a.value("consentId"));
        Json json "startConsentAuthorisation" |c, a| c.start_consent_authorisation(&a.value("consentId"), a.optional_body().as_ref());
        Json json "getConsentScaStatus" |c, a| c.get_consent_sca_status(&a.value("consentId"), &a.value("authorisationId"));
        Json json "updateConsentsPsuData" |c, a| c.update_consents_psu_data(&a.value("consentId"), &a.value("authorisationId"), &a.body());
        Json json "getConsentStatus" |c, a| c.get_consent_status(&a.value("consentId"));
        Json json "initiatePayment" |c, a| c.initiate_payment(&a.value("payment-service"), &a.value("payment-product"), &a.body());
        Body json "initiatePayment" |c, a| c.initiate_payment_raw(&a.value("payment-service"), &a.value("payment-product"), &a.media, a.bytes());
        Json json "cancelPayment" |c, a| c.cancel_payment(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Json json "getPaymentInformation" |c, a| c.get_payment_information(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Stream stream "getPaymentInformation" |c, a| c.get_payment_information_stream(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.media);
        Json json "getPaymentInitiationAuthorisation" |c, a| c.get_payment_initiation_authorisation(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Json json "startPaymentAuthorisation" |c, a| c.start_payment_authorisation(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), a.optional_body().as_ref());
        Json json "getPaymentInitiationScaStatus" |c, a| c.get_payment_initiation_sca_status(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.value("authorisationId"));
        Json json "updatePaymentPsuData" |c, a| c.update_payment_psu_data(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.value("authorisationId"), &a.body());
        Json json "getPaymentInitiationCancellationAuthorisationInformation" |c, a| c.get_payment_initiation_cancellation_authorisation_information(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Json json "startPaymentInitiationCancellationAuthorisation" |c, a| c.start_payment_initiation_cancellation_authorisation(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Json json "getPaymentCancellationScaStatus" |c, a| c.get_payment_cancellation_sca_status(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.value("cancellationId"));
        Json json "updatePaymentCancellationPsuData" |c, a| c.update_payment_cancellation_psu_data(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.value("cancellationId"), &a.body());
        Json json "getPaymentInitiationStatus" |c, a| c.get_payment_initiation_status(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"));
        Stream stream "getPaymentInitiationStatus" |c, a| c.get_payment_initiation_status_stream(&a.value("payment-service"), &a.value("payment-product"), &a.value("paymentId"), &a.media);
    }
}

/// The method for an operation and a form.
#[must_use]
pub fn entry(operation: &str, form: Form) -> Entry {
    let found = entries().into_iter().find(|entry| entry.operation == operation && entry.form == form);
    found.unwrap_or_else(|| panic!("the table has no {form:?} call of {operation}: add it"))
}
