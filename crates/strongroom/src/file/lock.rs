//! The lock of a directory, held by its one writer.
//!
//! The operating system's, on the directory itself: there is no lock file to commit by accident or to clean up after a
//! crash, and it also serves where there is no vault yet. Two locks of one process exclude each other too, so whoever
//! holds one must not ask for it again.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::replace::{How, TemporaryName, put};
use super::system::{Here, System};
use super::{Durability, directory, synchronise};
use crate::error::{Error, Result};

/// How often a waiting writer looks again.
const LOCK_POLL: Duration = Duration::from_millis(10);

/// Held by the one writer of a directory. Released when dropped, or when its process ends in any way.
pub(crate) struct Lock {
    directory: <Here as System>::Directory,
}

/// A file that is in place.
pub(crate) struct Written<T> {
    /// What `verify` returned.
    pub(crate) verified: T,
    /// Whether its directory was synchronised too.
    pub(crate) durability: Durability,
}

impl Lock {
    /// Waits for the lock on the directory of `path`.
    ///
    /// # Errors
    /// [`Error::Locked`] after `timeout`; [`Error::File`] where the file system has no locks.
    pub(crate) fn on_directory_of(path: &Path, timeout: Duration) -> Result<Lock> {
        let failed = |source| Error::File { operation: "lock the directory of", path: path.to_owned(), source };
        let start = Instant::now();
        let mut opened = Here::open_directory(directory(path)).map_err(failed)?;
        loop {
            if Here::try_lock(&opened).map_err(failed)? {
                // While we waited another one may have come into its place, and its writers know nothing of ours.
                let (ours, there) = (Here::about_directory(&opened), Here::about(directory(path)));
                if ours.map_err(failed)?.identity == there.map_err(failed)?.identity {
                    return Ok(Lock { directory: opened });
                }
                opened = Here::open_directory(directory(path)).map_err(failed)?;
            }
            let waited = start.elapsed();
            if waited >= timeout {
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::Locked { path: path.to_owned(), waited_ms });
            }
            thread::sleep(LOCK_POLL.min(timeout - waited));
        }
    }

    /// Puts these bytes in the place of `path`, in one step. `verify` reads the new file back before that, and what it
    /// returns is returned. Mode and, where allowed, owner of the old file are kept; a new file has mode 0600.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::AlreadyThere`] when it must be new and is not, and those of `verify`. The old file is
    /// as it was then: once the new one is in place, nothing is an error any more, because a caller would take back
    /// what belongs to it. [`Written::durability`] tells whether a power cut could still undo it.
    pub(crate) fn write<T>(
        &self,
        path: &Path,
        bytes: &[u8],
        how: How,
        verify: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<Written<T>> {
        self.remove_leftovers(path);
        let verified = put(path, bytes, how, verify)?;
        // Some network and shared file systems cannot synchronise a directory at all.
        let durability = synchronise(&self.directory).unwrap_or(Durability::Uncertain);
        Ok(Written { verified, durability })
    }

    /// Removes what killed writers of this file left. Only the holder of the lock may: nobody is still writing these.
    pub(crate) fn remove_leftovers(&self, path: &Path) {
        for leftover in leftovers(path) {
            // Failing to clean up must not fail the save.
            let _ = Here::remove(&leftover);
        }
    }
}

/// The temporary files of interrupted, or running, writes of this file.
pub(crate) fn leftovers(path: &Path) -> Vec<PathBuf> {
    let (directory, pattern) = (directory(path), TemporaryName::of(path));
    let names = Here::regular_files(directory).unwrap_or_default();
    names.into_iter().filter(|name| pattern.fits(name)).map(|name| directory.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const SOON: Duration = Duration::from_millis(50);

    #[test]
    fn a_failed_verification_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        fs::write(&path, "old").unwrap();
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        let refused: Result<Written<()>> = lock.write(&path, b"new", How::Replacing, |_| Err(Error::NoRandomness));
        assert!(refused.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_replaces_one_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        lock.write(&path, b"first", How::New, |_| Ok(())).unwrap();
        let second = lock.write(&path, b"second", How::New, |_| Ok(()));
        assert!(matches!(second, Err(Error::AlreadyThere { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
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
    fn a_directory_that_was_replaced_while_its_writer_waited_is_not_the_one_that_is_locked() {
        let base = tempfile::tempdir().unwrap();
        let (here, elsewhere) = (base.path().join("vaults"), base.path().join("moved"));
        fs::create_dir(&here).unwrap();
        let path = here.join("v");
        let first = Lock::on_directory_of(&path, SOON).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| Lock::on_directory_of(&path, Duration::from_secs(60)));
            // Long enough for it to wait; were it not, the test would pass without having tried anything new.
            std::thread::sleep(SOON);
            fs::rename(&here, &elsewhere).unwrap();
            fs::create_dir(&here).unwrap();
            drop(first);
            let second = second.join().unwrap().unwrap();
            assert_eq!(
                Here::about_directory(&second.directory).unwrap().identity,
                Here::about(&here).unwrap().identity
            );
        });
    }

    #[test]
    fn leftovers_of_a_killed_writer_go_with_the_next_save_and_nothing_else_does() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at(".v.abc.strongroom-tmp"), "half").unwrap();
        for name in [".w.abc.strongroom-tmp", ".v.w.abc.strongroom-tmp", ".v..strongroom-tmp", ".v.abc"] {
            fs::write(at(name), "another's").unwrap();
        }
        fs::create_dir(at(".v.def.strongroom-tmp")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at(".v.abc"), at(".v.ghi.strongroom-tmp")).unwrap();
        let before = fs::read_dir(directory.path()).unwrap().count();
        let lock = Lock::on_directory_of(&at("v"), SOON).unwrap();
        lock.write(&at("v"), b"new", How::New, |_| Ok(())).unwrap();
        assert!(!at(".v.abc.strongroom-tmp").exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), before);
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_private_and_old_ones_keep_their_mode() {
        use std::os::unix::fs::PermissionsExt;

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v");
        let lock = Lock::on_directory_of(&path, SOON).unwrap();
        lock.write(&path, b"new", How::New, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        lock.write(&path, b"newer", How::Replacing, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), 0o644);
        lock.write(&path, b"plaintext", How::ReplacingPrivate, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
