//! Ways in: made, recomputed, added, removed. SPEC.md, section 8.2.

use crate::container::{Header, MOST_PASSPHRASE_SLOTS, MOST_SLOTS, Slot, SlotId, SlotInfo, SlotKind};
use crate::error::{Error, FormatError, PinError, Result, TextError};
use crate::kdf::KdfCost;
use crate::keys::{DataKey, SlotSecret};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::memory::without_traces;
use crate::passphrase;
use crate::random;
use crate::record::Timestamp;
use crate::secret::{Secret, SecretBytes, same};
use crate::wire::{Descent, SlotEntry};

use super::save::Draft;
use super::unlock::passphrase_secret;
use super::{Info, Vault, now};

/// A way in to be made.
#[derive(Debug)]
pub struct NewSlot {
    label: String,
    secret: NewSecret,
}

#[derive(Debug)]
enum NewSecret {
    Passphrase { text: Secret, cost: KdfCost, key_file: Option<KeyFile> },
    MachineKey { key: SecretBytes<32>, bound_to: Option<([u8; 16], [u8; 16])> },
    RecoveryCode(SecretBytes<20>),
}

/// A slot that is not yet in any file: its public parts, and what it was made from, to prove it with.
pub(super) struct MadeSlot {
    pub(super) info: SlotInfo,
    pub(super) salt: [u8; 16],
    new: NewSlot,
}

impl NewSlot {
    /// A passphrase, with what trying it costs. How strong it is, is for the caller to judge.
    ///
    /// # Errors
    /// [`TextError::Passphrase`] when SPEC.md 6.5 refuses the text; [`Error::SlotRefused`] when the cost is outside the
    /// limits.
    pub fn passphrase(label: &str, text: &Secret, cost: KdfCost) -> Result<NewSlot> {
        without_traces(|| NewSlot::normalised(label, text, cost))
    }

    fn normalised(label: &str, text: &Secret, cost: KdfCost) -> Result<NewSlot> {
        let text = passphrase::normalised(text);
        if RecoveryCode::has_form(text.expose_secret()) {
            return Err(TextError::Passphrase("has the form of a recovery code, so it could never be entered").into());
        }
        passphrase::check(&text)?;
        if !cost.is_allowed() {
            return Err(Error::SlotRefused("the cost of the passphrase is outside the limits"));
        }
        Ok(NewSlot { label: label.to_owned(), secret: NewSecret::Passphrase { text, cost, key_file: None } })
    }

    /// The passphrase opens only together with this key file.
    pub fn with_key_file(mut self, file: &KeyFile) -> NewSlot {
        if let NewSecret::Passphrase { key_file, .. } = &mut self.secret {
            *key_file = Some(file.duplicate());
        }
        self
    }

    /// A machine key. One that is bound must be bound to the vault it is added to.
    pub fn machine_key(label: &str, key: &MachineKey) -> NewSlot {
        let (bound_to, key) = (key.bound_to(), SecretBytes::copy_of(key.expose()));
        NewSlot { label: label.to_owned(), secret: NewSecret::MachineKey { key, bound_to } }
    }

    /// A recovery code.
    pub fn recovery_code(label: &str, code: &RecoveryCode) -> NewSlot {
        let code = SecretBytes::copy_of(code.expose());
        NewSlot { label: label.to_owned(), secret: NewSecret::RecoveryCode(code) }
    }

    /// What opens it.
    pub fn kind(&self) -> SlotKind {
        match &self.secret {
            NewSecret::Passphrase { cost, key_file, .. } => {
                SlotKind::Passphrase { cost: *cost, key_file: key_file.is_some() }
            }
            _ => SlotKind::RandomKey,
        }
    }

    /// The slot with a fresh id and salt, and its entry. Runs Argon2 for a passphrase.
    pub(super) fn make(
        self,
        vault_id: &[u8; 16],
        taken: impl Fn(SlotId) -> bool,
        now: Timestamp,
    ) -> Result<(MadeSlot, SlotEntry)> {
        check_label(&self.label)?;
        let mut id = SlotId(random::bytes()?);
        while taken(id) {
            id = SlotId(random::bytes()?);
        }
        let info = SlotInfo { id, kind: self.kind() };
        let salt = random::bytes()?;
        let keys = info.keys(vault_id, &salt, &self.slot_secret(&salt)?).into_entry();
        let entry = SlotEntry { id, label: self.label.clone(), keys, created: now, proven: now };
        Ok((MadeSlot { info, salt, new: self }, entry))
    }

