//! Named scenarios: bundles of rules, as data (`data/scenarios.toml`).

use serde::{Deserialize, Serialize};

use super::rules::Rule;
use crate::StartError;
use crate::model::directory;

/// One scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct File {
    scenario: Vec<Scenario>,
}

/// Reads the scenarios that were compiled in.
pub(crate) fn load() -> Result<Vec<Scenario>, StartError> {
    Ok(directory::read::<File>("scenarios.toml", include_str!("../../data/scenarios.toml"))?.scenario)
}

impl Scenario {
    /// Its rules, for one application or bank if either is named.
    pub(crate) fn rules_for(&self, application: Option<&str>, bank: Option<&str>) -> Vec<Rule> {
        let narrowed = |mut rule: Rule| {
            rule.application = rule.application.or(application.map(str::to_owned));
            rule.bank = rule.bank.or(bank.map(str::to_owned));
            rule
        };
        self.rules.iter().cloned().map(narrowed).collect()
    }
}
