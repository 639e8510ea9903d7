//! Records to payload bytes and back. SPEC.md, section "Payload encoding".
//!
//! The encoding is ours, written byte by byte in SPEC.md; `bincode` is one implementation of it, named only in
//! [`v1`], the module of the one schema there is. The crate is unmaintained (RUSTSEC-2025-0141); `wincode` writes the
//! same bytes and is the way out.

#[cfg(test)]
mod bounds;
mod rules;
mod v1;

use std::ops::Deref;

use crate::error::{Error, FormatError};
use crate::keys::SlotEntryKeys;
use crate::memory::{Cell, Region};
use crate::record::{Contents, Extensions, Record, Reference, Timestamp, Value};

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
    pub(crate) lineages: Lineages,
    /// Checksums of the versions this one descends from, newest first, at most 128.
    pub(crate) ancestors: Vec<[u8; 32]>,
    /// Ascending by id.
    pub(crate) slots: Vec<SlotEntry>,
    /// Removed slots and when, ascending by id. Never pruned.
    pub(crate) slot_tombstones: Vec<(SlotId, Timestamp)>,
    /// What a newer version added.
    pub(crate) extensions: Extensions,
}

/// Lineages one after another. Each is a capability (SPEC.md, 13.7), so they lie where keys do.
pub(crate) struct Lineages(Cell);

impl Lineages {
    /// A copy of them.
    pub(crate) fn copy_of<'a>(lineages: impl ExactSizeIterator<Item = &'a [u8; 32]>) -> Lineages {
        let mut cell = Cell::zeros(32 * lineages.len());
        for (place, lineage) in cell.chunks_exact_mut(32).zip(lineages) {
            place.copy_from_slice(lineage);
        }
        Lineages(cell)
    }
}

impl Default for Lineages {
    fn default() -> Lineages {
        Lineages(Cell::zeros(0))
    }
}

impl Deref for Lineages {
    type Target = [[u8; 32]];

    fn deref(&self) -> &[[u8; 32]] {
        self.0.as_chunks().0
    }
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
    pub(crate) fn add_lineage(&mut self, lineage: &[u8; 32]) {
        let earlier = self.lineages.iter().filter(|earlier| *earlier != lineage);
        let all: Vec<&[u8; 32]> = earlier.chain([lineage]).collect();
        let surplus = all.len().saturating_sub(rules::MOST_LINEAGES);
        self.lineages = Lineages::copy_of(all[surplus..].iter().copied());
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
