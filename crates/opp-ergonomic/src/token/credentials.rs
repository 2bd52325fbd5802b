//! The provider that a client brings: client credentials, behind the cache, and behind the store if there is one.

use std::sync::Arc;

use super::cache::Cache;
use super::{AccessToken, Endpoint, Scope, Shared, TokenFuture, TokenProvider};
use crate::clock::Clock;

#[derive(Debug)]
pub(crate) struct ClientCredentials(Cache);

impl ClientCredentials {
    /// Tokens from this endpoint; by way of a store, if replicas are to share them.
    pub(crate) fn new(endpoint: Arc<Endpoint>, clock: Arc<dyn Clock>, shared: Option<Shared>) -> Self {
        let shared = shared.map(Arc::new);
        let fetch = move |scope: Scope, refused: Option<AccessToken>| {
            let (endpoint, shared) = (Arc::clone(&endpoint), shared.clone());
            Box::pin(async move {
                match shared {
                    Some(shared) => shared.token(&endpoint, &scope, refused.as_ref()).await,
                    None => endpoint.client_credentials(&scope).await,
                }
            }) as _
        };
        Self(Cache::new(Arc::new(fetch), clock))
    }
}

impl TokenProvider for ClientCredentials {
    fn token<'a>(&'a self, scope: &'a Scope) -> TokenFuture<'a> {
        Box::pin(self.0.token(scope))
    }

    fn cached(&self, scope: &Scope) -> Option<AccessToken> {
        self.0.cached(scope)
    }

    fn invalidate(&self, scope: &Scope, token: &AccessToken) {
        self.0.invalidate(scope, token);
    }
}
