//! Putting what was read into the contents of a vault: everything or nothing.
//!
//! First every record and value is compared, then, when nothing stands in the way, all are applied.

use std::collections::{BTreeMap, BTreeSet};

use super::variables::usual::{own_name, variable_name};
use super::{ImportReport, Imported, Metadata, guess_kind, names};
use crate::record::{Contents, Record, RecordId, Reference, Timestamp, Value, field};
use crate::secret::Secret;
use crate::{Error, Result};

/// What is to be done with one thing that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Add,
    Keep,
    Replace,
}

pub(super) fn merge_into(
    contents: &mut Contents,
    mut imported: Imported,
    replace: bool,
    now: Timestamp,
) -> Result<ImportReport> {
    names::spell_as_in(contents, &mut imported.records)?;
    // The same name twice in one text would otherwise surface half-way through.
    names::check(&imported)?;
    let Imported { mut records, values, metadata, .. } = imported;
    // In the order of the contents, so that adding thousands to an empty vault moves none of them.
    records.sort_by_cached_key(|record| {
        let reference = record.reference();
        (reference.exchange.to_ascii_lowercase(), reference.subaccount, reference.environment)
    });
    let whole = matches!(metadata, Metadata::Whole { .. });

    let record_steps: Vec<Step> =
        records.iter().map(|new| step(contents.record(&new.reference()), new, whole)).collect();
    let value_steps: Vec<Step> = values.iter().map(|(name, text)| value_step(contents.value(name), text)).collect();
    let mut references: Vec<String> = records.iter().map(|record| record.reference().to_string()).collect();
    references.extend(values.iter().map(|(name, _)| names::value_reference(name)));
    let steps: Vec<Step> = record_steps.iter().chain(&value_steps).copied().collect();
    if !replace && steps.contains(&Step::Replace) {
        let differing = references.into_iter().zip(&steps).filter(|(_, step)| **step == Step::Replace);
        return Err(Error::Differs { references: differing.map(|(reference, _)| reference).collect() });
    }
    // Fresh ids are the only thing below that can fail, so they come before the first change.
    let records = with_usable_ids(contents, records, &record_steps)?;

    let mut report = ImportReport::default();
    for (new, step) in records.into_iter().zip(record_steps.iter().copied()) {
        let (reference, names) = (new.reference(), new.variables.clone());
        match step {
            Step::Keep if replace && !whole => {
                contents.record_mut(&reference).into_iter().for_each(|old| take_names(old, names.clone()));
            }
            // The names stay too: a program that runs from this vault knows the fields by them.
            Step::Keep => {}
            Step::Add if whole => contents.insert(new)?,
            Step::Add => contents.insert(with_own_names(new))?,
            Step::Replace => report.expiry_forgotten.extend(replace_record(contents, new, whole, now)?),
        }
        if !whole {
            remove_twins(contents, &reference, names);
        }
    }
    for ((name, text), step) in values.into_iter().zip(&value_steps) {
        match (step, &metadata) {
            (Step::Keep, _) => {}
            (Step::Add, Metadata::Whole { value_times }) => {
                let (created, changed) = value_times.get(&name).copied().unwrap_or((now, None));
                contents.values.insert(name, Value { value: text, created, changed });
            }
            (Step::Add | Step::Replace, _) => contents.set_value(&name, text, now),
        }
    }

    for (reference, step) in references.into_iter().zip(steps) {
        match step {
            Step::Add => report.added.push(reference),
            Step::Keep => report.unchanged.push(reference),
            Step::Replace => report.replaced.push(reference),
        }
    }
    Ok(report)
}

fn step(old: Option<&Record>, new: &Record, whole: bool) -> Step {
    match old {
        None => Step::Add,
        Some(old) if !fields_match(old, new, whole) => Step::Replace,
        Some(old) if whole && !metadata_matches(old, new) => Step::Replace,
        Some(_) => Step::Keep,
    }
}

fn value_step(old: Option<&Value>, text: &Secret) -> Step {
    match old {
        None => Step::Add,
        Some(old) if old.value == *text => Step::Keep,
        Some(_) => Step::Replace,
    }
}

