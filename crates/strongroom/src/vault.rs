//! The door: open a vault, read it, edit it, save it.
//!
//! A [`LockedVault`] is bytes that passed every check that needs no secret; a [`Vault`] was unlocked and verified to
//! its last byte. The decrypted payload stays in one region that is kept out of dumps and wiped with the vault; records
//! are decoded from it when they are asked for, so a vault of thousands costs a bot that needs one no more than its
//! size.

mod changes;
mod create;
mod open;
mod pinned;
mod save;
mod slots;
mod unlock;

pub use create::{NewVault, PreparedVault};
pub use open::{LockedVault, OpenOptions, dearmor, write_new};
pub use save::Saved;
pub use slots::NewSlot;
pub use unlock::Unlock;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::container::{self, Header, SlotId, SlotInfo, SlotKind};
use crate::error::{Error, FormatError, Result};
use crate::file::Durability;
use crate::kdf::KdfCost;
use crate::keys::DataKey;
use crate::memory::{Region, without_traces};
use crate::pin::{Abandoned, Seen};
use crate::record::{Contents, Record, Reference, Timestamp};
use crate::registry;
use crate::secret::Secret;
use crate::wire::Index;

/// What anyone can see of a vault without a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Of the file format.
    pub version: u8,
    /// Random, for the life of the vault.
    pub vault_id: [u8; 16],
    /// Counts saves, from 1.
    pub revision: u64,
    /// Changes when the data key does.
    pub data_key_id: [u8; 16],
    /// The ways in, cheapest first.
    pub slots: Vec<SlotInfo>,
    /// The length of the file in bytes.
    pub file_bytes: u64,
    /// The file's last 32 bytes.
    pub checksum: [u8; 32],
}

/// What only those who unlocked the vault know of a way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotDetails {
    /// What anyone can see of it.
    pub info: SlotInfo,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used to open the vault for a save.
    pub proven: Timestamp,
}

/// An open vault.
pub struct Vault {
    path: PathBuf,
    version: Version,
    data_key: DataKey,
    opened_by: SlotId,
    /// What the machine key that opened it names.
    bound_to: Option<([u8; 16], [u8; 16])>,
    abandoned: Option<Abandoned>,
    options: OpenOptions,
    durability: Durability,
    warnings: Vec<String>,
}

/// One version of a vault's file, decrypted and verified.
struct Version {
    header: Header,
    checksum: [u8; 32],
    file: Region,
    payload: Range<usize>,
    index: Index,
}

impl Info {
    /// Whether the passphrase slots of one kind together cost more than one unlock may (SPEC.md, W22): then somebody
    /// who unlocks with a passphrase has to name the slot.
    pub fn needs_a_named_slot(&self) -> bool {
        [false, true].into_iter().any(|with_key_file| {
            let product = |slot: &SlotInfo| match slot.kind {
                SlotKind::Passphrase { cost, key_file } if key_file == with_key_file => cost.product(),
                _ => 0,
            };
            self.slots.iter().map(product).sum::<u64>() > KdfCost::MOST_PER_UNLOCK
        })
    }
}

