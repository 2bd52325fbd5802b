//! The files that a release changes: manifests, changelog and lock file, as they are and as they will be.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use semver::Version;

use super::{manifest, texts};

/// Files with what is in them now and what will be.
pub(super) struct Changes(Vec<(PathBuf, String, String)>);

impl Changes {
    pub(super) fn new(root: &Path, package: &str, next: &Version) -> Result<Self> {
        let mut changes = Vec::new();
        let mut change = |path: PathBuf, edit: &dyn Fn(&str) -> Result<String>| -> Result<()> {
            let old = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let new = edit(&old).with_context(|| path.display().to_string())?;
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

    pub(super) fn write(&self) -> Result<()> {
        for (path, old, new) in &self.0 {
            if old != new {
                fs::write(path, new).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }

    pub(super) fn put_back(&self) -> Result<()> {
        for (path, old, _) in &self.0 {
            fs::write(path, old).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Brings the files, as they are now, into another checkout.
    pub(super) fn copy(&self, root: &Path, other: &Path) -> Result<()> {
        for (path, ..) in &self.0 {
            let to = other.join(path.strip_prefix(root)?);
            fs::copy(path, &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(())
    }
}
