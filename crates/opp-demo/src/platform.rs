//! The platform on the other side: the simulated one, which this program keeps and carries over a restart, or a real
//! one that the environment names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use opp_ergonomic::{Client, Clock, Environment, SystemClock, store::Store};
use opp_sandbox::{Control, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::write_private;
use crate::settings;

/// A platform, and what else pages need to know of it.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    /// The simulated platform, if it is that.
    pub(crate) sandbox: Option<Sandbox>,
    /// Whether money is real.
    pub(crate) is_live: bool,
    /// Where the simulated platform's state is kept.
    file: PathBuf,
}

/// The simulated platform's state between two runs.
#[derive(Serialize, Deserialize)]
struct Kept {
    seed: u64,
    auth_port: u16,
    api_port: u16,
    state: Value,
}

impl Platform {
    pub(crate) fn start(wanted: &settings::Platform, folder: &Path, store: Arc<dyn Store>) -> Result<Self> {
        let file = folder.join("sandbox.json");
        match wanted {
            settings::Platform::Simulated(config) => Self::simulated((**config).clone(), file, store),
            settings::Platform::Environment { production } => Self::real(*production, file, store),
        }
    }

    fn simulated(mut config: opp_sandbox::Config, file: PathBuf, store: Arc<dyn Store>) -> Result<Self> {
        let seed = config.seed;
        let kept = read(&file, seed);
        if let Some(kept) = &kept {
            // Whoever is at a bank's page finds it again where it was.
            (config.auth_port, config.api_port) = (kept.auth_port, kept.api_port);
        }
        let sandbox = Sandbox::start(config.clone()).or_else(|_| {
            let anywhere = opp_sandbox::Config { auth_port: 0, api_port: 0, ..config };
            Sandbox::start(anywhere).context("the simulated platform cannot be started")
        })?;
        if let Some(kept) = kept {
            let control = sandbox.control();
            let present = control.now();
            control.restore(kept.state).context("the simulated platform's state cannot be read")?;
            // Time has gone by meanwhile.
            control.advance((present - control.now()).to_std().unwrap_or_default());
        }
        let application = sandbox.application();
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock(sandbox.control().clone()));
        let client = Client::builder()
            .environment(Environment::custom(sandbox.auth_url(), sandbox.api_url()))
            .allow_plain_loopback()
            .credentials(&application.client_id, application.client_secret.as_str())
            .clock(Arc::clone(&clock))
            .store(store)
            .build()?;
        Ok(Self { client, clock, sandbox: Some(sandbox), is_live: false, file })
    }

    fn real(production: bool, file: PathBuf, store: Arc<dyn Store>) -> Result<Self> {
        // What every page says of real money must not hang on a variable that somebody has forgotten.
        let named = std::env::var("OPP_ENVIRONMENT").is_ok_and(|name| name == "production");
        ensure!(production || !named, "OPP_ENVIRONMENT is `production`: add --production, or unset it");
        let addresses = ["OPP_AUTH_URL", "OPP_API_URL"].map(|name| std::env::var(name).unwrap_or_default());
        let leads_there = addresses.iter().any(|address| Environment::is_production(address));
        ensure!(
            production || !leads_there,
            "the environment names addresses of production: add --production, or unset them"
        );
        let mut builder = opp_ergonomic::ClientBuilder::from_env()?.store(store);
        if production {
            builder = builder.environment(Environment::Production);
        }
        let (client, clock) = (builder.build()?, Arc::new(SystemClock));
        Ok(Self { client, clock, sandbox: None, is_live: production, file })
    }

    /// Where the phone is played that signs at the simulated platform.
    pub(crate) fn phone(&self) -> Option<String> {
        Some(format!("{}/bankid", self.sandbox.as_ref()?.auth_url()))
    }

    /// Keeps the simulated platform's state for the next run.
    pub(crate) fn keep(&self) -> Result<()> {
        let Some(sandbox) = &self.sandbox else { return Ok(()) };
        let state = sandbox.control().dump()?;
        let kept = Kept {
            seed: state.pointer("/state/ids/seed").and_then(Value::as_u64).unwrap_or_default(),
            auth_port: sandbox.auth_address().port(),
            api_port: sandbox.api_address().port(),
            state,
        };
        write_private(&self.file, &serde_json::to_vec(&kept)?)
            .with_context(|| format!("{} cannot be written", self.file.display()))
    }
}

/// What was kept, unless it belongs to other data or is not there. A file that makes no sense is no reason not to start.
fn read(file: &Path, seed: u64) -> Option<Kept> {
    let bytes = std::fs::read(file).ok()?;
    match serde_json::from_slice::<Kept>(&bytes) {
        Ok(kept) => Some(kept).filter(|kept| kept.seed == seed),
        Err(error) => {
            tracing::warn!(%error, "the simulated platform begins anew: its state cannot be read");
            None
        }
    }
}

/// The simulated platform's time, so that all parts agree when it is moved.
#[derive(Debug)]
struct VirtualClock(Control);

impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        // It is never set back, only moved on.
        (self.0.now() - DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
    }
}
