//! Changing a vault: lock, read again, apply, encode, write, verify, move into place. SPEC.md, section 8.

use std::path::Path;

use crate::container::{self, Header, Sealed, Slot, SlotId, SlotInfo};
use crate::error::{Error, Result};
use crate::file::{How, Lock};
use crate::keys::{DataKey, lineage_id, sha256};
use crate::memory::without_traces;
use crate::pin::Verdict;
use crate::record::{Contents, LogAction};
use crate::wire::{self, Descent, MOST_ANCESTORS, SlotEntry};

use super::changes::Change;
use super::open::LOCK_TIMEOUT;
use super::slots::{MadeSlot, check_room};
use super::{Info, LockedVault, Vault, Version, info, now};

/// Whether a save wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// There was nothing to change, and nothing was written.
    Unchanged,
    /// The revision that was written.
    Revision(u64),
}

/// What a change works on: the newest version, decoded.
pub(super) struct Draft {
    pub(super) vault_id: [u8; 16],
    pub(super) data_key_id: [u8; 16],
    pub(super) contents: Contents,
    pub(super) descent: Descent,
    /// Slots that were there, as they stand in the file.
    pub(super) slots: Vec<Slot>,
    /// Slots that come with this save.
    pub(super) made: Vec<MadeSlot>,
    /// Whether a new data key is made.
    pub(super) rekey: bool,
    slot_log: Vec<(String, LogAction)>,
}

impl Draft {
    /// A draft of a vault that is not there yet.
    pub(super) fn empty(vault_id: [u8; 16], contents: Contents) -> Draft {
        Draft {
            vault_id,
            data_key_id: [0; 16],
            contents,
            descent: Descent::default(),
            slots: Vec::new(),
            made: Vec::new(),
            rekey: true,
            slot_log: Vec::new(),
        }
    }

    pub(super) fn infos(&self) -> impl Iterator<Item = SlotInfo> + Clone {
        self.slots.iter().map(|slot| slot.info).chain(self.made.iter().map(|made| made.info))
    }

    /// Adds a new slot and its entry.
    pub(super) fn insert(&mut self, made: MadeSlot, entry: SlotEntry) {
        let at = self.descent.slots.partition_point(|other| other.id < entry.id);
        self.descent.slots.insert(at, entry);
        self.made.push(made);
    }

    pub(super) fn note_slot(&mut self, id: SlotId, action: LogAction) {
        self.slot_log.push((format!("slot {id}"), action));
    }

    /// Whether this vault's data key is that one or was made from it.
    pub(super) fn continues(&self, data_key_id: &[u8; 16]) -> bool {
        self.data_key_id == *data_key_id || self.descent.lineages.iter().any(|l| lineage_id(l) == *data_key_id)
    }

    /// Encodes and encrypts the draft. `previous` is the data key it had, if it had one.
    ///
    /// Returns the file, and the new data key it is under if one was made.
    pub(super) fn seal(&self, revision: u64, previous: Option<&DataKey>) -> Result<(Sealed, Option<DataKey>)> {
        check_room(self.infos())?;
        let payload = wire::encode(&self.contents, &self.descent)?;
        let mut fresh = None;
        let data_key = match previous {
            Some(key) if !self.rekey => key,
            _ => &*fresh.insert(DataKey::generate(previous, &sha256(&payload))?),
        };
        let mut slots = Vec::with_capacity(self.slots.len() + self.made.len());
        for slot in &self.slots {
            // An ordinary save leaves the bytes of the slots alone (W8).
            slots.push(if self.rekey { self.wrap(slot.info, slot.salt, data_key)? } else { slot.clone() });
        }
        for made in &self.made {
            slots.push(self.wrap(made.info, made.salt, data_key)?);
        }
        slots.sort_by_key(|slot| slot.info.order());
        let mut header =
            Header { vault_id: self.vault_id, revision, write_salt: [0; 32], data_key_id: [0; 16], exponent: 0, slots };
        let sealed = container::seal(&mut header, data_key, payload)?;
        Ok((sealed, fresh))
    }

