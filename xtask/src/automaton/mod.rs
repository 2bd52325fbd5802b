//! Patterns of the document as automata, so that the raw crate needs no engine for them.

mod ecmascript;
mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::ops::RangeInclusive;

use anyhow::{Result, bail};

use table::{Row, Table};

/// A character is held against one step after the other, so that more of them would be felt; and nobody reads as many
/// in generated code. The largest so far has fifteen.
const MOST_STEPS: usize = 256;

const TOO_LARGE: &str = "it takes more steps than a check should; give lengths as `minLength` and `maxLength`, and lists of \
                         values as `enum`, in a correction, or remove the pattern there";

/// From some states, with some characters, to some states: the first leads to the first and so on, and when there are
/// no more of them, to the last.
pub type Step = (RangeInclusive<usize>, RangeInclusive<char>, RangeInclusive<usize>);

/// What takes the texts that match a pattern as a whole. It begins in the state 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Automaton {
    /// What leads from state to state; no state and character are in two of them.
    pub steps: Vec<Step>,
    /// The states in which a text may end.
    pub ends: Vec<RangeInclusive<usize>>,
}

impl Automaton {
    /// The smallest automaton for a pattern, or why there is none.
    pub fn of(pattern: &str) -> Result<Self> {
        let table = Table::of(&ecmascript::read(pattern)?)?;
        let mut automaton = Self::default();
        let order = order(&table);
        for (number, row) in order.iter().map(|state| &table.rows[*state]).enumerate() {
            for (letters, goal) in steps(&table, row) {
                let target = order.iter().position(|state| *state == goal).unwrap_or_default();
                automaton.step(number, letters, target);
            }
            if row.end {
                automaton.end(number);
            }
        }
        if automaton.steps.len() > MOST_STEPS {
            bail!(TOO_LARGE);
        }
        Ok(automaton)
    }

    /// The automaton as a constant of the raw crate.
    pub fn emit(&self, indent: &str) -> String {
        let mut out = String::from("Automaton {\n");
        let mut line = format!("{indent}    steps: &[");
        for (index, step) in self.steps.iter().enumerate() {
            let step = format!("{step:?}");
            if line.len() + step.len() > 116 {
                let _ = writeln!(out, "{}", line.trim_end());
                line = format!("{indent}        ");
            }
            line.push_str(&step);
            line.push_str(if index + 1 < self.steps.len() { ", " } else { "" });
        }
        let _ = write!(out, "{line}],\n{indent}    ends: &{:?},\n{indent}}}", self.ends);
        out
    }

    /// A character leads from one state to another.
    fn step(&mut self, state: usize, letters: RangeInclusive<char>, target: usize) {
        // A neighbour with the same characters and the next target, or the same, makes one step with it.
        let goes_on = |(from, on, to): &&mut Step| {
            let side_by_side = to.end() - to.start() == from.end() - from.start();
            from.end() + 1 == state && *on == letters && (target == *to.end() || side_by_side && target == to.end() + 1)
        };
        if let Some((from, _, to)) = self.steps.iter_mut().find(goes_on) {
            *from = *from.start()..=state;
            *to = *to.start()..=target;
        } else {
            self.steps.push((state..=state, letters, target..=target));
        }
    }

    /// A text may end in a state.
    fn end(&mut self, state: usize) {
        match self.ends.last_mut() {
            Some(last) if last.end() + 1 == state => *last = *last.start()..=state,
            _ => self.ends.push(state..=state),
        }
    }
}

/// The states depth first, so that those in a row get numbers in a row: letters and digits before most signs, since
/// they are what comes in rows.
fn order(table: &Table) -> Vec<usize> {
    let (mut order, mut open) = (Vec::new(), vec![0]);
    while let Some(state) = open.pop() {
        if !order.contains(&state) {
            order.push(state);
            open.extend(table.rows[state].goals.iter().flatten());
        }
    }
    order
}

/// Where a state leads: neighbouring characters with the same goal are one range.
fn steps(table: &Table, row: &Row) -> Vec<(RangeInclusive<char>, usize)> {
    let mut steps: Vec<(RangeInclusive<char>, usize)> = Vec::new();
    let mut before = None;
    for (letters, goal) in table.letters.iter().zip(&row.goals) {
        match (goal, steps.last_mut()) {
            (Some(_), Some((on, _))) if before == *goal => *on = *on.start()..=*letters.end(),
            (Some(goal), _) => steps.push((letters.clone(), *goal)),
            (None, _) => {}
        }
        before = *goal;
    }
    steps
}
