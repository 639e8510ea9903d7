//! A disk in memory that remembers what was done to it in which order, for the tests of [`crate::crash_model`].
//!
//! While one is mounted on a thread, everything that goes through [`super::Here`] on that thread goes to it. It can
//! fail any call, and [`crash`] says what may be left of it when the power goes.

pub(crate) mod crash;
mod switch;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::system::{About, Kind};
pub(crate) use switch::{OpenFile, Switch};

/// An inode.
pub(crate) type Id = usize;

#[derive(Debug, Clone)]
pub(crate) enum Node {
    File { bytes: Vec<u8>, mode: u32 },
    Directory(BTreeMap<OsString, Id>),
}

/// All inodes; the first is the root directory.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

/// One thing done to the disk.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// A name now leads to this inode, or to none.
    Enter {
        directory: Id,
        name: OsString,
        id: Option<Id>,
    },
    Write {
        id: Id,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        id: Id,
    },
    Mode {
        id: Id,
        mode: u32,
    },
    Sync(Id),
    SyncDirectory(Id),
    /// The caller was told that this file will be at least this version from now on.
    Promise {
        path: PathBuf,
        version: usize,
    },
}

/// What goes wrong at the call with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An input/output error, and nothing was done.
    Before(usize),
    /// The same, and it was done.
    After(usize),
    /// The disk is full; of a write, half was done.
    Full(usize),
    /// Errors from then on, and nothing is done any more.
    From(usize),
}

/// The disk, and what it does on purpose.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) live: Tree,
    pub(crate) base: Tree,
    pub(crate) log: Vec<Operation>,
    locked: BTreeSet<Id>,
    /// How many calls there were.
    pub(crate) calls: usize,
    pub(crate) fault: Option<Fault>,
    /// The call that failed, and how long the log was then.
    pub(crate) struck: Option<(&'static str, usize)>,
    /// Whether a file can be renamed only to where there is nothing.
    pub(crate) renames_new: bool,
    /// Whether directories can be synchronised.
    pub(crate) syncs_directories: bool,
}

