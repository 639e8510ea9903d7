//! By which environment variables the fields of a record are known, when several texts name them.

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::Imported;
use crate::formats::variables::usual::variable_name;
use crate::record::{Contents, Record};

/// Which fields a text has named so far, the usual names among them, while several are put together: (REF, field).
/// Documents that are no variables name nothing.
#[derive(Debug, Default)]
pub struct NamedFields(BTreeSet<(String, String)>);

/// Gives the fields of what is there the names of this text, but for those that an earlier text named.
pub(in crate::formats) fn name_in(contents: &mut Contents, imported: &Imported, named: &mut NamedFields) {
    for record in &imported.records {
        let known = contents.known_as(&record.reference()).map(Record::reference);
        let reference = known.clone().unwrap_or_else(|| record.reference());
        let mut is_first = |field: &String| named.0.insert((reference.to_string(), field.clone()));
        let names: Vec<(&String, &String)> = record.variables.iter().filter(|(field, _)| is_first(field)).collect();
        if let Some(known) = known.and_then(|known| contents.record_mut(&known)) {
            name_fields(known, &names);
        }
    }
}

/// A name that another field has stays there: two fields under one could not be saved.
fn name_fields(record: &mut Record, names: &[(&String, &String)]) {
    let reference = record.reference();
    for (field, name) in names {
        let is_usual = variable_name(&reference, field) == **name;
        let is_there = record.fields.get(field).is_some();
        if is_there && !is_usual && !record.variables.values().any(|there| there == *name) {
            record.variables.entry((*field).clone()).or_insert_with(|| (*name).clone());
        }
    }
}

/// Makes these the names by which a program knows the fields; the usual ones need no saying.
pub(super) fn take_names(record: &mut Record, names: BTreeMap<String, String>) {
    let reference = record.reference();
    for (field, name) in names {
        // A name that now is this field's is no other's any more.
        record.variables.retain(|other, there| *other != field && *there != name);
        if name != variable_name(&reference, &field) {
            record.variables.insert(field, name);
        }
    }
}

/// Without the names that are the usual ones, of which a record says nothing.
pub(super) fn with_own_names(mut record: Record) -> Record {
    let reference = record.reference();
    record.variables.retain(|field, name| variable_name(&reference, field) != *name);
    record
}
