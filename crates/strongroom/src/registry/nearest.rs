//! Names that are nearly right.

use super::exchanges;

/// The id of the exchange whose id or other name is two slips away at most, and not more than one in four characters.
///
/// A guess to be shown and never to be acted upon: a guess about a credential would be worse than a question.
pub fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    // Longer than any id and two slips: not worth the time.
    if name.len() > 24 {
        return None;
    }
    let names = exchanges().iter().flat_map(|exchange| {
        let aliases = exchange.aliases.iter().map(|alias| alias.name);
        // Of two that are as near, the one that is still in use.
        aliases.chain([exchange.id]).map(|other| (other, exchange.dropped.is_some(), exchange.id))
    });
    let slips = names.map(|(other, dropped, id)| (distance(name.as_bytes(), other.as_bytes()), dropped, id));
    slips.filter(|(slips, ..)| *slips <= 2 && slips * 4 <= name.len()).min().map(|(.., id)| id)
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
        let slips = [("binnance", "binance"), ("Bybti", "bybit"), ("krakn", "kraken"), ("okxx", "okx")];
        for (name, id) in slips.into_iter().chain([("gatoio", "gate"), ("bitmx", "bitmex"), ("hubi", "htx")]) {
            assert_eq!(nearest(name), Some(id), "{name}");
        }
        for name in ["my_dex", "x", "", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"] {
            assert_eq!(nearest(name), None, "{name}");
        }
    }

    #[test]
    fn the_distance_counts_slips() {
        for (one, other, slips) in [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), slips, "{one} {other}");
        }
    }
}
