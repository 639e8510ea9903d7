//! Names that come with a text: which may be shown, and which are there twice. Those that a vault can store are said in
//! [`crate::record::name`].
//!
//! A misplaced secret can stand where a name belongs (the second line of an unquoted PEM key, a
//! key pasted as an account). So a name from a text is shown only when it does not look like one.

use std::collections::{BTreeMap, BTreeSet};

use super::Imported;
use crate::record::{Contents, Environment, Record, Reference, Selection};
use crate::{Error, ImportError};

/// The name, if it reads like one: words of letters with few digits, in one case.
pub(super) fn shown(name: &str) -> Option<&str> {
    let characters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let word = |word: &str| {
        let tail = word.get(1..).unwrap_or_default();
        let mixed = tail.contains(|c: char| c.is_ascii_uppercase()) && word.contains(|c: char| c.is_ascii_lowercase());
        word.len() <= 22 && !(mixed && word.len() > 12)
    };
    let reads_like_a_name = !name.is_empty()
        && name.len() <= 64
        && digits <= 6
        && name.chars().all(characters)
        && name.split(['_', '-', '.']).all(word);
    reads_like_a_name.then_some(name)
}

/// The name, or words in its place.
pub(super) fn shown_or<'a>(name: &'a str, otherwise: &'a str) -> &'a str {
    shown(name).unwrap_or(otherwise)
}

/// `env/NAME`, as people write it.
pub(super) fn value_reference(name: &str) -> String {
    Selection::Value(name.to_owned()).to_string()
}

/// The same record or value twice would make the result depend on their order.
pub(super) fn check(imported: &Imported) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for record in &imported.records {
        let reference = record.reference();
        let (exchange, subaccount, environment) = reference.sort_key();
        if !seen.insert((exchange, subaccount.to_owned(), environment)) {
            return Err(twice(&reference).into());
        }
    }
    let mut seen = BTreeSet::new();
    if let Some((name, _)) = imported.values.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        let problem = format!("env/{} is there twice", shown_or(name, "(a name)"));
        return Err(ImportError { line: None, field: None, problem }.into());
    }
    Ok(())
}

/// An account that is there under another name of its exchange is that account, and keeps its spelling. A text that has
/// it under two names has two values for one place.
pub(super) fn spell_as_in(contents: &Contents, records: &mut [Record]) -> Result<(), Error> {
    let mut spelt: BTreeMap<String, Reference> = BTreeMap::new();
    for record in records {
        let reference = record.reference();
        let Some(known) = contents.known_as(&reference) else { continue };
        known.exchange.clone_into(&mut record.exchange);
        let there = record.reference();
        if let Some(first) = spelt.insert(there.to_string(), reference.clone()) {
            let [first, second, there] = [&first, &reference, &there].map(shown_reference);
            let problem = format!(
                "{first} and {second} are one account, by two names of its exchange, and in the vault it is {there}: \
                 leave one of them out"
            );
            return Err(ImportError { line: None, field: None, problem }.into());
        }
    }
    Ok(())
}

fn twice(reference: &Reference) -> ImportError {
    let problem = format!("{} is there twice", shown_reference(reference));
    ImportError { line: None, field: None, problem }
}

/// A REF as people write it, without what may not be shown.
fn shown_reference(reference: &Reference) -> String {
    let exchange = shown_or(&reference.exchange, "(an exchange)");
    let subaccount = shown_or(&reference.subaccount, "(a subaccount)");
    match reference.environment {
        Environment::Live => format!("{exchange}/{subaccount}"),
        other => format!("{exchange}/{subaccount}@{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown() {
        for name in ["binance", "DATABASE_URL", "market-making-2", "a.b", "coinbaseinternational", "Main", "sub01"] {
            assert!(shown(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_account_under_two_names_of_its_exchange_is_refused_with_both_and_as_it_is_in_the_vault() {
        let record = |reference: &str| Record::new(&reference.parse().unwrap(), 0).unwrap();
        let mut contents = Contents::default();
        for reference in ["huobi/main", "okx/main@demo", "okx/EXAMPLEkeyEXAMPLEk"] {
            contents.insert(record(reference)).unwrap();
        }
        let spell = |references: [&str; 2]| {
            let mut records = references.map(record);
            spell_as_in(&contents, &mut records).map_err(|error| error.to_string())?;
            Ok::<_, String>(records.map(|record| record.reference().to_string()))
        };
        assert_eq!(spell(["htx/main", "okex/main@demo"]).unwrap(), ["huobi/main", "okx/main@demo"]);
        // What is not in the vault keeps its names, and so do accounts of two environments.
        assert_eq!(spell(["okx/main", "okex/main@demo"]).unwrap(), ["okx/main", "okx/main@demo"]);
        for (references, expected) in [
            (["htx/main", "huobipro/main"], "htx/main and huobipro/main are one account"),
            (["htx/main", "huobipro/main"], "in the vault it is huobi/main: leave one of them out"),
            (["okx/main@demo", "okex/main@demo"], "okx/main@demo and okex/main@demo are one account"),
            (["okex/EXAMPLEkeyEXAMPLEk", "okx/EXAMPLEkeyEXAMPLEk"], "okex/(a subaccount) and okx/(a subaccount) are"),
        ] {
            let error = spell(references).unwrap_err();
            assert!(error.contains(expected) && !error.contains("EXAMPLE"), "{error}");
        }
        assert_eq!(twice(&"okx/main".parse().unwrap()).problem, "okx/main is there twice");
    }

    #[test]
    fn what_could_be_a_secret_is_not_shown() {
        for name in [
            "",
            "MHcCAQEEIEXAMPLEexampleEXAMPLEexampleEXAMPLEexampleEXAMPLEexampl",
            "0123456789abcdef01234567",
            "00000000-0000-0000-0000-000000000000",
            "EXAMPLEkeyEXAMPLEk",
            "a b",
            "é",
        ] {
            assert!(shown(name).is_none(), "{name}");
        }
    }
}
