//! Releases in a repository of two small crates.

use semver::Version;

use super::*;

/// A repository with a crate of each layer, committed.
pub(super) struct Repository(tempfile::TempDir);

impl Repository {
    pub(super) fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        let ask = "opp-raw = { version = \"0.1.0\", path = \"../opp-raw\" }\nrustls = \"0.23\"\n";
        for (package, version, seen, asked) in [
            ("opp-raw", "0.1.0+nextgenpsd2-1.3.3", "\"chrono\"", "chrono = \"0.4\"\n"),
            ("opp-ergonomic", "0.1.0", "\"opp-raw\"", ask),
        ] {
            let manifest = format!(
                "[package]\nname = \"{package}\"\nversion = \"{version}\"\n\n[package.metadata.release]\nseen = [{seen}]\n\n\
                 [dependencies]\n{asked}"
            );
            repository.write(&format!("crates/{package}/Cargo.toml"), &manifest);
            repository.write(&format!("crates/{package}/CHANGELOG.md"), "# Changes\n\n## Unreleased\n\nThe first.\n");
        }
        repository.write("Cargo.toml", "[workspace.package]\nrust-version = \"1.95\"\n");
        repository.write("Cargo.lock", "");
        repository.write(".gitignore", "/target\n");
        repository.git(&["init", "--quiet"]);
        repository.commit_all();
        repository
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file of a crate, and commits it.
    pub(super) fn commit(&self, path: &str, text: &str) {
        self.write(&format!("crates/{path}"), text);
        self.commit_all();
    }

    pub(super) fn tag(&self, name: &str) {
        self.git(&["tag", name]);
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Changes a file in one place, and commits it.
    fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{text}");
        self.write(path, &text.replacen(old, new, 1));
        self.commit_all();
    }

    fn commit_all(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", "All"]);
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        git(self.root(), &[&identity[..], arguments].concat()).unwrap();
    }

    /// Writes the next version of a layer, commits it and tags it, as the task and its reader do.
    fn release(&self, layer: Layer, bump: Bump) -> Version {
        let plan = self.plan(layer, bump).unwrap();
        let entry = self.read(&format!("crates/{}/CHANGELOG.md", plan.package())).replacen("# Changes\n", "", 1);
        if !entry.contains("Unreleased") {
            let text = format!("# Changes\n\n## Unreleased\n\nMore.\n{entry}");
            self.write(&format!("crates/{}/CHANGELOG.md", plan.package()), &text);
        }
        Changes::new(self.root(), plan.package(), &plan.next).unwrap().write().unwrap();
        self.commit_all();
        self.tag(&format!("{}-v{}", plan.package(), plan.next));
        plan.next
    }

    fn plan(&self, layer: Layer, bump: Bump) -> Result<Plan> {
        Plan::new(self.root(), &Arguments { layer, bump })
    }

    /// What stands in the way of a next version, if anything does.
    fn refusal(&self, layer: Layer, bump: Bump) -> Option<String> {
        let plan = self.plan(layer, bump).unwrap();
        promise::kept(self.root(), &plan).err().map(|error| format!("{error:#}"))
    }
}

