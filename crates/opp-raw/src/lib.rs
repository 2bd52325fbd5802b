#![doc = include_str!("../README.md")]

// In the order in which data flows: what is asked for, how it is sent, what comes back.
mod check;
mod operation;
mod value;
#[rustfmt::skip]
mod generated;
mod call;
mod client;
mod error;
mod hooks;
mod multipart;
mod problem;
mod response;

pub use bytes::Bytes;
pub use call::encode;
pub use check::{Builder, Check, Invalid};
pub use client::{Client, ClientBuilder};
pub use error::{Error, Kind};
pub use generated::{operations, types};
pub use hooks::{Hook, HookFuture, Next};
pub use multipart::Multipart;
pub use operation::{Operation, Server};
pub use problem::{Message, Problem};
pub use response::{ByteStream, Response};
pub use value::{Extra, Fit, List, Map, Number, Plain, Read, Slot, Text};

/// The HTTP client underneath, in the version that this crate speaks.
pub use reqwest;
