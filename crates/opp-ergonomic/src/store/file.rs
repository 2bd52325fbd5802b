//! The store of one machine: a directory, for programs that end and begin again, and for several at once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Expected, Spent, Store, StoreError, StoreFuture, digest, spend};
use crate::clock::{Clock, SystemClock};

/// After how many writes what is over is cleared away.
const SWEEP: u32 = 256;

/// A store in a directory: a file for each value, readable by its owner alone, under a name that says nothing. Verbs
/// are atomic among all processes of the machine that use the directory; what was written outlives the loss of power.
/// It is meant for a program of a user's own or a small service, not for thousands of writes a second, and not for a
/// directory on the network.
#[derive(Debug, Clone)]
pub struct FileStore(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    writes: AtomicU32,
}

impl FileStore {
    /// Opens a store, and makes its directory if there is none.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::with_clock(directory, Arc::new(SystemClock))
    }

    /// A store that goes by this clock.
    pub fn with_clock(directory: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let directory = directory.as_ref().to_owned();
        let mut maker = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.recursive(true).create(&directory).map_err(StoreError::new)?;
        let shelf = Shelf { directory, clock, writes: AtomicU32::new(0) };
        shelf.locked(Shelf::sweep).map_err(StoreError::new)?;
        Ok(Self(Arc::new(shelf)))
    }

    /// Does something with the directory, which nobody else changes meanwhile, where it holds up no other task.
    fn locked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf, u64) -> io::Result<T> + Send + 'static,
    ) -> StoreFuture<'static, T> {
        let shelf = Arc::clone(&self.0);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || shelf.locked(work)).await;
            done.map_err(StoreError::new)?.map_err(StoreError::new)
        })
    }
}

impl Shelf {
    /// The lock is the operating system's: it ends with whoever holds it.
    fn locked<T>(&self, work: impl FnOnce(&Self, u64) -> io::Result<T>) -> io::Result<T> {
        let lock = private_file(OpenOptions::new().write(true).create(true)).open(self.directory.join("lock"))?;
        lock.lock()?;
        work(self, millis(self.clock.since_epoch()))
    }

    fn place(&self, kind: &str, key: &str) -> PathBuf {
        self.directory.join(digest(&[kind, key]))
    }

    /// Writes beside the entry and swaps it in, so that there is always an old or a new one.
    fn write(&self, path: &Path, now: u64, keep: Duration, value: &[u8]) -> io::Result<()> {
        let beside = self.directory.join("new");
        let mut file = private_file(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
        file.write_all(&now.saturating_add(millis(keep)).to_le_bytes())?;
        file.write_all(value)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.settle()?;
        if self.writes.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            // It is written, whatever comes of this.
            self.sweep(now).unwrap_or_else(|error| tracing::debug!(%error, "what is over was not cleared away"));
        }
        Ok(())
    }

    /// Elsewhere than on Unix directories cannot be opened, and names are as lasting as the file system makes them.
    fn settle(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.directory)?.sync_all() } else { Ok(()) }
    }

    fn sweep(&self, now: u64) -> io::Result<()> {
        for file in fs::read_dir(&self.directory)? {
            let file = file?;
            // Ours alone, whose names are hashes, and which can be read.
            let is_hash = |name: &str| name.len() == 64 && name.bytes().all(|sign| sign.is_ascii_hexdigit());
            let is_entry = file.file_name().to_str().is_some_and(is_hash);
            let is_over = |entry: Option<(u64, _)>| entry.is_none_or(|(until, _)| until <= now);
            if is_entry && read(&file.path()).is_ok_and(is_over) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }
}

