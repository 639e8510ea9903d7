//! By which environment variables programs read the fields of a record, where those are not the usual ones.
//!
//! What can be said of that, and what is wrong with it. A name is never repeated in an error: it could be a value in the
//! wrong place.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use strongroom::{Record, Reference, Selection, formats};

use super::{RecordInput, field_name, is_value_name};
use crate::failure::Failure;
use crate::harden;
use crate::output::shell_word;

// The names of variables as flags.
#[derive(Debug, Default, clap::Args)]
pub struct VariableFlags {
    /// The environment variable by which programs read this field, in place of the usual one (may be repeated;
    /// FIELD= gives the usual one again)
    #[arg(long = "variable", value_name = "FIELD=NAME")]
    variables: Vec<String>,
}

impl VariableFlags {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// Each field, and the name that it gets; none for the usual one.
    ///
    /// # Errors
    /// Exit code 2 for what is no `FIELD=NAME`.
    pub fn read(&self) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let mut read = BTreeMap::new();
        for text in &self.variables {
            let wrong = |problem: &str| {
                Failure::usage(format!("--variable: {problem}"))
                    .hint("--variable api_secret=OKX_SECRET_KEY names it, --variable api_secret= takes the name away")
            };
            let (field, name) = text.split_once('=').ok_or_else(|| wrong("expected FIELD=NAME"))?;
            let field = field_name(field)?;
            if let Some(problem) = problem_of_new_name(name).filter(|_| !name.is_empty()) {
                return Err(wrong(&format!("{field}: {problem}")));
            }
            let shown = field.clone();
            if read.insert(field, (!name.is_empty()).then(|| name.to_owned())).is_some() {
                return Err(wrong(&format!("{shown} is there twice")));
            }
        }
        Ok(read)
    }
}

/// Why a program cannot be given a variable of this name.
pub fn problem_of_name(name: &str) -> Option<&'static str> {
    match name {
        ours if harden::is_ours(OsStr::new(ours)) => Some("nothing that begins with STRONGROOM_ reaches a program"),
        name if is_value_name(name) && !name.contains('/') => None,
        _ => Some("a variable's name is 1 to 256 bytes without control characters, = or /"),
    }
}

/// Why nobody should give a field this name by hand: a program cannot be given it, hardly any can read it, or it means
/// something else to all of them. An import may bring names of the first kind along, which somebody uses.
pub fn problem_of_new_name(name: &str) -> Option<&'static str> {
    if let Some(problem) = problem_of_name(name) {
        return Some(problem);
    }
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match name {
        "PATH" | "HOME" | "SHELL" | "IFS" | "ENV" | "BASH_ENV" => {
            Some("programs need this variable as it is, as PATH or HOME")
        }
        _ if begins(&["LD_", "DYLD_"]) => Some("LD_ and DYLD_ say which code a program loads"),
        _ if begins(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]) => Some(NAME_RULE),
        _ if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => None,
        _ => Some(NAME_RULE),
    }
}

const NAME_RULE: &str = "a name has letters, digits and _, no digit in front";

/// Why a field cannot have the name that it has.
pub enum Slip {
    /// The record has no such field.
    NoSuchField,
    /// This other field has the same name.
    SameAs(String),
}

/// What is wrong with the name of this field, if anything.
pub fn slip(record: &Record, field: &str) -> Option<Slip> {
    let name = record.variables.get(field)?;
    if record.fields.get(field).is_none() {
        return Some(Slip::NoSuchField);
    }
    let is_the_same = |other: &&str| formats::own_name(record, other) == *name;
    let others = record.fields.names().chain(record.variables.keys().map(String::as_str));
    others.filter(|other| *other != field).find(is_the_same).map(|other| Slip::SameAs(other.to_owned()))
}

/// Takes out what is the usual name anyway.
pub fn without_usual(reference: &Reference, names: &mut BTreeMap<String, String>) {
    names.retain(|field, name| *name != formats::variable_name(reference, field));
}

impl RecordInput {
    /// Gives the fields the names that are said.
    pub(super) fn apply_variables(&self, record: &mut Record) {
        if self.variables.is_none() && self.variable_changes.is_empty() {
            return;
        }
        if let Some(names) = &self.variables {
            record.variables.clone_from(names);
        }
        for (field, name) in &self.variable_changes {
            match name {
                Some(name) => record.variables.insert(field.clone(), name.clone()),
                None => record.variables.remove(field),
            };
        }
        without_usual(&record.reference(), &mut record.variables);
    }

    /// Refuses names for fields that are not there, and one name for two.
    ///
    /// # Errors
    /// 6 for the former, 2 for the latter.
    pub fn check_variables(&self, before: &Record, after: &Record) -> Result<(), Failure> {
        let reference = after.reference();
        let said = self.variables.iter().flat_map(BTreeMap::keys).chain(self.variable_changes.keys());
        for field in said {
            let was_there = self.variable_changes.get(field) == Some(&None) && before.variables.contains_key(field);
            if after.fields.get(field).is_none() && !was_there {
                return Err(no_such_field(after, field));
            }
            if let Some(Slip::SameAs(other)) = slip(after, field) {
                let message =
                    format!("{reference}/{field} and {reference}/{other} would be the same environment variable");
                let word = shell_word(&reference.to_string());
                return Err(Failure::usage(message).hint(format!("strongroom show {word}")));
            }
        }
        Ok(())
    }
}

