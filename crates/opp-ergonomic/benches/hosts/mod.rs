//! The two hosts that a client talks to, and the client.
#![allow(clippy::expect_used, dead_code, unused_imports, reason = "each benchmark uses its part")]

#[path = "../../../opp-raw/benches/host/mod.rs"]
mod host;

use opp_ergonomic::{Client, ClientBuilder, Environment};

pub(crate) use host::{pin_client, reply, serve};

/// An auth host that gives everybody this token for an hour.
pub(crate) fn auth(token: &str) -> String {
    let body = format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}"#);
    serve(move |_, stream| reply(stream, &body))
}

/// A client of both.
pub(crate) fn client(auth: &str, api: &str) -> Client {
    builder(auth, api).build().expect("a client")
}

pub(crate) fn builder(auth: &str, api: &str) -> ClientBuilder {
    let builder = Client::builder().environment(Environment::custom(auth, api)).allow_plain_loopback();
    builder.credentials("id", "secret")
}