thread_local! {
    static MOUNTED: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

/// Puts a disk in the place of the system on this thread.
pub(crate) fn mount(disk: Disk) {
    MOUNTED.with_borrow_mut(|mounted| *mounted = Some(disk));
}

/// Gives the system back.
pub(crate) fn unmount() -> Disk {
    MOUNTED.with_borrow_mut(|mounted| mounted.take()).expect("a disk was mounted")
}

/// Does something with the mounted disk.
pub(crate) fn with<T>(action: impl FnOnce(&mut Disk) -> T) -> T {
    MOUNTED.with_borrow_mut(|mounted| action(mounted.as_mut().expect("a disk is mounted")))
}

impl Tree {
    pub(crate) fn empty() -> Tree {
        Tree { nodes: vec![Node::Directory(BTreeMap::new())] }
    }

    fn find(&self, path: &Path) -> io::Result<Id> {
        let mut id = 0;
        for component in path.components().filter(|component| *component != Component::RootDir) {
            match &self.nodes[id] {
                Node::Directory(entries) => id = *entries.get(component.as_os_str()).ok_or(io::ErrorKind::NotFound)?,
                Node::File { .. } => return Err(io::ErrorKind::NotADirectory.into()),
            }
        }
        Ok(id)
    }

    /// The directory that holds a path, and the name in it.
    fn place(&self, path: &Path) -> io::Result<(Id, OsString)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?, name.to_owned()))
    }

    fn entries(&mut self, id: Id) -> &mut BTreeMap<OsString, Id> {
        match &mut self.nodes[id] {
            Node::Directory(entries) => entries,
            Node::File { .. } => panic!("not a directory"),
        }
    }

    /// The bytes of the file at a path.
    pub(crate) fn bytes(&self, path: &Path) -> Option<&Vec<u8>> {
        match self.find(path).map(|id| &self.nodes[id]) {
            Ok(Node::File { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }

    /// Names of temporary files anywhere.
    pub(crate) fn temporary_files(&self) -> Vec<&OsString> {
        let names = self.nodes.iter().flat_map(|node| match node {
            Node::Directory(entries) => entries.keys().collect::<Vec<_>>(),
            Node::File { .. } => Vec::new(),
        });
        names.filter(|name| name.as_encoded_bytes().ends_with(b".strongroom-tmp")).collect()
    }
}

impl Disk {
    pub(crate) fn holding(tree: Tree) -> Disk {
        Disk {
            live: tree.clone(),
            base: tree,
            log: Vec::new(),
            locked: BTreeSet::new(),
            calls: 0,
            fault: None,
            struck: None,
            renames_new: true,
            syncs_directories: true,
        }
    }

    /// Everything up to here survives, and the record begins.
    pub(crate) fn settle(&mut self) {
        self.base = self.live.clone();
        self.log.clear();
        self.calls = 0;
    }

    /// Whether the call that is made now fails, before or after it is done.
    fn call(&mut self, name: &'static str) -> Option<Fault> {
        let number = self.calls;
        self.calls += 1;
        let hit = self.fault.filter(|fault| match fault {
            Fault::Before(at) | Fault::After(at) | Fault::Full(at) => number == *at,
            Fault::From(from) => number >= *from,
        });
        if hit.is_some() && self.struck.is_none() {
            self.struck = Some((name, self.log.len()));
        }
        hit
    }

    /// Does something that was asked for and can be done.
    fn done(&mut self, operation: Operation) -> io::Result<()> {
        self.log.push(operation);
        Ok(())
    }

    fn attempt<T>(&mut self, name: &'static str, effect: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        let broken = || io::Error::from_raw_os_error(5);
        match self.call(name) {
            None => effect(self),
            Some(Fault::Before(_) | Fault::From(_)) => Err(broken()),
            Some(Fault::Full(_)) => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::After(_)) => {
                let _ = effect(self);
                Err(broken())
            }
        }
    }

    fn enter(&mut self, directory: Id, name: OsString, id: Option<Id>) {
        match id {
            Some(id) => self.live.entries(directory).insert(name.clone(), id),
            None => self.live.entries(directory).remove(&name),
        };
        self.log.push(Operation::Enter { directory, name, id });
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<Id> {
        let (directory, name) = self.live.place(path)?;
        if self.live.entries(directory).contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.live.nodes.push(node);
        let id = self.live.nodes.len() - 1;
        self.enter(directory, name, Some(id));
        Ok(id)
    }

    fn put(&mut self, id: Id, at: usize, new: &[u8]) {
        let Node::File { bytes, .. } = &mut self.live.nodes[id] else { panic!("not a file") };
        bytes.resize(bytes.len().max(at + new.len()), 0);
        bytes[at..at + new.len()].copy_from_slice(new);
        self.log.push(Operation::Write { id, at, bytes: new.to_vec() });
    }

    fn name(&mut self, from: &Path, to: &Path, only_new: bool, keep: bool) -> io::Result<()> {
        let id = self.live.find(from)?;
        let ((old, old_name), (new, new_name)) = (self.live.place(from)?, self.live.place(to)?);
        if only_new && self.live.entries(new).contains_key(&new_name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // Two effects: nothing promises that both sides of a rename survive together.
        self.enter(new, new_name, Some(id));
        if !keep {
            self.enter(old, old_name, None);
        }
        Ok(())
    }

    /// What programs do that do not know our ways: open a file where it stands and cut it to nothing.
    pub(crate) fn truncate(&mut self, path: &Path) -> io::Result<OpenFile> {
        let id = self.live.find(path)?;
        let Node::File { bytes, .. } = &mut self.live.nodes[id] else { panic!("not a file") };
        bytes.clear();
        self.log.push(Operation::Truncate { id });
        Ok(OpenFile::Simulated { id, at: 0 })
    }

    /// As git does it: removed, made again and written, and the rest is left to the system.
    pub(crate) fn replace_carelessly(&mut self, path: &Path, bytes: &[u8]) {
        let (directory, name) = self.live.place(path).expect("its directory is there");
        self.enter(directory, name, None);
        let id = self.add(path, Node::File { bytes: Vec::new(), mode: 0o600 }).expect("the name is free");
        self.put(id, 0, bytes);
    }

    fn about(&self, id: Id) -> About {
        let (kind, length) = match &self.live.nodes[id] {
            Node::File { bytes, .. } => (Kind::Regular, bytes.len() as u64),
            Node::Directory(_) => (Kind::Directory, 0),
        };
        About { kind, length, identity: Some((0, id as u64)) }
    }
}
