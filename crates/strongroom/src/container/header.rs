//! The header: what everyone can see of a vault. SPEC.md, section "Layout".

use std::fmt;
use std::str::FromStr;

use super::cursor::Cursor;
use super::{SIGNATURE, VERSION};
use crate::aead::TAG_LEN;
use crate::error::{Error, FormatError};
use crate::kdf::KdfCost;
use crate::keys::{DataKey, SlotContext, SlotEntryKeys, SlotKeys, SlotSecret, UnwrapError, Wrapped, sha256};

/// 1 to 16 ways in.
pub(crate) const MOST_SLOTS: usize = 16;
/// Each costs an unlocker Argon2, so there are at most 8.
pub(crate) const MOST_PASSPHRASE_SLOTS: usize = 8;
/// 4096 * 2^14 bytes are 64 MiB.
const MOST_EXPONENT: u8 = 14;
/// The length of the payload's commitment in bytes, which follows the header.
pub(super) const COMMITMENT_LEN: usize = 32;
/// The length of the trailing checksum in bytes. Frozen across versions.
pub(crate) const CHECKSUM_LEN: usize = 32;
/// Writers stop here, so that `revision + 1` never wraps for anyone.
pub(crate) const MOST_REVISION: u64 = i64::MAX as u64;

const KIND_RANDOM_KEY: u8 = 1;
const KIND_PASSPHRASE: u8 = 2;
const RANDOM_KEY_LEN: usize = 137;
const PASSPHRASE_LEN: usize = 143;

/// The public id of a slot: 8 random bytes, printed as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub [u8; 8]);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotId({self})")
    }
}

impl FromStr for SlotId {
    type Err = Error;

    fn from_str(text: &str) -> Result<SlotId, Error> {
        let no_such_slot = || Error::NoSuchSlot { slot: "of that form (16 hexadecimal digits)".into() };
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| no_such_slot())?;
        bytes.try_into().map(SlotId).map_err(|_| no_such_slot())
    }
}

/// What opens a slot, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    /// A machine key or a recovery code; only the hidden label tells which.
    RandomKey,
    /// A passphrase.
    Passphrase {
        /// What Argon2id costs.
        cost: KdfCost,
        /// Whether a key file is needed too.
        key_file: bool,
    },
}

/// What anyone can see of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotInfo {
    /// Its public id.
    pub id: SlotId,
    /// What opens it.
    pub kind: SlotKind,
}

/// A slot as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) info: SlotInfo,
    pub(crate) salt: [u8; 16],
    pub(crate) epk: [u8; 32],
    pub(crate) commitment: [u8; 32],
    pub(crate) wrapped: [u8; 48],
}

/// Everything from the signature through the last slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) vault_id: [u8; 16],
    pub(crate) revision: u64,
    pub(crate) write_salt: [u8; 32],
    pub(crate) data_key_id: [u8; 16],
    /// The padded payload is `4096 * 2^exponent` bytes.
    pub(crate) exponent: u8,
    /// Ascending by cost, then by id.
    pub(crate) slots: Vec<Slot>,
}

impl SlotInfo {
    /// Slots stand in the order in which unlockers try them.
    pub(crate) fn order(&self) -> (u64, SlotId) {
        match self.kind {
            SlotKind::RandomKey => (0, self.id),
            SlotKind::Passphrase { cost, .. } => (cost.product(), self.id),
        }
    }

    /// The slot's bytes from its kind through its salt.
    pub(crate) fn through_salt(&self, salt: &[u8; 16]) -> Vec<u8> {
        let mut out = Vec::with_capacity(31);
        match self.kind {
            SlotKind::RandomKey => {
                out.push(KIND_RANDOM_KEY);
                out.extend_from_slice(&self.id.0);
            }
            SlotKind::Passphrase { cost, key_file } => {
                out.push(KIND_PASSPHRASE);
                out.extend_from_slice(&self.id.0);
                out.extend_from_slice(&cost.memory_kib.to_le_bytes());
                out.push(cost.passes);
                out.push(u8::from(key_file));
            }
        }
        out.extend_from_slice(salt);
        out
    }

    /// All keys of this slot from its secret.
    pub(crate) fn keys(&self, vault_id: &[u8; 16], salt: &[u8; 16], secret: &SlotSecret) -> SlotKeys {
        let through_salt = self.through_salt(salt);
        secret.slot_keys(SlotContext { vault_id, slot_id: &self.id.0, salt, through_salt: &through_salt })
    }

    /// The slot that gives `data_key` to who holds the secret behind `entry`.
    ///
    /// `None` when the shared secret is all zero.
    pub(crate) fn seal(
        self,
        vault_id: &[u8; 16],
        salt: [u8; 16],
        entry: &SlotEntryKeys,
        data_key: &DataKey,
    ) -> Option<Slot> {
        let through_salt = self.through_salt(&salt);
        let context = SlotContext { vault_id, slot_id: &self.id.0, salt: &salt, through_salt: &through_salt };
        let Wrapped { epk, commitment, wrapped } = data_key.wrap(context, entry)?;
        Some(Slot { info: self, salt, epk, commitment, wrapped })
    }
}

impl Slot {
    /// The data key, from all keys of this slot.
    pub(crate) fn unwrap(
        &self,
        vault_id: &[u8; 16],
        data_key_id: &[u8; 16],
        keys: &SlotKeys,
    ) -> Result<DataKey, UnwrapError> {
        let through_salt = self.info.through_salt(&self.salt);
        let context = SlotContext { vault_id, slot_id: &self.info.id.0, salt: &self.salt, through_salt: &through_salt };
        let wrapped = Wrapped { epk: self.epk, commitment: self.commitment, wrapped: self.wrapped };
        keys.unwrap(context, data_key_id, &wrapped)
    }

