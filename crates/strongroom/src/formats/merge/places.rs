//! Which record of the vault a variable of a text is of, whatever the text alone would make of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::variables::usual::{own_name, prefix_of};
use crate::record::{Contents, Fields, Record, Reference};
use crate::registry::canonical_id;

/// An account that came as variables, and that the vault does not have under this name, is the one record there by which
/// programs get all of these variables: it was renamed, and they went on finding it; or it was read as another account
/// when it came. Names that say no exchange, such as `API_KEY`, prove nothing of a record of another one.
pub(super) fn find_renamed(contents: &Contents, records: &mut [Record]) {
    let named = Named::of(contents);
    let mut taken: BTreeSet<String> = records.iter().map(|record| record.reference().to_string()).collect();
    for record in records {
        if let Some(there) = named.renamed(contents, record)
            && taken.insert(there.reference().to_string())
        {
            become_of(record, there);
        }
    }
}

/// The accounts of a text that the vault has under another name: as the text has them.
pub(in crate::formats) fn renamed_in(contents: &Contents, records: &[Record]) -> Vec<Reference> {
    let named = Named::of(contents);
    let is_renamed = |record: &&Record| named.renamed(contents, record).is_some();
    records.iter().filter(is_renamed).map(Record::reference).collect()
}

/// The names by which programs get the fields of records, and which records: several, where they are in each other's way.
struct Named<'a>(BTreeMap<String, Vec<&'a Record>>);

impl<'a> Named<'a> {
    fn of(contents: &'a Contents) -> Named<'a> {
        let mut named: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
        for record in contents.records() {
            for field in record.fields.names() {
                named.entry(own_name(record, field)).or_default().push(record);
            }
        }
        Named(named)
    }

    fn renamed(&self, contents: &Contents, record: &Record) -> Option<&'a Record> {
        let is_of_variables = !record.fields.is_empty() && record.fields.names().all(|name| is_named(record, name));
        if !is_of_variables || contents.known_as(&record.reference()).is_some() {
            return None;
        }
        let mut there: Option<&Record> = None;
        for name in record.variables.values() {
            let [one] = self.0.get(name.as_str())?.as_slice() else { return None };
            if there.is_some_and(|there| there.id != one.id) {
                return None;
            }
            there = Some(one);
        }
        let says_exchange = |there: &&Record| {
            let says = |exchange: &str| {
                let prefix = format!("{}_", prefix_of(&Reference::new(exchange, "main")));
                record.variables.values().all(|name| name.starts_with(&prefix))
            };
            let is_same = canonical_id(&there.exchange).eq_ignore_ascii_case(canonical_id(&record.exchange));
            is_same || says(&there.exchange) || says(&record.exchange)
        };
        there.filter(says_exchange)
    }
}

fn is_named(record: &Record, field: &str) -> bool {
    record.variables.contains_key(field)
}

/// The same variables, as the fields that they are there.
fn become_of(record: &mut Record, there: &Record) {
    let mut fields = Fields::default();
    let mut variables = BTreeMap::new();
    for (field, name) in &record.variables {
        let here = there.fields.names().find(|here| own_name(there, here) == *name);
        if let Some((here, value)) = here.zip(record.fields.get(field)) {
            fields.set(here, value.duplicate());
            variables.insert(here.to_owned(), name.clone());
        }
    }
    (record.fields, record.variables) = (fields, variables);
    record.exchange.clone_from(&there.exchange);
    record.subaccount.clone_from(&there.subaccount);
    record.environment = there.environment;
}

/// Which field of which record a program gets as a variable of this name.
pub(in crate::formats) struct Owners(BTreeMap<String, (Reference, String)>);

impl Owners {
    /// Of these records. Where two are one variable, the first counts.
    pub(in crate::formats) fn of<'a>(records: impl Iterator<Item = &'a Record>) -> Owners {
        let mut owners = BTreeMap::new();
        for record in records {
            for field in record.fields.names() {
                owners.entry(own_name(record, field)).or_insert_with(|| (record.reference(), field.to_owned()));
            }
        }
        Owners(owners)
    }

    /// None where the name is nobody's.
    pub(in crate::formats) fn at(&self, name: &str) -> Option<&(Reference, String)> {
        self.0.get(name)
    }
}
