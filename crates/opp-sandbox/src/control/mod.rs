//! Control from outside: the handle of the library and the JSON API below `/_sandbox`.

mod api;
mod handle;
mod journal;

pub(crate) use api::answer;
pub use handle::Control;
pub(crate) use journal::{Journal, Seen};
