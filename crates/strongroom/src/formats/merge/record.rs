//! What becomes of one record: by a text that has it, and by single variables that turn out to be its fields.

use std::collections::BTreeMap;

use super::naming::{take_names, with_own_names};
use super::{Renamed, Step};
use crate::Error;
use crate::Result;
use crate::formats::guess_kind;
use crate::formats::variables::usual::own_name;
use crate::record::{Contents, Record, RecordId, Reference, Timestamp, field};
use crate::secret::Secret;

/// One record of the contents, or to be, and what is to be done with it.
pub(super) struct Planned {
    pub(super) reference: Reference,
    pub(super) step: Step,
    /// As it is going to be; none where it stays as it is.
    pub(super) after: Option<Record>,
    /// The fields that the text has, and under which variables, where they are some.
    pub(super) said: Vec<(String, Option<String>)>,
    /// Fields of which the text has nothing but the name, and that are not empty here.
    pub(super) left_filled: Vec<String>,
    /// The day on which the old key expires was forgotten.
    pub(super) forgets_expiry: bool,
}

/// How a value of a text compares to what is there.
enum Comparison {
    Same,
    /// It is empty, and what is there is not: nobody means to lose that, and a template is often left in a `.env`.
    Nothing,
    /// What is there is empty, so that nothing is lost.
    Fills,
    Other,
}

fn compare(there: Option<&Secret>, new: &Secret) -> Comparison {
    match there {
        Some(there) if there == new => Comparison::Same,
        Some(_) if new.is_empty() => Comparison::Nothing,
        // A field that is not there has no less in it.
        None if new.is_empty() => Comparison::Same,
        None => Comparison::Fills,
        Some(there) if there.is_empty() => Comparison::Fills,
        _ => Comparison::Other,
    }
}

/// What is to be done with a named value, and whether the text has nothing where there is something.
pub(super) fn value_step(there: Option<&Secret>, new: &Secret) -> (Step, bool) {
    match compare(there, new) {
        _ if there.is_none() => (Step::Add, false),
        Comparison::Same => (Step::Keep, false),
        Comparison::Nothing => (Step::Keep, true),
        Comparison::Fills => (Step::Fill, false),
        Comparison::Other => (Step::Replace, false),
    }
}

impl Planned {
    /// A record that no text has, but that a variable may be of.
    pub(super) fn untouched(reference: Reference) -> Planned {
        Planned {
            reference,
            step: Step::Keep,
            after: None,
            said: Vec::new(),
            left_filled: Vec::new(),
            forgets_expiry: false,
        }
    }

    /// A record of a text that has all of a record.
    pub(super) fn whole(contents: &Contents, mut new: Record) -> Planned {
        let mut planned = Planned::untouched(new.reference());
        let Some(old) = contents.record(&planned.reference) else {
            return Planned { step: Step::Add, after: Some(new), ..planned };
        };
        if old.fields != new.fields || !metadata_matches(old, &new) {
            // The name stays too: an exchange may be spelt in other letters' case.
            (new.id, new.created) = (old.id, old.created);
            new.exchange.clone_from(&old.exchange);
            (planned.step, planned.after) = (Step::Replace, Some(new));
        }
        planned
    }

    /// A record of a text that has only fields, and says nothing of those that it does not have.
    pub(super) fn of_fields(contents: &Contents, new: Record, replace: bool, now: Timestamp) -> Planned {
        let mut planned = Planned::untouched(new.reference());
        let said = |name: &str| (name.to_owned(), new.variables.get(name).cloned());
        let Some(old) = contents.record(&planned.reference) else {
            planned.said = new.fields.names().map(said).collect();
            return Planned { step: Step::Add, after: Some(with_own_names(new)), ..planned };
        };
        planned.take(contents, new.fields.iter(), now);
        let is_there = |field: &str| planned.record(contents).is_some_and(|record| record.fields.get(field).is_some());
        let is_taken = |field: &&str| is_there(field) && !planned.left_filled.iter().any(|left| left == field);
        planned.said = new.fields.names().filter(is_taken).map(said).collect();
        // Whoever says replace means the names too. Otherwise they stay: a program that runs from this vault knows the
        // fields by them.
        if replace {
            let names: BTreeMap<String, String> =
                planned.said.iter().filter_map(|(field, name)| Some((field.clone(), name.clone()?))).collect();
            let mut after = planned.after.take().unwrap_or_else(|| old.duplicate());
            take_names(&mut after, names);
            if after.variables != old.variables {
                planned.step = Step::Replace;
            }
            planned.after = (planned.step != Step::Keep).then_some(after);
        }
        planned
    }

