//! Files: read with a bound, locked, put in place in one step.
//!
//! A save is a new private file beside the old one, written, synchronised, read back by the caller, and renamed over
//! it; then the directory is synchronised. Interrupted anywhere, the old file is there. SPEC.md, W10 and W11. Vaults,
//! pins, key files and exports are all written like this, and in no other way.

mod lock;
mod replace;
#[cfg(test)]
pub(crate) mod simulated;
mod system;

use std::io;
use std::path::{Path, PathBuf};

use crate::container;
use crate::error::{Error, Result};
use crate::memory::Region;

pub(crate) use lock::{Lock, leftovers};
pub(crate) use replace::{How, put};
pub(crate) use system::{About, Here, Kind, System};

/// Whether what was written survives a power cut from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a power cut could undo what was written"]
pub enum Durability {
    /// It does: the file and the directory that names it are on the disk.
    Durable,
    /// It is in place, but its directory could not be synchronised, so nobody can say from when on it survives.
    Uncertain,
}

/// Reads a whole file that may be a vault, into memory in which it can be decrypted.
///
/// # Errors
/// [`Error::File`]; [`crate::FormatError::TooLarge`] before anything is allocated.
pub(crate) fn read(path: &Path) -> Result<Region> {
    let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
    let (mut file, length) = open_regular(path).map_err(failed)?;
    if length > container::MOST_BYTES {
        return Err(container::too_large(length).into());
    }
    let length = usize::try_from(length).map_err(|_| container::too_large(length))?;
    let mut bytes = Region::for_secrets(length).map_err(failed)?;
    Here::read_exact(&mut file, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a whole file that holds no secrets and no more than so many bytes.
///
/// # Errors
/// The system's; [`io::ErrorKind::FileTooLarge`] before anything is allocated.
pub(crate) fn read_small(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (mut file, length) = open_regular(path)?;
    if length > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?];
    Here::read_exact(&mut file, &mut bytes)?;
    Ok(bytes)
}

fn open_regular(path: &Path) -> io::Result<(<Here as System>::File, u64)> {
    // Looked at before it is opened: opening a named pipe would wait for somebody to write.
    require_regular(Here::about(path)?)?;
    let file = Here::open(path)?;
    let about = Here::about_open(&file)?;
    require_regular(about)?;
    Ok((file, about.length))
}

/// # Errors
/// Says what it is, unless it is a regular file.
pub(crate) fn require_regular(about: About) -> io::Result<()> {
    match about.kind {
        Kind::Regular => Ok(()),
        Kind::Directory => Err(io::ErrorKind::IsADirectory.into()),
        Kind::Other => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// The file that a path leads to, through symbolic links; the last part need not exist yet.
///
/// # Errors
/// [`Error::File`] when a directory on the way does not exist.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    match Here::canonical(path) {
        Ok(resolved) => Ok(resolved),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let failed = |source| Error::File { operation: "find the directory of", path: path.to_owned(), source };
            let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
            Ok(Here::canonical(directory(path)).map_err(failed)?.join(name))
        }
        Err(source) => Err(Error::File { operation: "find", path: path.to_owned(), source }),
    }
}

