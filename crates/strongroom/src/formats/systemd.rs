//! Credentials for systemd's `LoadCredential=`: one file a value, named as the variable that `run` sets.
//!
//! A service finds them below `$CREDENTIALS_DIRECTORY`, byte for byte, readable by it alone, and in no environment that
//! its children inherit.

use super::variables::usual::Variable;
use crate::ExportError;
use crate::secret::Secret;

/// What systemd hands to one service in all, and so the most of one value.
const MOST_BYTES: usize = 1 << 20;

/// The names and values, each fit to be a file that systemd takes.
pub(super) fn credentials<'a>(variables: Vec<Variable<'a>>) -> Result<Vec<(String, &'a Secret)>, ExportError> {
    let problem = "its variable's name is no name of a credential: printable ASCII without / and :, at most 255";
    let nameless = variables.iter().filter(|variable| !is_credential_name(&variable.name));
    ExportError::of_all(nameless.map(|variable| ExportError::at(variable.place.to_string(), problem)))?;
    let bytes: usize = variables.iter().map(|variable| variable.value.len()).sum();
    if bytes > MOST_BYTES {
        let problem = format!("has {bytes} bytes, and systemd hands a service {MOST_BYTES}");
        return Err(ExportError::at("what is selected", problem));
    }
    Ok(variables.into_iter().map(|variable| (variable.name, variable.value)).collect())
}

/// A file's name that is also one of a descriptor, as systemd's `credential_name_valid` has it; and without a percent
/// sign, which a unit file would expand, and a quote, a blank or a backslash, which it would take for itself.
fn is_credential_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"/:%'\"\\".contains(&byte))
        && name != "."
        && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: &str) -> Result<(), ExportError> {
        let value = Secret::copy_of(value);
        let variable = Variable { name: name.into(), place: "env/NAME".parse().unwrap(), value: &value };
        credentials(vec![variable]).map(|_| ())
    }

    #[test]
    fn names_that_systemd_or_its_unit_files_refuse_are_refused() {
        let long = "a".repeat(256);
        for name in ["", ".", "..", "a/b", "a:b", "a b", "a%b", "a\nb", "é", "a'b", "a\\b", long.as_str()] {
            assert_eq!(named(name, "EXAMPLE").unwrap_err().place, "env/NAME", "{name}");
        }
        for name in ["OKX_API_KEY", "a.b-c", &long[1..]] {
            assert!(named(name, "EXAMPLE").is_ok(), "{name}");
        }
    }

    #[test]
    fn more_than_systemd_hands_over_is_refused() {
        assert!(named("A", &"E".repeat(MOST_BYTES)).is_ok());
        assert!(named("A", &"E".repeat(MOST_BYTES + 1)).is_err());
    }
}
