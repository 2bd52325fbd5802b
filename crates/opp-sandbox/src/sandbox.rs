//! Starting and stopping a sandbox.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::{Days, Utc};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::control::Control;
use crate::document::Document;
use crate::model::Application;
use crate::model::directory::Directory;
use crate::model::ids;
use crate::model::ledger::Ledgers;
use crate::model::state::State;
use crate::model::world::{Addresses, World};
use crate::pages::Pages;
use crate::server::certificates::{self, Certificates};
use crate::server::{Host, Shared, serve};

/// How far back every account reaches.
const HISTORY_DAYS: u64 = 3 * 365 + 1;

/// Connections that wait to be accepted; thousands may come at once, and who finds no place waits for a second.
const BACKLOG: i32 = 4_096;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The thread that serves could not be set up.
    #[error("cannot start serving: {0}")]
    Runtime(#[source] std::io::Error),
    /// The API document that was compiled in is not what it should be.
    #[error("the API document cannot be used: {0}")]
    Document(String),
    /// A data file that was compiled in is not what it should be.
    #[error("the data file {0} cannot be used: {1}")]
    Data(&'static str, String),
    /// The certificates could not be made or written.
    #[error("cannot set up TLS in {}: {source}", folder.display())]
    Tls {
        /// The folder that should receive the certificates.
        folder: std::path::PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A running sandbox; dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    auth: SocketAddr,
    api: SocketAddr,
    addresses: Addresses,
    application: Application,
    control: Control,
    certificates: Option<Certificates>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on threads of its own, so it serves any runtime, or none.
    pub fn start(mut config: Config) -> Result<Self, StartError> {
        let auth = listen(SocketAddr::new(config.bind, config.auth_port))?;
        let api = listen(SocketAddr::new(config.bind, config.api_port))?;
        let (auth_address, api_address) = (local(&auth)?, local(&api)?);
        if !config.bind.is_loopback() {
            tracing::warn!(%auth_address, %api_address, "ANYBODY IN THE NETWORK CAN REACH THIS SANDBOX AND ITS CONTROLS");
        }
        let (certificates, auth_tls, api_tls) = match &config.tls {
            Some(tls) => {
                let (files, acceptors) = certificates::make(&tls.folder, config.bind, &config.host_names)?;
                (Some(files), Some(acceptors.auth), Some(acceptors.api))
            }
            None => (None, None, None),
        };
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let addresses =
            Addresses { auth: format!("{scheme}://{auth_address}"), api: format!("{scheme}://{api_address}") };

        let application = default_application(config.seed);
        let applications =
            std::iter::once(application.clone()).chain(std::mem::take(&mut config.applications)).collect();
        let today = config.start_time.unwrap_or_else(Utc::now).date_naive();
        let epoch = today.checked_sub_days(Days::new(HISTORY_DAYS)).unwrap_or(today);
        let state = State::new(config.seed, epoch, applications, &config.limits);
        let ledgers = Ledgers::new(config.seed, epoch, config.limits.ledgers)?;
        let mut directory = Directory::load()?;
        if let Some(rows) = config.page_rows {
            directory.banks.iter_mut().for_each(|bank| bank.page_rows = rows.max(1));
        }
        let world = World::new(&config, directory, state, ledgers, addresses.clone(), Pages::load()?);
        let shared = Arc::new(Shared::new(world, Document::load()?, config.limits.clone(), config.host_names));

        let runtime = runtime(config.threads).map_err(StartError::Runtime)?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("opp-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let (Ok(auth), Ok(api)) = (into_tokio(auth), into_tokio(api)) else {
                    return;
                };
                tokio::select! {
                    () = serve(auth, Host::Auth, auth_tls, Arc::clone(&serving)) => {}
                    () = serve(api, Host::Api, api_tls, serving) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self {
            auth: auth_address,
            api: api_address,
            addresses,
            application,
            control: Control::new(shared),
            certificates,
            stop: Some(stop),
            thread: Some(thread.map_err(StartError::Runtime)?),
        })
    }

    /// Base address of the auth host, without a trailing slash.
    pub fn auth_url(&self) -> &str {
        &self.addresses.auth
    }

    /// Base address of the API host, without a trailing slash and without `/psd2`.
    pub fn api_url(&self) -> &str {
        &self.addresses.api
    }

    /// Socket address of the auth host.
    pub fn auth_address(&self) -> SocketAddr {
        self.auth
    }

    /// Socket address of the API host.
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// The application that every sandbox has, with its credentials.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// Where the certificates are, if it serves HTTPS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Moves the clock, orders caprices, looks into the state.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            // A serving thread that has panicked has said so already; a drop must not.
            thread.join().ok();
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A port is free again as soon as the sandbox before is gone; on Windows the option means something else.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bound().map_err(|source| StartError::Listen { address, source })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(StartError::Runtime)
}

fn into_tokio(listener: TcpListener) -> std::io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        more => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(more);
            builder
        }
    };
    builder.enable_io().enable_time().build()
}

fn default_application(seed: u64) -> Application {
    Application {
        name: "Example application".to_owned(),
        client_id: ids::fixed_uuid(seed, &["application", "default"]),
        client_secret: ids::secret(seed, "default"),
        redirect_uris: Vec::new(),
        any_local_redirect: true,
    }
}
