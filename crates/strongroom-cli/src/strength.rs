//! How well a new passphrase stands against somebody who has the file and time.
//!
//! A guess at `--kdf standard` costs 256 MiB of memory traffic three times over, so that a thousand
//! graphics cards make some ten thousand guesses a second. 10^12 guesses are then three years for
//! that farm, which is more than the keys of an exchange are worth to it. Below that the passphrase
//! is refused unless `--allow-weak-passphrase` says that the user knows.

use strongroom::{Secret, without_traces};

use crate::failure::Failure;

/// The decimal logarithm of the guesses that a passphrase must withstand.
const LEAST_GUESSES_LOG10: f64 = 12.0;

/// The estimate takes time that grows with the square of the length; what follows can only add to it.
const MOST_CHARACTERS: usize = 100;

/// Refuses a passphrase that can be guessed offline: exit code 7.
pub fn check(passphrase: &Secret, allow_weak: bool) -> Result<(), Failure> {
    if allow_weak {
        return Ok(());
    }
    let text = passphrase.expose_secret();
    let end = text.char_indices().nth(MOST_CHARACTERS).map_or(text.len(), |(at, _)| at);
    let estimate = without_traces(|| zxcvbn::zxcvbn(&text[..end], &["strongroom", "vault"]));
    if estimate.guesses_log10() >= LEAST_GUESSES_LOG10 {
        return Ok(());
    }
    let mut failure = Failure::refused(
        "weak-passphrase",
        format!(
            "the new passphrase is weak: about 10^{:.0} guesses find it, and 10^{LEAST_GUESSES_LOG10:.0} are the least \
             for a file that others can copy",
            estimate.guesses_log10().floor()
        ),
    );
    if let Some(warning) = estimate.feedback().and_then(|feedback| feedback.warning()) {
        failure = failure.cause(warning.to_string().trim_end_matches('.').to_lowercase());
    }
    Err(failure.hint("--generate-passphrase makes a good one").hint("--allow-weak-passphrase takes it all the same"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passphrases_are_refused_unless_allowed() {
        for text in ["", "password", "Tr0ub4dor", "binance2026", "qwertyuiop123", "aaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            let refusal = check(&Secret::copy_of(text), false).unwrap_err();
            assert_eq!(refusal.code, 7, "{text}");
            assert!(check(&Secret::copy_of(text), true).is_ok());
        }
    }

    #[test]
    fn several_words_are_enough() {
        assert!(check(&Secret::copy_of("velvet anchor mustard quilt"), false).is_ok());
    }

    #[test]
    fn very_long_ones_cost_no_time() {
        assert!(check(&Secret::copy_of(&"velvet anchor mustard quilt ".repeat(200)), false).is_ok());
    }
}
