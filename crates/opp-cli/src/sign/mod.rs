//! Signing in a terminal: shows what the flow says, waits for the bank, and for the user to come back from its page.

mod listener;
mod screen;

use std::time::Duration;

use opp_ergonomic::Session;
use opp_ergonomic::sca::{Callback, Device, Ending, Flow, Signing, Step, Subject};

use crate::app::App;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::remarks;
use listener::{Listener, Return};
use screen::Screen;

/// How a user wants to sign.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Wishes {
    /// The signing app is on this machine: show a link that opens it instead of a QR code
    #[arg(long)]
    pub(crate) same_device: bool,
    /// Sign with this method, by the bank's id for it
    #[arg(long, value_name = "ID")]
    pub(crate) method: Option<String>,
}

/// Takes signatures. It listens where banks send users back to, if that is on this machine.
pub(crate) struct Signer {
    listener: Option<Listener>,
    redirect_uri: String,
    wishes: Wishes,
    /// Called with each address that a user is sent to: plays a browser where nobody is there.
    browser: Option<fn(String)>,
    poll_every: Option<Duration>,
}

impl Signer {
    /// Gets ready for users who come back to the address of the profile, or to any free port of this machine.
    pub(crate) async fn new(connection: &Connection, wishes: &Wishes) -> Result<Self, Failure> {
        let uri = connection.profile.redirect_uri.as_deref().unwrap_or("http://127.0.0.1:0/callback");
        Self::at(wishes, uri).await
    }

    /// The same at another address: where a flow that is gone on with was begun.
    pub(crate) async fn at(wishes: &Wishes, uri: &str) -> Result<Self, Failure> {
        let listener = Listener::open(uri).await?;
        let redirect_uri = listener.as_ref().map_or_else(|| uri.to_owned(), |listener| listener.uri().to_owned());
        Ok(Self { listener, redirect_uri, wishes: wishes.clone(), browser: None, poll_every: None })
    }

    /// Lets somebody else go where users are sent, and polls faster than people need.
    pub(crate) fn unattended(mut self, browser: fn(String), poll_every: Duration) -> Self {
        (self.browser, self.poll_every) = (Some(browser), Some(poll_every));
        self
    }

    /// Where the bank sends the user back to.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The signature of something that was just created.
    pub(crate) fn flow(&self, subject: Subject, session: &Session) -> Flow {
        let device = if self.wishes.same_device { Device::Phone } else { Device::Desktop };
        let flow = session.flow(subject, device).redirect(&self.redirect_uri);
        let flow = self.wishes.method.iter().fold(flow, |flow, method| flow.prefer(&[method]));
        self.poll_every.into_iter().fold(flow, Flow::poll_every)
    }

    /// Goes through a signature to its end, and tells what the bank has remarked on the way. One that is kept can be
    /// gone on with after Ctrl-C or an error.
    pub(crate) async fn sign(&mut self, app: &mut App, mut signing: Signing) -> Result<Ending, Failure> {
        let mut screen = Screen::new(app.out.is_attended(), signing.flow().deadline());
        let ended = self.go_through(app, &mut signing, &mut screen).await;
        screen.clear();
        let told = remarks::tell_of(app, signing.flow().warnings(), ended.as_ref().ok());
        ended.and_then(|ending| told.map(|()| ending))
    }

    async fn go_through(
        &mut self,
        app: &mut App,
        signing: &mut Signing,
        screen: &mut Screen,
    ) -> Result<Ending, Failure> {
        loop {
            match Box::pin(self.event(app, signing, screen)).await {
                Event::Step(Ok(Some(Step::ChooseMethod { methods }))) => {
                    screen.clear();
                    let mut list = String::from("The bank offers several ways to sign:\n");
                    for method in &methods {
                        list.push_str(&format!("  {}  {}\n", method.id, method.name.as_deref().unwrap_or_default()));
                    }
                    app.out.say(list.trim_end())?;
                    let choice = app.out.ask("Which one?").await?;
                    signing.choose(choice.trim()).await?;
                }
                Event::Step(Ok(Some(Step::Done(ending)))) => return Ok(ending),
                Event::Step(Ok(Some(step))) => {
                    if let (Step::Redirect { url, .. }, Some(browser)) = (&step, self.browser) {
                        browser(url.expose().to_owned());
                    }
                    screen.show(step, app)?;
                    if self.waits_for_paste(screen) {
                        app.out.say("When the bank has led you back, paste the whole address here.")?;
                    }
                }
                Event::Step(Ok(None)) => return Err(Failure::error("the signature ended without saying how")),
                Event::Step(Err(error)) => return Err(error.into()),
                Event::Back(back) => {
                    let taken = signing.callback(&back.callback).await;
                    back.answer(taken.is_ok());
                }
                Event::Pasted(line) => {
                    if signing.callback(&Callback::parse(line?.trim())).await.is_err() {
                        app.out.say("That is not the address that this signature waits for.")?;
                    }
                }
                Event::Interrupted => return Err(Failure::interrupted("interrupted; the signature waits")),
            }
        }
    }

    fn waits_for_paste(&self, screen: &Screen) -> bool {
        self.listener.is_none() && screen.is_away()
    }

    /// Whatever comes first. The machine's own work is not dropped for a mere second that has passed.
    async fn event(&mut self, app: &mut App, signing: &mut Signing, screen: &mut Screen) -> Event {
        let may_paste = self.waits_for_paste(screen) && app.out.is_attended();
        let step = signing.next();
        tokio::pin!(step);
        let line = app.out.line();
        tokio::pin!(line);
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                step = &mut step => return Event::Step(step),
                back = next(self.listener.as_mut()) => return Event::Back(back),
                pasted = &mut line, if may_paste => return Event::Pasted(pasted),
                _ = tokio::signal::ctrl_c() => return Event::Interrupted,
                _ = second.tick() => screen.redraw(),
            }
        }
    }
}

enum Event {
    Step(Result<Option<Step>, opp_ergonomic::Error>),
    Back(Return),
    Pasted(Result<String, Failure>),
    Interrupted,
}

/// The next user who comes back; never, where nobody can.
async fn next(listener: Option<&mut Listener>) -> Return {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}
