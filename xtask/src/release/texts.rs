//! Versions and headings in manifests, changelogs and tags.

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use semver::{Prerelease, Version};

use super::Bump;

/// The version in a manifest.
pub(super) fn version(manifest: &str) -> Result<Version> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let text = line.context("the manifest has no line `version = \"…\"`")?.trim().trim_matches('"');
    Version::parse(text).with_context(|| format!("`{text}` is no version"))
}

/// The manifest with another version.
pub(super) fn with_version(manifest: &str, next: &Version) -> Result<String> {
    let current = version(manifest)?;
    Ok(manifest.replacen(&format!("version = \"{current}\""), &format!("version = \"{next}\""), 1))
}

/// The manifest with another requirement of a crate beside it. What stands behind the plus is not part of one.
pub(super) fn with_requirement(manifest: &str, package: &str, next: &Version) -> String {
    let begin = format!("{package} = {{ version = \"");
    let wanted = format!("{}.{}.{}", next.major, next.minor, next.patch);
    let edit = |line: &str| match line.strip_prefix(&begin).and_then(|rest| rest.split_once('"')) {
        Some((_, rest)) => format!("{begin}{wanted}\"{rest}"),
        None => line.to_owned(),
    };
    manifest.split('\n').map(edit).collect::<Vec<_>>().join("\n")
}

/// The last tag of a crate, with its version.
pub(super) fn last_release(package: &str, tags: &str) -> Option<(String, Version)> {
    let begin = format!("{package}-v");
    let releases =
        tags.lines().filter_map(|tag| Some((tag.to_owned(), Version::parse(tag.strip_prefix(&begin)?).ok()?)));
    releases.max_by(|one, other| one.1.cmp(&other.1))
}

/// Whether two versions are the same but for what stands behind the plus.
pub(super) fn same_numbers(one: &Version, other: &Version) -> bool {
    one.cmp_precedence(other).is_eq()
}

/// Whether a changelog has an entry that was released.
pub(super) fn tells_of_releases(changelog: &str) -> bool {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .any(|title| !title.to_lowercase().contains("unreleased"))
}

/// The next version. Before 1.0 the middle number says that something breaks.
pub(super) fn grown(current: &Version, bump: Bump) -> Version {
    let Version { major, minor, patch, .. } = *current;
    let (major, minor, patch) = match bump {
        Bump::Patch => (major, minor, patch + 1),
        Bump::Major if major > 0 => (major + 1, 0, 0),
        Bump::Major | Bump::Minor => (major, minor + 1, 0),
    };
    Version { major, minor, patch, pre: Prerelease::EMPTY, build: current.build.clone() }
}

/// The changelog with its newest entry, which has to be there and to say something, under the version and the day.
pub(super) fn dated(changelog: &str, next: &Version, day: NaiveDate) -> Result<String> {
    let missing = "has no entry to release: write what changes for users under `## Unreleased`, above all others";
    let start = changelog.find("\n## ").context(missing)? + 1;
    let (head, entry) = changelog.split_at(start);
    let (title, rest) = entry.split_once('\n').context(missing)?;
    ensure!(title.to_lowercase().contains("unreleased"), missing);
    let text = rest.split("\n## ").next().unwrap_or_default();
    ensure!(!text.trim().is_empty(), "has an empty entry: write what changes for users");
    Ok(format!("{head}## {next} ({day})\n{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_grow_as_semantic_versioning_has_it() {
        for (current, bump, next) in [
            ("0.1.0", Bump::Patch, "0.1.1"),
            ("0.1.3", Bump::Minor, "0.2.0"),
            ("0.1.3", Bump::Major, "0.2.0"),
            ("1.4.2", Bump::Major, "2.0.0"),
            ("0.1.0+nextgenpsd2-1.3.3", Bump::Minor, "0.2.0+nextgenpsd2-1.3.3"),
        ] {
            assert_eq!(grown(&v(current), bump), v(next));
        }
    }

    #[test]
    fn the_last_release_is_the_highest_and_not_the_last_in_the_list() {
        let tags = "opp-raw-v0.2.0\nopp-ergonomic-v0.9.0\nopp-ergonomic-v0.10.0\nopp-ergonomic-va\nother\n";
        assert_eq!(last_release("opp-ergonomic", tags), Some(("opp-ergonomic-v0.10.0".into(), v("0.10.0"))));
        assert_eq!(last_release("opp-cli", tags), None);
    }

    #[test]
    fn the_edition_of_the_document_is_no_part_of_what_is_compared() {
        assert!(same_numbers(&v("0.1.0+nextgenpsd2-1.3.3"), &v("0.1.0+nextgenpsd2-1.4")));
        assert!(!same_numbers(&v("0.1.0"), &v("0.1.1")) && !same_numbers(&v("0.2.0-rc.1"), &v("0.2.0")));
    }

    #[test]
    fn a_changelog_tells_whether_anything_was_released() {
        assert!(!tells_of_releases("# Changes\n\n## Unreleased: 0.1.0\n\n- One.\n"));
        assert!(!tells_of_releases("# Changes\n\n## 0.1.0 (unreleased)\n\n- One.\n"));
        assert!(tells_of_releases("# Changes\n\n## Unreleased\n\n- Two.\n\n## 0.1.0 (2026-11-21)\n"));
    }

    #[test]
    fn a_manifest_changes_in_its_version_alone() {
        let manifest = "[package]\nversion = \"0.1.0\"\n\n[dependencies]\nother = { version = \"0.1.0\" }\n";
        let changed = with_version(manifest, &v("0.2.0")).unwrap();
        assert_eq!(changed, manifest.replacen("0.1.0", "0.2.0", 1));
        assert!(with_version("[package]\n", &v("0.2.0")).is_err());
    }

    #[test]
    fn whoever_asks_for_the_crate_asks_for_the_new_one() {
        let manifest =
            "opp-raw = { version = \"0.1.0\", path = \"../opp-raw\" }\nopp-rawhide = { version = \"0.1.0\" }\n";
        let changed = with_requirement(manifest, "opp-raw", &v("0.2.0+nextgenpsd2-1.3.3"));
        assert_eq!(changed, manifest.replacen("0.1.0", "0.2.0", 1));
    }

    #[test]
    fn an_entry_gets_its_version_and_its_day() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        for title in ["Unreleased", "0.1.0 (unreleased)", "Unreleased: 0.1.0+nextgenpsd2-1.3.3"] {
            let text = format!("# Changes\n\n## {title}\n\n- One.\n\n## 0.0.1\n\n- Old.\n");
            let dated = dated(&text, &v("0.2.0"), day).unwrap();
            assert_eq!(dated, "# Changes\n\n## 0.2.0 (2026-11-21)\n\n- One.\n\n## 0.0.1\n\n- Old.\n");
        }
    }

    #[test]
    fn a_release_without_a_word_about_it_is_refused() {
        let day = NaiveDate::default();
        for text in [
            "# Changes\n",
            "# Changes\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n",
            "# C\n\n## Unreleased\n\n## 0.1.0\n\n- Old.\n",
        ] {
            let refusal = dated(text, &v("0.2.0"), day).unwrap_err().to_string();
            assert!(refusal.contains("write what changes for users"), "{refusal}");
        }
    }
}
