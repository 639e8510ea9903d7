//! What is different between the vault that was shown and the text that came back, and how it is applied.
//!
//! Applying compares again: a record that somebody else changed in the meantime is not overwritten.

use std::collections::BTreeSet;
use std::fmt;

use strongroom::formats::Place;
use strongroom::record::{Fields, Timestamp};
use strongroom::registry::nearest_permission;
use strongroom::{Contents, Error, Record, Secret, Selection, formats};

use super::document::{Document, Draft, Problem, Scope, id_text};
use crate::commands::record_input::variables::{self, Slip};
use crate::commands::record_input::{field_names, is_secret};
use crate::context::Context;
use crate::output::printable;

/// All that is different.
pub struct Changes {
    name: Option<(String, String)>,
    /// Records that are gone, as they were shown.
    removed: Vec<Record>,
    /// As shown, and as the text has it.
    changed: Vec<(Record, Draft)>,
    added: Vec<Draft>,
    /// Name, text as shown, text now. `None`: not there.
    values: Vec<(String, Option<Secret>, Option<Secret>)>,
}

impl Changes {
    /// Compares the text with what was shown.
    ///
    /// # Errors
    /// A [`Problem`] where the text contradicts itself or what is outside of `scope`.
    pub fn find(before: &Contents, scope: &Scope, document: Document) -> Result<Changes, Problem> {
        let shown: Vec<&Record> = before.records().iter().filter(|record| scope.has_record(record)).collect();
        let mut names = BTreeSet::new();
        let mut kept = BTreeSet::new();
        let mut changes =
            Changes { name: None, removed: Vec::new(), changed: Vec::new(), added: Vec::new(), values: Vec::new() };
        for draft in document.records {
            let line = draft.line;
            let (exchange, subaccount, environment) = draft.reference.sort_key();
            if !names.insert((exchange, subaccount.to_owned(), environment)) {
                return Err(Problem { line, problem: "another record of this text has the same name".into() });
            }
            let taken = before.record(&draft.reference).is_some_and(|record| !scope.has_record(record));
            if taken {
                return Err(Problem { line, problem: "a record that is not shown here has this name".into() });
            }
            let Some(id) = &draft.id else {
                refuse_slips(&draft, &BTreeSet::new())?;
                refuse_field_names(&draft, None)?;
                refuse_names(&draft, None)?;
                changes.added.push(draft);
                continue;
            };
            let Some(record) = shown.iter().find(|record| id_text(&record.id) == *id) else {
                return Err(Problem {
                    line,
                    problem: "no record has this id: leave the line out for a new record".into(),
                });
            };
            if !kept.insert(record.id) {
                return Err(Problem { line, problem: "another record of this text has the same id".into() });
            }
            refuse_slips(&draft, &record.permissions)?;
            refuse_field_names(&draft, Some(record))?;
            refuse_names(&draft, Some(record))?;
            let mut after = record.duplicate();
            overwrite(&mut after, &draft, 0);
            if differs(record, &after) {
                changes.changed.push((record.duplicate(), draft));
            }
        }
        changes.removed =
            shown.iter().filter(|record| !kept.contains(&record.id)).map(|record| record.duplicate()).collect();
        changes.values = values(before, scope, document.values);
        if scope.0.is_none() {
            let name = document.name.unwrap_or_default();
            changes.name = (name != before.name).then(|| (before.name.clone(), name));
        }
        Ok(changes)
    }

    /// Warns of new fields whose names may have been meant to be others.
    pub fn warn_of_resembling(&self, context: &Context) {
        let changed = self.changed.iter().map(|(record, draft)| (Some(record), draft));
        for (there, draft) in changed.chain(self.added.iter().map(|draft| (None, draft))) {
            let names = draft.fields.iter().map(|(name, _)| name);
            field_names::warn_of_resembling(context, &draft.reference, there, names);
        }
    }

    /// Applies them to what is there now, all or nothing.
    ///
    /// # Errors
    /// [`Error::Changed`] where somebody else was faster.
    pub fn apply(&self, contents: &mut Contents, now: Timestamp) -> Result<(), Error> {
        if let Some((before, after)) = &self.name {
            if contents.name != *before {
                return Err(Error::Changed { what: "the name of the vault".into() });
            }
            contents.name.clone_from(after);
        }
        // All of them leave before any comes back, so that two records can exchange their names.
        for record in self.removed.iter().chain(self.changed.iter().map(|(record, _)| record)) {
            let changed = || Error::Changed { what: record.reference().to_string() };
            let there = contents.remove(&record.reference()).map_err(|_| changed())?;
            if there != *record {
                return Err(changed());
            }
        }
        for (record, draft) in &self.changed {
            let mut record = record.duplicate();
            overwrite(&mut record, draft, now);
            contents.insert(record)?;
        }
        for draft in &self.added {
            let mut record = Record::new(&draft.reference, now)?;
            overwrite(&mut record, draft, now);
            contents.insert(record)?;
        }
        for (name, before, after) in &self.values {
            if contents.value(name).map(|value| &value.value) != before.as_ref() {
                return Err(Error::Changed { what: Selection::Value(name.clone()).to_string() });
            }
            match after {
                Some(text) => contents.set_value(name, text.duplicate(), now),
                None => {
                    contents.remove_value(name);
                }
            }
        }
        Ok(())
    }

