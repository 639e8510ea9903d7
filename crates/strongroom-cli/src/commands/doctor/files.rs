//! The vault, the files beside it, the key files, and what the environment holds.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom::{Info, KdfCost, SlotKind};

use super::{Finding, Severity};
use crate::commands::edit::storage;
use crate::context::{Context, variable_path};
use crate::output::shell_word;
use crate::plaintext::{self, GitState};
use crate::private_file::directory;

/// Names under which plaintext credentials usually lie.
const PLAINTEXT_NAMES: [&str; 6] =
    [".env", ".env.local", ".env.production", "secrets.json", "credentials.json", "config-private.json"];

/// The modes and owners of the vault and its directory.
pub fn vault(path: &Path, findings: &mut Vec<Finding>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let us = rustix::process::geteuid().as_raw();
        if let Ok(about) = fs::metadata(path) {
            let mode = about.permissions().mode() & 0o777;
            if mode & 0o022 != 0 {
                findings.push(
                    Finding::new(
                        Severity::Warning,
                        "vault-writable",
                        format!("others can write to {} (mode {mode:04o}): they could replace it", path.display()),
                    )
                    .hint(format!("chmod go-w {}", word(path))),
                );
            }
            if about.nlink() > 1 {
                let message = format!(
                    "{} has {} names (hard links): a save goes to the one it was opened by, and the others keep the \
                     version before",
                    path.display(),
                    about.nlink()
                );
                findings.push(
                    Finding::new(Severity::Info, "hard-link", message)
                        .hint("a symbolic link is another name for the vault"),
                );
            }
            if about.uid() != us {
                let message = format!("{} belongs to another user", path.display());
                findings.push(Finding::new(Severity::Warning, "vault-owner", message));
            }
        }
        let directory = directory(path);
        if let Ok(about) = fs::metadata(directory) {
            let mode = about.permissions().mode() & 0o7777;
            // In a sticky directory, as /tmp is, others cannot move what is ours.
            if mode & 0o022 != 0 && mode & 0o1000 == 0 {
                findings.push(
                    Finding::new(
                        Severity::Error,
                        "directory-writable",
                        format!(
                            "others can write to the vault's directory {} (mode {mode:04o}): they could put an older \
                             vault in its place",
                            directory.display()
                        ),
                    )
                    .hint(format!("chmod go-w {}", word(directory))),
                );
            }
            if about.uid() != us && about.uid() != 0 {
                let message = format!("the vault's directory {} belongs to another user", directory.display());
                findings.push(Finding::new(Severity::Warning, "directory-owner", message));
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (path, findings);
}

/// Plaintext and temporary files in the vault's directory, and what an interrupted `edit` left.
pub fn beside(path: &Path, findings: &mut Vec<Finding>) {
    for name in PLAINTEXT_NAMES {
        let file = path.with_file_name(name);
        if !file.is_file() {
            continue;
        }
        let shown = file.display();
        let finding = match plaintext::git_state(&file) {
            GitState::Tracked => Finding::new(
                Severity::Error,
                "plaintext-tracked",
                format!("git tracks {shown}, which usually holds plaintext credentials: treat what is in it as known"),
            )
            .hint(format!("strongroom adopt {0} && git rm --cached {0}", word(&file))),
            GitState::Untracked | GitState::Unknown => Finding::new(
                Severity::Warning,
                "plaintext-not-ignored",
                format!("{shown} usually holds plaintext credentials, and git does not ignore it"),
            )
            .hint(format!("strongroom adopt {}", word(&file))),
            GitState::Ignored | GitState::Outside => {
                Finding::new(Severity::Info, "plaintext-beside", format!("{shown} usually holds plaintext credentials"))
                    .hint(format!("strongroom adopt {}", word(&file)))
            }
        };
        findings.push(finding);
    }
    for file in stale_files(path) {
        let message = format!("{} is left over from a save that was interrupted", file.display());
        findings
            .push(Finding::new(Severity::Warning, "stale-temporary-file", message).hint(format!("rm {}", word(&file))));
    }
    for desk in storage::stale_desks() {
        let message = format!("{} is left over from an edit that was interrupted, in plaintext", desk.display());
        findings.push(Finding::new(Severity::Error, "stale-plaintext", message).hint(format!("rm -r {}", word(&desk))));
    }
}

/// Temporary files of a save are named after the vault. A save takes a moment, so that only older ones are left over.
fn stale_files(path: &Path) -> Vec<PathBuf> {
    const A_SAVE_TAKES_LESS: std::time::Duration = std::time::Duration::from_secs(600);
    strongroom::private_file::leftovers(path)
        .into_iter()
        .filter(|file| {
            let age = fs::metadata(file).and_then(|about| about.modified()).ok().and_then(|time| time.elapsed().ok());
            age.is_some_and(|age| age > A_SAVE_TAKES_LESS)
        })
        .collect()
}

/// How many ways in there are and what they cost, as far as the header says.
pub fn ways_in(info: &Info, findings: &mut Vec<Finding>) {
    if let [_] = info.slots.as_slice() {
        let message = "there is one way into the vault: when it is lost, everything in it is lost";
        findings.push(Finding::new(Severity::Warning, "one-way-in", message).hint("strongroom slot add --recovery"));
    }
    for slot in &info.slots {
        let SlotKind::Passphrase { cost, .. } = slot.kind else { continue };
        if cost.memory_kib < KdfCost::SMALL.memory_kib {
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "cheap-passphrase",
                    format!("a guess of passphrase slot {} costs only {} MiB", slot.id, cost.memory_kib / 1024),
                )
                .hint(format!("strongroom passwd --replace {} --kdf standard", slot.id)),
            );
        }
    }
}

