//! Writing what was generated: all of it or nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::emit::Files;
use crate::root;

/// The files in the repository, by absolute path.
fn placed(files: &Files, bundle: &str, version: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut placed: Vec<(PathBuf, String)> =
        files.iter().map(|(path, text)| (root().join("crates").join(path), text.clone())).collect();
    placed.push((root().join("openapi/bundle.json"), bundle.to_owned()));
    let manifest = root().join("crates/opp-raw/Cargo.toml");
    placed.push((manifest.clone(), follow(&read(&manifest)?, version)));
    Ok(placed)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The raw crate's version names the document's behind a plus.
fn follow(manifest: &str, version: &str) -> String {
    let mut done = false;
    let lines = manifest.lines().map(|line| {
        if done || !line.starts_with("version = ") {
            return line.to_owned();
        }
        done = true;
        let own = line.trim_start_matches("version = ").trim_matches('"').split('+').next().unwrap_or_default();
        format!(
            "version = \"{own}+nextgenpsd2-{}\"",
            version.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-")
        )
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// The files that differ from what would be written.
pub(super) fn stale(files: &Files, bundle: &str, version: &str) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, text) in placed(files, bundle, version)? {
        if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            stale.push(path.strip_prefix(root()).unwrap_or(&path).display().to_string());
        }
    }
    Ok(stale)
}

/// Writes the repository's own files.
pub(super) fn in_place(files: &Files, bundle: &str, version: &str) -> Result<()> {
    swap(placed(files, bundle, version)?)
}

/// Writes beside each file first; only when every one was written are they swapped in.
fn swap(files: Vec<(PathBuf, String)>) -> Result<()> {
    let mut ready = Vec::new();
    for (path, text) in files {
        let folder = path.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut file =
            tempfile::NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        ready.push((file, path));
    }
    for (file, path) in ready {
        // Unchanged files keep their time, so that nothing is built again for nothing.
        let same = fs::read(&path).is_ok_and(|old| fs::read(file.path()).is_ok_and(|new| old == new));
        if !same {
            set_mode(file.path());
            file.persist(&path).with_context(|| format!("cannot replace {}", path.display()))?;
        }
    }
    Ok(())
}

/// Temporary files are for their owner only; sources are for everybody.
fn set_mode(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A file with narrow permissions is a nuisance, not an error.
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Writes a whole crate: the hand-written runtime of `opp-raw` with other generated files.
pub(super) fn crate_into(folder: &Path, files: &Files, bundle: &str, version: &str) -> Result<()> {
    let raw = root().join("crates/opp-raw");
    let mut all = Vec::new();
    collect(&raw.join("src"), &mut all)?;
    let mut placed = Vec::new();
    for path in all {
        let inside = path.strip_prefix(&raw)?.to_owned();
        if !inside.starts_with("src/generated") {
            placed.push((folder.join(&inside), read(&path)?));
        }
    }
    for (path, text) in files {
        if let Some(inside) = path.strip_prefix("opp-raw/") {
            placed.push((folder.join(inside), text.clone()));
        }
    }
    placed.push((folder.join("README.md"), read(&raw.join("README.md"))?));
    placed.push((folder.join("bundle.json"), bundle.to_owned()));
    placed.push((
        folder.join("Cargo.toml"),
        standalone(&follow(&read(&raw.join("Cargo.toml"))?, version), &read(&root().join("Cargo.toml"))?),
    ));
    swap(placed)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, into)? } else { into.push(path) }
    }
    into.sort();
    Ok(())
}

/// A manifest that inherits nothing.
fn standalone(manifest: &str, workspace: &str) -> String {
    let inherited = |key: &str| {
        let line = workspace.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.map(str::to_owned).unwrap_or_default()
    };
    let mut out = String::new();
    let mut skip = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            // Lints are this repository's, and what is only for its tests and benchmarks stays here.
            skip = ["[lints", "[dev-dependencies", "[[bench", "[[test"].iter().any(|head| line.starts_with(head));
        }
        if skip {
            continue;
        }
        let line = match line.strip_suffix(".workspace = true") {
            Some(key) => inherited(key),
            None => line.to_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out.push_str("\n[workspace]\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_the_document_behind_a_plus() {
        assert_eq!(follow("version = \"0.2.0+nextgenpsd2-1.3.3\"\n", "1.4"), "version = \"0.2.0+nextgenpsd2-1.4\"\n");
        assert_eq!(follow("a\nversion = \"0.2.0\"\n", "1.3.3"), "a\nversion = \"0.2.0+nextgenpsd2-1.3.3\"\n");
    }

    #[test]
    fn a_file_that_is_missing_or_different_is_stale_and_named() {
        let own = read(&root().join("crates/opp-raw/src/lib.rs")).unwrap();
        let files = Files::from([("opp-raw/src/none.rs", String::new()), ("opp-raw/src/lib.rs", own)]);
        let bundle = read(&root().join("openapi/bundle.json")).unwrap();
        assert_eq!(stale(&files, &bundle, "1.3.3").unwrap(), ["crates/opp-raw/src/none.rs"]);
        assert_eq!(stale(&Files::new(), "{}", "1.4").unwrap(), ["openapi/bundle.json", "crates/opp-raw/Cargo.toml"]);
    }

    #[test]
    fn a_crate_elsewhere_inherits_nothing() {
        let out = standalone(
            "[package]\nedition.workspace = true\n\n[lints]\nworkspace = true\n\n[dependencies]\nx = \"1\"\n\n[dev-dependencies]\ny = \"1\"\n",
            "[workspace.package]\nedition = \"2024\"\n",
        );
        assert_eq!(out, "[package]\nedition = \"2024\"\n\n[dependencies]\nx = \"1\"\n\n\n[workspace]\n");
    }

    #[test]
    fn nothing_is_swapped_in_when_one_file_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("a.txt");
        fs::write(&first, "old").unwrap();
        // The second file's folder is a file.
        let blocked = folder.path().join("a.txt/b.txt");
        assert!(swap(vec![(first.clone(), "new".into()), (blocked, "x".into())]).is_err());
        assert_eq!(fs::read_to_string(first).unwrap(), "old");
    }
}
