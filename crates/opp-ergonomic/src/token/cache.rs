//! One live token for each scope, and one request at a time for it.
//!
//! There is no background task: whoever comes first asks, and whoever comes meanwhile waits for the same answer, be it a
//! token or an error. While the old token is good, one caller gives the new one a moment and the others do not wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::endpoint::Granted;
use super::{AccessToken, Endpoint, Scope, Shared, TokenError, TokenFuture, TokenProvider};
use crate::clock::Clock;
use crate::flight::{Flight, Waiting};
use crate::secret::print_only;

/// How early a token is renewed, at most; short-lived ones are renewed in the last fifth of their life.
const EARLY: Duration = Duration::from_mins(5);
/// How long a caller who has a good token waits for a better one.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the auth host is left alone after a failure: this, doubled each time up to the other.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// A refused token is thrown away no more often than this: what refuses one after the other has another reason.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(10);

type Answer = Result<AccessToken, TokenError>;

/// How early a token is renewed that lives so long.
pub(super) fn early(life: Duration) -> Duration {
    EARLY.min(life / 5)
}

/// The provider that a client brings: client credentials, by way of a store if replicas are to share them.
pub(crate) struct ClientCredentials {
    endpoint: Arc<Endpoint>,
    shared: Option<Arc<Shared>>,
    clock: Arc<dyn Clock>,
    slots: RwLock<Vec<Arc<Slot>>>,
}

print_only!(ClientCredentials { endpoint, shared, clock });

struct Slot {
    scope: Scope,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    flight: Flight<Answer>,
    pause: Option<Pause>,
    refused: Option<(Duration, AccessToken)>,
}

struct Pause {
    until: Duration,
    length: Duration,
    /// Why there is no token. `None` if the auth host was only too slow for somebody who had one: whoever has none can
    /// wait for it.
    error: Option<TokenError>,
}

/// A moment on both clocks. The one that never goes back stands still while a machine sleeps; the other is set by
/// people. What either says is over, is over.
#[derive(Clone, Copy)]
struct Moment {
    monotonic: Duration,
    wall: Duration,
}

impl Moment {
    fn now(clock: &dyn Clock) -> Self {
        Self { monotonic: clock.monotonic(), wall: clock.since_epoch() }
    }

    fn plus(self, time: Duration) -> Self {
        Self { monotonic: self.monotonic.saturating_add(time), wall: self.wall.saturating_add(time) }
    }

    fn is_ahead(self, now: Self) -> bool {
        now.monotonic < self.monotonic && now.wall < self.wall
    }
}

struct Held {
    token: AccessToken,
    renew: Moment,
    end: Moment,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self, granted: Granted, asked: Moment) -> AccessToken {
        let life = granted.expires_in;
        let (renew, end) = (asked.plus(life.saturating_sub(early(life))), asked.plus(life));
        let mut state = self.state();
        state.held = Some(Held { token: granted.token.clone(), renew, end });
        state.pause = None;
        granted.token
    }

    fn fail(&self, error: Option<&TokenError>, now: Duration) {
        let mut state = self.state();
        let length = state.pause.as_ref().map_or(FIRST_PAUSE, |last| (last.length * 2).min(LAST_PAUSE));
        // A host that asks for more time gets it, within reason.
        let asked = error.and_then(TokenError::retry_after).unwrap_or_default().min(LAST_PAUSE * 10);
        state.pause = Some(Pause { until: now + length.max(asked), length, error: error.cloned() });
    }
}

/// What a caller is to do.
enum Plan {
    Go(Answer),
    /// Wait for a new token; whoever has an old one that is good waits for a moment only.
    Wait(Waiting<Answer>, Option<AccessToken>),
}

impl TokenProvider for ClientCredentials {
    fn token<'a>(&'a self, scope: &'a Scope) -> TokenFuture<'a> {
        Box::pin(async {
            let slot = self.slot(scope);
            let (flight, old) = match self.plan(&slot) {
                Plan::Go(answer) => return answer,
                Plan::Wait(flight, None) => return flight.await,
                Plan::Wait(flight, Some(old)) => (flight, old),
            };
            if let Ok(answer) = tokio::time::timeout(PATIENCE, flight).await {
                return Ok(answer.unwrap_or(old));
            }
            // The request is dropped here unless somebody else waits for it; without a pause the next caller would be
            // held up in the same way.
            slot.fail(None, self.clock.monotonic());
            Ok(old)
        })
    }

