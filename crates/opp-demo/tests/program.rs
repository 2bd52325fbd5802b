//! The program as it is started from a shell.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

fn program(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opp-demo"));
    for name in ["OPP_CLIENT_ID", "OPP_CLIENT_SECRET", "OPP_CERTIFICATE", "OPP_ENVIRONMENT", "OPP_API_URL"] {
        command.env_remove(name);
    }
    command.arg("--state").arg(state).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().await.unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

#[tokio::test]
async fn it_prints_one_address_and_keeps_its_state_when_it_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &["--port", "0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.next_line().await.unwrap().unwrap();
    let page = reqwest::get(&address).await.unwrap().text().await.unwrap();
    assert!(page.contains("Choose your bank"), "{page}");

    let id = child.id().unwrap().to_string();
    assert!(Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().await.unwrap().success());
    assert!(child.wait().await.unwrap().success());
    assert_eq!(lines.next_line().await.unwrap(), None, "nothing but the address is printed");
    let kept = std::fs::metadata(folder.path().join("sandbox.json")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
}

/// Addresses of this machine but the one that the demo listens on: another of loopback, and that under which the network
/// knows it, if there is a network. Nothing is sent to find it out.
fn other_addresses() -> Vec<IpAddr> {
    let outward = || {
        let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
        socket.connect("192.0.2.1:9").ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let all = [Some(IpAddr::from([127, 0, 0, 2])), outward()];
    all.into_iter().flatten().filter(|ip| *ip != IpAddr::from([127, 0, 0, 1])).collect()
}

#[tokio::test]
async fn it_is_reached_at_one_loopback_address_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program(folder.path(), &["--port", "0"]).spawn().unwrap();
    let address = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for other in other_addresses() {
        assert!(TcpStream::connect((other, port)).await.is_err(), "{other} leads there too");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let text = refused(&mut program(folder.path(), &["--port", &port])).await;
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}

#[tokio::test]
async fn half_of_the_credentials_and_production_without_a_certificate_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = refused(program(folder.path(), &["--port", "0"]).env("OPP_CLIENT_ID", "x")).await;
    assert!(text.contains("OPP_CLIENT_SECRET"), "{text}");
    let text = refused(&mut program(folder.path(), &["--port", "0", "--production"])).await;
    assert!(text.contains("OPP_CLIENT_ID"), "{text}");
    let mut live = program(folder.path(), &["--port", "0", "--production"]);
    let text = refused(live.env("OPP_CLIENT_ID", "x").env("OPP_CLIENT_SECRET", "s3cret")).await;
    assert!(text.contains("certificate") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn real_banks_are_reached_only_when_asked_for_and_every_page_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = [("OPP_CLIENT_ID", "x"), ("OPP_CLIENT_SECRET", "s3cret"), ("OPP_ENVIRONMENT", "production")];
    let text = refused(program(folder.path(), &["--port", "0"]).envs(credentials)).await;
    assert!(text.contains("--production"), "{text}");
    let address = [("OPP_ENVIRONMENT", "sandbox"), ("OPP_API_URL", "https://api.openbankingplatform.com")];
    let named = program(folder.path(), &["--port", "0"]).envs(credentials).envs(address).output().await;
    assert!(String::from_utf8(named.unwrap().stderr).unwrap().contains("--production"), "an address is enough");

    // Any certificate will do, since none of these pages asks anybody.
    let tls = Some(opp_sandbox::Tls { folder: folder.path().join("tls") });
    let sandbox = opp_sandbox::Sandbox::start(opp_sandbox::Config { tls, ..Default::default() }).unwrap();
    let files = sandbox.certificates().unwrap();
    let mut live = program(folder.path(), &["--port", "0", "--production"]);
    live.envs(credentials).env("OPP_CERTIFICATE", &files.client_pkcs12).env("OPP_CERTIFICATE_PASSWORD", files.password);
    let mut child = live.spawn().unwrap();
    let address = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
    for path in ["/accounts", "/pay", "/consents"] {
        let page = reqwest::get(format!("{address}{path}")).await.unwrap().text().await.unwrap();
        assert!(page.contains("Real banks and real money"), "{page}");
    }
}