    fn parse(cursor: &mut Cursor<'_>, index: usize) -> Result<Slot, FormatError> {
        let kind = cursor.u8()?;
        cursor.has(match kind {
            KIND_RANDOM_KEY => RANDOM_KEY_LEN - 1,
            KIND_PASSPHRASE => PASSPHRASE_LEN - 1,
            _ => return Err(FormatError::UnknownSlotKind { index, kind }),
        })?;
        let id = SlotId(cursor.take()?);
        let kind = if kind == KIND_RANDOM_KEY {
            SlotKind::RandomKey
        } else {
            let cost = KdfCost { memory_kib: cursor.u32()?, passes: cursor.u8()? };
            if !cost.is_allowed() {
                return Err(FormatError::OverLimit { index, memory_kib: cost.memory_kib, passes: cost.passes });
            }
            let key_file = match cursor.u8()? {
                0 => false,
                1 => true,
                _ => return Err(FormatError::Malformed { rule: "whether a key file is needed is 0 or 1" }),
            };
            SlotKind::Passphrase { cost, key_file }
        };
        Ok(Slot {
            info: SlotInfo { id, kind },
            salt: cursor.take()?,
            epk: cursor.take()?,
            commitment: cursor.take()?,
            wrapped: cursor.take()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.info.through_salt(&self.salt));
        out.extend_from_slice(&self.epk);
        out.extend_from_slice(&self.commitment);
        out.extend_from_slice(&self.wrapped);
    }
}

impl Header {
    /// Reads a header whose signature, checksum and version are checked.
    pub(super) fn parse(file: &[u8]) -> Result<Header, FormatError> {
        let malformed = |rule| Err(FormatError::Malformed { rule });
        let mut cursor = Cursor::new(file);
        cursor.take::<{ SIGNATURE.len() + 1 }>()?;
        let slot_count = usize::from(cursor.u8()?);
        if !(1..=MOST_SLOTS).contains(&slot_count) {
            return malformed("there are 1 to 16 slots");
        }
        let vault_id = cursor.take()?;
        let revision = cursor.u64()?;
        if revision == 0 {
            return malformed("the first revision is 1");
        }
        let write_salt = cursor.take()?;
        let data_key_id = cursor.take()?;
        let exponent = cursor.u8()?;
        if exponent > MOST_EXPONENT {
            return malformed("the payload is at most 64 MiB");
        }
        let mut slots: Vec<Slot> = Vec::with_capacity(slot_count);
        let mut passphrases = 0;
        for index in 0..slot_count {
            let slot = Slot::parse(&mut cursor, index)?;
            passphrases += usize::from(slot.info.kind != SlotKind::RandomKey);
            if passphrases > MOST_PASSPHRASE_SLOTS {
                return Err(FormatError::TooManyPassphrases);
            }
            if slots.iter().any(|earlier| earlier.info.id == slot.info.id) {
                return malformed("two slots have the same id");
            }
            if slots.last().is_some_and(|earlier| earlier.info.order() >= slot.info.order()) {
                return malformed("slots stand in ascending order of cost and id");
            }
            slots.push(slot);
        }
        let header = Header { vault_id, revision, write_salt, data_key_id, exponent, slots };
        debug_assert_eq!(header.len(), cursor.position());
        Ok(header)
    }

    /// The header's bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        out.extend_from_slice(&SIGNATURE);
        out.push(VERSION);
        out.push(u8::try_from(self.slots.len()).expect("at most 16 slots"));
        out.extend_from_slice(&self.vault_id);
        out.extend_from_slice(&self.revision.to_le_bytes());
        out.extend_from_slice(&self.write_salt);
        out.extend_from_slice(&self.data_key_id);
        out.push(self.exponent);
        self.slots.iter().for_each(|slot| slot.write(&mut out));
        out
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        let slot = |slot: &Slot| match slot.info.kind {
            SlotKind::RandomKey => RANDOM_KEY_LEN,
            SlotKind::Passphrase { .. } => PASSPHRASE_LEN,
        };
        91 + self.slots.iter().map(slot).sum::<usize>()
    }

    /// The length of the padded payload in bytes.
    pub(crate) fn padded_len(&self) -> usize {
        4096 << self.exponent
    }

    /// The length that the whole file must have.
    pub(crate) fn file_len(&self) -> usize {
        self.len() + COMMITMENT_LEN + self.padded_len() + TAG_LEN + CHECKSUM_LEN
    }

    /// `SHA-256(header)`
    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&self.to_bytes())
    }

    /// The slot of this id.
    pub(crate) fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.info.id == id)
    }
}

/// The smallest exponent whose padded payload holds the length prefix and so many bytes. `None` above 64 MiB.
pub(super) fn exponent_for(payload_len: usize) -> Option<u8> {
    let needed = payload_len.checked_add(4)?;
    (0..=MOST_EXPONENT).find(|&exponent| needed <= 4096 << exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_the_smallest_that_holds_the_payload() {
        assert_eq!(exponent_for(0), Some(0));
        assert_eq!(exponent_for(4092), Some(0));
        assert_eq!(exponent_for(4093), Some(1));
        assert_eq!(exponent_for((64 << 20) - 4), Some(14));
        assert_eq!(exponent_for((64 << 20) - 3), None);
    }

    #[test]
    fn a_slot_id_reads_back() {
        let id = SlotId([0xab; 8]);
        assert_eq!(id.to_string().parse::<SlotId>().unwrap(), id);
        assert!("ab".parse::<SlotId>().is_err() && "not hexadecimal!".parse::<SlotId>().is_err());
    }
}
