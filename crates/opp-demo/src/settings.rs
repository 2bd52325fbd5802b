//! What can be set: which platform, which port, where things are kept.

use std::path::PathBuf;

/// How a demo is started.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The port on loopback; 0 takes any free one.
    pub port: u16,
    /// Whether a port that is taken is an error; otherwise any free one is used instead.
    pub port_is_wanted: bool,
    /// The address under which browsers reach the demo, if something stands in between, such as a proxy with HTTPS.
    pub public_url: Option<String>,
    /// Where guests, signatures and the simulated platform's state are kept.
    pub state: PathBuf,
    /// Whom to talk to.
    pub platform: Platform,
}

/// The platform that the demo talks to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Platform {
    /// The simulated one, inside this program.
    Simulated(Box<opp_sandbox::Config>),
    /// The one that the environment names: `OPP_CLIENT_ID` and its companions, see
    /// [`Client::from_env`](opp_ergonomic::Client::from_env).
    Environment {
        /// Real banks, rather than the sandbox of the platform.
        production: bool,
    },
}

impl Settings {
    /// A demo with the simulated platform, on any free port, that keeps its state in this folder.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        // The person in front of the page plays the one with the phone.
        let config = opp_sandbox::Config { person_after: None, ..opp_sandbox::Config::default() };
        Self {
            port: 0,
            port_is_wanted: true,
            public_url: None,
            state: state.into(),
            platform: Platform::Simulated(Box::new(config)),
        }
    }
}
