//! Payload schema 1. The only file that names `bincode`.
//!
//! One constant configuration: little-endian, fixed-width integers, a limit. The structs here are private and borrow
//! from the payload, so that opening a vault of thousands of records copies none of them. Lists are read one element
//! at a time; every element is encoded again and compared, so that there is one encoding for each payload.

use std::ops::Deref;

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::de::BorrowDecoder;
use bincode::enc::Encoder;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Encode};

use zeroize::Zeroize;

use super::rules::{self, Problem};
use super::{Descent, Index, SlotEntry};
use crate::container::SlotId;
use crate::error::{Error, FormatError};
use crate::keys::SlotEntryKeys;
use crate::memory::Region;
use crate::record::{
    Contents, CredentialKind, Environment, Fields, LogAction, LogEntry, Previous, Record, RecordId, Reference,
    Timestamp, Tombstone, Value,
};
use crate::secret::{Secret, SecretBytes};

const SCHEMA: u16 = 1;

/// No element is longer than the longest payload.
type Config = Configuration<LittleEndian, Fixint, Limit<{ 64 << 20 }>>;
const CONFIG: Config =
    bincode::config::standard().with_little_endian().with_fixed_int_encoding().with_limit::<{ 64 << 20 }>();

/// A list inside an element. Read without believing its count: memory grows with what is really there (SPEC.md, R17).
struct List<T>(Vec<T>);

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> List<T> {
        List(elements.into_iter().collect())
    }
}

impl<T: Encode> Encode for List<T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.0.len() as u64).encode(encoder)?;
        self.0.iter().try_for_each(|element| element.encode(encoder))
    }
}

impl<'de, T: BorrowDecode<'de, C>, C> BorrowDecode<'de, C> for List<T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<List<T>, DecodeError> {
        let count = u64::borrow_decode(decoder)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(T::borrow_decode(decoder)?);
        }
        Ok(List(list))
    }
}

/// `kw` passes through here on the stack, and is wiped from it.
#[derive(Encode, BorrowDecode)]
struct SlotV1<'a> {
    id: [u8; 8],
    label: &'a str,
    kw: [u8; 32],
    pk: [u8; 32],
    created: Timestamp,
    proven: Timestamp,
}

#[derive(Encode, BorrowDecode)]
struct RecordV1<'a> {
    id: [u8; 16],
    exchange: &'a str,
    subaccount: &'a str,
    environment: u8,
    kind: u8,
    fields: List<(&'a str, &'a str)>,
    permissions: List<&'a str>,
    ip_allowlist: List<&'a str>,
    created: Timestamp,
    rotated: Option<Timestamp>,
    expires: Option<Timestamp>,
    rotate_after_days: Option<u32>,
    verified: Option<Timestamp>,
    tags: List<&'a str>,
    note: &'a str,
    previous: Option<PreviousV1<'a>>,
    extensions: List<(u16, &'a [u8])>,
}

#[derive(Encode, BorrowDecode)]
struct PreviousV1<'a> {
    replaced: Timestamp,
    retire: Option<Timestamp>,
    fields: List<(&'a str, &'a str)>,
}

#[derive(Encode, BorrowDecode)]
struct ValueV1<'a> {
    name: &'a str,
    value: &'a str,
    created: Timestamp,
    changed: Option<Timestamp>,
}

#[derive(Encode, BorrowDecode)]
struct LogV1<'a> {
    at: Timestamp,
    revision: u64,
    who: &'a str,
    what: &'a str,
    action: u8,
    fields: List<&'a str>,
}

impl Drop for SlotV1<'_> {
    fn drop(&mut self) {
        self.kw.zeroize();
    }
}

const ENVIRONMENTS: [(u8, Environment); 3] =
    [(1, Environment::Live), (2, Environment::Testnet), (3, Environment::Demo)];

const KINDS: [(u8, CredentialKind); 6] = [
    (1, CredentialKind::Hmac),
    (2, CredentialKind::Ed25519),
    (3, CredentialKind::Rsa),
    (4, CredentialKind::Ecdsa),
    (5, CredentialKind::Wallet),
    (6, CredentialKind::OAuth),
];

const ACTIONS: [(u8, LogAction); 4] =
    [(1, LogAction::Added), (2, LogAction::Changed), (3, LogAction::Removed), (4, LogAction::Renamed)];

fn from_number<T: Copy>(table: &[(u8, T)], number: u8) -> Result<T, Problem> {
    table.iter().find(|(known, _)| *known == number).map(|(_, value)| *value).ok_or("an unknown number in a list")
}

