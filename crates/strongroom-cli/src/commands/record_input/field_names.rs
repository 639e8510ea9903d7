//! Names of fields that somebody gives by hand: those that were meant to be another field's, and words that are the rest
//! of a list.
//!
//! A name that the record has already is left alone, whatever it is like. What is repeated in an error is like a word of
//! ours, so that it cannot be a secret in the wrong place.

use strongroom::formats::{field_meant, field_resembled};
use strongroom::record::field;
use strongroom::registry::{self, Permission};
use strongroom::wording::command;
use strongroom::{Record, Reference, check};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::shell_word;

/// What to do where a name stands in a document.
pub const IN_A_DOCUMENT: &str = "put it right in what was given, and repeat the command";

/// Refuses a new name that was meant to be another field's; `hint` says what to do, given both.
///
/// # Errors
/// Exit code 2.
pub fn refuse_meant<'n>(
    reference: &Reference,
    there: Option<&Record>,
    names: impl IntoIterator<Item = &'n String>,
    hint: impl FnOnce(&str, &'static str) -> String,
) -> Result<(), Failure> {
    let new = names.into_iter().filter(|name| is_new(there, name));
    let Some((name, meant)) = new.filter_map(|name| Some((name, field_meant(&reference.exchange, name)?))).next()
    else {
        return Ok(());
    };
    Err(Failure::usage(format!("{reference}: {name} is called {meant} here")).hint(hint(name, meant)))
}

/// Warns of a new name that may have been meant to be another field's, and may be a word of its own.
pub fn warn_of_resembling<'n>(
    context: &Context,
    reference: &Reference,
    there: Option<&Record>,
    names: impl IntoIterator<Item = &'n String>,
) {
    for name in names.into_iter().filter(|name| is_new(there, name)) {
        if let Some(meant) = field_resembled(&reference.exchange, name) {
            let right = command(["set", &reference.to_string(), meant, "--unset", name]);
            context.warn(format!("{reference}: {name} is kept as a field of its own; if {meant} is meant: {right}"));
        }
    }
}

/// The names as they were meant, as long as nothing else can be among them: it could be a value.
pub fn put_right(exchange: &str, there: Option<&Record>, names: &[String]) -> Option<Vec<String>> {
    let right = |name: &String| match field_meant(exchange, name).filter(|_| is_new(there, name)) {
        Some(meant) => Some(meant.to_owned()),
        None => (!is_new(there, name) || field::KNOWN.contains(&name.as_str())).then(|| name.clone()),
    };
    names.iter().map(right).collect()
}

/// Refuses names that are permissions: `--permission read trade` would take away what the key may do, and ask for a
/// secret called `trade`. `command` is what was called up to them, unless more was said than names and permissions.
///
/// # Errors
/// Exit code 2.
pub fn refuse_permissions(
    reference: &Reference,
    there: Option<&Record>,
    names: &[String],
    said: &[String],
    command: Option<&str>,
) -> Result<(), Failure> {
    let exchange = &reference.exchange;
    let meant = |name: &String| -> Option<String> {
        if !is_new(there, name) || field::KNOWN.contains(&name.as_str()) {
            return None;
        }
        let word = registry::nearest_permission(exchange, name).unwrap_or(name);
        // Behind a list, whatever may be in one; alone, what can be nothing else.
        let is_one = match said {
            [] => Permission::ALL.iter().any(|permission| permission.name() == word),
            _ => check::is_known_permission(exchange, word),
        };
        is_one.then(|| word.to_owned())
    };
    let more: Vec<String> = names.iter().filter_map(meant).collect();
    let Some(first) = more.first() else { return Ok(()) };
    let all: Vec<&str> = said.iter().chain(&more).map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    if !all.iter().all(|word| check::is_known_permission(exchange, word)) {
        return Err(Failure::usage(format!("{first} is a permission, and no field"))
            .hint("--permission takes one list, with commas and without blanks"));
    }
    let list = shell_word(&all.join(","));
    let command = command.filter(|_| more.len() == names.len()).unwrap_or("repeat the command with");
    Err(Failure::usage(format!("{first} is a permission: --permission {list}"))
        .hint(format!("{command} --permission {list}")))
}

/// Refuses names that are exchanges: without a `/` a name is a field, and `set okx binance --tag desk` would ask for one.
///
/// # Errors
/// Exit code 2.
pub fn refuse_exchanges(there: Option<&Record>, names: &[String]) -> Result<(), Failure> {
    let is_exchange = |name: &&String| is_new(there, name) && registry::exchange(name).is_some();
    let Some(name) = names.iter().find(is_exchange) else { return Ok(()) };
    Err(Failure::usage(format!("{name} is an exchange, and no field"))
        .hint(format!("behind the first REF every other has its account: {name}/main")))
}

/// Whether a name can be shown where the record does not have it: what is long or odd may be a value in the wrong place.
pub fn is_plain(name: &str) -> bool {
    field::KNOWN.contains(&name)
        || name.len() <= 24 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn is_new(there: Option<&Record>, name: &str) -> bool {
    there.is_none_or(|record| record.fields.get(name).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Secret;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_name_that_the_record_has_stays_possible() {
        let reference = Reference::new("okx", "main");
        let mut record = Record::new(&reference, 0).unwrap();
        let refused = |record: &Record, name: &str| {
            refuse_meant(&reference, Some(record), &names(&[name]), |_, meant| meant.to_owned()).is_err()
        };
        assert!(refused(&record, "passphrase") && refused(&record, "api_kye") && !refused(&record, "broker_tag"));
        record.fields.set("passphrase", Secret::copy_of("EXAMPLE"));
        assert!(!refused(&record, "passphrase"));
    }

    #[test]
    fn a_command_is_made_of_words_of_ours_only() {
        let right = |given: &[&str]| put_right("okx", None, &names(given));
        assert_eq!(right(&["passphrase", "api_key"]), Some(names(&["api_passphrase", "api_key"])));
        assert_eq!(right(&["passphrase", "EXAMPLE-VALUE"]), None);
    }

    #[test]
    fn permissions_are_told_from_fields() {
        let reference = Reference::new("okx", "main");
        let refused = |given: &[&str], said: &[&str]| {
            refuse_permissions(&reference, None, &names(given), &names(said), None).is_err()
        };
        for (given, said) in
            [(&["trade"][..], &["read"][..]), (&["trade"], &[]), (&["tade"], &["read"]), (&["spot"], &["read"])]
        {
            assert!(refused(given, said), "{given:?} {said:?}");
        }
        for (given, said) in [(&["api_key"][..], &["read"][..]), (&["broker_tag"], &["read"]), (&["spot"], &[])] {
            assert!(!refused(given, said), "{given:?} {said:?}");
        }
    }
}
