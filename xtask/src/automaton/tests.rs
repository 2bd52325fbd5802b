//! Automata agree with an engine that is ECMAScript's own.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::*;
use crate::document::walk::{each_root_schema_mut, each_schema_mut, text};

/// The loop of the raw crate itself.
#[path = "../../../crates/opp-raw/src/value/automaton.rs"]
mod raw;

/// Every pattern of the document, and what others may hold.
fn patterns() -> BTreeSet<String> {
    let bundle = std::fs::read_to_string(crate::root().join("openapi/bundle.json")).unwrap();
    let mut bundle: Value = serde_json::from_str(&bundle).unwrap();
    let mut patterns = BTreeSet::new();
    each_root_schema_mut(&mut bundle, &mut |schema| {
        each_schema_mut(schema, &mut |schema| patterns.extend(text(schema, "pattern").map(str::to_owned)));
    });
    assert!(patterns.len() > 8, "{patterns:?}");
    let others = [
        "",
        "a|",
        "(a|ab)(c|bcd)?",
        "(?:xy)*y+?",
        "^a|b$",
        "a^b",
        "z?aa",
        "[a-c]{2}(-[a-c]{2}){0,3}",
        "(?<two>aa)+",
        "[^-\\]]?",
        r"\d{1,3}\D",
        r"\w+\W?\w+",
        r"[\d.]+",
        r"[^\d\w]{2}",
        ".",
        "a.{0,3}",
        r"[\x41-\u0043]\t?",
        r"\.\/[\-]",
        "[+-]?[a-]",
        "[åäöÅÄÖ]{1,3}",
        "[à-ÿ€]+x",
        "[^a-c]",
        "[^å]{2}",
        "ÅÄ|Åß|€",
        "[\u{d7ff}-\u{e001}]",
        "[😀-😂]+",
        "(a|b)*a(a|b){3}",
    ];
    patterns.extend(others.map(str::to_owned));
    patterns
}

/// Texts that match a pattern, such texts with a change, and any.
fn texts(pattern: &str) -> impl Strategy<Value = String> + use<> {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let fits = proptest::string::string_regex(inner).map_or_else(|_| any::<String>().boxed(), Strategy::boxed);
    let letter = prop_oneof![any::<char>(), "[ -~]".prop_map(|text| text.chars().next().unwrap_or(' '))];
    let changed =
        (fits.clone(), any::<prop::sample::Index>(), letter, 0..4).prop_map(|(text, place, letter, change)| {
            let mut letters: Vec<char> = text.chars().collect();
            let place = place.index(letters.len() + 1);
            match (change, place < letters.len()) {
                (0, true) => letters[place] = letter,
                (1, true) => drop(letters.remove(place)),
                (2, _) => letters.truncate(place),
                _ => letters.insert(place, letter),
            }
            letters.into_iter().collect()
        });
    let any = prop_oneof![any::<String>(), "[a-cåé0-2_.\n\r\u{2028}-]{0,4}"];
    prop_oneof![3 => fits, 3 => changed, 2 => any]
}

#[test]
fn an_automaton_takes_what_ecmascript_matches_and_nothing_else() {
    for pattern in patterns() {
        let automaton = Automaton::of(&pattern).unwrap_or_else(|error| panic!("{pattern}: {error:#}"));
        let emitted = automaton.emit("");
        let automaton = raw::Automaton { steps: automaton.steps.leak(), ends: automaton.ends.leak() };
        let engine = format!("^(?:{pattern})$");
        let engine = regress::Regex::with_flags(&engine, "u").unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
        let run = runner.run(&texts(&pattern), |text| {
            prop_assert_eq!(automaton.takes(&text), engine.find(&text).is_some(), "{:?}", text);
            Ok(())
        });
        run.unwrap_or_else(|error| panic!("{pattern}: {error}\n{emitted}"));
    }
}

#[test]
fn states_in_a_row_are_one_step() {
    let giro = Automaton::of("[0-9-]{5,35}").unwrap();
    assert_eq!(
        giro.emit(""),
        "Automaton {\n    steps: &[(0..=34, '-'..='-', 1..=35), (0..=34, '0'..='9', 1..=35)],\n    ends: &[5..=35],\n}"
    );
    assert_eq!(Automaton::of("x[A-Z]+").unwrap().steps, [(0..=0, 'x'..='x', 1..=1), (1..=2, 'A'..='Z', 2..=2)]);
}

#[test]
fn patterns_that_take_the_same_are_the_same_automaton() {
    for (one, other) in [("^[A-Z]{2,2}$", "([A-Z]{2})"), ("ab|cb", "[ac]b"), (r"\d?\d", "[0-9]{1,2}")] {
        assert_eq!(Automaton::of(one).unwrap(), Automaton::of(other).unwrap());
    }
}

#[test]
fn what_ecmascript_reads_differently_is_refused() {
    let different = [
        r"\s",
        r"\S",
        r"[\s]",
        r"\b",
        r"\B",
        r"\Aa",
        r"a\z",
        r"\a",
        r"\pL",
        r"\p{Lu}",
        r"[\p{Lu}]",
        r"\x{41}",
        r"\U00000041",
        "(?i)a",
        "(?i:a)",
        "(?P<a>b)",
        "[[:alpha:]]",
        "[[a]]",
        "[a&&b]",
        "[a--b]",
        "[]a]",
        "[--a]",
        "[]-a]",
        r"\<a",
        "(?=a)",
        r"(a)\1",
        "(?<!a)b",
        "a{,3}",
        "a{1, 3}",
        "a{ 2 }",
        r"[\d-a-z]",
    ];
    for pattern in different {
        let refusal = Automaton::of(pattern).map(|automaton| automaton.emit("")).unwrap_err();
        assert!(refusal.to_string().contains("correction"), "{pattern}: {refusal:#}");
    }
}

#[test]
fn a_pattern_that_would_be_too_large_is_refused_with_a_remedy() {
    for pattern in [".{1,9000}", "(a|b)*a(a|b){30}", r"[\u0100-\uffff]{3}(\w{1,60}-){40}", "(([ab]c){1,200}d){1,200}"] {
        let refusal = Automaton::of(pattern).map(|automaton| automaton.steps.len()).unwrap_err();
        assert!(refusal.to_string().contains("maxLength"), "{pattern}: {refusal:#}");
    }
}
