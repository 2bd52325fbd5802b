//! Strong customer authentication: one machine for consents, payments and cancellations.
//!
//! A [`Flow`] makes no calls. It says what to do next ([`Flow::ask`]), takes what came of it ([`Flow::answer`]), and
//! says what to show ([`Step`]). A [`Signing`] makes the calls for it. A web server keeps it in the client's store
//! ([`Signing::keep`]) and goes on with it wherever and whenever the user is heard of again
//! ([`Client::resume`](crate::Client::resume), [`Client::returned`](crate::Client::returned)).

mod ask;
mod away;
pub mod bankid;
mod calls;
mod confirm;
mod driver;
mod flow;
mod kept;
mod machine;
mod method;
mod news;
#[cfg(feature = "qr")]
pub mod qr;
mod redirect;
mod slot;
mod step;
#[cfg(test)]
mod tests;

pub use ask::{Answer, Ask, Resource, Subject};
pub use driver::Signing;
pub use flow::Flow;
pub use kept::Kept;
pub use method::{Device, Method};
pub use redirect::{Callback, CallbackError, fill_link};
pub use slot::Ticket;
pub use step::{Ending, Failure, Image, Prompt, PromptKind, Standing, Step};
