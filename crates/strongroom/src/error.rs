//! Everything that can go wrong, as data: what failed, with the numbers, and whose fault it is.
//!
//! No variant carries a secret or a piece of untrusted text; parse errors say where, never what.

use std::io;
use std::path::PathBuf;

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation on a vault failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something to do with a file.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was tried, as a verb.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// The file is not an intact vault of a version and cost we accept.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The vault could not be unlocked.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// The file is intact but not the one that was expected here.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A passphrase, key text or recovery code cannot be used as it is.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There is no such record.
    #[error("no record {reference}")]
    NoSuchRecord {
        /// Its name.
        reference: String,
    },
    /// The record has no such field.
    #[error("{reference} has no field {field}")]
    NoSuchField {
        /// The record.
        reference: String,
        /// The field.
        field: String,
    },
    /// There is no such named value.
    #[error("no value env/{name}")]
    NoSuchValue {
        /// Its name.
        name: String,
    },
    /// A record of this name is already there.
    #[error("{reference} is already there")]
    RecordExists {
        /// Its name.
        reference: String,
    },
    /// Records or values are already there with other contents. Nothing was changed.
    #[error("already there with another value: {}", references.join(", "))]
    Differs {
        /// REFs, in order.
        references: Vec<String>,
    },
    /// The contents cannot be stored: a name, value or count is outside the limits of SPEC.md.
    #[error("{place}: {problem}")]
    InvalidContents {
        /// Which record or value, and which part of it.
        place: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file that should be made is already there.
    #[error("{} is already there", path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else holds the lock.
    #[error("{} is locked by another process (waited {waited_ms} ms)", path.display())]
    Locked {
        /// The vault.
        path: PathBuf,
        /// How long we waited, in milliseconds.
        waited_ms: u64,
    },
    /// The vault changed since it was read, in a way that the edit cannot be applied to.
    #[error("{what} changed since it was read")]
    Changed {
        /// What changed.
        what: String,
    },
    /// A rotation has begun, and has to be finished or rolled back first.
    #[error("the rotation of {reference} is not finished")]
    RotationUnfinished {
        /// The record.
        reference: String,
    },
    /// There is no rotation to finish or to roll back.
    #[error("no rotation of {reference} has begun")]
    NoRotation {
        /// The record.
        reference: String,
    },
    /// A rotation would leave all secrets as they are.
    #[error("{reference} has these secrets already; nothing would be rotated")]
    NothingRotated {
        /// The record.
        reference: String,
    },
    /// There is no such slot.
    #[error("no slot {slot}")]
    NoSuchSlot {
        /// Its id in hexadecimal, or what was asked for.
        slot: String,
    },
    /// The slots would break a rule of the format.
    #[error("{0}")]
    SlotRefused(&'static str),
    /// The file just written did not read back as it should. The vault is as it was.
    #[error("what was written did not read back ({layer}); the vault is as it was")]
    VerifyFailed {
        /// Which check failed.
        layer: &'static str,
    },
    /// The policy beside a vault cannot be used.
    #[error("{}: {problem}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: PolicyError,
    },
    /// An import file cannot be read as its format.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// An export would lose something or be wrong for its reader.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Why bytes are not a vault that this build opens. Exit code 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Longer than any vault can be.
    #[error("the file is {bytes} bytes long, more than any vault can be ({most})")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// The longest vault.
        most: u64,
    },
    /// The signature shows that a transfer converted line endings or characters.
    #[error("line endings or characters of the file were converted in transfer")]
    LineEndings,
    /// It does not start like a vault.
    #[error("not a vault")]
    NotAVault,
    /// The trailing checksum does not match: the file was cut or changed by accident.
    #[error("the file is damaged: its checksum does not match")]
    Damaged,
    /// Written by a newer version.
    #[error("the vault has format version {version}; this build reads version 1")]
    UnsupportedVersion {
        /// The version it has.
        version: u8,
    },
    /// Contradicts the rules of the format.
    #[error("the header is malformed: {rule}")]
    Malformed {
        /// Which rule.
        rule: &'static str,
    },
    /// A kind of slot that version 1 does not have.
    #[error("slot {index} is of kind {kind}, which format version 1 does not have")]
    UnknownSlotKind {
        /// Which slot, from 0.
        index: usize,
        /// Its kind.
        kind: u8,
    },
    /// Asks for more work than we do for an unauthenticated file, or less than is safe.
    #[error("slot {index} asks for Argon2 with {memory_kib} KiB and {passes} passes, outside the limits")]
    OverLimit {
        /// Which slot, from 0.
        index: usize,
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes.
        passes: u8,
    },
    /// More passphrase slots than an unlocker can be asked to try.
    #[error("more than 8 slots are passphrases")]
    TooManyPassphrases,
    /// Opened with the right secret, and yet not what an honest writer made.
    #[error("the file was tampered with ({layer})")]
    Tampered {
        /// At which layer it showed: `shared-secret`, `wrapped-key`, `data-key-id`,
        /// `payload-commitment`, `payload-tag`, `padding`, `payload` or `slot-recomputation`.
        layer: &'static str,
    },
    /// The payload has a newer schema.
    #[error("the records were written by a newer version (payload schema {schema}; this build reads 1)")]
    NewerSchema {
        /// The schema it has.
        schema: u16,
    },
    /// Armoured text is not in the one canonical form.
    #[error("line {line} of the armoured text: {problem}")]
    Armor {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

impl FormatError {
    /// The name of this error in test vectors and in `--json`.
    pub fn kind(&self) -> &'static str {
        match self {
            FormatError::TooLarge { .. } => "too-large",
            FormatError::LineEndings => "line-endings",
            FormatError::NotAVault => "not-a-vault",
            FormatError::Damaged => "damaged",
            FormatError::UnsupportedVersion { .. } => "unsupported-version",
            FormatError::Malformed { .. } => "malformed",
            FormatError::UnknownSlotKind { .. } => "unknown-slot-kind",
            FormatError::OverLimit { .. } | FormatError::TooManyPassphrases => "over-limit",
            FormatError::Tampered { .. } => "tampered",
            FormatError::NewerSchema { .. } => "newer-schema",
            FormatError::Armor { .. } => "armor",
        }
    }
}

