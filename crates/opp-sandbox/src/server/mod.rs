//! From sockets to plain requests and back.

mod api;
mod host;
mod listen;
pub(crate) mod problem;
pub(crate) mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use listen::serve;

use crate::config::Limits;
use crate::document::Document;
use crate::model::world::World;

/// Which of the two hosts a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Auth,
    Api,
}

impl Host {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Api => "api",
        }
    }
}

/// What all connections of a sandbox share.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) document: Document,
    pub(crate) limits: Limits,
}

impl Shared {
    pub(crate) fn new(world: World, document: Document, limits: Limits) -> Self {
        Self { world: Mutex::new(world), document, limits }
    }

    /// The world, for a moment; nobody may hold it while waiting for anything.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // Code that holds the lock does not panic; if it ever does, the world is still the best there is.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
