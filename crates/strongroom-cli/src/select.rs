//! Which records and values a list of REFs means.
//!
//! Exchange names are looked up without regard to case and under the aliases of the registry;
//! subaccount names are exact. The other way round, from records to REFs, is [`Naming`].

mod naming;

use strongroom::record::{Contents, Record, Value};
use strongroom::registry::canonical_id;
use strongroom::{Error, Reference, Selection};

use crate::arguments;
use crate::failure::Failure;

pub use naming::{MANY, Naming};

/// What was selected, in the order of the vault.
#[derive(Debug, Default)]
pub struct Selected<'a> {
    /// Records.
    pub records: Vec<&'a Record>,
    /// Named values.
    pub values: Vec<(&'a str, &'a Value)>,
}

/// Everything that these REFs name, each once; all of it when there are none.
///
/// # Errors
/// 2 for what is no REF or names a field, 6 for what is not there.
pub fn select<'a>(contents: &'a Contents, references: &[String]) -> Result<Selected<'a>, Failure> {
    if references.is_empty() {
        return Ok(Selected { records: contents.records().iter().collect(), values: contents.values().collect() });
    }
    let mut selections = Vec::with_capacity(references.len());
    for reference in references {
        selections.push(arguments::selection(reference)?);
    }
    // One REF is one record: where a vault has two spellings of an exchange, the given one is meant and not both.
    let mut single: Vec<&Record> = Vec::new();
    let wanted_value = |(name, _): &(&str, &Value)| {
        selections.iter().any(|selection| matches!(selection, Selection::Value(wanted) if wanted == name))
    };
    for selection in &selections {
        match selection {
            Selection::Record(reference) => {
                single.push(find_record(contents, reference)?);
            }
            Selection::Exchange(..) if !contents.records().iter().any(|record| in_exchange(selection, record)) => {
                return Err(Error::NoSuchRecord { reference: selection.to_string() }.into());
            }
            Selection::Exchange(..) => {}
            Selection::Value(name) => {
                contents.value(name).ok_or_else(|| Error::NoSuchValue { name: name.clone() })?;
            }
            Selection::Field(..) => {
                return Err(Failure::usage("a REF names a field where a record is needed: leave /field out"));
            }
        }
    }
    let wanted_record = |record: &&Record| {
        single.iter().any(|single| std::ptr::eq(*single, *record))
            || selections.iter().any(|selection| in_exchange(selection, record))
    };
    Ok(Selected {
        records: contents.records().iter().filter(wanted_record).collect(),
        values: contents.values().filter(wanted_value).collect(),
    })
}

/// The record of this name: in the given spelling first, then under another alias of the exchange.
///
/// # Errors
/// 6 when there is none.
pub fn find_record<'a>(contents: &'a Contents, reference: &Reference) -> Result<&'a Record, Failure> {
    if let Some(record) = contents.record(reference) {
        return Ok(record);
    }
    contents
        .records()
        .iter()
        .find(|record| same_record(reference, record))
        .ok_or_else(|| Error::NoSuchRecord { reference: reference.to_string() }.into())
}

fn in_exchange(selection: &Selection, record: &Record) -> bool {
    match selection {
        Selection::Exchange(exchange, environment) => {
            same_exchange(exchange, &record.exchange)
                && environment.is_none_or(|environment| environment == record.environment)
        }
        Selection::Record(_) | Selection::Field(..) | Selection::Value(_) => false,
    }
}

fn same_record(reference: &Reference, record: &Record) -> bool {
    reference.subaccount == record.subaccount
        && reference.environment == record.environment
        && same_exchange(&reference.exchange, &record.exchange)
}

/// Whether two names are the same exchange, whatever their case and alias.
pub fn same_exchange(one: &str, other: &str) -> bool {
    canonical_id(one).eq_ignore_ascii_case(canonical_id(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Secret;

    fn contents() -> Contents {
        let mut contents = Contents::default();
        for name in ["Binance/main", "binance/sub", "okx/main", "okx/main@testnet"] {
            contents.insert(Record::new(&name.parse().unwrap(), 0).unwrap()).unwrap();
        }
        contents.set_value("DATABASE_URL", Secret::copy_of("EXAMPLE"), 0);
        contents
    }

    fn names(references: &[&str]) -> Result<Vec<String>, u8> {
        let contents = contents();
        let references: Vec<String> = references.iter().map(|&text| text.to_owned()).collect();
        let selected = select(&contents, &references).map_err(|failure| failure.code)?;
        let records = selected.records.iter().map(|record| record.reference().to_string());
        Ok(records.chain(selected.values.iter().map(|(name, _)| format!("env/{name}"))).collect())
    }

    #[test]
    fn nothing_named_is_everything() {
        assert_eq!(names(&[]).unwrap().len(), 5);
    }

    #[test]
    fn exchanges_are_found_by_any_case_and_alias_and_only_once() {
        assert_eq!(names(&["BINANCE", "binance/*"]).unwrap(), ["Binance/main", "binance/sub"]);
        assert_eq!(names(&["OKEX/main"]).unwrap(), ["okx/main"]);
        assert_eq!(names(&["okx/*@testnet", "env/DATABASE_URL"]).unwrap(), ["okx/main@testnet", "env/DATABASE_URL"]);
    }

    #[test]
    fn a_name_is_one_record_even_beside_another_spelling() {
        let mut contents = contents();
        contents.insert(Record::new(&"okex/main".parse().unwrap(), 0).unwrap()).unwrap();
        for name in ["okx", "okex"] {
            let selected = select(&contents, &[name.to_owned()]).unwrap();
            assert_eq!(selected.records.iter().map(|record| record.exchange.as_str()).collect::<Vec<_>>(), [name]);
        }
        assert_eq!(select(&contents, &["okx/*@live".to_owned()]).unwrap().records.len(), 2);
    }

    #[test]
    fn what_is_not_there_is_exit_code_6_and_a_field_2() {
        assert_eq!(names(&["kraken"]).unwrap_err(), 6);
        assert_eq!(names(&["kraken/*"]).unwrap_err(), 6);
        assert_eq!(names(&["binance/MAIN"]).unwrap_err(), 6);
        assert_eq!(names(&["env/OTHER"]).unwrap_err(), 6);
        assert_eq!(names(&["okx/main/api_key"]).unwrap_err(), 2);
    }
}
