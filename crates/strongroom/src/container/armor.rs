//! Text armour: the same bytes for places that take only text. Strict, so that there is one text for each vault.
//! SPEC.md, section "Armour".

use data_encoding::BASE64;

use crate::error::FormatError;

const BEGIN: &str = "-----BEGIN STRONGROOM VAULT-----";
const END: &str = "-----END STRONGROOM VAULT-----";
/// The armour of the longest vault, with CR LF.
const MOST_TEXT: u64 = 92_278_070;
const COLUMNS: usize = 64;
const BYTES_PER_LINE: usize = COLUMNS / 4 * 3;

/// The armoured text of these bytes, with line feeds.
pub(crate) fn to_armor(file: &[u8]) -> String {
    let lines = file.len().div_ceil(BYTES_PER_LINE);
    let mut text = String::with_capacity(BASE64.encode_len(file.len()) + lines + BEGIN.len() + END.len() + 2);
    text.push_str(BEGIN);
    text.push('\n');
    for line in file.chunks(BYTES_PER_LINE) {
        BASE64.encode_append(line, &mut text);
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// The bytes of an armoured text. Every line may end in CR LF instead of LF, all of them alike; the last line's end
/// may be missing; nothing else may differ from what [`to_armor`] writes.
///
/// # Errors
/// [`FormatError::Armor`] names the line; [`FormatError::TooLarge`].
pub(crate) fn from_armor(text: &str) -> Result<Vec<u8>, FormatError> {
    if text.len() as u64 > MOST_TEXT {
        return Err(FormatError::TooLarge { bytes: text.len() as u64, most: MOST_TEXT });
    }
    let armor = |line, problem| FormatError::Armor { line, problem };
    let line_end = if text.contains('\r') { "\r\n" } else { "\n" };
    let body = text.strip_suffix(line_end).unwrap_or(text);
    let mut lines = body.split(line_end).enumerate().map(|(index, line)| (index + 1, line));
    if lines.next().map(|(_, line)| line) != Some(BEGIN) {
        return Err(armor(1, "it is not the line that armour begins with"));
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut short_line = None;
    for (number, line) in lines.by_ref() {
        if line == END && bytes.is_empty() {
            return Err(armor(number, "there is nothing between the first line and the last"));
        }
        if line == END {
            return match lines.next() {
                None => Ok(bytes),
                Some((after, _)) => Err(armor(after, "something follows the end")),
            };
        }
        if let Some(short) = short_line {
            return Err(armor(short, "only the last line may be shorter than 64 characters"));
        }
        if line.is_empty() || line.len() > COLUMNS {
            return Err(armor(number, "a line has 1 to 64 characters"));
        }
        let decoded = BASE64.decode(line.as_bytes()).map_err(|_| armor(number, "it is not canonical base64"))?;
        // The decoder takes padding inside a line; there is one text for each vault only without.
        if BASE64.encode(&decoded) != line {
            return Err(armor(number, "it is not canonical base64"));
        }
        if decoded.len() < BYTES_PER_LINE {
            short_line = Some(number);
        }
        bytes.extend_from_slice(&decoded);
    }
    Err(armor(body.split(line_end).count(), "the end line is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_reads_back_with_either_line_end() {
        for length in 1..200 {
            let bytes = vec![0xa5; length];
            let text = to_armor(&bytes);
            assert_eq!(from_armor(&text).unwrap(), bytes);
            assert_eq!(from_armor(&text.replace('\n', "\r\n")).unwrap(), bytes);
            assert_eq!(from_armor(text.trim_end()).unwrap(), bytes);
        }
    }

    #[test]
    fn any_other_text_is_refused() {
        let good = to_armor(&[7; 100]);
        let lines: Vec<&str> = good.lines().collect();
        let changed = [
            format!(" {good}"),
            format!("{good}\n"),
            format!("{good}x"),
            good.replace("VAULT", "vault"),
            good.replacen('\n', "\r\n", 1),
            good.replacen('\n', "\n\n", 1),
            format!("{}\n{}\n{}\n{}\n", lines[0], lines[3], lines[1], lines[4]),
            lines[..4].join("\n"),
            good.replacen("Bw", "B-", 1),
            good.replace("Bw==", "Bx=="),
            good.replace("Bw==", "Bw==Bw=="),
        ];
        for text in &changed {
            if text != &good {
                assert!(from_armor(text).is_err(), "{text}");
            }
        }
    }
}
