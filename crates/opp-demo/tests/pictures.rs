//! The pictures of the README, taken anew by `cargo xtask screenshots`: the same data, the same time, every time.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

#[path = "../../opp-sandbox/tests/browser/mod.rs"]
#[allow(dead_code, reason = "the suites use more of it")]
mod browser;
mod common;
#[allow(dead_code, reason = "the suites use more of it")]
mod page;

use common::House;
use page::Guest;
use serde_json::json;

/// The most that a picture may weigh, in bytes.
const HEAVIEST: usize = 150_000;

/// Takes a picture of what is open, so high.
async fn take(guest: &Guest, name: &str, height: u32) {
    let size = json!({ "width": 960, "height": height, "deviceScaleFactor": 1, "mobile": false });
    guest.browser.devtools("Emulation.setDeviceMetricsOverride", &size).await;
    let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": "light" }] });
    guest.browser.devtools("Emulation.setEmulatedMedia", &feature).await;
    guest.browser.devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true })).await;
    let small = smaller(&guest.picture().await);
    assert!(small.len() <= HEAVIEST, "{name} weighs {} bytes", small.len());
    let folder = std::env::var("OPP_DEMO_PICTURES").unwrap();
    std::fs::write(format!("{folder}/{name}.png"), small).unwrap();
}

/// The same picture without its transparency, which it has not, and packed as small as it gets.
fn smaller(picture: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let rgb: Vec<u8> = match info.color_type {
        png::ColorType::Rgba => pixels.chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect(),
        png::ColorType::Rgb => pixels,
        other => panic!("{other:?}"),
    };
    let mut small = Vec::new();
    let mut encoder = png::Encoder::new(&mut small, info.width, info.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rgb).unwrap();
    writer.finish().unwrap();
    small
}

#[tokio::test]
#[ignore = "writes pictures into the repository: run `cargo xtask screenshots`"]
async fn take_the_pictures_of_the_readme() {
    let house = House::at("2026-11-21T09:00:00Z".parse().unwrap()).await;
    let guest = Guest::start(house.url()).await.unwrap();
    guest.open("/").await;
    take(&guest, "banks", 640).await;
    guest.open("/banks/ESSESESS").await;
    guest.browser.press("Go on and sign").await;
    guest.until("main", "Sign with BankID").await;
    take(&guest, "sign", 840).await;
    house.phone("approve").await;
    guest.until("h1", "Signed").await;
    guest.open("/accounts").await;
    take(&guest, "accounts", 700).await;
    let account = guest.browser.ask("return document.querySelector('.accounts a').getAttribute('href')").await;
    let account = account.as_str().unwrap();
    guest.open(account).await;
    take(&guest, "transactions", 1000).await;
    guest.open(&account.replacen("/accounts", "/pay", 1)).await;
    guest.fill_in_order().await;
    guest.browser.press("Look it over").await;
    take(&guest, "pay", 640).await;
    guest.browser.stop().await;
}
