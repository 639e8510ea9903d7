//! What a passphrase is, so that the same keys typed on two systems give the same bytes. SPEC.md, section 6.5.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::error::TextError;
use crate::secret::Secret;

const MOST_BYTES: usize = 1024;

/// The text in NFC.
pub(crate) fn normalised(text: &Secret) -> Secret {
    let text = text.expose_secret();
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Secret::copy_of(text);
    }
    // NFC is at most three times as long in UTF-8, so the buffer never moves.
    let mut out = String::with_capacity(3 * text.len());
    out.extend(text.nfc());
    Secret::new(out)
}

/// Whether a normalised text can be a passphrase.
///
/// # Errors
/// [`TextError::Passphrase`] says what is wrong with it.
pub(crate) fn check(normalised: &Secret) -> Result<(), TextError> {
    let text = normalised.expose_secret();
    if text.is_empty() {
        return Err(TextError::Passphrase("is empty"));
    }
    if text.len() > MOST_BYTES {
        return Err(TextError::Passphrase("is longer than 1024 bytes"));
    }
    if text.contains(char::is_control) {
        return Err(TextError::Passphrase("has control characters, such as a line end in its middle"));
    }
    if text.contains('\u{feff}') {
        return Err(TextError::Passphrase("has a byte order mark"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_are_one_passphrase() {
        let composed = normalised(&Secret::copy_of("EXAMPLE \u{e9}"));
        let decomposed = normalised(&Secret::copy_of("EXAMPLE e\u{301}"));
        assert!(composed == decomposed);
    }

    #[test]
    fn what_is_no_passphrase_is_refused() {
        for text in ["", "a\nb", "a\u{7f}", "\u{feff}a", &"a".repeat(1025)] {
            assert!(check(&Secret::copy_of(text)).is_err());
        }
        assert!(check(&Secret::copy_of(&"a".repeat(1024))).is_ok());
    }
}
