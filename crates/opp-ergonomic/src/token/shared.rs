//! One token for all replicas, through the store. It lies there sealed with what all of them have and nobody else: the
//! client secret.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use opp_raw::reqwest::Url;
use zeroize::Zeroizing;

use super::cache::early;
use super::endpoint::Granted;
use super::{AccessToken, Endpoint, Scope, TokenError};
use crate::clock::Clock;
use crate::secret::{Secret, print_only};
use crate::store::{Expected, Store, StoreError, digest, hash};

/// How long the store may take; a token can be had without it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The tokens of one application in a store.
pub(crate) struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: Zeroizing<[u8; 32]>,
    /// Whose tokens: host and application.
    owner: String,
}

print_only!(Shared { store });

/// What a replica has left in the store, and how long it was to live when it was new.
struct Found {
    granted: Granted,
    life: Duration,
}

impl Shared {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, auth: &Url, id: &str, secret: &Secret) -> Self {
        let key = Zeroizing::new(hash(&["opp token store", auth.as_str(), id, secret.expose()]));
        Self { store, clock, key, owner: digest(&[auth.as_str(), id]) }
    }

    /// The token that another replica has had, unless it was refused or is due to be renewed; else a new one.
    pub(super) async fn token(
        &self,
        endpoint: &Endpoint,
        scope: &Scope,
        refused: Option<&AccessToken>,
    ) -> Result<Granted, TokenError> {
        let key = format!("opp/token/{}/{}", self.owner, digest(&[scope.as_str()]));
        let mut found = self.find(&key).await;
        found = found.filter(|found| refused.is_none_or(|refused| found.granted.token != *refused));
        if let Some(found) = found.take_if(|found| found.granted.expires_in > early(found.life)) {
            return Ok(found.granted);
        }
        match endpoint.client_credentials(scope).await {
            Ok(granted) => {
                self.leave(&key, &granted).await;
                Ok(granted)
            }
            // An outage is not seen while there is a token that is good.
            Err(error) => found.map(|found| found.granted).ok_or(error),
        }
    }

    fn cipher(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.key).ok()
    }

    async fn find(&self, key: &str) -> Option<Found> {
        let sealed = in_time(self.store.get(key)).await??;
        let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
        // What another secret has sealed is nobody's token here.
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), Zeroizing::new(sealed.to_vec()));
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(key), &mut sealed).ok()?;
        let (until, rest) = opened.split_first_chunk()?;
        let (life, token) = rest.split_first_chunk()?;
        let (until, life) = (u64::from_le_bytes(*until), Duration::from_secs(u64::from_le_bytes(*life)));
        let left = Duration::from_secs(until).checked_sub(self.clock.since_epoch())?;
        let token = AccessToken::new(std::str::from_utf8(token).ok()?);
        // A clock that is behind does not make a token last longer.
        Some(Found { granted: Granted { token, expires_in: left.min(life) }, life })
    }

    async fn leave(&self, key: &str, granted: &Granted) {
        let until = self.clock.since_epoch().saturating_add(granted.expires_in).as_secs();
        let token = granted.token.expose().as_bytes();
        // With room for the tag, so that no copy is left behind.
        let mut open = Zeroizing::new(Vec::with_capacity(16 + token.len() + AES_256_GCM.tag_len()));
        open.extend_from_slice(&until.to_le_bytes());
        open.extend_from_slice(&granted.expires_in.as_secs().to_le_bytes());
        open.extend_from_slice(token);
        let sealed = self.cipher().map(|cipher| cipher.seal_in_place_append_tag(Aad::from(key), &mut *open));
        let Some(Ok(nonce)) = sealed else { return };
        let value = [&nonce.as_ref()[..], &open].concat();
        in_time(self.store.put_if(key, Expected::Anything, &value, granted.expires_in)).await;
    }
}

/// A store that does not work costs more requests for tokens, and no call.
async fn in_time<T>(verb: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, verb).await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store of shared tokens does not work");
            None
        }
        Err(_) => {
            tracing::warn!("the store of shared tokens does not answer in time");
            None
        }
    }
}
