//! What `rotate` says of a rotation, in words and in JSON. No value is named.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strongroom::record::{Previous, Timestamp};
use strongroom::rotation::DAY;
use strongroom::{Error, Record, Reference, Saved, registry};

use crate::commands::record_input::conversation::listed;
use crate::context::Context;
use crate::due::Calendar;
use crate::failure::Failure;
use crate::output::{self, shell_word};

/// What a rotation that began leaves to be done.
pub fn tell_begun(
    context: &Context,
    calendar: &Calendar,
    before: &Record,
    after: &Record,
    saved: Saved,
) -> Result<(), Failure> {
    let Some(previous) = &after.previous else { return Ok(()) };
    let reference = after.reference();
    if context.json {
        return answer("rotated", &reference, previous);
    }
    let word = shell_word(&reference.to_string());
    let names = fields_of(previous);
    let number = if previous.fields.len() == 1 { ("the old one is", "it") } else { ("the old ones are", "them") };
    context.note(format!("rotated {reference}: {names} replaced{}", in_revision(saved)));
    let (kept, pronoun) = number;
    if let Some(expired) = previous.expires.filter(|expires| *expires <= calendar.now) {
        let date = output::date(expired);
        context.note(format!("{kept} kept until it is finished, and expired {date}; get --previous prints {pronoun}"));
    } else if let Some(retire) = previous.retire {
        let when = calendar.distance_to(retire);
        context.note(format!("{kept} kept until {}, {when}; get --previous prints {pronoun}", output::date(retire)));
    }
    if before.expires.is_some() && after.expires.is_none() {
        context.note("when the new key expires is not known: the date was that of the old one");
        context.note(format!("  strongroom set {word} --expires DATE"));
    }
    if after.old_key().is_some() {
        context.note("when every bot runs with the new values, delete the old key at the exchange");
        say_page(context, &reference);
    } else {
        context.note("when every bot runs with the new values");
    }
    context.note(format!("  strongroom rotate {word} --finish"));
    context.note(format!("if they do not work:\n  strongroom rotate {word} --rollback"));
    Ok(())
}

/// `rotated 2026-01-31, expires 2027-01-31, last seen working 2026-02-28`
pub fn said_of(previous: &Previous, now: Timestamp) -> String {
    let or_not = |time: Option<Timestamp>, known: &str, unknown: &str| match time {
        Some(time) => format!("{known} {}", output::date(time)),
        None => unknown.to_owned(),
    };
    let mut said = or_not(previous.rotated, "rotated", "never rotated");
    let expires = format!(", {}", previous.expires.map_or("expires", |expires| expire(expires, now)));
    said.push_str(&or_not(previous.expires, &expires, ", no expiry known"));
    said.push_str(&or_not(previous.verified, ", last seen working", ""));
    said
}

/// What is recorded of the key's rights again, where that was another thing during the overlap:
/// `recorded again: permissions read, trade; no IP allow-list`
pub fn rights_again(during: &Record, previous: &Previous) -> Option<String> {
    let words = |words: &BTreeSet<String>| listed(words.iter().map(String::as_str));
    let told = [
        (during.permissions != previous.permissions).then(|| match previous.permissions.len() {
            0 => "no permissions".to_owned(),
            1 => format!("permission {}", words(&previous.permissions)),
            _ => format!("permissions {}", words(&previous.permissions)),
        }),
        (during.ip_allowlist != previous.ip_allowlist).then(|| match previous.ip_allowlist.len() {
            0 => "no IP allow-list".to_owned(),
            _ => format!("IP allow-list {}", words(&previous.ip_allowlist)),
        }),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (!told.is_empty()).then(|| format!("recorded of it again: {}", output::printable(&told.join("; "))))
}

/// `expires` or `expired`
pub fn expire(moment: Timestamp, now: Timestamp) -> &'static str {
    if moment > now { "expires" } else { "expired" }
}

/// `{DONE: [REF], "fields": [...], "replaced", "retire"}`
pub fn answer(done: &str, reference: &Reference, previous: &Previous) -> Result<(), Failure> {
    let mut document = serde_json::Map::new();
    document.insert(done.to_owned(), json!([reference.to_string()]));
    document.insert("fields".to_owned(), previous.fields.names().collect());
    document.insert("replaced".to_owned(), output::time(previous.replaced).into());
    document.insert("retire".to_owned(), previous.retire.map(output::time).into());
    output::json(&Value::Object(document))
}

/// What to paste, where that is known.
pub fn refused(error: Error, reference: &Reference) -> Failure {
    let word = shell_word(&reference.to_string());
    let hints = match &error {
        Error::NoRotation { .. } => vec![format!("strongroom rotate {word}"), "strongroom rotate --due".to_owned()],
        Error::NothingRotated { .. } => vec![format!("if it was done elsewhere: strongroom rotate {word} --record")],
        Error::NoSuchField { field, .. } => {
            let add = format!("if it is to have it: strongroom set {word} {}", shell_word(field));
            vec![format!("strongroom show {word}"), add]
        }
        _ => Vec::new(),
    };
    let mut failure = Failure::from(error);
    if !hints.is_empty() {
        failure.hints = hints;
    }
    failure
}

/// `api_key and api_secret`
pub fn fields_of(previous: &Previous) -> String {
    listed(previous.fields.names())
}

/// `is` or `are`, behind [`fields_of`].
pub fn are(previous: &Previous) -> &'static str {
    if previous.fields.len() == 1 { "is" } else { "are" }
}

/// ` (revision 7)`
pub fn in_revision(saved: Saved) -> String {
    match saved {
        Saved::Revision(revision) => format!(" (revision {revision})"),
        Saved::Unchanged => String::new(),
    }
}

/// Where the exchange has its keys.
pub fn say_page(context: &Context, reference: &Reference) {
    if let Some(page) = registry::exchange(&reference.exchange).and_then(registry::Exchange::keys_page) {
        context.note(format!("  {page}"));
    }
}

/// Who still has what is gone here.
pub fn say_history(context: &Context, what: &str) {
    context.note(format!("versions saved before still hold {what}: commits, backups, branches"));
}

/// As `--at` and its like take it: a date where that is all there is to it.
pub fn moment(at: Timestamp) -> String {
    if at.rem_euclid(DAY) == 0 { output::date(at) } else { output::time(at) }
}
