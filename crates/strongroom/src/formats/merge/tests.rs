//! What becomes of one vault and one text.

use super::*;
use crate::formats::{ImportFormat, ImportOptions, read, write_strongroom};
use crate::record::{CredentialKind, Record, Reference};

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
    let read_as =
        |exchange| read(ImportFormat::Dotenv, &Secret::copy_of(bare), &ImportOptions { exchange, now: NOW }).unwrap();
    let mut contents = Contents::default();
    merge_into(&mut contents, read_as(None), false, NOW).unwrap();
    assert_eq!(contents.values().count(), 2);
    merge_into(&mut contents, read_as(Some("binance")), false, NOW).unwrap();
    assert_eq!(variables(&contents, "binance/main"), ["api_key=API_KEY", "api_secret=API_SECRET"]);
    assert_eq!(contents.values().count(), 0);
    // With another value it is what the text says it is only when somebody says so.
    contents.set_value("API_KEY", Secret::copy_of("EXAMPLE-OTHER"), NOW);
    let error = merge_into(&mut contents, read_as(Some("binance")), false, NOW).unwrap_err();
    assert!(matches!(error, Error::Differs { references } if references == ["env/API_KEY"]));
    let report = merge_into(&mut contents, read_as(Some("binance")), true, NOW).unwrap();
    assert_eq!((report.unchanged, report.removed.len()), (strings(&["binance/main"]), 1));
    assert!(contents.value("API_KEY").is_none());
}

#[test]
fn of_texts_that_are_put_together_the_first_that_names_a_field_gives_its_name() {
    let usual = "OKX_API_KEY=1\nOKX_API_SECRET=2\nOKX_API_PASSPHRASE=3\n";
    let others = "OKX_APIKEY=1\nOKX_SECRET=2\nOKX_API_PASSPHRASE=3\n";
    let none = r#"{"okx": {"apiKey": "1", "secret": "2", "password": "3"}}"#;
    let text = |text: &str| {
        let format = if text == none { ImportFormat::Ccxt } else { ImportFormat::Dotenv };
        read(format, &Secret::copy_of(text), &ImportOptions { exchange: None, now: NOW }).unwrap()
    };
    let their_names = ["api_key=OKX_APIKEY", "api_secret=OKX_SECRET"];
    for (texts, names) in [
        ([usual, others, none], &[][..]),
        ([others, usual, none], &their_names),
        ([none, others, usual], &their_names),
        ([none, usual, others], &[]),
    ] {
        let (mut contents, mut named) = (Contents::default(), NamedFields::default());
        for next in texts.map(text) {
            next.name_in(&mut contents, &mut named);
            merge_into(&mut contents, next, false, NOW).unwrap();
        }
        assert_eq!(variables(&contents, "okx/main"), names, "{texts:?}");
    }
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
