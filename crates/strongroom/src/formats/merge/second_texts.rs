//! A second text into a vault that has the keys of a first one: in other spellings, in parts, in either order.
//!
//! What a program found after the first text it finds after the second, or somebody was told.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::formats::variables::usual::own_name;
use crate::formats::{ImportFormat, ImportOptions, VariableNames, collisions, read, variables};
use crate::record::Record;

const NOW: Timestamp = 2_000;
const OKX: &str = "OKX_API_KEY=EXAMPLE-K\nOKX_API_SECRET=EXAMPLE-S\nOKX_API_PASSPHRASE=EXAMPLE-P\n";

fn imported(text: &str) -> Result<Imported> {
    read(ImportFormat::Dotenv, &Secret::copy_of(text), &ImportOptions { exchange: None, now: 1_000 })
}

fn merge(contents: &mut Contents, text: &str, replace: bool) -> Result<ImportReport> {
    merge_into(contents, imported(text).unwrap(), replace, NOW)
}

fn merged(text: &str) -> Contents {
    let mut contents = Contents::default();
    merge(&mut contents, text, false).unwrap();
    contents
}

/// What a program is given; none where two would be one variable.
fn given(contents: &Contents) -> Option<BTreeMap<String, String>> {
    let (records, values): (Vec<&Record>, Vec<_>) = (contents.records().iter().collect(), contents.values().collect());
    let variables = variables::of(VariableNames::Own, &records, &values, &mut Vec::new()).ok()?;
    Some(variables.into_iter().map(|one| (one.name, one.value.expose_secret().to_owned())).collect())
}

fn value(contents: &Contents, name: &str) -> String {
    given(contents).expect("no two are one")[name].clone()
}

const WHOLE: &str = "OKX_API_KEY=1\nOKX_SECRET_KEY=2\nOKX_API_PASSPHRASE=3\n";

#[test]
fn a_variable_that_is_a_field_is_that_field_whichever_text_comes_first() {
    for (first, second) in [(WHOLE, "OKX_SECRET_KEY=2\n"), ("OKX_SECRET_KEY=2\n", WHOLE)] {
        let mut contents = merged(first);
        let report = merge(&mut contents, second, false).unwrap();
        assert_eq!((contents.values().count(), value(&contents, "OKX_SECRET_KEY").as_str()), (0, "2"));
        let told: Vec<&str> = report.removed.iter().map(|removed| removed.value.as_str()).collect();
        match second == WHOLE {
            true => assert_eq!((report.is_change(), told), (true, vec!["env/OKX_SECRET_KEY"])),
            false => assert_eq!((report.unchanged, told), (vec!["okx/main".to_owned()], vec![])),
        }
        assert!(!merge(&mut contents, first, false).unwrap().is_change());
    }
}

#[test]
fn with_another_value_it_differs_and_is_replaced_where_it_is() {
    let mut contents = merged(WHOLE);
    let error = merge(&mut contents, "OKX_SECRET_KEY=4\n", false).unwrap_err();
    assert!(matches!(error, Error::Differs { references } if references == ["okx/main"]));
    assert_eq!(value(&contents, "OKX_SECRET_KEY"), "2");
    let report = merge(&mut contents, "OKX_SECRET_KEY=4\n", true).unwrap();
    assert_eq!((report.replaced, report.added.len()), (vec!["okx/main".to_owned()], 0));
    assert_eq!((value(&contents, "OKX_SECRET_KEY").as_str(), contents.values().count()), ("4", 0));

    let mut contents = merged("OKX_SECRET_KEY=4\n");
    let error = merge(&mut contents, WHOLE, false).unwrap_err();
    assert!(matches!(error, Error::Differs { references } if references == ["env/OKX_SECRET_KEY"]));
    assert!(contents.records().is_empty() && value(&contents, "OKX_SECRET_KEY") == "4");
    merge(&mut contents, WHOLE, true).unwrap();
    assert_eq!((value(&contents, "OKX_SECRET_KEY").as_str(), contents.values().count()), ("2", 0));
}