fn no_such_field(record: &Record, field: &str) -> Failure {
    let reference = record.reference().to_string();
    let names: Vec<&str> = record.fields.names().collect();
    Failure::record("no-such-field", format!("{reference} has no field {field}"))
        .hint(format!("the names of its fields: {}", names.join(", ")))
}

/// The command by which programs get these fields of a record under these names.
pub fn command_to_name<'n>(reference: &str, names: impl IntoIterator<Item = (&'n str, &'n str)>) -> String {
    let mut command = format!("strongroom set {}", shell_word(reference));
    for (field, name) in names {
        command.push_str(&format!(" --variable {}", shell_word(&format!("{field}={name}"))));
    }
    command
}

/// The command that gives one of two fields, which would be the same variable, another name.
///
/// `place` names both, as [`strongroom::ExportError`] does.
pub fn command_to_tell_apart(place: &str) -> Option<String> {
    // No REF has a blank: it is written as %20.
    let (one, other) = place.split_once(" and ")?;
    let both: [Selection; 2] = [other.parse().ok()?, one.parse().ok()?];
    let fields = both.into_iter().filter_map(|selection| match selection {
        Selection::Field(reference, field) => Some((reference, field)),
        _ => None,
    });
    // The account that most programs mean keeps what they read.
    let is_first = |reference: &Reference| *reference == Reference::new(&reference.exchange, "main");
    let (reference, field) = fields.min_by_key(|(reference, _)| is_first(reference))?;
    Some(format!("strongroom set {} --variable {field}=NAME", shell_word(&reference.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Secret;

    fn flags(texts: &[&str]) -> Result<BTreeMap<String, Option<String>>, Failure> {
        VariableFlags { variables: texts.iter().map(|text| (*text).to_owned()).collect() }.read()
    }

    fn record() -> Record {
        let mut record = Record::new(&Reference::new("okx", "main"), 0).unwrap();
        record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
        record.fields.set("api_secret", Secret::copy_of("EXAMPLE"));
        record
    }

    #[test]
    fn what_is_no_field_and_name_is_refused_and_not_repeated() {
        for text in
            ["EXAMPLE", "=EXAMPLE", "api_key=EXAMPLE=", "api_key=EXAM/PLE", "api_key=STRONGROOM_EXAMPLE", "a b=EXAMPLE"]
        {
            let failure = flags(&[text]).unwrap_err();
            assert_eq!(failure.code, 2, "{text}");
            assert!(!failure.message.contains("EXAM"), "{}", failure.message);
        }
        assert!(flags(&["api_key=EXAMPLE", "api_key="]).is_err());
        let read = flags(&["api_key=EXAMPLE", "api_secret="]).unwrap();
        assert_eq!(read, BTreeMap::from([("api_key".into(), Some("EXAMPLE".into())), ("api_secret".into(), None)]));
    }

    #[test]
    fn names_are_exchanged_and_none_is_given_twice() {
        let before = record();
        for (texts, fits) in [
            (&["api_key=A", "api_secret=B"][..], true),
            (&["api_key=A", "api_secret=A"], false),
            (&["api_key=OKX_API_SECRET"], false),
            (&["api_key=OKX_API_SECRET", "api_secret=OKX_API_KEY"], true),
            (&["uid=A"], false),
            (&["uid="], false),
        ] {
            let input = RecordInput { variable_changes: flags(texts).unwrap(), ..RecordInput::default() };
            let mut after = before.duplicate();
            input.apply(&mut after, 1);
            assert_eq!(input.check_variables(&before, &after).is_ok(), fits, "{texts:?}");
        }
    }

    #[test]
    fn the_usual_name_is_no_name_of_its_own() {
        let mut record = record();
        record.variables.insert("api_secret".into(), "OKX_SECRET_KEY".into());
        let changes = flags(&["api_secret=OKX_API_SECRET", "api_key=OKX_API_KEY"]).unwrap();
        RecordInput { variable_changes: changes, ..RecordInput::default() }.apply(&mut record, 1);
        assert!(record.variables.is_empty(), "{:?}", record.variables);
    }

    #[test]
    fn the_command_names_a_field_of_a_record() {
        let command = |place| command_to_tell_apart(place).unwrap();
        assert_eq!(
            command("okx/main/api_key and okx/hedge/api_key"),
            "strongroom set okx/hedge --variable api_key=NAME"
        );
        assert_eq!(command("okx/a/api_key and okx/main/api_key"), "strongroom set okx/a --variable api_key=NAME");
        assert_eq!(command("okx/main/uid and env/OKX_UID"), "strongroom set okx/main --variable uid=NAME");
        assert_eq!(command("okx/a/uid and okx/a%20and%20b/uid"), "strongroom set okx/a%20and%20b --variable uid=NAME");
        assert_eq!(command_to_tell_apart("okx/main/uid"), None);
    }
}
