//! Reading: one element at a time, against all rules of SPEC.md.
//!
//! Numbers have a fixed width, options are 0 or 1, and texts and lists are what their length says, so whatever decodes
//! encodes to the same bytes (SPEC.md, R18). It is not encoded again to see that; the vectors, the bounds and
//! everything that fuzzing reached are.

use bincode::BorrowDecode;
use bincode::error::DecodeError;
use zeroize::Zeroizing;

use super::seen::SeenRecord;
use super::{
    ACTIONS, CONFIG, ENVIRONMENTS, KINDS, Key, LogV1, RecordV1, SCHEMA, SlotV1, ValueV1, check_log, check_value,
    from_number, to_number,
};
use crate::container::{MOST_SLOTS, SlotId};
use crate::error::FormatError;
use crate::keys::SlotEntryKeys;
use crate::record::{Contents, Fields, LogEntry, Previous, Record, RecordId, Reference, Timestamp, Tombstone, Value};
use crate::secret::{Secret, SecretBytes};
use crate::wire::rules::{self, Problem};
use crate::wire::{Descent, Index, Lineages, SlotEntry};

/// Elements one after another.
struct Elements<'a> {
    payload: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    fn next<T: BorrowDecode<'a, ()>>(&mut self) -> Result<T, Problem> {
        let rest = self.payload.get(self.at..).unwrap_or_default();
        match bincode::borrow_decode_from_slice(rest, CONFIG) {
            Ok((element, consumed)) => {
                self.at += consumed;
                Ok(element)
            }
            Err(DecodeError::Other(problem)) => Err(problem),
            Err(_) => Err("it does not decode"),
        }
    }

    /// Reads a list's length and then its elements, handing each to `take`.
    fn each<T: BorrowDecode<'a, ()>>(
        &mut self,
        most: usize,
        mut take: impl FnMut(usize, T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let count: u64 = self.next()?;
        if count > most as u64 {
            return Err("a list is too long");
        }
        for _ in 0..count {
            let at = self.at;
            take(at, self.next()?)?;
        }
        Ok(())
    }

    fn list<T: BorrowDecode<'a, ()>>(&mut self, most: usize) -> Result<Vec<T>, Problem> {
        let mut list = Vec::new();
        self.each(most, |_, element| {
            list.push(element);
            Ok(())
        })?;
        Ok(list)
    }
}

const NO_LIMIT: usize = usize::MAX;

/// What in a payload is not as it should be. To whoever reads a file it is all the same; a writer wants to know.
pub(super) struct Misfit {
    pub(super) place: Place,
    pub(super) problem: Problem,
}

pub(super) enum Place {
    /// The record with this number, from 0.
    Record(usize),
    /// The value with this number.
    Value(usize),
    Elsewhere,
}

impl From<Problem> for Misfit {
    fn from(problem: Problem) -> Misfit {
        Misfit { place: Place::Elsewhere, problem }
    }
}

pub(in crate::wire) fn index(payload: &[u8]) -> Result<Index, FormatError> {
    let tampered = FormatError::Tampered { layer: "payload" };
    let mut elements = Elements { payload, at: 0 };
    let schema: u16 = elements.next().map_err(|_| tampered)?;
    if schema != SCHEMA {
        return Err(FormatError::NewerSchema { schema });
    }
    index_after_schema(elements).map_err(|_| tampered)
}

/// As [`index`], for a payload of this schema.
pub(super) fn index_of_this_schema(payload: &[u8]) -> Result<Index, Misfit> {
    let mut elements = Elements { payload, at: 0 };
    elements.next::<u16>()?;
    index_after_schema(elements)
}

