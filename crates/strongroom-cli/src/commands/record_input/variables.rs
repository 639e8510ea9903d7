//! By which environment variables programs read the fields of a record, where those are not the usual ones.
//!
//! What can be said of that, and what is wrong with it. A name is never repeated in an error: it could be a value in the
//! wrong place.

use std::collections::BTreeMap;

use strongroom::formats::{self, Collision, Place};
use strongroom::record::name as names;
use strongroom::wording::command;
use strongroom::{Record, Reference};

use super::field_names::IN_A_DOCUMENT;
use super::{RecordInput, field_name, slips};
use crate::failure::Failure;
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

/// Why no variable can have this name.
pub fn problem_of_name(name: &str) -> Option<&'static str> {
    match names::is_variable(name) {
        true => None,
        false => Some("a variable's name is 1 to 256 bytes without control characters, = or /"),
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
        ours if !names::reaches_programs(ours) => Some("nothing that begins with STRONGROOM_ reaches a program"),
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

/// Two fields of the record that are one variable, where they were not before: a program could not be given this record
/// at all.
pub fn new_collision(before: Option<&Record>, after: &Record) -> Option<Collision> {
    let of = |record: &Record| formats::collisions(&[record], &[]);
    let there: Vec<_> = before.into_iter().flat_map(of).map(|collision| fields_of(&collision)).collect();
    of(after).into_iter().find(|collision| !there.contains(&fields_of(collision)))
}

fn fields_of(collision: &Collision) -> [Option<String>; 2] {
    let field = |place: &Place| match place {
        Place::Field { field, .. } => Some(field.clone()),
        Place::Value(_) => None,
    };
    let [one, other] = &collision.places;
    [field(one), field(other)]
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

    /// Refuses names for fields that are not there, names that nobody should give, and one name for two fields, be it
    /// that of a field about which nothing is said. What was so before stands in the way of nothing.
    ///
    /// # Errors
    /// 6 for the first, 2 for the others.
    pub fn check_variables(&self, before: &Record, after: &Record) -> Result<(), Failure> {
        let reference = after.reference();
        let said = self.variables.iter().flat_map(BTreeMap::keys).chain(self.variable_changes.keys());
        for field in said {
            let was_there = self.variable_changes.get(field) == Some(&None) && before.variables.contains_key(field);
            if after.fields.get(field).is_none() && !was_there {
                return Err(no_such_field(after, field));
            }
            // A flag is judged where it is read, before anybody is asked for a passphrase.
            if let Some(name) = self.variables.as_ref().and_then(|names| names.get(field))
                && before.variables.get(field) != Some(name)
                && *name != formats::variable_name(&reference, field)
                && let Some(problem) = problem_of_new_name(name)
            {
                return Err(Failure::usage(format!("variables, {field}: {problem}")).hint(IN_A_DOCUMENT));
            }
        }
        if let Some(collision) = new_collision(Some(before), after) {
            return Err(self.refused(before, &collision));
        }
        // A name may be left of a field that is gone; no two names of a record are the same, not even then.
        for field in self.variables.iter().flat_map(BTreeMap::keys).chain(self.variable_changes.keys()) {
            if let Some(Slip::SameAs(other)) = slip(after, field) {
                let [field, other] = [field, &other].map(|field| format!("{reference}/{field}"));
                return Err(Failure::usage(format!("{field} and {other} would be the same environment variable"))
                    .hint(format!("strongroom show {}", shell_word(&reference.to_string()))));
            }
        }
        Ok(())
    }

    /// Why two fields would be one variable, and what to do: a name that is there already can be changed first, one that
    /// would come now can be another.
    fn refused(&self, before: &Record, collision: &Collision) -> Failure {
        let [one, other] = &collision.places;
        let failure = Failure::usage(format!("{one} and {other} would be the same environment variable"));
        let renamed = collision.to_rename();
        let Place::Field { record, field, free_name, .. } = renamed else { return failure };
        let named = format!("{field}={free_name}");
        let was_so = before.fields.get(field).is_some() && formats::own_name(before, field) == collision.name;
        let set = command(["set", &record.to_string(), "--variable", &named]);
        let beside = if renamed == one { other } else { one };
        match beside {
            Place::Field { field: new, .. } if was_so && before.fields.get(new).is_none() => failure
                .cause(format!("programs get {field} as that already"))
                .hint(format!("if {field} is meant: {}", command(["set", &record.to_string(), field])))
                .hint(format!("to have both, first: {set}")),
            _ if was_so => failure.cause(format!("programs get {field} as that already")).hint(format!("first: {set}")),
            _ if self.variables.is_some() => failure.hint(IN_A_DOCUMENT),
            _ if before.fields.get(field).is_some() => failure.hint(set),
            _ => failure.hint(format!("{} --variable {}", slips::REPEAT, shell_word(&named))),
        }
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
    fn a_new_field_whose_usual_name_is_taken_is_refused_and_what_was_so_before_is_not() {
        let mut before = record();
        before.variables.insert("api_secret".into(), "OKX_PASSWORD".into());
        let password = || vec![("password".to_owned(), Secret::copy_of("EXAMPLE"))];
        let mut after = before.duplicate();
        let input = RecordInput { fields: password(), ..RecordInput::default() };
        input.apply(&mut after, 1);
        let refused = input.check_variables(&before, &after).unwrap_err();
        assert_eq!((refused.code, refused.message.contains("okx/main/password")), (2, true), "{refused}");
        assert!(
            refused.to_string().contains(
                "hint: if api_secret is meant: strongroom set okx/main api_secret\n\
             hint: to have both, first: strongroom set okx/main --variable api_secret=OKX_API_SECRET\n"
            ),
            "{refused}"
        );
        assert!(input.check_variables(&after, &after).is_ok(), "it was so");
        // With a name of its own it is welcome.
        let named =
            RecordInput { variable_changes: flags(&["password=OKX_LOGIN"]).unwrap(), fields: password(), ..input };
        let mut after = before.duplicate();
        named.apply(&mut after, 1);
        assert!(named.check_variables(&before, &after).is_ok());
    }

    #[test]
    fn a_name_in_a_document_is_judged_where_the_record_has_not_that_name() {
        let before = record();
        let mut named = record();
        named.variables.insert("api_key".into(), "by.bit".into());
        let names = BTreeMap::from([("api_key".to_owned(), "by.bit".to_owned())]);
        let input = RecordInput { variables: Some(names), ..RecordInput::default() };
        assert!(input.check_variables(&named, &named).is_ok());
        let refused = input.check_variables(&before, &named).unwrap_err();
        assert_eq!((refused.code, refused.message.as_str()), (2, format!("variables, api_key: {NAME_RULE}").as_str()));
    }

    #[test]
    fn the_usual_name_is_no_name_of_its_own() {
        let mut record = record();
        record.variables.insert("api_secret".into(), "OKX_SECRET_KEY".into());
        let changes = flags(&["api_secret=OKX_API_SECRET", "api_key=OKX_API_KEY"]).unwrap();
        RecordInput { variable_changes: changes, ..RecordInput::default() }.apply(&mut record, 1);
        assert!(record.variables.is_empty(), "{:?}", record.variables);
    }
}
