//! Whether everything that was in the plaintext is in the vault, as it is on disk.

use std::collections::BTreeMap;

use strongroom::formats;
use strongroom::{Contents, Error, Secret, Vault};

use crate::failure::Failure;

/// Reads the vault back from disk and compares every value that was to go in.
///
/// # Errors
/// Exit code 3 names the first record that is not there as it should be; its plaintext must not be deleted.
pub fn on_disk(vault: &Vault, expected: &Contents) -> Result<(), Failure> {
    vault.verify()?;
    match first_difference(&vault.contents(), expected) {
        None => Ok(()),
        Some(name) => Err(Failure::from(Error::VerifyFailed { layer: "payload" })
            .cause(format!("{name} is not in the vault as it was in the file"))
            .hint("keep the plaintext and report this")),
    }
}

/// The vault may hold more than was expected, never less and never something else. What is empty in the files may be
/// filled there. An account may have another name there, and a variable may be a field of a record: then programs get
/// the same by the same name.
fn first_difference(found: &Contents, expected: &Contents) -> Option<String> {
    let given = variables_of(found);
    let is_there =
        |there: Option<&Secret>, value: &Secret| there.is_some_and(|there| there == value || value.is_empty());
    for record in expected.records() {
        let known = found.known_as(&record.reference());
        let same = |(field, value): (&str, &Secret)| {
            let there = match known {
                Some(known) => known.fields.get(field),
                None => given.get(&formats::own_name(record, field)).copied(),
            };
            is_there(there, value)
        };
        if record.fields.is_empty() && known.is_none() || !record.fields.iter().all(same) {
            return Some(record.reference().to_string());
        }
    }
    expected
        .values()
        .find(|(name, value)| !is_there(given.get(*name).copied(), &value.value))
        .map(|(name, _)| format!("env/{name}"))
}

/// What programs get, by name.
fn variables_of(contents: &Contents) -> BTreeMap<String, &Secret> {
    let fields = contents
        .records()
        .iter()
        .flat_map(|record| record.fields.iter().map(|(field, value)| (formats::own_name(record, field), value)));
    // A name that both have is refused where it is used, and here the named value is what the file had.
    fields.chain(contents.values().map(|(name, value)| (name.to_owned(), &value.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Record;

    fn contents(secret: &str) -> Contents {
        let mut record = Record::new(&"okx".parse().unwrap(), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of(secret));
        let mut contents = Contents::default();
        contents.insert(record).unwrap();
        contents
    }

    #[test]
    fn a_difference_is_found_and_named() {
        assert_eq!(first_difference(&contents("EXAMPLE"), &contents("EXAMPLE")), None);
        assert_eq!(first_difference(&contents("EXAMPLE "), &contents("EXAMPLE")).unwrap(), "okx/main");
        assert_eq!(first_difference(&Contents::default(), &contents("EXAMPLE")).unwrap(), "okx/main");
    }

    #[test]
    fn more_than_expected_is_no_difference() {
        let mut found = contents("EXAMPLE");
        found.set_value("OTHER", Secret::copy_of("EXAMPLE"), 0);
        assert_eq!(first_difference(&found, &contents("EXAMPLE")), None);
    }

    #[test]
    fn a_missing_value_is_a_difference() {
        let mut expected = contents("EXAMPLE");
        expected.set_value("OTHER", Secret::copy_of("EXAMPLE"), 0);
        assert_eq!(first_difference(&contents("EXAMPLE"), &expected).unwrap(), "env/OTHER");
    }

    #[test]
    fn what_programs_get_by_the_same_name_is_there_wherever_it_is() {
        let mut record = Record::new(&"okx/hedge".parse().unwrap(), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
        record.variables.insert("api_key".into(), "OKX_API_KEY".into());
        let mut found = Contents::default();
        found.insert(record).unwrap();
        assert_eq!(first_difference(&found, &contents("EXAMPLE")), None, "it was renamed");
        assert_eq!(first_difference(&found, &contents("EXAMPLE-OTHER")).unwrap(), "okx/main");
        let mut expected = Contents::default();
        expected.set_value("OKX_API_KEY", Secret::copy_of("EXAMPLE"), 0);
        assert_eq!(first_difference(&found, &expected), None, "it is a field there");
        expected.set_value("OKX_API_KEY", Secret::copy_of("EXAMPLE-OTHER"), 0);
        assert_eq!(first_difference(&found, &expected).unwrap(), "env/OKX_API_KEY");
    }

    #[test]
    fn what_is_empty_in_the_file_may_be_filled_in_the_vault() {
        assert_eq!(first_difference(&contents("EXAMPLE"), &contents("")), None);
        assert_eq!(first_difference(&contents(""), &contents("EXAMPLE")).unwrap(), "okx/main");
    }
}
