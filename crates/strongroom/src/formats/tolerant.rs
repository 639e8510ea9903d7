//! JSON as people write it by hand: with comments, and with a comma behind the last member.
//!
//! Freqtrade reads such files. Here they become plain JSON of the same length: what does not belong there becomes
//! blanks, and lines stay where they are, so that errors name the right ones.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The same document in plain JSON; none when there is nothing to take out.
pub(super) fn plain(text: &str) -> Option<Secret> {
    let blanks = blanks(text);
    if blanks.is_empty() {
        return None;
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut plain = 0;
    for (start, end) in blanks {
        out.push_str(&text[plain..start]);
        // Bytes and not characters, so that every place stays where it was.
        text[start..end].bytes().for_each(|byte| out.push(if byte == b'\n' { '\n' } else { ' ' }));
        plain = end;
    }
    out.push_str(&text[plain..]);
    Some(Secret::copy_of(&out))
}

/// What is no JSON: (start, end) of each comment and each comma before a bracket, ascending.
fn blanks(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                at = end_of_string(bytes, at);
            }
            (b'/', Some(b'/')) => {
                let end = text[at..].find('\n').map_or(bytes.len(), |length| at + length);
                found.push((at, end));
                at = end;
            }
            (b'/', Some(b'*')) => {
                let end = text[at + 2..].find("*/").map_or(bytes.len(), |length| at + 2 + length + 2);
                found.push((at, end));
                at = end;
            }
            (b',', _) => {
                comma = Some((found.len(), at));
                at += 1;
            }
            (b'}' | b']', _) => {
                if let Some((place, comma)) = comma.take() {
                    found.insert(place, (comma, comma + 1));
                }
                at += 1;
            }
            (byte, _) => {
                if !byte.is_ascii_whitespace() {
                    comma = None;
                }
                at += 1;
            }
        }
    }
    found
}

/// Behind the closing quote of the string that begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_last_commas_become_blanks_of_the_same_length() {
        for (text, expected) in [
            ("{\"a\": 1, // é\n}", "{\"a\": 1       \n}"),
            ("/* a\nb */ {\"a\": [1, 2,],}", "    \n     {\"a\": [1, 2 ] }"),
            ("{\"a\": 1, /* x */ // y\n ]", "{\"a\": 1              \n ]"),
            ("{\"a\": 1} // end", "{\"a\": 1}       "),
            ("{\"a\": 1} /* open", "{\"a\": 1}        "),
        ] {
            let made = plain(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(made.expose_secret(), expected);
            assert_eq!(made.len(), text.len());
        }
    }

    #[test]
    fn what_stands_in_strings_stays() {
        for text in ["{\"a\": \"http://x, }\"}", "{\"a\": \"/* \\\" // ,]\"}", "{\"a\": \"open // ,}", "\"\\", ""] {
            assert!(plain(text).is_none(), "{text}");
        }
    }
}
