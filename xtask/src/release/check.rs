//! What has to hold with the new version in place: that it says what has changed, and that it can be published.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::changes::Changes;
use super::{Bump, Layer, Plan, Release, git};
use crate::programs::{cargo, command, run};
use crate::test::tools::cargo_tool;

/// Pinned, because each edition knows the rustdoc of certain compilers. This one knows that of Rust 1.95.
const SEMVER_CHECKS: &str = "0.51.0";

/// Holds the layer against its last release, and tries publishing. `raw` is the last release of the layer below, if
/// there is one.
pub(super) fn check(root: &Path, plan: &Plan, raw: Option<&Release>, changes: &Changes) -> Result<()> {
    // The lock file follows the versions of our own crates, and nothing else in it moves.
    run(&mut cargo(&["update", "--workspace", "--quiet"]))?;
    if let Some(last) = plan.last.as_ref().filter(|last| compared(plan, last)) {
        let program = cargo_tool("cargo-semver-checks", SEMVER_CHECKS)?;
        let status = command(program, &comparison(plan.layer, &last.tag)).status()?;
        verdict(status.code(), plan, last)?;
    }
    match raw {
        Some(raw) if raw_has_changed(root, raw)? => publishable_with(root, raw, changes),
        _ => publishable(root, plan.layer).context("it cannot be published as it is"),
    }
}

/// A version that says that something breaks is never too low.
fn compared(plan: &Plan, last: &Release) -> bool {
    Bump::between(&last.version, &plan.next) < Bump::breaking(&last.version)
}

/// The arguments for cargo-semver-checks.
fn comparison(layer: Layer, tag: &str) -> Vec<&str> {
    let mut arguments = vec!["semver-checks", "--package", layer.package(), "--baseline-rev", tag];
    match layer {
        // All features but `native-tls`: no type depends on it, and it needs OpenSSL's headers. That no feature is
        // gone is seen in the manifest.
        Layer::Raw => arguments.extend(["--default-features", "--features", "schemars"]),
        Layer::Ergonomic => arguments.push("--all-features"),
    }
    arguments
}

/// What its exit code says: 100 is for versions that are too low, others for comparisons that did not come about.
fn verdict(code: Option<i32>, plan: &Plan, last: &Release) -> Result<()> {
    match code {
        Some(0) => Ok(()),
        Some(100) => bail!(
            "this version is too low for what has changed since {}, which is listed above: bring back what is gone, or {}",
            last.tag,
            plan.higher(Bump::breaking(&last.version))
        ),
        _ => bail!("cargo-semver-checks could not compare with {}, for the reason above", last.tag),
    }
}

/// Whether the layer below is other here than users get it.
fn raw_has_changed(root: &Path, raw: &Release) -> Result<bool> {
    let package = Layer::Raw.package();
    let paths = ["src", "Cargo.toml"].map(|name| format!("crates/{package}/{name}"));
    let changed = git(root, &["diff", "--name-only", &raw.tag, "HEAD", "--", &paths[0], &paths[1]])?;
    Ok(!changed.is_empty())
}

/// Packages the layer, and what it needs of ours, since no registry may have that; and builds it from the package.
fn publishable(root: &Path, layer: Layer) -> Result<()> {
    // Files that this task has written are not committed yet.
    let mut dry = cargo(&["publish", "--dry-run", "--allow-dirty"]);
    match layer {
        Layer::Raw => dry.args(["--package", "opp-raw"]),
        Layer::Ergonomic => dry.args(["--package", "opp-raw", "--package", "opp-ergonomic"]),
    };
    // One folder for all that is built, so that a checkout of its own does not build everything once more.
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        dry.arg("--target-dir").arg(crate::root().join("target"));
    }
    run(dry.current_dir(root))
}

/// The same in a checkout of its own, which has the layer below as it was released.
fn publishable_with(root: &Path, raw: &Release, changes: &Changes) -> Result<()> {
    let checkout = Checkout::new(root)?;
    git(&checkout.folder, &["checkout", "--quiet", &raw.tag, "--", "crates/opp-raw"])?;
    changes.copy(root, &checkout.folder)?;
    publishable(&checkout.folder, Layer::Ergonomic).with_context(|| {
        format!(
            "it cannot be published with opp-raw {}, which is what its users get: if it needs what opp-raw has gained \
             since, run `cargo xtask release raw` first",
            raw.version
        )
    })
}

/// What was committed, in a folder of its own that goes when this goes.
struct Checkout<'a> {
    root: &'a Path,
    folder: PathBuf,
}

