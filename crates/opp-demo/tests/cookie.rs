//! The cookie that a guest is known by: who gets to see it, and that nothing of it is kept.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{House, Visitor};
use opp_demo::{Demo, Settings};
use reqwest::Client;

#[tokio::test]
async fn the_cookie_is_for_the_browser_alone_and_secure_behind_https() {
    let house = House::start().await;
    let cookie = |answer: reqwest::Response| answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let plain = cookie(Visitor::new(house.url()).get("/").await);
    assert!(plain.contains("HttpOnly") && plain.contains("SameSite=Lax") && !plain.contains("Secure"), "{plain}");

    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(folder.path());
    settings.public_url = Some("https://demo.example".to_owned());
    let behind = Demo::start(settings).await.unwrap();
    let address = format!("http://127.0.0.1:{}/", behind.port());
    let answer = Client::new().get(address).header("host", "demo.example").send().await.unwrap();
    assert!(cookie(answer).contains("; Secure"));
}

#[tokio::test]
async fn no_piece_of_a_cookie_is_in_a_file_or_its_name() {
    let house = House::start().await;
    let visitor = Visitor::new(house.url());
    // Something of everything that is kept: a permission, a signature under way, and the platform's own state.
    visitor.open(&house, "ESSESESS").await;
    let page = visitor.ask("ESSESESS", "qr").await;
    visitor.until(&page, "QR code").await;
    let cookie = visitor.cookie();
    assert_eq!(cookie.len(), 64, "{cookie}");
    let house = house.restart().await;
    let kept = house.everything_kept();
    assert!(
        kept.contains("199311219639") && kept.contains(page.trim_start_matches("/sign/")),
        "or it looks at nothing"
    );
    for at in 0..=cookie.len() - 12 {
        assert!(!kept.contains(&cookie[at..at + 12]), "from the digit {at} on");
    }
}
