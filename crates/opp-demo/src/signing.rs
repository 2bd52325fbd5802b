//! Signatures under way. Each goes on by itself in a task that keeps its flow in the store after every answer, so that
//! it survives a restart; pages look at what it shows, and hand over what their guest does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use opp_ergonomic::Error;
use opp_ergonomic::sca::{Ask, Callback, CallbackError, Device, Ending, Flow, Signing, Standing, Step, Subject};
use opp_ergonomic::store::StoreError;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::app::App;
use crate::guest::{Guest, Person, Presence};
use crate::problem::{Problem, Trouble};
use crate::record::{ConnectionState, PaymentState, Record, new_id};

/// How long a signature is kept: long enough to read how it ended.
const KEEP: Duration = Duration::from_hours(24);

/// How long somebody may stay at a bank's page.
const AWAY: Duration = Duration::from_mins(15);

/// A signature that a guest was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) id: String,
    /// The key of the guest whose it is.
    guest: String,
    presence: Presence,
    person: Person,
    pub(crate) bank_name: String,
    pub(crate) purpose: Purpose,
    pub(crate) flow: Flow,
    /// What went wrong with the last call.
    pub(crate) trouble: Option<Trouble>,
}

/// What is signed, by our own ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Purpose {
    Connection(String),
    Payment(String),
}

/// Who is awaited back from a bank's page, under the key of the flow's `state`.
#[derive(Serialize, Deserialize)]
struct Awaited {
    guest: String,
    signing: String,
}

/// What a page may tell a signature under way.
enum Order {
    Callback(Callback, oneshot::Sender<Result<(), CallbackError>>),
    Choose(String),
    Cancel,
}

/// What is to be seen of a signature.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) step: Step,
    pub(crate) trouble: Option<Trouble>,
}

/// A signature as a page has it.
pub(crate) struct Handle {
    pub(crate) errand: Errand,
    pub(crate) shown: watch::Receiver<Shown>,
    orders: mpsc::Sender<Order>,
}

/// All signatures under way in this process.
#[derive(Debug, Default)]
pub(crate) struct Signings(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    running: HashMap<String, (watch::Receiver<Shown>, mpsc::Sender<Order>)>,
    tasks: JoinSet<()>,
}

impl Errand {
    pub(crate) fn new(guest: &Guest, person: &Person, bank_name: &str, purpose: Purpose, flow: Flow) -> Self {
        Self {
            id: new_id(),
            guest: guest.key.clone(),
            presence: guest.presence().clone(),
            person: person.clone(),
            bank_name: bank_name.to_owned(),
            purpose,
            flow,
            trouble: None,
        }
    }

    /// Keeps it, and gives the address at which it goes on.
    pub(crate) async fn begin(&self, app: &App) -> Result<String, StoreError> {
        self.keep(app).await?;
        Ok(format!("/sign/{}", self.id))
    }

    /// The same once more: another signature of the same thing, on this device.
    pub(crate) async fn again(&self, app: &App, guest: &Guest, device: Device) -> Result<String, StoreError> {
        let flow = Flow::new(self.flow.subject().clone(), self.flow.bank().clone(), device, app.now())
            .redirect(&app.platform.client_id, &app.callback());
        let next = Self { id: new_id(), flow, trouble: None, ..self.clone() };
        let change = |record: &mut Record| {
            record.signing = Some(next.id.clone());
            next.note(record, None);
        };
        app.records.change(guest, change).await?;
        next.begin(app).await
    }

    /// Writes down with what is signed that this signature decides, or how it has ended.
    fn note(&self, record: &mut Record, ended: Option<(&Ending, &ConnectionState)>) {
        match (&self.purpose, self.flow.subject()) {
            (Purpose::Connection(id), _) => {
                let asked = ConnectionState::Asked(self.id.clone());
                record.set_connection(id, ended.map_or(&asked, |(_, state)| state));
            }
            (Purpose::Payment(id), Subject::Payment(key) | Subject::Cancellation(key)) => {
                let (signing, ending) = (Some(self.id.clone()), ended.map(|(ending, _)| ending.clone()));
                record.set_payment(id, &PaymentState::Known { key: key.clone(), signing, ending });
            }
            (Purpose::Payment(_), _) => {}
        }
    }