#[test]
fn two_spellings_of_a_field_beside_a_vault_that_has_one_of_them_are_one_variable() {
    let mut contents = merged("GATEIO_KEY=1\nGATEIO_API_SECRET=2\n");
    let both = "GATEIO_API_KEY=1\nGATEIO_KEY=1\nGATEIO_API_SECRET=2\n";
    assert!(!merge(&mut contents, both, false).unwrap().is_change());
    assert_eq!((value(&contents, "GATEIO_KEY").as_str(), contents.values().count()), ("1", 0));
    // Whoever says replace gets both.
    merge(&mut contents, both, true).unwrap();
    assert_eq!((value(&contents, "GATEIO_KEY"), value(&contents, "GATEIO_API_KEY")), ("1".into(), "1".into()));
}

#[test]
fn what_is_empty_replaces_nothing_and_is_replaced_by_anything() {
    let mut contents = merged(WHOLE);
    let template = "OKX_API_KEY=\nOKX_API_SECRET=\nOKX_API_PASSPHRASE=\nOKX_UID=6\n";
    let report = merge(&mut contents, template, true).unwrap();
    let left = LeftFilled {
        reference: "okx/main".into(),
        fields: ["api_key", "api_passphrase", "api_secret"].map(str::to_owned).to_vec(),
    };
    assert_eq!((report.replaced, report.left_filled), (vec!["okx/main".to_owned()], vec![left]));
    let expected = [("OKX_API_KEY", "1"), ("OKX_API_PASSPHRASE", "3"), ("OKX_SECRET_KEY", "2"), ("OKX_UID", "6")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(given(&contents), Some(expected.into()));
    assert_eq!(contents.records()[0].rotated, None, "no secret is another one");

    let mut contents = merged(template);
    let report = merge(&mut contents, "OKX_API_KEY=1\nOKX_API_SECRET=2\nOKX_API_PASSPHRASE=3\n", false).unwrap();
    assert_eq!((report.replaced, report.left_filled), (vec!["okx/main".to_owned()], vec![]));
    assert_eq!(value(&contents, "OKX_API_SECRET"), "2");
    // A named value too, and one that was kept for a field that is empty in the text.
    let mut contents = merged("PORT=\nOKX_API_SECRET=2\nHOST=a\n");
    let report = merge(&mut contents, "PORT=1\nHOST=\nOKX_API_KEY=1\nOKX_API_SECRET=\n", false).unwrap();
    assert_eq!((report.replaced, report.left_filled.len()), (vec!["env/PORT".to_owned()], 1));
    assert_eq!((value(&contents, "OKX_API_SECRET"), value(&contents, "HOST")), ("2".into(), "a".into()));
    assert!(contents.value("OKX_API_SECRET").is_none());
}

#[test]
fn names_that_programs_no_longer_get_are_a_change_and_are_told() {
    for (secret, values) in [("2", "the same"), ("4", "others")] {
        let mut contents = merged(WHOLE);
        let text = format!("OKX_API_KEY=1\nOKX_SECRET={secret}\nOKX_API_PASSPHRASE=3\n");
        let report = merge(&mut contents, &text, true).unwrap();
        let renamed = Renamed {
            reference: "okx/main".into(),
            field: "api_secret".into(),
            before: "OKX_SECRET_KEY".into(),
            after: "OKX_SECRET".into(),
        };
        assert_eq!((report.replaced, report.renamed), (vec!["okx/main".to_owned()], vec![renamed]), "{values}");
        let rotated = contents.records()[0].rotated;
        assert_eq!(rotated, (secret == "4").then_some(NOW), "other names make no other key");
    }
}

#[test]
fn the_keys_of_an_unfinished_rotation_are_not_replaced() {
    let reference = "okx/main".parse().unwrap();
    let mut contents = merged(&format!("{WHOLE}OKX_UID=6\n"));
    let new = [("api_key".to_owned(), Secret::copy_of("5"))].into_iter().collect();
    contents.begin_rotation(&reference, &new, NOW, NOW + 1).unwrap();
    for text in ["OKX_API_KEY=6\n", "OKX_SECRET_KEY=6\n", WHOLE] {
        assert!(matches!(merge(&mut contents, text, false), Err(Error::Differs { .. })));
        let error = merge(&mut contents, text, true).unwrap_err();
        assert!(matches!(error, Error::RotationUnfinished { reference } if reference == "okx/main"), "{text}");
        assert_eq!(value(&contents, "OKX_API_KEY"), "5");
    }
    merge(&mut contents, "OKX_API_KEY=5\nOKX_UID=7\n", true).unwrap();
    assert_eq!(value(&contents, "OKX_UID"), "7", "what is no secret is no key");
    contents.finish_rotation(&reference).unwrap();
    merge(&mut contents, "OKX_API_KEY=6\n", true).unwrap();
}

#[test]
fn an_account_that_was_renamed_and_kept_its_variables_is_found_by_them() {
    let text = "BINANCE_US_API_KEY=1\nBINANCE_US_API_SECRET=2\n";
    let (from, to) = ("binance/us".parse().unwrap(), "binanceus/main".parse().unwrap());
    let mut contents = merged(text);
    contents.rename(&from, &to).unwrap();
    let names = [("api_key", "BINANCE_US_API_KEY"), ("api_secret", "BINANCE_US_API_SECRET")];
    let names = names.map(|(field, name)| (field.to_owned(), name.to_owned()));
    contents.record_mut(&to).unwrap().variables = names.into();
    for part in [text, "BINANCE_US_API_KEY=1\n"] {
        let read = imported(part).unwrap();
        assert_eq!(read.notices_beside(&contents), [] as [&crate::formats::Notice; 0], "it is in the vault");
        assert!(read.notices.iter().any(|notice| notice.text.contains("strongroom mv binance/us")));
        assert_eq!(merge(&mut contents, part, false).unwrap().unchanged, ["binanceus/main"]);
    }
    let report = merge(&mut contents, &text.replace('2', "3"), true).unwrap();
    assert_eq!((report.replaced, report.renamed), (vec!["binanceus/main".to_owned()], vec![]));
    // Not where the names are of two records, and not where one is of nobody.
    let more = format!("{text}BINANCE_US_UID=3\n").replace('2', "3");
    assert_eq!(merge(&mut contents, &more, false).unwrap().added, ["binance/us"]);
}

#[test]
fn an_account_that_was_not_the_one_nautilus_means_is_found_by_its_variables() {
    let text = "KRAKEN_FUTURES_API_KEY=1\nKRAKEN_FUTURES_API_SECRET=2\n";
    let (from, to) = ("krakenfutures/main".parse().unwrap(), "kraken/futures".parse().unwrap());
    let mut contents = merged(text);
    assert!(imported(text).unwrap().notices_beside(&contents).iter().any(|it| it.text.contains("strongroom mv")));
    contents.rename(&from, &to).unwrap();
    let names = [("api_key", "KRAKEN_FUTURES_API_KEY"), ("api_secret", "KRAKEN_FUTURES_API_SECRET")];
    let names = names.map(|(field, name)| (field.to_owned(), name.to_owned()));
    contents.record_mut(&to).unwrap().variables = names.into();
    let read = imported(text).unwrap();
    assert_eq!(read.notices_beside(&contents), [] as [&crate::formats::Notice; 0], "it is in the vault");
    assert_eq!(merge(&mut contents, text, false).unwrap().unchanged, ["kraken/futures"]);
}

const ENDINGS: [&str; 12] = [
    "API_KEY",
    "KEY",
    "APIKEY",
    "API_SECRET",
    "SECRET",
    "SECRET_KEY",
    "API_PASSPHRASE",
    "PASSPHRASE",
    "PASSWORD",
    "PRIVATE_KEY",
    "UID",
    "MEMO",
];

/// Names of variables that mean the same in several ways, and some that only look so.
fn names() -> Vec<String> {
    let prefixes = ["OKX", "OKEX", "OKX_SECRET", "OKX_HEDGE", "COINBASE", "BITMART", "MYDEX", "LIQUID"];
    let of = |prefix: &str| ENDINGS.map(|ending| format!("{prefix}_{ending}"));
    let of_freqtrade = ["NAME", "KEY", "API_KEY", "SECRET", "CCXT_CONFIG__apiKey"];
    let of_freqtrade = of_freqtrade.map(|name| format!("FREQTRADE__EXCHANGE__{name}"));
    prefixes.iter().flat_map(|prefix| of(prefix)).chain(of_freqtrade).chain(["PORT".to_owned()]).collect()
}

/// A few of the names, most of them behind `start`, with values: of one kind of field always the same, or any, some of
/// them empty.
fn pairs(names: &[String], start: usize, any: bool, next: &mut impl FnMut(usize) -> usize) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    for _ in 0..1 + next(9) {
        let name = match next(4) {
            0 => &names[next(names.len())],
            _ => &names[start + next(ENDINGS.len())],
        };
        let kind = ["SECRET", "PRIVATE", "PASS", "MEMO", "UID", "PORT"].iter().position(|word| name.contains(word));
        let value = match (name.as_str(), any) {
            ("FREQTRADE__EXCHANGE__NAME", _) => "kraken".to_owned(),
            (_, false) => format!("{kind:?}"),
            _ => ["", "a", "b"][next(3)].to_owned(),
        };
        pairs.insert(name.clone(), value);
    }
    pairs
}

