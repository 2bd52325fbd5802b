//! `cargo xtask release LAYER`: makes one layer ready to be published, by itself. It publishes nothing: what it has
//! checked and written is looked at, committed, tagged and published by a person.

mod changes;
mod check;
mod promise;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use semver::Version;

use crate::programs::{command, output};
use crate::root;
use changes::Changes;

/// Which layer, and by how much its version grows.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The layer: each has a version and a changelog of its own.
    pub layer: Layer,
    /// Which part of the version grows. The first release has the version that stands in its manifest.
    // The least, since all that is checked is whether it is enough.
    #[arg(long, default_value = "patch")]
    pub bump: Bump,
}

/// A crate that is released alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layer {
    /// `opp-raw`.
    Raw,
    /// `opp-ergonomic`.
    Ergonomic,
}

/// Which part of a version grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Bump {
    /// Mistakes were mended; before 1.0, something may have been added too.
    Patch,
    /// Something was added, or a newer Rust is needed; before 1.0, something may break.
    Minor,
    /// Something breaks; before 1.0, the same as minor.
    Major,
}

impl Layer {
    fn package(self) -> &'static str {
        match self {
            Self::Raw => "opp-raw",
            Self::Ergonomic => "opp-ergonomic",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ergonomic => "ergonomic",
        }
    }
}

impl Bump {
    fn word(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The least that lets programs break that compiled with this version.
    fn breaking(version: &Version) -> Self {
        if version.major == 0 { Self::Minor } else { Self::Major }
    }

    /// What has grown between two versions.
    fn between(last: &Version, next: &Version) -> Self {
        match (last.major == next.major, last.minor == next.minor) {
            (false, _) => Self::Major,
            (_, false) => Self::Minor,
            _ => Self::Patch,
        }
    }
}

/// What was released before, by its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Release {
    tag: String,
    version: Version,
}

/// What is to be released, and after what.
#[derive(Debug)]
struct Plan {
    layer: Layer,
    last: Option<Release>,
    next: Version,
}

impl Plan {
    fn new(root: &Path, arguments: &Arguments) -> Result<Self> {
        let layer = arguments.layer;
        let current = texts::version(&fs::read_to_string(manifest(root, layer.package()))?)?;
        let last = last_release(root, layer)?;
        let next = match last {
            Some(_) => texts::grown(&current, arguments.bump),
            None => current,
        };
        Ok(Self { layer, last, next })
    }

    fn package(&self) -> &'static str {
        self.layer.package()
    }

    /// How to go on when a version is too low.
    fn higher(&self, bump: Bump) -> String {
        format!("run `cargo xtask release {} --bump {}`", self.layer.word(), bump.word())
    }
}

/// Checks, writes version and changelog, checks again. Whatever fails, the files are as they were.
pub fn run_release(arguments: &Arguments) -> Result<()> {
    let root = root();
    clean(&root)?;
    let plan = Plan::new(&root, arguments)?;
    promise::kept(&root, &plan)?;
    let raw = match plan.layer {
        Layer::Raw => None,
        Layer::Ergonomic => last_release(&root, Layer::Raw)?,
    };
    let changes = Changes::new(&root, plan.package(), &plan.next)?;
    changes.write()?;
    let checked = check::check(&root, &plan, raw.as_ref(), &changes);
    if checked.is_err() {
        changes.put_back().context("the files could not be put back: `git checkout .` does it")?;
    }
    checked.with_context(|| format!("{} {} is not ready, and no file has changed", plan.package(), plan.next))?;
    say(&plan, raw.is_some());
    Ok(())
}

/// What was committed is what is released.
fn clean(root: &Path) -> Result<()> {
    let status = git(root, &["status", "--porcelain"])?;
    ensure!(status.is_empty(), "there are changes that are not committed; commit or stash them first:\n{status}");
    Ok(())
}

fn manifest(root: &Path, package: &str) -> PathBuf {
    root.join("crates").join(package).join("Cargo.toml")
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let done = output(command("git", arguments).current_dir(root));
    done.with_context(|| format!("`git {}` fails in {}", arguments.join(" "), root.display()))
}

/// The last release of a layer, which is the one that its manifest grows from.
fn last_release(root: &Path, layer: Layer) -> Result<Option<Release>> {
    let package = layer.package();
    let current = texts::version(&fs::read_to_string(manifest(root, package))?)?;
    let Some((tag, version)) = texts::last_release(package, &git(root, &["tag", "--list"])?) else {
        let changelog = fs::read_to_string(manifest(root, package).with_file_name("CHANGELOG.md"))?;
        ensure!(
            !texts::tells_of_releases(&changelog),
            "the changelog of {package} tells of a release, but there is no tag of one: run `git fetch --tags`"
        );
        return Ok(None);
    };
    // What stands behind the plus may have moved on: it follows the document.
    ensure!(
        texts::same_numbers(&current, &version),
        "{package} is {current} here, but its last tag is {tag}: if {current} was published, run \
         `git tag {package}-v{current}` where it was, and set the manifest back to {version} if not"
    );
    Ok(Some(Release { tag, version }))
}

#[allow(clippy::print_stdout, reason = "what a person does next")]
fn say(plan: &Plan, raw_is_released: bool) {
    let Plan { layer, next, .. } = plan;
    let package = plan.package();
    println!("{package} {next} is ready. Look at `git diff`, run `cargo xtask test`, and then:\n");
    println!("    git commit --all --message \"Release {package} {next}\"");
    println!("    git tag {package}-v{next}");
    println!("    cargo publish --package {package}");
    println!("    git push origin HEAD {package}-v{next}");
    match (layer, &plan.last) {
        (Layer::Ergonomic, _) if !raw_is_released => {
            println!("\nopp-raw, which it needs, has no release yet: that comes first, by `cargo xtask release raw`.");
        }
        (Layer::Raw, Some(last)) if Bump::between(&last.version, next) >= Bump::breaking(&last.version) => {
            println!("\nopp-ergonomic re-exports it and asks for it from now on: its next version has to be one that");
            println!("breaks, too, and `cargo xtask release ergonomic` will want that.");
        }
        _ => {}
    }
}

#[cfg(test)]
mod growth;
#[cfg(test)]
mod tests;
