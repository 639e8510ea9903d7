//! Names that are nearly right.

use super::exchanges;

/// The id of the exchange whose id or other name is two slips away at most, and not more than one in four characters.
///
/// A guess to be shown and never to be acted upon: a guess about a credential would be worse than a question.
pub fn nearest(name: &str) -> Option<&'static str> {
    let names = exchanges().iter().flat_map(|exchange| {
        let aliases = exchange.aliases.iter().map(|alias| alias.name);
        // Of two that are as near, the one that is still in use.
        aliases.chain([exchange.id]).map(|other| (other, (exchange.dropped.is_some(), exchange.id)))
    });
    least_slips(name, names).map(|(_, id)| id)
}

/// Of these words, the one that is as near as [`nearest`] demands.
pub(crate) fn nearest_of<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    least_slips(name, words.map(|word| (word, word)))
}

/// Longer than any word of ours: not worth the time.
const LONGEST: usize = 32;
const MOST_SLIPS: usize = 2;

/// What belongs to the word that is nearest to this name; the least of them where several are.
pub(super) fn least_slips<'a, T: Ord>(name: &str, words: impl Iterator<Item = (&'a str, T)>) -> Option<T> {
    if name.len() > LONGEST {
        return None;
    }
    let most = MOST_SLIPS.min(name.len() / 4);
    // Each character more or less is a slip.
    let near = words.filter(|(word, _)| word.len().abs_diff(name.len()) <= most);
    let slips = near.map(|(word, what)| (distance(name.as_bytes(), word.as_bytes()), what));
    slips.filter(|(slips, _)| *slips <= most).min().map(|(_, what)| what)
}

/// How many characters have to be added, removed, changed or swapped with their neighbour, in texts that are hardly
/// longer than [`LONGEST`]. The case of ASCII letters does not count.
fn distance(one: &[u8], other: &[u8]) -> usize {
    // The row at work and the two above it, in turns.
    let mut rows = [[0; LONGEST + MOST_SLIPS + 1]; 3];
    for (j, slips) in rows[0].iter_mut().enumerate() {
        *slips = j;
    }
    for (i, a) in one.iter().enumerate() {
        let (before, above, row) = ((i + 2) % 3, i % 3, (i + 1) % 3);
        rows[row][0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let other_letter = usize::from(!a.eq_ignore_ascii_case(b));
            let mut least = (rows[above][j + 1] + 1).min(rows[row][j] + 1).min(rows[above][j] + other_letter);
            let swapped = |i: usize, j: usize| one[i].eq_ignore_ascii_case(b) && other[j].eq_ignore_ascii_case(a);
            if i > 0 && j > 0 && swapped(i - 1, j - 1) {
                least = least.min(rows[before][j - 1] + 1);
            }
            rows[row][j + 1] = least;
        }
    }
    rows[one.len() % 3][other.len()]
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
    fn any_words_can_be_searched() {
        assert_eq!(nearest_of("withdrw", ["read", "withdraw"].into_iter()), Some("withdraw"));
        assert_eq!(nearest_of("hours", ["read", "withdraw"].into_iter()), None);
    }

    #[test]
    fn the_distance_counts_slips() {
        for (one, other, slips) in
            [("", "", 0), ("a", "", 1), ("ab", "bA", 1), ("abcd", "badc", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), slips, "{one} {other}");
        }
    }
}
