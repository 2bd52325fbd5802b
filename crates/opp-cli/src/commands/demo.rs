//! `opp demo`: the whole way of an application, from the list of banks to transactions, at a simulated platform.

mod trace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use opp_ergonomic::sca::Subject;
use opp_ergonomic::{Access, ConsentRequest, DirectoryFilter, Session, TransactionQuery, ValidConsent};
use opp_sandbox::{Config, Sandbox};

use super::{accounts, balances, banks, transactions};
use crate::app::App;
use crate::connect::{Connection, Whom};
use crate::exit::{Failure, judge};
use crate::profile::Profile;
use crate::secrets::Kept;
use crate::sign::{Signer, Wishes};
use trace::Trace;

/// Walk through everything at a simulated platform: banks, consent, signature, accounts
///
/// It starts a platform of its own and asks for nothing: an invented person signs, first with an app, then on the page
/// of a bank. Each call is shown as it is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Fast enough for whoever watches, slow enough to see a code.
const PERSON: Duration = Duration::from_millis(800);
const POLL: Duration = Duration::from_millis(200);

/// Transactions that are shown.
const ROWS: usize = 8;

pub(crate) async fn run(app: &mut App, _: Args) -> Result<(), Failure> {
    if app.global.dry_run {
        return Err(Failure::usage("--dry-run shows a single request, and this command makes many"));
    }
    let start = Instant::now();
    let config = Config { person_after: Some(PERSON), bank_after: Duration::from_millis(200), ..Config::default() };
    let sandbox = Sandbox::start(config).map_err(|error| Failure::error(error.to_string()))?;
    let trace = Arc::new(Trace::default());
    let connection = connect(app, &sandbox, &trace)?;
    app.out.head("1. Which banks are there?")?;
    let list = connection.client.banks().list(&DirectoryFilter::all().country("SE")).await?;
    trace.tell(app)?;
    banks::show(app, &list)?;

    app.out.head("\n2. At SEB, ask for a consent; the user signs it with an app.")?;
    let seb = sign(app, &connection, &trace, "ESSESESS", false).await?;
    app.out.head("\n3. The accounts that it opens, and what is on them.")?;
    let opened = seb.0.accounts(&seb.1);
    let list = opened.list().await?;
    trace.tell(app)?;
    accounts::show(app, &list)?;
    let mut rows = Vec::new();
    for account in list.iter() {
        rows.extend(balances::rows(account, &opened.balances(account.id().unwrap_or_default()).await?));
    }
    trace.tell(app)?;
    balances::show(app, &rows)?;
    if let Some(account) = list.first() {
        app.out.head("\n4. What happened on the first of them, page after page.")?;
        let since = TransactionQuery::since(Utc::now().date_naive() - TimeDelta::days(30));
        let found = opened.transactions(account.id().unwrap_or_default(), &since)?.collect().await?;
        trace.tell(app)?;
        let rows: Vec<_> = found.iter().take(ROWS).map(|one| transactions::row(account, one)).collect();
        transactions::show(app, &rows)?;
        app.out.say(&format!("{} transactions in 30 days; {} are shown.", found.len(), rows.len()))?;
    }

    app.out.head("\n5. At Nordea, the user signs on the bank's page and is sent back here.")?;
    let nordea = sign(app, &connection, &trace, "NDEASESS", true).await?;
    accounts::show(app, &nordea.0.accounts(&nordea.1).list().await?)?;
    trace.tell(app)?;

    app.out.head("\n6. Both consents are given back.")?;
    for (session, consent) in [seb, nordea] {
        session.consents().delete(consent.id()).await?;
    }
    trace.tell(app)?;
    app.out.say(&format!("\nThat took {:.1} s. Try it yourself: `opp sandbox`.", start.elapsed().as_secs_f64()))
}

fn connect(app: &App, sandbox: &Sandbox, trace: &Arc<Trace>) -> Result<Connection, Failure> {
    let application = sandbox.application();
    let profile = Profile {
        auth_url: Some(sandbox.auth_url().to_owned()),
        api_url: Some(sandbox.api_url().to_owned()),
        client_id: application.client_id.clone(),
        psu: Some("199311219639".to_owned()),
        ..Profile::default()
    };
    let kept = Kept { client_secret: application.client_secret.as_str().into(), certificate_password: None };
    app.open(profile, kept, Some(Arc::clone(trace) as _))
}

/// A consent from the question to the signature.
async fn sign(
    app: &mut App,
    connection: &Connection,
    trace: &Trace,
    bank: &str,
    page: bool,
) -> Result<(Session, ValidConsent), Failure> {
    let whom = Whom { bank: Some(bank.to_owned()), page, app: !page, ..Whom::default() };
    let session = connection.session(&connection.party(&whom)?, true)?;
    let request = ConsentRequest::new(Access::all(), Utc::now().date_naive() + TimeDelta::days(90));
    let id = session.consents().create(&request).await?.id().to_owned();
    trace.tell(app)?;
    let mut signer = Signer::new(connection, &Wishes::default()).await?.unattended(trace::visit, POLL);
    let flow = signer.flow(Subject::Consent(id.clone()), &session);
    let ending = signer.sign(app, session.sign(flow)?).await?;
    judge(&ending)?;
    let valid = session.consents().valid(&id).await?;
    trace.tell(app)?;
    Ok((session, valid))
}
