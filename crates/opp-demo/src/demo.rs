//! The demo as a program: how it starts, where it listens, and how it ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use opp_ergonomic::raw::reqwest::Url;
use opp_sandbox::Sandbox;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::pages;
use crate::platform::Platform;
use crate::record::Records;
use crate::settings::Settings;
use crate::signing::Signings;

/// How long lists of banks are kept: the platform advises to keep them (platform-facts 5).
const DIRECTORY_AGE: Duration = Duration::from_hours(1);

/// A running demo.
pub struct Demo {
    app: Arc<App>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Demo {
    /// Starts a demo; it serves until [`stop`](Self::stop) is called or the runtime ends.
    pub async fn start(settings: Settings) -> Result<Self> {
        let listener = listen(&settings).await?;
        let address = listener.local_addr()?;
        let base = match &settings.public_url {
            Some(url) => public(url)?,
            None => format!("http://localhost:{}", address.port()),
        };
        let records = Records::open(&settings.state)?;
        let platform = Platform::start(&settings.platform, &settings.state, records.store())?;
        let directory = platform.client.banks().cached(DIRECTORY_AGE);
        let (stop, stopping) = watch::channel(false);
        let signings = Signings::default();
        let app = Arc::new(App { platform, directory, records, signings, base, stopping });
        let service = pages::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        let mut ending = stop.subscribe();
        let serve = axum::serve(listener, service).with_graceful_shutdown(async move {
            ending.wait_for(|stopping| *stopping).await.ok();
        });
        let serving = tokio::spawn(async move { serve.await });
        Ok(Self { app, address, stop, serving })
    }

    /// The address to open.
    pub fn url(&self) -> &str {
        &self.app.base
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The simulated platform, to be steered by tests.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.app.platform.sandbox.as_ref()
    }

    /// Ends it, and keeps the simulated platform's state. What guests have begun goes on after the next start.
    pub async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        self.serving.await??;
        self.app.platform.keep()
    }
}

/// The address under which browsers come. Without HTTPS everybody on the way could read the cookie.
fn public(address: &str) -> Result<String> {
    let wrong = || format!("{address} is no address that browsers could use: give https:// and a host, and no path");
    let url = Url::parse(address).with_context(wrong)?;
    let host = url.host_str().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    ensure!(is_safe && is_bare && !host.is_empty(), wrong());
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Listens on loopback, and nowhere else: whoever wants more puts a proxy with HTTPS before it.
async fn listen(settings: &Settings) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && !settings.port_is_wanted => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("there is no free port")
        }
        bound => bound.with_context(|| format!("port {} cannot be used; choose another with --port", settings.port)),
    }
}
