//! What a version promises beyond the items of a crate, which cargo-semver-checks does not see: the crates whose types
//! are seen in it, and the oldest Rust that it builds on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use semver::{Op, VersionReq};
use toml::Table;

use super::{Bump, Plan, git, manifest};

/// Refuses a version that is lower than these need.
pub(super) fn kept(root: &Path, plan: &Plan) -> Result<()> {
    let Some(last) = &plan.last else {
        return Ok(());
    };
    let package = plan.package();
    let old = |path: &str| git(root, &["show", &format!("{}:{path}", last.tag)]);
    let was = seen(&old(&format!("crates/{package}/Cargo.toml"))?)
        .with_context(|| format!("the manifest of {package} at {}", last.tag))?;
    let is =
        seen(&fs::read_to_string(manifest(root, package))?).with_context(|| format!("the manifest of {package}"))?;
    let grown = Bump::between(&last.version, &plan.next);
    let breaking = Bump::breaking(&last.version);
    let moved = moved(&was, &is);
    if !moved.is_empty() && grown < breaking {
        bail!(
            "{package} {} is too low: users of {} see types of other crates in it, and of these\n    {}\n\
             so that programs which compiled no longer would; {}",
            plan.next,
            last.version,
            moved.join("\n    "),
            plan.higher(breaking)
        );
    }
    let [was, is] = [old("Cargo.toml")?, fs::read_to_string(root.join("Cargo.toml"))?].map(|text| oldest_rust(&text));
    let (was, is) = (was?, is?);
    if is > was && grown < Bump::Minor {
        bail!(
            "{package} {} is too low: it needs Rust {}.{}, and {}.{} was enough for {}; {}",
            plan.next,
            is.0,
            is.1,
            was.0,
            was.1,
            last.version,
            plan.higher(Bump::Minor)
        );
    }
    Ok(())
}

/// The crates whose types users see, as the manifest lists them, with the versions that it asks for.
pub(super) fn seen(manifest: &str) -> Result<BTreeMap<String, String>> {
    let manifest: Table = manifest.parse()?;
    let names = manifest.get("package").and_then(|package| package.get("metadata")?.get("release")?.get("seen"));
    let names = names.context("`package.metadata.release.seen` is missing: the crates whose types users see")?.clone();
    let names: Vec<String> = names.try_into().context("`package.metadata.release.seen` is no list of names")?;
    let asked = |name: &str| {
        let dependency = manifest.get("dependencies")?.get(name)?;
        dependency.as_str().or_else(|| dependency.get("version")?.as_str()).map(str::to_owned)
    };
    let version = |name: String| {
        let asked = asked(&name).with_context(|| format!("{name} is seen, but no version of it is asked for"))?;
        Ok((name, asked))
    };
    names.into_iter().map(version).collect()
}

/// In words, which of the crates are asked for in versions that are other crates to the compiler.
fn moved(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) -> Vec<String> {
    let one = |(name, was): (&String, &String)| match is.get(name) {
        Some(is) if same_line(was, is) => None,
        Some(is) => Some(format!("{name} was {was} and is {is}")),
        None => Some(format!("{name} {was} is seen no more")),
    };
    was.iter().filter_map(one).collect()
}

/// Whether the compiler takes types of both for the same.
fn same_line(was: &str, is: &str) -> bool {
    let line = |text: &str| {
        let asked = VersionReq::parse(text).ok()?;
        let [one] = asked.comparators.as_slice() else { return None };
        let minor = if one.major == 0 { one.minor } else { None };
        let patch = if (one.major, one.minor) == (0, Some(0)) { one.patch } else { None };
        (one.op == Op::Caret).then_some((one.major, minor, patch))
    };
    was == is || line(was).is_some_and(|was| line(is) == Some(was))
}

/// The oldest Rust, first and middle number.
fn oldest_rust(workspace: &str) -> Result<(u64, u64)> {
    let line = workspace.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let text = line.context("the workspace has no line `rust-version = \"…\"`")?.trim().trim_matches('"');
    let mut numbers = text.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => bail!("`{text}` is no version of Rust"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    }

    #[test]
    fn the_crates_that_users_see_are_listed_with_what_is_asked_for() {
        let listed = "[package.metadata.release]\nseen = [\"a\", \"b\"]\n";
        let manifest =
            format!("{listed}[dependencies]\na = \"1\"\nb = {{ version = \"0.2\", path = \"b\" }}\nc = \"3\"\n");
        assert_eq!(seen(&manifest).unwrap(), with(&[("a", "1"), ("b", "0.2")]));
        for wrong in [listed, "[dependencies]\na = \"1\"\n", "[package.metadata.release]\nseen = \"a\"\n"] {
            assert!(seen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_layers_list_them() {
        for package in ["opp-raw", "opp-ergonomic"] {
            let text = fs::read_to_string(manifest(&crate::root(), package)).unwrap();
            assert!(!seen(&text).unwrap().is_empty(), "{package}");
        }
    }

    #[test]
    fn versions_are_of_one_line_as_cargo_has_it() {
        for (was, is) in [("1", "1.4.2"), ("0.13.4", "0.13"), ("0.1.0", "0.1.7"), (">=0.9, <0.11", ">=0.9, <0.11")] {
            assert!(same_line(was, is) && same_line(is, was), "{was} {is}");
        }
        for (was, is) in [("1", "2"), ("0.13", "0.14"), ("0.1.0", "0.2.0"), ("0.0.1", "0.0.2"), ("1", ">=1, <3")] {
            assert!(!same_line(was, is) && !same_line(is, was), "{was} {is}");
        }
    }

    #[test]
    fn a_crate_that_is_seen_no_more_has_moved_and_a_new_one_has_not() {
        let moved = moved(&with(&[("a", "1"), ("b", "1")]), &with(&[("a", "1.2"), ("c", "1")]));
        assert_eq!(moved, ["b 1 is seen no more"]);
    }

    #[test]
    fn the_oldest_rust_is_compared_by_its_numbers() {
        let rust = |text: &str| oldest_rust(&format!("[workspace.package]\nrust-version = \"{text}\"\n")).unwrap();
        assert!(rust("1.100") > rust("1.95"));
        assert_eq!(rust("1.95.1"), (1, 95));
        assert!(oldest_rust("[workspace]\n").is_err());
    }
}
