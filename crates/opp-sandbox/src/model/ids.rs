//! Ids, secrets and other arbitrary values, all derived from the seed so that a run can be repeated.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The source of new ids. Its counter is part of the state, so a restored dump goes on where it stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    fn draw(&mut self, purpose: &str) -> [u8; 32] {
        self.drawn += 1;
        digest(self.seed, &[purpose, &self.drawn.to_string()])
    }

    pub(crate) fn uuid(&mut self) -> String {
        uuid_of(self.draw("uuid"))
    }

    /// A bearer token or code: opaque and safe in a URL.
    pub(crate) fn token(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(self.draw("token"))
    }

    /// The HMAC secret of an animated QR code.
    pub(crate) fn key(&mut self) -> String {
        self.draw("key").iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// A value that follows from the seed and the parts alone, whenever it is asked for.
pub(crate) fn digest(seed: u64, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The same as a UUID.
pub(crate) fn fixed_uuid(seed: u64, parts: &[&str]) -> String {
    uuid_of(digest(seed, parts))
}

/// The same as a source of random numbers.
pub(crate) fn fixed_rng(seed: u64, parts: &[&str]) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(digest(seed, parts))
}

/// A secret as the platform hands out: base64 with `/`, `+` and `=`, so that a client has to encode its form
/// properly (platform-facts 2).
pub(crate) fn secret(seed: u64, name: &str) -> String {
    format!("{}/+=", STANDARD.encode(&digest(seed, &["secret", name])[..29]).trim_end_matches('='))
}

fn uuid_of(bytes: [u8; 32]) -> String {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    uuid::Builder::from_random_bytes(half).into_uuid().to_string()
}

/// Whether a text is a UUID in its usual spelling.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}