    fn wrap(&self, info: SlotInfo, salt: [u8; 16], data_key: &DataKey) -> Result<Slot> {
        let entry = self.descent.slots.iter().find(|entry| entry.id == info.id);
        entry
            .and_then(|entry| info.seal(&self.vault_id, salt, &entry.keys, data_key))
            .ok_or(Error::SlotRefused("a way in has keys that no honest writer makes; remove it"))
    }

    /// Reads a written file back, opens it under its data key, compares the payload, and opens every new slot with its
    /// own secret (W10).
    pub(super) fn verify(&self, path: &Path, sealed: &Sealed, data_key: &DataKey) -> Result<Version> {
        let failed = |layer| move |_| Error::VerifyFailed { layer };
        let locked = LockedVault::read(path).map_err(failed("the file"))?;
        if locked.checksum != sealed.checksum {
            return Err(Error::VerifyFailed { layer: "the checksum" });
        }
        let version = Version::open(locked.file, locked.header, locked.checksum, data_key);
        let version = version.map_err(failed("the payload"))?;
        if version.file[version.payload.clone()] != *sealed.payload {
            return Err(Error::VerifyFailed { layer: "the records" });
        }
        for made in &self.made {
            if !made.opens(&version.header, data_key)? {
                return Err(Error::VerifyFailed { layer: "a new way in" });
            }
        }
        Ok(version)
    }
}

