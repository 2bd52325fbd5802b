//! Control from outside: the handle of the library and the JSON API below `/_sandbox`; caprices and scenarios.

mod alter;
mod api;
mod caprice;
mod guide;
mod handle;
mod journal;
mod rules;
mod scenarios;

pub(crate) use alter::{after, before};
pub(crate) use api::answer;
pub use caprice::{Caprice, UnknownCaprice};
pub use handle::{Control, UnknownScenario};
pub(crate) use journal::Journal;
pub use journal::Seen;
pub use rules::Rule;
pub(crate) use rules::{Caller, Rules};

use crate::server::problem::Problem;
use crate::server::wire::Request;

/// The caprices that a call asks for by itself.
pub(crate) fn caprices_of(request: &Request) -> Result<Vec<Caprice>, Problem> {
    const NAME: &str = "X-Sandbox-Caprice";
    let mut caprices = Vec::new();
    for value in request.headers.get_all(NAME) {
        let text = value.to_str().map_err(|_| Problem::format(NAME, "header X-Sandbox-Caprice is no text"))?;
        let list = caprice::read_list(text);
        caprices.extend(list.map_err(|error| Problem::format(NAME, format!("header {NAME}: {error}")))?);
        if caprices.len() > rules::MOST_CAPRICES {
            let text = format!("header {NAME} names more than {} caprices", rules::MOST_CAPRICES);
            return Err(Problem::format(NAME, text));
        }
    }
    Ok(caprices)
}
