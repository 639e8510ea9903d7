//! The bounds of SPEC.md on what a payload holds. Readers refuse and writers do not write what breaks one.

use std::cmp::Ordering;

pub(super) const MOST_LINEAGES: usize = 4096;
pub(super) const MOST_ANCESTORS: usize = 128;
pub(super) const MOST_LOG: usize = 256;
pub(super) const MOST_VALUE: usize = 65_536;
const MOST_FIELDS: usize = 64;

/// What is wrong, for people.
pub(super) type Problem = &'static str;

/// Text of `range` bytes without control characters.
pub(super) fn name(text: &str, least: usize, most: usize, problem: Problem) -> Result<(), Problem> {
    if (least..=most).contains(&text.len()) && !text.contains(char::is_control) { Ok(()) } else { Err(problem) }
}

/// An exchange's name.
pub(super) fn exchange(text: &str) -> Result<(), Problem> {
    name(text, 1, 64, "an exchange's name is 1 to 64 bytes without control characters")
}

/// A field's name.
pub(super) fn field_name(text: &str) -> Result<(), Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err("a field's name is 1 to 64 letters, digits, underscores, dots or hyphens")
    }
}

/// The name of a value beside the records.
pub(super) fn value_name(text: &str) -> Result<(), Problem> {
    let problem = "a value's name is 1 to 256 bytes without control characters, = or /";
    name(text, 1, 256, problem)?;
    if text.contains(['=', '/']) { Err(problem) } else { Ok(()) }
}

/// A secret's text.
pub(super) fn secret(text: &str) -> Result<(), Problem> {
    if text.len() > MOST_VALUE {
        return Err("a value is at most 65536 bytes");
    }
    if text.contains('\0') { Err("a value has no NUL") } else { Ok(()) }
}

/// Fields of a record: names ascending, values bounded.
pub(super) fn fields<'a>(pairs: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Result<(), Problem> {
    if pairs.len() > MOST_FIELDS {
        return Err("a record has at most 64 fields");
    }
    let mut previous = None;
    for (name, value) in pairs {
        field_name(name)?;
        secret(value)?;
        if previous.is_some_and(|previous| previous >= name) {
            return Err("fields ascend by name");
        }
        previous = Some(name);
    }
    Ok(())
}

/// Permissions, tags and the like: ascending words.
pub(super) fn words(words: &[&str]) -> Result<(), Problem> {
    words.iter().try_for_each(|word| name(word, 1, 64, "a permission, address or tag is 1 to 64 bytes"))?;
    ascending(words, |a, b| a.cmp(b))
}

/// Extensions ascend by tag.
pub(super) fn extensions<T>(list: &[(u16, T)]) -> Result<(), Problem> {
    ascending(list, |a, b| a.0.cmp(&b.0))
}

/// Each element is after the one before it, so none is there twice.
pub(super) fn ascending<T>(list: &[T], order: impl Fn(&T, &T) -> Ordering) -> Result<(), Problem> {
    if list.windows(2).all(|pair| order(&pair[0], &pair[1]) == Ordering::Less) {
        Ok(())
    } else {
        Err("a list is not ascending, or has something twice")
    }
}

/// No element is there twice, in a list that keeps an order of its own.
pub(super) fn distinct<const N: usize>(list: &[[u8; N]]) -> Result<(), Problem> {
    // By reference: lineages are secret, and a copy would have to be wiped.
    let mut sorted: Vec<&[u8; N]> = list.iter().collect();
    sorted.sort_unstable();
    ascending(&sorted, |a, b| a.cmp(b))
}

/// The order of records: exchange in ASCII lower case, subaccount, environment.
pub(super) fn record_order(a: (&str, &str, u8), b: (&str, &str, u8)) -> Ordering {
    let lower = |text: &'_ str| -> Vec<u8> { text.bytes().map(|byte| byte.to_ascii_lowercase()).collect() };
    // Most neighbours have the same spelling, and nothing is allocated for them.
    let exchanges = if a.0 == b.0 { Ordering::Equal } else { lower(a.0).cmp(&lower(b.0)) };
    exchanges.then_with(|| a.1.cmp(b.1)).then_with(|| a.2.cmp(&b.2))
}
