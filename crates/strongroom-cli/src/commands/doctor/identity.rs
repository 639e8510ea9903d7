//! Whether the vault in place is the one that this host saw last, and the one that the machine key is for.

use std::path::Path;

use strongroom::{Info, LockedVault};

use super::{Finding, Severity};
use crate::context::{self, Context, variable_path};
use crate::failure::Failure;
use crate::unlock;

/// Compares with the pin of this host, as far as that goes without a secret.
pub fn last_seen(path: &Path, findings: &mut Vec<Finding>) {
    let Some(pins) = context::pins() else { return };
    let seen = match pins.last_seen(path) {
        Ok(Some(seen)) => seen,
        Ok(None) => return,
        Err(error) => {
            findings.push(of_failure("pin-unreadable", error.into()));
            return;
        }
    };
    // Read after the pin: a save in between moves the vault ahead of it, and never the other way round.
    let Ok(info) = LockedVault::read(path).map(|locked| locked.info()) else { return };
    let shown = path.display();
    let finding = if seen.vault_id != info.vault_id {
        let message = format!("another vault stands at {shown} than the one last seen here");
        Finding::new(Severity::Error, "another-vault", message)
            .hint("bring the vault back that was here, or ask who put this one here; opening it says how to accept it")
    } else if info.revision < seen.revision {
        let message =
            format!("{shown} is older than last seen here (revision {}, seen {})", info.revision, seen.revision);
        Finding::new(Severity::Error, "older-vault", message)
            .hint("git pull, or bring the newer file back; opening it says how to accept the older one")
    } else if info.revision == seen.revision && info.checksum != seen.checksum {
        let message = format!("{shown} is another revision {} than the one last seen here", info.revision);
        Finding::new(Severity::Error, "forked-vault", message)
            .hint("two people saved at the same time: keep one file, and repeat the other's changes in it")
    } else {
        return;
    };
    findings.push(finding);
}

/// Whether the machine key that is named is one, and is for this vault.
pub fn machine_key(context: &Context, info: Option<&Info>, findings: &mut Vec<Finding>) {
    let Some(path) = context.globals.key_file.clone().or_else(|| variable_path("STRONGROOM_KEY_FILE")) else { return };
    match unlock::read_machine_key(&path) {
        Ok(key) => {
            if let (Some(meant), Some(info)) = (key.vault_id(), info)
                && meant != info.vault_id
            {
                let message = format!("the machine key {} was made for another vault", path.display());
                findings.push(
                    Finding::new(Severity::Error, "key-of-another-vault", message).hint(
                        "name the vault it is for with --vault PATH, or the key of this one with --key-file PATH",
                    ),
                );
            }
        }
        // A file that is not there or open to others is a finding of its own.
        Err(failure) if failure.kind == "file" || failure.kind == "key-file-mode" => {}
        Err(failure) => findings.push(of_failure("bad-machine-key", failure)),
    }
}

/// An error, with what to do about it.
pub fn of_failure(code: &'static str, failure: Failure) -> Finding {
    let text = failure.causes.iter().fold(failure.message, |text, cause| format!("{text}: {cause}"));
    let finding = Finding::new(Severity::Error, code, text);
    if failure.hints.is_empty() { finding } else { finding.hint(failure.hints.join("; ")) }
}
