//! The program: reads its arguments, starts the demo, prints one address, waits for Ctrl-C.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use etcetera::BaseStrategy as _;
use opp_demo::{Demo, Platform, Settings};

/// The port that is tried first, so that an address can be kept and registered as a redirect address.
const PORT: u16 = 3070;

/// A web page over the Open Payments Platform: choose a bank, sign in, see the accounts, pay.
///
/// Without credentials it brings a simulated platform along. With `OPP_CLIENT_ID` and `OPP_CLIENT_SECRET` in the
/// environment it talks to the platform's sandbox, and with `--production` to real banks.
#[derive(Parser)]
#[command(name = "opp-demo", version)]
struct Arguments {
    /// The port on this machine; 3070, or any free one if that is taken, unless given.
    #[arg(long)]
    port: Option<u16>,
    /// The folder for sessions, signatures and the simulated platform's state.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The address that browsers use, if a proxy with HTTPS stands before the demo.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What the simulated platform's data follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Talk to real banks: needs credentials and `OPP_CERTIFICATE`.
    #[arg(long)]
    production: bool,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "opp-demo: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let settings = settings(arguments)?;
    let demo = Demo::start(settings).await?;
    writeln!(std::io::stdout(), "{}", demo.url())?;
    end_signal().await?;
    demo.stop().await
}

fn settings(arguments: Arguments) -> anyhow::Result<Settings> {
    let state = match arguments.state {
        Some(state) => state,
        None => etcetera::choose_base_strategy()
            .context("there is no home folder to keep state in: name a folder with --state")?
            .data_dir()
            .join("opp-demo"),
    };
    let mut settings = Settings::new(state);
    settings.port = arguments.port.unwrap_or(PORT);
    settings.port_is_wanted = arguments.port.is_some();
    settings.public_url = arguments.public_url;
    let credentials = ["OPP_CLIENT_ID", "OPP_CLIENT_SECRET"].map(|name| std::env::var_os(name).is_some());
    match credentials {
        [true, true] => settings.platform = Platform::Environment { production: arguments.production },
        [false, false] if !arguments.production => {
            if let Platform::Simulated(config) = &mut settings.platform {
                config.seed = arguments.seed;
            }
        }
        _ => anyhow::bail!("set both OPP_CLIENT_ID and OPP_CLIENT_SECRET, as the developer portal shows them"),
    }
    Ok(settings)
}

/// Waits for Ctrl-C or, from a supervisor, for a request to terminate.
async fn end_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
