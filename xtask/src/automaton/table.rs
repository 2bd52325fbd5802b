//! From an expression to all states that it can be in, with where each character leads.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail};
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{self, Class, Hir, HirKind, Look};

use super::TOO_LARGE;

/// As many states as a text of that length needs; longer ones are the business of `maxLength`.
const MOST_STATES: usize = 1000;

/// What finding them may take. Some patterns go on without an end and reach any limit.
const MOST_BYTES: usize = 1 << 24;

/// All characters there are, in ranges that a pattern does not look into: one of a range stands for all.
type Letters = Vec<RangeInclusive<char>>;

/// Every state, beginning with the first.
pub(super) struct Table {
    /// The columns of the table.
    pub(super) letters: Letters,
    /// The states of the table.
    pub(super) rows: Vec<Row>,
}

/// A state.
#[derive(Clone)]
pub(super) struct Row {
    /// Whether a text may end here.
    pub(super) end: bool,
    /// Where each letter leads, if anywhere.
    pub(super) goals: Vec<Option<usize>>,
}

impl Table {
    /// The smallest table for an expression.
    pub(super) fn of(expression: &Hir) -> Result<Self> {
        let letters = letters(expression);
        let whole = Hir::concat(vec![Hir::look(Look::Start), expression.clone(), Hir::look(Look::End)]);
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().nfa_size_limit(Some(MOST_BYTES)))
            .build_from_hir(&whole)
            .context(TOO_LARGE)?;
        let rows = minimal(&rows(nfa, &letters)?);
        Ok(Self { letters, rows })
    }
}

fn letters(expression: &Hir) -> Letters {
    let starts = hir::visit(expression, Edges(BTreeSet::from(['\0']))).unwrap_or_else(|never| match never {});
    let ends = starts.iter().skip(1).filter_map(|next| ('\0'..*next).next_back());
    starts.iter().copied().zip(ends.chain([char::MAX])).map(|(first, last)| first..=last).collect()
}

/// Where ranges of characters begin.
struct Edges(BTreeSet<char>);

impl Edges {
    fn add(&mut self, first: char, last: char) {
        self.0.insert(first);
        self.0.extend((last..=char::MAX).nth(1));
    }
}

impl hir::Visitor for Edges {
    type Output = BTreeSet<char>;
    type Err = Infallible;

    fn finish(self) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, hir: &Hir) -> Result<(), Infallible> {
        match hir.kind() {
            HirKind::Literal(text) => {
                String::from_utf8_lossy(&text.0).chars().for_each(|letter| self.add(letter, letter));
            }
            HirKind::Class(Class::Unicode(class)) => {
                class.iter().for_each(|range| self.add(range.start(), range.end()));
            }
            HirKind::Class(Class::Bytes(class)) => {
                class.iter().for_each(|range| self.add(range.start().into(), range.end().into()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The states in the order in which they are met. The engine goes by the bytes of a character; what lies between two
/// characters is no state of ours.
fn rows(nfa: thompson::NFA, letters: &[RangeInclusive<char>]) -> Result<Vec<Row>> {
    // The states stay valid, since what would throw them away is an error.
    let limits = DFA::config().cache_capacity(MOST_BYTES).minimum_cache_clear_count(Some(0));
    let dfa = DFA::builder().configure(limits.match_kind(MatchKind::All)).build_from_nfa(nfa).context(TOO_LARGE)?;
    let mut cache = dfa.create_cache();
    let start = dfa.start_state(&mut cache, &start::Config::new().anchored(Anchored::Yes))?;
    let bytes: Vec<_> = letters.iter().map(|range| range.start().to_string()).collect();
    let (mut known, mut rows): (Vec<LazyStateID>, _) = (vec![start], Vec::new());
    let mut numbers = BTreeMap::from([(start, 0)]);
    while let Some(&state) = known.get(rows.len()) {
        let mut goals = Vec::new();
        for bytes in &bytes {
            let goal = bytes.bytes().try_fold(state, |state, byte| dfa.next_state(&mut cache, state, byte));
            let goal = goal.context(TOO_LARGE)?;
            goals.push((!goal.is_dead()).then(|| {
                *numbers.entry(goal).or_insert_with(|| {
                    known.push(goal);
                    known.len() - 1
                })
            }));
        }
        let end = dfa.next_eoi_state(&mut cache, state).context(TOO_LARGE)?.is_match();
        rows.push(Row { end, goals });
        if rows.len() > MOST_STATES {
            bail!(TOO_LARGE);
        }
    }
    Ok(rows)
}

/// The same with one state for all that take the same: states are told apart by whether they are an end, then by
/// whether they lead to states that are told apart, until nothing new comes of it.
fn minimal(rows: &[Row]) -> Vec<Row> {
    let mut kinds: Vec<usize> = rows.iter().map(|row| usize::from(row.end)).collect();
    let mut found = 0;
    loop {
        let led = |row: &Row| row.goals.iter().map(|goal| goal.map(|goal| kinds[goal])).collect::<Vec<_>>();
        let mut seen = BTreeMap::new();
        let mut minimal = Vec::new();
        let mut next = Vec::new();
        for (kind, row) in kinds.iter().zip(rows) {
            let goals = led(row);
            next.push(*seen.entry((*kind, goals.clone())).or_insert_with(|| {
                minimal.push(Row { end: row.end, goals });
                minimal.len() - 1
            }));
        }
        if found == minimal.len() {
            return minimal;
        }
        (found, kinds) = (minimal.len(), next);
    }
}