    /// The line of the record that a name from a message belongs to; 1 when it belongs to none.
    pub fn line_of(&self, place: &str) -> usize {
        let drafts = self.changed.iter().map(|(_, draft)| draft).chain(&self.added);
        let named = |draft: &&Draft| {
            let rest = place.strip_prefix(&draft.reference.to_string());
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || "_-.@".contains(next)))
        };
        drafts.into_iter().find(named).map_or(1, |draft| draft.line)
    }

    /// Names of what is different.
    pub fn summary(&self) -> Summary {
        let value = |name: &String| Selection::Value(name.clone()).to_string();
        let mut summary = Summary { vault_name: self.name.is_some(), ..Summary::default() };
        summary.added.extend(self.added.iter().map(|draft| draft.reference.to_string()));
        summary.removed.extend(self.removed.iter().map(|record| record.reference().to_string()));
        for (record, draft) in &self.changed {
            let (from, to) = (record.reference().to_string(), draft.reference.to_string());
            if from == to { summary.changed.push(to) } else { summary.renamed.push((from, to)) }
        }
        for (name, before, after) in &self.values {
            match (before, after) {
                (None, _) => summary.added.push(value(name)),
                (_, None) => summary.removed.push(value(name)),
                _ => summary.changed.push(value(name)),
            }
        }
        summary
    }
}

/// A new permission that is nearly one that is known would hide from `check` what the key may do.
fn refuse_slips(draft: &Draft, before: &BTreeSet<String>) -> Result<(), Problem> {
    let new = draft.permissions.iter().filter(|word| !before.contains(*word));
    let Some(meant) = new.filter_map(|word| nearest_permission(&draft.reference.exchange, word)).next() else {
        return Ok(());
    };
    let problem = format!("no such permission; did you mean {meant}? If not: strongroom set");
    Err(Problem { line: draft.permissions_line, problem: problem.into() })
}

/// A new field under a name that was meant to be another's.
fn refuse_field_names(draft: &Draft, before: Option<&Record>) -> Result<(), Problem> {
    for ((name, _), line) in draft.fields.iter().zip(&draft.field_lines) {
        let is_new = before.is_none_or(|before| before.fields.get(name).is_none());
        if let Some(meant) = formats::field_meant(&draft.reference.exchange, name).filter(|_| is_new) {
            // It is like a word of ours, so that it cannot be a secret.
            return Err(Problem { line: *line, problem: format!("{name} is called {meant} here").into() });
        }
    }
    Ok(())
}

/// A variable of a name that nobody should give, for a field that is not there, or for two. What is so already stands in the way of nothing else.
fn refuse_names(draft: &Draft, before: Option<&Record>) -> Result<(), Problem> {
    let line = draft.variables.values().map(|(_, line)| *line).next().unwrap_or(draft.line);
    // Only a name that is none fails, and that one was read as a name.
    let mut after = Record::new(&draft.reference, 0)
        .map_err(|_| Problem { line, problem: "no names can be given to this record's fields".into() })?;
    overwrite(&mut after, draft, 0);
    for (field, (name, line)) in &draft.variables {
        let is_usual = *name == formats::variable_name(&draft.reference, field);
        let is_new = before.is_none_or(|before| before.variables.get(field) != Some(name)) && !is_usual;
        if let Some(problem) = variables::problem_of_new_name(name).filter(|_| is_new) {
            return Err(Problem { line: *line, problem: problem.into() });
        }
        let Some(slip) = variables::slip(&after, field) else { continue };
        let was_so = before.is_some_and(|before| {
            before.variables.get(field) == Some(name) && variables::slip(before, field).is_some()
        });
        let problem = match slip {
            _ if was_so => continue,
            Slip::NoSuchField => format!("the record has no field {field} for this variable"),
            Slip::SameAs(other) => same_variable(field, &other),
        };
        return Err(Problem { line: *line, problem: problem.into() });
    }
    // The usual names of two fields can be the same too.
    match variables::new_collision(before, &after).map(|collision| collision.places) {
        Some([Place::Field { field: one, .. }, Place::Field { field: other, .. }]) => {
            let line_of = draft.fields.iter().zip(&draft.field_lines).find(|((name, _), _)| *name == other);
            let line = line_of.map_or(line, |(_, line)| *line);
            Err(Problem { line, problem: same_variable(&one, &other).into() })
        }
        _ => Ok(()),
    }
}

