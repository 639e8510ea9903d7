//! What a person says about one record: as flags, or as one JSON object. Shared by `add`, `set` and
//! `rotate`.
//!
//! Owns the meaning of "what is not named stays". Prompts are in [`prompts`] and [`conversation`], the strict JSON
//! reader in [`json`], what looks like a slip in [`slips`] and [`field_names`], names of environment variables in
//! [`variables`]; the commands decide which record it is applied to.

pub mod conversation;
pub mod field_names;
mod json;
mod pasted;
pub mod prompts;
pub mod slips;
pub mod variables;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use strongroom::record::{Timestamp, name};
use strongroom::{Contents, CredentialKind, Error, Record, Reference, Saved, Secret};

use crate::context::Context;
use crate::failure::Failure;
use crate::{output, select};

pub use json::{read_record, read_value, separate};
pub use slips::{warn_of_metadata, warn_of_test_server, warn_of_values};
pub use strongroom::check::is_network;
pub use strongroom::record::field::is_secret;

/// What is said about a record. `None` is "not said": it stays as it is.
#[derive(Default)]
pub struct RecordInput {
    /// Fields to set, in the order given.
    pub fields: Vec<(String, Secret)>,
    /// Fields to remove.
    pub unset: Vec<String>,
    /// How it signs.
    pub kind: Option<CredentialKind>,
    /// The whole new set.
    pub permissions: Option<BTreeSet<String>>,
    /// The whole new set.
    pub ip_allowlist: Option<BTreeSet<String>>,
    /// `Some(None)` is never.
    pub expires: Option<Option<Timestamp>>,
    /// `Some(None)` is never.
    pub rotate_after_days: Option<Option<u32>>,
    /// The whole new set.
    pub tags: Option<BTreeSet<String>>,
    /// The whole new text.
    pub note: Option<String>,
    /// By which variables programs know the fields: all of them.
    pub variables: Option<BTreeMap<String, String>>,
    /// The same of single fields; `None` is the usual one.
    pub variable_changes: BTreeMap<String, Option<String>>,
}

// The metadata of a record as flags. None of it is secret.
#[derive(Debug, Default, Clone, Args)]
pub struct MetadataFlags {
    /// How it signs: hmac, ed25519, rsa, ecdsa, wallet or oauth
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    pub kind: Option<CredentialKind>,
    /// What the key may do: read, trade, transfer, withdraw (may be repeated; replaces the list, '' empties it)
    #[arg(long = "permission", value_name = "NAME", value_delimiter = ',')]
    pub permissions: Vec<String>,
    /// An address or network the exchange accepts the key from (may be repeated; replaces the list, '' empties it)
    #[arg(long = "ip", value_name = "ADDRESS", value_delimiter = ',', value_parser = parse_network)]
    pub ip_allowlist: Vec<String>,
    /// When the exchange stops accepting it: a date, an RFC 3339 time, or never
    #[arg(long, value_name = "DATE", value_parser = parse_expires)]
    pub expires: Option<Limit<Timestamp>>,
    /// How many days its secrets should live, or default: as its permissions say
    #[arg(long = "rotate-after", value_name = "DAYS", value_parser = parse_days)]
    pub rotate_after: Option<Limit<u32>>,
    /// A word to find it by (may be repeated; replaces the list, '' empties it)
    #[arg(long = "tag", value_name = "WORD", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Free text, replaces the note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// A limit that can be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T> {
    /// There is none.
    Never,
    /// There is this one.
    At(T),
}

impl<T> Limit<T> {
    /// `None` where there is none.
    pub fn into_option(self) -> Option<T> {
        match self {
            Limit::Never => None,
            Limit::At(value) => Some(value),
        }
    }
}

impl MetadataFlags {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.permissions.is_empty() && self.is_permissions_at_most()
    }

    /// Whether nothing was said but what the key may do, if that.
    pub fn is_permissions_at_most(&self) -> bool {
        self.kind.is_none()
            && self.ip_allowlist.is_empty()
            && self.expires.is_none()
            && self.rotate_after.is_none()
            && self.tags.is_empty()
            && self.note.is_none()
    }

    /// Lays these over `input`: a flag wins over the document.
    pub fn lay_over(self, input: &mut RecordInput) {
        let named = |words: Vec<String>| -> Option<BTreeSet<String>> {
            // The blank of `read, trade` belongs to neither.
            let trimmed = words.iter().map(|word| word.trim().to_owned());
            (!words.is_empty()).then(|| trimmed.filter(|word| !word.is_empty()).collect())
        };
        input.kind = self.kind.or(input.kind);
        input.permissions = named(self.permissions).or(input.permissions.take());
        input.ip_allowlist = named(self.ip_allowlist).or(input.ip_allowlist.take());
        input.expires = self.expires.map(Limit::into_option).or(input.expires);
        input.rotate_after_days = self.rotate_after.map(Limit::into_option).or(input.rotate_after_days);
        input.tags = named(self.tags).or(input.tags.take());
        input.note = self.note.or(input.note.take());
    }
}

