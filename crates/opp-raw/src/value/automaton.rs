//! Patterns of the document, made into automata when the types were generated: no engine for them is needed here.

use std::ops::RangeInclusive;

/// From some states, with some characters, to some states: the first leads to the first and so on, and when there are
/// no more of them, to the last.
pub(crate) type Step = (RangeInclusive<usize>, RangeInclusive<char>, RangeInclusive<usize>);

/// What takes the texts that match a pattern as a whole. It begins in the state 0.
#[derive(Debug)]
#[allow(dead_code, reason = "not every document has patterns")]
pub(crate) struct Automaton {
    /// What leads from state to state; no state and character are in two of them.
    pub(crate) steps: &'static [Step],
    /// The states in which a text may end.
    pub(crate) ends: &'static [RangeInclusive<usize>],
}

impl Automaton {
    /// Whether a text is taken, in one pass over its characters.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let mut state = 0;
        for letter in text.chars() {
            let step = self.steps.iter().find(|(from, on, _)| from.contains(&state) && on.contains(&letter));
            let Some((from, _, to)) = step else { return false };
            state = (to.start() + state - from.start()).min(*to.end());
        }
        self.ends.iter().any(|ends| ends.contains(&state))
    }
}
