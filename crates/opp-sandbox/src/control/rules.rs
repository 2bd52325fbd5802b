//! Standing orders for caprices: which calls they strike, and how often.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::caprice::Caprice;

/// How many rules there can be; the oldest goes.
const MOST_RULES: usize = 1_000;
/// How many caprices one call can ask for, or one rule can hold.
pub(super) const MOST_CAPRICES: usize = 32;
/// How long a name in a rule can be.
const LONGEST_NAME: usize = 256;
/// How many challenges are held back at a time; the oldest comes out.
const MOST_HELD: usize = 1_000;

/// Caprices for calls of an application, of a bank or of one operation; whatever is left out matches all.
///
/// ```
/// # use opp_sandbox::{Caprice, Rule};
/// let twice_busy = Rule {
///     caprices: vec![Caprice::RateLimit { retry_after: Some(1) }],
///     bank: Some("ESSESESS".to_owned()),
///     times: Some(2),
///     ..Rule::default()
/// };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What happens.
    pub caprices: Vec<Caprice>,
    /// Only calls of this application, by its client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Only calls that name this bank, by its BIC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Only this operation, by its `operationId` in the API document; `token` is the token endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only so many times; then the rule has no effect any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only each n-th of the calls that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
}

impl Rule {
    /// What makes a rule that never strikes, or one that nobody needs so large.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.caprices.is_empty() {
            return Err("a rule needs at least one caprice");
        }
        let names = [&self.application, &self.bank, &self.operation].into_iter().flatten();
        if self.caprices.len() > MOST_CAPRICES || names.into_iter().any(|name| name.len() > LONGEST_NAME) {
            return Err("a rule holds 32 caprices and names of 256 bytes at most");
        }
        if self.times == Some(0) || self.every == Some(0) {
            return Err("times and every begin at 1");
        }
        Ok(())
    }
}

/// Who calls what, as far as a rule asks.
#[derive(Debug, Default)]
pub(crate) struct Caller<'a> {
    pub(crate) application: Option<&'a str>,
    pub(crate) bank: Option<&'a str>,
    pub(crate) operation: Option<&'a str>,
}

/// A rule at work.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Standing {
    id: u64,
    #[serde(flatten)]
    rule: Rule,
    matched: u32,
    struck: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Rules {
    standing: VecDeque<Standing>,
    last_id: u64,
    /// Calls on whose answers a challenge was held back, by path, and how often.
    held: VecDeque<(String, u32)>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) -> u64 {
        self.last_id += 1;
        self.standing.push_back(Standing { id: self.last_id, rule, matched: 0, struck: 0 });
        if self.standing.len() > MOST_RULES {
            self.standing.pop_front();
            tracing::warn!("there are too many rules for caprices, the oldest is gone");
        }
        self.last_id
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.standing.len();
        self.standing.retain(|standing| standing.id != id);
        self.standing.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.standing.clear();
        self.held.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Standing> {
        self.standing.iter()
    }

    /// Counts a call and gives the caprices that strike it.
    pub(crate) fn strike(&mut self, caller: &Caller<'_>) -> Vec<Caprice> {
        let fits = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        let mut caprices = Vec::new();
        for standing in &mut self.standing {
            let rule = &standing.rule;
            if !(fits(&rule.application, caller.application)
                && fits(&rule.bank, caller.bank)
                && fits(&rule.operation, caller.operation))
            {
                continue;
            }
            standing.matched = standing.matched.saturating_add(1);
            let turn = rule.every.is_none_or(|every| standing.matched.is_multiple_of(every.max(1)));
            if turn && rule.times.is_none_or(|times| standing.struck < times) {
                standing.struck = standing.struck.saturating_add(1);
                caprices.extend(rule.caprices.iter().cloned());
            }
        }
        caprices
    }

    /// Whether the challenge of the authorisation at this path is to be held back once more.
    pub(crate) fn hold_challenge(&mut self, path: &str, times: u32) -> bool {
        if let Some((_, held)) = self.held.iter_mut().find(|(known, _)| known == path) {
            *held = held.saturating_add(1);
            return *held <= times;
        }
        if self.held.len() >= MOST_HELD {
            self.held.pop_front();
        }
        self.held.push_back((path.to_owned(), 1));
        times > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(rule: Rule, calls: usize) -> usize {
        let mut rules = Rules::default();
        rules.add(Rule { caprices: vec![Caprice::UnknownFields], ..rule });
        let caller = Caller { bank: Some("ESSESESS"), ..Caller::default() };
        (0..calls).filter(|_| !rules.strike(&caller).is_empty()).count()
    }

    #[test]
    fn a_rule_strikes_as_often_as_it_says() {
        assert_eq!(strikes(Rule::default(), 9), 9);
        assert_eq!(strikes(Rule { times: Some(2), ..Rule::default() }, 9), 2);
        assert_eq!(strikes(Rule { every: Some(3), ..Rule::default() }, 9), 3);
    }

    #[test]
    fn a_rule_for_another_bank_strikes_nobody_here() {
        assert_eq!(strikes(Rule { bank: Some("HANDSESS".to_owned()), ..Rule::default() }, 9), 0);
        assert_eq!(strikes(Rule { bank: Some("essesess".to_owned()), ..Rule::default() }, 9), 9);
    }

    #[test]
    fn a_challenge_is_held_back_so_many_times_per_authorisation() {
        let mut rules = Rules::default();
        let held: Vec<_> = (0..3).map(|_| rules.hold_challenge("/one", 2)).collect();
        assert_eq!(held, [true, true, false]);
        assert!(rules.hold_challenge("/other", 2));
    }
}
