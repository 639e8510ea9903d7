//! Private keys in PEM as ccxt needs them: LF alone between lines, one at the end, nothing else.
//!
//! ccxt tells kinds of keys apart by their length, so one carriage return too many makes it take an Ed25519 key for
//! an RSA key and fail; and a key on one line, with `\n` for its line ends, it cannot read at all.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The same key in the form that everyone reads; none when it is in that form already, or is no such key.
pub(super) fn canonical(key: &Secret) -> Option<Secret> {
    let text = key.expose_secret();
    let trimmed = text.trim();
    // A key encrypted in the old way has headers, and a blank line that belongs there.
    if !trimmed.starts_with("-----BEGIN ") || !trimmed.contains("-----END ") || trimmed.contains("Proc-Type:") {
        return None;
    }
    // Every line is at most as long as it was; only the last line end may be new.
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 1));
    let mut rest = trimmed;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        rest = after;
        let line = line.trim();
        if !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
    }
    (*out != text).then(|| Secret::copy_of(&out))
}

/// Up to a line end of any kind, one that is written as `\n` among them.
fn next_line(text: &str) -> (&str, &str) {
    let ends = ["\r\n", "\n", "\r", "\\r\\n", "\\n", "\\r"];
    let found = ends.iter().filter_map(|end| Some((text.find(end)?, end.len())));
    // Of two that begin at one place the longer.
    match found.min_by_key(|(at, length)| (*at, usize::MAX - length)) {
        Some((at, length)) => (&text[..at], &text[at + length..]),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nEXAMPLE+\nEXAMPLE=\n-----END PRIVATE KEY-----\n";

    #[test]
    fn every_form_of_a_key_becomes_the_same() {
        for form in [
            KEY.replace('\n', "\r\n"),
            KEY.replace('\n', "\r"),
            KEY.replace('\n', "\\n"),
            KEY.replace('\n', "\\r\\n"),
            KEY.trim_end().to_owned(),
            format!("\n  {KEY}\n\n"),
            KEY.replace('\n', " \n\n"),
        ] {
            let made = canonical(&Secret::copy_of(&form)).unwrap_or_else(|| panic!("{form:?}"));
            assert_eq!(made.expose_secret(), KEY, "{form:?}");
        }
    }

    #[test]
    fn what_is_right_or_no_key_stays_as_it_is() {
        let encrypted = "-----BEGIN EC PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nEXAMPLE\r\n-----END EC PRIVATE KEY-----\r\n";
        for text in [KEY, "", "EXAMPLE\\n", " EXAMPLE\r\n", "-----BEGIN EXAMPLE", encrypted] {
            assert!(canonical(&Secret::copy_of(text)).is_none(), "{text:?}");
        }
    }
}
