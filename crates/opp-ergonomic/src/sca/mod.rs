//! Strong customer authentication: one machine for consents, payments and cancellations.
//!
//! A [`Flow`] makes no calls. It says what to do next ([`Flow::ask`]), takes what came of it ([`Flow::answer`]), and
//! says what to show ([`Step`]). It can be stored between any two of these, and goes on after a restart; secrets are
//! not part of what is stored.

pub mod bankid;
mod driver;
mod flow;
mod method;
#[cfg(feature = "qr")]
pub mod qr;
mod redirect;
mod step;

pub use driver::Signing;
pub use flow::{Answer, Ask, Flow, Resource, Subject};
pub use method::{Device, Method};
pub use redirect::{Callback, CallbackError, fill_link, flow_key};
pub use step::{Ending, Failure, Image, Prompt, PromptKind, Standing, Step};
