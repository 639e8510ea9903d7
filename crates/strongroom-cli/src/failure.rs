//! What the user sees when something fails: one sentence, its causes, what to do, and the exit code.
//!
//! The table from errors of the library to exit codes stands here and nowhere else.

use std::error::Error as _;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;
use strongroom::{Error, FormatError, PinError, UnlockError};

use crate::{lock_holder, output, private_file};

/// Exit codes, as users and scripts know them.
pub mod code {
    /// Wrong usage.
    pub const USAGE: u8 = 2;
    /// No such file, or it cannot be read or written.
    pub const FILE: u8 = 3;
    /// Could not unlock.
    pub const UNLOCK: u8 = 4;
    /// Not an intact vault, or not the expected one.
    pub const VAULT: u8 = 5;
    /// No such record or field, or it exists with another value.
    pub const RECORD: u8 = 6;
    /// Refused for safety.
    pub const REFUSED: u8 = 7;
    /// Someone else has it locked, or it changed underneath.
    pub const LOCKED: u8 = 8;
    /// A bug.
    pub const BUG: u8 = 70;
}

/// What a command that did not fail says to whoever called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: done, and there is something to look at.
    Attention,
}

/// Why a command ends early.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// A word for programs.
    pub kind: &'static str,
    /// What and where. Never the input's text.
    pub message: String,
    /// Why, each adding something.
    pub causes: Vec<String>,
    /// What to do, as commands where possible.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with this exit code and kind.
    pub fn new(code: u8, kind: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, kind, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// Wrong usage: exit code 2.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(code::USAGE, "usage", message)
    }

    /// Trouble with a file: exit code 3. `operation` is a verb.
    pub fn file(operation: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::new(code::FILE, "file", format!("cannot {operation} {}", path.display())).cause(plain_io(error))
    }

    /// Refused for safety: exit code 7.
    pub fn refused(kind: &'static str, message: impl Into<String>) -> Failure {
        Failure::new(code::REFUSED, kind, message)
    }

    /// No such record, field or value, or another one is there: exit code 6.
    pub fn record(kind: &'static str, message: impl Into<String>) -> Failure {
        Failure::new(code::RECORD, kind, message)
    }

    /// Nobody reads our standard output any more: leave quietly, as other tools do.
    pub fn output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(0, "broken-pipe", ""),
            _ => Failure::unwritten(error),
        }
    }

    /// Standard output did not take what it had to take: exit code 3.
    pub fn unwritten(error: &io::Error) -> Failure {
        Failure::new(code::FILE, "file", "cannot write to standard output").cause(plain_io(error))
    }

    /// Adds a `caused by:` line.
    pub fn cause(mut self, text: impl Into<String>) -> Failure {
        self.causes.push(text.into());
        self
    }

    /// Adds a `hint:` line.
    pub fn hint(mut self, text: impl Into<String>) -> Failure {
        self.hints.push(text.into());
        self
    }

    /// Says which file it is about, unless the message does already.
    pub fn at(mut self, path: &Path) -> Failure {
        let path = path.display().to_string();
        if !self.message.contains(&path) {
            self.message = format!("{path}: {}", self.message);
        }
        self
    }

    /// Writes it to standard error, as text or JSON.
    pub fn print(&self, as_json: bool) {
        if self.kind == "broken-pipe" {
            return;
        }
        let text = if as_json {
            let causes: String = self.causes.iter().map(|cause| format!(": {cause}")).collect();
            let message = format!("{}{causes}", self.message);
            let error = json!({"code": self.code, "kind": self.kind, "message": message, "hints": self.hints});
            format!("{}\n", json!({ "error": error }))
        } else if output::colour_on_stderr() {
            output::printable_lines(&self.to_string()).replacen("error:", "\x1b[1;31merror:\x1b[0m", 1)
        } else {
            output::printable_lines(&self.to_string())
        };
        // There is nobody left to tell when standard error is gone too.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            writeln!(f, "  caused by: {cause}")?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {hint}")?;
        }
        Ok(())
    }
}

