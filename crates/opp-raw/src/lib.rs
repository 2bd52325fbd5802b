#![doc = include_str!("../README.md")]

// In the order in which data flows: what is asked for, how it is sent, what comes back.
mod operation;
mod check;
mod value;
#[rustfmt::skip]
mod generated;
mod client;
mod hooks;
mod call;
mod response;
mod problem;
mod error;
mod multipart;

pub use bytes::Bytes;
pub use check::{Builder, Check, Invalid};
pub use client::{Client, ClientBuilder};
pub use error::{Error, Kind};
pub use generated::{operations, types};
pub use hooks::{Hook, HookFuture, Next};
pub use multipart::Multipart;
pub use operation::{Operation, Server};
pub use problem::{Message, Problem};
pub use response::{ByteStream, Response};
pub use value::{Extra, Fit, List, Map, Number, Read, Slot};

/// The HTTP client underneath, in the version that this crate speaks.
pub use reqwest;