    fn cached(&self, scope: &Scope) -> Option<AccessToken> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.iter().find(|slot| slot.scope.is(scope))?;
        let state = slot.state();
        let held = state.held.as_ref()?;
        held.renew.is_ahead(Moment::now(&*self.clock)).then(|| held.token.clone())
    }

    /// Forgets a token that was refused, unless another has come meanwhile.
    fn invalidate(&self, scope: &Scope, token: &AccessToken) {
        let slot = self.slot(scope);
        let mut state = slot.state();
        let now = self.clock.monotonic();
        let lately = state.refused.as_ref().is_some_and(|(last, _)| now < *last + BETWEEN_REFUSALS);
        if !lately && state.held.as_ref().is_some_and(|held| held.token == *token) {
            state.held = None;
            state.refused = Some((now, token.clone()));
        }
    }
}

impl ClientCredentials {
    pub(crate) fn new(endpoint: Arc<Endpoint>, clock: Arc<dyn Clock>, shared: Option<Shared>) -> Self {
        Self { endpoint, shared: shared.map(Arc::new), clock, slots: RwLock::default() }
    }

    fn slot(&self, scope: &Scope) -> Arc<Slot> {
        let known = |slots: &[Arc<Slot>]| slots.iter().find(|slot| slot.scope.is(scope)).cloned();
        if let Some(slot) = known(&self.slots.read().unwrap_or_else(PoisonError::into_inner)) {
            return slot;
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        known(&slots).unwrap_or_else(|| {
            let slot = Arc::new(Slot { scope: scope.clone(), state: Mutex::default() });
            slots.push(Arc::clone(&slot));
            slot
        })
    }

    fn plan(&self, slot: &Arc<Slot>) -> Plan {
        let mut state = slot.state();
        let now = Moment::now(&*self.clock);
        let good = state.held.as_ref().filter(|held| held.end.is_ahead(now));
        if let Some(young) = good.filter(|held| held.renew.is_ahead(now)) {
            return Plan::Go(Ok(young.token.clone()));
        }
        let old = good.map(|held| held.token.clone());
        let flight = state.flight.under_way();
        let failed = state.pause.as_ref().filter(|pause| now.monotonic < pause.until).map(|pause| pause.error.clone());
        match (flight, failed, old) {
            (Some(_), _, Some(old)) | (None, Some(_), Some(old)) => Plan::Go(Ok(old)),
            (Some(flight), _, None) => Plan::Wait(flight, None),
            (None, Some(Some(error)), None) => Plan::Go(Err(error)),
            (None, _, old) => Plan::Wait(self.begin(slot, &mut state, now), old),
        }
    }

    /// The request, which tells the slot how it ended before it tells those who wait.
    fn begin(&self, slot: &Arc<Slot>, state: &mut State, asked: Moment) -> Waiting<Answer> {
        let refused = state.refused.as_ref().map(|(_, token)| token.clone());
        let (endpoint, shared) = (Arc::clone(&self.endpoint), self.shared.clone());
        let (slot, clock) = (Arc::clone(slot), Arc::clone(&self.clock));
        state.flight.begin(async move {
            let answer = match shared {
                Some(shared) => shared.token(&endpoint, &slot.scope, refused.as_ref()).await,
                None => endpoint.client_credentials(&slot.scope).await,
            };
            match answer {
                Ok(granted) => {
                    tracing::debug!(scope = slot.scope.as_str(), "new token");
                    Ok(slot.grant(granted, asked))
                }
                Err(error) => {
                    tracing::warn!(scope = slot.scope.as_str(), %error, "no token");
                    slot.fail(Some(&error), clock.monotonic());
                    Err(error)
                }
            }
        })
    }
}
