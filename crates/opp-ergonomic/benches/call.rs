//! A whole call, with token, rules, headers, tracing and a typed answer, against reqwest by itself sending the same to
//! the same server under the same timeouts. Then again while somebody listens to the tracing.
//!
//! `cargo bench -p opp-ergonomic --bench call`

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark is a program that says its figures, and fails by panicking"
)]

mod hosts;
#[path = "../../opp-raw/benches/support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use opp_ergonomic::raw::reqwest;
use opp_ergonomic::{Bank, ConsentStatus, Psu, Session};
use support::{Contender, Limit, race};
use tokio::runtime::Runtime;
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;

const TOKEN: &str = "8f14e45fceea167a5a36dedd4bea2543";
const CONSENT: &str = "f93acf4f-29d5-4c63-9d6d-6a3b0e9f7c11";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const DEVICE: &str = "99435c7e-ad88-49ec-a2ad-99ddcb1f5555";
const CALLS: usize = 200;
const ROUNDS: usize = 101;
const LIMIT: f64 = 1.10;

/// What the user's headers are by hand; with `X-Request-ID`, twelve of them.
const HEADERS: [(&str, &str); 11] = [
    ("Authorization", "Bearer 8f14e45fceea167a5a36dedd4bea2543"),
    ("X-BicFi", "ESSESESS"),
    ("PSU-ID", "197001010001"),
    ("PSU-Corporate-ID", "5560000001"),
    ("PSU-IP-Address", "192.0.2.17"),
    ("PSU-IP-Port", "49152"),
    ("PSU-Accept", "text/html"),
    ("PSU-Accept-Language", "sv-SE"),
    ("PSU-User-Agent", AGENT),
    ("PSU-Http-Method", "GET"),
    ("PSU-Device-ID", DEVICE),
];

fn main() -> ExitCode {
    let api = hosts::serve(|head, stream| {
        // The line of the request, twelve headers, and what HTTP itself wants: `Accept`, `Host` and `User-Agent`.
        assert_eq!(head.len(), 1 + 12 + 3, "both send the same headers");
        hosts::reply(stream, r#"{"consentStatus":"valid"}"#)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let session = session(&api);
    let http = reqwest::Client::builder()
        .user_agent("opp-ergonomic/0.1.0")
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let ergonomic = || many(&runtime, || layer(&session));
    let bare = || many(&runtime, || by_hand(&http, &api));
    let mut contenders = [Contender::new("opp_ergonomic", ergonomic), Contender::new("reqwest", bare)];
    let limits = [Limit { against: 1, ratio: LIMIT }];
    let title = format!("{CALLS} calls with twelve headers, nobody listens");
    let silent = race(&title, ROUNDS, &mut contenders, &limits);

    // From here on there are subscribers, and each span has to ask them.
    let (off, on) = (subscriber("opp_ergonomic=warn"), subscriber("opp_ergonomic=trace"));
    let listened = |dispatch: &Dispatch| tracing::dispatcher::with_default(dispatch, ergonomic);
    let mut contenders = [
        Contender::new("opp_ergonomic, warnings wanted", || listened(&off)),
        Contender::new("reqwest", bare),
        Contender::new("opp_ergonomic, all written", || listened(&on)),
    ];
    let title = format!("{CALLS} calls with twelve headers, a subscriber listens");
    let filtered = race(&title, ROUNDS, &mut contenders, &limits);
    if silent && filtered { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn session(api: &str) -> Session {
    let psu = Psu::corporate("5560000001").id("197001010001").ip("192.0.2.17".parse().unwrap()).port(49152);
    let psu = psu.accept("text/html").language("sv-SE").user_agent(AGENT).http_method("GET");
    let client = hosts::client(&hosts::auth(TOKEN), api);
    client.at(Bank::new("ESSESESS").unwrap(), psu.device(DEVICE.parse().unwrap())).unwrap()
}

fn many<F: Future>(runtime: &Runtime, call: impl Fn() -> F) {
    runtime.block_on(async {
        for _ in 0..CALLS {
            call().await;
        }
    });
}

async fn layer(session: &Session) {
    let status = session.consents().status(CONSENT).await.unwrap();
    assert_eq!(status.value, ConsentStatus::Valid);
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    consent_status: String,
}

async fn by_hand(http: &reqwest::Client, api: &str) {
    let mut request = http
        .get(format!("{api}/psd2/consent/v1/consents/{CONSENT}/status"))
        .header("Accept", "application/json")
        .header("X-Request-ID", uuid::Uuid::new_v4().to_string());
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    let body = request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    let status: Status = serde_json::from_slice(&body).unwrap();
    assert_eq!(status.consent_status, "valid");
}

fn subscriber(filter: &str) -> Dispatch {
    let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::sink);
    Dispatch::new(subscriber.finish())
}
