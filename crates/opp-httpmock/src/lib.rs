#![doc = include_str!("../README.md")]

// In the order in which a test reads: an operation, what is expected of a call, what is answered.
mod mock;
mod then;
mod when;
#[rustfmt::skip]
mod generated;

pub use generated::MockServerExt;
pub use mock::{Mocked, mock, mock_async};
pub use then::Then;
pub use when::When;

/// The operations: a name for each, and what its calls and answers are called.
pub mod operations {
    pub use crate::generated::*;
}

/// The mock server underneath, in the version that this crate speaks.
pub use httpmock;
/// The client that is tested with, and its types.
pub use opp_raw;
