//! What the demonstration shows of the calls, and the invented person at the bank's page.

use std::sync::{Mutex, PoisonError};

use opp_ergonomic::raw::reqwest::{Client, Request, header, redirect};
use opp_ergonomic::raw::{Hook, HookFuture, Next, Operation};

use crate::app::App;
use crate::exit::Failure;

/// The calls since they were last told, each with the number of times that it was made in a row.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Vec<(String, usize)>>);

impl Hook for Trace {
    fn around<'a>(&'a self, _: &'static Operation, request: Request, next: Next<'a>) -> HookFuture<'a> {
        Box::pin(async move {
            let url = request.url();
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let call = format!("{} {}{query}", request.method(), url.path());
            let answer = next.send(request).await;
            let status = answer.as_ref().map_or_else(|_| "no answer".to_owned(), |answer| answer.status().to_string());
            let line = format!("  {call}  {status}");
            let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match calls.last_mut() {
                Some((last, times)) if *last == line => *times += 1,
                _ => calls.push((line, 1)),
            }
            answer
        })
    }
}

impl Trace {
    /// Tells the calls that were made meanwhile.
    pub(super) fn tell(&self, app: &mut App) -> Result<(), Failure> {
        let calls = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        calls.into_iter().try_for_each(|(call, times)| match times {
            1 => app.out.say(&call),
            times => app.out.say(&format!("{call}, {times} times")),
        })
    }
}

/// Approves at the bank's page as a person with a browser does, and lets it lead back.
pub(super) fn visit(address: String) {
    tokio::spawn(async move {
        let Ok(http) = Client::builder().redirect(redirect::Policy::none()).build() else { return };
        let form = http.post(&address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let Ok(answer) = form.body("decision=approve").send().await else { return };
        let back = answer.headers().get(header::LOCATION).and_then(|back| back.to_str().ok());
        if let Some(back) = back {
            http.get(back).send().await.ok();
        }
    });
}