    /// Whether another signature of the same thing can still succeed.
    pub(crate) fn can_be_repeated(&self) -> bool {
        match self.flow.ending() {
            Some(Ending::Expired | Ending::Cancelled) => true,
            Some(Ending::Failed(failure)) => failure.code.as_deref() == Some("AUTHENTICATION_SESSION_EXPIRED"),
            _ => false,
        }
    }

    async fn keep(&self, app: &App) -> Result<(), StoreError> {
        app.records.put(&key(&self.id), self, KEEP).await
    }
}

fn key(id: &str) -> String {
    format!("demo/signing/{id}")
}

impl Signings {
    /// A guest's signature, set going if it is not. `None` if there is none of this id, or it is not theirs. One that
    /// has stopped because a call failed goes on when the guest wants it to.
    pub(crate) async fn attend(
        &self,
        app: &Arc<App>,
        guest: &Guest,
        id: &str,
        go_on: bool,
    ) -> Result<Option<Handle>, Problem> {
        let mut inner = self.0.lock().await;
        let found = app.records.get::<Errand>(&key(id)).await?;
        let Some(errand) = found.filter(|errand| errand.guest == guest.key) else { return Ok(None) };
        if let Some((shown, orders)) = inner.running.get(id).filter(|(_, orders)| !orders.is_closed()) {
            return Ok(Some(Handle { errand, shown: shown.clone(), orders: orders.clone() }));
        }
        let (shown, seen) = watch::channel(Shown { step: errand.flow.step(), trouble: errand.trouble.clone() });
        let (orders, taken) = mpsc::channel(8);
        if errand.flow.ending().is_none() && (go_on || errand.trouble.is_none()) {
            let session = errand.person.session(app, errand.flow.bank(), &errand.presence)?;
            let run = Run { app: Arc::clone(app), errand: errand.clone(), shown, orders: taken };
            inner.running.retain(|_, (_, orders)| !orders.is_closed());
            inner.running.insert(id.to_owned(), (seen.clone(), orders.clone()));
            while inner.tasks.try_join_next().is_some() {}
            inner.tasks.spawn(run.go(session.sign(errand.flow.clone())?));
        }
        Ok(Some(Handle { errand, shown: seen, orders }))
    }

    /// Takes somebody back from a bank's page, and gives the address at which it goes on; `None` for whoever was not
    /// awaited, or is not the one who was sent there.
    pub(crate) async fn come_back(
        &self,
        app: &Arc<App>,
        guest: &Guest,
        callback: Callback,
    ) -> Result<Option<String>, Problem> {
        let Some(state) = callback.flow_key() else { return Ok(None) };
        // Looked at before it is taken: a stranger must not use up what is another's.
        let awaited = app.records.get::<Awaited>(&state).await?;
        if awaited.is_none_or(|awaited| awaited.guest != guest.key) {
            return Ok(None);
        }
        let Some(awaited) = app.records.take::<Awaited>(&state).await? else { return Ok(None) };
        let Some(handle) = self.attend(app, guest, &awaited.signing, true).await? else { return Ok(None) };
        let (answer, taken) = oneshot::channel();
        handle.orders.send(Order::Callback(callback, answer)).await.ok();
        let taken = taken.await.is_ok_and(|taken| taken.is_ok());
        Ok(taken.then(|| format!("/sign/{}", awaited.signing)))
    }

    /// Waits until all have stopped where they can be gone on with.
    pub(crate) async fn end(&self) {
        let mut tasks = std::mem::take(&mut self.0.lock().await.tasks);
        while tasks.join_next().await.is_some() {}
    }
}

impl Handle {
    /// Hands over which of the bank's methods the guest has chosen.
    pub(crate) async fn choose(&self, method: &str) {
        self.orders.send(Order::Choose(method.to_owned())).await.ok();
    }

    /// Calls it off.
    pub(crate) async fn cancel(&self) {
        self.orders.send(Order::Cancel).await.ok();
    }
}

/// One signature's task.
struct Run {
    app: Arc<App>,
    errand: Errand,
    shown: watch::Sender<Shown>,
    orders: mpsc::Receiver<Order>,
}

