//! Names that are nearly right: exchanges that nobody knows, and variables that look like a field of a known one.
//!
//! Nothing is corrected here. A guess about a credential would be worse than a question.

use std::collections::BTreeSet;

use super::{Notice, names};
use crate::record::{Record, field};
use crate::registry;

/// What the name of a variable ends in that is likely a field, but is not taken for one. Longer before shorter.
const LEFTOVERS: [(&str, &str); 10] = [
    ("_API_SECRET_KEY", field::API_SECRET),
    ("_API_SECRETKEY", field::API_SECRET),
    ("_SECRET_KEY", field::API_SECRET),
    ("_SECRETKEY", field::API_SECRET),
    ("_APISECRET", field::API_SECRET),
    ("_API_PASSWORD", field::API_PASSPHRASE),
    ("_ACCESS_KEY", field::API_KEY),
    ("_ACCESSKEY", field::API_KEY),
    ("_APIKEY", field::API_KEY),
    ("_KEY", field::API_KEY),
];

/// `OKX_HEDGE_SECRET_KEY` as `OKX_HEDGE` and the field that it looks like.
pub(super) fn leftover(name: &str) -> Option<(&str, &'static str)> {
    let (suffix, field) = LEFTOVERS.iter().find(|(suffix, _)| name.ends_with(suffix))?;
    Some((&name[..name.len() - suffix.len()], field))
}

/// A notice for each exchange of these records that the registry does not know.
pub(super) fn unknown_exchanges(records: &[Record]) -> Vec<Notice> {
    let exchanges: BTreeSet<&str> = records.iter().map(|record| record.exchange.as_str()).collect();
    let unknown = exchanges.into_iter().filter(|exchange| registry::exchange(exchange).is_none());
    let notice = |exchange: &str| {
        let shown = names::shown_or(exchange, "the name of an exchange");
        let text = match closest(exchange) {
            Some(id) => format!("{shown} is not an exchange that is known here; is it {id}?"),
            None => format!("{shown} is not an exchange that is known here; it is kept as it is"),
        };
        Notice { line: None, text }
    };
    unknown.map(notice).collect()
}

/// The id of the registry that is two slips away at most, and not more than one in four characters.
fn closest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    // Longer than any id and two slips: not worth the time.
    if name.len() > 24 {
        return None;
    }
    let slips = |id: &str| distance(name.as_bytes(), id.as_bytes());
    let known = registry::exchanges().iter().map(|exchange| (slips(exchange.id), exchange.id));
    known.filter(|(slips, _)| *slips <= 2 && slips * 4 <= name.len()).min().map(|(_, id)| id)
}

/// How many characters have to be added, removed, changed or swapped with their neighbour.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (rows[i][j + 1] + 1).min(row[j] + 1).min(rows[i][j] + usize::from(a != b));
            if i > 0 && j > 0 && one[i - 1] == *b && other[j - 1] == *a {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_exchange_and_another_name_finds_none() {
        for (name, id) in [("binnance", "binance"), ("Bybti", "bybit"), ("krakn", "kraken"), ("okxx", "okx")] {
            assert_eq!(closest(name), Some(id), "{name}");
        }
        for name in ["bitmex", "my_dex", "x", "", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"] {
            assert_eq!(closest(name), None, "{name}");
        }
    }

    #[test]
    fn the_distance_counts_slips() {
        for (one, other, slips) in [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), slips, "{one} {other}");
        }
    }
}