    /// The record as it is going to be.
    pub(super) fn record<'a>(&'a self, contents: &'a Contents) -> Option<&'a Record> {
        self.after.as_ref().or_else(|| contents.record(&self.reference))
    }

    /// Gives the record these values, and what follows from them; but for what is empty.
    pub(super) fn take<'v>(
        &mut self,
        contents: &Contents,
        values: impl Iterator<Item = (&'v str, &'v Secret)>,
        now: Timestamp,
    ) {
        let Some(there) = self.record(contents) else { return };
        let (mut step, mut taken, mut left) = (self.step, Vec::new(), Vec::new());
        for (name, value) in values {
            match compare(there.fields.get(name), value) {
                Comparison::Same => {}
                Comparison::Nothing => left.push(name.to_owned()),
                Comparison::Fills => {
                    step = step.or_more(Step::Fill);
                    taken.push((name, value));
                }
                Comparison::Other => {
                    step = step.or_more(Step::Replace);
                    taken.push((name, value));
                }
            }
        }
        self.left_filled.extend(left);
        if taken.is_empty() {
            return;
        }
        if let Some(mut after) = self.after.take().or_else(|| contents.record(&self.reference).map(Record::duplicate)) {
            self.forgets_expiry |= set(&mut after, &taken, now) && step != Step::Add;
            (self.step, self.after) = (step, Some(after));
        }
    }

    /// A secret that both keys of an unfinished rotation stand for would be another one, or the old one be gone: the
    /// rotation would lose a key that the exchange still accepts.
    pub(super) fn check_rotation(&self, contents: &Contents) -> Result<()> {
        let (Some(old), Some(after)) = (contents.record(&self.reference), &self.after) else { return Ok(()) };
        let is_lost = |(name, value): (&str, &Secret)| {
            field::is_secret(name) && !value.is_empty() && after.fields.get(name) != Some(value)
        };
        match old.previous.is_some() && (old.fields.iter().any(is_lost) || old.previous != after.previous) {
            true => Err(Error::RotationUnfinished { reference: self.reference.to_string() }),
            false => Ok(()),
        }
    }

    /// The fields that programs get under another name than from this record.
    pub(super) fn renamed(&self, old: &Record) -> Vec<Renamed> {
        let Some(new) = &self.after else { return Vec::new() };
        let renamed = old.fields.names().filter(|name| new.fields.get(name).is_some()).map(|name| Renamed {
            reference: self.reference.to_string(),
            field: name.to_owned(),
            before: own_name(old, name),
            after: own_name(new, name),
        });
        renamed.filter(|renamed| renamed.before != renamed.after).collect()
    }

    /// The record keeps the id it comes with, unless another record has it or had it when it was removed.
    pub(super) fn settle_id(&mut self, is_taken: impl Fn(&RecordId) -> bool) -> Result<()> {
        if let Some(new) = self.after.as_mut().filter(|new| self.step == Step::Add && is_taken(&new.id)) {
            new.id = RecordId(crate::random::bytes()?);
        }
        Ok(())
    }
}

/// Returns whether the day on which the old key expires was forgotten.
fn set(record: &mut Record, values: &[(&str, &Secret)], now: Timestamp) -> bool {
    // A kind that a person chose stays; one that followed from the values follows the new ones.
    let kind_was_guessed = record.kind == guess_kind(&record.exchange, &record.fields);
    let mut secrets = values.iter().filter(|(name, _)| field::is_secret(name)).map(|(name, _)| *name).peekable();
    let is_filled = |name: &str| record.fields.get(name).is_some_and(|there| !there.is_empty());
    let has_new_secret = secrets.peek().is_some();
    let is_another_key = secrets.any(is_filled);
    for (name, value) in values {
        record.fields.set(name, value.duplicate());
    }
    if kind_was_guessed {
        record.kind = guess_kind(&record.exchange, &record.fields);
    }
    if has_new_secret {
        record.rotated = Some(now);
    }
    if !is_another_key {
        return false;
    }
    // As in a rotation: both were of the old key.
    record.verified = None;
    record.expires.take().is_some()
}

/// Not the id and not when it was made: both belong to the record that is there, also after a replacement.
fn metadata_matches(old: &Record, new: &Record) -> bool {
    old.kind == new.kind
        && old.permissions == new.permissions
        && old.ip_allowlist == new.ip_allowlist
        && old.rotated == new.rotated
        && old.expires == new.expires
        && old.rotate_after_days == new.rotate_after_days
        && old.verified == new.verified
        && old.tags == new.tags
        && old.variables == new.variables
        && old.note == new.note
        && old.previous == new.previous
        && old.extensions == new.extensions
}