    fn slot_secret(&self, salt: &[u8; 16]) -> Result<SlotSecret> {
        match &self.secret {
            NewSecret::Passphrase { text, cost, key_file } => passphrase_secret(text, key_file.as_ref(), salt, *cost),
            NewSecret::MachineKey { key, .. } => Ok(SlotSecret::random_key(key.expose())),
            NewSecret::RecoveryCode(code) => Ok(SlotSecret::random_key(code.expose())),
        }
    }

    /// Whether this secret opens `slot` already. Costs what the slot's passphrase costs.
    fn opens(&self, vault_id: &[u8; 16], slot: &Slot, entry: &SlotEntry) -> Result<bool> {
        let secret = match (&self.secret, slot.info.kind) {
            (NewSecret::Passphrase { text, key_file, .. }, SlotKind::Passphrase { cost, key_file: needed })
                if needed == key_file.is_some() =>
            {
                passphrase_secret(text, key_file.as_ref(), &slot.salt, cost)?
            }
            (NewSecret::MachineKey { .. } | NewSecret::RecoveryCode(_), SlotKind::RandomKey) => {
                self.slot_secret(&slot.salt)?
            }
            _ => return Ok(false),
        };
        Ok(same(slot.info.keys(vault_id, &slot.salt, &secret).into_entry().pk.expose(), entry.keys.pk.expose()))
    }

    /// Whether two new slots have the same secret.
    pub(super) fn same_secret(&self, other: &NewSlot) -> bool {
        match (&self.secret, &other.secret) {
            (NewSecret::Passphrase { text: a, .. }, NewSecret::Passphrase { text: b, .. }) => a == b,
            (NewSecret::MachineKey { key: a, .. }, NewSecret::MachineKey { key: b, .. }) => a.expose() == b.expose(),
            (NewSecret::RecoveryCode(a), NewSecret::RecoveryCode(b)) => a.expose() == b.expose(),
            _ => false,
        }
    }

    pub(super) fn bound_to(&self) -> Option<([u8; 16], [u8; 16])> {
        match &self.secret {
            NewSecret::MachineKey { bound_to, .. } => *bound_to,
            _ => None,
        }
    }
}

/// Recomputes every slot from the data key, its public fields and its entry, and compares. SPEC.md, R19.
///
/// # Errors
/// [`FormatError::Tampered`] with the layer `slot-recomputation`.
pub(super) fn recompute(header: &Header, descent: &Descent, data_key: &DataKey) -> Result<(), FormatError> {
    let expected = |slot: &Slot| -> Option<Slot> {
        let entry = descent.slots.iter().find(|entry| entry.id == slot.info.id)?;
        slot.info.seal(&header.vault_id, slot.salt, &entry.keys, data_key)
    };
    let all_there = descent.slots.len() == header.slots.len();
    if all_there && header.slots.iter().all(|slot| expected(slot).as_ref() == Some(slot)) {
        Ok(())
    } else {
        Err(FormatError::Tampered { layer: "slot-recomputation" })
    }
}

impl MadeSlot {
    /// Whether its secret, from the passphrase or key on, opens the file it was written to. Runs Argon2 once more: a
    /// slot that was never opened with what people will type may not open.
    pub(super) fn opens(&self, header: &Header, data_key: &DataKey) -> Result<bool> {
        let Some(slot) = header.slot(self.info.id) else { return Ok(false) };
        let keys = slot.info.keys(&header.vault_id, &slot.salt, &self.new.slot_secret(&slot.salt)?);
        let opened = slot.unwrap(&header.vault_id, &header.data_key_id, &keys);
        Ok(opened.is_ok_and(|opened| opened.is_same(data_key)))
    }
}

impl Vault {
    /// Adds a way in. It also opens every copy and branch of this vault that has the same data key.
    ///
    /// # Errors
    /// [`Error::SlotRefused`] when the secret opens a slot already or there is no room; [`PinError::KeyBound`]; as
    /// [`Vault::edit`].
    pub fn add_slot(&mut self, slot: NewSlot) -> Result<SlotId> {
        self.add_slot_after(slot, |_, _| Ok(()))
    }

    /// As [`Vault::add_slot`], for a secret that somebody has to be given before the vault depends on it: `hand_over`
    /// is called with the new slot and the version that is about to be, when that is written and proven and has only to
    /// be moved into place. When it fails, nothing is changed.
    ///
    /// # Errors
    /// As [`Vault::add_slot`], and that of `hand_over`.
    pub fn add_slot_after(
        &mut self,
        slot: NewSlot,
        hand_over: impl FnOnce(SlotId, &Info) -> Result<()>,
    ) -> Result<SlotId> {
        self.change_after(|draft| draft.add_slot(slot), |id, info| hand_over(*id, info)).map(|(id, _)| id)
    }

