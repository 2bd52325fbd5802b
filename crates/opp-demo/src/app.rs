//! What all pages share.

use chrono::{DateTime, NaiveDate, Utc};
use opp_ergonomic::Directory;
use tokio::sync::watch;

use crate::platform::Platform;
use crate::record::Records;
use crate::signing::Signings;

/// The platform, what is known of guests, and the signatures under way.
pub(crate) struct App {
    pub(crate) platform: Platform,
    pub(crate) directory: Directory,
    pub(crate) records: Records,
    pub(crate) signings: Signings,
    /// The demo's own address, without a slash at the end.
    pub(crate) base: String,
    /// Turns true when everything that waits is to end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.platform.clock.now()
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// Where banks send their customers back to.
    pub(crate) fn callback(&self) -> String {
        format!("{}/callback", self.base)
    }
}
