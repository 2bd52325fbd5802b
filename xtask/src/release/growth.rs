//! Types of `opp-raw` can grow in any version of it, and who has `opp-ergonomic` gets that version by `cargo update`. So
//! what is published above `opp-raw` may nowhere name all the fields of such a type.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The first tokens of all braces that name the field which every type of the document has, and leave no room for more.
fn closed(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else { continue };
        let inner: Vec<String> = group
            .stream()
            .into_iter()
            // What is within is looked at by itself.
            .map(|token| if matches!(token, TokenTree::Group(_)) { "()".to_owned() } else { token.to_string() })
            .collect();
        let names_it = (0..inner.len()).any(|at| {
            let before = at.checked_sub(1).map_or(",", |before| inner[before].as_str());
            let after = inner.get(at + 1).map_or(",", String::as_str);
            inner[at] == "extra" && before == "," && matches!(after, "," | ":")
        });
        let open = inner.windows(2).any(|two| two == [".", "."]);
        if group.delimiter() == Delimiter::Brace && names_it && !open {
            found.push(inner.join(" ").chars().take(80).collect());
        }
        found.extend(closed(group.stream()));
    }
    found
}

fn closed_in(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            closed_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let tokens = fs::read_to_string(&path).unwrap().parse().unwrap();
            found.extend(closed(tokens).into_iter().map(|place| format!("{}: {place}", path.display())));
        }
    }
}

#[test]
fn literals_and_patterns_that_leave_no_room_are_found() {
    for text in [
        "fn f() { Amount { currency, amount, extra } }",
        "fn f() { let Amount { extra: _, .. } = a; Self { extra: e } }",
    ] {
        assert_eq!(closed(text.parse().unwrap()).len(), 1, "{text}");
    }
    for text in
        ["fn f() { Amount { currency, extra, ..Amount::default() } }", "fn f() { a.extra = extra; let extra = 1; }"]
    {
        assert_eq!(closed(text.parse().unwrap()), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_published_above_the_raw_layer_lets_its_types_grow() {
    let mut found = Vec::new();
    for package in ["opp-ergonomic", "opp-httpmock", "opp-cli"] {
        closed_in(&crate::root().join("crates").join(package).join("src"), &mut found);
    }
    assert!(found.is_empty(), "end these with `..Default::default()` or `..`:\n{}", found.join("\n"));
}
