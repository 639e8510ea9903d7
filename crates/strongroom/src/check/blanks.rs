//! What came along when a value was copied: blanks, line ends, quotes, characters that nobody sees.

use crate::record::field;

/// Fields whose values have no blank anywhere. Passphrases and recovery phrases may have some inside.
const WITHOUT_BLANKS: [&str; 6] =
    [field::API_KEY, field::API_SECRET, field::UID, field::ACCOUNT_ID, field::WALLET_ADDRESS, field::TOKEN];

/// Quotes as they stand around values in files and chats: what opens, what closes.
const QUOTES: [(char, char); 7] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{201e}', '\u{201c}'),
];

/// What came along with the value of this field, as the end of a sentence.
pub(super) fn problem(field: &str, value: &str) -> Option<&'static str> {
    let (first, last) = (value.chars().next()?, value.chars().next_back()?);
    if first.is_whitespace() || last.is_whitespace() {
        return Some("begins or ends with a blank or line end");
    }
    if is_invisible(first) || is_invisible(last) {
        return Some("begins or ends with an invisible character");
    }
    if value.chars().count() > 1 && QUOTES.contains(&(first, last)) {
        return Some("stands in quotes, which are part of it now");
    }
    inside(value).or_else(|| {
        (WITHOUT_BLANKS.contains(&field) && value.contains(' ')).then_some("has a blank in it, which keys do not have")
    })
}

/// What is said of `env/NAME`, which may have lines and tabs as it likes: only what is at its ends.
pub(super) fn problem_at_the_ends(value: &str) -> Option<&'static str> {
    problem("", value).filter(|_| {
        let ends = [value.chars().next(), value.chars().next_back()];
        ends.into_iter().flatten().any(|end| end.is_whitespace() || is_invisible(end))
    })
}

/// One that opens.
pub(super) fn is_quote(character: char) -> bool {
    QUOTES.iter().any(|(opens, _)| *opens == character)
}

fn inside(value: &str) -> Option<&'static str> {
    value.chars().find_map(|character| match character {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some("has a line end in it"),
        '\t' => Some("has a tab in it"),
        ' ' => None,
        _ if character.is_whitespace() => Some("has an unusual blank in it"),
        _ if is_invisible(character) => Some("has an invisible character in it"),
        _ => None,
    })
}

/// Control characters, what has no width, and what reorders text.
pub(super) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_along_is_told() {
        for (value, told) in [
            (" EXAMPLE", "begins or ends with a blank or line end"),
            ("EXAMPLE\r\n", "begins or ends with a blank or line end"),
            ("EXAMPLE\u{a0}", "begins or ends with a blank or line end"),
            ("\u{feff}EXAMPLE", "begins or ends with an invisible character"),
            ("EXAMPLE\u{200b}", "begins or ends with an invisible character"),
            ("\"EXAMPLE\"", "stands in quotes, which are part of it now"),
            ("\u{201c}EXAMPLE\u{201d}", "stands in quotes, which are part of it now"),
            ("EXAM\nPLE", "has a line end in it"),
            ("EXAM\tPLE", "has a tab in it"),
            ("EXAM\u{2003}PLE", "has an unusual blank in it"),
            ("EXAM\u{1b}PLE", "has an invisible character in it"),
            ("EXAM\u{200d}PLE", "has an invisible character in it"),
            ("EXAM PLE", "has a blank in it, which keys do not have"),
        ] {
            assert_eq!(problem(field::API_KEY, value), Some(told), "{value:?}");
        }
    }

    #[test]
    fn what_people_choose_may_have_blanks_inside() {
        for name in [field::API_PASSPHRASE, field::PRIVATE_KEY, field::TWO_FACTOR, field::PASSWORD] {
            assert_eq!(problem(name, "EXAMPLE words of a phrase"), None);
        }
        for value in ["EXAMPLE", "\"", "'EXAMPLE", "EXAMPLE\"s", "\u{e9}XAMPLE", ""] {
            assert_eq!(problem(field::API_KEY, value), None, "{value}");
        }
    }

    #[test]
    fn of_other_values_only_the_ends_count() {
        assert_eq!(problem_at_the_ends("{\"a\":\n\t1}"), None);
        assert_eq!(problem_at_the_ends("\"EXAMPLE\""), None);
        assert_eq!(problem_at_the_ends("EXAMPLE\n"), Some("begins or ends with a blank or line end"));
    }
}
