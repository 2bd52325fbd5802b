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

#[path = "../../opp-raw/benches/exchange/mod.rs"]
mod exchange;
mod hosts;
#[path = "../../opp-raw/benches/support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Duration;

use exchange::{CALLS, CONSENT, ROUNDS, by_hand, many, value};
use opp_ergonomic::raw::reqwest;
use opp_ergonomic::{Bank, ConsentStatus, Psu, Session};
use support::{Contender, Limit, race};
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;

const LIMIT: f64 = 1.10;

fn main() -> ExitCode {
    let api = hosts::serve(|head, stream| {
        // `Accept`, `Host` and `User-Agent`.
        assert_eq!(head.len(), exchange::lines(3), "both send the same headers");
        hosts::reply(stream, exchange::ANSWER)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http = reqwest::Client::builder()
        .user_agent("opp-ergonomic/0.1.0")
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    // Both over one client: a connection each would be a server's thread each, and where those run counts for more than
    // either contender.
    let session = session(&api, &http);
    hosts::pin_client();

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

fn session(api: &str, http: &reqwest::Client) -> Session {
    let psu = Psu::corporate(value("PSU-Corporate-ID")).id(value("PSU-ID"));
    let psu = psu.ip(value("PSU-IP-Address").parse().unwrap()).port(value("PSU-IP-Port").parse().unwrap());
    let psu = psu.accept(value("PSU-Accept")).language(value("PSU-Accept-Language"));
    let psu = psu.user_agent(value("PSU-User-Agent")).http_method(value("PSU-Http-Method"));
    let psu = psu.device(value("PSU-Device-ID").parse().unwrap());
    let token = value("Authorization").trim_start_matches("Bearer ");
    let client = hosts::builder(&hosts::auth(token), api).http(http.clone()).build().unwrap();
    client.at(Bank::new(value("X-BicFi")).unwrap(), psu).unwrap()
}

async fn layer(session: &Session) {
    let status = session.consents().status(CONSENT).await.unwrap();
    assert_eq!(status.value, ConsentStatus::Valid);
}

fn subscriber(filter: &str) -> Dispatch {
    let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::sink);
    Dispatch::new(subscriber.finish())
}