/// Makes a directory, and those above it, for this user only; each survives a power cut as what is put into it does.
///
/// # Errors
/// The system's.
pub(crate) fn make_directories(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().map(|_| directory(path)) else { return Ok(()) };
    match Here::about(path) {
        // Whoever made an empty one may have been killed, or failed, before its name was on the disk.
        Ok(about) if about.kind == Kind::Directory => match Here::regular_files(path) {
            Ok(names) if names.is_empty() => {}
            _ => return Ok(()),
        },
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if parent != path {
                make_directories(parent)?;
            }
            match Here::make_directory(path) {
                // Somebody else was making the same one.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => outcome?,
            }
        }
        Err(error) => return Err(error),
    }
    match Here::open_directory(parent) {
        Ok(parent) => synchronise(&parent).map(|_| ()),
        // Who may not read the parent may not synchronise it either.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a file that somebody else may have put here, and its name, survive a power cut, where that is to be had: who
/// may not write, or where nothing can be synchronised, nobody waits for it.
///
/// # Errors
/// The system's, when it can and failed.
pub(crate) fn settle(path: &Path) -> io::Result<()> {
    let tolerate = |outcome: io::Result<()>| match outcome {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied || cannot_synchronise(&error) => Ok(()),
        outcome => outcome,
    };
    tolerate(Here::open(path).and_then(|file| Here::sync(&file)))?;
    tolerate(Here::open_directory(directory(path)).and_then(|directory| Here::sync_directory(&directory)))
}

/// Makes the names in a directory survive a power cut, and tells whether this file system can do that at all.
///
/// # Errors
/// The system's, when it can and failed.
pub(crate) fn synchronise(directory: &<Here as System>::Directory) -> io::Result<Durability> {
    match Here::sync_directory(directory) {
        Ok(()) => Ok(Durability::Durable),
        Err(error) if cannot_synchronise(&error) => Ok(Durability::Uncertain),
        Err(error) => Err(error),
    }
}

fn cannot_synchronise(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    matches!(error.kind(), InvalidInput | ReadOnlyFilesystem | Unsupported)
}

/// The directory that a path is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::simulated::{Disk, Fault, Operation, Tree};
    use super::*;

    /// Does something on an empty disk that fails in this way.
    fn on_disk<T>(disk: Disk, work: impl FnOnce() -> T) -> (T, Disk) {
        simulated::mount(disk);
        let outcome = work();
        (outcome, simulated::unmount())
    }

    #[test]
    fn a_directory_whose_name_may_not_be_on_the_disk_is_synchronised_by_the_next_one_who_needs_it() {
        let path = Path::new("/state/pins");
        let disk = || Disk::holding(Tree::empty());
        let calls = on_disk(disk(), || make_directories(path).unwrap()).1.calls;
        let mut tried = 0;
        for call in 0..calls {
            let mut failing = disk();
            failing.fault = Some(Fault::Before(call));
            let (outcome, mut left) = on_disk(failing, || make_directories(path));
            if outcome.is_ok() {
                continue;
            }
            tried += usize::from(left.struck.is_some_and(|(name, _)| name == "sync directory"));
            // Killed instead of failed would have left the same. Both names are on the disk after another try.
            left.fault = None;
            let (outcome, disk) = on_disk(left, || make_directories(path));
            outcome.unwrap();
            let entered = disk.log.iter().rposition(|done| matches!(done, Operation::Enter { .. })).unwrap();
            assert!(disk.log[entered..].iter().any(|done| matches!(done, Operation::SyncDirectory(_))), "call {call}");
        }
        assert_eq!(tried, 2);
    }

    #[test]
    fn a_move_that_happened_is_no_error_whatever_the_system_says() {
        let path = Path::new("/v");
        for (how, renames_new) in [(How::New, true), (How::New, false), (How::Replacing, true)] {
            let disk = || {
                let prepared = on_disk(Disk::holding(Tree::empty()), || match how {
                    How::New => Ok(()),
                    _ => put(path, b"old", How::New, |_| Ok(())),
                });
                prepared.0.unwrap();
                let mut disk = prepared.1;
                disk.settle();
                disk.renames_new = renames_new;
                disk
            };
            let write = || put(path, b"new", how, |_| Ok(()));
            let calls = on_disk(disk(), write).1.calls;
            let mut moved = 0;
            for call in 0..calls {
                let mut failing = disk();
                failing.fault = Some(Fault::After(call));
                let (outcome, left) = on_disk(failing, write);
                let is_new = left.live.bytes(path).is_some_and(|bytes| bytes == b"new");
                assert_eq!(outcome.is_ok(), is_new, "{how:?} {:?}", left.struck);
                moved += usize::from(is_new && left.struck.is_some_and(|(name, _)| matches!(name, "rename" | "link")));
            }
            assert!(moved >= 1, "{how:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn opening_a_pipe_that_came_into_the_place_of_a_file_waits_for_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("v");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        // Without a writer, an ordinary open would never come back.
        let opened = Here::open(&pipe).unwrap();
        assert!(require_regular(Here::about_open(&opened).unwrap()).is_err());
        assert!(open_regular(&pipe).is_err());
    }
}
