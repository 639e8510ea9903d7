//! Making a vault, and making an independent copy of one.

use std::path::Path;

use crate::container::{Sealed, SlotId};
use crate::error::{Error, PinError, Result};
use crate::file::{self, How, Lock};
use crate::keys::DataKey;
use crate::memory::without_traces;
use crate::pin::PinStore;
use crate::random;
use crate::record::Contents;

use super::changes::Change;
use super::open::LOCK_TIMEOUT;
use super::save::Draft;
use super::{Info, NewSlot, OpenOptions, Vault, claimed, info, now};

/// A vault to be made.
pub struct NewVault {
    /// What is in it from the start.
    pub contents: Contents,
    /// The ways in, at least one.
    pub slots: Vec<NewSlot>,
    /// `user@host`, as the log of changes will claim.
    pub author: String,
    /// Where to remember it.
    pub pins: Option<PinStore>,
}

/// A vault that is ready to be written. A machine key that names it can be written before, so that there is never a
/// vault without a way in.
pub struct PreparedVault {
    draft: Draft,
    sealed: Sealed,
    data_key: DataKey,
    opened_by: SlotId,
    options: OpenOptions,
}

impl NewVault {
    /// Derives and encrypts everything; Argon2 runs here. Nothing is on disk yet.
    ///
    /// # Errors
    /// [`Error::SlotRefused`] without slots, with too many, or with the same secret twice; [`Error::InvalidContents`];
    /// [`Error::NoRandomness`]; a lack of memory.
    pub fn prepare(self) -> Result<PreparedVault> {
        without_traces(|| self.derive_and_encrypt())
    }

    fn derive_and_encrypt(self) -> Result<PreparedVault> {
        let now = now();
        let mut draft = Draft::empty(random::bytes()?, self.contents);
        for (index, slot) in self.slots.iter().enumerate() {
            if self.slots[..index].iter().any(|earlier| earlier.same_secret(slot)) {
                return Err(Error::SlotRefused("two ways in have the same secret"));
            }
            // A key that names another vault could never open this one.
            if slot.bound_to().is_some() {
                return Err(PinError::KeyOfAnotherVault.into());
            }
        }
        for slot in self.slots {
            let taken = |id| draft.infos().any(|info| info.id == id);
            let (made, entry) = slot.make(&draft.vault_id, taken, now)?;
            draft.insert(made, entry);
        }
        let opened_by = draft.infos().next().ok_or(Error::SlotRefused("a vault needs a way in"))?.id;
        let author = claimed(&self.author);
        let created = Change { at: now, revision: 1, who: &author };
        created.record(&Contents::default(), &mut draft.contents, Vec::new());
        let (sealed, data_key) = draft.seal(1, None)?;
        let data_key = data_key.expect("without a data key before it, a new one is made");
        let options = OpenOptions { pins: self.pins, author, ..OpenOptions::default() };
        Ok(PreparedVault { draft, sealed, data_key, opened_by, options })
    }
}

impl PreparedVault {
    /// The id it will have.
    pub fn vault_id(&self) -> [u8; 16] {
        self.draft.vault_id
    }

    /// The id of its data key.
    pub fn data_key_id(&self) -> [u8; 16] {
        self.data_key.id()
    }

    /// Writes it as a new private file, reads it back, and returns it open.
    ///
    /// # Errors
    /// [`Error::AlreadyThere`], [`Error::File`], [`Error::VerifyFailed`]; there is no file then.
    pub fn create(self, path: &Path) -> Result<Vault> {
        self.create_after(path, |_| Ok(()))
    }

    /// As [`PreparedVault::create`], for secrets that somebody has to be given before a vault depends on them:
    /// `hand_over` is called when the file is written and proven and has only to be moved into place. When it fails,
    /// there is no vault.
    ///
    /// # Errors
    /// As [`PreparedVault::create`], and that of `hand_over`.
    pub fn create_after(self, path: &Path, hand_over: impl FnOnce(&Info) -> Result<()>) -> Result<Vault> {
        without_traces(|| self.write_and_verify(path, hand_over))
    }

    fn write_and_verify(self, path: &Path, hand_over: impl FnOnce(&Info) -> Result<()>) -> Result<Vault> {
        let path = file::resolve(path)?;
        let lock = Lock::on_directory_of(&path, self.options.lock_timeout.unwrap_or(LOCK_TIMEOUT))?;
        let verify = |temporary: &Path| {
            let version = self.draft.verify(temporary, &self.sealed, &self.data_key)?;
            hand_over(&info(&version.header, version.checksum))?;
            Ok(version)
        };
        let written = lock.write(&path, &self.sealed.file, How::New, verify)?;
        let mut vault = Vault {
            path,
            version: written.verified,
            data_key: self.data_key,
            opened_by: self.opened_by,
            bound_to: None,
            abandoned: None,
            options: self.options,
            durability: written.durability,
            warnings: Vec::new(),
        };
        drop(lock);
        vault.saved(written.durability, true);
        Ok(vault)
    }
}

impl Vault {
    /// The contents as a vault of its own, with a new id and data key and these ways in: who holds a secret of one can
    /// open nothing of the other (SPEC.md, W23).
    pub fn to_new(&self, slots: Vec<NewSlot>) -> NewVault {
        let contents = self.contents();
        NewVault { contents, slots, author: self.options.author.clone(), pins: self.options.pins.clone() }
    }
}
