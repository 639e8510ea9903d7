//! Writing a text full of secrets into one buffer that never grows.
//!
//! A buffer that grows leaves its old blocks in freed memory. So the same code runs twice: once to
//! count bytes, once to fill a buffer of exactly that size.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// Where text goes.
pub(super) trait Sink {
    fn push(&mut self, text: &str);

    fn push_character(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }
}

struct Counter(usize);

impl Sink for Counter {
    fn push(&mut self, text: &str) {
        self.0 += text.len();
    }
}

impl Sink for Zeroizing<String> {
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// What `write` writes. It is called twice and must write the same both times.
pub(super) fn render(write: impl Fn(&mut dyn Sink)) -> Secret {
    let mut counter = Counter(0);
    write(&mut counter);
    let mut buffer = Zeroizing::new(String::with_capacity(counter.0));
    write(&mut buffer);
    debug_assert_eq!(buffer.len(), counter.0);
    Secret::new(std::mem::take(&mut *buffer))
}

/// A JSON string with its quotes, in ASCII only: financepype opens the file in the encoding of the
/// locale, which may not be UTF-8.
pub(super) fn json_string(out: &mut dyn Sink, text: &str) {
    out.push("\"");
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        if matches!(character, ' '..='~') && character != '"' && character != '\\' {
            continue;
        }
        out.push(&text[plain..at]);
        plain = at + character.len_utf8();
        match character {
            '"' => out.push("\\\""),
            '\\' => out.push("\\\\"),
            '\n' => out.push("\\n"),
            '\r' => out.push("\\r"),
            '\t' => out.push("\\t"),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push("\\u");
                    for shift in [12, 8, 4, 0] {
                        let digit = u32::from(*unit >> shift) & 15;
                        out.push_character(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
            }
        }
    }
    out.push(&text[plain..]);
    out.push("\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_is_ascii_and_reads_back() {
        let text = "a\"b\\c\n\r\t\u{8}\u{1}\u{7f}é\u{1f511} '$`";
        let written = render(|out| json_string(out, text));
        assert!(written.expose_secret().is_ascii());
        assert_eq!(serde_json::from_str::<String>(written.expose_secret()).unwrap(), text);
    }
}
