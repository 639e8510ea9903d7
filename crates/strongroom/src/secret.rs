//! A secret text that does not print, clone or outlive itself.
//!
//! Where they lie is [`crate::memory`]'s; what the fixed-size keys mean is said in [`crate::keys`].

use std::fmt;

use zeroize::Zeroize;

use crate::memory::{Cell, Text};

/// A credential, passphrase or other text that must not be seen.
///
/// It lies in memory that is locked and kept out of core dumps where the system allows it, and is wiped when dropped.
/// Its `Debug` says only what it is, and it has no `Clone`: [`Secret::duplicate`] is the loud way to have it twice.
pub struct Secret(Text);

impl Secret {
    /// Takes the text over without leaving a copy behind: it is copied, and the original is wiped.
    pub fn new(mut text: String) -> Secret {
        let secret = Secret::copy_of(&text);
        text.zeroize();
        secret
    }

    /// A secret with the same text as `text`, which the caller keeps and wipes.
    pub fn copy_of(text: &str) -> Secret {
        Secret(Text::copy_of(text))
    }

    /// The text itself. Call it next to the one use.
    pub fn expose_secret(&self) -> &str {
        self.0.as_str()
    }

    /// A second copy, said out loud.
    pub fn duplicate(&self) -> Secret {
        Secret::copy_of(self.expose_secret())
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.expose_secret().len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text for people: the last four characters at most, none of values shorter than 16.
    pub fn masked(&self) -> String {
        let text = self.expose_secret();
        let characters = text.chars().count();
        if characters < 16 || text.contains(char::is_control) {
            return "********".into();
        }
        let tail: String = text.chars().skip(characters - 4).collect();
        format!("********{tail}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Compares without stopping at the first difference. The length is not hidden.
impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        same(self.expose_secret().as_bytes(), other.expose_secret().as_bytes())
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text)
    }
}

/// `N` secret bytes, wiped when dropped; moving it moves a pointer.
pub(crate) struct SecretBytes<const N: usize>(Cell);

impl<const N: usize> SecretBytes<N> {
    /// Zeros, to be filled in place.
    pub(crate) fn zeros() -> SecretBytes<N> {
        SecretBytes(Cell::zeros(N))
    }

    /// Fills it in its final place.
    pub(crate) fn filled<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<SecretBytes<N>, E> {
        let mut bytes = SecretBytes::zeros();
        fill(bytes.expose_mut())?;
        Ok(bytes)
    }

    /// A copy of bytes that the caller keeps and wipes.
    ///
    /// # Panics
    /// When `bytes` are not `N`: callers cut them to size.
    pub(crate) fn copy_of(bytes: &[u8]) -> SecretBytes<N> {
        let mut copy = SecretBytes::zeros();
        copy.0.copy_from_slice(bytes);
        copy
    }

    /// The bytes themselves. Call it next to the one use.
    pub(crate) fn expose(&self) -> &[u8; N] {
        self.0.first_chunk().expect("a cell of N bytes")
    }

    /// The bytes, to write.
    pub(crate) fn expose_mut(&mut self) -> &mut [u8; N] {
        self.0.first_chunk_mut().expect("a cell of N bytes")
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes<{N}>(..)")
    }
}

/// Whether two public or derived byte strings are the same, looking at every byte.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_only_what_it_is() {
        assert_eq!(format!("{:?}", Secret::copy_of("EXAMPLE-EXAMPLE-EXAMPLE")), "Secret(..)");
    }

    #[test]
    fn masked_shows_at_most_four_characters_and_none_of_short_values() {
        assert_eq!(Secret::copy_of("EXAMPLE-KEY-0001").masked(), "********0001");
        assert_eq!(Secret::copy_of("EXAMPLE-KEY-001").masked(), "********");
        assert_eq!(Secret::copy_of("EXAMPLE\nEXAMPLE\nEXAMPLE\n").masked(), "********");
    }

    #[test]
    fn equal_only_when_every_byte_is() {
        assert!(Secret::copy_of("abc") == Secret::new(String::from("abc")));
        assert!(Secret::copy_of("abc") != Secret::copy_of("abd"));
        assert!(Secret::copy_of("abc") != Secret::copy_of("abcd"));
    }
}
