//! Signatures under way. The client keeps them in the store, so that they survive a restart; here stands whose they are
//! and what they are for, and what came of them is written down.

use std::collections::HashMap;
use std::ops::Not as _;
use std::sync::Arc;

use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Kept, Signing, Standing, Step, Subject, Ticket};
use opp_ergonomic::{Bank, Error, Session, Warning};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::app::App;
use crate::guest::{Guest, Person, Presence};
use crate::problem::{Problem, Trouble};
use crate::record::{ConnectionState, PaymentState, Record, new_id};
use crate::remark::{self, Remark};

/// A signature that a guest was asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) id: String,
    /// Banks want to hear the same about their customer from beginning to end.
    presence: Presence,
    person: Person,
    pub(crate) bank: Bank,
    pub(crate) bank_name: String,
    pub(crate) purpose: Purpose,
    pub(crate) subject: Subject,
    pub(crate) device: Device,
    /// What finds it in the client's store.
    ticket: String,
    pub(crate) ending: Option<Ending>,
    /// What the bank has remarked: when it took what is signed, and since then.
    #[serde(default)]
    pub(crate) remarks: Vec<Remark>,
}

impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// What is signed, by our own ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Purpose {
    Connection(String),
    Payment(String),
}

/// What is to be seen of a signature at a moment.
pub(crate) struct Sight {
    pub(crate) errand: Errand,
    pub(crate) step: Step,
    /// What went wrong with the call that looked.
    pub(crate) trouble: Option<Trouble>,
    /// How many seconds are left.
    pub(crate) left: i64,
}

/// The signatures that this process has in its hands: what must not be stored, such as the way to a bank's page, is in
/// them.
#[derive(Debug, Default)]
pub(crate) struct Signings(Mutex<HashMap<String, Arc<Mutex<Signing>>>>);

impl Errand {
    /// Begins to sign something: nothing is asked of the bank before somebody looks. The record is to remember it.
    pub(crate) async fn begin(
        app: &App,
        guest: &Guest,
        (person, bank_name): (&Person, &str),
        session: &Session,
        (purpose, subject): (Purpose, Subject),
        device: Device,
    ) -> Result<Self, Problem> {
        let id = new_id();
        let flow = session.flow(subject.clone(), device).redirect(&app.callback());
        let mut signing = session.sign(flow)?;
        let ticket = signing.keep().await?.expose().to_owned();
        let errand = Self {
            id,
            presence: guest.presence().clone(),
            person: person.clone(),
            bank: session.bank().clone(),
            bank_name: bank_name.to_owned(),
            purpose,
            subject,
            device,
            ticket,
            ending: None,
            remarks: Vec::new(),
        };
        app.signings.hold(app, &errand.id, signing).await;
        Ok(errand)
    }

    /// With what the bank remarked when it took what is signed.
    pub(crate) fn remarked(mut self, warnings: &[Warning]) -> Self {
        remark::add(&mut self.remarks, warnings, None);
        self
    }

    /// The same once more, on this device.
    pub(crate) async fn again(&self, app: &App, guest: &Guest, device: Device) -> Result<Self, Problem> {
        let session = self.person.session(app, &self.bank, guest.presence())?;
        let what = (self.purpose.clone(), self.subject.clone());
        let mut errand = Self::begin(app, guest, (&self.person, &self.bank_name), &session, what, device).await?;
        errand.remarks.clone_from(&self.remarks);
        app.records.change(guest, |record| record.begin(&errand)).await?;
        Ok(errand)
    }

    /// Where it goes on.
    pub(crate) fn address(&self) -> String {
        format!("/sign/{}", self.id)
    }

    /// Whether another signature of the same thing can still succeed.
    pub(crate) fn can_be_repeated(&self) -> bool {
        match &self.ending {
            Some(Ending::Expired | Ending::Cancelled) => true,
            Some(Ending::Failed(failure)) => failure.code.as_deref() == Some("AUTHENTICATION_SESSION_EXPIRED"),
            _ => false,
        }
    }

