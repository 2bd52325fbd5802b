//! The version that the raw crate needs after the changes.

use anyhow::{Context, Result};
use semver::{BuildMetadata, Prerelease, Version};

use super::{Action, Diff};

/// Which part of the version grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bump {
    /// Nothing changed for users.
    None,
    /// Nothing breaks, and before 1.0 nothing more is to be said; from 1.0 nothing was added either.
    Patch,
    /// Before 1.0 something breaks; from 1.0 something was added.
    Minor,
    /// From 1.0, something breaks.
    Major,
}

impl Bump {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// The version now and the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The version in the manifest, without the document's behind the plus: that follows by itself.
    pub current: Version,
    /// The version to publish as.
    pub next: Version,
    /// Which part grew.
    pub bump: Bump,
}

/// Reads the version out of the raw crate's manifest and says what the changes make of it.
pub(super) fn advise(diff: &Diff, manifest: &str) -> Result<Advice> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let line = line.context("the manifest of opp-raw has no line `version = \"…\"`")?;
    let mut current = Version::parse(line.trim().trim_matches('"'))
        .with_context(|| format!("the version of opp-raw, {line}, is none"))?;
    current.build = BuildMetadata::EMPTY;
    let bump = bump(diff, &current);
    let mut next = current.clone();
    next.pre = Prerelease::EMPTY;
    // A pre-release announces a version that is not out yet: that one will do if its numbers grew enough.
    let announced = !current.pre.is_empty()
        && match bump {
            Bump::None | Bump::Patch => true,
            Bump::Minor => current.patch == 0,
            Bump::Major => current.patch == 0 && current.minor == 0,
        };
    match bump {
        _ if announced => {}
        Bump::None => {}
        Bump::Patch => next.patch += 1,
        Bump::Minor => (next.minor, next.patch) = (next.minor + 1, 0),
        Bump::Major => (next.major, next.minor, next.patch) = (next.major + 1, 0, 0),
    }
    Ok(Advice { current, next, bump })
}

fn bump(diff: &Diff, current: &Version) -> Bump {
    let added = diff.changes.iter().any(|change| change.action == Action::Added);
    match (diff.changes.is_empty(), diff.breaks(), current.major) {
        (true, ..) => Bump::None,
        (_, true, 0) => Bump::Minor,
        (_, true, _) => Bump::Major,
        (_, false, 0) => Bump::Patch,
        (_, false, _) if added => Bump::Minor,
        _ => Bump::Patch,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Kind};
    use super::*;

    fn next(version: &str, changes: &[(Action, bool)]) -> String {
        let change = |&(action, breaking): &(Action, bool)| Change {
            service: String::new(),
            kind: Kind::Field,
            action,
            place: String::new(),
            part: String::new(),
            detail: String::new(),
            rust: String::new(),
            breaking,
        };
        let diff = Diff { changes: changes.iter().map(change).collect(), ..Diff::default() };
        let manifest = format!("[package]\nname = \"opp-raw\"\nversion = \"{version}\"\n");
        advise(&diff, &manifest).unwrap().next.to_string()
    }

    #[test]
    fn before_one_what_breaks_is_minor_and_the_rest_a_patch() {
        assert_eq!(next("0.1.2+nextgenpsd2-1.3.3", &[(Action::Added, false), (Action::Changed, true)]), "0.2.0");
        assert_eq!(next("0.1.2+nextgenpsd2-1.3.3", &[(Action::Added, false)]), "0.1.3");
        assert_eq!(next("0.1.2", &[]), "0.1.2");
    }

    #[test]
    fn from_one_on_what_breaks_is_major_and_an_addition_minor() {
        assert_eq!(next("1.4.2", &[(Action::Removed, true)]), "2.0.0");
        assert_eq!(next("1.4.2", &[(Action::Added, false)]), "1.5.0");
        assert_eq!(next("1.4.2", &[(Action::Changed, false)]), "1.4.3");
    }

    #[test]
    fn a_pre_release_becomes_the_release_that_it_announces() {
        assert_eq!(next("1.0.0-rc.1", &[(Action::Removed, true)]), "1.0.0");
        assert_eq!(next("1.0.1-rc.1", &[(Action::Removed, true)]), "2.0.0");
    }

    #[test]
    fn a_manifest_without_a_version_is_refused() {
        assert!(advise(&Diff::default(), "[package]\n").is_err());
    }
}
