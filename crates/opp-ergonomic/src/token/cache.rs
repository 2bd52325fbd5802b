//! One live token for each scope, and one request at a time for it.
//!
//! There is no background task: whoever comes first asks, and whoever comes meanwhile waits for the same answer, be it a
//! token or an error. While the old token is good, one caller gives the new one a moment and the others do not wait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::endpoint::Granted;
use super::error::Kind;
use super::{AccessToken, Scope, TokenError};
use crate::clock::Clock;
use crate::flight::{Flight, Waiting};

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
type Fetching = Pin<Box<dyn Future<Output = Result<Granted, TokenError>> + Send>>;
/// Asks for a token, other than the one that was refused last.
type Fetch = dyn Fn(Scope, Option<AccessToken>) -> Fetching + Send + Sync;

/// How early a token is renewed that lives so long.
pub(super) fn early(life: Duration) -> Duration {
    EARLY.min(life / 5)
}

pub(crate) struct Cache {
    fetch: Arc<Fetch>,
    clock: Arc<dyn Clock>,
    slots: RwLock<Vec<Arc<Slot>>>,
}

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
    error: TokenError,
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

    fn has_come(self, now: Self) -> bool {
        now.monotonic >= self.monotonic || now.wall >= self.wall
    }
}

struct Held {
    token: AccessToken,
    renew: Moment,
    end: Moment,
}

impl Held {
    fn is_good(&self, now: Moment) -> bool {
        !self.end.has_come(now)
    }

    fn is_young(&self, now: Moment) -> bool {
        !self.renew.has_come(now)
    }
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

    fn fail(&self, error: &TokenError, now: Duration) {
        let mut state = self.state();
        let length = state.pause.as_ref().map_or(FIRST_PAUSE, |last| (last.length * 2).min(LAST_PAUSE));
        // A host that asks for more time gets it, within reason.
        let asked = error.retry_after().unwrap_or_default().min(LAST_PAUSE * 10);
        state.pause = Some(Pause { until: now + length.max(asked), length, error: error.clone() });
    }
}

/// What a caller is to do.
enum Plan {
    Have(AccessToken),
    Fail(TokenError),
    Wait(Waiting<Answer>),
    /// Give the new token a moment, and else take the old one.
    WaitABit(Waiting<Answer>, AccessToken),
}

impl Cache {
    pub(crate) fn new(fetch: Arc<Fetch>, clock: Arc<dyn Clock>) -> Self {
        Self { fetch, clock, slots: RwLock::default() }
    }

    /// A token that is good and far from its end.
    pub(crate) fn cached(&self, scope: &Scope) -> Option<AccessToken> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.iter().find(|slot| slot.scope.is(scope))?;
        let state = slot.state();
        let held = state.held.as_ref()?;
        held.is_young(Moment::now(&*self.clock)).then(|| held.token.clone())
    }

    pub(crate) async fn token(&self, scope: &Scope) -> Answer {
        let slot = self.slot(scope);
        match self.plan(&slot) {
            Plan::Have(token) => Ok(token),
            Plan::Fail(error) => Err(error),
            Plan::Wait(flight) => flight.await,
            Plan::WaitABit(flight, old) => {
                if let Ok(answer) = tokio::time::timeout(PATIENCE, flight).await {
                    return Ok(answer.unwrap_or(old));
                }
                // The request is dropped here unless somebody else waits for it; without a pause the next caller
                // would be held up in the same way.
                slot.fail(&TokenError::of_kind(Kind::Timeout), self.clock.monotonic());
                Ok(old)
            }
        }
    }

    /// Forgets a token that was refused, unless another has come meanwhile.
    pub(crate) fn invalidate(&self, scope: &Scope, token: &AccessToken) {
        let slot = self.slot(scope);
        let mut state = slot.state();
        let now = self.clock.monotonic();
        let lately = state.refused.as_ref().is_some_and(|(last, _)| now < *last + BETWEEN_REFUSALS);
        if !lately && state.held.as_ref().is_some_and(|held| held.token.is(token)) {
            state.held = None;
            state.refused = Some((now, token.clone()));
        }
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
        let good = state.held.as_ref().filter(|held| held.is_good(now));
        let old = match good {
            Some(held) if held.is_young(now) => return Plan::Have(held.token.clone()),
            good => good.map(|held| held.token.clone()),
        };
        if let Some(flight) = state.flight.under_way() {
            return old.map_or(Plan::Wait(flight), Plan::Have);
        }
        if let Some(pause) = state.pause.as_ref().filter(|pause| now.monotonic < pause.until) {
            return old.map_or_else(|| Plan::Fail(pause.error.clone()), Plan::Have);
        }
        let flight = self.begin(slot, &mut state, now);
        match old {
            Some(old) => Plan::WaitABit(flight, old),
            None => Plan::Wait(flight),
        }
    }

    /// The request, which tells the slot how it ended before it tells those who wait.
    fn begin(&self, slot: &Arc<Slot>, state: &mut State, asked: Moment) -> Waiting<Answer> {
        let refused = state.refused.as_ref().map(|(_, token)| token.clone());
        let answer = (self.fetch)(slot.scope.clone(), refused);
        let (slot, clock) = (Arc::clone(slot), Arc::clone(&self.clock));
        state.flight.begin(async move {
            match answer.await {
                Ok(granted) => {
                    tracing::debug!(scope = slot.scope.as_str(), "new token");
                    Ok(slot.grant(granted, asked))
                }
                Err(error) => {
                    tracing::warn!(scope = slot.scope.as_str(), %error, "no token");
                    slot.fail(&error, clock.monotonic());
                    Err(error)
                }
            }
        })
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("clock", &self.clock).finish_non_exhaustive()
    }
}
