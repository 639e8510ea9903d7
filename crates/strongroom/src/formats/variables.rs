//! The names of environment variables: from records to names, and back.
//!
//! `{EXCHANGE}_API_KEY` for `main`, `{EXCHANGE}_{SUBACCOUNT}_API_KEY` for others, `_TESTNET` or `_DEMO`
//! after the exchange.

mod accounts;
mod grammar;
mod reading;
mod spellings;

use std::collections::BTreeMap;

use super::{Notice, VariableNames, freqtrade, names, nautilus};
use crate::ExportError;
use crate::record::{Environment, Record, Reference, Value, field};
use crate::secret::Secret;

pub(crate) use reading::records_of_pairs;
pub(super) use reading::{missing_field, missing_notice, name_notice, records_of};

/// One variable to write, and whose it is.
pub(super) struct Variable<'a> {
    pub(super) name: String,
    /// `exchange/subaccount/field` or `env/NAME`.
    pub(super) place: String,
    pub(super) value: &'a Secret,
}

/// The variables of these records and values, by these names.
pub(super) fn of<'a>(
    names: VariableNames,
    records: &[&'a Record],
    values: &[(&'a str, &'a Value)],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Variable<'a>>, ExportError> {
    let (mut variables, both) = match names {
        VariableNames::Own => (variables_of(records, own_name), RENAME),
        VariableNames::Strongroom => {
            (variables_of(records, |record, field| variable_name(&record.reference(), field)), RENAME)
        }
        VariableNames::Freqtrade => (freqtrade::environment::variables(records, notices)?, ONE_NAME),
        VariableNames::Nautilus => (nautilus::variables(records, notices)?, ONE_NAME),
    };
    for (name, value) in values {
        let place = names::value_reference(name);
        variables.push(Variable { name: (*name).to_owned(), place, value: &value.value });
    }
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for variable in &variables {
        if let Some(other) = places.insert(&variable.name, &variable.place) {
            return Err(ExportError { place: format!("{other} and {}", variable.place), problem: both.into() });
        }
    }
    Ok(variables)
}

const RENAME: &str = "would be the same environment variable; rename one";
const ONE_NAME: &str = "would be the same environment variable; choose one";

fn variables_of<'a>(records: &[&'a Record], name: fn(&Record, &str) -> String) -> Vec<Variable<'a>> {
    let mut variables = Vec::new();
    for record in records {
        let reference = record.reference();
        let known = field::KNOWN.iter().filter_map(|name| Some((*name, record.fields.get(name)?)));
        let others = record.fields.iter().filter(|(name, _)| !field::KNOWN.contains(name));
        for (field, value) in known.chain(others) {
            let place = format!("{reference}/{field}");
            variables.push(Variable { name: name(record, field), place, value });
        }
    }
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
pub(super) fn prefix_of(reference: &Reference) -> String {
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
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(records: &[&'a Record], values: &[(&'a str, &'a Value)]) -> Result<Vec<Variable<'a>>, ExportError> {
        super::of(VariableNames::Own, records, values, &mut Vec::new())
    }

    fn record(reference: &str, fields: &[&str]) -> Record {
        let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
        for field in fields {
            record.fields.set(field, Secret::copy_of("EXAMPLE"));
        }
        record
    }

    #[test]
    fn names_are_upper_case_with_underscores() {
        let record = record("Gate.io/Market making@demo", &["api_key", "session-id"]);
        let value = Value { value: Secret::copy_of("EXAMPLE"), created: 0, changed: None };
        let variables = of(&[&record], &[("Database.url", &value)]).unwrap();
        let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(
            names,
            ["GATE_IO_DEMO_MARKET_MAKING_API_KEY", "GATE_IO_DEMO_MARKET_MAKING_SESSION_ID", "Database.url"]
        );
    }

    #[test]
    fn colliding_names_are_an_error_that_names_both() {
        let (dash, underscore) = (record("okx/a-b", &["api_key"]), record("okx/a_b", &["api_key"]));
        let error = of(&[&dash, &underscore], &[]).err().unwrap();
        assert_eq!(error.place, "okx/a-b/api_key and okx/a_b/api_key");
        let value = Value { value: Secret::copy_of("EXAMPLE"), created: 0, changed: None };
        let error = of(&[&record("okx/main", &["uid"])], &[("OKX_UID", &value)]).err().unwrap();
        assert_eq!(error.place, "okx/main/uid and env/OKX_UID");
    }
}
