//! The body of an answer on its way out: at once, in drips, or cut off; it holds its share of the buffers until it is
//! gone.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

/// In how many pieces a slow body comes.
const PIECES: usize = 20;
/// What was written before a cut should reach the client, which takes the connection a moment.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// How a body is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// Pause between pieces; none sends all at once.
    pub(super) pause: Option<Duration>,
    /// Where the connection ends within the body, if it does.
    pub(super) cut: Option<Cut>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    Half,
    After(usize),
}

/// A body that is being sent.
pub(super) struct Sent {
    left: Bytes,
    /// What `Content-Length` still promises.
    promised: u64,
    piece: usize,
    pause: Option<Duration>,
    cut: bool,
    waiting: Option<Pin<Box<Sleep>>>,
    _share: Option<OwnedSemaphorePermit>,
}

impl Sent {
    pub(super) fn new(mut bytes: Bytes, manner: Manner, share: Option<OwnedSemaphorePermit>) -> Self {
        let promised = bytes.len() as u64;
        let kept = manner.cut.map(|cut| match cut {
            Cut::Half => bytes.len() / 2,
            Cut::After(kept) => kept,
        });
        let kept = kept.filter(|kept| *kept < bytes.len());
        if let Some(kept) = kept {
            bytes.truncate(kept);
        }
        let piece = if manner.pause.is_some() { bytes.len().div_ceil(PIECES).max(1) } else { usize::MAX };
        let (pause, cut) = (manner.pause, kept.is_some());
        Self { left: bytes, promised, piece, pause, cut, waiting: None, _share: share }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left.is_empty() && self.cut {
            self.waiting.get_or_insert_with(|| Box::pin(sleep(BEFORE_CUT)));
        }
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(context));
            self.waiting = None;
        }
        if self.left.is_empty() {
            return Poll::Ready(self.cut.then(|| Err(io::Error::other("cut off on request"))));
        }
        let size = self.piece.min(self.left.len());
        let piece = self.left.split_to(size);
        self.promised -= piece.len() as u64;
        if let Some(pause) = self.pause.filter(|_| !self.left.is_empty()) {
            self.waiting = Some(Box::pin(sleep(pause)));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