fn v(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn what_is_not_committed_is_not_released() {
    let repository = Repository::new();
    clean(repository.root()).unwrap();
    repository.write("Cargo.lock", "changed");
    assert!(clean(repository.root()).unwrap_err().to_string().contains("Cargo.lock"));
}

#[test]
fn a_release_changes_its_own_layer_and_what_asks_for_it() {
    let repository = Repository::new();
    let changes = Changes::new(repository.root(), "opp-raw", &v("0.2.0+nextgenpsd2-1.3.3")).unwrap();
    changes.write().unwrap();
    let read = |path: &str| repository.read(&format!("crates/{path}"));
    assert!(read("opp-raw/Cargo.toml").contains("version = \"0.2.0+nextgenpsd2-1.3.3\"\n"));
    assert!(read("opp-raw/CHANGELOG.md").contains("## 0.2.0+nextgenpsd2-1.3.3 ("));
    let above = read("opp-ergonomic/Cargo.toml");
    assert!(above.contains("version = \"0.1.0\"\n") && above.contains("opp-raw = { version = \"0.2.0\""), "{above}");
    assert!(read("opp-ergonomic/CHANGELOG.md").contains("Unreleased"));

    changes.put_back().unwrap();
    clean(repository.root()).unwrap();
}

#[test]
fn the_first_release_has_the_version_of_the_manifest_and_later_ones_grow() {
    let repository = Repository::new();
    assert_eq!(repository.release(Layer::Ergonomic, Bump::Minor), v("0.1.0"));
    assert_eq!(repository.release(Layer::Ergonomic, Bump::Patch), v("0.1.1"));
    assert_eq!(repository.release(Layer::Ergonomic, Bump::Minor), v("0.2.0"));
    // The other layer has not moved.
    assert_eq!(repository.release(Layer::Raw, Bump::Patch), v("0.1.0+nextgenpsd2-1.3.3"));
}

#[test]
fn a_new_edition_of_the_document_goes_into_the_next_version() {
    let repository = Repository::new();
    repository.release(Layer::Raw, Bump::Patch);
    repository.replace("crates/opp-raw/Cargo.toml", "nextgenpsd2-1.3.3", "nextgenpsd2-1.4");
    assert_eq!(repository.release(Layer::Raw, Bump::Patch), v("0.1.1+nextgenpsd2-1.4"));
}

#[test]
fn a_version_that_nobody_tagged_is_refused_with_both_ways_out() {
    let repository = Repository::new();
    repository.release(Layer::Ergonomic, Bump::Patch);
    repository.replace("crates/opp-ergonomic/Cargo.toml", "version = \"0.1.0\"", "version = \"0.1.1\"");
    let refusal = repository.plan(Layer::Ergonomic, Bump::Patch).unwrap_err().to_string();
    assert!(refusal.contains("git tag opp-ergonomic-v0.1.1") && refusal.contains("back to 0.1.0"), "{refusal}");
}

#[test]
fn a_checkout_without_its_tags_is_not_taken_for_one_before_the_first_release() {
    let repository = Repository::new();
    repository.release(Layer::Raw, Bump::Patch);
    repository.git(&["tag", "--delete", "opp-raw-v0.1.0+nextgenpsd2-1.3.3"]);
    let refusal = repository.plan(Layer::Raw, Bump::Patch).unwrap_err().to_string();
    assert!(refusal.contains("git fetch --tags"), "{refusal}");
}

#[test]
fn a_raw_layer_that_breaks_makes_the_ergonomic_one_break() {
    let repository = Repository::new();
    repository.release(Layer::Raw, Bump::Patch);
    repository.release(Layer::Ergonomic, Bump::Patch);
    repository.release(Layer::Raw, Bump::Patch);
    assert_eq!(repository.refusal(Layer::Ergonomic, Bump::Patch), None);

    assert_eq!(repository.release(Layer::Raw, Bump::Minor), v("0.2.0+nextgenpsd2-1.3.3"));
    let refusal = repository.refusal(Layer::Ergonomic, Bump::Patch).unwrap();
    assert!(refusal.contains("opp-raw was 0.1.0 and is 0.2.0"), "{refusal}");
    assert!(refusal.contains("`cargo xtask release ergonomic --bump minor`"), "{refusal}");
    assert_eq!(repository.refusal(Layer::Ergonomic, Bump::Minor), None);
}

#[test]
fn another_version_of_a_crate_breaks_if_its_types_are_seen_and_only_then() {
    let repository = Repository::new();
    repository.release(Layer::Raw, Bump::Patch);
    repository.release(Layer::Ergonomic, Bump::Patch);
    repository.replace("crates/opp-ergonomic/Cargo.toml", "rustls = \"0.23\"", "rustls = \"0.24\"");
    assert_eq!(repository.refusal(Layer::Ergonomic, Bump::Patch), None);
    repository.replace("crates/opp-raw/Cargo.toml", "chrono = \"0.4\"", "chrono = \"0.5\"");
    assert!(repository.refusal(Layer::Raw, Bump::Patch).unwrap().contains("chrono was 0.4 and is 0.5"));
    assert_eq!(repository.refusal(Layer::Raw, Bump::Minor), None);
}

#[test]
fn a_newer_rust_is_asked_for_with_a_minor_version_only() {
    let repository = Repository::new();
    repository.release(Layer::Ergonomic, Bump::Patch);
    repository.replace("Cargo.toml", "1.95", "1.100");
    let refusal = repository.refusal(Layer::Ergonomic, Bump::Patch).unwrap();
    assert!(refusal.contains("needs Rust 1.100, and 1.95 was enough"), "{refusal}");
    assert_eq!(repository.refusal(Layer::Ergonomic, Bump::Minor), None);
}