/// Whether a program that reads this field of the text by this name is told that it has another in the vault.
fn is_told_elsewhere(contents: &Contents, text: &Imported, name: &str) -> bool {
    let of_record = |record: &Record| {
        let field = record.variables.iter().find(|(_, known)| *known == name).map(|(field, _)| field.clone());
        let there = contents.known_as(&record.reference());
        field.zip(there).is_some_and(|(field, there)| own_name(there, &field) != name)
    };
    text.records.iter().any(of_record)
}

/// What was tried, so that nobody takes nothing for a proof.
#[derive(Default, Debug)]
struct Tried {
    taken: usize,
    refused: usize,
    replaced: usize,
    moved: usize,
    told_to_collide: usize,
}

fn text_of(pairs: &BTreeMap<String, String>) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Whether two places are one variable, which is told after every save.
fn collides(contents: &Contents) -> bool {
    let records: Vec<&Record> = contents.records().iter().collect();
    let values: Vec<_> = contents.values().collect();
    !collisions(&records, &values).is_empty()
}

/// The second text after the first, of which nothing may be lost unless it is told.
fn add(first: &BTreeMap<String, String>, second: &BTreeMap<String, String>, tried: &mut Tried) {
    let read = imported(&text_of(second)).unwrap();
    let mut contents = merged(&text_of(first));
    assert_eq!(given(&contents).as_ref(), Some(first));
    let before: Vec<Record> = contents.records().iter().map(Record::duplicate).collect();
    let report = match merge(&mut contents, &text_of(second), false) {
        Ok(report) => report,
        Err(Error::Differs { .. }) => {
            assert!(given(&contents).as_ref() == Some(first) && contents.records() == before, "nothing has changed");
            tried.refused += 1;
            return;
        }
        Err(error) => panic!("{error}"),
    };
    tried.taken += 1;
    tried.moved += report.removed.len();
    assert!(report.renamed.is_empty(), "{report:?}");
    let again = merge(&mut contents, &text_of(first), false).unwrap();
    assert!(!again.is_change(), "{again:?}");
    let Some(given) = given(&contents) else {
        assert!(collides(&contents));
        tried.told_to_collide += 1;
        return;
    };
    assert!(!collides(&contents));
    for (name, value) in first {
        assert!(given[name] == *value || value.is_empty(), "{name}");
    }
    for (name, value) in second.iter().filter(|(name, _)| !first.contains_key(*name)) {
        let is_there = given.get(name) == Some(value) || value.is_empty();
        assert!(is_there || is_told_elsewhere(&contents, &read, name), "{name}");
    }
}

