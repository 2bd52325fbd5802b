//! The call by which both layers are measured: how a consent stands, asked with twelve headers. And reqwest by itself
//! asking the same.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use opp_raw::reqwest;
use tokio::runtime::Runtime;

pub(crate) const CALLS: usize = 200;
pub(crate) const ROUNDS: usize = 101;
pub(crate) const CONSENT: &str = "f93acf4f-29d5-4c63-9d6d-6a3b0e9f7c11";
pub(crate) const ANSWER: &str = r#"{"consentStatus":"valid"}"#;

/// What either sends, with an `X-Request-ID` of its own for each call: twelve headers in all.
const HEADERS: [(&str, &str); 11] = [
    ("Authorization", "Bearer 8f14e45fceea167a5a36dedd4bea2543"),
    ("X-BicFi", "ESSESESS"),
    ("PSU-ID", "197001010001"),
    ("PSU-Corporate-ID", "5560000001"),
    ("PSU-IP-Address", "192.0.2.17"),
    ("PSU-IP-Port", "49152"),
    ("PSU-Accept", "text/html"),
    ("PSU-Accept-Language", "sv-SE"),
    ("PSU-User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("PSU-Http-Method", "GET"),
    ("PSU-Device-ID", "99435c7e-ad88-49ec-a2ad-99ddcb1f5555"),
];

/// The lines of a request: its first, the twelve headers, and those that HTTP itself wants.
pub(crate) const fn lines(of_http: usize) -> usize {
    1 + HEADERS.len() + 1 + of_http
}

/// What a header says.
pub(crate) fn value(name: &str) -> &'static str {
    HEADERS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// One contender's turn.
pub(crate) fn many<F: Future>(runtime: &Runtime, call: impl Fn() -> F) {
    runtime.block_on(async {
        for _ in 0..CALLS {
            call().await;
        }
    });
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    consent_status: String,
}

pub(crate) async fn by_hand(http: &reqwest::Client, api: &str) {
    let mut request = http
        .get(format!("{api}/psd2/consent/v1/consents/{CONSENT}/status"))
        .header("Accept", "application/json")
        .header("X-Request-ID", uuid::Uuid::new_v4().to_string());
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    // What `json()` does, with a feature of reqwest that these crates do not need.
    let body = request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    let status: Status = serde_json::from_slice(&body).unwrap();
    assert_eq!(status.consent_status, "valid");
}
