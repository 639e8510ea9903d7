//! Files for this user only: machine keys, key files, exports. Put in place in one step, as a vault is.
//!
//! Whoever looks, and whoever comes after a power cut, finds the old file or the whole new one. What a killed writer
//! leaves is a temporary file `.NAME.RANDOM.strongroom-tmp` with mode 0600; the next writer of the same file removes
//! it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::file::{self, Durability, Here, How, Lock, System};

/// How long a writer waits for others in the directory, so that it may clean up. Writing itself needs no lock: the file
/// is moved into place in one step, and where there are no locks at all, keys can be written all the same.
const CLEANING_WAITS: Duration = Duration::from_secs(2);

/// Writes a new file with mode 0600.
///
/// # Errors
/// [`Error::AlreadyThere`], also when there is a symbolic link that leads nowhere; [`Error::File`]. There is no file
/// then, and what was there is as it was.
pub fn create(path: &Path, contents: &[u8]) -> Result<Durability> {
    let path = file::resolve(path)?;
    put(&path, contents, How::New).inspect_err(|error| {
        if matches!(error, Error::File { operation: SYNCHRONISE, .. }) {
            // It would be in the way of the next attempt, and nothing may be built on it.
            let _ = Here::remove(&path);
        }
    })
}

/// Writes a file in the place of the one that is there, through symbolic links, or as a new one. Its owner is
/// kept where the system allows it, and nobody else has access.
///
/// # Errors
/// [`Error::File`], also for what is not a regular file, such as a terminal or a pipe; the old file is as it was,
/// unless the error is of synchronising: then the new one may be there.
pub fn replace(path: &Path, contents: &[u8]) -> Result<Durability> {
    let failed = |operation| move |source| Error::File { operation, path: path.to_owned(), source };
    let target = match Here::about(path) {
        Ok(about) => {
            file::require_regular(about).map_err(failed("replace"))?;
            // A link into /proc leads to files that have no name any more; the link itself must not be replaced.
            Here::canonical(path).map_err(failed("find"))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A link that leads nowhere: what is meant for there must not come to lie here.
            if std::fs::symlink_metadata(path).is_ok() {
                return Err(failed("find")(error));
            }
            file::resolve(path)?
        }
        Err(error) => return Err(failed("find")(error)),
    };
    put(&target, contents, How::ReplacingPrivate)
}

/// Makes a directory and those above it, for this user only.
///
/// # Errors
/// [`Error::File`]
pub fn make_directories(path: &Path) -> Result<()> {
    file::make_directories(path).map_err(|source| Error::File {
        operation: "make the directory",
        path: path.to_owned(),
        source,
    })
}

/// The temporary files beside a vault or a private file that interrupted writes of it left, or that somebody is writing
/// at this moment.
pub fn leftovers(path: &Path) -> Vec<PathBuf> {
    file::leftovers(path)
}

const SYNCHRONISE: &str = "synchronise the directory of";

fn put(path: &Path, contents: &[u8], how: How) -> Result<Durability> {
    // Held to the end, so that nobody takes our temporary file for a leftover. Who could not have it, because somebody
    // kept it for long, may lose the temporary file to the next writer of this name; then this is an error.
    let lock = Lock::on_directory_of(path, CLEANING_WAITS).ok();
    if let Some(lock) = &lock {
        lock.remove_leftovers(path);
    }
    file::put(path, contents, how, |_| Ok(()))?;
    let failed = |source| Error::File { operation: SYNCHRONISE, path: path.to_owned(), source };
    match Here::open_directory(file::directory(path)) {
        Ok(directory) => file::synchronise(&directory).map_err(failed),
        // Who may write to a directory may still not be allowed to read, and so to synchronise it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Durability::Uncertain),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_never_over_another_one_unasked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/key");
        make_directories(path.parent().unwrap()).unwrap();
        assert_eq!(create(&path, b"one").unwrap(), Durability::Durable);
        assert!(matches!(create(&path, b"two"), Err(Error::AlreadyThere { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(replace(&path, b"three").unwrap(), Durability::Durable);
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(replace(&path.with_file_name("new"), b"four").unwrap(), Durability::Durable);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }

    #[test]
    fn leftovers_go_with_the_next_write_but_not_while_somebody_has_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.json");
        fs::write(directory.path().join(".export.json.abc.strongroom-tmp"), "EXAMPLE plaintext").unwrap();
        let somebody = Lock::on_directory_of(&path, Duration::ZERO).unwrap();
        assert_eq!(replace(&path, b"one").unwrap(), Durability::Durable);
        assert_eq!(leftovers(&path).len(), 1);
        drop(somebody);
        assert_eq!(replace(&path, b"two").unwrap(), Durability::Durable);
        assert_eq!(leftovers(&path), Vec::<PathBuf>::new());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_private_also_in_the_place_of_one_that_was_not() {
        use std::os::unix::fs::PermissionsExt;

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/key");
        make_directories(path.parent().unwrap()).unwrap();
        let _ = create(&path, b"").unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let _ = replace(&path, b"").unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_is_refused() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("real")).unwrap();
        fs::write(at("real/file"), "old").unwrap();
        symlink("real/file", at("link")).unwrap();
        let _ = replace(&at("link"), b"new").unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(fs::read(at("real/file")).unwrap(), b"new");

        symlink("nowhere", at("dangling")).unwrap();
        assert!(matches!(create(&at("dangling"), b""), Err(Error::AlreadyThere { .. })));
        assert!(matches!(replace(&at("dangling"), b""), Err(Error::File { operation: "find", .. })));
        assert!(at("dangling").is_symlink() && !at("nowhere").exists());
        for refused in ["/dev/null", "/proc/self/fd/0", "real"] {
            let refused = if refused.starts_with('/') { PathBuf::from(refused) } else { at(refused) };
            if fs::metadata(&refused).is_ok_and(|about| !about.is_file()) {
                assert!(matches!(replace(&refused, b""), Err(Error::File { operation: "replace", .. })));
            }
        }
        // A descriptor of a file that was removed: there is no name to put a new one under.
        let removed = fs::File::create(at("removed")).unwrap();
        fs::remove_file(at("removed")).unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&removed)));
        if fs::metadata(&path).is_ok() {
            assert!(matches!(replace(&path, b""), Err(Error::File { .. })));
        }
    }
}
