//! What a team takes for granted about its own keys: days, and what is allowed where, and why.
//!
//! It stands in `strongroom.toml` beside the vault and is meant to be committed with it: it holds no secrets, and who
//! changes it is seen in the history. It is no part of what the vault protects: whoever may change the file beside a
//! vault may silence findings about it, which is why [every report](crate::check::Report) lists what was silenced.
//!
//! ```toml
//! [rotation]      # how many days secrets may live, by the most dangerous thing that a key may do
//! read = 90
//! trade = 30
//! withdraw = 14
//! warn_days = 7   # this many days before, it is told
//!
//! [expiry]
//! warn_days = 14  # this many days before a key stops working, it is told
//!
//! [[allow]]       # no complaint about this; as often as is needed
//! record = "kraken/treasury"
//! code = "withdraw-permission"
//! reason = "pays out to the cold wallet, and to no other address"
//! ```
//!
//! Every key may be left out, but those of `[[allow]]`. What is not known is refused with its line: a word that is
//! misspelt would otherwise be a rule that nobody follows.
//!
//! `record` is a REF as on the command line: `kraken/treasury`, `kraken/*`, `kraken/*@testnet`, `env/NAME`, or with a
//! field, `okx/main/api_key`. `*` alone (or `*@testnet`) is everything, and only for what can never be an error: one
//! line that switches off a gate for every key there will ever be is no policy.

mod coverage;
mod document;

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, PolicyError, Result};
use crate::file;
use crate::record::{Environment, Selection};
use crate::rotation::RotationDays;

pub(crate) use coverage::{About, Coverage};

/// The name of the file beside the vault.
pub const POLICY_FILE: &str = "strongroom.toml";

/// How long a policy may be, in bytes. It is looked at before it is read.
pub const MOST_POLICY_BYTES: u64 = 64 * 1024;

/// What [`check`](crate::Vault::check) goes by.
///
/// ```
/// let policy = strongroom::Policy::from_toml("[rotation]\ntrade = 60\n")?;
/// assert_eq!((policy.rotation.read, policy.rotation.trade), (90, 60));
/// let slip = strongroom::Policy::from_toml("[rotation]\ntrde = 60\n").unwrap_err();
/// assert_eq!(slip.to_string(), "line 2: no such key in [rotation]; did you mean trade?");
/// # Ok::<(), strongroom::PolicyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    /// How many days secrets may live.
    pub rotation: RotationDays,
    /// How many days before its rotation is due a record is mentioned.
    pub rotation_warn_days: u32,
    /// How many days before it stops working a key is warned of.
    pub expiry_warn_days: u32,
    allowances: Vec<Allowance>,
    path: Option<PathBuf>,
}

/// Something that is not to be complained about, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) about: Pattern,
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) line: usize,
}

/// Which records and values an allowance is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `*`, `*@testnet`
    Everything(Option<Environment>),
    /// As on the command line.
    These(Selection),
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            rotation: RotationDays::default(),
            rotation_warn_days: 7,
            expiry_warn_days: 14,
            allowances: Vec::new(),
            path: None,
        }
    }
}

impl Policy {
    /// The policy in this text.
    ///
    /// # Errors
    /// The first thing that is wrong, by line and key.
    pub fn from_toml(text: &str) -> Result<Policy, PolicyError> {
        document::read(text)
    }

