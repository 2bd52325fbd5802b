//! Where things are kept on this machine: settings in one folder, what was begun and granted in another.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use etcetera::AppStrategy as _;

use crate::exit::Failure;

/// The folders.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    config: PathBuf,
    state: PathBuf,
}

impl Places {
    /// The usual folders of the system, or those below `OPP_CONFIG_DIR`.
    pub(crate) fn find(variables: &BTreeMap<String, String>) -> Result<Self, Failure> {
        if let Some(folder) = variables.get("OPP_CONFIG_DIR").filter(|folder| !folder.is_empty()) {
            let config = PathBuf::from(folder);
            return Ok(Self { state: config.join("state"), config });
        }
        let names = etcetera::AppStrategyArgs {
            top_level_domain: "io".to_owned(),
            author: "open-payments-rust".to_owned(),
            app_name: "opp".to_owned(),
        };
        let usual = etcetera::choose_app_strategy(names);
        let usual = usual.map_err(|_| {
            Failure::error("there is no home folder to keep profiles in").hint("Name a folder with OPP_CONFIG_DIR.")
        })?;
        Ok(Self { config: usual.config_dir(), state: usual.state_dir().unwrap_or_else(|| usual.data_dir()) })
    }

    pub(crate) fn config(&self, name: &str) -> PathBuf {
        self.config.join(name)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }
}

/// Reads a text; `None` if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::error(format!("{} cannot be read: {error}", path.display()))),
    }
}

/// Writes a file that is whole or not there at all, readable for its owner only.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = || {
        make_folder(folder)?;
        // Such a file is made with mode 0600 and keeps it when it takes its place.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync(folder)
    };
    written().map_err(|error: std::io::Error| Failure::error(format!("{} cannot be written: {error}", path.display())))
}

/// The file's new name, too, is on the disk before anybody goes on.
#[cfg(unix)]
fn sync(folder: &Path) -> std::io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// Removes a file; whether it was there does not matter.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::error(format!("{} cannot be removed: {error}", path.display())))
        }
        _ => Ok(()),
    }
}
