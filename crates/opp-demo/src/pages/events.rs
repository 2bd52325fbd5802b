//! Server-sent events: a part of a page that changes while somebody looks at it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

use crate::app::App;

/// How often a part is looked at: the pace of an animated code.
const PACE: Duration = Duration::from_secs(1);

/// What a page shows at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The part as a whole. It is replaced, and read out, when it changes.
    pub(crate) html: String,
    /// A picture in it, which changes often and is not read out.
    pub(crate) picture: String,
    /// The time that is left, in words.
    pub(crate) left: String,
    /// Whether nothing will change any more.
    pub(crate) is_over: bool,
}

/// What is sent to turn one into the other.
fn changes(old: &Part, new: &Part) -> Vec<Event> {
    let mut events = Vec::new();
    if new.html != old.html {
        events.push(Event::default().event("part").data(&new.html));
    }
    if new.picture != old.picture || new.html != old.html {
        events.push(Event::default().event("picture").data(&new.picture));
    }
    if new.left != old.left || new.html != old.html {
        events.push(Event::default().event("left").data(&new.left));
    }
    if new.is_over {
        events.push(Event::default().event("over").data("over"));
    }
    events
}

/// Looks at a part once a second, and sends what has changed, until it is over, it cannot be seen any more, or the demo
/// ends.
pub(crate) fn stream_of<L, F>(app: &Arc<App>, look: L) -> Response
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Option<Part>> + Send,
{
    let stopping = app.stopping.clone();
    let parts =
        stream::unfold((look, Part::default(), stopping, true), async |(mut look, old, mut stopping, first)| {
            if old.is_over {
                return None;
            }
            if !first && tokio::time::timeout(PACE, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
                return None;
            }
            let new = look().await?;
            let events = changes(&old, &new);
            Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), (look, new, stopping, false)))
        });
    Sse::new(futures_util::StreamExt::flatten(parts)).keep_alive(KeepAlive::default()).into_response()
}
