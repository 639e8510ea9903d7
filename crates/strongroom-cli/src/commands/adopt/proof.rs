//! Whether everything that was in the plaintext is in the vault, as it is on disk.

use strongroom::{Contents, Error, Vault};

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

/// The vault may hold more than was expected, never less and never something else.
fn first_difference(found: &Contents, expected: &Contents) -> Option<String> {
    for record in expected.records() {
        let same = found
            .record(&record.reference())
            .is_some_and(|found| record.fields.iter().all(|(name, value)| found.fields.get(name) == Some(value)));
        if !same {
            return Some(record.reference().to_string());
        }
    }
    expected
        .values()
        .find(|(name, value)| found.value(name).is_none_or(|found| found.value != value.value))
        .map(|(name, _)| format!("env/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::{Record, Secret};

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
}
