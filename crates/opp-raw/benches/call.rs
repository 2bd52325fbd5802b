//! A call with twelve headers, against reqwest by itself sending the same to the same server.
//!
//! `cargo bench -p opp-raw --bench call`

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use opp_raw::types::{ConsentId, RequestHeaders};
use opp_raw::{Client, reqwest};
use support::{Contender, Limit, race};

const CONSENT: &str = "f93acf4f-29d5-4c63-9d6d-6a3b0e9f7c11";
const CALLS: usize = 200;

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

fn main() -> ExitCode {
    let address = serve();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http = || reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10));

    let value = |name: &str| HEADERS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let typed = RequestHeaders {
        x_bic_fi: Some(value("X-BicFi").unwrap().as_str().try_into().unwrap()),
        psu_id: Some(value("PSU-ID").unwrap().try_into().unwrap()),
        psu_corporate_id: Some(value("PSU-Corporate-ID").unwrap().try_into().unwrap()),
        psu_ip_address: value("PSU-IP-Address"),
        psu_ip_port: value("PSU-IP-Port"),
        psu_accept: value("PSU-Accept"),
        psu_accept_language: value("PSU-Accept-Language"),
        psu_user_agent: value("PSU-User-Agent"),
        psu_http_method: Some(value("PSU-Http-Method").unwrap().as_str().try_into().unwrap()),
        psu_device_id: value("PSU-Device-ID"),
        ..RequestHeaders::default()
    };
    let client = Client::builder().server("api", &format!("http://{address}")).http(http()).build().unwrap();
    let client = client.with_headers(typed).with_header("Authorization", HEADERS[0].1).unwrap();
    let bare = http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let consent = ConsentId::try_from(CONSENT).unwrap();

    let mut contenders = [
        Contender::new("opp_raw", || {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    let answer = client.get_consent_status(&consent).await.unwrap();
                    assert_eq!(
                        answer.consent_status.as_ref().map(opp_raw::types::ConsentStatus::as_str),
                        Some("valid")
                    );
                }
            });
        }),
        Contender::new("reqwest", || {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    assert_eq!(by_hand(&bare, address).await.unwrap().consent_status, "valid");
                }
            });
        }),
    ];
    let limits = [Limit { against: 1, ratio: 1.05 }];
    let kept = race(&format!("{CALLS} calls with twelve headers"), 101, &mut contenders, &limits);
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    consent_status: String,
}

async fn by_hand(http: &reqwest::Client, address: SocketAddr) -> reqwest::Result<Status> {
    let mut request = http
        .get(format!("http://{address}/psd2/consent/v1/consents/{CONSENT}/status"))
        .header("Accept", "application/json")
        .header("X-Request-ID", uuid::Uuid::new_v4().to_string());
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    // What `json()` does, with a feature of reqwest that this crate does not need.
    let body = request.send().await?.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body).unwrap())
}

/// A server of few words on threads of its own: reads a request without a body, and answers always the same.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(&stream.unwrap()));
        }
    });
    address
}

fn answer(stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut lines = BufReader::new(stream).lines();
    let body = r#"{"consentStatus":"valid"}"#;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut headers = 0;
    while let Some(Ok(line)) = lines.next() {
        if !line.is_empty() {
            headers += 1;
            continue;
        }
        // The line of the request, twelve headers, and what HTTP itself wants: `Accept` and `Host`.
        assert_eq!(headers, 1 + 12 + 2, "both send the same headers");
        headers = 0;
        let mut out = stream;
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
