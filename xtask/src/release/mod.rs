//! `cargo xtask release LAYER`: makes one layer ready to be published, by itself. It publishes nothing: what it has
//! checked and written is looked at, committed, tagged and published by a person.

mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use semver::Version;

use crate::root;
use crate::test::tools::{cargo, cargo_tool, command, output, run};

/// Pinned, because each edition knows the rustdoc of certain compilers.
const SEMVER_CHECKS: &str = "0.51.0";

/// Which layer, and by how much its version grows.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The layer: each has a version and a changelog of its own.
    pub layer: Layer,
    /// Which part of the version grows. The first release has the version that stands in its manifest.
    #[arg(long, default_value = "minor")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Bump {
    /// Mistakes were mended.
    Patch,
    /// Something was added; before 1.0, something may break.
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

    /// The crates that have to be packaged with it, as long as no registry has them.
    fn with_dependencies(self) -> &'static [&'static str] {
        match self {
            Self::Raw => &["opp-raw"],
            Self::Ergonomic => &["opp-raw", "opp-ergonomic"],
        }
    }
}

/// Checks, writes version and changelog, checks again. Whatever fails, the files are as they were.
pub fn run_release(arguments: &Arguments) -> Result<()> {
    let root = root();
    let package = arguments.layer.package();
    clean(&root)?;
    let manifest = fs::read_to_string(manifest(&root, package))?;
    let current = texts::version(&manifest)?;
    let tags = output(&mut command("git", &["tag", "--list"])).context("`git tag` fails")?;
    let last = texts::last_release(package, &tags);
    let next = match &last {
        Some((_, released)) => {
            ensure!(current == *released, "{package} is {current}, but its last tag is of {released}: put that right");
            texts::grown(&current, arguments.bump)
        }
        None => current.clone(),
    };
    let changes = Changes::new(&root, package, &next)?;
    changes.write()?;
    let checked = check(arguments.layer, last.as_ref().map(|(tag, _)| tag.as_str()));
    if checked.is_err() {
        changes.put_back().context("the files could not be put back: `git checkout .` does it")?;
    }
    checked?;
    say(&next, arguments.layer);
    Ok(())
}

/// What was committed is what is released.
fn clean(root: &Path) -> Result<()> {
    let mut status = command("git", &["status", "--porcelain"]);
    let status = output(status.current_dir(root)).context("`git status` fails: is this a repository?")?;
    ensure!(status.is_empty(), "there are changes that are not committed; commit or stash them first:\n{status}");
    Ok(())
}

fn manifest(root: &Path, package: &str) -> PathBuf {
    root.join("crates").join(package).join("Cargo.toml")
}

/// Files with what is in them now and what will be.
struct Changes(Vec<(PathBuf, String, String)>);

impl Changes {
    fn new(root: &Path, package: &str, next: &Version) -> Result<Self> {
        let mut changes = Vec::new();
        let mut change = |path: PathBuf, edit: &dyn Fn(&str) -> Result<String>| -> Result<()> {
            let old = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let new = edit(&old).with_context(|| format!("in {}", path.display()))?;
            changes.push((path, old, new));
            Ok(())
        };
        let day = chrono::Utc::now().date_naive();
        change(root.join("crates").join(package).join("CHANGELOG.md"), &|text| texts::dated(text, next, day))?;
        let folders = fs::read_dir(root.join("crates"))?;
        for folder in folders {
            let path = folder?.path().join("Cargo.toml");
            let own = path == manifest(root, package);
            if path.is_file() {
                let edit = |text: &str| if own { texts::with_version(text, next) } else { Ok(text.to_owned()) };
                change(path, &|text| Ok(texts::with_requirement(&edit(text)?, package, next)))?;
            }
        }
        let lock = root.join("Cargo.lock");
        change(lock, &|text| Ok(text.to_owned()))?;
        Ok(Self(changes))
    }

    fn write(&self) -> Result<()> {
        for (path, old, new) in &self.0 {
            if old != new {
                fs::write(path, new).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn put_back(&self) -> Result<()> {
        for (path, old, _) in &self.0 {
            fs::write(path, old).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// What has to hold with the new version in place.
fn check(layer: Layer, last: Option<&str>) -> Result<()> {
    // The lock file follows the versions of our own crates, and nothing else in it moves.
    run(&mut cargo(&["update", "--workspace", "--quiet"]))?;
    if let Some(tag) = last {
        let program = cargo_tool("cargo-semver-checks", SEMVER_CHECKS)?;
        let arguments = ["semver-checks", "--package", layer.package(), "--baseline-rev", tag];
        run(&mut command(program, &arguments)).context("the version is too low for what has changed: raise --bump")?;
    }
    let mut dry = cargo(&["publish", "--dry-run", "--locked", "--allow-dirty"]);
    dry.args(layer.with_dependencies().iter().flat_map(|package| ["--package", package]));
    run(&mut dry).context("it cannot be published as it is")
}

#[allow(clippy::print_stdout, reason = "what a person does next")]
fn say(next: &Version, layer: Layer) {
    let package = layer.package();
    println!("{package} {next} is ready. Look at `git diff`, run `cargo xtask test`, and then:\n");
    println!("    git commit --all --message \"Release {package} {next}\"");
    println!("    git tag {package}-v{next}");
    println!("    cargo publish --package {package}");
    if layer == Layer::Raw {
        println!("\nopp-ergonomic re-exports it: a version that breaks is a breaking one there too.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout with one crate of each layer, committed.
    fn checkout() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (package, more) in [("opp-raw", ""), ("opp-ergonomic", "opp-raw = { version = \"0.1.0\", path = \"x\" }\n")]
        {
            write(
                &format!("crates/{package}/Cargo.toml"),
                &format!("name = \"{package}\"\nversion = \"0.1.0\"\n{more}"),
            );
            write(&format!("crates/{package}/CHANGELOG.md"), "# Changes\n\n## Unreleased\n\nThe first.\n");
        }
        write("Cargo.lock", "");
        for arguments in [&["init", "-q"] as &[&str], &["add", "."], &["commit", "-qm", "All"]] {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
            let done =
                command("git", &[&identity[..], arguments].concat()).current_dir(folder.path()).status().unwrap();
            assert!(done.success());
        }
        folder
    }

    #[test]
    fn what_is_not_committed_is_not_released() {
        let folder = checkout();
        clean(folder.path()).unwrap();
        fs::write(folder.path().join("Cargo.lock"), "changed").unwrap();
        assert!(clean(folder.path()).unwrap_err().to_string().contains("Cargo.lock"));
    }

    #[test]
    fn a_release_changes_its_own_layer_and_what_asks_for_it() {
        let folder = checkout();
        let read = |path: &str| fs::read_to_string(folder.path().join("crates").join(path)).unwrap();
        let changes = Changes::new(folder.path(), "opp-raw", &Version::new(0, 2, 0)).unwrap();
        changes.write().unwrap();
        assert!(read("opp-raw/Cargo.toml").contains("version = \"0.2.0\"\n"));
        assert!(read("opp-raw/CHANGELOG.md").contains("## 0.2.0 ("));
        assert!(read("opp-ergonomic/Cargo.toml").contains("version = \"0.1.0\"\nopp-raw = { version = \"0.2.0\""));
        assert!(read("opp-ergonomic/CHANGELOG.md").contains("Unreleased"));

        changes.put_back().unwrap();
        clean(folder.path()).unwrap();
    }
}
