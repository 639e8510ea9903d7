//! What was last seen of a vault, kept outside the repository. SPEC.md, section 10.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::container::Header;
use crate::error::{Error, PinError, Result};
use crate::file::{self, Here, How, Lock, System};
use crate::keys::{lineage_id, sha256};
use crate::wire::{Descent, MOST_ANCESTORS};

/// A directory of pins, one small file for each path of a vault. It must be private to its user, and for pins alone.
#[derive(Debug, Clone)]
pub struct PinStore {
    directory: PathBuf,
}

/// A pin that nobody else writes.
pub(crate) struct HeldPin {
    lock: Lock,
    path: PathBuf,
    vault: PathBuf,
}

/// How long a pin's writer waits for others. They take no longer than it takes to write a small file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// More than any pin has: the path in it may be long, and none of its bytes takes more than six in JSON.
const MOST_BYTES: u64 = 64 * 1024;

/// What a host without state expects of a vault: `VAULT_ID@REVISION:DATA_KEY_ID`, at least this revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// The vault.
    pub vault_id: [u8; 16],
    /// The least revision.
    pub revision: u64,
    /// The data key that it must have or lead from.
    pub data_key_id: [u8; 16],
}

/// The version of a vault that was last accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) vault_id: [u8; 16],
    pub(crate) revision: u64,
    pub(crate) checksum: [u8; 32],
    pub(crate) data_key_id: [u8; 16],
    /// A version that a person gave up for this one; the next save lists it among its ancestors.
    pub(crate) abandoned: Option<Abandoned>,
}

/// What was last seen of a vault here, for whoever compares it without a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSeen {
    /// The vault.
    pub vault_id: [u8; 16],
    /// Its revision.
    pub revision: u64,
    /// Its checksum.
    pub checksum: [u8; 32],
    /// Its data key.
    pub data_key_id: [u8; 16],
}

/// A version that a person gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abandoned {
    pub(crate) checksum: [u8; 32],
    pub(crate) revision: u64,
}

/// What a comparison with a pin came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The pinned version itself, or one that descends from it.
    Accepted,
    /// More than 128 saves ahead, by somebody with the same or a later data key.
    AcceptedFarAhead,
    Refused(PinError),
}

/// A version that passed every check of its own.
pub(crate) struct Seen<'a> {
    pub(crate) header: &'a Header,
    pub(crate) checksum: [u8; 32],
    pub(crate) descent: &'a Descent,
}

impl Seen<'_> {
    /// Whether its data key is this one, or it lists a lineage that leads from it.
    fn continues(&self, data_key_id: &[u8; 16]) -> bool {
        self.header.data_key_id == *data_key_id
            || self.descent.lineages.iter().any(|lineage| lineage_id(lineage) == *data_key_id)
    }

    /// Whether it is that version or lists it among its ancestors.
    pub(crate) fn descends_from(&self, checksum: &[u8; 32]) -> bool {
        self.checksum == *checksum || self.descent.ancestors.contains(checksum)
    }

    /// The version as a pin.
    pub(crate) fn pin(&self, abandoned: Option<Abandoned>) -> Pin {
        Pin {
            vault_id: self.header.vault_id,
            revision: self.header.revision,
            checksum: self.checksum,
            data_key_id: self.header.data_key_id,
            abandoned,
        }
    }

    /// The machine key's binding: its vault id is compared before unlocking, its data key id here.
    pub(crate) fn check_binding(&self, bound_to: Option<([u8; 16], [u8; 16])>) -> Result<(), PinError> {
        match bound_to {
            Some((vault_id, _)) if vault_id != self.header.vault_id => Err(PinError::KeyOfAnotherVault),
            Some((_, data_key_id)) if !self.continues(&data_key_id) => Err(PinError::KeyBound),
            _ => Ok(()),
        }
    }

    /// What the caller expects.
    pub(crate) fn check_expectation(&self, expected: &Expectation) -> Result<(), PinError> {
        let unexpected = |difference| Err(PinError::Unexpected { difference });
        if self.header.vault_id != expected.vault_id {
            return unexpected("another vault id");
        }
        if self.header.revision < expected.revision {
            return unexpected("an older revision");
        }
        if !self.continues(&expected.data_key_id) {
            return unexpected("a data key that the expected one does not lead to");
        }
        Ok(())
    }

    /// The acceptance rule, line by line as in SPEC.md 10.2.
    pub(crate) fn compare(&self, pin: &Pin) -> Verdict {
        let substituted = |difference| {
            let accept = HEXLOWER.encode(&self.header.data_key_id);
            Verdict::Refused(PinError::Substituted { difference, accept })
        };
        let accept = || HEXLOWER.encode(&self.checksum);
        let (found, pinned) = (self.header.revision, pin.revision);
        if self.header.vault_id != pin.vault_id {
            substituted("another vault id")
        } else if self.checksum == pin.checksum {
            Verdict::Accepted
        } else if !self.continues(&pin.data_key_id) && found < pinned {
            substituted(PinError::OLDER_DATA_KEY)
        } else if !self.continues(&pin.data_key_id) {
            substituted("a data key that the one last seen does not lead to")
        } else if self.descent.ancestors.contains(&pin.checksum) {
            Verdict::Accepted
        } else if found < pinned {
            Verdict::Refused(PinError::RolledBack { found, pinned, accept: accept() })
        } else if found - pinned > MOST_ANCESTORS as u64 && self.descent.ancestors.len() == MOST_ANCESTORS {
            Verdict::AcceptedFarAhead
        } else {
            Verdict::Refused(PinError::Forked { found, pinned, accept: accept() })
        }
    }
}

