//! Records of which a text has only a part: what is replaced, and what stays beside it.

use std::collections::BTreeMap;

use strongroom::formats::{self, ImportFormat, Imported};
use strongroom::record::field;
use strongroom::wording::listed;
use strongroom::{Contents, Record, Secret};

use super::SourceFile;
use crate::commands::record_input::conversation::HalfNew;
use crate::context::Context;
use crate::output::{self, shell_word};
use crate::unlock::source::shown;

/// Says, before they are replaced, which secrets of a record are new and which stay. A warning where a key gets another
/// secret than its own, or a secret another key: exchanges make both at once, so that the other half was likely left
/// out.
pub fn tell(context: &Context, source: &SourceFile, contents: &Contents, imported: &Imported) {
    // A whole record has no fields but its own.
    if source.format == ImportFormat::Strongroom {
        return;
    }
    let place = shown(&source.path);
    for new in imported.records.iter().chain(&of_variables(contents, imported)) {
        let Some(text) = contents.known_as(&new.reference()).and_then(|there| told(there, new)) else { continue };
        match text {
            Told::Part(text) => context.note(output::wrapped(&format!("{place}: {text}"), 0)),
            Told::HalfOfAPair(text) => context.warn(format!("{place}: {text}")),
        }
    }
}

/// Says of variables of which the text alone knows nothing that they are fields of records, where they have other
/// values: nobody would look for these under that name.
pub fn tell_fields(context: &Context, source: &SourceFile, contents: &Contents, imported: &Imported) {
    if source.format == ImportFormat::Strongroom {
        return;
    }
    for (name, record, field, value) in owned(contents, imported) {
        if !value.is_empty() && record.fields.get(&field) != Some(value) {
            let text = format!("{}: {name} is the {field} of {}", shown(&source.path), record.reference());
            context.note(output::wrapped(&text, 0));
        }
    }
}

/// The named values of a text that programs get as fields of records.
fn owned<'a>(contents: &'a Contents, imported: &'a Imported) -> Vec<(&'a str, &'a Record, String, &'a Secret)> {
    if imported.values.is_empty() {
        return Vec::new();
    }
    let mut owners = BTreeMap::new();
    for record in contents.records() {
        for field in record.fields.names() {
            owners.entry(formats::own_name(record, field)).or_insert((record, field));
        }
    }
    let owner = |(name, value): &'a (String, Secret)| {
        let (record, field) = owners.get(name)?;
        Some((name.as_str(), *record, (*field).to_owned(), value))
    };
    imported.values.iter().filter_map(owner).collect()
}

/// What these make of the records.
fn of_variables(contents: &Contents, imported: &Imported) -> Vec<Record> {
    let mut parts: BTreeMap<String, Record> = BTreeMap::new();
    for (_, record, field, value) in owned(contents, imported) {
        let reference = record.reference();
        let Ok(part) = Record::new(&reference, record.created) else { continue };
        parts.entry(reference.to_string()).or_insert(part).fields.set(&field, value.duplicate());
    }
    parts.into_values().collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Part(String),
    HalfOfAPair(String),
}

/// Nothing when all secrets of the record are new, or none.
fn told(there: &Record, new: &Record) -> Option<Told> {
    // What is empty replaces nothing.
    let is_another = |name: &str, value: &Secret| !value.is_empty() && there.fields.get(name) != Some(value);
    let is_new = |name: &&str| new.fields.get(name).is_some_and(|value| is_another(name, value));
    let secrets = there.fields.names().filter(|name| field::is_secret(name));
    let stays: Vec<&str> = secrets.filter(|name| !is_new(name)).collect();
    let new_ones: Vec<&str> = new.fields.names().filter(is_new).collect();
    let replaces = new_ones.iter().any(|name| there.fields.get(name).is_some());
    if stays.is_empty() || !replaces {
        return None;
    }
    let reference = there.reference().to_string();
    let are = if new_ones.len() == 1 { "is" } else { "are" };
    let stay = if stays.len() == 1 { "stays" } else { "stay" };
    let part = format!("{reference}: {} {are} new, and {} {stay}", listed(new_ones), listed(stays));
    Some(match HalfNew::between(there, |name| new.fields.get(name).filter(|value| !value.is_empty())) {
        Some(half) => {
            let command = format!("strongroom set {} {}", shell_word(&reference), half.stays);
            Told::HalfOfAPair(format!("{part}; a key and its secret belong together: {command}"))
        }
        None => Told::Part(part),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Reference;

    fn okx(fields: &[(&str, &str)]) -> Record {
        let mut record = Record::new(&Reference::new("okx", "main"), 0).unwrap();
        fields.iter().for_each(|(name, text)| drop(record.fields.set(name, Secret::copy_of(text))));
        record
    }

    fn of(new: &[(&str, &str)]) -> Option<Told> {
        let there = [("api_key", "OLD"), ("api_secret", "OLD"), ("api_passphrase", "OLD"), ("uid", "OLD")];
        told(&okx(&there), &okx(new))
    }

    #[test]
    fn half_of_a_pair_is_told_with_what_stays_and_the_command_for_the_rest() {
        let text = "okx/main: api_key is new, and api_passphrase and api_secret stay; a key and its secret belong \
                    together: strongroom set okx/main api_secret";
        assert_eq!(of(&[("api_key", "NEW")]), Some(Told::HalfOfAPair(text.into())));
        let again = of(&[("api_key", "NEW"), ("api_secret", "OLD")]);
        assert_eq!(again, Some(Told::HalfOfAPair(text.into())), "the old value again is not new");
    }

    #[test]
    fn a_part_that_is_no_half_is_told_and_the_whole_is_not() {
        let part = of(&[("api_key", "NEW"), ("api_secret", "NEW")]);
        let text = "okx/main: api_key and api_secret are new, and api_passphrase stays";
        assert_eq!(part, Some(Told::Part(text.into())));
        let whole = [("api_key", "NEW"), ("api_secret", "NEW"), ("api_passphrase", "NEW")];
        for new in [&whole[..], &[("api_key", "OLD")], &[("api_key", ""), ("uid", "OLD")], &[("session", "NEW")], &[]] {
            assert_eq!(of(new), None, "{new:?}");
        }
    }
}
