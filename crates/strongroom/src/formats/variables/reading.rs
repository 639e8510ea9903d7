//! From the names of environment variables back to records.
//!
//! It has to guess, and a wrong guess must do no harm: whatever is taken as a field of a record is
//! written again under the name that it came with, so that a bot goes on finding it, and what is not clearly
//! a credential stays the named value `env/NAME`.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::grammar::group;
use super::usual::{Assignment, variable_name};
use super::{doubts, spellings};
use crate::Result;
use crate::formats::{ImportOptions, Imported, Notice, freqtrade, guess_kind, missing};
use crate::record::{Record, Reference};
use crate::secret::Secret;

/// The credentials among these names and values, which come from no text. Of equal names the last counts.
pub(crate) fn records_of_pairs(
    pairs: impl IntoIterator<Item = (String, Secret)>,
    options: &ImportOptions<'_>,
) -> Result<Vec<Record>> {
    let by_name: BTreeMap<String, Secret> = pairs.into_iter().collect();
    let assignments = by_name.into_iter().map(|(name, value)| Assignment { name, value, line: None });
    Ok(records_of(assignments.collect(), options, Vec::new())?.records)
}

/// Makes records of the assignments that are credentials and named values of all others.
pub(in crate::formats) fn records_of(
    mut assignments: Vec<Assignment>,
    options: &ImportOptions<'_>,
    mut notices: Vec<Notice>,
) -> Result<Imported> {
    let of_freqtrade = freqtrade::environment::take(&mut assignments, options, &mut notices)?;
    let mut accounts = Accounts::of_groups(group(&assignments), &assignments, options, &mut notices);
    let told = spellings::take(&assignments, &mut accounts, &mut notices);

    let mut imported = Imported { notices, ..Imported::new() };
    let mut taken: Vec<Option<(usize, &'static str)>> = vec![None; assignments.len()];
    let mut references = Vec::with_capacity(accounts.all.len());
    for (index, account) in accounts.all.into_iter().enumerate() {
        imported.records.push(Record::new(&account.reference, options.now)?);
        account.members.iter().for_each(|(field, at)| taken[*at] = Some((index, field)));
        imported.notices.extend(doubts::of_account(account.prefix, &account.reference));
        references.push(account.reference);
    }
    let mut leftovers = Vec::new();
    for (at, (assignment, taken)) in assignments.into_iter().zip(taken).enumerate() {
        let Some((record, field)) = taken else {
            if !assignment.value.is_empty() && !told.contains(&at) {
                leftovers.push((assignment.name.clone(), assignment.line));
            }
            imported.values.push((assignment.name, assignment.value));
            continue;
        };
        let account = &references[record];
        let record = &mut imported.records[record];
        if variable_name(account, field) != assignment.name {
            let text = name_notice(&assignment.name, field, account);
            imported.notices.push(Notice { line: assignment.line, text });
        }
        // Usual names too: which those are is certain when it is known how the vault spells the exchange.
        record.variables.insert(field.to_owned(), assignment.name);
        record.fields.set(field, assignment.value);
    }
    for record in &mut imported.records {
        record.kind = guess_kind(&record.exchange, &record.fields);
        imported.notices.extend(missing::notice(record));
    }
    // Where the text has the same account in other names too, `names::check` says so.
    imported.records.extend(of_freqtrade);
    imported.notices.extend(doubts::of_bare(&leftovers).filter(|_| options.exchange.is_none()));
    imported.notices.extend(doubts::of_leftovers(&leftovers, &imported.records));
    Ok(imported)
}

/// What is said of a field that came under another name than the usual one.
pub(in crate::formats) fn name_notice(name: &str, field: &str, account: &Reference) -> String {
    format!("{name} is the {field} of {account}")
}

#[cfg(test)]
mod tests;