/// The one table from what failed to the exit code and the word for it.
fn classify(error: &Error) -> (u8, &'static str) {
    match error {
        Error::File { .. } => (code::FILE, "file"),
        Error::NoRandomness => (code::FILE, "no-randomness"),
        Error::VerifyFailed { .. } => (code::FILE, "verify-failed"),
        Error::AlreadyThere { .. } => (code::FILE, "already-there"),
        Error::Import(_) => (code::FILE, "import"),
        // As a file to import that cannot be read as one. What is wrong is in the file and not on the command line, and
        // nothing was looked at, so that it is no finding either.
        Error::Policy { .. } => (code::FILE, "policy"),
        Error::Unlock(error) => (code::UNLOCK, error.kind()),
        Error::Text(error) => (code::UNLOCK, error.kind()),
        Error::Format(error) => (code::VAULT, error.kind()),
        // To whoever holds that key it is the wrong one.
        Error::Pin(error @ PinError::KeyOfAnotherVault) => (code::UNLOCK, error.kind()),
        Error::Pin(error) => (code::VAULT, error.kind()),
        Error::NoSuchRecord { .. } => (code::RECORD, "no-such-record"),
        Error::NoSuchField { .. } => (code::RECORD, "no-such-field"),
        Error::NoSuchValue { .. } => (code::RECORD, "no-such-value"),
        Error::RecordExists { .. } => (code::RECORD, "exists"),
        Error::Differs { .. } => (code::RECORD, "differs"),
        Error::NoSuchSlot { .. } => (code::RECORD, "no-such-slot"),
        Error::Export(_) => (code::RECORD, "export"),
        Error::NoRotation { .. } => (code::RECORD, "no-rotation"),
        Error::RotationUnfinished { .. } => (code::REFUSED, "rotation-unfinished"),
        Error::NothingRotated { .. } => (code::REFUSED, "nothing-rotated"),
        Error::InvalidContents { .. } => (code::USAGE, "invalid-contents"),
        Error::SlotRefused(_) => (code::REFUSED, "slot-refused"),
        Error::Locked { .. } => (code::LOCKED, "locked"),
        Error::Changed { .. } => (code::LOCKED, "changed"),
        // New kinds of errors must get a row here; until then they are not hidden behind another one's code.
        _ => (code::BUG, "unknown"),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let (code, kind) = classify(&error);
        let mut failure = Failure::new(code, kind, error.to_string());
        let mut source = error.source();
        // Transparent errors are their own source's text already; a cause that repeats says nothing.
        while let Some(cause) = source {
            let text = match cause.downcast_ref::<io::Error>() {
                Some(error) => plain_io(error),
                None => cause.to_string(),
            };
            if text != failure.message {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        if let Error::Locked { path, .. } = &error {
            let holders = lock_holder::of_directory_of(path);
            failure.causes.extend(holders.into_iter().map(|holder| format!("{holder} has the lock on its directory")));
        }
        failure.hints.extend(hint(&error));
        if let Error::RotationUnfinished { reference } = &error {
            let word = crate::output::shell_word(reference);
            failure.hints.extend(["finish", "rollback"].map(|phase| format!("strongroom rotate {word} --{phase}")));
        }
        failure
    }
}

fn hint(error: &Error) -> Option<String> {
    let text = match error {
        Error::Unlock(UnlockError::KeyFileNeeded) => "repeat the command with --factor-file PATH".into(),
        Error::Unlock(UnlockError::TooExpensive { .. }) => {
            "repeat the command with --slot ID, one of those that strongroom info shows".into()
        }
        Error::Unlock(UnlockError::NoSuchWayIn { .. }) => "strongroom info".into(),
        Error::Pin(PinError::RolledBack { accept, .. } | PinError::Forked { accept, .. }) => {
            format!("if this is the file you want, repeat the command with --accept {accept}")
        }
        Error::Pin(PinError::Substituted { difference, accept }) if *difference == PinError::OLDER_DATA_KEY => {
            format!(
                "bring the newer file back (git pull), or, if this is the one you want, repeat the command with --accept {accept}"
            )
        }
        Error::Pin(PinError::Substituted { accept, .. }) => {
            format!("if you know who made this file and why, repeat the command with --accept {accept}")
        }
        Error::Pin(PinError::Unreadable { path }) => {
            format!(
                "if you know that the vault is the one you want: rm {}",
                crate::output::shell_word(&path.display().to_string())
            )
        }
        Error::Format(FormatError::LineEndings) => {
            "check it out again after: echo '*.strongroom binary' >> .gitattributes".into()
        }
        Error::Policy { .. } => "what a policy says: strongroom check --help".into(),
        Error::NoSuchRecord { .. } | Error::NoSuchField { .. } | Error::NoSuchValue { .. } => "strongroom list".into(),
        Error::Differs { .. } => "where the values in the file are the newer ones, repeat with --replace".into(),
        Error::Locked { .. } => "wait for the other command, or wait longer with --lock-timeout SECONDS".into(),
        Error::Changed { .. } => "repeat the command: it starts from what is there now".into(),
        Error::File { operation, path, source } => return file_hint(operation, path, source),
        _ => return None,
    };
    Some(text)
}

/// What to do where the system does not let us. Reading needs less than saving, which makes a new file in the
/// directory.
fn file_hint(operation: &str, path: &Path, error: &io::Error) -> Option<String> {
    let word = |path: &Path| output::shell_word(&path.display().to_string());
    let reading = operation.starts_with("read") || operation.starts_with("find");
    let text = match error.kind() {
        _ if operation.starts_with("lock") && has_no_locks(error) => {
            "nothing is written without a lock, and this file system gives none: change the vault on a local disk, then \
             copy it here"
                .into()
        }
        io::ErrorKind::StorageFull => "free some space on that disk (df, df -i), then repeat the command".into(),
        io::ErrorKind::QuotaExceeded => "free some of your quota on that disk (quota), then repeat the command".into(),
        io::ErrorKind::FileTooLarge => "raise the limit of file sizes (ulimit -f), then repeat the command".into(),
        io::ErrorKind::ReadOnlyFilesystem => {
            "reading works where the vault is; to change it, copy it to where you can write".into()
        }
        io::ErrorKind::PermissionDenied if reading => format!("see who may read it: ls -ld {}", word(path)),
        io::ErrorKind::PermissionDenied => {
            let directory = word(private_file::directory(path));
            format!("a save makes a new file in {directory}; see who may: ls -ld {directory} {}", word(path))
        }
        _ => return None,
    };
    Some(text)
}

fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// The system's words, without Rust's `(os error 2)`, in lower case.
fn plain_io(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_secret_is_exit_code_4() {
        let failure = Failure::from(Error::from(UnlockError::WrongSecret { secret: "passphrase", tried: 1 }));
        assert_eq!((failure.code, failure.kind), (4, "wrong-secret"));
    }

    #[test]
    fn causes_follow_and_do_not_repeat() {
        let source = io::Error::from_raw_os_error(2);
        let failure = Failure::from(Error::File { operation: "open", path: "a".into(), source });
        assert_eq!(failure.to_string(), "error: cannot open a\n  caused by: no such file or directory\n");
        let failure = Failure::from(Error::from(FormatError::Damaged));
        assert_eq!(failure.causes, Vec::<String>::new());
    }

    #[test]
    fn the_path_is_said_once() {
        let failure = Failure::usage("x").at(Path::new("a.strongroom")).at(Path::new("a.strongroom"));
        assert_eq!(failure.message, "a.strongroom: x");
    }
}