fn same_variable(field: &str, other: &str) -> String {
    format!("{field} and {other} would be the same variable")
}

/// Everything that the text says; `rotated` when a secret that was there has another text.
fn overwrite(record: &mut Record, draft: &Draft, now: Timestamp) {
    let before = record.duplicate();
    let fields: Fields = draft.fields.iter().map(|(name, value)| (name.clone(), value.duplicate())).collect();
    let rotated =
        record.fields.iter().any(|(name, old)| is_secret(name) && fields.get(name).is_some_and(|new| new != old));
    if rotated {
        record.rotated = Some(now);
    }
    record.exchange.clone_from(&draft.reference.exchange);
    record.subaccount.clone_from(&draft.reference.subaccount);
    record.environment = draft.reference.environment;
    record.kind = draft.kind;
    record.fields = fields;
    record.permissions.clone_from(&draft.permissions);
    record.ip_allowlist.clone_from(&draft.ip_allowlist);
    record.expires = draft.expires;
    record.rotate_after_days = draft.rotate_after_days;
    record.tags.clone_from(&draft.tags);
    (*record.note).clone_from(&draft.note);
    let reference = record.reference();
    let given = draft.variables.iter().map(|(field, (name, _))| (field.clone(), name.clone()));
    // The usual name is none of its own, unless it stands there already, from before another name of the record.
    let is_own = |(field, name): &(String, String)| {
        record.variables.get(field) == Some(name) || *name != formats::variable_name(&reference, field)
    };
    record.variables = given.filter(is_own).collect();
    record.keep_for_rollback(&before);
}

/// Whether the text changed anything. `rotated` does not count by itself: it follows from the fields.
fn differs(before: &Record, after: &Record) -> bool {
    let mut after = after.duplicate();
    after.rotated = before.rotated;
    *before != after
}

fn values(
    before: &Contents,
    scope: &Scope,
    after: Vec<(String, Secret)>,
) -> Vec<(String, Option<Secret>, Option<Secret>)> {
    let shown = |name: &str| scope.has_value(name).then(|| before.value(name)).flatten();
    let gone = before
        .values()
        .filter(|(name, _)| scope.has_value(name) && after.iter().all(|(kept, _)| kept != name))
        .map(|(name, value)| (name.to_owned(), Some(value.value.duplicate()), None))
        .collect::<Vec<_>>();
    let mut values = gone;
    for (name, text) in after {
        let old = shown(&name).map(|value| value.value.duplicate());
        if old.as_ref() != Some(&text) {
            values.push((name, old, Some(text)));
        }
    }
    values
}

/// Names of what was edited.
#[derive(Default)]
pub struct Summary {
    vault_name: bool,
    added: Vec<String>,
    changed: Vec<String>,
    renamed: Vec<(String, String)>,
    removed: Vec<String>,
}