impl RecordInput {
    /// Applies what is said to `record` and returns whether anything is different now.
    ///
    /// `rotated` becomes `now` when a secret that was there gets another text; a field that is added
    /// or removed, or a name such as `uid`, is no rotation.
    pub fn apply(&self, record: &mut Record, now: Timestamp) -> bool {
        let before = record.duplicate();
        let mut rotated = false;
        for (name, value) in &self.fields {
            let old = record.fields.set(name, value.duplicate());
            rotated |= is_secret(name) && old.is_some_and(|old| old != *value);
        }
        for name in &self.unset {
            record.fields.remove(name);
            record.variables.remove(name);
        }
        if rotated {
            record.rotated = Some(now);
        }
        if let Some(kind) = self.kind {
            record.kind = kind;
        }
        if let Some(permissions) = &self.permissions {
            record.permissions.clone_from(permissions);
        }
        if let Some(ip_allowlist) = &self.ip_allowlist {
            record.ip_allowlist.clone_from(ip_allowlist);
        }
        if let Some(expires) = self.expires {
            record.expires = expires;
        }
        if let Some(days) = self.rotate_after_days {
            record.rotate_after_days = days;
        }
        if let Some(tags) = &self.tags {
            record.tags.clone_from(tags);
        }
        if let Some(note) = &self.note {
            (*record.note).clone_from(note);
        }
        self.apply_variables(record);
        record.keep_for_rollback(&before);
        *record != before
    }
}

/// The name under which the record is stored, in whatever case and under whatever name of its exchange.
pub fn stored(contents: &Contents, reference: &Reference) -> Option<Reference> {
    select::find_record(contents, reference).ok().map(Record::reference)
}

/// As [`stored`], where it must be there.
///
/// # Errors
/// [`Error::NoSuchRecord`]
pub fn must_be_stored(contents: &Contents, reference: &Reference) -> Result<Reference, Error> {
    stored(contents, reference).ok_or_else(|| Error::NoSuchRecord { reference: reference.to_string() })
}

/// Says what became of one record or value: `{done} REF`, or that it is unchanged.
pub fn report(context: &Context, done: &str, name: &str, saved: Saved) -> Result<(), Failure> {
    let changed = matches!(saved, Saved::Revision(_));
    if context.json {
        let names = |include: bool| if include { vec![name] } else { Vec::new() };
        return output::json(&serde_json::json!({ done: names(changed), "unchanged": names(!changed) }));
    }
    match saved {
        Saved::Revision(revision) => context.note(format!("{done} {name} (revision {revision})")),
        Saved::Unchanged => context.note(format!("{name} is unchanged")),
    }
    Ok(())
}

/// As [`report`], of several records at once, each with whether it changed: `changed 17 records (revision 6)`.
pub fn report_several(
    context: &Context,
    done: &str,
    records: &[(Reference, bool)],
    saved: Saved,
) -> Result<(), Failure> {
    if let [(reference, _)] = records {
        return report(context, done, &reference.to_string(), saved);
    }
    if context.json {
        let names = |wanted: bool| -> Vec<String> {
            let those = records.iter().filter(|(_, changed)| *changed == wanted);
            those.map(|(reference, _)| reference.to_string()).collect()
        };
        return output::json(&serde_json::json!({ done: names(true), "unchanged": names(false) }));
    }
    let changed = records.iter().filter(|(_, changed)| *changed).count();
    let word = if changed == 1 { "record" } else { "records" };
    match saved {
        Saved::Revision(revision) if changed == records.len() => {
            context.note(format!("{done} {changed} {word} (revision {revision})"));
        }
        Saved::Revision(revision) => {
            let unchanged = records.len() - changed;
            context.note(format!("{done} {changed} {word}, {unchanged} unchanged (revision {revision})"));
        }
        Saved::Unchanged => context.note(format!("{} records are unchanged", records.len())),
    }
    Ok(())
}

/// A name of a field from the command line.
///
/// # Errors
/// Exit code 2; the text is not repeated, because `set REF api_secret=...` would be a secret.
pub fn field_name(text: &str) -> Result<String, Failure> {
    if name::is_field(text) {
        return Ok(text.to_owned());
    }
    Err(Failure::usage("not a field's name: it has letters, digits, `_`, `.` and `-`, 1 to 64 of them")
        .hint(VALUES_ARE_NO_ARGUMENTS))
}

