//! Records to payload bytes and back. SPEC.md, section "Payload encoding".
//!
//! The encoding is ours, written byte by byte in SPEC.md; `bincode` is one implementation of it, named only in
//! [`v1`], the module of the one schema there is. The crate is unmaintained (RUSTSEC-2025-0141); `wincode` writes the
//! same bytes and is the way out.

#[cfg(test)]
mod bounds;
mod rules;
mod v1;

use crate::error::{Error, FormatError};
use crate::keys::SlotEntryKeys;
use crate::memory::Region;
use crate::record::{Contents, Record, Reference, Timestamp, Value};

use crate::container::SlotId;

/// What the payload keeps of a way in.
pub(crate) struct SlotEntry {
    pub(crate) id: SlotId,
    pub(crate) label: String,
    pub(crate) keys: SlotEntryKeys,
    pub(crate) created: Timestamp,
    /// When it last opened a vault that was then saved.
    pub(crate) proven: Timestamp,
}

/// Where a vault comes from, and who gets in: all of a payload but the user's contents.
#[derive(Default)]
pub(crate) struct Descent {
    /// Of every earlier data key, oldest first.
    pub(crate) lineages: Vec<[u8; 32]>,
    /// Checksums of the versions this one descends from, newest first, at most 128.
    pub(crate) ancestors: Vec<[u8; 32]>,
    /// Ascending by id.
    pub(crate) slots: Vec<SlotEntry>,
    /// Removed slots and when, ascending by id. Never pruned.
    pub(crate) slot_tombstones: Vec<(SlotId, Timestamp)>,
    /// What a newer version added, kept as it is: (tag, bytes), ascending by tag.
    pub(crate) extensions: Vec<(u16, Vec<u8>)>,
}

/// A payload that was checked from its first byte to its last, and where things are in it.
pub(crate) struct Index {
    pub(crate) descent: Descent,
    name: String,
    /// Where each record starts.
    records: Vec<u32>,
    /// Where what follows the records starts.
    after_records: usize,
}

/// How many ancestors a payload lists.
pub(crate) const MOST_ANCESTORS: usize = rules::MOST_ANCESTORS;

impl Descent {
    /// Remembers the lineage of a data key that is being replaced. The oldest gives way beyond 4096: refusing instead
    /// would let a holder make removal impossible (SPEC.md, W17).
    pub(crate) fn add_lineage(&mut self, lineage: [u8; 32]) {
        self.lineages.retain(|earlier| *earlier != lineage);
        self.lineages.push(lineage);
        let surplus = self.lineages.len().saturating_sub(rules::MOST_LINEAGES);
        self.lineages.drain(..surplus);
    }
}

impl Index {
    /// Reads a whole payload: structure, order, bounds, and that encoding it again gives the same bytes.
    ///
    /// # Errors
    /// [`FormatError::NewerSchema`], or [`FormatError::Tampered`] with the layer `payload`.
    pub(crate) fn of(payload: &[u8]) -> Result<Index, FormatError> {
        v1::index(payload)
    }

    pub(crate) fn record_count(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The record of this name. `payload` is the one that was indexed.
    pub(crate) fn record(&self, payload: &[u8], reference: &Reference) -> Option<Record> {
        v1::find_record(payload, self, reference)
    }

    /// The named value of this name.
    pub(crate) fn value(&self, payload: &[u8], name: &str) -> Option<Value> {
        v1::find_value(payload, self, name)
    }

    /// Everything of the user's, decoded.
    pub(crate) fn contents(&self, payload: &[u8]) -> Contents {
        v1::contents(payload, self)
    }
}

/// The payload of these parts.
///
/// # Errors
/// [`Error::InvalidContents`] names what is outside the limits of SPEC.md.
pub(crate) fn encode(contents: &Contents, descent: &Descent) -> Result<Region, Error> {
    v1::encode(contents, descent)
}
