//! Everything a vault holds for its user: records, named values, and what happened to them.

use std::collections::BTreeMap;

use super::{Environment, Record, RecordId, Reference, Timestamp};
use crate::Error;
use crate::registry;
use crate::secret::Secret;

/// The editable contents of a vault.
///
/// Records are unique by exchange (without regard to ASCII case), subaccount and environment, and
/// are kept in that order. Changes are recorded by the vault when it saves, not here.
#[derive(Debug, Default, PartialEq)]
pub struct Contents {
    /// What its owner calls the vault. At most 128 bytes.
    pub name: String,
    pub(crate) records: Vec<Record>,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) tombstones: Vec<Tombstone>,
    pub(crate) log: Vec<LogEntry>,
}

/// A secret without exchange semantics that lived in the same `.env`.
#[derive(Debug, PartialEq)]
pub struct Value {
    /// The text, exact.
    pub value: Secret,
    /// When it came in.
    pub created: Timestamp,
    /// When its text last changed.
    pub changed: Option<Timestamp>,
}

/// A record that was removed, so that merging does not bring it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// The record.
    pub id: RecordId,
    /// When it was removed.
    pub removed: Timestamp,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogAction {
    /// It was added.
    Added,
    /// Fields or metadata changed.
    Changed,
    /// It was removed.
    Removed,
    /// It got another name.
    Renamed,
}

/// One line of the log of changes. Names only, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: Timestamp,
    /// The revision that the change came with.
    pub revision: u64,
    /// `user@host` as the writer claimed it.
    pub who: String,
    /// What was changed: a REF, `env/NAME` or `slot ID`.
    pub what: String,
    /// How.
    pub action: LogAction,
    /// Which fields, ascending.
    pub fields: Vec<String>,
}

impl Contents {
    /// All records in their order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record of this name.
    pub fn record(&self, reference: &Reference) -> Option<&Record> {
        self.position(reference).ok().map(|at| &self.records[at])
    }

    /// The record of this name, or of the same account under another name of its exchange.
    pub fn known_as(&self, reference: &Reference) -> Option<&Record> {
        self.record(reference).or_else(|| {
            registry::names_of(&reference.exchange)
                .find_map(|exchange| self.record(&Reference { exchange: exchange.to_owned(), ..reference.clone() }))
        })
    }

    /// The record of this name, to edit. Its name is changed by [`Contents::rename`] only.
    pub fn record_mut(&mut self, reference: &Reference) -> Option<&mut Record> {
        self.position(reference).ok().map(|at| &mut self.records[at])
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::RecordExists`] when there is one of this name.
    pub fn insert(&mut self, record: Record) -> Result<(), Error> {
        match self.position(&record.reference()) {
            Ok(_) => Err(Error::RecordExists { reference: record.reference().to_string() }),
            Err(at) => {
                self.records.insert(at, record);
                Ok(())
            }
        }
    }

    /// Takes a record out.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`]
    pub fn remove(&mut self, reference: &Reference) -> Result<Record, Error> {
        match self.position(reference) {
            Ok(at) => Ok(self.records.remove(at)),
            Err(_) => Err(Error::NoSuchRecord { reference: reference.to_string() }),
        }
    }

    /// Gives a record another name. Its id stays.
    ///
    /// # Errors
    /// [`Error::NoSuchRecord`] for `from`, [`Error::RecordExists`] for `to`; nothing has changed then.
    pub fn rename(&mut self, from: &Reference, to: &Reference) -> Result<(), Error> {
        let at = self.position(from).map_err(|_| Error::NoSuchRecord { reference: from.to_string() })?;
        if let Ok(taken) = self.position(to)
            && taken != at
        {
            return Err(Error::RecordExists { reference: to.to_string() });
        }
        let mut record = self.records.remove(at);
        record.exchange.clone_from(&to.exchange);
        record.subaccount.clone_from(&to.subaccount);
        record.environment = to.environment;
        self.insert(record)
    }

    /// All records of an exchange, of one environment when it is given.
    pub fn of_exchange(&self, exchange: &str, environment: Option<Environment>) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| {
            record.exchange.eq_ignore_ascii_case(exchange)
                && environment.is_none_or(|environment| environment == record.environment)
        })
    }

    /// Named values, ascending by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The named value `env/NAME`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Sets `env/NAME`; the same text again changes nothing.
    pub fn set_value(&mut self, name: &str, text: Secret, now: Timestamp) {
        match self.values.get_mut(name) {
            Some(value) if value.value == text => {}
            Some(value) => {
                value.value = text;
                value.changed = Some(now);
            }
            None => {
                self.values.insert(name.to_owned(), Value { value: text, created: now, changed: None });
            }
        }
    }

    /// Removes `env/NAME` and returns whether it was there.
    pub fn remove_value(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// What happened, oldest first.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    fn position(&self, reference: &Reference) -> Result<usize, usize> {
        let (exchange, subaccount, environment) = reference.sort_key();
        self.records.binary_search_by(|record| {
            let key = record.exchange.bytes().map(|byte| byte.to_ascii_lowercase());
            key.cmp(exchange.bytes())
                .then_with(|| record.subaccount.as_str().cmp(subaccount))
                .then_with(|| record.environment.cmp(&environment))
        })
    }
}
