//! Orders that every suite begins with.

#![allow(dead_code, reason = "each suite uses the part that it needs")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

pub(crate) const PAYMENTS: &str = "/psd2/paymentinitiation/v1";

/// From SEB's first documented account to its second.
pub(crate) fn domestic() -> Value {
    json!({
        "instructedAmount": { "currency": "SEK", "amount": "249.50" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorAccount": { "iban": "SE2550000000054400047903" },
        "creditorName": "Nordvik Cykelservice AB",
        "endToEndIdentification": "NV-1",
    })
}

pub(crate) fn giro() -> Value {
    json!({
        "instructedAmount": { "currency": "SEK", "amount": "845.00" },
        "debtorAccount": { "iban": "SE3750000000054400047881" },
        "creditorGiro": { "giroNumber": "991-2346", "giroType": "BANKGIRO" },
        "creditorName": "Kustbandets Elnät AB",
        "ocrRef": "1234567897",
    })
}

/// Within Danske Bank, whose customers choose on its page which account to pay from.
pub(crate) fn pounds() -> Value {
    json!({
        "instructedAmount": { "currency": "GBP", "amount": "48.20" },
        "debtorAccount": { "bban": "84600447424379" },
        "creditorAccount": { "bban": "15517312471731" },
        "creditorName": "Harbour Books Ltd",
    })
}

/// The order with other values at these JSON pointers.
pub(crate) fn changed(mut order: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    order
}

/// One transfer in euros as pain.001, from OP's documented account unless another is named.
pub(crate) fn pain(amount: &str, debtor: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>OP-1</MsgId><CreDtTm>2026-03-16T09:12:05</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>75.20</CtrlSum>
      <InitgPty><Nm>Saariston Kirja Oy</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>OP-1-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>2026-03-17</ReqdExctnDt>
      <Dbtr><Nm>Saariston Kirja Oy</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct>
      <CdtTrfTxInf>
        <PmtId><EndToEndId>LASKU-44</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>
        <Cdtr><Nm>Nordlicht &amp; Verlag</Nm><PstlAdr><TwnNm>Lübeck</TwnNm><Ctry>DE</Ctry></PstlAdr></Cdtr>
        <CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>
        <RmtInf><Ustrd>Lasku 44</Ustrd></RmtInf>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
"#
    )
}