impl Vault {
    /// Changes the contents and saves them.
    ///
    /// Waits for the lock, reads the file again if somebody else saved meanwhile, and applies `change` to what is there
    /// now. Nothing is written when it changes nothing, or fails. Tombstones and the log are written from comparing
    /// before and after.
    ///
    /// # Errors
    /// Those of `change`; [`Error::Locked`]; [`Error::Changed`] when the vault was re-keyed or replaced meanwhile;
    /// [`Error::InvalidContents`]; [`Error::File`] and [`Error::VerifyFailed`], the vault being as it was.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<(T, Saved)> {
        self.change(|draft| change(&mut draft.contents))
    }

    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut Draft) -> Result<T>) -> Result<(T, Saved)> {
        self.change_after(change, |_, _| Ok(()))
    }

    /// As [`Vault::change`]. `ready` is called when the new version is written and proven and has only to be moved into
    /// place; nothing is changed when it fails.
    pub(super) fn change_after<T>(
        &mut self,
        change: impl FnOnce(&mut Draft) -> Result<T>,
        ready: impl FnOnce(&T, &Info) -> Result<()>,
    ) -> Result<(T, Saved)> {
        without_traces(|| self.change_and_save(change, ready))
    }

    fn change_and_save<T>(
        &mut self,
        change: impl FnOnce(&mut Draft) -> Result<T>,
        ready: impl FnOnce(&T, &Info) -> Result<()>,
    ) -> Result<(T, Saved)> {
        let timeout = self.options.lock_timeout.unwrap_or(LOCK_TIMEOUT);
        let lock = Lock::on_directory_of(&self.path, timeout)?;
        self.read_again()?;

        let before = self.contents();
        let mut draft = self.draft();
        let answer = change(&mut draft)?;
        if draft.contents == before && draft.slot_log.is_empty() && !draft.rekey {
            return Ok((answer, Saved::Unchanged));
        }

        let (at, revision) = (now(), self.next_revision()?);
        let logged = Change { at, revision, who: &self.options.author };
        logged.record(&before, &mut draft.contents, std::mem::take(&mut draft.slot_log));
        drop(before);
        self.extend_descent(&mut draft, at);

        let (sealed, fresh) = draft.seal(revision, Some(&self.data_key))?;
        let data_key = fresh.as_ref().unwrap_or(&self.data_key);
        let verify = |temporary: &Path| {
            let version = draft.verify(temporary, &sealed, data_key)?;
            self.still_there()?;
            ready(&answer, &info(&version.header, version.checksum))?;
            // Whoever was told may have taken their time.
            self.still_there()?;
            Ok(version)
        };
        let written = lock.write(&self.path, &sealed.file, How::Replacing, verify)?;
        if let Some(fresh) = fresh {
            self.data_key = fresh;
        }
        self.version = written.verified;
        self.abandoned = None;
        drop(lock);
        self.saved(written.durability, false);
        Ok((answer, Saved::Revision(revision)))
    }

    /// Takes over what somebody else saved meanwhile, with the data key that is held.
    fn read_again(&mut self) -> Result<()> {
        let locked = LockedVault::read(&self.path)?;
        if locked.checksum == self.version.checksum {
            // Somebody may have saved, and an older file been put back since: the pin knows.
            return self.consult_pin();
        }
        if locked.header.vault_id != self.version.header.vault_id {
            return Err(Error::Changed { what: "the vault was replaced by another; it".into() });
        }
        if locked.header.data_key_id != self.version.header.data_key_id {
            return Err(Error::Changed { what: "the ways into the vault".into() });
        }
        let version = Version::open(locked.file, locked.header, locked.checksum, &self.data_key)?;
        // What this process has seen itself counts as a pin, with or without a store of them.
        if let Verdict::Refused(refused) = version.seen().compare(&self.version.seen().pin(None)) {
            return Err(refused.into());
        }
        let held = std::mem::replace(&mut self.version, version);
        let abandoned = self.abandoned;
        let accepted = self.check_demands().and_then(|()| self.check_pin());
        if accepted.is_err() {
            // What is refused is not handed out, and not taken for known the next time either.
            (self.version, self.abandoned) = (held, abandoned);
        }
        accepted
    }

    /// Programs that do not know our lock, such as git, may have put another file there while Argon2 ran.
    fn still_there(&self) -> Result<()> {
        match LockedVault::read(&self.path) {
            Ok(locked) if locked.checksum == self.version.checksum => Ok(()),
            Ok(_) => Err(Error::Changed { what: "another program changed the vault; it".into() }),
            Err(error) => Err(error),
        }
    }

    fn draft(&self) -> Draft {
        let index = wire::Index::of(self.payload()).expect("the payload was checked when it was opened");
        Draft {
            vault_id: self.version.header.vault_id,
            data_key_id: self.version.header.data_key_id,
            contents: self.contents(),
            descent: index.descent,
            slots: self.version.header.slots.clone(),
            made: Vec::new(),
            rekey: false,
            slot_log: Vec::new(),
        }
    }

    /// One more than every parent's, so that no host goes backwards (W5).
    fn next_revision(&self) -> Result<u64> {
        let newest = self.version.header.revision.max(self.abandoned.map_or(0, |abandoned| abandoned.revision));
        if newest >= container::MOST_REVISION {
            return Err(Error::SlotRefused("the vault has no revisions left; make a copy, which starts again at 1"));
        }
        Ok(newest + 1)
    }

    fn extend_descent(&self, draft: &mut Draft, at: i64) {
        let abandoned = self.abandoned.map(|abandoned| abandoned.checksum);
        let mut ancestors = vec![self.version.checksum];
        for earlier in abandoned.iter().chain(&draft.descent.ancestors) {
            if !ancestors.contains(earlier) {
                ancestors.push(*earlier);
            }
        }
        ancestors.truncate(MOST_ANCESTORS);
        draft.descent.ancestors = ancestors;
        if let Some(entry) = draft.descent.slots.iter_mut().find(|entry| entry.id == self.opened_by) {
            entry.proven = at;
        }
        if draft.rekey {
            draft.descent.add_lineage(self.data_key.lineage().expose());
        }
    }
}
