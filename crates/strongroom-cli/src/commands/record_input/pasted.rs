//! What a paste brings along: private keys of several lines, in the forms in which they get copied, and what stands
//! around a value that does not belong to it.
//!
//! Pure functions of texts that are secrets; who asked decides what to do about them.

/// Whether what was typed so far is the beginning of a private key in PEM whose end is to come. Two empty lines in a row
/// give the end up.
pub fn goes_on(text: &str) -> bool {
    is_unfinished(text) && !text.ends_with("\n\n")
}

/// Whether it is a private key in PEM without its end.
pub fn is_unfinished(text: &str) -> bool {
    text.trim_start_matches(is_around).starts_with("-----BEGIN") && !text.contains("-----END")
}

/// A private key in PEM as every reader takes it, with blanks and quotes around it taken off.
pub use strongroom::formats::canonical_pem as pem;

/// What stands around a value and was hardly meant: blanks, also those that nobody sees, and a pair of quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Before or behind it.
    Blanks,
    /// On both sides.
    Quotes,
}

/// A value that has something around it, and what is left without that.
pub fn wrapping(text: &str) -> Option<(Wrapping, &str)> {
    let inner = text.trim_matches(is_blank);
    if inner.len() != text.len() {
        return Some((Wrapping::Blanks, inner));
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    quoted.filter(|inner| !inner.is_empty()).map(|inner| (Wrapping::Quotes, inner))
}

/// White space, and characters without width that come along from web pages.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_around(character: char) -> bool {
    is_blank(character) || matches!(character, '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nEXAMPLE0\nEXAMPLE=\n-----END PRIVATE KEY-----\n";

    fn canonical(text: &str) -> Option<String> {
        pem(text).map(|key| key.expose_secret().to_owned())
    }

    #[test]
    fn a_key_in_any_form_it_gets_copied_in_becomes_canonical() {
        let squeezed = KEY.trim_end().replace('\n', "\\n");
        for text in [
            KEY.to_owned(),
            KEY.trim_end().to_owned(),
            KEY.replace('\n', "\r\n"),
            KEY.replace('\n', "\n\n"),
            KEY.replace('\n', "\n  "),
            KEY.trim_end().replace('\n', " "),
            squeezed.replace("\\n", "\\r\\n"),
            format!("\"{squeezed}\\n\""),
            format!("  '{KEY}'\n"),
            squeezed,
        ] {
            assert_eq!(canonical(&text).as_deref(), Some(KEY), "{text:?}");
        }
    }

    #[test]
    fn a_key_without_any_line_end_gets_lines_of_64() {
        let body = "EXAMPLE0".repeat(10);
        let expected = format!("-----BEGIN A KEY-----\n{}\n{}\n-----END A KEY-----\n", &body[..64], &body[64..]);
        let text = format!("-----BEGIN A KEY-----{body}-----END A KEY-----");
        assert_eq!(canonical(&text).as_deref(), Some(expected.as_str()));
        let long = format!("-----BEGIN A KEY-----\nEXAM\n{body}\n-----END A KEY-----\n");
        assert_eq!(canonical(&long), Some(long.clone()), "lines of its own stay");
    }

    #[test]
    fn what_is_no_whole_key_is_left_alone() {
        for text in [
            "EXAMPLE",
            "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n",
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n-----END PUBLIC KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nEXAMPLE\n-----END RSA PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n-----END PRIVATE KEY-----\nand more\n",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn more_lines_follow_until_the_end_line() {
        let begun = ["-----BEGIN PRIVATE KEY-----", " \"-----BEGIN PRIVATE KEY-----\nEXAMPLE"];
        for text in begun {
            assert!(goes_on(text) && goes_on(&format!("{text}\n")), "{text}");
            let given_up = format!("{text}\n\n");
            assert!(!goes_on(&given_up) && is_unfinished(&given_up), "{text}");
        }
        let squeezed = KEY.trim_end().replace('\n', "\\n");
        for text in [KEY, squeezed.as_str(), "EXAMPLE", ""] {
            assert!(!goes_on(text), "{text}");
        }
    }

    #[test]
    fn blanks_and_quotes_around_a_value_are_seen() {
        for blanks in [" EXAMPLE", "EXAMPLE\u{a0}", "\u{feff}EXAMPLE", "EXAMPLE\u{200b}", "\tEXAMPLE\t"] {
            assert_eq!(wrapping(blanks), Some((Wrapping::Blanks, "EXAMPLE")), "{blanks:?}");
        }
        for quotes in ["'EXAMPLE'", "\"EXAMPLE\""] {
            assert_eq!(wrapping(quotes), Some((Wrapping::Quotes, "EXAMPLE")));
        }
        for fine in ["EXAMPLE", "'EXAMPLE", "EXA MPLE", "''", "'", ""] {
            assert_eq!(wrapping(fine), None, "{fine}");
        }
    }
}
