//! The mounted disk in the place of the operating system: what the code under test calls.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Disk, Fault, Id, MOUNTED, Node, Operation, with};
use crate::file::system::{About, Kind, Real, System};

/// An open file, of either system.
#[derive(Debug)]
pub(crate) enum OpenFile {
    Real(File),
    Simulated { id: Id, at: usize },
}

/// An open directory, of either system.
pub(crate) enum OpenDirectory {
    Real(File),
    Simulated { id: Id, locked: RefCell<bool> },
}

impl Drop for OpenDirectory {
    fn drop(&mut self) {
        if let OpenDirectory::Simulated { id, locked } = self
            && *locked.borrow()
        {
            MOUNTED.with_borrow_mut(|disk| disk.as_mut().map(|disk| disk.locked.remove(id)));
        }
    }
}

/// The mounted disk where there is one, else the real system.
pub(crate) struct Switch;

/// Calls the mounted disk's closure, or the real system.
fn either<T>(
    simulated: impl FnOnce(&mut Disk) -> io::Result<T>,
    real: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    MOUNTED.with_borrow_mut(|mounted| mounted.as_mut().map(simulated)).unwrap_or_else(real)
}

impl System for Switch {
    type File = OpenFile;
    type Directory = OpenDirectory;

    fn about(path: &Path) -> io::Result<About> {
        let look = |disk: &mut Disk| disk.live.find(path).map(|id| disk.about(id));
        either(|disk| disk.attempt("about", look), || Real::about(path))
    }

    fn canonical(path: &Path) -> io::Result<PathBuf> {
        let find = |disk: &mut Disk| disk.live.find(path).map(|_| path.to_owned());
        either(|disk| disk.attempt("canonical", find), || Real::canonical(path))
    }

    fn open(path: &Path) -> io::Result<OpenFile> {
        let open = |disk: &mut Disk| disk.live.find(path).map(|id| OpenFile::Simulated { id, at: 0 });
        either(|disk| disk.attempt("open", open), || Real::open(path).map(OpenFile::Real))
    }

    fn about_open(file: &OpenFile) -> io::Result<About> {
        match file {
            OpenFile::Real(file) => Real::about_open(file),
            OpenFile::Simulated { id, .. } => with(|disk| disk.attempt("about", |disk| Ok(disk.about(*id)))),
        }
    }

    fn read_exact(file: &mut OpenFile, out: &mut [u8]) -> io::Result<()> {
        let (id, at) = match file {
            OpenFile::Real(file) => return Real::read_exact(file, out),
            OpenFile::Simulated { id, at } => (*id, at),
        };
        with(|disk| {
            disk.attempt("read", |disk| {
                let Node::File { bytes, .. } = &disk.live.nodes[id] else { panic!("not a file") };
                let end = *at + out.len();
                out.copy_from_slice(bytes.get(*at..end).ok_or(io::ErrorKind::UnexpectedEof)?);
                *at = end;
                Ok(())
            })
        })
    }

    fn regular_files(directory: &Path) -> io::Result<Vec<OsString>> {
        let list = |disk: &mut Disk| {
            let id = disk.live.find(directory)?;
            let entries = disk.live.entries(id).clone();
            let regular = entries.into_iter().filter(|(_, id)| disk.about(*id).kind == Kind::Regular);
            Ok(regular.map(|(name, _)| name).collect())
        };
        either(|disk| disk.attempt("list", list), || Real::regular_files(directory))
    }

    fn open_directory(path: &Path) -> io::Result<OpenDirectory> {
        let open = |disk: &mut Disk| {
            let id = disk.live.find(path)?;
            Ok(OpenDirectory::Simulated { id, locked: RefCell::new(false) })
        };
        either(|disk| disk.attempt("open directory", open), || Real::open_directory(path).map(OpenDirectory::Real))
    }

    fn about_directory(directory: &OpenDirectory) -> io::Result<About> {
        match directory {
            OpenDirectory::Real(file) => Real::about_directory(file),
            OpenDirectory::Simulated { id, .. } => with(|disk| disk.attempt("about", |disk| Ok(disk.about(*id)))),
        }
    }