impl Store for FileStore {
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let path = self.0.place("value", key);
        self.locked(move |_, now| live(&path, now))
    }

    fn put_if<'a>(
        &'a self,
        key: &'a str,
        expected: Expected<'a>,
        value: &'a [u8],
        keep: Duration,
    ) -> StoreFuture<'a, bool> {
        let (path, value) = (self.0.place("value", key), value.to_vec());
        let wanted = match expected {
            Expected::Anything => None,
            Expected::Nothing => Some(None),
            Expected::Value(value) => Some(Some(value.to_vec())),
        };
        self.locked(move |shelf, now| {
            let met = wanted.is_none() || wanted == Some(live(&path, now)?);
            if met {
                shelf.write(&path, now, keep, &value)?;
            }
            Ok(met)
        })
    }

    fn take<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let path = self.0.place("value", key);
        self.locked(move |shelf, now| {
            let taken = live(&path, now)?;
            if taken.is_some() {
                fs::remove_file(&path)?;
                shelf.settle()?;
            }
            Ok(taken)
        })
    }

    fn spend<'a>(&'a self, key: &'a str, limit: u32, window: Duration) -> StoreFuture<'a, Spent> {
        let path = self.0.place("spent", key);
        self.locked(move |shelf, now| {
            let stored = live(&path, now)?.unwrap_or_default();
            let moments = stored.chunks_exact(8).filter_map(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)));
            let mut moments: Vec<_> = moments.map(Duration::from_millis).collect();
            let spent = spend(&mut moments, Duration::from_millis(now), limit, window);
            if matches!(spent, Spent::Granted { .. }) {
                let bytes: Vec<u8> = moments.into_iter().flat_map(|moment| millis(moment).to_le_bytes()).collect();
                shelf.write(&path, now, window, &bytes)?;
            }
            Ok(spent)
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An entry: until when it counts, in milliseconds since 1970, and what it says. `None` if there is no such file, or one
/// that is no entry.
fn read(path: &Path) -> io::Result<Option<(u64, Vec<u8>)>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes.split_first_chunk().map(|(until, value)| (u64::from_le_bytes(*until), value.to_vec()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What counts of an entry.
fn live(path: &Path, now: u64) -> io::Result<Option<Vec<u8>>> {
    Ok(read(path)?.filter(|(until, _)| *until > now).map(|(_, value)| value))
}

/// Elsewhere than on Unix a file has the rights of its directory.
fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;
    use crate::store::tests_clock::HandClock;

    /// A store in a directory of its own, which goes with it.
    fn store() -> (tempfile::TempDir, Arc<HandClock>, FileStore) {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock::default());
        let store = FileStore::with_clock(directory.path().join("store"), Arc::clone(&clock) as _).unwrap();
        (directory, clock, store)
    }

    #[tokio::test]
    async fn the_store_of_files_conforms() {
        let (_directory, clock, store) = store();
        conformance::run(Arc::new(store), async |time| clock.pass(time)).await.unwrap();
    }

    #[tokio::test]
    async fn another_process_finds_what_this_one_has_left_and_takes_it_once() {
        let (directory, clock, store) = store();
        let hour = Duration::from_hours(1);
        store.put_if("a key", Expected::Nothing, b"value", hour).await.unwrap();
        store.spend("a key", 1, hour).await.unwrap();
        let other = FileStore::with_clock(directory.path().join("store"), clock).unwrap();
        assert!(matches!(other.spend("a key", 1, hour).await.unwrap(), Spent::Refused { .. }));
        let takes = futures_util::future::join_all([store.take("a key"), other.take("a key")]).await;
        assert_eq!(takes.into_iter().filter(|taken| matches!(taken, Ok(Some(_)))).count(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn processes_that_race_are_one_after_the_other() {
        let (directory, clock, _store) = store();
        // Each opens the directory for itself, as another process would.
        let race = (0..64).map(|_| {
            let (root, clock) = (directory.path().join("store"), Arc::clone(&clock) as _);
            tokio::spawn(async move {
                let store = FileStore::with_clock(root, clock).unwrap();
                let spent = store.spend("a key", 16, Duration::from_hours(1)).await.unwrap();
                let put = store.put_if("a key", Expected::Nothing, b"x", Duration::from_hours(1)).await.unwrap();
                (u32::from(matches!(spent, Spent::Granted { .. })), u32::from(put))
            })
        });
        let all = futures_util::future::join_all(race).await.into_iter().map(Result::unwrap);
        let won = all.fold((0, 0), |(spent, put), (one, other)| (spent + one, put + other));
        assert_eq!(won, (16, 1));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_else_can_read_it_and_names_say_nothing() {
        use std::os::unix::fs::PermissionsExt as _;
        let (directory, _clock, store) = store();
        store.put_if("a key", Expected::Nothing, b"value", Duration::from_hours(1)).await.unwrap();
        let root = directory.path().join("store");
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        for file in fs::read_dir(&root).unwrap().map(Result::unwrap) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
            assert!(!file.file_name().to_string_lossy().contains("key"));
        }
    }

    #[tokio::test]
    async fn what_is_over_is_cleared_away_and_what_is_not_ours_is_left() {
        let (directory, clock, store) = store();
        let root = directory.path().join("store");
        fs::write(root.join("README"), "mine").unwrap();
        for at in 0..2 * SWEEP {
            store.put_if(&at.to_string(), Expected::Nothing, b"x", Duration::from_secs(1)).await.unwrap();
            clock.pass(Duration::from_millis(100));
        }
        let files = fs::read_dir(&root).unwrap().count();
        assert!(files < 20, "{files} files");
        assert_eq!(fs::read_to_string(root.join("README")).unwrap(), "mine");
    }

    #[tokio::test]
    async fn what_cannot_be_read_nor_cleared_away_keeps_nothing_from_being_written() {
        let (directory, clock, store) = store();
        let root = directory.path().join("store");
        fs::create_dir(root.join("0".repeat(64))).unwrap();
        let other = FileStore::with_clock(&root, clock).unwrap();
        for at in 0..2 * SWEEP {
            assert!(other.put_if(&at.to_string(), Expected::Nothing, b"x", Duration::from_secs(1)).await.unwrap());
        }
        assert!(store.get("0").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_used_is_said_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(FileStore::open(file.path().join("below")).is_err());
    }
}