    /// The policy in this file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Policy`] when it is none or too long.
    pub fn read(path: impl AsRef<Path>) -> Result<Policy> {
        let path = path.as_ref();
        let wrong = |problem| Error::Policy { path: path.to_owned(), problem };
        let bytes = file::read_small(path, MOST_POLICY_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::FileTooLarge => wrong(PolicyError::whole("a policy is at most 64 KiB")),
            _ => Error::File { operation: "read", path: path.to_owned(), source },
        })?;
        let text = String::from_utf8(bytes).map_err(|_| wrong(PolicyError::whole("this is not UTF-8")))?;
        Ok(Policy { path: Some(path.to_owned()), ..Policy::from_toml(&text).map_err(wrong)? })
    }

    /// The policy beside the vault at this path: `strongroom.toml` in the directory in which the vault's file itself
    /// lies, also where a symbolic link leads to it. Where there is none, the defaults.
    ///
    /// # Errors
    /// As [`Policy::read`]. What is there and cannot be used is an error and never the defaults, which may be laxer.
    pub fn read_beside(vault: impl AsRef<Path>) -> Result<Policy> {
        let path = file::directory(&file::resolve(vault.as_ref())?).join(POLICY_FILE);
        // A link that leads nowhere is there.
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Policy::default()),
            _ => Policy::read(path),
        }
    }

    /// The file that it was read from.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The same with nothing allowed.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn without_allowances(&self) -> Policy {
        Policy { allowances: Vec::new(), ..self.clone() }
    }

    /// What is allowed, in the order of the file.
    pub(crate) fn allowances(&self) -> &[Allowance] {
        &self.allowances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(record: &str) -> Policy {
        let text = format!("[[allow]]\nrecord = \"{record}\"\ncode = \"shape\"\nreason = \"a test\"\n");
        Policy::from_toml(&text).unwrap()
    }

    fn covers(pattern: &str, record: &str) -> bool {
        let policy = allowing(pattern);
        let coverage = Coverage::of(&policy);
        let of_another_code = coverage.of_record("blank", &record.parse().unwrap(), Some("api_key"));
        assert!(of_another_code.is_none());
        coverage.of_record("shape", &record.parse().unwrap(), Some("api_key")).is_some()
    }

    fn covers_value(pattern: &str, name: &str) -> bool {
        Coverage::of(&allowing(pattern)).of_value("shape", name).is_some()
    }

    #[test]
    fn a_pattern_is_a_ref_as_on_the_command_line() {
        for (pattern, record) in [
            ("kraken/treasury", "Kraken/treasury"),
            ("kraken/*", "kraken/any@demo"),
            ("kraken/*@demo", "kraken/any@demo"),
            ("okex/main", "okx/main"),
            ("kraken", "kraken/main"),
            ("kraken/main/api_key", "kraken/main"),
            ("*", "okx/main@testnet"),
            ("*@testnet", "okx/main@testnet"),
        ] {
            assert!(covers(pattern, record), "{pattern} {record}");
        }
        for (pattern, record) in [
            ("kraken/treasury", "kraken/main"),
            ("kraken/treasury", "kraken/treasury@testnet"),
            ("kraken/*@demo", "kraken/any"),
            ("kraken/main/uid", "kraken/main"),
            ("*@testnet", "okx/main"),
            ("env/kraken", "kraken/main"),
        ] {
            assert!(!covers(pattern, record), "{pattern} {record}");
        }
        assert!(covers_value("env/DATABASE_URL", "DATABASE_URL") && covers_value("*", "DATABASE_URL"));
        assert!(!covers_value("*@live", "DATABASE_URL") && !covers_value("okx", "okx"));
    }

    #[test]
    fn it_lies_beside_the_file_that_a_link_leads_to() {
        let directory = tempfile::tempdir().unwrap();
        let (real, links) = (directory.path().join("real"), directory.path().join("links"));
        std::fs::create_dir(&real).unwrap();
        std::fs::create_dir(&links).unwrap();
        let (vault, link) = (real.join("vault.strongroom"), links.join("vault.strongroom"));
        std::fs::write(&vault, "EXAMPLE").unwrap();
        std::os::unix::fs::symlink(&vault, &link).unwrap();
        std::fs::write(links.join(POLICY_FILE), "[rotation]\ntrade = 1\n").unwrap();
        let beside = Policy::read_beside(&link).unwrap();
        assert_eq!((beside.rotation.trade, beside.path()), (30, None), "of the link it is not");
        std::fs::write(real.join(POLICY_FILE), "[rotation]\ntrade = 2\n").unwrap();
        assert_eq!(Policy::read_beside(&link).unwrap().rotation.trade, 2);
    }

    #[test]
    fn what_is_there_and_cannot_be_used_is_never_the_defaults() {
        let directory = tempfile::tempdir().unwrap();
        let (vault, path) = (directory.path().join("vault.strongroom"), directory.path().join(POLICY_FILE));
        assert!(Policy::read_beside(&vault).unwrap().path().is_none());
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(matches!(Policy::read_beside(&vault), Err(Error::File { .. })));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(Policy::read_beside(&vault), Err(Error::File { .. })));
        std::fs::remove_dir(&path).unwrap();
        for (bytes, told) in [
            (&b"[rotation]\ntrade = 0\n"[..], "line 2: [rotation] trade: a number of days from 1 to 36500 is expected"),
            (b"\xff", "this is not UTF-8"),
            (&vec![b'\n'; 64 * 1024 + 1], "a policy is at most 64 KiB"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = Policy::read_beside(&vault).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: {told}", path.display()));
        }
    }
}