    /// Removes a way in and makes a new data key, so that who held it opens nothing that is saved from now on. What was
    /// saved before stays readable to them.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::SlotRefused`] for the last one; as [`Vault::edit`].
    pub fn remove_slot(&mut self, slot: SlotId) -> Result<()> {
        self.change(|draft| draft.remove_slot(slot)).map(|((), _)| ())
    }

    /// Replaces one way in by another in one save, with a new data key as for [`Vault::remove_slot`].
    ///
    /// # Errors
    /// As [`Vault::add_slot`] and [`Vault::remove_slot`].
    pub fn replace_slot(&mut self, old: SlotId, new: NewSlot) -> Result<SlotId> {
        self.replace_slot_after(old, new, |_, _| Ok(()))
    }

    /// As [`Vault::replace_slot`], and hands over the new secret as [`Vault::add_slot_after`] does: the old one opens
    /// nothing a moment later.
    ///
    /// # Errors
    /// As [`Vault::replace_slot`], and that of `hand_over`.
    pub fn replace_slot_after(
        &mut self,
        old: SlotId,
        new: NewSlot,
        hand_over: impl FnOnce(SlotId, &Info) -> Result<()>,
    ) -> Result<SlotId> {
        let replace = |draft: &mut Draft| {
            // Added first, so that the last way in can be replaced, and the old secret is not taken again.
            let id = draft.add_slot(new)?;
            draft.remove_slot(old)?;
            Ok(id)
        };
        self.change_after(replace, |id, info| hand_over(*id, info)).map(|(id, _)| id)
    }

    /// Makes a new data key for the same ways in.
    ///
    /// # Errors
    /// As [`Vault::edit`].
    pub fn rekey(&mut self) -> Result<()> {
        let rekey = |draft: &mut Draft| {
            draft.rekey = true;
            Ok(())
        };
        self.change(rekey).map(|((), _)| ())
    }
}

impl Draft {
    fn add_slot(&mut self, new: NewSlot) -> Result<SlotId> {
        if let Some((vault_id, data_key_id)) = new.bound_to()
            && (vault_id != self.vault_id || !self.continues(&data_key_id))
        {
            let other_vault = vault_id != self.vault_id;
            return Err(if other_vault { PinError::KeyOfAnotherVault } else { PinError::KeyBound }.into());
        }
        for slot in &self.slots {
            if let Some(entry) = self.descent.slots.iter().find(|entry| entry.id == slot.info.id)
                && new.opens(&self.vault_id, slot, entry)?
            {
                return Err(Error::SlotRefused(
                    "this secret opens the vault already; in two slots it would survive the removal of one",
                ));
            }
        }
        let taken = |id| {
            self.descent.slots.iter().any(|entry| entry.id == id)
                || self.descent.slot_tombstones.iter().any(|(removed, _)| *removed == id)
        };
        let (made, entry) = new.make(&self.vault_id, taken, now())?;
        let id = made.info.id;
        self.insert(made, entry);
        self.note_slot(id, crate::record::LogAction::Added);
        Ok(id)
    }

    fn remove_slot(&mut self, id: SlotId) -> Result<()> {
        let no_such_slot = || Error::NoSuchSlot { slot: id.to_string() };
        let at = self.descent.slots.iter().position(|entry| entry.id == id).ok_or_else(no_such_slot)?;
        if self.descent.slots.len() == 1 {
            return Err(Error::SlotRefused("it is the last way in; add another first"));
        }
        self.descent.slots.remove(at);
        self.slots.retain(|slot| slot.info.id != id);
        self.made.retain(|made| made.info.id != id);
        let tombstones = &mut self.descent.slot_tombstones;
        let at = tombstones.partition_point(|(removed, _)| *removed < id);
        tombstones.insert(at, (id, now()));
        self.rekey = true;
        self.note_slot(id, crate::record::LogAction::Removed);
        Ok(())
    }
}

/// A label that the format can hold.
fn check_label(label: &str) -> Result<()> {
    if label.len() > 128 || label.contains(char::is_control) {
        return Err(Error::SlotRefused("a label is at most 128 bytes without control characters"));
    }
    Ok(())
}

/// Whether a header has room for these slots.
///
/// # Errors
/// [`Error::SlotRefused`]
pub(super) fn check_room(slots: impl Iterator<Item = SlotInfo> + Clone) -> Result<()> {
    if slots.clone().count() > MOST_SLOTS {
        return Err(Error::SlotRefused("a vault has at most 16 ways in; remove one first"));
    }
    if slots.filter(|slot| slot.kind != SlotKind::RandomKey).count() > MOST_PASSPHRASE_SLOTS {
        return Err(Error::SlotRefused("a vault has at most 8 passphrases; remove one first"));
    }
    Ok(())
}
