//! Opening: a file, then a vault that anyone can look at, then one that a secret opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::unlock::{self, Unlock};
use super::{Info, Vault, Version, claimed, info};
use crate::container::{self, Header, SlotId};
use crate::error::{Error, Result};
use crate::file::{self, Durability};
use crate::memory::{Region, without_traces};
use crate::pin::{Expectation, PinStore};

/// A vault that passed every check that needs no secret. Nothing in it is trusted yet.
pub struct LockedVault {
    pub(super) path: PathBuf,
    pub(super) file: Region,
    pub(super) header: Header,
    pub(super) checksum: [u8; 32],
}

/// How to open a vault, and how it behaves afterwards.
#[derive(Clone, Default)]
pub struct OpenOptions {
    pub(super) pins: Option<PinStore>,
    pub(super) accept: Option<String>,
    pub(super) expect: Option<Expectation>,
    pub(super) slot: Option<SlotId>,
    pub(super) author: String,
    pub(super) lock_timeout: Option<Duration>,
    pub(super) leaves_pin: bool,
}

impl LockedVault {
    /// Reads a vault and checks everything that needs no secret.
    ///
    /// # Errors
    /// [`Error::File`], or the first [`crate::FormatError`] in the order of SPEC.md 9.1.
    pub fn read(path: impl AsRef<Path>) -> Result<LockedVault> {
        let path = file::resolve(path.as_ref())?;
        let file = file::read(&path)?;
        let header = container::parse(&file)?;
        let checksum = container::checksum(&file);
        Ok(LockedVault { path, file, header, checksum })
    }

    /// What anyone can see.
    pub fn info(&self) -> Info {
        info(&self.header, self.checksum)
    }

    /// The file as text, for places that take only text.
    pub fn to_armor(&self) -> String {
        container::to_armor(&self.file)
    }
}

/// For tests that open hundreds of thousands of files, none of which is on a disk.
#[cfg(any(test, fuzzing))]
impl LockedVault {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<LockedVault> {
        let header = container::parse(bytes)?;
        let mut file = Region::for_secrets(bytes.len()).expect("there is memory for a small file");
        file.copy_from_slice(bytes);
        Ok(LockedVault { path: PathBuf::new(), file, header, checksum: container::checksum(bytes) })
    }

    #[cfg(test)]
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn unlock(self, unlock: &Unlock) -> Result<Vault> {
        OpenOptions::new().unlock(self, unlock)
    }

    /// What a save does when it reads back: stages 7 to 10 of SPEC.md 9.1.
    #[cfg(test)]
    pub(crate) fn open_under(self, data_key: &crate::keys::DataKey) -> Result<()> {
        Version::open(self.file, self.header, self.checksum, data_key).map(drop)
    }
}

/// The file in an armoured text, checked as far as is possible without a secret.
///
/// # Errors
/// [`crate::FormatError::Armor`] names the line; then as [`LockedVault::read`].
pub fn dearmor(text: &str) -> Result<Vec<u8>> {
    let file = container::from_armor(text)?;
    container::parse(&file)?;
    Ok(file)
}

/// Writes the bytes of a vault as a new private file.
///
/// # Errors
/// [`Error::AlreadyThere`]; a [`crate::FormatError`] when they are not a vault's; [`Error::File`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<Durability> {
    container::parse(bytes)?;
    let path = file::resolve(path)?;
    let lock = file::Lock::on_directory_of(&path, LOCK_TIMEOUT)?;
    let written = lock.write(&path, bytes, file::How::New, |temporary| LockedVault::read(temporary).map(|_| ()))?;
    Ok(written.durability)
}

pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a file is read again because others keep saving it.
const OVERTAKEN_AT_MOST: usize = 20;

impl OpenOptions {
    /// No pins, no expectation, every slot tried.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Compares with what was last seen at this path, refuses what does not descend from it, and remembers what it
    /// accepted.
    pub fn pins(mut self, pins: PinStore) -> OpenOptions {
        self.pins = Some(pins);
        self
    }

