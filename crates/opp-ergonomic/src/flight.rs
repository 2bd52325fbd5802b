//! One request for all who want the same thing at the same time. It belongs to all who wait: it goes on when the one who
//! started it is gone, all get its answer or its error, and it ends when nobody is left.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

/// A request that can be waited for.
pub(crate) type Waiting<T> = Shared<BoxFuture<'static, T>>;

/// The last request for one thing.
pub(crate) struct Flight<T>(Option<WeakShared<BoxFuture<'static, T>>>);

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Flight<T> {
    /// The request that is under way: one that nobody waits for any more is none, nor is one that has ended.
    pub(crate) fn under_way(&self) -> Option<Waiting<T>> {
        self.0.as_ref().and_then(WeakShared::upgrade).filter(|waiting| waiting.peek().is_none())
    }

    pub(crate) fn begin(&mut self, request: impl Future<Output = T> + Send + 'static) -> Waiting<T> {
        let waiting = request.boxed().shared();
        self.0 = waiting.downgrade();
        waiting
    }
}