impl PinStore {
    /// The pins in this directory, which is made with mode 0700 when the first is written.
    pub fn at(directory: impl Into<PathBuf>) -> PinStore {
        PinStore { directory: directory.into() }
    }

    /// What was last seen of the vault at this path, if it was opened here before. Changes nothing.
    ///
    /// # Errors
    /// [`PinError::Unreadable`]; [`Error::File`], but not where there can be no pins: then nothing was seen.
    pub fn last_seen(&self, vault: &Path) -> Result<Option<LastSeen>> {
        let pin = self.load(&file::resolve(vault)?)?;
        Ok(pin.map(|Pin { vault_id, revision, checksum, data_key_id, .. }| LastSeen {
            vault_id,
            revision,
            checksum,
            data_key_id,
        }))
    }

    /// The pin of the vault at this resolved path, if there is one.
    pub(crate) fn load(&self, vault: &Path) -> Result<Option<Pin>> {
        load(self.path_of(vault))
    }

    /// The pin of the vault at this resolved path, with nobody else writing any until it is dropped.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Locked`]
    pub(crate) fn hold(&self, vault: &Path) -> Result<HeldPin> {
        let path = self.path_of(vault);
        let failed = |source| Error::File { operation: "write the pin", path: path.clone(), source };
        file::make_directories(&self.directory).map_err(failed)?;
        let lock = Lock::on_directory_of(&path, LOCK_TIMEOUT)?;
        Ok(HeldPin { lock, path, vault: vault.to_owned() })
    }

    pub(crate) fn path_of(&self, vault: &Path) -> PathBuf {
        let name = HEXLOWER.encode(&sha256(vault.as_os_str().as_encoded_bytes())[..16]);
        self.directory.join(name + ".json")
    }
}

impl HeldPin {
    /// What it is now.
    pub(crate) fn load(&self) -> Result<Option<Pin>> {
        load(self.path.clone())
    }

    /// Remembers a version, in the place of whatever it was.
    pub(crate) fn save(&self, pin: &Pin) -> Result<()> {
        let failed = |source| Error::File { operation: "write the pin", path: self.path.clone(), source };
        let text =
            serde_json::to_string_pretty(&PinFile::of(&self.vault, pin)).map_err(|error| failed(error.into()))?;
        self.lock.write(&self.path, text.as_bytes(), How::Replacing, |_| Ok(())).map(|_| ())
    }
}

fn load(path: PathBuf) -> Result<Option<Pin>> {
    let text = match file::read_small(&path, MOST_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // No pin was ever written where there cannot be a directory, or where this user may not look into it: a home
        // that is /dev/null or somebody else's. Writing one will fail too, and say so.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_closed(&path) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(PinError::Unreadable { path }.into()),
        Err(source) => return Err(Error::File { operation: "read the pin", path, source }),
    };
    match serde_json::from_slice::<PinFile>(&text).ok().and_then(|file| file.pin()) {
        Some(pin) => Ok(Some(pin)),
        // Not knowing is not the same as never having seen: the next vault could be anything.
        None => Err(PinError::Unreadable { path }.into()),
    }
}