/// What to do where a word may be a value.
pub const VALUES_ARE_NO_ARGUMENTS: &str =
    "values are never arguments: they are asked for, or read with --stdin or --from-json";

/// Refuses what can be no name of a value `env/NAME`.
///
/// # Errors
/// Exit code 2; the text is not repeated.
pub fn refuse_value_name(text: &str) -> Result<(), Failure> {
    match name::is_value(text) {
        true => Ok(()),
        false => Err(Failure::usage("this NAME cannot be used: it is too long, or has `=`, `/` or control characters")),
    }
}

/// A date (its first second, UTC) or an RFC 3339 time.
pub fn parse_moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_second());
    }
    // A date and time without an offset parses as a date too, and would lose the time without a word.
    if text.len() != "2026-12-31".len() {
        return None;
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

fn parse_kind(text: &str) -> Result<CredentialKind, &'static str> {
    CredentialKind::from_name(text).ok_or("one of hmac, ed25519, rsa, ecdsa, wallet and oauth")
}

pub fn parse_expires(text: &str) -> Result<Limit<Timestamp>, &'static str> {
    if text == "never" {
        return Ok(Limit::Never);
    }
    parse_moment(text).map(Limit::At).ok_or("a date such as 2027-01-31, an RFC 3339 time, or never")
}

/// `never` is what `default` was called, when there was none.
fn parse_days(text: &str) -> Result<Limit<u32>, &'static str> {
    if matches!(text, "default" | "never") {
        return Ok(Limit::Never);
    }
    match text.parse() {
        Ok(days) if days > 0 => Ok(Limit::At(days)),
        _ => Err("a number of days from 1, or default"),
    }
}

fn parse_network(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || is_network(text) {
        Ok(text.to_owned())
    } else {
        Err("an address or network such as 203.0.113.0/24")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::record::field;

    fn record() -> Record {
        let mut record = Record::new(&Reference::new("okx", "main"), 1_000).unwrap();
        record.fields.set(field::API_KEY, Secret::copy_of("EXAMPLE-KEY"));
        record.fields.set(field::UID, Secret::copy_of("EXAMPLE-UID"));
        record.note = String::from("kept").into();
        record
    }

    fn input(fields: &[(&str, &str)]) -> RecordInput {
        let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), Secret::copy_of(text))).collect();
        RecordInput { fields, ..RecordInput::default() }
    }

    #[test]
    fn what_is_not_named_stays() {
        let mut record = record();
        let said = RecordInput { tags: Some(BTreeSet::from(["eu".to_owned()])), ..RecordInput::default() };
        assert!(said.apply(&mut record, 2_000));
        assert_eq!(*record.note, "kept");
        assert_eq!(record.rotated, None);
        assert!(!said.apply(&mut record, 3_000), "the same again changes nothing");
    }

    #[test]
    fn another_secret_is_a_rotation_and_another_user_id_is_not() {
        let mut record = record();
        assert!(input(&[(field::UID, "EXAMPLE-UID-2"), (field::API_SECRET, "EXAMPLE")]).apply(&mut record, 2_000));
        assert_eq!(record.rotated, None, "added or public");
        assert!(!input(&[(field::API_KEY, "EXAMPLE-KEY")]).apply(&mut record, 2_500));
        assert!(input(&[(field::API_KEY, "EXAMPLE-KEY-2")]).apply(&mut record, 3_000));
        assert_eq!(record.rotated, Some(3_000));
    }

    #[test]
    fn a_flag_wins_over_the_document_and_an_empty_one_clears() {
        let mut said = RecordInput {
            permissions: Some(BTreeSet::from(["read".to_owned()])),
            note: Some("from the document".into()),
            ..RecordInput::default()
        };
        MetadataFlags { permissions: vec![String::new()], ..MetadataFlags::default() }.lay_over(&mut said);
        assert_eq!(said.permissions, Some(BTreeSet::new()));
        let flags = MetadataFlags { permissions: vec!["read".into(), " trade".into()], ..MetadataFlags::default() };
        flags.lay_over(&mut said);
        assert_eq!(said.permissions, Some(BTreeSet::from(["read".to_owned(), "trade".to_owned()])));
        assert_eq!(said.note.as_deref(), Some("from the document"));
    }

    #[test]
    fn moments_are_dates_or_times_with_an_offset() {
        assert_eq!(parse_moment("1970-01-02"), Some(86_400));
        assert_eq!(parse_moment("1970-01-01T02:00:00+01:00"), Some(3_600));
        assert_eq!(parse_moment("1970-01-01T02:00:00"), None);
        assert_eq!(parse_moment("tomorrow"), None);
    }
}
