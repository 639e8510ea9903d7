//! Variables as they are read and as they are written, and the names that they usually have.

use crate::record::{Environment, Record, Reference, field};
use crate::secret::Secret;

/// One variable that was read: a line's name and value.
pub(in crate::formats) struct Assignment {
    pub(in crate::formats) name: String,
    pub(in crate::formats) value: Secret,
    /// From 1; none for pairs that come from elsewhere.
    pub(in crate::formats) line: Option<usize>,
}

/// One variable to write, and whose it is.
pub(in crate::formats) struct Variable<'a> {
    pub(in crate::formats) name: String,
    /// `exchange/subaccount/field` or `env/NAME`.
    pub(in crate::formats) place: String,
    pub(in crate::formats) value: &'a Secret,
}

/// The name by which a program knows a field, where the record says so.
pub(super) fn own_name<'a>(record: &'a Record, field: &str) -> Option<&'a String> {
    record.variables.get(field)
}

/// By the names that are given, else by [ours](variable_name).
pub(super) fn variables_of<'a>(
    records: &[&'a Record],
    given: fn(&'a Record, &str) -> Option<&'a String>,
) -> Vec<Variable<'a>> {
    let mut variables = Vec::new();
    for record in records {
        let reference = record.reference();
        let known = field::KNOWN.iter().filter_map(|name| Some((*name, record.fields.get(name)?)));
        let others = record.fields.iter().filter(|(name, _)| !field::KNOWN.contains(name));
        for (field, value) in known.chain(others) {
            let place = format!("{reference}/{field}");
            let name = given(record, field).cloned().unwrap_or_else(|| variable_name(&reference, field));
            variables.push(Variable { name, place, value });
        }
    }
    variables
}

pub(in crate::formats) fn variable_name(reference: &Reference, field: &str) -> String {
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
