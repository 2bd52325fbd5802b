//! The provider that a client brings: client credentials, behind the cache.

use std::sync::Arc;

use super::cache::Cache;
use super::{AccessToken, Endpoint, Scope, TokenFuture, TokenProvider};
use crate::clock::Clock;

#[derive(Debug)]
pub(crate) struct ClientCredentials(Cache);

impl ClientCredentials {
    pub(crate) fn new(endpoint: Arc<Endpoint>, clock: Arc<dyn Clock>) -> Self {
        let fetch = move |scope: Scope| {
            let endpoint = Arc::clone(&endpoint);
            Box::pin(async move { endpoint.client_credentials(&scope).await }) as _
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
