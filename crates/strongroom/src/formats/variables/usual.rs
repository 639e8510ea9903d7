//! Variables as they are read and as they are written, and the names that they usually have.

use crate::record::{Environment, Record, Reference, Selection, Value, field};
use crate::secret::Secret;

/// One variable that was read: a line's name and value.
pub(in crate::formats) struct Assignment {
    pub(in crate::formats) name: String,
    pub(in crate::formats) value: Secret,
    /// From 1; none for pairs that come from elsewhere.
    pub(in crate::formats) line: Option<usize>,
}

/// One environment variable for a program.
#[derive(Debug)]
pub struct Variable<'a> {
    /// Its name.
    pub name: String,
    /// Where it comes from: a field or a value.
    pub place: Selection,
    /// Its text.
    pub value: &'a Secret,
}

pub(super) fn variables_of<'a>(records: &[&'a Record], name: fn(&Record, &str) -> String) -> Vec<Variable<'a>> {
    let mut variables = Vec::new();
    for record in records {
        let reference = record.reference();
        let known = field::KNOWN.iter().filter_map(|name| Some((*name, record.fields.get(name)?)));
        let others = record.fields.iter().filter(|(name, _)| !field::KNOWN.contains(name));
        for (field, value) in known.chain(others) {
            let place = Selection::Field(reference.clone(), field.to_owned());
            variables.push(Variable { name: name(record, field), place, value });
        }
    }
    variables
}

/// These and the named values, each of which is a variable by itself.
pub(super) fn with_values<'a>(mut variables: Vec<Variable<'a>>, values: &[(&str, &'a Value)]) -> Vec<Variable<'a>> {
    let of_value = |(name, value): &(&str, &'a Value)| {
        let place = Selection::Value((*name).to_owned());
        Variable { name: (*name).to_owned(), place, value: &value.value }
    };
    variables.extend(values.iter().map(of_value));
    variables
}

/// The name of the environment variable by which a program reads a field of a record: as the record says, else the
/// [usual one](variable_name).
pub fn own_name(record: &Record, field: &str) -> String {
    record.variables.get(field).cloned().unwrap_or_else(|| variable_name(&record.reference(), field))
}

/// The usual name of the environment variable for a field of a record: `OKX_API_KEY`, `OKX_TESTNET_HEDGE_API_KEY`.
///
/// [`Record::variables`] says where a program reads it under another one.
pub fn variable_name(reference: &Reference, field: &str) -> String {
    format!("{}_{}", prefix_of(reference), upper(field))
}

/// What all variables of a record begin with.
pub(in crate::formats) fn prefix_of(reference: &Reference) -> String {
    let mut prefix = upper(&reference.exchange);
    if reference.environment != Environment::Live {
        prefix.push('_');
        prefix.push_str(&upper(reference.environment.name()));
    }
    if reference.subaccount != "main" {
        prefix.push('_');
        prefix.push_str(&upper(&reference.subaccount));
    }
    prefix
}

/// Upper case; what is not a letter, digit or underscore of ASCII becomes an underscore.
pub(in crate::formats) fn upper(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
