//! A call with twelve headers, against reqwest by itself sending the same to the same server.
//!
//! `cargo bench -p opp-raw --bench call`

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod exchange;
mod host;
mod support;

use std::process::ExitCode;
use std::time::Duration;

use exchange::{CALLS, CONSENT, ROUNDS, by_hand, many, value};
use opp_raw::types::{ConsentId, ConsentStatus, RequestHeaders};
use opp_raw::{Client, reqwest};
use support::{Contender, Limit, race};

fn main() -> ExitCode {
    let api = host::serve(|head, stream| {
        // `Accept` and `Host`.
        assert_eq!(head.len(), exchange::lines(2), "both send the same headers");
        host::reply(stream, exchange::ANSWER)
    });
    host::pin_client();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10));
    let http = http.redirect(reqwest::redirect::Policy::none());

    let bare = http.build().unwrap();
    // Both over one connection: the threads of two would run in different places, which counts for more than either.
    let client = Client::builder().server("api", &api).ready(bare.clone()).build().unwrap();
    let client = client.with_headers(headers()).with_header("Authorization", value("Authorization")).unwrap();
    let consent = ConsentId::try_from(CONSENT).unwrap();

    let mut contenders = [
        Contender::new("opp_raw", || many(&runtime, || layer(&client, &consent))),
        Contender::new("reqwest", || many(&runtime, || by_hand(&bare, &api))),
    ];
    let limits = [Limit { against: 1, ratio: 1.05 }];
    let kept = race(&format!("{CALLS} calls with twelve headers"), ROUNDS, &mut contenders, &limits);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn headers() -> RequestHeaders {
    let text = |name| Some(value(name).to_owned());
    RequestHeaders {
        x_bic_fi: Some(value("X-BicFi").try_into().unwrap()),
        psu_id: Some(value("PSU-ID").try_into().unwrap()),
        psu_corporate_id: Some(value("PSU-Corporate-ID").try_into().unwrap()),
        psu_ip_address: text("PSU-IP-Address"),
        psu_ip_port: text("PSU-IP-Port"),
        psu_accept: text("PSU-Accept"),
        psu_accept_language: text("PSU-Accept-Language"),
        psu_user_agent: text("PSU-User-Agent"),
        psu_http_method: Some(value("PSU-Http-Method").try_into().unwrap()),
        psu_device_id: text("PSU-Device-ID"),
        ..RequestHeaders::default()
    }
}

async fn layer(client: &Client, consent: &ConsentId) {
    let answer = client.get_consent_status(consent).await.unwrap();
    assert_eq!(answer.consent_status.as_ref().map(ConsentStatus::as_str), Some("valid"));
}
