//! The program: starts one sandbox, prints how to use it, serves until Ctrl-C.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use opp_sandbox::{Config, Sandbox, Tls};

/// The Open Payments Platform, simulated on your own machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port of the API host; the auth host takes the next one. 0 takes any free ports.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// A name under which the sandbox may be addressed, beside addresses and localhost; may be repeated.
    #[arg(long, value_name = "NAME")]
    host_name: Vec<String>,
    /// All data, ids and secrets follow from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Transactions on a page, at every bank; each bank's own size without it.
    #[arg(long, value_name = "ROWS")]
    page_rows: Option<usize>,
    /// Serve HTTPS, want the client's certificate on the API host, and write the certificates to this folder.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "opp-sandbox-tls")]
    tls: Option<PathBuf>,
    /// Milliseconds that every answer takes.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Form of the log on standard error; `RUST_LOG` chooses what is logged.
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log: Log,
    /// Check every response against the API document; a violation becomes a 500.
    #[arg(long)]
    strict: bool,
    /// Seconds of virtual time after which an unattended person approves; leave people to /bankid with "never".
    #[arg(long, value_name = "SECONDS", default_value = "2")]
    person_after: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Log {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(arguments.log);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(form: Log) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        Log::Text => log.init(),
        Log::Json => log.json().init(),
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let person_after = match arguments.person_after.as_str() {
        "never" => None,
        seconds => Some(Duration::try_from_secs_f64(seconds.parse()?)?),
    };
    let auth_port = match arguments.port {
        0 => 0,
        port => port.checked_add(1).ok_or("the auth host has no port left after 65535")?,
    };
    // Each connection needs a descriptor; the usual soft limit is far below what the system grants.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays what it is");
    }
    // Listened to before anything is printed, so that a signal right after the greeting ends it cleanly, too.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut end = {
        let _inside = runtime.enter();
        Box::pin(opp_sandbox::end_signal()?)
    };
    let sandbox = Sandbox::start(Config {
        bind: arguments.bind,
        api_port: arguments.port,
        auth_port,
        seed: arguments.seed,
        strict: arguments.strict,
        latency: Duration::from_millis(arguments.latency),
        person_after,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        host_names: arguments.host_name.clone(),
        page_rows: arguments.page_rows,
        tls: arguments.tls.clone().map(|folder| Tls { folder }),
        ..Config::default()
    })?;
    greet(&sandbox)?;
    runtime.block_on(&mut end);
    tracing::info!("stopped");
    Ok(())
}

/// Prints the addresses and three lines to paste into a shell: token, banks, create consent.
fn greet(sandbox: &Sandbox) -> std::io::Result<()> {
    let (auth, api, application) = (sandbox.auth_url(), sandbox.api_url(), sandbox.application());
    let valid_until = sandbox.control().now().date_naive() + chrono::TimeDelta::days(90);
    let (trust, identity) = sandbox.certificates().map_or_else(Default::default, |files| {
        let trust = format!(" --cacert '{}'", files.authority.display());
        let identity = format!("{trust} --cert '{}' --key '{}'", files.client.display(), files.client_key.display());
        (trust, identity)
    });
    // The first is there on macOS and most of Linux, the second in every Linux.
    let id = "-H \"X-Request-ID: $(uuidgen 2>/dev/null || cat /proc/sys/kernel/random/uuid)\"";
    let bearer = "-H \"Authorization: Bearer $TOKEN\"";
    let mut out = std::io::stdout().lock();
    writeln!(out, "Auth host: {auth}\nAPI host:  {api}\nPhone:     {auth}/bankid\nControls:  {auth}/_sandbox\n")?;
    if let Some(files) = sandbox.certificates() {
        writeln!(
            out,
            "Certificates: {} to trust; {} with {}, or {} (password \"{}\"), to present to the API host\n",
            files.authority.display(),
            files.client.display(),
            files.client_key.display(),
            files.client_pkcs12.display(),
            files.password,
        )?;
    }
    writeln!(out, "Paste into a shell:\n")?;
    writeln!(
        out,
        "TOKEN=$(curl -s{trust} {auth}/connect/token -d grant_type=client_credentials -d client_id={} \
         --data-urlencode 'client_secret={}' -d 'scope=aspspinformation accountinformation private' \
         | sed -E 's/.*\"access_token\":\"([^\"]+)\".*/\\1/')",
        application.client_id, application.client_secret,
    )?;
    writeln!(out, "curl -s{identity} '{api}/psd2/aspspinformation/v1/aspsps?isoCountryCodes=SE' {bearer} {id}")?;
    writeln!(
        out,
        "curl -s{identity} {api}/psd2/consent/v1/consents {bearer} {id} -H 'X-BicFi: ESSESESS' \
         -H 'PSU-IP-Address: 127.0.0.1' -H 'Content-Type: application/json' -d '{{\"access\":{{}},\
         \"recurringIndicator\":true,\"frequencyPerDay\":4,\"validUntil\":\"{valid_until}\",\
         \"combinedServiceIndicator\":false}}'\n",
    )?;
    out.flush()
}