fn to_number<T: Copy + PartialEq>(table: &[(u8, T)], value: T) -> u8 {
    table.iter().find(|(_, known)| *known == value).map(|(number, _)| *number).expect("every variant is in its table")
}

// ---------------------------------------------------------------- decoding

/// Elements one after another.
struct Elements<'a> {
    payload: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    fn next<T: BorrowDecode<'a, ()> + Encode>(&mut self) -> Result<T, Problem> {
        let rest = self.payload.get(self.at..).unwrap_or_default();
        let (element, consumed): (T, usize) =
            bincode::borrow_decode_from_slice(rest, CONFIG).map_err(|_| "it does not decode")?;
        let encoded = rest.get(..consumed).ok_or("it does not decode")?;
        let mut compare = Compare { expected: encoded };
        bincode::encode_into_writer(&element, &mut compare, CONFIG).map_err(|_| "it is not the one encoding")?;
        if !compare.expected.is_empty() {
            return Err("it is not the one encoding");
        }
        self.at += consumed;
        Ok(element)
    }

    /// Reads a list's length and then its elements, handing each to `take`.
    fn each<T: BorrowDecode<'a, ()> + Encode>(
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

    fn list<T: BorrowDecode<'a, ()> + Encode>(&mut self, most: usize) -> Result<Vec<T>, Problem> {
        let mut list = Vec::new();
        self.each(most, |_, element| {
            list.push(element);
            Ok(())
        })?;
        Ok(list)
    }
}

/// A writer that takes only the bytes that are already there.
struct Compare<'a> {
    expected: &'a [u8],
}

impl Writer for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.expected = self.expected.strip_prefix(bytes).ok_or(EncodeError::Other("other bytes"))?;
        Ok(())
    }
}

const NO_LIMIT: usize = usize::MAX;

pub(super) fn index(payload: &[u8]) -> Result<Index, FormatError> {
    let tampered = |_: Problem| FormatError::Tampered { layer: "payload" };
    let mut elements = Elements { payload, at: 0 };
    let schema: u16 = elements.next().map_err(tampered)?;
    if schema != SCHEMA {
        return Err(FormatError::NewerSchema { schema });
    }
    index_after_schema(elements).map_err(tampered)
}

