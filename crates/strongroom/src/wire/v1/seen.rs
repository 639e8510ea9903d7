//! A record as an index needs it: looked at from its first byte to its last against every rule of SPEC.md, and kept is
//! only by what it is found.
//!
//! Opening a vault of thousands of records looks at all of them, and hands out one. So nothing is allocated or copied
//! here; [`super::RecordV1`] is what a record that was looked at is decoded to.

use bincode::BorrowDecode;
use bincode::de::{BorrowDecoder, Decode};
use bincode::error::DecodeError;

use super::{ENVIRONMENTS, KINDS, from_number};
use crate::record::Timestamp;
use crate::wire::rules::{self, Problem};

/// What identifies a record.
pub(super) struct SeenRecord<'a> {
    pub(super) id: [u8; 16],
    pub(super) exchange: &'a str,
    pub(super) subaccount: &'a str,
    pub(super) environment: u8,
}

impl<'de, C> BorrowDecode<'de, C> for SeenRecord<'de> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<SeenRecord<'de>, DecodeError> {
        let id = Decode::decode(decoder)?;
        let exchange = text(decoder)?;
        obeyed(rules::exchange(exchange))?;
        let subaccount = text(decoder)?;
        obeyed(rules::subaccount(subaccount))?;
        let environment = u8::decode(decoder)?;
        obeyed(from_number(&ENVIRONMENTS, environment))?;
        obeyed(from_number(&KINDS, u8::decode(decoder)?))?;
        fields(decoder)?;
        // Permissions and addresses.
        words(decoder)?;
        words(decoder)?;
        // Created, rotated, expires, how many days it should live, verified: every number is allowed.
        Timestamp::decode(decoder)?;
        Option::<Timestamp>::decode(decoder)?;
        Option::<Timestamp>::decode(decoder)?;
        Option::<u32>::decode(decoder)?;
        Option::<Timestamp>::decode(decoder)?;
        // Tags.
        words(decoder)?;
        obeyed(rules::note(text(decoder)?))?;
        previous(decoder)?;
        variables(decoder)?;
        extensions(decoder)?;
        Ok(SeenRecord { id, exchange, subaccount, environment })
    }
}

fn text<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<&'de str, DecodeError> {
    <&str>::borrow_decode(decoder)
}

/// Names and values. Names ascend.
fn fields<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<(), DecodeError> {
    let count = u64::decode(decoder)?;
    obeyed(rules::field_count(count))?;
    let mut last = None;
    for _ in 0..count {
        let name = text(decoder)?;
        obeyed(rules::field_name(name))?;
        obeyed(rules::after(&mut last, name))?;
        obeyed(rules::secret(text(decoder)?))?;
    }
    Ok(())
}

fn words<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<(), DecodeError> {
    let mut last = None;
    for _ in 0..u64::decode(decoder)? {
        let word = text(decoder)?;
        obeyed(rules::word(word))?;
        obeyed(rules::after(&mut last, word))?;
    }
    Ok(())
}

/// When it was replaced, when it may be forgotten, its fields, and what was said of them: every time is allowed.
fn previous<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<(), DecodeError> {
    match u8::decode(decoder)? {
        0 => Ok(()),
        1 => {
            Timestamp::decode(decoder)?;
            Option::<Timestamp>::decode(decoder)?;
            fields(decoder)?;
            // Rotated, expires, verified.
            Option::<Timestamp>::decode(decoder)?;
            Option::<Timestamp>::decode(decoder)?;
            Option::<Timestamp>::decode(decoder)?;
            obeyed(from_number(&KINDS, u8::decode(decoder)?))?;
            // Permissions and addresses.
            words(decoder)?;
            words(decoder)
        }
        _ => Err(DecodeError::Other("an option is 0 or 1")),
    }
}

/// Fields and the variables that name them. Fields ascend, whether the record has them or not.
fn variables<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<(), DecodeError> {
    let count = u64::decode(decoder)?;
    if count == 0 {
        return Ok(());
    }
    obeyed(rules::variable_count(count))?;
    let mut names = [""; rules::MOST_VARIABLES];
    let mut last = None;
    for (_, name) in (0..count).zip(&mut names) {
        let field = text(decoder)?;
        obeyed(rules::field_name(field))?;
        obeyed(rules::after(&mut last, field))?;
        *name = text(decoder)?;
        obeyed(rules::variable_name(name))?;
    }
    obeyed(rules::distinct_variables(&mut names[..count as usize]))
}

fn extensions<'de, D: BorrowDecoder<'de>>(decoder: &mut D) -> Result<(), DecodeError> {
    let mut last = None;
    for _ in 0..u64::decode(decoder)? {
        obeyed(rules::after(&mut last, u16::decode(decoder)?))?;
        <&[u8]>::borrow_decode(decoder)?;
    }
    Ok(())
}

fn obeyed<T>(outcome: Result<T, Problem>) -> Result<T, DecodeError> {
    outcome.map_err(DecodeError::Other)
}