impl Vault {
    /// Opens the vault at `path` without pins. [`OpenOptions`] has more to say.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>, unlock: &Unlock) -> Result<Vault> {
        OpenOptions::new().open(path, unlock)
    }

    /// The file, with symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What anyone can see of the version that is open.
    pub fn info(&self) -> Info {
        info(&self.version.header, self.version.checksum)
    }

    /// What its owner calls it.
    pub fn name(&self) -> &str {
        self.version.index.name()
    }

    /// The slot that opened it.
    pub fn opened_by(&self) -> SlotId {
        self.opened_by
    }

    /// The ways in, in the order of the file.
    pub fn slots(&self) -> Vec<SlotDetails> {
        let entries = &self.version.index.descent.slots;
        let details = |info: SlotInfo| {
            entries.iter().find(|entry| entry.id == info.id).map(|entry| SlotDetails {
                info,
                label: entry.label.clone(),
                created: entry.created,
                proven: entry.proven,
            })
        };
        self.version.header.slots.iter().filter_map(|slot| details(slot.info)).collect()
    }

    /// Whether the last save survives a power cut, of whatever kind it was: records, ways in, or the whole vault as a
    /// new one. What was only opened counts as durable.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// What a person should know although the vault opened.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The live credentials of this exchange and subaccount.
    ///
    /// The exchange is found without regard to case, and under the other names the [registry](crate::registry) knows.
    /// What decoding leaves behind is wiped, for which the thread needs as large a stack as for opening: 128 KiB
    /// ([`without_traces`](crate::without_traces)).
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]
    pub fn subaccount(&self, exchange: &str, subaccount: &str) -> Result<Record> {
        self.record(&Reference::new(exchange, subaccount))
    }

    /// The record of this name, found as in [`Vault::subaccount`]. Of the stack it needs as much.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]
    pub fn record(&self, reference: &Reference) -> Result<Record> {
        // What is copied out of the payload stays in registers otherwise, and outlives the record.
        without_traces(|| self.known_as(reference))
            .ok_or_else(|| Error::NoSuchRecord { reference: reference.to_string() })
    }

    /// The value `env/NAME`. Of the stack it needs as much as [`Vault::subaccount`].
    ///
    /// # Errors
    /// [`Error::NoSuchValue`]
    pub fn value(&self, name: &str) -> Result<Secret> {
        let value = without_traces(|| self.version.index.value(self.payload(), name));
        value.map(|value| value.value).ok_or_else(|| Error::NoSuchValue { name: name.to_owned() })
    }

    /// How many records there are.
    pub fn record_count(&self) -> usize {
        self.version.index.record_count()
    }

    /// Everything, decoded. Of the stack it needs as much as [`Vault::subaccount`].
    pub fn contents(&self) -> Contents {
        without_traces(|| self.version.index.contents(self.payload()))
    }

    /// Reads the file again and proves all of it: checksum, tag, every record, every slot.
    ///
    /// # Errors
    /// As opening; [`Error::Changed`] when the file was re-keyed since.
    pub fn verify(&self) -> Result<Info> {
        let locked = LockedVault::read(&self.path)?;
        if locked.header.data_key_id != self.version.header.data_key_id {
            return Err(Error::Changed { what: "the data key of the vault".into() });
        }
        let info = locked.info();
        without_traces(|| Version::open(locked.file, locked.header, locked.checksum, &self.data_key))?;
        Ok(info)
    }

    #[cfg(test)]
    pub(crate) fn into_data_key(self) -> DataKey {
        self.data_key
    }

    #[cfg(test)]
    pub(crate) fn compare_with(&self, pin: &crate::pin::Pin) -> crate::pin::Verdict {
        self.version.seen().compare(pin)
    }

    /// Header, payload, slot entries, data key and checksum, for vectors.
    #[cfg(test)]
    pub(crate) fn into_parts(self) -> (Header, Vec<u8>, Vec<crate::wire::SlotEntry>, DataKey, [u8; 32]) {
        let payload = self.payload().to_vec();
        let Version { header, checksum, index, .. } = self.version;
        (header, payload, index.descent.slots, self.data_key, checksum)
    }

    /// The record under whichever name of its exchange.
    fn known_as(&self, reference: &Reference) -> Option<Record> {
        let find = |exchange: &str| {
            let reference = Reference { exchange: exchange.to_owned(), ..reference.clone() };
            self.version.index.record(self.payload(), &reference)
        };
        find(&reference.exchange).or_else(|| registry::names_of(&reference.exchange).find_map(find))
    }

    fn payload(&self) -> &[u8] {
        &self.version.file[self.version.payload.clone()]
    }

    /// What the caller and the machine key demand of every version that is used.
    fn check_demands(&self) -> Result<()> {
        let seen = self.version.seen();
        seen.check_binding(self.bound_to)?;
        match &self.options.expect {
            Some(expected) => Ok(seen.check_expectation(expected)?),
            None => Ok(()),
        }
    }
}

impl Version {
    /// Decrypts and verifies a parsed file: stages 7 to 10 of SPEC.md 9.1.
    fn open(mut file: Region, header: Header, checksum: [u8; 32], data_key: &DataKey) -> Result<Version> {
        let payload = container::open_payload(&mut file, &header, data_key)?;
        let index = Index::of(&file[payload.clone()])?;
        slots::recompute(&header, &index.descent, data_key)?;
        Ok(Version { header, checksum, file, payload, index })
    }

    fn seen(&self) -> Seen<'_> {
        Seen { header: &self.header, checksum: self.checksum, descent: &self.index.descent }
    }
}

fn info(header: &Header, checksum: [u8; 32]) -> Info {
    Info {
        version: 1,
        vault_id: header.vault_id,
        revision: header.revision,
        data_key_id: header.data_key_id,
        slots: header.slots.iter().map(|slot| slot.info).collect(),
        file_bytes: header.file_len() as u64,
        checksum,
    }
}

/// An author as the log can hold it: at most 128 bytes without control characters.
fn claimed(author: &str) -> String {
    let clean: String = author.chars().filter(|character| !character.is_control()).collect();
    cut(clean, 128)
}

/// The text, cut to so many bytes between two characters.
fn cut(mut text: String, most: usize) -> String {
    while text.len() > most {
        text.pop();
    }
    text
}

/// The time of the machine, in seconds.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::try_from(since_epoch.as_secs()).unwrap_or(Timestamp::MAX)
}

const fn tampered(layer: &'static str) -> Error {
    Error::Format(FormatError::Tampered { layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w22_five_paranoid_passphrases_need_a_named_slot() {
        let slot = |id: u8, key_file| {
            let kind = SlotKind::Passphrase { cost: KdfCost::PARANOID, key_file };
            SlotInfo { id: SlotId([id; 8]), kind }
        };
        let mut info = Info {
            version: 1,
            vault_id: [0; 16],
            revision: 1,
            data_key_id: [0; 16],
            slots: (0..4).map(|id| slot(id, false)).chain([slot(4, true)]).collect(),
            file_bytes: 0,
            checksum: [0; 32],
        };
        assert!(!info.needs_a_named_slot());
        info.slots.push(slot(5, false));
        assert!(info.needs_a_named_slot());
    }
}
