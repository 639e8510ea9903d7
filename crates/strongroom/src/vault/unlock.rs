//! From a secret to the data key. SPEC.md, section 9.4.

use crate::container::{Header, Slot, SlotId, SlotKind};
use crate::error::{Error, PinError, Result, UnlockError};
use crate::kdf::{KdfCost, argon2id};
use crate::keys::{DataKey, SlotEntryKeys, SlotSecret, UnwrapError};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::memory::without_traces;
use crate::passphrase;
use crate::secret::{Secret, same};
use crate::wire::Descent;

use super::tampered;

/// A secret to unlock with.
#[derive(Debug)]
pub struct Unlock {
    way: Way,
    key_file: Option<KeyFile>,
}

#[derive(Debug)]
enum Way {
    /// Normalised and checked.
    Passphrase(Secret),
    MachineKey(MachineKey),
    RecoveryCode(RecoveryCode),
}

/// A slot that opened.
pub(super) struct Opened {
    pub(super) slot: SlotId,
    pub(super) data_key: DataKey,
    pub(super) entry: SlotEntryKeys,
}

impl Unlock {
    /// A machine key.
    pub fn machine_key(key: MachineKey) -> Unlock {
        Unlock { way: Way::MachineKey(key), key_file: None }
    }

    /// A recovery code.
    pub fn recovery_code(code: RecoveryCode) -> Unlock {
        Unlock { way: Way::RecoveryCode(code), key_file: None }
    }

    /// A text typed or read where a passphrase is expected: a recovery code when it has the form of one, otherwise a
    /// passphrase.
    ///
    /// # Errors
    /// [`crate::TextError`]
    pub fn typed(text: &Secret) -> Result<Unlock> {
        without_traces(|| Unlock::normalised(text))
    }

    fn normalised(text: &Secret) -> Result<Unlock> {
        let normalised = passphrase::normalised(text);
        if RecoveryCode::has_form(normalised.expose_secret()) {
            return Ok(Unlock::recovery_code(RecoveryCode::from_text(&normalised)?));
        }
        passphrase::check(&normalised)?;
        Ok(Unlock { way: Way::Passphrase(normalised), key_file: None })
    }

    /// The key file that goes with the passphrase. Then only slots that need one are tried.
    pub fn key_file(mut self, key_file: KeyFile) -> Unlock {
        self.key_file = Some(key_file);
        self
    }

    /// What a machine key was made for.
    pub(super) fn bound_to(&self) -> Option<([u8; 16], [u8; 16])> {
        match &self.way {
            Way::MachineKey(key) => key.bound_to(),
            _ => None,
        }
    }

    fn name(&self) -> &'static str {
        match (&self.way, &self.key_file) {
            (Way::Passphrase(_), None) => "passphrase",
            (Way::Passphrase(_), Some(_)) => "passphrase or key file",
            (Way::MachineKey(_), _) => "machine key",
            (Way::RecoveryCode(_), _) => "recovery code",
        }
    }

    /// Whether such a secret is tried on such a slot. SPEC.md, section 6.6.
    fn fits(&self, kind: SlotKind) -> bool {
        match (&self.way, kind) {
            (Way::Passphrase(_), SlotKind::Passphrase { key_file, .. }) => key_file == self.key_file.is_some(),
            (Way::MachineKey(_) | Way::RecoveryCode(_), SlotKind::RandomKey) => true,
            _ => false,
        }
    }

    fn slot_secret(&self, slot: &Slot) -> Result<SlotSecret> {
        match (&self.way, slot.info.kind) {
            (Way::Passphrase(passphrase), SlotKind::Passphrase { cost, .. }) => {
                passphrase_secret(passphrase, self.key_file.as_ref(), &slot.salt, cost)
            }
            (Way::MachineKey(key), _) => Ok(SlotSecret::random_key(key.expose())),
            (Way::RecoveryCode(code), _) => Ok(SlotSecret::random_key(code.expose())),
            (Way::Passphrase(_), SlotKind::RandomKey) => unreachable!("passphrases are tried on their own slots only"),
        }
    }
}

