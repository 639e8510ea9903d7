//! Putting what was read into the contents of a vault: everything or nothing.
//!
//! First it is planned what every record and value is going to be, in [`record`] and [`places`]; then, when nothing
//! stands in the way, all of it is done.

mod naming;
mod places;
mod record;
mod report;
#[cfg(test)]
mod second_texts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::variables::usual::own_name;
use super::{Imported, Metadata, names};
use crate::record::{Contents, RecordId, Timestamp, Value};
use crate::secret::Secret;
use crate::{Error, Result};
use record::{Planned, value_step};

pub use naming::NamedFields;
pub(super) use naming::name_in;
pub(super) use places::{Owners, renamed_in};
pub use report::{ImportReport, LeftFilled, Removed, Renamed};

/// What is to be done with one thing that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Add,
    Keep,
    /// What is there is empty, or has empty fields: nobody needs to be asked.
    Fill,
    Replace,
}

impl Step {
    /// What is new stays new, and of the others the one that does more counts.
    fn or_more(self, other: Step) -> Step {
        match (self, other) {
            (Step::Keep, other) | (Step::Fill, other @ Step::Replace) => other,
            (step, _) => step,
        }
    }
}

pub(super) fn merge_into(
    contents: &mut Contents,
    mut imported: Imported,
    replace: bool,
    now: Timestamp,
) -> Result<ImportReport> {
    names::spell_as_in(contents, &mut imported.records)?;
    // The same name twice in one text would otherwise surface half-way through.
    names::check(&imported)?;
    let mut plan = Plan::of(contents, imported, replace, now);
    plan.check(contents, replace)?;
    // Fresh ids are the only thing that can fail, so they come before the first change.
    plan.settle_ids(contents)?;
    plan.carry_out(contents, now)
}

/// All that is to be done.
struct Plan {
    records: Vec<Planned>,
    values: Vec<(String, Secret, Step)>,
    twins: Vec<Twin>,
    left_filled: Vec<LeftFilled>,
    /// Times of values, from a text that has them.
    value_times: BTreeMap<String, (Timestamp, Option<Timestamp>)>,
}

/// A named value that is a field of a record now.
struct Twin {
    name: String,
    reference: String,
    field: String,
    /// Whether it has another value than the field.
    is_another: bool,
}

impl Plan {
    fn of(contents: &Contents, imported: Imported, replace: bool, now: Timestamp) -> Plan {
        let Imported { mut records, values, metadata, .. } = imported;
        let mut plan = Plan {
            records: Vec::with_capacity(records.len()),
            values: Vec::with_capacity(values.len()),
            twins: Vec::new(),
            left_filled: Vec::new(),
            value_times: BTreeMap::new(),
        };
        let is_whole = matches!(metadata, Metadata::Whole { .. });
        if !is_whole {
            places::find_renamed(contents, &mut records);
        }
        // In the order of the contents, so that adding thousands to an empty vault moves none of them.
        records.sort_by_cached_key(|record| {
            let reference = record.reference();
            (reference.exchange.to_ascii_lowercase(), reference.subaccount, reference.environment)
        });
        if let Metadata::Whole { value_times } = metadata {
            plan.value_times = value_times;
            plan.records.extend(records.into_iter().map(|new| Planned::whole(contents, new)));
            for (name, text) in values {
                // What is whole says that a value is empty where it is.
                let step = match contents.value(&name) {
                    None => Step::Add,
                    Some(there) if there.value == text => Step::Keep,
                    Some(_) => Step::Replace,
                };
                plan.values.push((name, text, step));
            }
        } else {
            let of_fields = |new| Planned::of_fields(contents, new, replace, now);
            plan.records.extend(records.into_iter().map(of_fields));
            plan.take_values(contents, values, now);
            plan.find_twins(contents, now);
        }
        plan
    }

    /// A value under the name by which programs get a field of a record is that field, whichever text came first.
    fn take_values(&mut self, contents: &Contents, values: Vec<(String, Secret)>, now: Timestamp) {
        if values.is_empty() {
            return;
        }
        let mut places: BTreeMap<String, usize> =
            self.records.iter().enumerate().map(|(at, planned)| (planned.reference.to_string(), at)).collect();
        let others = contents.records().iter().filter(|record| !places.contains_key(&record.reference().to_string()));
        let owners = Owners::of(self.records.iter().filter_map(|planned| planned.record(contents)).chain(others));
        for (name, text) in values {
            let Some((reference, field)) = owners.at(&name) else {
                let (step, is_left) = value_step(contents.value(&name).map(|there| &there.value), &text);
                if is_left {
                    self.left_filled.push(LeftFilled { reference: names::value_reference(&name), fields: Vec::new() });
                }
                self.values.push((name, text, step));
                continue;
            };
            let at = *places.entry(reference.to_string()).or_insert_with(|| {
                self.records.push(Planned::untouched(reference.clone()));
                self.records.len() - 1
            });
            self.records[at].take(contents, std::iter::once((field.as_str(), &text)), now);
            if !text.is_empty() {
                self.records[at].said.push((field.clone(), Some(name)));
            }
        }
    }