/// The key files that are named, and secrets in the environment.
pub fn secrets(context: &Context, findings: &mut Vec<Finding>) {
    let globals = &context.globals;
    let named = [
        ("machine key", globals.key_file.clone().or_else(|| variable_path("STRONGROOM_KEY_FILE"))),
        ("key file", globals.factor_file.clone().or_else(|| variable_path("STRONGROOM_FACTOR_FILE"))),
        ("passphrase file", globals.passphrase_file.clone().or_else(|| variable_path("STRONGROOM_PASSPHRASE_FILE"))),
    ];
    for (what, path) in named {
        if let Some(path) = path.filter(|path| path != Path::new("-")) {
            key_file(what, &path, findings);
        }
    }
    for name in ["STRONGROOM_PASSPHRASE", "STRONGROOM_KEY"] {
        if variable_path(name).is_some() {
            let message = format!("{name} is set: every process of this user can read it");
            findings.push(
                Finding::new(Severity::Warning, "secret-in-environment", message)
                    .hint("use STRONGROOM_KEY_FILE, or LoadCredential= of systemd"),
            );
        }
    }
}

fn key_file(what: &str, path: &Path, findings: &mut Vec<Finding>) {
    let shown = path.display();
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) => {
            let problem = crate::failure::Failure::file("read", path, &error);
            let cause = problem.causes.first().map(|cause| format!(": {cause}")).unwrap_or_default();
            findings.push(Finding::new(
                Severity::Error,
                "key-file-missing",
                format!("{what}: {}{cause}", problem.message),
            ));
            return;
        }
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let mode = about.permissions().mode() & 0o777;
        if about.is_file() && mode & 0o077 != 0 {
            // What unlocking refuses is an error; a group that may read is how services get a key of root's.
            let severity = if mode & 0o027 != 0 { Severity::Error } else { Severity::Info };
            let message = format!("the {what} {shown} is open to others (mode {mode:04o})");
            findings.push(Finding::new(severity, "key-file-mode", message).hint(format!("chmod 600 {}", word(path))));
        }
        if about.uid() != rustix::process::geteuid().as_raw() && about.uid() != 0 {
            let message = format!("the {what} {shown} belongs to another user");
            findings.push(Finding::new(Severity::Warning, "key-file-owner", message));
        }
    }
    #[cfg(not(unix))]
    let _ = about;
    let (severity, how) = match plaintext::git_state(path) {
        GitState::Tracked => (Severity::Error, "git tracks it"),
        GitState::Untracked => (Severity::Error, "git does not ignore it"),
        GitState::Unknown => (Severity::Warning, "git does not say whether it ignores it"),
        GitState::Ignored | GitState::Outside => return,
    };
    findings.push(
        Finding::new(severity, "key-file-in-git", format!("the {what} {shown} is in a git work tree, and {how}"))
            .hint("keep it outside of the repository"),
    );
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.code).collect()
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_write_to_is_an_error_unless_sticky() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.strongroom");
        fs::write(&path, "").unwrap();
        let look = |mode| {
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
            let mut findings = Vec::new();
            vault(&path, &mut findings);
            codes(&findings)
        };
        assert_eq!(look(0o700), Vec::<&str>::new());
        assert_eq!(look(0o1777), Vec::<&str>::new());
        assert_eq!(look(0o777), ["directory-writable"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_read_is_an_error() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("machine.key");
        fs::write(&path, "").unwrap();
        let look = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let mut findings = Vec::new();
            key_file("machine key", &path, &mut findings);
            findings.first().map(|finding| finding.severity)
        };
        assert_eq!(look(0o600), None);
        assert_eq!(look(0o640), Some(Severity::Info));
        assert_eq!(look(0o644), Some(Severity::Error));
    }

    #[test]
    fn plaintext_beside_the_vault_is_found() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(".env"), "").unwrap();
        let mut findings = Vec::new();
        beside(&directory.path().join("vault.strongroom"), &mut findings);
        assert!(codes(&findings).contains(&"plaintext-beside"));
    }
}