impl<'a> Checkout<'a> {
    fn new(root: &'a Path) -> Result<Self> {
        let folder = root.join("target/release/checkout");
        let path = folder.to_string_lossy();
        // What an interrupted run left; mostly there is nothing.
        let _ = git(root, &["worktree", "remove", "--force", &path]);
        git(root, &["worktree", "add", "--quiet", "--detach", &path, "HEAD"])?;
        drop(path);
        Ok(Self { root, folder })
    }
}

impl Drop for Checkout<'_> {
    fn drop(&mut self) {
        // If it stays, it is in the way of nobody but the next run, which tries again.
        let _ = git(self.root, &["worktree", "remove", "--force", &self.folder.to_string_lossy()]);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::tests::Repository;
    use super::*;

    fn plan(next: &str) -> Plan {
        Plan { layer: Layer::Ergonomic, last: None, next: next.parse().unwrap() }
    }

    fn release(version: &str) -> Release {
        Release { tag: format!("opp-ergonomic-v{version}"), version: version.parse().unwrap() }
    }

    #[test]
    fn a_version_that_is_too_low_names_the_one_that_is_enough() {
        verdict(Some(0), &plan("0.1.1"), &release("0.1.0")).unwrap();
        for (last, next, way_out) in [("0.1.0", "0.1.1", "--bump minor`"), ("1.2.0", "1.3.0", "--bump major`")] {
            let refusal = verdict(Some(100), &plan(next), &release(last)).unwrap_err().to_string();
            assert!(refusal.contains("too low") && refusal.ends_with(way_out), "{refusal}");
        }
    }

    #[test]
    fn only_versions_that_may_be_too_low_are_compared() {
        for (last, next, wanted) in [
            ("0.1.0", "0.1.1", true),
            ("0.1.0", "0.2.0", false),
            ("0.1.0", "1.0.0", false),
            ("1.2.0", "1.3.0", true),
            ("1.2.0", "2.0.0", false),
        ] {
            assert_eq!(compared(&plan(next), &release(last)), wanted, "{last} {next}");
        }
    }

    #[test]
    fn a_comparison_that_did_not_come_about_says_nothing_of_versions() {
        for code in [Some(101), None] {
            let failure = verdict(code, &plan("0.1.1"), &release("0.1.0")).unwrap_err().to_string();
            assert!(failure.contains("could not compare") && !failure.contains("too low"), "{failure}");
        }
    }

    #[test]
    fn every_feature_of_the_raw_layer_is_compared_but_the_one_that_needs_openssl() {
        let manifest = fs::read_to_string(super::super::manifest(&crate::root(), "opp-raw")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let features = manifest["features"].as_table().unwrap();
        let compared = comparison(Layer::Raw, "tag").join(" ");
        let by_default = features["default"].as_array().unwrap();
        let left_out = |name: &&String| {
            *name != "default"
                && !compared.contains(name.as_str())
                && !by_default.iter().any(|one| one.as_str() == Some(*name))
        };
        assert_eq!(features.iter().map(|(name, _)| name).filter(left_out).collect::<Vec<_>>(), ["native-tls"]);
    }

    #[test]
    fn only_what_is_built_of_the_layer_below_counts_as_changed() {
        let repository = Repository::new();
        repository.commit("opp-raw/src/lib.rs", "pub fn one() {}");
        repository.tag("opp-raw-v0.1.0");
        let raw = Release { tag: "opp-raw-v0.1.0".to_owned(), version: semver::Version::new(0, 1, 0) };
        repository.commit("opp-raw/README.md", "Words.");
        repository.commit("opp-ergonomic/src/lib.rs", "pub fn other() {}");
        assert!(!raw_has_changed(repository.root(), &raw).unwrap());
        repository.commit("opp-raw/src/lib.rs", "pub fn two() {}");
        assert!(raw_has_changed(repository.root(), &raw).unwrap());
    }

    #[test]
    fn a_checkout_has_the_layer_below_as_it_was_and_goes_when_it_is_done() {
        let repository = Repository::new();
        repository.commit("opp-raw/src/lib.rs", "pub fn one() {}");
        repository.tag("opp-raw-v0.1.0");
        repository.commit("opp-raw/src/lib.rs", "pub fn two() {}");
        let folder = {
            let checkout = Checkout::new(repository.root()).unwrap();
            let lib = checkout.folder.join("crates/opp-raw/src/lib.rs");
            assert_eq!(fs::read_to_string(&lib).unwrap(), "pub fn two() {}");
            git(&checkout.folder, &["checkout", "--quiet", "opp-raw-v0.1.0", "--", "crates/opp-raw"]).unwrap();
            assert_eq!(fs::read_to_string(&lib).unwrap(), "pub fn one() {}");
            checkout.folder.clone()
        };
        assert!(!folder.exists());
        assert_eq!(git(repository.root(), &["worktree", "list"]).unwrap().lines().count(), 1);
    }
}