/// A text with only fields says nothing of the fields it does not carry.
fn fields_match(old: &Record, new: &Record, whole: bool) -> bool {
    match whole {
        true => old.fields == new.fields,
        false => new.fields.iter().all(|(name, value)| old.fields.get(name) == Some(value)),
    }
}

/// Not the id and not when it was made: both belong to the record that is there, also after a replacement.
fn metadata_matches(old: &Record, new: &Record) -> bool {
    old.kind == new.kind
        && old.permissions == new.permissions
        && old.ip_allowlist == new.ip_allowlist
        && old.rotated == new.rotated
        && old.expires == new.expires
        && old.rotate_after_days == new.rotate_after_days
        && old.verified == new.verified
        && old.tags == new.tags
        && old.variables == new.variables
        && old.note == new.note
        && old.previous == new.previous
        && old.extensions == new.extensions
}

/// Without the names that are the usual ones, of which a record says nothing.
fn with_own_names(mut record: Record) -> Record {
    let reference = record.reference();
    record.variables.retain(|field, name| variable_name(&reference, field) != *name);
    record
}

/// A record keeps the id it comes with, unless another record has it or had it when it was removed.
fn with_usable_ids(contents: &Contents, mut records: Vec<Record>, steps: &[Step]) -> Result<Vec<Record>> {
    let there = contents.records.iter().map(|record| record.id);
    let taken: BTreeSet<RecordId> = there.chain(contents.tombstones.iter().map(|removed| removed.id)).collect();
    for (record, step) in records.iter_mut().zip(steps) {
        if *step == Step::Add && taken.contains(&record.id) {
            record.id = RecordId(crate::random::bytes()?);
        }
    }
    Ok(records)
}

/// The names by which a program knows the fields, where nothing is said of that yet. A name that another field has
/// stays there: two fields under one could not be saved.
pub(super) fn name_fields(old: &mut Record, new: &Record) {
    let reference = old.reference();
    for (field, name) in &new.variables {
        let is_usual = variable_name(&reference, field) == *name;
        if !is_usual && !old.variables.values().any(|there| there == name) {
            old.variables.entry(field.clone()).or_insert_with(|| name.clone());
        }
    }
}

/// Makes these the names by which a program knows the fields; the usual ones need no saying.
fn take_names(old: &mut Record, names: BTreeMap<String, String>) {
    let reference = old.reference();
    for (field, name) in names {
        // A name that now is this field's is no other's any more.
        old.variables.retain(|other, there| *other != field && *there != name);
        if name != variable_name(&reference, &field) {
            old.variables.insert(field, name);
        }
    }
}

/// Removes the named values that are fields of this record now, under the same name and with the same value: they were
/// kept while nobody knew whose they are, and two of one name cannot both reach a program.
fn remove_twins(contents: &mut Contents, reference: &Reference, names: BTreeMap<String, String>) {
    let Some(record) = contents.record(reference) else { return };
    let is_twin = |(field, name): &(String, String)| {
        let value = contents.value(name).map(|twin| &twin.value);
        value.is_some() && value == record.fields.get(field) && own_name(record, field) == *name
    };
    let twins: Vec<String> = names.into_iter().filter(is_twin).map(|(_, name)| name).collect();
    for name in twins {
        contents.remove_value(&name);
    }
}

