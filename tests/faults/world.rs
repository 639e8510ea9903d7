//! A sandbox that is put back to the same beginning before every run, and everything that lies in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use strongroom_tests::Sandbox;

/// Every file and directory of a sandbox but the records of its runs, by paths relative to its root.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Files {
    directories: BTreeMap<PathBuf, u32>,
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
}

const ROOMS: [&str; 2] = ["home", "work"];

impl Files {
    pub fn of(sandbox: &Sandbox) -> Files {
        let mut all = Files::default();
        for room in ROOMS {
            all.walk(&sandbox.outside(""), Path::new(room));
        }
        all
    }

    fn walk(&mut self, root: &Path, at: &Path) {
        let mode = |path: &Path| fs::symlink_metadata(path).expect("metadata").permissions().mode() & 0o7777;
        self.directories.insert(at.to_owned(), mode(&root.join(at)));
        for entry in fs::read_dir(root.join(at)).expect("a directory") {
            let entry = entry.expect("an entry");
            let (path, relative) = (entry.path(), at.join(entry.file_name()));
            if path.is_dir() {
                self.walk(root, &relative);
            } else {
                self.files.insert(relative, (mode(&path), fs::read(&path).expect("a file that root can read")));
            }
        }
    }

    /// Makes the sandbox what it was.
    pub fn restore(&self, sandbox: &Sandbox) {
        let root = sandbox.outside("");
        for room in ROOMS.iter().chain(&["runs"]) {
            for entry in fs::read_dir(root.join(room)).expect("a directory") {
                let path = entry.expect("an entry").path();
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.expect("removed");
            }
        }
        for (path, mode) in &self.directories {
            fs::create_dir_all(root.join(path)).expect("a directory");
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(*mode)).expect("a mode");
        }
        for (path, (mode, bytes)) in &self.files {
            fs::write(root.join(path), bytes).expect("a file");
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(*mode)).expect("a mode");
        }
    }

    /// A file of `work`.
    pub fn work(&self, name: &str) -> Option<&[u8]> {
        self.files.get(&Path::new("work").join(name)).map(|(_, bytes)| bytes.as_slice())
    }

    /// The permission bits of a file of `work`.
    pub fn mode(&self, name: &str) -> Option<u32> {
        self.files.get(&Path::new("work").join(name)).map(|(mode, _)| *mode)
    }

    /// The names of all files.
    pub fn names(&self) -> BTreeSet<&Path> {
        self.files.keys().map(PathBuf::as_path).collect()
    }

    /// What lies under names that only an unfinished write, or an editor's desk, has.
    pub fn strays(&self) -> Vec<&Path> {
        let stray = |path: &&PathBuf| is_stray(path);
        self.files.keys().chain(self.directories.keys()).filter(stray).map(PathBuf::as_path).collect()
    }

    /// Files that are not as they were `before`, or are new, apart from those that may be.
    pub fn changed_since<'a>(&'a self, before: &'a Files, apart_from: &[&str]) -> Vec<&'a Path> {
        let may = |path: &Path| {
            is_pin(path) || is_stray(path) || apart_from.iter().any(|name| path == Path::new("work").join(name))
        };
        let names: BTreeSet<&Path> = self.names().union(&before.names()).copied().collect();
        names.into_iter().filter(|name| !may(name) && self.files.get(*name) != before.files.get(*name)).collect()
    }

    /// Files that hold one of these texts, apart from those that were just so `before` and those that may.
    pub fn holding(&self, secrets: &[String], before: &Files, may: &[&str]) -> Vec<&Path> {
        let excused = |path: &Path| {
            before.files.get(path).is_some_and(|(_, bytes)| *bytes == self.files[path].1)
                || may.iter().any(|name| path == Path::new("work").join(name))
        };
        let any = AhoCorasick::new(secrets).expect("a few short texts");
        let holds = |bytes: &[u8]| any.is_match(bytes);
        let found = self.files.iter().filter(|(path, (_, bytes))| !excused(path) && holds(bytes));
        found.map(|(path, _)| path.as_path()).collect()
    }
}

/// Made under a name of its own, and not yet, or no longer, wanted.
pub fn is_stray(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("strongroom-tmp") || text.contains("/.strongroom-") || text.contains("strongroom-edit-")
}

/// What was last seen of a vault.
pub fn is_pin(path: &Path) -> bool {
    path.starts_with("home/state/strongroom/pins")
}
