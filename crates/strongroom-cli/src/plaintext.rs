//! Where plaintext lies and who else gets it: what git and the file's mode say about a path.
//!
//! Only asks; nothing here changes a file or a repository.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::harden;
use crate::private_file::directory;

/// What git would do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitState {
    /// In no work tree.
    Outside,
    /// In a work tree, and ignored.
    Ignored,
    /// In a work tree: the next `git add` takes it.
    Untracked,
    /// Committed, or staged to be.
    Tracked,
    /// In a work tree, and git is not there or does not answer.
    Unknown,
}

/// What git would do with the file at this path, which need not exist.
pub fn git_state(path: &Path) -> GitState {
    let Ok(parent) = directory(path).canonicalize() else {
        return GitState::Unknown;
    };
    let Some(name) = path.file_name() else {
        return GitState::Unknown;
    };
    // `.git` is a file in linked work trees and submodules.
    if !parent.ancestors().any(|dir| dir.join(".git").exists()) {
        return GitState::Outside;
    }
    let ask = |arguments: &[&str]| -> Option<i32> {
        let mut git = git(&parent);
        git.args(arguments).arg("--").arg(name).stdout(Stdio::null());
        git.status().ok()?.code()
    };
    match ask(&["ls-files", "--error-unmatch"]) {
        Some(0) => return GitState::Tracked,
        Some(1) => {}
        _ => return GitState::Unknown,
    }
    match ask(&["check-ignore", "--quiet"]) {
        Some(0) => GitState::Ignored,
        Some(1) => GitState::Untracked,
        _ => GitState::Unknown,
    }
}

/// git, to be asked about a directory and the repository that it lies in, whatever a hook's environment says.
pub fn git(directory: &Path) -> Command {
    let mut git = harden::child("git");
    for name in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES", "GIT_PREFIX"]
    {
        git.env_remove(name);
    }
    // A repository's own configuration may name a program to run for fsmonitor.
    git.arg("-C").arg(directory).args(["-c", "core.fsmonitor=false"]);
    git.stdin(Stdio::null()).stderr(Stdio::null());
    git
}

/// Refuses to write plaintext where git would pick it up: exit code 7.
pub fn refuse_in_git(path: &Path) -> Result<(), Failure> {
    let why = match git_state(path) {
        GitState::Outside | GitState::Ignored => return Ok(()),
        GitState::Untracked => "it is in a git work tree, and git does not ignore it",
        GitState::Tracked => "git tracks it",
        GitState::Unknown => "it is in a git work tree, and git does not say whether it ignores it",
    };
    Err(Failure::refused("plaintext-in-git", format!("refusing to write plaintext to {}", path.display()))
        .cause(why)
        .hint("write it elsewhere, ignore it in .gitignore, or add --allow-plaintext-in-git"))
}

/// As [`refuse_in_git`], for a regular file that standard output leads to; where the system names it.
pub fn refuse_standard_output_in_git() -> Result<(), Failure> {
    let Ok(path) = std::fs::read_link("/proc/self/fd/1") else { return Ok(()) };
    if path.is_file() { refuse_in_git(&path) } else { Ok(()) }
}

/// Whether other users of this machine can read a file, as far as its mode says.
pub fn others_can_read(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_is_asked_only_inside_a_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        assert_eq!(git_state(&path), GitState::Outside);
        let initialised = Command::new("git").args(["init", "-q"]).arg(dir.path()).status();
        if !initialised.is_ok_and(|status| status.success()) {
            return;
        }
        assert_eq!(git_state(&path), GitState::Untracked);
        assert_eq!(refuse_in_git(&path).unwrap_err().code, 7);
        std::fs::write(dir.path().join(".gitignore"), "*.json\n").unwrap();
        assert_eq!(git_state(&path), GitState::Ignored);
        assert!(refuse_in_git(&path).is_ok());
    }
}
