//! A synthetic report: every field that a transaction can have, about as often as banks give it.

use opp_raw::types::TransactionsResponse200Json;

use crate::by_hand;

/// The order of the fields in every object.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    /// As in the document, which is how most banks write.
    Document,
    /// By name, which suits no reader.
    Alphabet,
}

impl Order {
    /// An object; values are JSON already.
    fn object(self, fields: impl IntoIterator<Item = (&'static str, String)>) -> String {
        let mut fields: Vec<_> = fields.into_iter().collect();
        if let Self::Alphabet = self {
            fields.sort();
        }
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn amount(self, cents: usize) -> String {
        let amount = text(&format!("-{}.{:02}", cents / 100, cents % 100));
        self.object([("currency", text("SEK")), ("amount", amount)])
    }

    fn link(self, path: &str) -> String {
        self.object([("href", text(&format!("/psd2/accountinformation/v1/accounts/{path}")))])
    }
}

fn text(content: &str) -> String {
    serde_json::Value::from(content).to_string()
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// The report as text, the same at every run.
pub(crate) fn report(transactions: usize, order: Order) -> String {
    let pending = transactions / 100;
    let some = |range: std::ops::Range<usize>| list(range.map(|n| transaction(n, order)));
    let account = order.object([("iban", text("SE4550000000058398257466")), ("currency", text("SEK"))]);
    let transactions = order.object([
        ("booked", some(0..transactions - pending)),
        ("pending", some(transactions - pending..transactions)),
        ("_links", order.object([("account", order.link("53584179-e855-46b9-b14a-1ce56f1f7960"))])),
    ]);
    let balance = order.object([
        ("balanceAmount", order.amount(1_025_075)),
        ("balanceType", text("interimAvailable")),
        ("creditLimitIncluded", "false".to_owned()),
        ("referenceDate", text("2026-03-03")),
    ]);
    order.object([("account", account), ("transactions", transactions), ("balances", list([balance]))])
}

/// One transaction. Fields come by their share, in percent, spread evenly over the report.
fn transaction(n: usize, order: Order) -> String {
    let mut fields = Vec::new();
    // A step that shares no divisor with 100 mixes which fields come together.
    let mut step = 7;
    let mut put = |share: usize, name: &'static str, value: String| {
        step += 12;
        if (n * (2 * step + 1)) % 100 < share {
            fields.push((name, value));
        }
    };
    let (day, cents) = (format!("2026-03-{:02}", n % 28 + 1), n * 7919 % 1_000_000);
    let id = format!("8810c724-35e7-40b0-98e9-{n:012x}");
    put(90, "transactionId", text(&id));
    put(60, "entryReference", text(&format!("{day}-{n:06}")));
    put(30, "endToEndId", text(&format!("ORDER-{n}")));
    put(5, "mandateId", text(&format!("MANDATE-{n}")));
    put(1, "checkId", text(&n.to_string()));
    put(5, "creditorId", text("SE97ZZZ1234567890"));
    put(99, "bookingDate", text(&day));
    put(80, "valueDate", text(&day));
    put(100, "transactionAmount", order.amount(cents));
    let exchange = order.object([
        ("sourceCurrency", text("EUR")),
        ("exchangeRate", text("11.2345")),
        ("unitCurrency", text("EUR")),
        ("targetCurrency", text("SEK")),
        ("quotationDate", text(&day)),
        ("contractIdentification", text(&format!("FX{n}"))),
    ]);
    put(4, "currencyExchange", list([exchange]));
    put(50, "creditorName", text(&format!("Nordlund Bokhandel {}", n % 500)));
    put(40, "creditorAccount", order.object([("bankGiro", text(&format!("{}-2346", 100 + n % 900)))]));
    put(2, "ultimateCreditor", text("Nordlund Invest"));
    put(30, "debtorName", text(&format!("Familjen Östergård {}", n % 300)));
    let debtor = order.object([("iban", text("SE4550000000058398257466")), ("currency", text("SEK"))]);
    put(45, "debtorAccount", debtor);
    put(2, "ultimateDebtor", text("Östergård Invest"));
    put(90, "remittanceInformationUnstructured", text(&format!("Order {n}, books and \"other\" things")));
    put(20, "remittanceInformationStructured", text(&format!("{:025}", n * 31)));
    put(10, "additionalInformation", text("Card purchase abroad"));
    put(10, "purposeCode", text("SALA"));
    put(70, "bankTransactionCode", text("PMNT-ICDT-DMCT"));
    put(40, "proprietaryBankTransactionCode", text(&format!("{:04}", n % 60)));
    put(60, "transactionListId", text(&format!("{:064x}", n as u128 * 0x9e37_79b9_7f4a_7c15)));
    let link = order.link(&format!("53584179-e855-46b9-b14a-1ce56f1f7960/transactions/{id}"));
    put(70, "_links", order.object([("transactionDetails", link)]));
    let balance = [("balanceAmount", order.amount(cents * 3)), ("balanceType", text("interimBooked"))];
    put(50, "balanceAfterTransaction", order.object(balance));
    put(3, "paymentId", text(&format!("9b1deb4d-3b7d-4bad-9bdd-{n:012x}")));
    order.object(fields)
}

/// Both read the same, or there is nothing to compare.
pub(crate) fn assert_same(tolerant: &TransactionsResponse200Json, by_hand: &by_hand::Report) {
    let (ours, theirs) = (tolerant.transactions.as_ref().unwrap(), by_hand.transactions.as_ref().unwrap());
    assert_eq!(ours.booked.len() + ours.pending.len(), theirs.booked.len() + theirs.pending.len());
    for (ours, theirs) in ours.booked.iter().zip(&theirs.booked) {
        assert!(ours.extra.is_empty());
        assert_eq!(ours.transaction_id, theirs.transaction_id);
        assert_eq!(ours.currency_exchange.len(), theirs.currency_exchange.len());
        let text = ours
            .remittance_information_unstructured
            .as_ref()
            .map(opp_raw::types::RemittanceInformationUnstructured::as_str);
        assert_eq!(text, theirs.remittance_information_unstructured.as_deref());
        let link = ours.links.as_ref().and_then(|l| l.transaction_details.as_ref()?.href.as_ref());
        let their_link = theirs.links.as_ref().and_then(|l| l.transaction_details.as_ref()?.href.as_deref());
        assert_eq!(link.map(opp_raw::types::HrefEntry::as_str), their_link);
    }
}
