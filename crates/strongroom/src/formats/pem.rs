//! Private keys in PEM in the one form that every program reads: LF alone between lines, one at the end, nothing else.
//!
//! ccxt tells kinds of keys apart by their length, so one carriage return too many makes it take an Ed25519 key for
//! an RSA key and fail; and a key on one line, with `\n` for its line ends, it cannot read at all.

use zeroize::Zeroizing;

use crate::secret::Secret;

const BEGIN: &str = "-----BEGIN ";
/// As in RFC 7468, where a key comes without line ends of its own.
const LINE: usize = 64;

/// A private key in PEM as every reader takes it: plain line feeds, no blank line, one line feed at the end.
///
/// Line ends of Windows, blanks around lines, line feeds that are written as `\n`, a key that was squeezed into one
/// line, and quotes or what nobody sees around it are put right. `None` for what is no such key, or one with headers: it is encrypted, and its blank line belongs
/// to it.
pub fn canonical_pem(text: &str) -> Option<Secret> {
    let (label, rest) = text.trim_matches(is_around).strip_prefix(BEGIN)?.split_once("-----")?;
    let (body, rest) = rest.split_once("-----END ")?;
    let end = rest.strip_prefix(label)?.strip_prefix("-----")?;
    let pieces = |text| pieces(text).filter(|piece: &&str| !piece.is_empty());
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    if pieces(end).next().is_some() || !pieces(body).all(|piece| piece.bytes().all(is_base64)) {
        return None;
    }
    pieces(body).next()?;
    // At most one line feed for each character, so that the text never moves.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 2 + 2));
    out.extend([BEGIN, label, "-----\n"]);
    let squeezed = pieces(body).nth(1).is_none();
    for piece in pieces(body) {
        let width = if squeezed { LINE } else { piece.len() };
        let mut rest = piece;
        while !rest.is_empty() {
            // Base64 has no character of several bytes.
            let (line, more) = rest.split_at(width.min(rest.len()));
            out.extend([line, "\n"]);
            rest = more;
        }
    }
    out.extend(["-----END ", label, "-----\n"]);
    Some(Secret::copy_of(&out))
}

/// The same, for a key that is not in this form already.
pub(super) fn corrected(key: &Secret) -> Option<Secret> {
    canonical_pem(key.expose_secret()).filter(|canonical| canonical != key)
}

/// What a paste brings along: quotes, white space, and characters without width, such as a byte order mark.
fn is_around(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Parts between white space, and between line ends that are written out.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split("\\n").flat_map(|part| part.split("\\r")).flat_map(str::split_whitespace)
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
            KEY.trim_end().replace('\n', " "),
            KEY.trim_end().to_owned(),
            format!("\n  {KEY}\n\n"),
            KEY.replace('\n', " \n\n"),
            format!("\u{feff}{KEY}"),
            format!("\"{}\\n\"", KEY.trim_end().replace('\n', "\\n")),
            format!(" '{KEY}'\n"),
        ] {
            let made = corrected(&Secret::copy_of(&form)).unwrap_or_else(|| panic!("{form:?}"));
            assert_eq!(made.expose_secret(), KEY, "{form:?}");
        }
    }

    #[test]
    fn what_is_right_or_no_key_stays_as_it_is() {
        let encrypted = "-----BEGIN EC PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nEXAMPLE\r\n-----END EC PRIVATE KEY-----\r\n";
        for text in [KEY, "", "EXAMPLE\\n", " EXAMPLE\r\n", "-----BEGIN EXAMPLE", encrypted] {
            assert!(corrected(&Secret::copy_of(text)).is_none(), "{text:?}");
        }
    }
}
