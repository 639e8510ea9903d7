//! Writing: counted first, then filled into memory of that size, so that no secret moves.

use bincode::Encode;
use bincode::enc::write::Writer;
use bincode::error::EncodeError;

use super::decode::{Misfit, Place, index_of_this_schema};
use super::{
    ACTIONS, CONFIG, ENVIRONMENTS, KINDS, Key, List, LogV1, PreviousV1, RecordV1, SCHEMA, SlotV1, ValueV1, to_number,
};
use crate::error::Error;
use crate::memory::Region;
use crate::record::{Contents, Fields, LogEntry, Record, Value};
use crate::wire::Descent;

pub(in crate::wire) fn encode(contents: &Contents, descent: &Descent) -> Result<Region, Error> {
    check_names(contents)?;
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
    match index_of_this_schema(&payload) {
        Ok(_) => Ok(payload),
        Err(Misfit { place, problem }) => {
            let place = match place {
                Place::Record(number) => contents.records.get(number).map(|record| record.reference().to_string()),
                Place::Value(number) => contents.values.keys().nth(number).map(|name| format!("env/{name}")),
                Place::Elsewhere => None,
            };
            Err(Error::InvalidContents { place: place.unwrap_or_else(|| "the vault".into()), problem })
        }
    }
}

/// The one rule that readers do not have: `env/NAME` names something else, so nobody could ask for such a record.
fn check_names(contents: &Contents) -> Result<(), Error> {
    match contents.records.iter().find(|record| record.exchange.eq_ignore_ascii_case("env")) {
        Some(record) => {
            let place = record.reference().to_string();
            Err(Error::InvalidContents { place, problem: "no exchange is called env" })
        }
        None => Ok(()),
    }
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
            kw: Key(slot.keys.kw.expose()),
            pk: Key(slot.keys.pk.expose()),
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
            rotated: previous.rotated,
            expires: previous.expires,
            verified: previous.verified,
            kind: to_number(&KINDS, previous.kind),
            permissions: previous.permissions.iter().map(String::as_str).collect(),
            ip_allowlist: previous.ip_allowlist.iter().map(String::as_str).collect(),
        }),
        variables: record.variables.iter().map(|(field, name)| (field.as_str(), name.as_str())).collect(),
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
