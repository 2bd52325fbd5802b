//! Entry points for fuzzing: bytes from outside, straight into the parsers behind the sockets, on a world of their
//! own. No part of the interface that versions promise anything about.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::config::Config;
use crate::control::Caprice;
use crate::document::Document;
use crate::model::Application;
use crate::model::directory::Directory;
use crate::model::entities::{Context, Token};
use crate::model::ledger::Ledgers;
use crate::model::state::State;
use crate::model::world::{Addresses, World};
use crate::pages::Pages;
use crate::server::wire::{Reply, Request};
use crate::server::{Host, Shared, answer_plainly};

/// The token that every probe's world knows.
pub const TOKEN: &str = "probe";

/// A platform without sockets.
pub struct Probe {
    shared: Shared,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    /// Sets up the world; `None` only if the sandbox's own data are broken.
    pub fn new() -> Option<Self> {
        let config = Config { strict: true, ..Config::default() };
        let start: DateTime<Utc> = "2026-03-16T09:30:00Z".parse().ok()?;
        let config = Config { start_time: Some(start), ..config };
        let epoch = start.date_naive() - TimeDelta::days(400);
        let application = Application {
            name: "probe".to_owned(),
            client_id: "probe".to_owned(),
            client_secret: "probe".to_owned(),
            redirect_uris: Vec::new(),
            any_local_redirect: true,
        };
        let mut state = State::new(1, epoch, vec![application], &config.limits);
        let scopes = ["aspspinformation", "accountinformation", "paymentinitiation", "private"];
        let token = Token {
            client_id: "probe".to_owned(),
            scopes: scopes.map(str::to_owned).to_vec(),
            context: Context::Private,
            expires: start + TimeDelta::days(365),
            revoked: false,
        };
        state.tokens.insert(TOKEN.to_owned(), token);
        let ledgers = Ledgers::new(1, epoch, 8).ok()?;
        let addresses = Addresses { auth: "http://127.0.0.1:1".to_owned(), api: "http://127.0.0.1:2".to_owned() };
        let pages = Pages::load().ok()?;
        let world = World::new(&config, Directory::load().ok()?, state, ledgers, addresses, pages);
        let shared = Shared::new(world, Document::load().ok()?, config.limits.clone(), Vec::new());
        Some(Self { shared })
    }

    /// A whole request: its first line and headers as HTTP writes them, an empty line, the body. Gives the status of
    /// the answer, `None` if these bytes are no request.
    pub fn request(&self, auth: bool, bytes: &[u8]) -> Option<u16> {
        Some(self.answer(auth, bytes)?.0)
    }

    /// The same, with the answer's body.
    pub fn answer(&self, auth: bool, bytes: &[u8]) -> Option<(u16, String)> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
        let (head, body) = (bytes.get(..end)?, bytes.get(end + 2..).unwrap_or_default());
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let (method, target) = lines.next()?.split_once(' ')?;
        let uri: http::Uri = target.parse().ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
        }
        let request = Request {
            method: method.parse::<Method>().ok()?,
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers,
            body: Bytes::copy_from_slice(body),
        };
        let host = if auth { Host::Auth } else { Host::Api };
        let reply = answer_plainly(&self.shared, host, &request);
        let (_, body) = Reply::into_bytes(reply.body);
        Some((reply.status.as_u16(), String::from_utf8_lossy(&body).into_owned()))
    }

    /// A body for one path, with everything else as it should be; gives the status.
    pub fn body(&self, auth: bool, method: &str, path: &str, media: &str, body: &[u8]) -> Option<u16> {
        self.request(auth, &sound(method, path, media, body))
    }
}

/// A request with all headers that a call needs.
pub fn sound(method: &str, path: &str, media: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "{method} {path}\nauthorization: Bearer {TOKEN}\ncontent-type: {media}\naccept: */*\nx-bicfi: ESSESESS\n\
         psu-ip-address: 192.0.2.7\npsu-id: 199311219639\nx-request-id: 0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111\n\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The text of a caprice: what is read is written back as what reads the same.
pub fn caprice(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return true;
    };
    text.parse::<Caprice>().map_or(true, |caprice| caprice.to_string().parse() == Ok(caprice))
}
