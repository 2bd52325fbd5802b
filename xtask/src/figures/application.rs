//! What a whole build of a small application costs: with the ergonomic layer, and with reqwest by itself and the same
//! TLS. Both get a token and ask for the banks.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::{Cost, cost_of};
use crate::root;

/// How often the one with the layer is built. Beside it, on another processor, the other is built over and over: whatever
/// else the machine does bears on both, and neither ever has it to itself. Medians count.
const ROUNDS: usize = 5;

/// An application of one file.
struct Application {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

const BARE: Application = Application {
    name: "bare",
    dependencies: r#"
reqwest = { version = "0.13", default-features = false, features = ["json", "rustls"] }
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
uuid = { version = "1", features = ["v4"] }
"#,
    main: r#"
use reqwest::Client;
use uuid::Uuid;

#[derive(serde::Deserialize)]
struct Token {
    access_token: String,
}

#[derive(serde::Deserialize)]
struct List {
    aspsps: Vec<Bank>,
}

#[derive(serde::Deserialize)]
struct Bank {
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), reqwest::Error> {
    let http = Client::new();
    let form = "grant_type=client_credentials&client_id=id&client_secret=secret&scope=aspspinformation+private";
    let url = "https://auth.sandbox.openbankingplatform.com/connect/token";
    let ask = http.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(form);
    let token: Token = ask.send().await?.error_for_status()?.json().await?;
    let url = "https://api.sandbox.openbankingplatform.com/psd2/aspspinformation/v1/aspsps";
    let ask = http.get(url).bearer_auth(token.access_token).header("X-Request-ID", Uuid::new_v4().to_string());
    let list: List = ask.send().await?.error_for_status()?.json().await?;
    for bank in list.aspsps {
        println!("{}", bank.name);
    }
    Ok(())
}
"#,
};

const LAYER: Application = Application {
    name: "layer",
    dependencies: r#"
opp-ergonomic = { path = "../../../crates/opp-ergonomic" }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
"#,
    main: r#"
use opp_ergonomic::{Client, DirectoryFilter, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    for bank in Client::from_env()?.banks().list(&DirectoryFilter::all()).await?.iter() {
        println!("{}", bank.name().unwrap_or_default());
    }
    Ok(())
}
"#,
};

impl Application {
    /// Writes it and builds it with everything that it needs, from nothing.
    fn build(&self, profile: &str) -> Result<Cost> {
        let folder = root().join("target/figures").join(self.name);
        fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        fs::create_dir_all(folder.join("src"))?;
        let Self { name, dependencies, main } = self;
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]{dependencies}"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), main)?;
        // The versions that this project is tested with.
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let mut fetch = super::cargo(&["fetch", "--quiet"]);
        ensure!(fetch.current_dir(&folder).status()?.success(), "`cargo fetch` failed");
        let mut build = super::cargo(&["build", "--quiet", "--jobs", "1", "--profile", profile]);
        build.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
        let cost = cost_of(&mut build).with_context(|| format!("the application `{name}` does not build"))?;
        fs::remove_dir_all(&folder)?;
        Ok(cost)
    }
}

/// How both are built, as one tries things out and as one ships them, and how many times the CPU time of the other the
/// layer may take. A release build has a limit so that growth is noticed: there all that the layer has is optimised, used
/// or not, and so are dates, decimals and the OAuth library.
const PROFILES: [(&str, &str, f64); 2] = [("dev", "`cargo build`", 1.25), ("release", "`cargo build --release`", 1.30)];

/// The table, and whether the limits were kept.
pub(super) fn measure() -> Result<(String, bool)> {
    let mut rows = Vec::new();
    let mut kept = true;
    for (profile, command, limit) in PROFILES {
        let (bare, layer) = side_by_side(profile)?;
        let ratio = median(&layer) / median(&bare);
        kept &= ratio <= limit;
        rows.push((format!("a small application of bare reqwest, {command}, CPU time"), told(&bare)));
        rows.push(("the same with opp-ergonomic".to_owned(), told(&layer)));
        rows.push((format!("ratio, at most {limit:.2}"), format!("{ratio:.2}")));
    }
    Ok((super::table(&rows), kept))
}

/// The CPU seconds of the builds of both.
fn side_by_side(profile: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let bare = scope.spawn(|| {
            let mut seconds = Vec::new();
            loop {
                let cost = BARE.build(profile)?;
                // The last one had the machine to itself for a while.
                if over.load(Ordering::Relaxed) {
                    return anyhow::Ok(seconds);
                }
                seconds.push(cost.cpu_seconds);
            }
        });
        let layer: Result<Vec<_>> = (0..ROUNDS).map(|_| Ok(LAYER.build(profile)?.cpu_seconds)).collect();
        over.store(true, Ordering::Relaxed);
        let bare = bare.join().map_err(|_| anyhow!("the builds of bare reqwest did not end"))??;
        Ok((bare, layer?))
    })
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median, and how far single builds lie apart.
fn told(seconds: &[f64]) -> String {
    let (least, most) = seconds.iter().fold((f64::MAX, 0.0_f64), |(least, most), s| (least.min(*s), most.max(*s)));
    format!("{:.0} s ({least:.0} to {most:.0})", median(seconds))
}