/// Whether this user may not even ask what is there. A pin that is there and cannot be read is another matter.
fn is_closed(path: &Path) -> bool {
    Here::about(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// A pin as it stands in its file, for people to look at.
#[derive(Serialize, Deserialize)]
struct PinFile {
    vault: String,
    vault_id: String,
    revision: u64,
    checksum: String,
    data_key_id: String,
    abandoned: Option<AbandonedFile>,
}

#[derive(Serialize, Deserialize)]
struct AbandonedFile {
    checksum: String,
    revision: u64,
}

impl PinFile {
    fn of(vault: &Path, pin: &Pin) -> PinFile {
        PinFile {
            vault: vault.to_string_lossy().into_owned(),
            vault_id: HEXLOWER.encode(&pin.vault_id),
            revision: pin.revision,
            checksum: HEXLOWER.encode(&pin.checksum),
            data_key_id: HEXLOWER.encode(&pin.data_key_id),
            abandoned: pin.abandoned.map(|abandoned| AbandonedFile {
                checksum: HEXLOWER.encode(&abandoned.checksum),
                revision: abandoned.revision,
            }),
        }
    }

    fn pin(&self) -> Option<Pin> {
        let abandoned = match &self.abandoned {
            None => None,
            Some(file) => Some(Abandoned { checksum: hex(&file.checksum)?, revision: file.revision }),
        };
        Some(Pin {
            vault_id: hex(&self.vault_id)?,
            revision: self.revision,
            checksum: hex(&self.checksum)?,
            data_key_id: hex(&self.data_key_id)?,
            abandoned,
        })
    }
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl FromStr for Expectation {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Expectation, &'static str> {
        let parse = || {
            let (vault_id, rest) = text.split_once('@')?;
            let (revision, data_key_id) = rest.split_once(':')?;
            Some(Expectation {
                vault_id: hex(vault_id)?,
                revision: revision.parse().ok()?,
                data_key_id: hex(data_key_id)?,
            })
        };
        parse().ok_or("expected VAULT_ID@REVISION:DATA_KEY_ID, as `info` shows them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn pin() -> Pin {
        let abandoned = Some(Abandoned { checksum: [4; 32], revision: 6 });
        Pin { vault_id: [1; 16], revision: 7, checksum: [2; 32], data_key_id: [3; 16], abandoned }
    }

    #[test]
    fn a_pin_reads_back() {
        let directory = tempfile::tempdir().unwrap();
        let store = PinStore::at(directory.path().join("state/pins"));
        let vault = Path::new("/somewhere/vault.strongroom");
        assert_eq!(store.load(vault).unwrap(), None);
        store.hold(vault).unwrap().save(&pin()).unwrap();
        store.hold(vault).unwrap().save(&pin()).unwrap();
        assert_eq!(store.load(vault).unwrap(), Some(pin()));
        assert_eq!(store.load(Path::new("/elsewhere")).unwrap(), None);
    }

    #[test]
    fn what_was_last_seen_is_told_for_any_path_to_the_vault() {
        let directory = tempfile::tempdir().unwrap();
        let store = PinStore::at(directory.path().join("pins"));
        let vault = directory.path().join("vault.strongroom");
        assert_eq!(store.last_seen(&vault).unwrap(), None);
        store.hold(&file::resolve(&vault).unwrap()).unwrap().save(&pin()).unwrap();
        let seen = store.last_seen(&directory.path().join("./vault.strongroom")).unwrap().unwrap();
        assert_eq!((seen.vault_id, seen.revision, seen.checksum), ([1; 16], 7, [2; 32]));
    }

    #[test]
    fn a_spoilt_pin_is_an_error_and_not_a_missing_pin() {
        let directory = tempfile::tempdir().unwrap();
        let store = PinStore::at(directory.path());
        let vault = Path::new("/somewhere/vault.strongroom");
        for text in ["", "{}", "\u{0}"] {
            fs::write(store.path_of(vault), text).unwrap();
            assert!(matches!(store.load(vault), Err(Error::Pin(PinError::Unreadable { .. }))));
        }
    }

    #[cfg(unix)]
    #[test]
    fn where_there_can_be_no_pins_nothing_was_seen() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "").unwrap();
        let vault = Path::new("/somewhere/vault.strongroom");
        for base in ["/dev/null", directory.path().join("file").to_str().unwrap()] {
            let store = PinStore::at(Path::new(base).join("strongroom/pins"));
            assert_eq!(store.load(vault).unwrap(), None);
            assert!(matches!(store.hold(vault), Err(Error::File { operation: "write the pin", .. })));
        }
    }

    #[test]
    fn an_expectation_reads_what_info_shows() {
        let text = format!("{}@12:{}", "01".repeat(16), "02".repeat(16));
        let expected = Expectation { vault_id: [1; 16], revision: 12, data_key_id: [2; 16] };
        assert_eq!(text.parse(), Ok(expected));
        assert!("01@1:02".parse::<Expectation>().is_err());
    }
}