/// `s = Argon2id(...)`, followed by the key file's bytes if there is one. The passphrase is normalised.
pub(super) fn passphrase_secret(
    passphrase: &Secret,
    key_file: Option<&KeyFile>,
    salt: &[u8; 16],
    cost: KdfCost,
) -> Result<SlotSecret> {
    SlotSecret::passphrase(key_file.map(KeyFile::expose), |out| {
        argon2id(passphrase.expose_secret().as_bytes(), salt, cost, out)
    })
}

/// Tries the slots this secret fits, in their order.
///
/// # Errors
/// [`UnlockError`], [`PinError::KeyOfAnotherVault`], [`crate::FormatError::Tampered`]
pub(super) fn open_slot(header: &Header, unlock: &Unlock, named: Option<SlotId>) -> Result<Opened> {
    if unlock.bound_to().is_some_and(|(vault_id, _)| vault_id != header.vault_id) {
        return Err(PinError::KeyOfAnotherVault.into());
    }
    let tried: Vec<&Slot> = header
        .slots
        .iter()
        .filter(|slot| unlock.fits(slot.info.kind) && named.is_none_or(|named| named == slot.info.id))
        .collect();
    if tried.is_empty() {
        return Err(nothing_to_try(header, unlock, named));
    }
    // Nothing about a slot is authenticated yet, so all the work it could cause is bounded before any is done.
    let product = |slot: &&Slot| match slot.info.kind {
        SlotKind::Passphrase { cost, .. } => cost.product(),
        SlotKind::RandomKey => 0,
    };
    if tried.iter().map(product).sum::<u64>() > KdfCost::MOST_PER_UNLOCK {
        return Err(UnlockError::TooExpensive { slots: tried.len() }.into());
    }

    let (mut zero_shared_secret, mut lacking_memory) = (false, None);
    for slot in &tried {
        let secret = match unlock.slot_secret(slot) {
            Ok(secret) => secret,
            Err(Error::Unlock(lacking @ UnlockError::NotEnoughMemory { .. })) => {
                lacking_memory = lacking_memory.or(Some(lacking));
                continue;
            }
            Err(other) => return Err(other),
        };
        let keys = slot.info.keys(&header.vault_id, &slot.salt, &secret);
        match slot.unwrap(&header.vault_id, &header.data_key_id, &keys) {
            Ok(data_key) => return Ok(Opened { slot: slot.info.id, data_key, entry: keys.into_entry() }),
            Err(UnwrapError::OtherSecret) => {}
            Err(UnwrapError::ZeroSharedSecret) => zero_shared_secret = true,
            Err(UnwrapError::Tag) => return Err(tampered("wrapped-key")),
        }
    }
    if zero_shared_secret {
        return Err(tampered("shared-secret"));
    }
    Err(lacking_memory.unwrap_or(UnlockError::WrongSecret { secret: unlock.name(), tried: tried.len() }).into())
}

fn nothing_to_try(header: &Header, unlock: &Unlock, named: Option<SlotId>) -> Error {
    if let Some(named) = named
        && header.slot(named).is_none()
    {
        return Error::NoSuchSlot { slot: named.to_string() };
    }
    let needs_key_file = |slot: &Slot| {
        let asked_for = named.is_none_or(|named| named == slot.info.id);
        asked_for && matches!(slot.info.kind, SlotKind::Passphrase { key_file: true, .. })
    };
    let without_key_file = matches!(unlock.way, Way::Passphrase(_)) && unlock.key_file.is_none();
    if without_key_file && header.slots.iter().any(needs_key_file) {
        UnlockError::KeyFileNeeded.into()
    } else {
        UnlockError::NoSuchWayIn { secret: unlock.name() }.into()
    }
}

impl Opened {
    /// The payload's entry of this slot must be the one its secret gives, or the next re-key would wrap the data key
    /// for somebody else.
    pub(super) fn check_entry(&self, descent: &Descent) -> Result<()> {
        let entry = descent.slots.iter().find(|entry| entry.id == self.slot);
        let fits = |keys: &SlotEntryKeys| {
            same(keys.kw.expose(), self.entry.kw.expose()) && same(keys.pk.expose(), self.entry.pk.expose())
        };
        if entry.is_some_and(|entry| fits(&entry.keys)) { Ok(()) } else { Err(tampered("slot-recomputation")) }
    }
}