    /// Writes down with what is signed that this signature decides, or how it has ended.
    pub(crate) fn note(&self, record: &mut Record, ended: Option<(&Ending, &ConnectionState)>) {
        match (&self.purpose, &self.subject) {
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

    /// Goes on with what was kept.
    fn resume(&self, kept: Kept) -> Result<Signing, Error> {
        kept.sign(self.person.at(&self.presence))
    }

    /// Takes what the bank has remarked meanwhile.
    fn hear(&mut self, flow: &Flow) {
        remark::add(&mut self.remarks, flow.warnings(), flow.ending());
    }

    /// Writes down what came of it.
    async fn settle(&mut self, app: &App, guest: &Guest, ending: &Ending) -> Result<(), Problem> {
        let state = match &self.subject {
            Subject::Consent(consent) => self.connection_state(app, ending, consent).await,
            _ => ConnectionState::Over,
        };
        app.records.change(guest, |record| record.settle(self, ending, &state)).await?;
        self.ending = Some(ending.clone());
        app.signings.drop(&self.id).await;
        Ok(())
    }

    /// What a permission is worth after its signature, in the bank's own words where it can be asked.
    async fn connection_state(&self, app: &App, ending: &Ending, consent: &str) -> ConnectionState {
        match ending.standing() {
            Some(Standing::Valid) => match self.person.session(app, &self.bank, &self.presence) {
                Ok(session) => ConnectionState::asked(&session, consent).await,
                Err(_) => ConnectionState::Signed,
            },
            Some(_) => ConnectionState::Signed,
            None => ConnectionState::Over,
        }
    }
}

impl Signings {
    /// Takes a signature in hand, and lets go of those that nobody came back for.
    async fn hold(&self, app: &App, id: &str, signing: Signing) {
        let now = app.now();
        let mut all = self.0.lock().await;
        all.retain(|_, other| other.try_lock().is_ok_and(|other| other.flow().deadline() < now).not());
        all.insert(id.to_owned(), Arc::new(Mutex::new(signing)));
    }

    async fn drop(&self, id: &str) {
        self.0.lock().await.remove(id);
    }

    /// A guest's errand. Another's is not found, as if it were not there.
    pub(crate) async fn errand(&self, app: &App, guest: &Guest, id: &str) -> Result<Errand, Problem> {
        app.records.of(guest).await?.errand(id).cloned().ok_or_else(Problem::not_found)
    }

    /// The signature of an errand, from memory or from the store. `None` if it is over for so long that it is gone.
    async fn take_up(&self, app: &App, errand: &Errand) -> Result<Option<Arc<Mutex<Signing>>>, Error> {
        if let Some(signing) = self.0.lock().await.get(&errand.id) {
            return Ok(Some(Arc::clone(signing)));
        }
        match app.platform.client.resume(&Ticket::new(&errand.ticket)).await {
            Ok(kept) => self.hold(app, &errand.id, errand.resume(kept)?).await,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(self.0.lock().await.get(&errand.id).cloned())
    }

    /// Looks at a signature: asks the bank once, and says what is to be seen.
    pub(crate) async fn look(&self, app: &App, guest: &Guest, id: &str) -> Result<Sight, Problem> {
        let mut errand = self.errand(app, guest, id).await?;
        let gone = |errand, ending| Sight { errand, step: Step::Done(ending), trouble: None, left: 0 };
        if let Some(ending) = errand.ending.clone() {
            return Ok(gone(errand, ending));
        }
        let Some(signing) = self.take_up(app, &errand).await? else {
            errand.settle(app, guest, &Ending::Expired).await?;
            return Ok(gone(errand, Ending::Expired));
        };
        let mut signing = signing.lock().await;
        let looked = signing.look().await;
        let trouble = looked.as_ref().err().map(Trouble::of);
        let step = looked.unwrap_or_else(|_| signing.flow().step());
        errand.hear(signing.flow());
        if let Step::Done(ending) = &step {
            errand.settle(app, guest, ending).await?;
        }
        let left = (signing.flow().deadline() - app.now()).num_seconds().max(0);
        Ok(Sight { errand, step, trouble, left })
    }

    /// Hands over which of the bank's methods the guest has chosen. What was not offered changes nothing.
    pub(crate) async fn choose(&self, app: &App, guest: &Guest, id: &str, method: &str) -> Result<Errand, Problem> {
        let errand = self.errand(app, guest, id).await?;
        if let Some(signing) = self.take_up(app, &errand).await? {
            match signing.lock().await.choose(method).await {
                Err(error) if error.invalid().is_none() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(errand)
    }

    /// Calls it off.
    pub(crate) async fn cancel(&self, app: &App, guest: &Guest, id: &str) -> Result<Errand, Problem> {
        let mut errand = self.errand(app, guest, id).await?;
        if errand.ending.is_none()
            && let Some(signing) = self.take_up(app, &errand).await?
        {
            let mut signing = signing.lock().await;
            signing.cancel().await?;
            errand.hear(signing.flow());
            if let Some(ending) = signing.flow().ending() {
                errand.settle(app, guest, ending).await?;
            }
        }
        Ok(errand)
    }

    /// Takes somebody back from a bank's page, and gives their errand. Whoever was not awaited, was here before or is
    /// not the one who was sent there gets the same answer.
    ///
    /// It is held against the guest's own errands alone: in another browser it uses nothing up, and the right one can
    /// still come.
    pub(crate) async fn come_back(&self, app: &App, guest: &Guest, callback: &Callback) -> Result<Errand, Problem> {
        for errand in app.records.of(guest).await?.errands.into_iter().rev() {
            match self.take_back(app, &errand, callback).await {
                Ok(()) => return Ok(errand),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::not_awaited())
    }

    /// Takes somebody back for this errand; not found, if they were sent for another or it is gone.
    async fn take_back(&self, app: &App, errand: &Errand, callback: &Callback) -> Result<(), Error> {
        let mut signing = errand.resume(app.platform.client.resume(&Ticket::new(&errand.ticket)).await?)?;
        signing.callback(callback).await?;
        self.hold(app, &errand.id, signing).await;
        Ok(())
    }
}
