//! What a file that is no intact vault is instead, and what to do about it.
//!
//! It looks at the beginning of the file and at git, and never repeats what stands in the file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use strongroom::FormatError;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::shell_word;
use crate::plaintext::{self, GitState};

/// Conflict markers and the names of other things stand at the beginning.
const MOST_BYTES: u64 = 64 * 1024;

/// What of ours a file is by its beginning. It may be the only one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// A vault.
    Vault,
    /// A machine key.
    MachineKey,
    /// The key file beside a passphrase.
    KeyFile,
}

impl Ours {
    const BEGINNINGS: [(&[u8], Ours); 3] = [
        (b"\x89STRONGROOM\r\n\x1a\n\0", Ours::Vault),
        (b"STRONGROOM-KEY-", Ours::MachineKey),
        (b"STRONGROOM-FACTOR-", Ours::KeyFile),
    ];

    /// The one that begins so.
    pub fn of(bytes: &[u8]) -> Option<Ours> {
        Ours::BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)).map(|(_, ours)| *ours)
    }

    /// What it is called in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Ours::Vault => "a vault",
            Ours::MachineKey => "a machine key",
            Ours::KeyFile => "a key file",
        }
    }
}

/// Adds a next step to the refusal of a file that was read.
pub fn explain(failure: Failure, path: &Path, error: &FormatError) -> Failure {
    match error {
        FormatError::NotAVault => match beginning(path) {
            Some(bytes) => instead(failure, path, &bytes),
            None => failure,
        },
        FormatError::Damaged | FormatError::Malformed { .. } | FormatError::Tampered { .. } => restore(failure, path),
        // Git takes a file for unchanged when it only converted it.
        FormatError::LineEndings if plaintext::git_state(path) == GitState::Tracked => {
            let word = word(path);
            failure.hint(format!("then: rm {word} && git checkout -- {word}"))
        }
        FormatError::LineEndings => failure.hint("then copy it again, as a binary file"),
        _ => failure,
    }
}

fn instead(failure: Failure, path: &Path, bytes: &[u8]) -> Failure {
    let word = word(path);
    if bytes.is_empty() {
        return restore(failure.cause("it is empty"), path);
    }
    match Ours::of(bytes) {
        Some(Ours::MachineKey) => {
            return failure.cause("it is a machine key").hint(format!("--key-file {word} names it as a key"));
        }
        Some(Ours::KeyFile) => {
            return failure
                .cause("it is the key file of a passphrase")
                .hint(format!("--factor-file {word} names it as that"));
        }
        Some(Ours::Vault) | None => {}
    }
    if bytes.starts_with(b"-----BEGIN STRONGROOM VAULT-----") {
        return failure
            .cause("it is a vault as armoured text")
            .hint(format!("strongroom import armor {word} --vault PATH makes the file that it stands for"));
    }
    if bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"<<<<<<< ")) {
        return failure
            .cause("git left conflict markers in it: two versions of a vault cannot be merged as text")
            .hint(format!("git checkout --ours {word}, or --theirs, then make the other side's changes again"));
    }
    // What is not even called a vault was likely never meant.
    if path.extension().is_some_and(|extension| extension == "strongroom") {
        return restore(failure, path);
    }
    failure.hint("--vault PATH names the vault")
}

/// Where an intact version of it may be.
fn restore(failure: Failure, path: &Path) -> Failure {
    if plaintext::git_state(path) == GitState::Tracked {
        failure.hint(format!("git checkout -- {} brings the committed version back", word(path)))
    } else {
        failure.hint("bring it back from a backup, or from another host's copy")
    }
}

/// How a file begins.
fn beginning(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    // It may be a key.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES as usize));
    File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
