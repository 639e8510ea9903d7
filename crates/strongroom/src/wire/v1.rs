//! Payload schema 1. With what is below it, the only place that names `bincode`.
//!
//! One constant configuration: little-endian, fixed-width integers, a limit. The structs here are private and borrow
//! from the payload, so that opening a vault of thousands of records copies none of them.

mod decode;
mod encode;
mod seen;

pub(super) use decode::{contents, find_record, find_value, index};
pub(super) use encode::encode;

use std::ops::Deref;

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::de::BorrowDecoder;
use bincode::de::read::BorrowReader;
use bincode::enc::Encoder;
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Encode};

use super::rules::{self, Problem};
use crate::record::{CredentialKind, Environment, LogAction, Timestamp};

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

/// 32 bytes that stay where they are: an array would be copied to the stack.
#[derive(Clone, Copy)]
struct Key<'a>(&'a [u8; 32]);

impl Encode for Key<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encoder.writer().write(self.0)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Key<'de> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Key<'de>, DecodeError> {
        decoder.claim_bytes_read(32)?;
        let bytes = decoder.borrow_reader().take_bytes(32)?;
        bytes.try_into().map(Key).map_err(|_| DecodeError::Other("32 bytes were asked for"))
    }
}

#[derive(Encode, BorrowDecode)]
struct SlotV1<'a> {
    id: [u8; 8],
    label: &'a str,
    kw: Key<'a>,
    pk: Key<'a>,
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
    variables: List<(&'a str, &'a str)>,
    extensions: List<(u16, &'a [u8])>,
}

#[derive(Encode, BorrowDecode)]
struct PreviousV1<'a> {
    replaced: Timestamp,
    retire: Option<Timestamp>,
    fields: List<(&'a str, &'a str)>,
    rotated: Option<Timestamp>,
    expires: Option<Timestamp>,
    verified: Option<Timestamp>,
    kind: u8,
    permissions: List<&'a str>,
    ip_allowlist: List<&'a str>,
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
