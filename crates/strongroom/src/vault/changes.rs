//! What a save changed, told from comparing before and after, so that no caller can forget to say it.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Contents, Fields, LogAction, LogEntry, Record, RecordId, Timestamp, Tombstone};

const MOST_LOG: usize = 256;
/// Two long names of a rename can be longer than an entry holds.
const MOST_WHAT: usize = 1024;

/// Who and when, for the log.
pub(super) struct Change<'a> {
    pub(super) at: Timestamp,
    pub(super) revision: u64,
    pub(super) who: &'a str,
}

impl Change<'_> {
    fn entry(&self, what: String, action: LogAction, fields: Vec<String>) -> LogEntry {
        let what = super::cut(what, MOST_WHAT);
        LogEntry { at: self.at, revision: self.revision, who: self.who.to_owned(), what, action, fields }
    }

    /// Writes tombstones and log entries for what `after` has otherwise than `before`, and `extra` entries.
    pub(super) fn record(&self, before: &Contents, after: &mut Contents, extra: Vec<(String, LogAction)>) {
        let mut entries = Vec::new();
        let old: BTreeMap<RecordId, &Record> = before.records.iter().map(|record| (record.id, record)).collect();
        let mut kept = BTreeSet::new();
        for record in &after.records {
            let name = record.reference().to_string();
            match old.get(&record.id) {
                None => entries.push(self.entry(name, LogAction::Added, names(&record.fields))),
                Some(earlier) => {
                    kept.insert(record.id);
                    if earlier.reference() != record.reference() {
                        let what = format!("{} -> {name}", earlier.reference());
                        entries.push(self.entry(what, LogAction::Renamed, Vec::new()));
                    }
                    let fields = changed_fields(&earlier.fields, &record.fields);
                    if !fields.is_empty() || !same_but_fields_and_name(earlier, record) {
                        entries.push(self.entry(name, LogAction::Changed, fields));
                    }
                }
            }
        }
        for (id, record) in old.iter().filter(|(id, _)| !kept.contains(*id)) {
            entries.push(self.entry(record.reference().to_string(), LogAction::Removed, names(&record.fields)));
            let at = after.tombstones.partition_point(|tombstone| tombstone.id < *id);
            after.tombstones.insert(at, Tombstone { id: *id, removed: self.at });
        }
        self.compare_values(before, after, &mut entries);
        entries.extend(extra.into_iter().map(|(what, action)| self.entry(what, action, Vec::new())));
        after.log.append(&mut entries);
        let surplus = after.log.len().saturating_sub(MOST_LOG);
        after.log.drain(..surplus);
    }

    fn compare_values(&self, before: &Contents, after: &Contents, entries: &mut Vec<LogEntry>) {
        let mut note = |name: &str, action| entries.push(self.entry(format!("env/{name}"), action, Vec::new()));
        for (name, value) in &after.values {
            match before.values.get(name) {
                None => note(name, LogAction::Added),
                Some(earlier) if earlier != value => note(name, LogAction::Changed),
                Some(_) => {}
            }
        }
        before.values.keys().filter(|name| !after.values.contains_key(*name)).for_each(|name| {
            note(name, LogAction::Removed);
        });
    }
}

fn names(fields: &Fields) -> Vec<String> {
    fields.names().map(str::to_owned).collect()
}

fn changed_fields(before: &Fields, after: &Fields) -> Vec<String> {
    let all: BTreeSet<&str> = before.names().chain(after.names()).collect();
    all.into_iter().filter(|name| before.get(name) != after.get(name)).map(str::to_owned).collect()
}

fn same_but_fields_and_name(a: &Record, b: &Record) -> bool {
    a.kind == b.kind
        && a.permissions == b.permissions
        && a.ip_allowlist == b.ip_allowlist
        && (a.created, a.rotated, a.expires) == (b.created, b.rotated, b.expires)
        && (a.rotate_after_days, a.verified) == (b.rotate_after_days, b.verified)
        && a.tags == b.tags
        && a.variables == b.variables
        && a.note == b.note
        && a.previous == b.previous
        && a.extensions == b.extensions
}