fn index_after_schema(mut elements: Elements<'_>) -> Result<Index, Problem> {
    let name: &str = elements.next()?;
    rules::name(name, 0, 128, "the vault's name is at most 128 bytes without control characters")?;
    let lineages: Vec<[u8; 32]> = elements.list(rules::MOST_LINEAGES)?;
    rules::distinct(&lineages)?;
    let ancestors: Vec<[u8; 32]> = elements.list(rules::MOST_ANCESTORS)?;
    rules::distinct(&ancestors)?;
    let mut slots: Vec<SlotEntry> = Vec::new();
    elements.each(crate::container::MOST_SLOTS, |_, slot: SlotV1<'_>| {
        rules::name(slot.label, 0, 128, "a label is at most 128 bytes without control characters")?;
        slots.push(SlotEntry {
            id: SlotId(slot.id),
            label: slot.label.to_owned(),
            keys: SlotEntryKeys { kw: SecretBytes::copy_of(&slot.kw), pk: slot.pk },
            created: slot.created,
            proven: slot.proven,
        });
        Ok(())
    })?;
    rules::ascending(&slots, |a, b| a.id.cmp(&b.id))?;
    let slot_tombstones: Vec<([u8; 8], Timestamp)> = elements.list(NO_LIMIT)?;
    rules::ascending(&slot_tombstones, |a, b| a.0.cmp(&b.0))?;
    if slots.iter().any(|slot| slot_tombstones.iter().any(|(id, _)| *id == slot.id.0)) {
        return Err("a slot is both there and removed");
    }

    let (mut records, mut ids) = (Vec::new(), Vec::new());
    let mut previous: Option<(&str, &str, u8)> = None;
    elements.each(NO_LIMIT, |at, record: RecordV1<'_>| {
        check_record(&record)?;
        let name = (record.exchange, record.subaccount, record.environment);
        if previous.is_some_and(|previous| rules::record_order(previous, name).is_ge()) {
            return Err("records ascend by name");
        }
        previous = Some(name);
        records.push(u32::try_from(at).map_err(|_| "a payload is at most 64 MiB")?);
        ids.push(record.id);
        Ok(())
    })?;
    let after_records = elements.at;
    let tail = tail(&mut elements)?;
    ids.extend(tail.tombstones.iter().map(|tombstone| tombstone.id.0));
    rules::distinct(&ids)?;
    if elements.at != elements.payload.len() {
        return Err("bytes are left over");
    }
    Ok(Index {
        descent: Descent {
            lineages,
            ancestors,
            slots,
            slot_tombstones: slot_tombstones.into_iter().map(|(id, removed)| (SlotId(id), removed)).collect(),
            extensions: tail.extensions.into_iter().map(|(tag, bytes)| (tag, bytes.to_vec())).collect(),
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

fn tail<'a>(elements: &mut Elements<'a>) -> Result<Tail<'a>, Problem> {
    let values: Vec<ValueV1<'a>> = elements.list(NO_LIMIT)?;
    values.iter().try_for_each(check_value)?;
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

fn check_record(record: &RecordV1<'_>) -> Result<(), Problem> {
    rules::exchange(record.exchange)?;
    rules::name(record.subaccount, 1, 128, "a subaccount's name is 1 to 128 bytes without control characters")?;
    from_number(&ENVIRONMENTS, record.environment)?;
    from_number(&KINDS, record.kind)?;
    rules::fields(record.fields.iter().copied())?;
    rules::words(&record.permissions)?;
    rules::words(&record.ip_allowlist)?;
    rules::words(&record.tags)?;
    if record.note.len() > 4096 {
        return Err("a note is at most 4096 bytes");
    }
    rules::secret(record.note)?;
    if let Some(previous) = &record.previous {
        rules::fields(previous.fields.iter().copied())?;
    }
    rules::extensions(&record.extensions)
}

fn check_value(value: &ValueV1<'_>) -> Result<(), Problem> {
    rules::value_name(value.name)?;
    rules::secret(value.value)
}

fn check_log(entry: &LogV1<'_>) -> Result<(), Problem> {
    from_number(&ACTIONS, entry.action)?;
    rules::name(entry.who, 0, 128, "the author is at most 128 bytes without control characters")?;
    rules::name(entry.what, 1, 1024, "what was changed is 1 to 1024 bytes without control characters")?;
    entry.fields.iter().try_for_each(|field| rules::field_name(field))?;
    rules::ascending(&entry.fields, |a, b| a.cmp(b))
}

/// What [`index`] accepted decodes again.
const INDEXED: &str = "the payload was checked when it was indexed";

pub(super) fn find_record(payload: &[u8], index: &Index, reference: &Reference) -> Option<Record> {
    let wanted =
        (reference.exchange.as_str(), reference.subaccount.as_str(), to_number(&ENVIRONMENTS, reference.environment));
    let at = index.records.binary_search_by(|&at| {
        let record = record_at(payload, at);
        rules::record_order((record.exchange, record.subaccount, record.environment), wanted)
    });
    at.ok().map(|at| to_record(&record_at(payload, index.records[at])))
}

pub(super) fn find_value(payload: &[u8], index: &Index, name: &str) -> Option<Value> {
    let mut elements = Elements { payload, at: index.after_records };
    let values = elements.list::<ValueV1<'_>>(NO_LIMIT).expect(INDEXED);
    values.into_iter().find(|value| value.name == name).map(|value| to_value(&value))
}

pub(super) fn contents(payload: &[u8], index: &Index) -> Contents {
    let mut elements = Elements { payload, at: index.after_records };
    let tail = tail(&mut elements).expect(INDEXED);
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
        note: record.note.to_owned(),
        previous: record.previous.as_ref().map(|previous| Previous {
            replaced: previous.replaced,
            retire: previous.retire,
            fields: to_fields(&previous.fields),
        }),
        extensions: record.extensions.iter().map(|(tag, bytes)| (*tag, bytes.to_vec())).collect(),
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

// ---------------------------------------------------------------- encoding

pub(super) fn encode(contents: &Contents, descent: &Descent) -> Result<Region, Error> {
    check_contents(contents)?;
    let mut size = Size(0);
    write(&mut size, contents, descent).expect("counting bytes cannot fail");
    let mut payload = Region::for_secrets(size.0).map_err(|source| Error::File {
        operation: "find memory for",
        path: "the payload".into(),
        source,
    })?;
    let mut fill = Fill { free: &mut payload };
    write(&mut fill, contents, descent).expect("the bytes were counted before");
    debug_assert!(fill.free.is_empty());
    // The reader's rules are the writer's too: what could not be read back is not written.
    match Index::of(&payload) {
        Ok(_) => Ok(payload),
        Err(_) => Err(Error::InvalidContents {
            place: "the vault".into(),
            problem: "its records, values or slots are not what SPEC.md allows",
        }),
    }
}

/// Names the record and the rule, where [`Index::of`] would only say that something is wrong.
fn check_contents(contents: &Contents) -> Result<(), Error> {
    let invalid = |place: String| move |problem: Problem| Error::InvalidContents { place, problem };
    rules::name(&contents.name, 0, 128, "the vault's name is at most 128 bytes without control characters")
        .map_err(invalid("the vault".into()))?;
    for record in &contents.records {
        // `env/NAME` names something else, so nobody could ask for such a record.
        if record.exchange.eq_ignore_ascii_case("env") {
            return Err(invalid(record.reference().to_string())("no exchange is called env"));
        }
        check_record(&from_record(record)).map_err(invalid(record.reference().to_string()))?;
    }
    for (name, value) in &contents.values {
        check_value(&from_value(name, value)).map_err(invalid(format!("env/{name}")))?;
    }
    Ok(())
}

struct Size(usize);

impl Writer for Size {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0 += bytes.len();
        Ok(())
    }
}

struct Fill<'a> {
    free: &'a mut [u8],
}

impl Writer for Fill<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let free = std::mem::take(&mut self.free);
        let (here, rest) = free.split_at_mut_checked(bytes.len()).ok_or(EncodeError::UnexpectedEnd)?;
        here.copy_from_slice(bytes);
        self.free = rest;
        Ok(())
    }
}