    /// Compares with the pin all the same, and remembers nothing: for a look that leaves everything as it is. What saves
    /// afterwards moves the pin as ever.
    pub fn leave_pin(mut self) -> OpenOptions {
        self.leaves_pin = true;
        self
    }

    /// Accepts one refused version: the hexadecimal checksum or data key id that the refusal showed.
    pub fn accept(mut self, accept: String) -> OpenOptions {
        self.accept = Some(accept);
        self
    }

    /// For hosts without state: what the vault must at least be.
    pub fn expect(mut self, expect: Expectation) -> OpenOptions {
        self.expect = Some(expect);
        self
    }

    /// Tries only this slot.
    pub fn slot(mut self, slot: SlotId) -> OpenOptions {
        self.slot = Some(slot);
        self
    }

    /// `user@host`, as the log of changes will claim.
    pub fn author(mut self, author: &str) -> OpenOptions {
        self.author = claimed(author);
        self
    }

    /// How long a save waits for another writer. 10 seconds unless told.
    pub fn lock_timeout(mut self, timeout: Duration) -> OpenOptions {
        self.lock_timeout = Some(timeout);
        self
    }

    /// Reads and unlocks the vault at `path`.
    ///
    /// # Errors
    /// As [`LockedVault::read`] and [`OpenOptions::unlock`].
    pub fn open(self, path: impl AsRef<Path>, unlock: &Unlock) -> Result<Vault> {
        self.unlock(LockedVault::read(path)?, unlock)
    }

    /// Unlocks what was read.
    ///
    /// # Errors
    /// [`crate::UnlockError`] when no slot opens, [`crate::FormatError::Tampered`] and [`crate::FormatError::NewerSchema`] when one
    /// does and the rest does not fit, [`crate::PinError`] when the vault is intact and not the one expected here.
    pub fn unlock(self, locked: LockedVault, unlock: &Unlock) -> Result<Vault> {
        without_traces(|| self.unlock_newest(locked, unlock))
    }

    fn unlock_newest(self, mut locked: LockedVault, unlock: &Unlock) -> Result<Vault> {
        let mut opened = unlock::open_slot(&locked.header, unlock, self.slot)?;
        let mut overtaken = 0;
        loop {
            let (path, checksum, data_key_id) = (locked.path, locked.checksum, locked.header.data_key_id);
            let version = Version::open(locked.file, locked.header, checksum, &opened.data_key)?;
            opened.check_entry(&version.index.descent)?;
            let mut vault = Vault {
                path,
                version,
                data_key: opened.data_key,
                opened_by: opened.slot,
                bound_to: unlock.bound_to(),
                abandoned: None,
                options: self.clone(),
                durability: Durability::Durable,
                warnings: Vec::new(),
            };
            let refused = match vault.check_demands().and_then(|()| vault.check_pin()) {
                Ok(()) => return Ok(vault),
                Err(Error::Pin(refused)) if overtaken < OVERTAKEN_AT_MOST => refused,
                Err(error) => return Err(error),
            };
            // Another writer may have saved, and moved the pin, after we read the file: then there is a newer one to
            // read, and what we hold was never refused for good.
            locked = match LockedVault::read(&vault.path) {
                Ok(newer) if newer.checksum != checksum => newer,
                _ => return Err(refused.into()),
            };
            overtaken += 1;
            // The data key opens the newer one too. Argon2 once more would take so long that busy writers overtake us
            // again and again, until an intact vault is refused.
            let still_opens = locked.header.data_key_id == data_key_id && locked.header.slot(opened.slot).is_some();
            opened = match still_opens {
                true => unlock::Opened { data_key: vault.data_key, ..opened },
                false => {
                    // Nobody is to look for a mistake in a secret that opened the vault a moment ago.
                    vault.check_vault_id(&locked.header)?;
                    unlock::open_slot(&locked.header, unlock, self.slot)?
                }
            };
        }
    }
}