/// Returns its name when the day on which the old key expires was forgotten.
fn replace_record(contents: &mut Contents, new: Record, whole: bool, now: Timestamp) -> Result<Option<String>> {
    let reference: Reference = new.reference();
    let Some(old) = contents.record_mut(&reference) else {
        return Err(Error::NoSuchRecord { reference: reference.to_string() });
    };
    if whole {
        // The name stays too: an exchange may be spelt in other letters' case.
        let (id, created, exchange) = (old.id, old.created, std::mem::take(&mut old.exchange));
        *old = new;
        (old.id, old.created, old.exchange) = (id, created, exchange);
        return Ok(None);
    }
    // A kind that a person chose stays; one that followed from the values follows the new ones.
    let kind_was_guessed = old.kind == guess_kind(&old.exchange, &old.fields);
    let is_another = |(name, value): (&str, &Secret)| old.fields.get(name).is_some_and(|there| there != value);
    let is_another_key = new.fields.iter().any(|(name, value)| field::is_secret(name) && is_another((name, value)));
    for (name, value) in new.fields.iter() {
        old.fields.set(name, value.duplicate());
    }
    if kind_was_guessed {
        old.kind = guess_kind(&old.exchange, &old.fields);
    }
    old.rotated = Some(now);
    take_names(old, new.variables);
    if !is_another_key {
        return Ok(None);
    }
    // As in a rotation: both were of the old key.
    old.verified = None;
    Ok(old.expires.take().map(|_| reference.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{ImportFormat, ImportOptions, read, write_strongroom};
    use crate::record::CredentialKind;

    const NOW: Timestamp = 2_000;

    fn imported(text: &str) -> Imported {
        let options = ImportOptions { exchange: None, now: 1_000 };
        read(ImportFormat::Dotenv, &Secret::copy_of(text), &options).unwrap()
    }

    fn merged(text: &str) -> Contents {
        let mut contents = Contents::default();
        merge_into(&mut contents, imported(text), false, NOW).unwrap();
        contents
    }

    fn variables(contents: &Contents, reference: &str) -> Vec<String> {
        let record = contents.record(&reference.parse().unwrap()).unwrap();
        record.variables.iter().map(|(field, name)| format!("{field}={name}")).collect()
    }

    #[test]
    fn a_program_finds_what_was_imported_under_the_names_that_it_came_with() {
        let mut contents = merged("OKX_API_KEY=1\nOKX_SECRET_KEY=2\nOKX_API_PASSPHRASE=3\n");
        assert_eq!(variables(&contents, "okx/main"), ["api_secret=OKX_SECRET_KEY"], "the usual ones need no saying");
        // A second text with other names does not take them away from the program that runs from this vault.
        let other = "OKX_APIKEY=1\nOKX_SECRET=2\nOKX_API_PASSPHRASE=3\n";
        let report = merge_into(&mut contents, imported(other), false, NOW).unwrap();
        assert_eq!(report.unchanged, ["okx/main"]);
        assert_eq!(variables(&contents, "okx/main"), ["api_secret=OKX_SECRET_KEY"]);
        // What replaces the values brings its names, and the usual ones are none of its own.
        let other = "OKX_APIKEY=4\nOKX_API_SECRET=2\nOKX_API_PASSPHRASE=3\n";
        merge_into(&mut contents, imported(other), true, NOW).unwrap();
        assert_eq!(variables(&contents, "okx/main"), ["api_key=OKX_APIKEY"]);
    }

    #[test]
    fn a_named_value_that_turns_out_to_be_a_field_is_in_one_place() {
        let bare = "API_KEY=EXAMPLE-K\nAPI_SECRET=EXAMPLE-S\n";
        let read_as = |exchange| {
            read(ImportFormat::Dotenv, &Secret::copy_of(bare), &ImportOptions { exchange, now: NOW }).unwrap()
        };
        let mut contents = Contents::default();
        merge_into(&mut contents, read_as(None), false, NOW).unwrap();
        assert_eq!(contents.values().count(), 2);
        merge_into(&mut contents, read_as(Some("binance")), false, NOW).unwrap();
        assert_eq!(variables(&contents, "binance/main"), ["api_key=API_KEY", "api_secret=API_SECRET"]);
        assert_eq!(contents.values().count(), 0);
        // What has another value is something else.
        contents.set_value("API_KEY", Secret::copy_of("EXAMPLE-OTHER"), NOW);
        merge_into(&mut contents, read_as(Some("binance")), false, NOW).unwrap();
        assert!(contents.value("API_KEY").is_some());
    }

    #[test]
    fn contents_that_nothing_reads_yet_take_the_names_of_a_second_text() {
        let mut contents = merged("OKX_API_KEY=1\nOKX_API_SECRET=2\nOKX_API_PASSPHRASE=3\n");
        let second = imported("OKX_APIKEY=1\nOKX_SECRET=2\nOKX_API_PASSPHRASE=3\n");
        second.name_in(&mut contents);
        merge_into(&mut contents, second, false, NOW).unwrap();
        assert_eq!(variables(&contents, "okx/main"), ["api_key=OKX_APIKEY", "api_secret=OKX_SECRET"]);
    }

    #[test]
    fn the_usual_name_is_that_of_the_exchange_as_the_vault_spells_it() {
        let mut contents = merged("GATE_API_KEY=1\nGATE_API_SECRET=2\n");
        merge_into(&mut contents, imported("GATEIO_API_KEY=3\nGATEIO_API_SECRET=2\n"), true, NOW).unwrap();
        assert_eq!(variables(&contents, "gate/main"), ["api_key=GATEIO_API_KEY", "api_secret=GATEIO_API_SECRET"]);
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| text.to_string()).collect()
    }

    const TEXT: &str = "BINANCE_API_KEY=EXAMPLE\nBINANCE_API_SECRET=EXAMPLE\nPORT=1\n";

    #[test]
    fn the_same_again_is_unchanged() {
        let mut contents = merged(TEXT);
        let before = write(&contents);
        let report = merge_into(&mut contents, imported(TEXT), false, NOW + 1).unwrap();
        assert_eq!(report.unchanged, strings(&["binance/main", "env/PORT"]));
        assert!(report.added.is_empty() && report.replaced.is_empty());
        assert!(write(&contents) == before);
    }

    fn write(contents: &Contents) -> Secret {
        let records: Vec<&Record> = contents.records().iter().collect();
        let values: Vec<_> = contents.values().collect();
        write_strongroom(&records, &values).unwrap()
    }

    #[test]
    fn differing_ones_are_refused_and_nothing_has_changed() {
        let mut contents = merged(TEXT);
        let before = write(&contents);
        let other = "OKX_API_KEY=NEW\nOKX_API_SECRET=NEW\nBINANCE_API_KEY=NEW\nPORT=2\n";
        let error = merge_into(&mut contents, imported(other), false, NOW).unwrap_err();
        let Error::Differs { references } = error else { panic!("{error}") };
        assert_eq!(references, ["binance/main", "env/PORT"]);
        assert!(write(&contents) == before);
    }

    #[test]
    fn a_replaced_record_keeps_its_id_metadata_and_other_fields() {
        let mut contents = merged(TEXT);
        let reference = Reference::new("binance", "main");
        contents.record_mut(&reference).unwrap().note = String::from("kept").into();
        let id = contents.record(&reference).unwrap().id;
        let report = merge_into(&mut contents, imported("BINANCE_API_KEY=NEW\nPORT=2\n"), true, NOW).unwrap();
        assert_eq!(report.replaced, strings(&["binance/main", "env/PORT"]));
        let record = contents.record(&reference).unwrap();
        assert_eq!((record.id, record.created, record.rotated), (id, 1_000, Some(NOW)));
        assert_eq!(*record.note, "kept");
        assert_eq!(record.api_key().unwrap().expose_secret(), "NEW");
        assert_eq!(record.api_secret().unwrap().expose_secret(), "EXAMPLE");
        let value = contents.value("PORT").unwrap();
        assert_eq!((value.created, value.changed), (NOW, Some(NOW)));
    }

    #[test]
    fn when_the_old_key_expires_says_nothing_of_the_new_one() {
        let reference = Reference::new("binance", "main");
        let replaced_by = |before: &str, text: &str| {
            let mut contents = merged(before);
            let record = contents.record_mut(&reference).unwrap();
            (record.expires, record.verified) = (Some(NOW - 1), Some(NOW - 2));
            let report = merge_into(&mut contents, imported(text), true, NOW).unwrap();
            assert_eq!(report.replaced, strings(&["binance/main"]));
            let record = contents.record(&reference).unwrap();
            (record.expires, record.verified, report.expiry_forgotten)
        };
        let new = "BINANCE_API_KEY=NEW\nBINANCE_API_SECRET=NEW\n";
        assert_eq!(replaced_by(TEXT, new), (None, None, strings(&["binance/main"])));
        let more = replaced_by("BINANCE_API_KEY=EXAMPLE\n", TEXT);
        assert_eq!(more, (Some(NOW - 1), Some(NOW - 2), vec![]), "what was missing makes no other key");
    }

    #[test]
    fn no_two_fields_are_left_under_one_name() {
        let reference = Reference::new("okx", "main");
        let text = |value: &str| format!("OKX_API_KEY={value}\nOKX_SECRET_KEY={value}\n");
        let after = |named: &str, value: &str| {
            let mut contents = merged("OKX_API_KEY=EXAMPLE\nOKX_API_SECRET=EXAMPLE\n");
            let record = contents.record_mut(&reference).unwrap();
            record.variables = [(named.to_owned(), "OKX_SECRET_KEY".to_owned()), ("uid".into(), "U".into())].into();
            merge_into(&mut contents, imported(&text(value)), true, NOW).unwrap();
            let variables = contents.record(&reference).unwrap().variables.clone();
            variables.into_iter().filter(|(_, name)| name != "U").map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert_eq!(merged(&text("EXAMPLE")).record(&reference).unwrap().variables["api_secret"], "OKX_SECRET_KEY");
        assert_eq!(after("api_key", "EXAMPLE"), ["api_secret"], "whoever says replace means the names too");
        assert_eq!(after("api_key", "NEW"), ["api_secret"], "the new ones came with it");
        assert_eq!(after("api_secret", "NEW"), ["api_secret"]);
    }

    #[test]
    fn a_field_that_is_there_is_not_missing() {
        let again = imported("BINANCE_API_KEY=NEW\n");
        assert_eq!(again.notices_beside(&Contents::default()).len(), 1);
        assert!(again.notices_beside(&merged(TEXT)).is_empty());
    }

    #[test]
    fn a_kind_follows_the_values_unless_it_was_chosen() {
        let wallet = format!("DERIVE_PRIVATE_KEY=0x{}\n", "ab".repeat(32));
        let reference = Reference::new("derive", "main");
        let before = "DERIVE_PRIVATE_KEY=EXAMPLE\n";
        let mut contents = merged(before);
        merge_into(&mut contents, imported(&wallet), true, NOW).unwrap();
        assert_eq!(contents.record(&reference).unwrap().kind, CredentialKind::Wallet);
        let mut contents = merged(before);
        contents.record_mut(&reference).unwrap().kind = CredentialKind::Rsa;
        merge_into(&mut contents, imported(&wallet), true, NOW).unwrap();
        assert_eq!(contents.record(&reference).unwrap().kind, CredentialKind::Rsa);
    }

    fn whole(text: &Secret) -> Imported {
        read(ImportFormat::Strongroom, text, &ImportOptions { exchange: None, now: NOW }).unwrap()
    }

    #[test]
    fn a_whole_record_comes_with_its_id_and_times() {
        let original = merged(TEXT);
        let mut contents = Contents::default();
        merge_into(&mut contents, whole(&write(&original)), false, NOW + 7).unwrap();
        assert_eq!(contents.records(), original.records());
        assert!(contents.values().eq(original.values()));
    }

    #[test]
    fn a_whole_record_is_compared_in_its_metadata_and_replacing_settles_it() {
        let mut original = merged(TEXT);
        let reference = Reference::new("binance", "main");
        original.record_mut(&reference).unwrap().note = String::from("new").into();
        let text = write(&original);
        let mut contents = merged(TEXT);
        let id = contents.record(&reference).unwrap().id;
        assert!(matches!(merge_into(&mut contents, whole(&text), false, NOW), Err(Error::Differs { .. })));
        let report = merge_into(&mut contents, whole(&text), true, NOW).unwrap();
        assert_eq!(report.replaced, strings(&["binance/main"]));
        let record = contents.record(&reference).unwrap();
        assert_eq!((record.id, record.note.as_str(), record.rotated), (id, "new", None));
        let again = merge_into(&mut contents, whole(&text), false, NOW).unwrap();
        assert_eq!(again.unchanged, strings(&["binance/main", "env/PORT"]));
    }

    #[test]
    fn an_id_that_is_taken_is_not_used_twice() {
        let original = merged(TEXT);
        let text = write(&original);
        let mut contents = merged("PORT=1\n");
        merge_into(&mut contents, whole(&text), false, NOW).unwrap();
        contents.rename(&Reference::new("binance", "main"), &Reference::new("binance", "old")).unwrap();
        merge_into(&mut contents, whole(&text), false, NOW).unwrap();
        assert_ne!(contents.records()[0].id, contents.records()[1].id);
    }
}
