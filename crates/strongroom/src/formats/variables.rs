//! The names of environment variables: from records to names, and back.
//!
//! `{EXCHANGE}_API_KEY` for `main`, `{EXCHANGE}_{SUBACCOUNT}_API_KEY` for others, `_TESTNET` or `_DEMO`
//! after the exchange.

mod accounts;
mod collisions;
pub(super) mod doubts;
mod grammar;
mod reading;
mod spellings;
pub(super) mod usual;

use super::{Notice, VariableNames, freqtrade, nautilus};
use crate::ExportError;
use crate::record::{Record, Value};
use usual::{variables_of, with_values};

pub use collisions::{Collision, Place, WayOut, collisions, free_name};
pub(crate) use reading::records_of_pairs;
pub(super) use reading::{name_notice, records_of};
pub use usual::{Variable, own_name, variable_name};

/// The variables of these records and values, by these names.
pub(super) fn of<'a>(
    names: VariableNames,
    records: &[&'a Record],
    values: &[(&'a str, &'a Value)],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Variable<'a>>, ExportError> {
    let variables = match names {
        VariableNames::Own => variables_of(records, own_name),
        VariableNames::Strongroom => variables_of(records, |record, field| variable_name(&record.reference(), field)),
        VariableNames::Freqtrade => freqtrade::environment::variables(records, notices)?,
        VariableNames::Nautilus => nautilus::variables(records, notices)?,
    };
    // Of a text that had one key under several of a program's names, one is the record's and the others are here.
    let is_theirs = matches!(names, VariableNames::Freqtrade | VariableNames::Nautilus);
    let is_given = |(name, value): &(&str, &Value)| {
        let is_it = |variable: &Variable<'_>| variable.name == *name && *variable.value == value.value;
        is_theirs && variables.iter().any(is_it)
    };
    let values: Vec<_> = values.iter().copied().filter(|value| !is_given(value)).collect();
    let variables = with_values(variables, &values);
    if let Some([first, later]) = collisions::pairs(&variables).first() {
        let problem = format!("would be the same environment variable, {}", later.name);
        return Err(ExportError::at(format!("{} and {}", first.place, later.place), problem));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

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
        assert_eq!(error.problem, "would be the same environment variable, OKX_A_B_API_KEY");
        let value = Value { value: Secret::copy_of("EXAMPLE"), created: 0, changed: None };
        let error = of(&[&record("okx/main", &["uid"])], &[("OKX_UID", &value)]).err().unwrap();
        assert_eq!(error.place, "okx/main/uid and env/OKX_UID");
    }
}