    fn try_lock(directory: &OpenDirectory) -> io::Result<bool> {
        match directory {
            OpenDirectory::Real(file) => Real::try_lock(file),
            OpenDirectory::Simulated { id, locked } => with(|disk| {
                disk.attempt("lock", |disk| {
                    let free = disk.locked.insert(*id);
                    *locked.borrow_mut() |= free;
                    Ok(free)
                })
            }),
        }
    }

    fn sync_directory(directory: &OpenDirectory) -> io::Result<()> {
        match directory {
            OpenDirectory::Real(file) => Real::sync_directory(file),
            OpenDirectory::Simulated { id, .. } => with(|disk| {
                disk.attempt("sync directory", |disk| match disk.syncs_directories {
                    true => disk.done(Operation::SyncDirectory(*id)),
                    false => Err(io::ErrorKind::InvalidInput.into()),
                })
            }),
        }
    }

    fn make_directory(path: &Path) -> io::Result<()> {
        let make = |disk: &mut Disk| disk.add(path, Node::Directory(BTreeMap::new())).map(|_| ());
        either(|disk| disk.attempt("make directory", make), || Real::make_directory(path))
    }

    fn create(path: &Path) -> io::Result<OpenFile> {
        let create = |disk: &mut Disk| {
            let id = disk.add(path, Node::File { bytes: Vec::new(), mode: 0o600 })?;
            Ok(OpenFile::Simulated { id, at: 0 })
        };
        either(|disk| disk.attempt("create", create), || Real::create(path).map(OpenFile::Real))
    }

    fn write_all(file: &mut OpenFile, bytes: &[u8]) -> io::Result<()> {
        let (id, at) = match file {
            OpenFile::Real(file) => return Real::write_all(file, bytes),
            OpenFile::Simulated { id, at } => (*id, at),
        };
        with(|disk| {
            if disk.fault == Some(Fault::Full(disk.calls)) {
                disk.put(id, *at, &bytes[..bytes.len() / 2]);
            }
            disk.attempt("write", |disk| {
                disk.put(id, *at, bytes);
                *at += bytes.len();
                Ok(())
            })
        })
    }

    fn keep_mode_and_owner(file: &OpenFile, like: &Path, mask: u32) -> io::Result<()> {
        let id = match file {
            OpenFile::Real(file) => return Real::keep_mode_and_owner(file, like, mask),
            OpenFile::Simulated { id, .. } => *id,
        };
        with(|disk| {
            disk.attempt("mode", |disk| {
                let like = disk.live.find(like)?;
                let Node::File { mode: old, .. } = &disk.live.nodes[like] else { panic!("not a file") };
                let new = old & mask;
                let Node::File { mode, .. } = &mut disk.live.nodes[id] else { panic!("not a file") };
                *mode = new;
                disk.done(Operation::Mode { id, mode: new })
            })
        })
    }

    fn sync(file: &OpenFile) -> io::Result<()> {
        match file {
            OpenFile::Real(file) => Real::sync(file),
            OpenFile::Simulated { id, .. } => with(|disk| disk.attempt("sync", |disk| disk.done(Operation::Sync(*id)))),
        }
    }

    fn rename(from: &Path, to: &Path) -> io::Result<()> {
        either(|disk| disk.attempt("rename", |disk| disk.name(from, to, false, false)), || Real::rename(from, to))
    }

    fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        let rename = |disk: &mut Disk| match disk.renames_new {
            true => disk.name(from, to, true, false),
            false => Err(io::ErrorKind::Unsupported.into()),
        };
        either(|disk| disk.attempt("rename", rename), || Real::rename_new(from, to))
    }

    fn link(from: &Path, to: &Path) -> io::Result<()> {
        either(|disk| disk.attempt("link", |disk| disk.name(from, to, true, true)), || Real::link(from, to))
    }

    fn remove(path: &Path) -> io::Result<()> {
        let remove = |disk: &mut Disk| {
            let (directory, name) = disk.live.place(path)?;
            disk.live.entries(directory).get(&name).ok_or(io::ErrorKind::NotFound)?;
            disk.enter(directory, name, None);
            Ok(())
        };
        either(|disk| disk.attempt("remove", remove), || Real::remove(path))
    }
}
