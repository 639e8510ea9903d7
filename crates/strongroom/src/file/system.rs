//! What putting a file in place asks of the operating system: one function for each thing that can fail, or be lost
//! with the power, on its own.
//!
//! Everything else in [`crate::file`] and its callers goes through [`Here`]. In the program that is the real system;
//! the tests may mount a simulated disk on one thread, and let the same code run over it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The system that this build runs on.
#[cfg(not(test))]
pub(crate) type Here = Real;
/// The system that this build runs on, or a simulated disk.
#[cfg(test)]
pub(crate) type Here = super::simulated::Switch;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Regular,
    Directory,
    Other,
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) kind: Kind,
    pub(crate) length: u64,
    pub(crate) identity: Identity,
}

/// Device and inode: the same file under whatever name. None where the system does not tell.
pub(crate) type Identity = Option<(u64, u64)>;

/// A file system, as far as a save uses it. Interrupted calls are tried again where nothing can have happened yet;
/// all other errors are the caller's.
pub(crate) trait System {
    /// An open file.
    type File;
    /// An open directory, which holds its lock as long as it is open.
    type Directory;

    /// What the path leads to, through symbolic links.
    fn about(path: &Path) -> io::Result<About>;
    /// The path without symbolic links. There must be something.
    fn canonical(path: &Path) -> io::Result<PathBuf>;
    /// Never waits, not even for a pipe that nobody writes to.
    fn open(path: &Path) -> io::Result<Self::File>;
    fn about_open(file: &Self::File) -> io::Result<About>;
    fn read_exact(file: &mut Self::File, out: &mut [u8]) -> io::Result<()>;
    /// The names of the regular files in a directory; links are none.
    fn regular_files(directory: &Path) -> io::Result<Vec<OsString>>;

    fn open_directory(path: &Path) -> io::Result<Self::Directory>;
    fn about_directory(directory: &Self::Directory) -> io::Result<About>;
    /// Whether the lock was free and is ours now.
    fn try_lock(directory: &Self::Directory) -> io::Result<bool>;
    /// Makes the names in a directory survive a power cut.
    fn sync_directory(directory: &Self::Directory) -> io::Result<()>;
    /// A directory for this user only. Its parent must be there.
    fn make_directory(path: &Path) -> io::Result<()>;

    /// A file for this user only, where there must be nothing.
    fn create(path: &Path) -> io::Result<Self::File>;
    fn write_all(file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Takes over owner, as far as allowed, and those bits of the mode that are in `mask`, from the file at `like`.
    fn keep_mode_and_owner(file: &Self::File, like: &Path, mask: u32) -> io::Result<()>;
    /// Makes what is in a file survive a power cut.
    fn sync(file: &Self::File) -> io::Result<()>;

    /// In one step, over whatever file is at `to`.
    fn rename(from: &Path, to: &Path) -> io::Result<()>;
    /// In one step, unless there is something at `to`. [`io::ErrorKind::Unsupported`] where that is not to be had.
    fn rename_new(from: &Path, to: &Path) -> io::Result<()>;
    /// Another name for a file, unless there is something at `to`.
    fn link(from: &Path, to: &Path) -> io::Result<()>;
    fn remove(path: &Path) -> io::Result<()>;
}

/// The operating system.
pub(crate) struct Real;

impl System for Real {
    type File = File;
    type Directory = File;

    fn about(path: &Path) -> io::Result<About> {
        fs::metadata(path).map(|metadata| about(&metadata))
    }

    fn canonical(path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn open(path: &Path) -> io::Result<File> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        {
            use rustix::fs::OFlags;
            use std::os::unix::fs::OpenOptionsExt;
            // Regular files do not know the flag; flags that the standard library sets itself it leaves out here.
            options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
        }
        options.open(path)
    }

    fn about_open(file: &File) -> io::Result<About> {
        file.metadata().map(|metadata| about(&metadata))
    }

    fn read_exact(file: &mut File, out: &mut [u8]) -> io::Result<()> {
        file.read_exact(out)
    }

    fn regular_files(directory: &Path) -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(directory)?.flatten();
        let regular = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        Ok(regular.map(|entry| entry.file_name()).collect())
    }

    fn open_directory(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn about_directory(directory: &File) -> io::Result<About> {
        directory.metadata().map(|metadata| about(&metadata))
    }

    fn try_lock(directory: &File) -> io::Result<bool> {
        loop {
            match directory.try_lock() {
                Ok(()) => return Ok(true),
                Err(fs::TryLockError::WouldBlock) => return Ok(false),
                Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn sync_directory(directory: &File) -> io::Result<()> {
        directory.sync_all()
    }

    fn make_directory(path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn create(path: &Path) -> io::Result<File> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    #[cfg(unix)]
    fn keep_mode_and_owner(file: &File, like: &Path, mask: u32) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        let (old, new) = (fs::metadata(like)?, file.metadata()?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            // Only root may give a file away; for everybody else the new file is their own.
            let (uid, gid) = (rustix::fs::Uid::from_raw(old.uid()), rustix::fs::Gid::from_raw(old.gid()));
            if rustix::fs::fchown(file, Some(uid), Some(gid)).is_err() {
                // The group alone may be kept by its members, and the mode may count on it.
                let _ = rustix::fs::fchown(file, None, Some(gid));
            }
        }
        file.set_permissions(fs::Permissions::from_mode(old.permissions().mode() & mask))
    }

    #[cfg(not(unix))]
    fn keep_mode_and_owner(file: &File, like: &Path, _mask: u32) -> io::Result<()> {
        file.set_permissions(fs::metadata(like)?.permissions())
    }

    fn sync(file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags};
        use rustix::io::Errno;

        match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Old kernels, file systems that do not take the flag, and sandboxes that do not know the call.
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP | Errno::PERM) => Err(io::ErrorKind::Unsupported.into()),
            outcome => Ok(outcome?),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn link(from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

fn about(metadata: &fs::Metadata) -> About {
    let kind = match metadata.file_type() {
        kind if kind.is_file() => Kind::Regular,
        kind if kind.is_dir() => Kind::Directory,
        _ => Kind::Other,
    };
    About { kind, length: metadata.len(), identity: identity(metadata) }
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_metadata: &fs::Metadata) -> Identity {
    None
}
