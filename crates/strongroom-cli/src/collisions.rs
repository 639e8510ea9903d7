//! Two places of a vault that are one environment variable: said when a change makes them so, and what to do where a
//! command refuses them.
//!
//! Which they are, and which commands put an end to it, the library knows.

use std::collections::{BTreeMap, BTreeSet};

use strongroom::formats::{self, Collision, WayOut};
use strongroom::wording::command;
use strongroom::{Contents, Reference};

use crate::context::Context;
use crate::select::Selected;

/// All of a vault.
pub fn among(contents: &Contents) -> Vec<Collision> {
    let records: Vec<_> = contents.records().iter().collect();
    let values: Vec<_> = contents.values().collect();
    formats::collisions(&records, &values)
}

/// Applies a change, and finds those that it makes.
///
/// # Errors
/// Those of the change.
pub fn noticed<T>(
    contents: &mut Contents,
    change: impl FnOnce(&mut Contents) -> strongroom::Result<T>,
    made: &mut Vec<Collision>,
) -> strongroom::Result<T> {
    let before = among(contents);
    let outcome = change(contents)?;
    *made = new(&before, among(contents));
    Ok(outcome)
}

/// Those that were not there before: a variable which more places are now, and first of all what it is the place of
/// now and was not. What only has another name is not new.
fn new(before: &[Collision], after: Vec<Collision>) -> Vec<Collision> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut places: BTreeSet<(String, String)> = BTreeSet::new();
    for collision in before {
        *count.entry(collision.name.clone()).or_default() += 1;
        places.extend(collision.places.iter().map(|place| (collision.name.clone(), place.to_string())));
    }
    let mut more: BTreeMap<String, usize> = BTreeMap::new();
    after.iter().for_each(|collision| *more.entry(collision.name.clone()).or_default() += 1);
    more.iter_mut().for_each(|(name, more)| *more = more.saturating_sub(count.get(name).copied().unwrap_or_default()));
    let is_new = |collision: &Collision| {
        collision.places.iter().any(|place| !places.contains(&(collision.name.clone(), place.to_string())))
    };
    let (first, later): (Vec<_>, Vec<_>) = after.into_iter().partition(is_new);
    let mut told: Vec<Collision> = first.into_iter().chain(later).collect();
    told.retain(|collision| match more.get_mut(&collision.name) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    });
    told
}

/// Says it of the first, and how many more there are.
pub fn warn(context: &Context, collisions: &[Collision]) {
    let Some(collision) = collisions.first() else { return };
    let refused = match collision.is_in_one_record() {
        true => "run does not start a program with that",
        false => "run refuses them together",
    };
    let alone = |reference: &Reference| command(["run", &reference.to_string(), "--", "COMMAND"]);
    let ways = collision.ways_out(alone).into_iter().map(|way| format!("\n{way}"));
    let more = match collisions.len() - 1 {
        0 => String::new(),
        more => format!("\nto see {more} more like that: {}", command(["check"])),
    };
    context.warn(format!("{collision}, and {refused}{}{more}", ways.collect::<String>()));
}

/// What to do about the first among what is selected. `alone` is the command by which a program is given one record.
pub fn hints(selected: &Selected<'_>, alone: impl Fn(&Reference) -> String) -> Vec<String> {
    let first = formats::collisions(&selected.records, &selected.values).into_iter().next();
    let ways: Vec<WayOut> = first.map(|collision| collision.ways_out(alone)).unwrap_or_default();
    ways.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::{Record, Secret};

    fn contents(records: &[(&str, &str)], value: Option<&str>) -> Contents {
        let mut contents = Contents::default();
        for (reference, name) in records {
            let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
            record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
            record.variables.insert("api_key".into(), (*name).into());
            contents.insert(record).unwrap();
        }
        value.into_iter().for_each(|name| contents.set_value(name, Secret::copy_of("EXAMPLE"), 0));
        contents
    }

    #[test]
    fn what_was_there_before_is_not_new_under_another_name() {
        let before = among(&contents(&[("okx/a", "K"), ("okx/b", "K")], None));
        assert_eq!(before.len(), 1);
        assert_eq!(new(&before, among(&contents(&[("okx/b", "K"), ("okx/c", "K")], None))), []);
        assert_eq!(new(&before, among(&contents(&[("okx/b", "K"), ("okx/c", "L")], None))), []);
        let third = new(&before, among(&contents(&[("okx/a", "K"), ("okx/b", "K")], Some("K"))));
        assert_eq!(third.iter().map(|it| it.places[1].to_string()).collect::<Vec<_>>(), ["env/K"]);
        assert_eq!(new(&[], among(&contents(&[("okx/a", "K")], Some("K")))).len(), 1);
        let three = new(&before, among(&contents(&[("binance/a", "K"), ("okx/a", "K"), ("okx/b", "K")], None)));
        assert_eq!(three.iter().map(|it| it.places[0].to_string()).collect::<Vec<_>>(), ["binance/a/api_key"]);
    }
}
