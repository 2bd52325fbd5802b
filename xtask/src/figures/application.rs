//! What a whole build of a small application costs: with the ergonomic layer, and with reqwest by itself and the same
//! TLS. Both get a token and ask for the banks.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::{Cost, cost_of};
use crate::root;

/// How many times the CPU time of the other the layer may take.
const LIMIT: f64 = 1.25;

/// How often both are built, one right after the other: what else the machine does then bears on both. The medians count.
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
        let mut build = super::cargo(&["build", "--quiet", "--profile", profile]);
        build.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
        let cost = cost_of(&mut build).with_context(|| format!("the application `{name}` does not build"))?;
        fs::remove_dir_all(&folder)?;
        Ok(cost)
    }
}

/// How both are built: as one tries things out, and as one ships them.
const PROFILES: [(&str, &str); 2] = [("dev", "`cargo build`"), ("release", "`cargo build --release`")];

/// The table, and whether the limit was kept.
pub(super) fn measure() -> Result<(String, bool)> {
    let mut rows = Vec::new();
    let mut kept = true;
    for (profile, command) in PROFILES {
        let (mut bare, mut layer, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (by_itself, with_layer) = (BARE.build(profile)?.cpu_seconds, LAYER.build(profile)?.cpu_seconds);
            bare.push(by_itself);
            layer.push(with_layer);
            ratio.push(with_layer / by_itself);
        }
        for figures in [&mut bare, &mut layer, &mut ratio] {
            figures.sort_by(f64::total_cmp);
        }
        let (bare, layer, middle) = (bare[ROUNDS / 2], layer[ROUNDS / 2], ratio[ROUNDS / 2]);
        kept &= middle <= LIMIT;
        rows.push((format!("a small application of bare reqwest, {command}, CPU time"), format!("{bare:.0} s")));
        rows.push(("the same with opp-ergonomic".to_owned(), format!("{layer:.0} s")));
        let (least, most) = (ratio[0], ratio[ROUNDS - 1]);
        rows.push(("ratio, and that of single rounds".to_owned(), format!("{middle:.2} ({least:.2} to {most:.2})")));
    }
    Ok((super::table(&rows), kept))
}