impl Run {
    async fn go(mut self, mut signing: Signing) {
        if let Err(error) = self.finish(&mut signing).await {
            tracing::error!(%error, "a signature cannot be kept");
        }
    }

    async fn finish(&mut self, signing: &mut Signing) -> Result<(), StoreError> {
        let mut stopping = self.app.stopping.clone();
        loop {
            self.keep(signing).await?;
            if let Some(ending) = signing.flow().ending().cloned() {
                self.settle(&ending).await?;
                self.show(signing);
                return Ok(());
            }
            self.show(signing);
            let advanced = match signing.flow().ask() {
                // What may change something at the bank is seen through to its answer.
                Ok(Ask::Start | Ask::Select(_) | Ask::Exchange(_)) => signing.advance().await,
                ask => {
                    let chooses = matches!(ask, Ok(Ask::Choose));
                    tokio::select! {
                        Some(order) = self.orders.recv() => { obey(signing, order); Ok(()) }
                        _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
                        advanced = advance(signing, chooses) => advanced,
                    }
                }
            };
            if let Err(error) = advanced {
                tracing::info!(%error, "a call for a signature has failed");
                self.errand.trouble = Some(Trouble::of(&error));
                // It may go on when somebody wants it to.
                if signing.flow().ending().is_none() {
                    self.keep(signing).await?;
                    self.show(signing);
                    return Ok(());
                }
            } else {
                self.errand.trouble = None;
            }
        }
    }

    /// Keeps the flow, and under its `state` who is awaited back.
    async fn keep(&mut self, signing: &Signing) -> Result<(), StoreError> {
        self.errand.flow = signing.flow().clone();
        self.errand.keep(&self.app).await?;
        if let (Step::Redirect { .. }, Some(state)) = (signing.flow().step(), signing.flow().key()) {
            let awaited = Awaited { guest: self.errand.guest.clone(), signing: self.errand.id.clone() };
            self.app.records.put(&state, &awaited, AWAY).await?;
        }
        Ok(())
    }

    fn show(&self, signing: &Signing) {
        let (step, trouble) = (signing.flow().step(), self.errand.trouble.clone());
        self.shown.send_if_modified(|shown| {
            let changes = shown.step != step || shown.trouble != trouble;
            *shown = Shown { step, trouble };
            changes
        });
    }

    /// Writes down what came of it.
    async fn settle(&self, ending: &Ending) -> Result<(), StoreError> {
        let guest = Guest::known(&self.errand.guest, &self.errand.presence);
        let state = match self.errand.flow.subject() {
            Subject::Consent(consent) => self.connection_state(ending, consent).await,
            _ => ConnectionState::Over,
        };
        self.app.records.change(&guest, |record| self.errand.note(record, Some((ending, &state)))).await
    }

    /// What a permission is worth after its signature, in the bank's own words where it can be asked.
    async fn connection_state(&self, ending: &Ending, consent: &str) -> ConnectionState {
        if ending.standing() != Some(&Standing::Valid) {
            return ConnectionState::Over;
        }
        let session = self.errand.person.session(&self.app, self.errand.flow.bank(), &self.errand.presence);
        let granted = match session {
            Ok(session) => session.consents().valid(consent).await.ok(),
            Err(_) => None,
        };
        ConnectionState::Open {
            until: granted.as_ref().and_then(opp_ergonomic::ValidConsent::valid_until),
            per_day: granted.as_ref().and_then(opp_ergonomic::ValidConsent::frequency_per_day),
        }
    }
}

/// Polls once, or, while the guest chooses a method, waits a second and looks at the clock.
async fn advance(signing: &mut Signing, chooses: bool) -> Result<(), Error> {
    if !chooses {
        return signing.advance().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    match signing.next().await {
        // There is nothing to ask while somebody chooses: only time goes by.
        Err(error) if error.invalid().is_some() => Ok(()),
        other => other.map(drop),
    }
}

fn obey(signing: &mut Signing, order: Order) {
    match order {
        Order::Callback(callback, answer) => {
            answer.send(signing.callback(&callback)).ok();
        }
        // What was not offered is refused, and the list stays on the screen.
        Order::Choose(method) => _ = signing.choose(&method),
        Order::Cancel => signing.cancel(),
    }
}