    /// Named values that are fields of these records now, under the same name: they were kept while nobody knew whose
    /// they are, and two of one name cannot both reach a program.
    fn find_twins(&mut self, contents: &Contents, now: Timestamp) {
        if contents.values().next().is_none() {
            return;
        }
        for planned in &mut self.records {
            for (field, said) in std::mem::take(&mut planned.said) {
                let Some(record) = planned.record(contents) else { continue };
                let name = own_name(record, &field);
                let twin = contents.value(&name).map(|twin| &twin.value);
                let Some((value, twin)) = record.fields.get(&field).zip(twin) else { continue };
                let mut is_another = twin != value && !twin.is_empty();
                if is_another && value.is_empty() {
                    // Nothing replaces something here either: the field takes what was kept for it.
                    planned.take(contents, std::iter::once((field.as_str(), twin)), now);
                    is_another = false;
                }
                // A document that names nothing says nothing of this variable: that both are one is told.
                if !is_another || said.as_ref() == Some(&name) {
                    let reference = planned.reference.to_string();
                    self.twins.push(Twin { name, reference, field, is_another });
                }
            }
        }
    }

    fn check(&self, contents: &Contents, replace: bool) -> Result<()> {
        if replace {
            return self.records.iter().try_for_each(|planned| planned.check_rotation(contents));
        }
        let records = self.records.iter().filter(|planned| planned.step == Step::Replace);
        let values = self.values.iter().filter(|(_, _, step)| *step == Step::Replace);
        let twins = self.twins.iter().filter(|twin| twin.is_another);
        let references: Vec<String> = records
            .map(|planned| planned.reference.to_string())
            .chain(twins.map(|twin| names::value_reference(&twin.name)))
            .chain(values.map(|(name, _, _)| names::value_reference(name)))
            .collect();
        if references.is_empty() { Ok(()) } else { Err(Error::Differs { references }) }
    }

    fn settle_ids(&mut self, contents: &Contents) -> Result<()> {
        let there = contents.records.iter().map(|record| record.id);
        let taken: BTreeSet<RecordId> = there.chain(contents.tombstones.iter().map(|removed| removed.id)).collect();
        self.records.iter_mut().try_for_each(|planned| planned.settle_id(|id| taken.contains(id)))
    }

    fn carry_out(self, contents: &mut Contents, now: Timestamp) -> Result<ImportReport> {
        let mut report = ImportReport { left_filled: self.left_filled, ..ImportReport::default() };
        for mut planned in self.records {
            let reference = planned.reference.to_string();
            if let Some(old) = contents.record(&planned.reference) {
                report.renamed.extend(planned.renamed(old));
            }
            match (planned.step, planned.after.take()) {
                (Step::Add, Some(new)) => contents.insert(new)?,
                (_, Some(new)) => match contents.record_mut(&planned.reference) {
                    Some(there) => *there = new,
                    None => return Err(Error::NoSuchRecord { reference }),
                },
                (_, None) => {}
            }
            if planned.forgets_expiry {
                report.expiry_forgotten.push(reference.clone());
            }
            if !planned.left_filled.is_empty() {
                let fields = planned.left_filled;
                report.left_filled.push(LeftFilled { reference: reference.clone(), fields });
            }
            report.tell(planned.step, reference);
        }
        for Twin { name, reference, field, .. } in self.twins {
            contents.remove_value(&name);
            report.removed.push(Removed { value: names::value_reference(&name), reference, field });
        }
        for (name, text, step) in self.values {
            report.tell(step, names::value_reference(&name));
            match (step, self.value_times.get(&name)) {
                (Step::Keep, _) => {}
                (Step::Add, Some((created, changed))) => {
                    contents.values.insert(name, Value { value: text, created: *created, changed: *changed });
                }
                (Step::Add | Step::Fill | Step::Replace, _) => contents.set_value(&name, text, now),
            }
        }
        if !report.renamed.is_empty() {
            let owners = Owners::of(contents.records().iter());
            // A name of which the text has nothing but that is as good as gone.
            let is_given = |name: &str| contents.value(name).is_some_and(|there| !there.value.is_empty());
            report.renamed.retain(|one| owners.at(&one.before).is_none() && !is_given(&one.before));
        }
        Ok(report)
    }
}

impl ImportReport {
    fn tell(&mut self, step: Step, reference: String) {
        match step {
            Step::Add => self.added.push(reference),
            Step::Keep => self.unchanged.push(reference),
            Step::Fill | Step::Replace => self.replaced.push(reference),
        }
    }
}