fn index_after_schema(mut elements: Elements<'_>) -> Result<Index, Misfit> {
    let payload = elements.payload;
    let name: &str = elements.next()?;
    rules::name(name, 0, 128, "the vault's name is at most 128 bytes without control characters")?;
    let mut lineages = 0..0;
    elements.each(rules::MOST_LINEAGES, |at, _: Key<'_>| {
        let start = if lineages.is_empty() { at } else { lineages.start };
        lineages = start..at + 32;
        Ok(())
    })?;
    let lineages = payload[lineages].as_chunks::<32>().0;
    rules::distinct(lineages)?;
    let ancestors: Vec<[u8; 32]> = elements.list(rules::MOST_ANCESTORS)?;
    rules::distinct(&ancestors)?;
    let mut slots: Vec<SlotEntry> = Vec::new();
    elements.each(MOST_SLOTS, |_, slot: SlotV1<'_>| {
        rules::name(slot.label, 0, 128, "a label is at most 128 bytes without control characters")?;
        slots.push(SlotEntry {
            id: SlotId(slot.id),
            label: slot.label.to_owned(),
            keys: SlotEntryKeys { kw: SecretBytes::copy_of(slot.kw.0), pk: SecretBytes::copy_of(slot.pk.0) },
            created: slot.created,
            proven: slot.proven,
        });
        Ok(())
    })?;
    rules::ascending(&slots, |a, b| a.id.cmp(&b.id))?;
    let slot_tombstones: Vec<([u8; 8], Timestamp)> = elements.list(NO_LIMIT)?;
    rules::ascending(&slot_tombstones, |a, b| a.0.cmp(&b.0))?;
    if slots.iter().any(|slot| slot_tombstones.iter().any(|(id, _)| *id == slot.id.0)) {
        return Err("a slot is both there and removed".into());
    }

    let (mut records, mut ids) = (Vec::new(), Vec::new());
    let mut previous: Option<(&str, &str, u8)> = None;
    let seen = elements.each(NO_LIMIT, |at, record: SeenRecord<'_>| {
        let name = (record.exchange, record.subaccount, record.environment);
        if previous.is_some_and(|previous| rules::record_order(previous, name).is_ge()) {
            return Err("records ascend by name");
        }
        previous = Some(name);
        records.push(u32::try_from(at).map_err(|_| "a payload is at most 64 MiB")?);
        ids.push(u128::from_be_bytes(record.id));
        Ok(())
    });
    seen.map_err(|problem| Misfit { place: Place::Record(records.len()), problem })?;
    let after_records = elements.at;
    let tail = tail(&mut elements)?;
    ids.extend(tail.tombstones.iter().map(|tombstone| u128::from_be_bytes(tombstone.id.0)));
    rules::distinct_ids(ids)?;
    if elements.at != elements.payload.len() {
        return Err("bytes are left over".into());
    }
    Ok(Index {
        descent: Descent {
            lineages: Lineages::copy_of(lineages.iter()),
            ancestors,
            slots,
            slot_tombstones: slot_tombstones.into_iter().map(|(id, removed)| (SlotId(id), removed)).collect(),
            extensions: tail.extensions.into_iter().map(|(tag, bytes)| (tag, Zeroizing::new(bytes.to_vec()))).collect(),
        },
        name: name.to_owned(),
        records,
        after_records,
    })
}

/// What follows the records.
struct Tail<'a> {
    values: Vec<ValueV1<'a>>,
    tombstones: Vec<Tombstone>,
    log: Vec<LogV1<'a>>,
    extensions: Vec<(u16, &'a [u8])>,
}

fn tail<'a>(elements: &mut Elements<'a>) -> Result<Tail<'a>, Misfit> {
    let values: Vec<ValueV1<'a>> = elements.list(NO_LIMIT)?;
    for (number, value) in values.iter().enumerate() {
        check_value(value).map_err(|problem| Misfit { place: Place::Value(number), problem })?;
    }
    rules::ascending(&values, |a, b| a.name.cmp(b.name))?;
    let tombstones: Vec<([u8; 16], Timestamp)> = elements.list(NO_LIMIT)?;
    rules::ascending(&tombstones, |a, b| a.0.cmp(&b.0))?;
    let log: Vec<LogV1<'a>> = elements.list(rules::MOST_LOG)?;
    log.iter().try_for_each(check_log)?;
    let extensions: Vec<(u16, &'a [u8])> = elements.list(usize::from(u16::MAX) + 1)?;
    rules::extensions(&extensions)?;
    let tombstones = tombstones.into_iter().map(|(id, removed)| Tombstone { id: RecordId(id), removed }).collect();
    Ok(Tail { values, tombstones, log, extensions })
}

