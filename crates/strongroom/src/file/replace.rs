//! One way to put bytes in the place of a file: whoever looks, and whoever comes after a power cut, sees the old file
//! or the new one.
//!
//! A private temporary file beside it, written, synchronised, read back by the caller, and renamed. What was killed on
//! the way leaves a temporary file of a known name, and the next writer removes it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::directory;
use super::system::{Here, Identity, System};
use crate::error::{Error, Result};
use crate::keys::sha256;
use crate::random;

/// What may be in the place, and what is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Nothing.
    New,
    /// A file, whose mode and owner are kept.
    Replacing,
    /// As [`How::Replacing`], and nobody but the owner has access any more: for plaintext and keys.
    ReplacingPrivate,
}

/// Writes, synchronises, verifies and moves into place. Whether the new name survives a power cut is not settled yet:
/// its directory must be synchronised.
///
/// # Errors
/// [`Error::File`], [`Error::AlreadyThere`] when it must be new and is not, and those of `verify`. Nothing changed
/// then.
pub(crate) fn put<T>(path: &Path, bytes: &[u8], how: How, verify: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let failed = |operation| move |source| Error::File { operation, path: path.to_owned(), source };
    let name = TemporaryName::of(path);
    let (mut temporary, mut file) = Temporary::make(path, &name)?;
    let mask = match how {
        How::New => None,
        How::Replacing => Some(0o7777),
        How::ReplacingPrivate => Some(0o700),
    };
    if let Some(mask) = mask {
        match Here::keep_mode_and_owner(&file, path, mask) {
            // The caller knows whether it may be missing; there is nothing to keep then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => outcome.map_err(failed("keep the mode of"))?,
        }
    }
    Here::write_all(&mut file, bytes).map_err(failed("write a new version of"))?;
    Here::sync(&file).map_err(failed("synchronise a new version of"))?;
    temporary.identity = Here::about_open(&file).ok().and_then(|about| about.identity);
    // An error that a file system keeps until the file is closed would come too late: what matters was synchronised.
    drop(file);
    let verified = verify(&temporary.path)?;
    temporary.move_to(path, how)?;
    Ok(verified)
}

/// Removes its file unless that was moved into place.
struct Temporary {
    path: PathBuf,
    /// Known once it is written.
    identity: Identity,
    moved: bool,
}

/// More names than anybody's leftovers could have taken.
const ATTEMPTS: usize = 16;

impl Temporary {
    fn make(path: &Path, name: &TemporaryName) -> Result<(Temporary, <Here as System>::File)> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let temporary = directory(path).join(name.with(&HEXLOWER.encode(&random::bytes::<6>()?)));
            match Here::create(&temporary) {
                Ok(file) => return Ok((Temporary { path: temporary, identity: None, moved: false }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {}
                Err(source) => {
                    let path = path.to_owned();
                    return Err(Error::File { operation: "make a temporary file beside", path, source });
                }
            }
        }
    }

    fn move_to(mut self, path: &Path, how: How) -> Result<()> {
        let renamed = match how {
            How::Replacing | How::ReplacingPrivate => Here::rename(&self.path, path),
            How::New => Here::rename_new(&self.path, path),
        };
        self.moved = renamed.is_ok();
        let outcome = match renamed {
            // The temporary name is removed when `self` is dropped; when that fails, by the next writer.
            Err(error) if how == How::New && error.kind() == io::ErrorKind::Unsupported => Here::link(&self.path, path),
            outcome => outcome,
        };
        match outcome {
            // A network file system that repeats a call because the answer was lost may say that the file is there
            // already, or gone. Whatever it says: what stands there now is ours.
            Err(_) if self.is_at(path) => Ok(()),
            outcome => outcome.map_err(|error| not_moved(path, how, error)),
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        self.identity.is_some() && Here::about(path).is_ok_and(|about| about.identity == self.identity)
    }
}

fn not_moved(path: &Path, how: How, source: io::Error) -> Error {
    let path = path.to_owned();
    if how == How::New && source.kind() == io::ErrorKind::AlreadyExists {
        return Error::AlreadyThere { path };
    }
    Error::File { operation: "move a new version into place as", path, source }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.moved {
            let _ = Here::remove(&self.path);
        }
    }
}

/// The names of a file's temporary files: `.NAME.RANDOM.strongroom-tmp`.
pub(super) struct TemporaryName {
    prefix: OsString,
}

const SUFFIX: &str = ".strongroom-tmp";

/// No file system that we know takes names of more than 255 bytes, and with a name longer than this the temporary
/// one could be.
const LONGEST_NAME: usize = 200;

impl TemporaryName {
    /// Those of the file at this path.
    pub(super) fn of(path: &Path) -> TemporaryName {
        let name = path.file_name().unwrap_or_default();
        let mut prefix = OsString::from(".");
        match name.as_encoded_bytes() {
            long if long.len() > LONGEST_NAME => prefix.push(HEXLOWER.encode(&sha256(long)[..16])),
            _ => prefix.push(name),
        }
        prefix.push(".");
        TemporaryName { prefix }
    }

    fn with(&self, random: &str) -> OsString {
        let mut name = self.prefix.clone();
        name.push(random);
        name.push(SUFFIX);
        name
    }

    /// Whether a name is one of these. `.v.w.RANDOM.strongroom-tmp` is not of the file `v`, but of `v.w`.
    pub(super) fn fits(&self, name: &OsStr) -> bool {
        let random = name.as_encoded_bytes().strip_prefix(self.prefix.as_encoded_bytes());
        let random = random.and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
        random.is_some_and(|random| !random.is_empty() && random.iter().all(u8::is_ascii_alphanumeric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_longest_names_work_and_leave_nothing() {
        let directory = tempfile::tempdir().unwrap();
        for length in [LONGEST_NAME, LONGEST_NAME + 1, 255] {
            let path = directory.path().join("n".repeat(length));
            put(&path, b"one", How::New, |_| Ok(())).unwrap();
            put(&path, b"two", How::Replacing, |temporary| {
                assert!(TemporaryName::of(&path).fits(temporary.file_name().unwrap()));
                Ok(())
            })
            .unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"two");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf_8_works_and_is_not_another_one() {
        use std::os::unix::ffi::OsStrExt;

        let directory = tempfile::tempdir().unwrap();
        let [one, other] = [b"v\xff", b"v\xfe"].map(|name| directory.path().join(OsStr::from_bytes(name)));
        put(&one, b"one", How::New, |temporary| {
            let name = temporary.file_name().unwrap();
            assert!(TemporaryName::of(&one).fits(name) && !TemporaryName::of(&other).fits(name));
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read(&one).unwrap(), b"one");
    }
}