fn write(out: &mut impl Writer, contents: &Contents, descent: &Descent) -> Result<(), EncodeError> {
    put(out, SCHEMA)?;
    put(out, contents.name.as_str())?;
    list(out, descent.lineages.iter())?;
    list(out, descent.ancestors.iter())?;
    list(
        out,
        descent.slots.iter().map(|slot| SlotV1 {
            id: slot.id.0,
            label: &slot.label,
            kw: *slot.keys.kw.expose(),
            pk: slot.keys.pk,
            created: slot.created,
            proven: slot.proven,
        }),
    )?;
    list(out, descent.slot_tombstones.iter().map(|(id, removed)| (id.0, *removed)))?;
    list(out, contents.records.iter().map(from_record))?;
    list(out, contents.values.iter().map(|(name, value)| from_value(name, value)))?;
    list(out, contents.tombstones.iter().map(|tombstone| (tombstone.id.0, tombstone.removed)))?;
    list(out, contents.log.iter().map(from_log))?;
    list(out, descent.extensions.iter().map(|(tag, bytes)| (*tag, bytes.as_slice())))
}

fn put(out: &mut impl Writer, element: impl Encode) -> Result<(), EncodeError> {
    bincode::encode_into_writer(element, out, CONFIG)
}

fn list<T: Encode>(out: &mut impl Writer, elements: impl ExactSizeIterator<Item = T>) -> Result<(), EncodeError> {
    put(out, elements.len() as u64)?;
    for element in elements {
        put(out, element)?;
    }
    Ok(())
}

fn from_record(record: &Record) -> RecordV1<'_> {
    RecordV1 {
        id: record.id.0,
        exchange: &record.exchange,
        subaccount: &record.subaccount,
        environment: to_number(&ENVIRONMENTS, record.environment),
        kind: to_number(&KINDS, record.kind),
        fields: from_fields(&record.fields),
        permissions: record.permissions.iter().map(String::as_str).collect(),
        ip_allowlist: record.ip_allowlist.iter().map(String::as_str).collect(),
        created: record.created,
        rotated: record.rotated,
        expires: record.expires,
        rotate_after_days: record.rotate_after_days,
        verified: record.verified,
        tags: record.tags.iter().map(String::as_str).collect(),
        note: &record.note,
        previous: record.previous.as_ref().map(|previous| PreviousV1 {
            replaced: previous.replaced,
            retire: previous.retire,
            fields: from_fields(&previous.fields),
        }),
        extensions: record.extensions.iter().map(|(tag, bytes)| (*tag, bytes.as_slice())).collect(),
    }
}

fn from_fields(fields: &Fields) -> List<(&str, &str)> {
    fields.iter().map(|(name, value)| (name, value.expose_secret())).collect()
}

fn from_value<'a>(name: &'a str, value: &'a Value) -> ValueV1<'a> {
    ValueV1 { name, value: value.value.expose_secret(), created: value.created, changed: value.changed }
}

fn from_log(entry: &LogEntry) -> LogV1<'_> {
    LogV1 {
        at: entry.at,
        revision: entry.revision,
        who: &entry.who,
        what: &entry.what,
        action: to_number(&ACTIONS, entry.action),
        fields: entry.fields.iter().map(String::as_str).collect(),
    }
}
