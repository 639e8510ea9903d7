//! The bounds of SPEC.md on what a payload holds. Readers refuse and writers do not write what breaks one.

use std::cmp::Ordering;

use crate::record::name as names;
pub(super) use crate::record::name::MOST_VARIABLES;

pub(super) const MOST_LINEAGES: usize = 4096;
pub(super) const MOST_ANCESTORS: usize = 128;
pub(super) const MOST_LOG: usize = 256;
pub(super) const MOST_VALUE: usize = 65_536;
const MOST_FIELDS: u64 = 64;

/// What is wrong, for people.
pub(super) type Problem = &'static str;

/// Text of `range` bytes without control characters.
pub(super) fn name(text: &str, least: usize, most: usize, problem: Problem) -> Result<(), Problem> {
    so(names::is_clean(text, least, most), problem)
}

/// An exchange's name.
pub(super) fn exchange(text: &str) -> Result<(), Problem> {
    so(names::is_exchange(text), "an exchange's name is 1 to 64 bytes without control characters")
}

/// A field's name.
pub(super) fn field_name(text: &str) -> Result<(), Problem> {
    so(names::is_field(text), "a field's name is 1 to 64 letters, digits, underscores, dots or hyphens")
}

/// The name of a value beside the records.
pub(super) fn value_name(text: &str) -> Result<(), Problem> {
    so(names::is_value(text), "a value's name is 1 to 256 bytes without control characters, = or /")
}

/// The name of the variable by which a program reads a field.
pub(super) fn variable_name(text: &str) -> Result<(), Problem> {
    so(names::is_variable(text), "a variable's name is 1 to 256 bytes without control characters, = or /")
}

fn so(is: bool, problem: Problem) -> Result<(), Problem> {
    if is { Ok(()) } else { Err(problem) }
}

/// A secret's text.
pub(super) fn secret(text: &str) -> Result<(), Problem> {
    if text.len() > MOST_VALUE {
        return Err("a value is at most 65536 bytes");
    }
    if text.contains('\0') { Err("a value has no NUL") } else { Ok(()) }
}

/// How many fields a record has.
pub(super) fn field_count(count: u64) -> Result<(), Problem> {
    if count > MOST_FIELDS { Err("a record has at most 64 fields") } else { Ok(()) }
}

/// How many variables a record has.
pub(super) fn variable_count(count: u64) -> Result<(), Problem> {
    if count > MOST_VARIABLES as u64 { Err("a record has at most 64 variables") } else { Ok(()) }
}

/// No two fields of a record have one variable. The names may lie in any order, and are left in another.
pub(super) fn distinct_variables(names: &mut [&str]) -> Result<(), Problem> {
    names.sort_unstable();
    ascending(names, |a, b| a.cmp(b)).map_err(|_| "two fields of a record have the same variable")
}

/// A subaccount's name.
pub(super) fn subaccount(text: &str) -> Result<(), Problem> {
    so(names::is_subaccount(text), "a subaccount's name is 1 to 128 bytes without control characters")
}

/// A permission, tag or the like.
pub(super) fn word(text: &str) -> Result<(), Problem> {
    name(text, 1, 64, "a permission, address or tag is 1 to 64 bytes without control characters")
}

/// A record's note.
pub(super) fn note(text: &str) -> Result<(), Problem> {
    if text.len() > 4096 {
        return Err("a note is at most 4096 bytes");
    }
    secret(text)
}

/// Extensions ascend by tag.
pub(super) fn extensions<T>(list: &[(u16, T)]) -> Result<(), Problem> {
    ascending(list, |a, b| a.0.cmp(&b.0))
}

/// Each element is after the one before it, so none is there twice.
pub(super) fn ascending<T>(list: &[T], order: impl Fn(&T, &T) -> Ordering) -> Result<(), Problem> {
    if list.windows(2).all(|pair| order(&pair[0], &pair[1]) == Ordering::Less) { Ok(()) } else { Err(DISORDER) }
}

/// The same of one element, given the last one.
pub(super) fn after<T: PartialOrd + Copy>(last: &mut Option<T>, element: T) -> Result<(), Problem> {
    match last.replace(element) {
        Some(last) if last >= element => Err(DISORDER),
        _ => Ok(()),
    }
}

const DISORDER: Problem = "a list is not ascending, or has something twice";

/// No element is there twice, in a list that keeps an order of its own.
pub(super) fn distinct<const N: usize>(list: &[[u8; N]]) -> Result<(), Problem> {
    // By reference: lineages are secret, and a copy would have to be wiped.
    let mut sorted: Vec<&[u8; N]> = list.iter().collect();
    sorted.sort_unstable();
    ascending(&sorted, |a, b| a.cmp(b))
}

/// No id is there twice. Ids are public, so copies of them may be sorted, as numbers.
pub(super) fn distinct_ids(mut ids: Vec<u128>) -> Result<(), Problem> {
    ids.sort_unstable();
    ascending(&ids, |a, b| a.cmp(b))
}

/// The order of records: exchange in ASCII lower case, subaccount, environment.
pub(super) fn record_order(a: (&str, &str, u8), b: (&str, &str, u8)) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    // Most neighbours have the same spelling.
    let exchanges = if a.0 == b.0 { Ordering::Equal } else { a.0.bytes().map(lower).cmp(b.0.bytes().map(lower)) };
    exchanges.then_with(|| a.1.cmp(b.1)).then_with(|| a.2.cmp(&b.2))
}
