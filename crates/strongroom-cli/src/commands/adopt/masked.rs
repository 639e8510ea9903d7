//! What is in the vault now, with the last characters of each value, in 80 columns.
//!
//! One table, as long as its columns fit. Else records whose fields no other has get a table of their own: beside fifty
//! keys of exchanges, the two columns of one wallet would be empty fifty times.

use std::collections::{BTreeMap, BTreeSet};

use strongroom::record::field;
use strongroom::{Contents, Record, Secret, Selection};

use crate::output::{Table, flowed, printable};

/// Records and values, in blocks with an empty line between them.
pub fn contents(contents: &Contents) -> String {
    let mut blocks = of_records(contents.records());
    let mut values = Table::plain();
    for (name, value) in contents.values() {
        values.row([format!("  {}", Selection::Value(name.to_owned())), value.value.masked()]);
    }
    if contents.values().next().is_some() {
        blocks.push(values.render());
    }
    blocks.join("\n")
}

fn of_records(records: &[Record]) -> Vec<String> {
    if records.is_empty() {
        return Vec::new();
    }
    let whole = table(records.iter());
    if whole.fits() {
        return vec![whole.render()];
    }
    groups(records).iter().map(|group| group.render(records)).collect()
}

/// Records, by their place in the vault, that are shown together.
struct Group<'a> {
    fields: BTreeSet<&'a str>,
    places: Vec<usize>,
    /// Whether they are a table that fits. Else each has as many lines as it needs.
    fits: bool,
}

/// In the order of the first record of each.
fn groups(records: &[Record]) -> Vec<Group<'_>> {
    let mut sets: BTreeMap<BTreeSet<&str>, Vec<usize>> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        sets.entry(record.fields.names().collect()).or_default().push(place);
    }
    let mut sets: Vec<(BTreeSet<&str>, Vec<usize>)> = sets.into_iter().collect();
    // The widest first, so that those which need no further column find it.
    sets.sort_by_key(|(fields, _)| std::cmp::Reverse(fields.len()));
    let fits = |places: &[usize]| table(places.iter().map(|place| &records[*place])).fits();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (fields, places) in sets {
        let with = |group: &Group<'_>| {
            let mut both = [group.places.as_slice(), &places].concat();
            both.sort_unstable();
            both
        };
        let has_room = |group: &&mut Group<'_>| group.fits && fields.is_subset(&group.fields) && fits(&with(group));
        match groups.iter_mut().find(has_room) {
            Some(group) => group.places = with(group),
            None => groups.push(Group { fits: fits(&places), fields, places }),
        }
    }
    groups.sort_by_key(|group| group.places.first().copied());
    groups
}

impl Group<'_> {
    fn render(&self, records: &[Record]) -> String {
        let records = self.places.iter().map(|place| &records[*place]);
        if self.fits { table(records).render() } else { records.map(lines).collect() }
    }
}

/// One column for each field.
fn table<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> Table {
    let names = names(records.clone());
    let mut table = Table::new(std::iter::once("  record").chain(names.iter().copied()));
    for record in records {
        let values = names.iter().map(|name| record.fields.get(name).map(Secret::masked).unwrap_or_default());
        table.row(std::iter::once(format!("  {}", record.reference())).chain(values));
    }
    table
}

/// A record with more fields than a line has room for.
fn lines(record: &Record) -> String {
    const INDENT: usize = 6;
    let value = |name: &str| record.fields.get(name).map(Secret::masked).unwrap_or_default();
    let fields: Vec<String> =
        names(std::iter::once(record)).into_iter().map(|name| printable(&format!("{name} {}", value(name)))).collect();
    let fields = flowed(fields.iter().map(String::as_str), INDENT, "  ");
    format!("  {}\n{:INDENT$}{fields}\n", printable(&record.reference().to_string()), "")
}

/// The fields that these have: those that are known, in the order in which people know them, then the others by name.
fn names<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<&'a str> {
    let there: BTreeSet<&str> = records.flat_map(|record| record.fields.names()).collect();
    let known = field::KNOWN.into_iter().filter(|name| there.contains(name));
    let others = there.iter().copied().filter(|name| !field::KNOWN.contains(name));
    known.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::WIDTH;

    fn vault(records: &[(&str, &[&str])]) -> Contents {
        let mut contents = Contents::default();
        for (name, fields) in records {
            let mut record = Record::new(&name.parse().unwrap(), 0).unwrap();
            for field in *fields {
                record.fields.set(field, Secret::copy_of("EXAMPLE-OF-A-SECRET"));
            }
            contents.insert(record).unwrap();
        }
        contents
    }

    fn headings(text: &str) -> Vec<String> {
        let headings = text.lines().filter(|line| line.starts_with("  RECORD"));
        headings.map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ").to_lowercase()).collect()
    }

    #[track_caller]
    fn fits(text: &str, contents: &Contents) {
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let masked = text.matches("********CRET").count();
        let fields = contents.records().iter().map(|record| record.fields.iter().count());
        assert_eq!(masked, fields.sum::<usize>(), "{text}");
        assert!(contents.records().iter().all(|record| text.contains(&record.reference().to_string())), "{text}");
    }

    const HMAC: &[&str] = &["api_key", "api_secret"];
    const PHRASE: &[&str] = &["api_key", "api_secret", "api_passphrase"];
    const WALLET: &[&str] = &["private_key", "wallet_address"];

    #[test]
    fn what_fits_is_one_table() {
        let contents = vault(&[("binance", HMAC), ("kraken", HMAC), ("okx/hedge", PHRASE)]);
        let text = super::contents(&contents);
        assert_eq!(headings(&text), ["api_key api_secret api_passphrase"]);
        fits(&text, &contents);
        assert!(!text.contains("\n\n"), "{text}");
    }

    #[test]
    fn what_does_not_fit_is_a_table_for_those_that_share_fields() {
        let contents = vault(&[("binance", HMAC), ("hyperliquid", WALLET), ("okx/hedge", PHRASE)]);
        let text = super::contents(&contents);
        assert_eq!(headings(&text), ["api_key api_secret api_passphrase", "private_key wallet_address"]);
        fits(&text, &contents);
    }

    #[test]
    fn twelve_kinds_of_fields_fit_too() {
        let others: Vec<String> = (0..7).map(|number| format!("field_{number}")).collect();
        let mut all: Vec<&str> = PHRASE.iter().chain(WALLET).copied().collect();
        all.extend(others.iter().map(String::as_str));
        assert_eq!(all.len(), 12);
        let long = format!("kraken/{}", "long".repeat(11));
        let mut records: Vec<(&str, &[&str])> = vec![("okx", PHRASE), ("unknown/all", &all), (&long, PHRASE)];
        let single: Vec<String> = (0..12).map(|number| format!("bybit/{number:02}")).collect();
        records.extend(single.iter().zip(all.chunks(1)).map(|(name, fields)| (name.as_str(), fields)));
        let contents = vault(&records);
        let text = super::contents(&contents);
        fits(&text, &contents);
        assert!(text.contains("  unknown/all\n      api_key ********CRET  api_secret ********CRET"), "{text}");
    }

    #[test]
    fn a_record_without_fields_and_values_have_their_lines() {
        let mut contents = vault(&[("binance", &[]), ("okx", PHRASE), ("hyperliquid", WALLET)]);
        contents.set_value("DATABASE_URL", Secret::copy_of("EXAMPLE"), 0);
        let text = super::contents(&contents);
        fits(&text, &contents);
        assert!(text.ends_with("\n\n  env/DATABASE_URL  ********\n"), "{text}");
        assert_eq!(super::contents(&Contents::default()), "");
    }
}