/// What [`index`] accepted decodes again.
const INDEXED: &str = "the payload was checked when it was indexed";

pub(in crate::wire) fn find_record(payload: &[u8], index: &Index, reference: &Reference) -> Option<Record> {
    let wanted =
        (reference.exchange.as_str(), reference.subaccount.as_str(), to_number(&ENVIRONMENTS, reference.environment));
    let at = index.records.binary_search_by(|&at| {
        let record = record_at(payload, at);
        rules::record_order((record.exchange, record.subaccount, record.environment), wanted)
    });
    at.ok().map(|at| to_record(&record_at(payload, index.records[at])))
}

pub(in crate::wire) fn find_value(payload: &[u8], index: &Index, name: &str) -> Option<Value> {
    let mut elements = Elements { payload, at: index.after_records };
    let values = elements.list::<ValueV1<'_>>(NO_LIMIT).expect(INDEXED);
    values.into_iter().find(|value| value.name == name).map(|value| to_value(&value))
}

pub(in crate::wire) fn contents(payload: &[u8], index: &Index) -> Contents {
    let mut elements = Elements { payload, at: index.after_records };
    let Ok(tail) = tail(&mut elements) else { unreachable!("{INDEXED}") };
    Contents {
        name: index.name.clone(),
        records: index.records.iter().map(|&at| to_record(&record_at(payload, at))).collect(),
        values: tail.values.iter().map(|value| (value.name.to_owned(), to_value(value))).collect(),
        tombstones: tail.tombstones,
        log: tail.log.iter().map(to_log).collect(),
    }
}

fn record_at(payload: &[u8], at: u32) -> RecordV1<'_> {
    let bytes = &payload[at as usize..];
    bincode::borrow_decode_from_slice(bytes, CONFIG).expect(INDEXED).0
}

fn to_record(record: &RecordV1<'_>) -> Record {
    let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Record {
        id: RecordId(record.id),
        exchange: record.exchange.to_owned(),
        subaccount: record.subaccount.to_owned(),
        environment: from_number(&ENVIRONMENTS, record.environment).expect(INDEXED),
        kind: from_number(&KINDS, record.kind).expect(INDEXED),
        fields: to_fields(&record.fields),
        permissions: set(&record.permissions),
        ip_allowlist: set(&record.ip_allowlist),
        created: record.created,
        rotated: record.rotated,
        expires: record.expires,
        rotate_after_days: record.rotate_after_days,
        verified: record.verified,
        tags: set(&record.tags),
        note: Zeroizing::new(record.note.to_owned()),
        previous: record.previous.as_ref().map(|previous| {
            Box::new(Previous {
                replaced: previous.replaced,
                retire: previous.retire,
                fields: to_fields(&previous.fields),
                rotated: previous.rotated,
                expires: previous.expires,
                verified: previous.verified,
                kind: from_number(&KINDS, previous.kind).expect(INDEXED),
                permissions: set(&previous.permissions),
                ip_allowlist: set(&previous.ip_allowlist),
            })
        }),
        variables: record.variables.iter().map(|(field, name)| ((*field).to_owned(), (*name).to_owned())).collect(),
        extensions: record.extensions.iter().map(|(tag, bytes)| (*tag, Zeroizing::new(bytes.to_vec()))).collect(),
    }
}

fn to_fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::copy_of(value))).collect()
}

fn to_value(value: &ValueV1<'_>) -> Value {
    Value { value: Secret::copy_of(value.value), created: value.created, changed: value.changed }
}

fn to_log(entry: &LogV1<'_>) -> LogEntry {
    LogEntry {
        at: entry.at,
        revision: entry.revision,
        who: entry.who.to_owned(),
        what: entry.what.to_owned(),
        action: from_number(&ACTIONS, entry.action).expect(INDEXED),
        fields: entry.fields.iter().map(|&field| field.to_owned()).collect(),
    }
}
