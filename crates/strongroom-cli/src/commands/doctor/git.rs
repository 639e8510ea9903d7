//! How git treats the vault: line endings, and what it caches of plaintext.

use std::path::Path;

use super::{Finding, Severity};
use crate::plaintext::{self, GitState};
use crate::private_file::directory;

/// Everything about git; nothing when the vault is in no work tree.
pub fn look(path: &Path, findings: &mut Vec<Finding>) {
    match plaintext::git_state(path) {
        GitState::Outside => return,
        GitState::Unknown => {
            let message = "the vault is in a git work tree, and git does not answer";
            findings.push(Finding::new(Severity::Warning, "git-silent", message).hint("git status"));
            return;
        }
        GitState::Ignored => {
            let message = format!("git ignores {}: it is in no commit and no clone", path.display());
            findings.push(Finding::new(Severity::Info, "vault-ignored", message));
        }
        GitState::Tracked | GitState::Untracked => {}
    }
    let directory = directory(path);
    line_endings(directory, path, findings);
    caches(directory, findings);
}

/// With the `text` attribute git converts line endings even in a file that it takes for binary.
fn line_endings(directory: &Path, path: &Path, findings: &mut Vec<Finding>) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let attribute = git(directory, &["check-attr", "-z", "text", "--", name]).unwrap_or_default();
    let attribute = attribute.split('\0').nth(2).unwrap_or_default();
    let converts = git(directory, &["config", "--get", "core.autocrlf"])
        .is_some_and(|value| matches!(value.trim(), "true" | "input"));
    const HINT: &str = "echo '*.strongroom binary' >> .gitattributes";
    match (attribute, converts) {
        ("unset", _) => {}
        ("set", _) => findings.push(
            Finding::new(
                Severity::Error,
                "git-text",
                "git is told that the vault is text, and will convert bytes of it",
            )
            .hint(HINT),
        ),
        (_, true) => findings.push(
            Finding::new(
                Severity::Warning,
                "git-autocrlf",
                "core.autocrlf is on, and .gitattributes does not say that the vault is no text",
            )
            .hint(HINT),
        ),
        _ => findings.push(
            Finding::new(Severity::Info, "git-attributes", ".gitattributes does not say that the vault is no text")
                .hint(HINT),
        ),
    }
}

/// `cachetextconv` writes what a textconv prints into git objects, where it is pushed with everything else.
fn caches(directory: &Path, findings: &mut Vec<Finding>) {
    let cached = git(directory, &["config", "--type=bool", "--get-regexp", r"^diff\..*\.cachetextconv$"]);
    for line in cached.unwrap_or_default().lines() {
        let Some((key, "true")) = line.rsplit_once(' ') else { continue };
        let driver = key.trim_start_matches("diff.").trim_end_matches(".cachetextconv");
        findings.push(
            Finding::new(
                Severity::Error,
                "git-textconv-cache",
                format!("git caches what the diff driver {driver} prints in refs/notes/textconv/{driver}: plaintext, if it decrypts"),
            )
            .hint(format!("git config --unset {key}; git update-ref -d refs/notes/textconv/{driver}; git gc --prune=now")),
        );
    }
}

/// What git answers, or nothing when it fails.
fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = plaintext::git(directory).args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
