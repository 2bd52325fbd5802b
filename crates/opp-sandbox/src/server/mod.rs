//! From sockets to plain requests and back.

mod api;
mod body;
pub(crate) mod certificates;
mod guard;
mod host;
mod listen;
pub(crate) mod problem;
pub(crate) mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use host::answer_plainly;
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
    pub(crate) host_names: Vec<String>,
    /// Bytes of bodies that may still be held.
    buffers: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(world: World, document: Document, limits: Limits, host_names: Vec<String>) -> Self {
        let buffers = Arc::new(Semaphore::new(limits.buffer_bytes.min(Semaphore::MAX_PERMITS)));
        Self { world: Mutex::new(world), document, limits, host_names, buffers }
    }

    /// A share of the buffers, given back when it is dropped; `None` if there is not so much left.
    fn share(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.buffers).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }

    /// The world, for a moment; nobody may hold it while waiting for anything.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // Code that holds the lock does not panic; if it ever does, the world is still the best there is.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
