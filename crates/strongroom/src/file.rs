//! The vault's file: read with a bound, locked, replaced in one step.
//!
//! A save is a new private file beside the old one, written, synchronised, read back by the caller, and renamed over
//! it; then the directory is synchronised. Interrupted anywhere, the old vault opens. SPEC.md, W10 and W11.
//!
//! The lock is on the directory, by the operating system: there is no lock file to commit by accident or to clean up
//! after a crash, and it also serves where there is no vault yet.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use crate::container;
use crate::error::{Error, Result};
use crate::memory::Region;

/// How often a waiting writer looks again.
const LOCK_POLL: Duration = Duration::from_millis(10);

/// Reads a whole file that may be a vault, into memory in which it can be decrypted.
///
/// # Errors
/// [`Error::File`]; [`crate::FormatError::TooLarge`] before anything is allocated.
pub(crate) fn read(path: &Path) -> Result<Region> {
    let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
    // Looked at before it is opened: opening a named pipe would wait for somebody to write.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.len() > container::MOST_BYTES {
        return Err(container::too_large(metadata.len()).into());
    }
    let length = usize::try_from(metadata.len()).map_err(|_| container::too_large(metadata.len()))?;
    let mut bytes = Region::for_secrets(length).map_err(failed)?;
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The file that a path leads to, through symbolic links; the last part need not exist yet.
///
/// # Errors
/// [`Error::File`] when a directory on the way does not exist.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(resolved) => Ok(resolved),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let failed = |source| Error::File { operation: "find the directory of", path: path.to_owned(), source };
            let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
            Ok(fs::canonicalize(directory(path)).map_err(failed)?.join(name))
        }
        Err(source) => Err(Error::File { operation: "find", path: path.to_owned(), source }),
    }
}

/// Held by the one writer of a directory. Released when dropped, or when its process ends in any way.
pub(crate) struct Lock {
    directory: File,
}

impl Lock {
    /// Waits for the lock on the directory of `path`.
    ///
    /// # Errors
    /// [`Error::Locked`] after `timeout`; [`Error::File`] where the file system has no locks.
    pub(crate) fn on_directory_of(path: &Path, timeout: Duration) -> Result<Lock> {
        let failed = |source| Error::File { operation: "lock the directory of", path: path.to_owned(), source };
        let directory = File::open(directory(path)).map_err(failed)?;
        let start = Instant::now();
        loop {
            match directory.try_lock() {
                Ok(()) => return Ok(Lock { directory }),
                Err(fs::TryLockError::Error(source)) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
                Err(fs::TryLockError::WouldBlock) => {
                    let waited = start.elapsed();
                    if waited >= timeout {
                        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                        return Err(Error::Locked { path: path.to_owned(), waited_ms });
                    }
                    thread::sleep(LOCK_POLL.min(timeout - waited));
                }
            }
        }
    }

    /// Puts these bytes in the place of `path`, in one step. `verify` reads the new file back before that, and what it
    /// returns is returned. Mode and, where allowed, owner of the old file are kept; a new file has mode 0600.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::AlreadyThere`] when it must be `new` and is not, and those of `verify`. The old file is
    /// as it was then: once the new one is in place, nothing is an error any more, because a caller would take back
    /// what belongs to it. [`Written::durable`] tells whether a power cut could still undo it.
    pub(crate) fn write<T>(
        &self,
        path: &Path,
        bytes: &[u8],
        new: bool,
        verify: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<Written<T>> {
        let failed = |operation| move |source| Error::File { operation, path: path.to_owned(), source };
        let prefix = temporary_prefix(path);
        remove_leftovers(path, &prefix);
        let mut temporary = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(TEMPORARY_SUFFIX)
            .tempfile_in(directory(path))
            .map_err(failed("make a temporary file beside"))?;
        if !new {
            keep_mode_and_owner(path, temporary.as_file()).map_err(failed("keep the mode of"))?;
        }
        temporary.write_all(bytes).map_err(failed("write a new version of"))?;
        temporary.as_file().sync_all().map_err(failed("synchronise a new version of"))?;
        let verified = verify(temporary.path())?;
        rename(temporary, path, new)?;
        // Some network and shared file systems cannot synchronise a directory at all.
        let durable = self.directory.sync_all().is_ok();
        Ok(Written { verified, durable })
    }
}

/// A file that is in place.
pub(crate) struct Written<T> {
    /// What `verify` returned.
    pub(crate) verified: T,
    /// Whether its directory was synchronised too.
    pub(crate) durable: bool,
}

const TEMPORARY_SUFFIX: &str = ".strongroom-tmp";

fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(".{name}.")
}

fn rename(temporary: NamedTempFile, path: &Path, new: bool) -> Result<()> {
    let outcome = if new { temporary.persist_noclobber(path) } else { temporary.persist(path) };
    match outcome {
        Ok(_) => Ok(()),
        Err(error) if new && error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::AlreadyThere { path: path.to_owned() })
        }
        Err(error) => Err(Error::File {
            operation: "move a new version into place as",
            path: path.to_owned(),
            source: error.error,
        }),
    }
}

/// Removes what a killed writer left. Only the holder of the lock comes here, so nobody is still writing these.
fn remove_leftovers(path: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(directory(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(TEMPORARY_SUFFIX) {
            // Failing to clean up must not fail the save.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(unix)]
fn keep_mode_and_owner(path: &Path, temporary: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let (old, new) = (fs::metadata(path)?, temporary.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // Only root may give a file away; for everybody else the new file is their own.
        let (uid, gid) = (rustix::fs::Uid::from_raw(old.uid()), rustix::fs::Gid::from_raw(old.gid()));
        if rustix::fs::fchown(temporary, Some(uid), Some(gid)).is_err() {
            // The group alone may be kept by its members, and the mode may count on it.
            let _ = rustix::fs::fchown(temporary, None, Some(gid));
        }
    }
    temporary.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_mode_and_owner(path: &Path, temporary: &File) -> io::Result<()> {
    temporary.set_permissions(fs::metadata(path)?.permissions())
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    #[test]
    fn a_failed_verification_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        fs::write(&path, "old").unwrap();
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        let refused: Result<Written<()>> = lock.write(&path, b"new", false, |_| Err(Error::NoRandomness));
        assert!(refused.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_replaces_one_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        lock.write(&path, b"first", true, |_| Ok(())).unwrap();
        let second = lock.write(&path, b"second", true, |_| Ok(()));
        assert!(matches!(second, Err(Error::AlreadyThere { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_second_writer_waits_and_then_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let first = Lock::on_directory_of(&path, SOON).unwrap();
        assert!(matches!(Lock::on_directory_of(&path, SOON), Err(Error::Locked { .. })));
        drop(first);
        assert!(Lock::on_directory_of(&path, SOON).is_ok());
    }

    #[test]
    fn leftovers_of_a_killed_writer_go_with_the_next_save() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        fs::write(directory.path().join(".v.abc.strongroom-tmp"), "half").unwrap();
        fs::write(directory.path().join(".w.abc.strongroom-tmp"), "another vault's").unwrap();
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        lock.write(&path, b"new", true, |_| Ok(())).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_private_and_old_ones_keep_their_mode() {
        use std::os::unix::fs::PermissionsExt;

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        lock.write(&path, b"new", true, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        lock.write(&path, b"newer", false, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), 0o640);
    }
}