/// The second text in place of the first: all of it counts, and what is lost of the first is told.
fn replace(first: &BTreeMap<String, String>, second: &BTreeMap<String, String>, tried: &mut Tried) {
    let mut contents = merged(&text_of(first));
    let report = merge(&mut contents, &text_of(second), true).unwrap();
    let again = merge(&mut contents, &text_of(second), false).unwrap();
    assert!(!again.is_change(), "{again:?}");
    tried.replaced += report.replaced.len();
    let Some(given) = given(&contents) else {
        assert!(collides(&contents));
        tried.told_to_collide += 1;
        return;
    };
    assert!(!collides(&contents));
    for (name, value) in second.iter().filter(|(_, value)| !value.is_empty()) {
        assert_eq!(given.get(name), Some(value), "{name}");
    }
    let lost: BTreeSet<&str> = report.renamed.iter().map(|renamed| renamed.before.as_str()).collect();
    for (name, value) in first.iter().filter(|(name, _)| second.get(*name).is_none_or(String::is_empty)) {
        let is_there = given.get(name).is_some_and(|now| now == value || value.is_empty());
        assert!(is_there || lost.contains(name.as_str()), "{name}");
    }
}

#[test]
fn what_a_program_found_after_one_text_it_finds_after_another_or_somebody_is_told() {
    let (names, mut state) = (names(), 0x5eed_u64);
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut tried = Tried::default();
    for round in 0..2_500 {
        // Most of one account, so that the two texts meet.
        let (start, any) = (next(8) * ENDINGS.len(), round % 2 == 0);
        let [first, second] = [(); 2].map(|()| pairs(&names, start, any, &mut next));
        if imported(&text_of(&first)).is_ok() && imported(&text_of(&second)).is_ok() {
            let _told = ToldOnFailure(&first, &second);
            add(&first, &second, &mut tried);
            replace(&first, &second, &mut tried);
        }
    }
    println!("second texts: {tried:?}");
    let Tried { taken, refused, replaced, moved, told_to_collide } = tried;
    assert!(taken > 1_000 && refused > 200 && replaced > 300 && moved > 50 && told_to_collide > 0);
}

