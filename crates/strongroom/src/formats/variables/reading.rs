//! From the names of environment variables back to records.
//!
//! It has to guess, and a wrong guess must do no harm: whatever is taken as a field of a record is
//! written again under the name that it came with (a notice says where not), and what is not clearly
//! a credential stays the named value `env/NAME`.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{account_of, known_exchange, with_rest};
use super::grammar::group;
use super::variable_name;
use crate::formats::dotenv::Assignment;
use crate::formats::{ImportOptions, Imported, Notice, freqtrade, guess_kind, nautilus, spelling};
use crate::record::{Environment, Record, Reference};
use crate::secret::Secret;
use crate::{Result, check, registry};

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
    let groups = group(&assignments);
    let pairs: BTreeSet<&str> = groups.iter().filter(|group| group.is_pair()).map(|group| &*group.prefix).collect();
    let mut taken: Vec<Option<(usize, &'static str)>> = vec![None; assignments.len()];
    let mut accounts: Vec<Reference> = Vec::new();
    let mut account_names = BTreeSet::new();
    for group in &groups {
        let Some(account) = account_of(group, &pairs, options) else { continue };
        if group.members.iter().all(|(_, at)| assignments[*at].value.is_empty()) {
            continue;
        }
        // Two spellings of one account: the names of the second stay as they are, so that both are kept.
        // The spelling of an exchange matters no more than in a vault.
        let name = Reference { exchange: account.exchange.to_ascii_lowercase(), ..account.clone() }.to_string();
        if !account_names.insert(name) {
            let text = format!("a second {account} in other names is kept as named values");
            notices.push(Notice { line: assignments[group.members[0].1].line, text });
            continue;
        }
        for (field, at) in &group.members {
            taken[*at] = Some((accounts.len(), field));
        }
        accounts.push(account);
    }

    let mut imported = Imported { notices, ..Imported::new() };
    for account in &accounts {
        imported.records.push(Record::new(account, options.now)?);
    }
    let mut leftovers = Vec::new();
    for (assignment, taken) in assignments.into_iter().zip(taken) {
        let Some((record, field)) = taken else {
            if !assignment.value.is_empty() && spelling::leftover(&assignment.name).is_some() {
                leftovers.push((assignment.name.clone(), assignment.line));
            }
            imported.values.push((assignment.name, assignment.value));
            continue;
        };
        let now_called = variable_name(&accounts[record], field);
        if now_called != assignment.name {
            let how = if nautilus::reads(&assignment.name) { ", and as it is with --names nautilus" } else { "" };
            let text = format!("{} will be written as {now_called}{how}", assignment.name);
            imported.notices.push(Notice { line: assignment.line, text });
        }
        imported.records[record].fields.set(field, assignment.value);
    }
    for record in &mut imported.records {
        record.kind = guess_kind(&record.fields);
        if let Some(missing) = missing_field(record) {
            imported.notices.push(missing_notice(record, missing));
        }
    }
    // Where the text has the same account in other names too, `names::check` says so.
    imported.records.extend(of_freqtrade);
    imported.notices.extend(leftovers.into_iter().filter_map(|(name, line)| leftover(&name, line, &imported.records)));
    Ok(imported)
}

/// What is said of a field that a record does not have.
pub(in crate::formats) fn missing_notice(record: &Record, missing: &str) -> Notice {
    Notice { line: None, text: format!("{} has no {missing}", record.reference()) }
}

/// What is said of a named value that looks like a field of a known exchange, unless its record has that field.
fn leftover(name: &str, line: Option<usize>, records: &[Record]) -> Option<Notice> {
    let (prefix, field) = spelling::leftover(name)?;
    let (exchange, rest) = known_exchange(prefix)?;
    registry::exchange(exchange).filter(|known| known.dropped.is_none())?;
    let account = with_rest(&exchange.to_ascii_lowercase(), Environment::Live, rest);
    let how = match records.iter().find(|record| record.reference() == account) {
        Some(record) if record.fields.get(field).is_some() => return None,
        Some(_) => format!("strongroom set {account} {field}"),
        None => format!("strongroom add {account}"),
    };
    let text = format!("{name} looks like the {field} of {account} and is kept as a named value; to give it: {how}");
    Some(Notice { line, text })
}

/// A field that the exchange needs and the record does not have. Google's `GEMINI_API_KEY` looks like
/// the exchange's, for one.
pub(in crate::formats) fn missing_field(record: &Record) -> Option<&'static str> {
    check::absent(registry::exchange(&record.exchange), &record.fields).into_iter().next()
}

#[cfg(test)]
mod tests;
