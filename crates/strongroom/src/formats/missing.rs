//! What a record that was read lacks, told before a bot finds out.

use super::Notice;
use crate::record::Record;
use crate::{check, registry};

/// A field that the exchange needs and the record does not have. Google's `GEMINI_API_KEY` looks like
/// the exchange's, for one.
pub(super) fn field(record: &Record) -> Option<&'static str> {
    check::absent(registry::exchange(&record.exchange), &record.fields).into_iter().next()
}

/// What is said of it.
pub(super) fn notice(record: &Record) -> Option<Notice> {
    let missing = field(record)?;
    let called = registry::exchange(&record.exchange).map_or_else(|| missing.to_owned(), |known| known.called(missing));
    Some(Notice { line: None, text: format!("{} has no {called}", record.reference()) })
}