/// Why a vault stayed locked. Exit code 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// No slot opens under this secret.
    #[error("wrong {secret}: it opens none of the {tried} slots it could")]
    WrongSecret {
        /// `passphrase`, `machine key`, `recovery code` or `passphrase or key file`.
        secret: &'static str,
        /// How many slots were tried.
        tried: usize,
    },
    /// No slot takes such a secret.
    #[error("this vault has no slot for a {secret}")]
    NoSuchWayIn {
        /// What was given.
        secret: &'static str,
    },
    /// A slot needs a key file beside the passphrase, and none was given.
    #[error("the passphrase slots of this vault also need a key file")]
    KeyFileNeeded,
    /// The slots together ask for too much work; name one.
    #[error("trying {slots} passphrase slots would cost too much; name one")]
    TooExpensive {
        /// How many there are.
        slots: usize,
    },
    /// Argon2 needs more memory than there is, and no cheaper slot matched.
    #[error("Argon2 needs {needed_kib} KiB of memory and {available_kib} KiB are available")]
    NotEnoughMemory {
        /// What the slot asks for, in KiB.
        needed_kib: u64,
        /// What the system and the control group have left, in KiB.
        available_kib: u64,
    },
}

impl UnlockError {
    /// The name of this error in test vectors and in `--json`.
    pub fn kind(&self) -> &'static str {
        match self {
            UnlockError::WrongSecret { .. } => "wrong-secret",
            UnlockError::NoSuchWayIn { .. } => "no-such-way-in",
            UnlockError::KeyFileNeeded => "key-file-needed",
            UnlockError::TooExpensive { .. } => "too-expensive",
            UnlockError::NotEnoughMemory { .. } => "not-enough-memory",
        }
    }
}

/// Why an intact vault is not accepted here. Exit code 5.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Older than what was seen here.
    #[error("the vault is older than the one last seen here (revision {found}, seen {pinned})")]
    RolledBack {
        /// The file's revision.
        found: u64,
        /// The revision last seen.
        pinned: u64,
        /// The file's checksum, which `--accept` takes, in hexadecimal.
        accept: String,
    },
    /// Does not descend from what was seen here.
    #[error("the vault does not descend from the one last seen here (revision {found}, seen {pinned})")]
    Forked {
        /// The file's revision.
        found: u64,
        /// The revision last seen.
        pinned: u64,
        /// The file's checksum, which `--accept` takes, in hexadecimal.
        accept: String,
    },
    /// Another vault, or one made by somebody who lost access.
    #[error("another vault stands in the place of the one last seen here ({difference})")]
    Substituted {
        /// `another vault id`, `a data key that the one last seen does not lead to`, or [`PinError::OLDER_DATA_KEY`].
        difference: &'static str,
        /// The file's data key id in hexadecimal, which the separate acceptance names.
        accept: String,
    },
    /// `--expect` names another vault, a newer revision or another data key.
    #[error("the vault is not the expected one ({difference})")]
    Unexpected {
        /// What differs.
        difference: &'static str,
    },
    /// What was last seen of the vault is written down in a file that cannot be read as that.
    #[error("the pin {} is not one; what was last seen of the vault is not known", path.display())]
    Unreadable {
        /// The pin.
        path: PathBuf,
    },
    /// A machine key names another vault. For its holder it is a wrong secret: exit code 4.
    #[error("the machine key was made for another vault")]
    KeyOfAnotherVault,
    /// A machine key was made for this vault under a data key that this file's does not descend from.
    #[error("the machine key was made for a newer state of this vault, or for one that this is not made from")]
    KeyBound,
}