impl Summary {
    /// For `--json`.
    pub fn to_json(&self) -> serde_json::Value {
        let renamed: Vec<_> =
            self.renamed.iter().map(|(from, to)| serde_json::json!({ "from": from, "to": to })).collect();
        serde_json::json!({
            "added": self.added, "changed": self.changed, "renamed": renamed, "removed": self.removed,
            "name_changed": self.vault_name,
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        for (done, names) in [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)] {
            if !names.is_empty() {
                parts.push(format!("{done} {}", names.join(", ")));
            }
        }
        parts.extend(self.renamed.iter().map(|(from, to)| format!("renamed {from} to {to}")));
        if self.vault_name {
            parts.push("changed the vault's name".to_owned());
        }
        f.write_str(&printable(&parts.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{read, write};
    use super::*;
    use strongroom::Reference;

    fn contents() -> Contents {
        let mut contents = Contents::default();
        contents.name = "desk".into();
        for name in ["a", "b"] {
            let mut record = Record::new(&Reference::new("okx", name), 1_000).unwrap();
            record.fields.set("api_key", Secret::copy_of("EXAMPLE-KEY"));
            contents.insert(record).unwrap();
        }
        contents.set_value("URL", Secret::copy_of("EXAMPLE"), 1_000);
        contents
    }

    fn edited(before: &Contents, change: impl Fn(String) -> String) -> Result<Changes, Problem> {
        let scope = Scope(None);
        let text = change(write(before, &scope, "").as_str().to_owned());
        Changes::find(before, &scope, read(&text)?)
    }

    #[test]
    fn the_same_text_changes_nothing() {
        let mut contents = contents();
        let changes = edited(&contents, |text| text).unwrap();
        assert_eq!(changes.summary().to_string(), "");
        let before = contents.record(&Reference::new("okx", "a")).unwrap().duplicate();
        changes.apply(&mut contents, 2_000).unwrap();
        assert!(*contents.record(&Reference::new("okx", "a")).unwrap() == before);
    }

    #[test]
    fn records_can_exchange_their_names_and_keep_their_ids() {
        let mut contents = contents();
        let id = contents.record(&Reference::new("okx", "a")).unwrap().id;
        let swap = |text: String| text.replace("\"a\"", "\"c\"").replace("\"b\"", "\"a\"").replace("\"c\"", "\"b\"");
        let changes = edited(&contents, swap).unwrap();
        changes.apply(&mut contents, 2_000).unwrap();
        assert_eq!(contents.record(&Reference::new("okx", "b")).unwrap().id, id);
        assert_eq!(changes.summary().to_string(), "renamed okx/a to okx/b; renamed okx/b to okx/a");
    }

    #[test]
    fn another_secret_is_a_rotation() {
        let mut contents = contents();
        let changes = edited(&contents, |text| text.replacen("EXAMPLE-KEY", "EXAMPLE-NEW", 1)).unwrap();
        changes.apply(&mut contents, 2_000).unwrap();
        assert_eq!(contents.record(&Reference::new("okx", "a")).unwrap().rotated, Some(2_000));
        assert_eq!(contents.record(&Reference::new("okx", "b")).unwrap().rotated, None);
    }

    #[test]
    fn what_is_edited_during_a_rotation_comes_back_with_the_old_key() {
        let (mut contents, okx) = (contents(), Reference::new("okx", "a"));
        contents.record_mut(&okx).unwrap().fields.set("uid", Secret::copy_of("EXAMPLE-USER"));
        contents.record_mut(&okx).unwrap().variables.insert("uid".into(), "OKX_USER".into());
        let before = contents.record(&okx).unwrap().duplicate();
        let new = [("api_key".to_owned(), Secret::copy_of("EXAMPLE-ROTATED"))].into_iter().collect();
        contents.begin_rotation(&okx, &new, 2_000, 3_000).unwrap();
        let without_user = |text: String| {
            let kept = text.lines().filter(|line| !line.contains("EXAMPLE-USER") && !line.contains("OKX_USER"));
            kept.map(|line| format!("{line}\n")).collect()
        };
        edited(&contents, without_user).unwrap().apply(&mut contents, 2_500).unwrap();
        assert!(contents.record(&okx).unwrap().fields.get("uid").is_none());
        contents.roll_back_rotation(&okx).unwrap();
        assert!(*contents.record(&okx).unwrap() == before);
    }

    #[test]
    fn what_somebody_else_changed_is_not_overwritten() {
        let mut contents = contents();
        let changes = edited(&contents, |text| text.replacen("EXAMPLE-KEY", "EXAMPLE-NEW", 1)).unwrap();
        let other = contents.record_mut(&Reference::new("okx", "a")).unwrap();
        other.note = String::from("meanwhile").into();
        assert!(matches!(changes.apply(&mut contents, 2_000), Err(Error::Changed { .. })));
    }

    #[test]
    fn what_somebody_else_changed_elsewhere_stays() {
        let mut contents = contents();
        let changes = edited(&contents, |text| text.replace("\"EXAMPLE\"", "\"EXAMPLE-NEW\"")).unwrap();
        contents.record_mut(&Reference::new("okx", "a")).unwrap().note = String::from("meanwhile").into();
        changes.apply(&mut contents, 2_000).unwrap();
        assert_eq!(contents.record(&Reference::new("okx", "a")).unwrap().note.as_str(), "meanwhile");
        assert_eq!(contents.value("URL").unwrap().value.expose_secret(), "EXAMPLE-NEW");
    }

    #[test]
    fn a_record_left_out_is_removed_and_one_without_id_is_new() {
        let mut contents = contents();
        let drop_first = |text: String| {
            let second = text.rfind("[[record]]").unwrap();
            let first = text.find("[[record]]").unwrap();
            format!("{}[[record]]\nexchange = \"bybit\"\n\n{}", &text[..first], &text[second..])
        };
        let changes = edited(&contents, drop_first).unwrap();
        changes.apply(&mut contents, 2_000).unwrap();
        let names: Vec<String> = contents.records().iter().map(|record| record.reference().to_string()).collect();
        assert_eq!(names, ["bybit/main", "okx/b"]);
    }

    #[test]
    fn a_text_that_contradicts_itself_is_refused() {
        let contents = contents();
        assert!(edited(&contents, |text| text.replace("\"a\"", "\"b\"")).is_err(), "same name twice");
        assert!(edited(&contents, |text| text.replacen("id = \"", "id = \"0", 1)).is_err(), "unknown id");
        let id = id_text(&contents.records()[0].id);
        let other = id_text(&contents.records()[1].id);
        assert!(edited(&contents, |text| text.replace(&other, &id)).is_err(), "same id twice");
    }
}