/// Says which two texts it was.
struct ToldOnFailure<'a>(&'a BTreeMap<String, String>, &'a BTreeMap<String, String>);

impl Drop for ToldOnFailure<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("first:\n{}second:\n{}", text_of(self.0), text_of(self.1));
        }
    }
}

#[test]
fn bare_names_of_one_exchange_say_nothing_of_another() {
    let bare = |exchange, value: &str| {
        let text = Secret::copy_of(&format!("API_KEY={value}-K\nAPI_SECRET={value}-S\n"));
        read(ImportFormat::Dotenv, &text, &ImportOptions { exchange: Some(exchange), now: NOW }).unwrap()
    };
    let mut contents = Contents::default();
    merge_into(&mut contents, bare("binance", "EXAMPLE-1"), false, NOW).unwrap();
    for replace in [false, true] {
        let report = merge_into(&mut contents, bare("okx", "EXAMPLE-2"), replace, NOW).unwrap();
        assert_eq!((report.added.len() + report.unchanged.len(), report.replaced.len()), (1, 0), "{report:?}");
    }
    let key = |reference: &str| contents.record(&reference.parse().unwrap()).unwrap().fields.get("api_key").unwrap();
    assert_eq!(key("binance/main").expose_secret(), "EXAMPLE-1-K");
    assert_eq!(key("okx/main").expose_secret(), "EXAMPLE-2-K");
}

#[test]
fn what_was_filed_as_another_account_is_found_by_its_usual_names() {
    let text = "KRAKEN_FUTURES_API_KEY=EXAMPLE-K\nKRAKEN_FUTURES_API_SECRET=EXAMPLE-S\n";
    let mut contents = Contents::default();
    let mut record = Record::new(&"kraken/futures".parse().unwrap(), NOW).unwrap();
    record.fields.set("api_key", Secret::copy_of("EXAMPLE-K"));
    record.fields.set("api_secret", Secret::copy_of("EXAMPLE-S"));
    contents.insert(record).unwrap();
    assert_eq!(merge(&mut contents, text, false).unwrap().unchanged, ["kraken/futures"]);
    let other = text.replace("EXAMPLE-K", "EXAMPLE-2");
    assert_eq!(merge(&mut contents, &other, true).unwrap().replaced, ["kraken/futures"]);
    assert_eq!(contents.records().len(), 1);
}

#[test]
fn a_field_more_takes_nothing_away_and_one_that_is_empty_is_none() {
    let mut contents = merged(OKX);
    let more = format!("{OKX}OKX_UID=EXAMPLE-UID\n");
    assert_eq!(merge(&mut contents, &more, false).unwrap().replaced, ["okx/main"]);
    let empty = format!("{more}OKX_PASSWORD=\n");
    assert!(!merge(&mut contents, &empty, true).unwrap().is_change());
}