impl PinError {
    /// The difference of a version from before the last change of the ways in, or of one that is made to look so:
    /// without the data key that came then, nobody can tell.
    pub const OLDER_DATA_KEY: &'static str = "a data key that the one last seen does not lead to, and an older revision: perhaps from before passwd, slot \
         remove or rekey";

    /// The name of this error in test vectors and in `--json`.
    pub fn kind(&self) -> &'static str {
        match self {
            PinError::RolledBack { .. } => "rolled-back",
            PinError::Forked { .. } => "forked",
            PinError::Substituted { .. } => "substituted",
            PinError::Unexpected { .. } => "unexpected",
            PinError::KeyOfAnotherVault | PinError::KeyBound => "key-bound",
            PinError::Unreadable { .. } => "pin-unreadable",
        }
    }
}

/// Why a passphrase, key text or recovery code cannot be used. Never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Not a passphrase by the rules of SPEC.md.
    #[error("the passphrase {0}")]
    Passphrase(&'static str),
    /// Not a machine key's text.
    #[error("not a machine key: {0}")]
    MachineKey(&'static str),
    /// Not a key file's text.
    #[error("not a key file: {0}")]
    KeyFile(&'static str),
    /// Looks like a recovery code, but its checksum does not match.
    #[error("the recovery code was mistyped: its checksum does not match")]
    RecoveryCode,
}

impl TextError {
    /// The name of this error in test vectors and in `--json`.
    pub fn kind(&self) -> &'static str {
        match self {
            TextError::Passphrase(_) => "bad-passphrase",
            TextError::MachineKey(_) => "bad-machine-key",
            TextError::KeyFile(_) => "bad-key-file",
            TextError::RecoveryCode => "mistyped-recovery-code",
        }
    }
}

/// Where and why an import file cannot be read. Never its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct ImportError {
    /// Line, from 1, where there is one.
    pub line: Option<usize>,
    /// The path to the field inside the document, such as `exchange_secrets.okx.subaccounts.main`.
    /// Names that could be misplaced secrets are replaced by their position.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl ImportError {
    fn place(&self) -> String {
        match (self.line, &self.field) {
            (Some(line), Some(field)) => format!("line {line}, {field}: "),
            (Some(line), None) => format!("line {line}: "),
            (None, Some(field)) => format!("{field}: "),
            (None, None) => String::new(),
        }
    }
}

/// Where and why a text is no policy. Never its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct PolicyError {
    /// Line, from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong, with the key.
    pub problem: String,
}

impl PolicyError {
    /// Wrong on this line.
    pub(crate) fn at(line: usize, problem: impl Into<String>) -> PolicyError {
        PolicyError { line: Some(line), problem: problem.into() }
    }

    /// Wrong as a whole.
    pub(crate) fn whole(problem: impl Into<String>) -> PolicyError {
        PolicyError { line: None, problem: problem.into() }
    }
}

/// Why an export was refused. Names records and fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ExportError {
    /// The record, field or value.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// Other records, fields and values that cannot be written either, for this reason or another.
    pub also: Vec<String>,
}

impl ExportError {
    /// Wrong in this place.
    pub(crate) fn at(place: impl Into<String>, problem: impl Into<String>) -> ExportError {
        ExportError { place: place.into(), problem: problem.into(), also: Vec::new() }
    }

    /// All of these as one, in their order, so that nobody has to try again after each.
    pub(crate) fn of_all(errors: impl IntoIterator<Item = ExportError>) -> Result<(), ExportError> {
        let mut errors = errors.into_iter();
        let Some(mut first) = errors.next() else { return Ok(()) };
        for error in errors {
            first.also.push(error.place);
            first.also.extend(error.also);
        }
        Err(first)
    }
}
