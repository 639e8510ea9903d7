//! AES-256-GCM with the all-zero nonce (SP 800-38D). The only file that names `aes-gcm`.
//!
//! **The nonce is always zero, and that is safe only because no key here ever encrypts two different messages**:
//! every key is derived for one message (SPEC.md, guarantee 5). Never call [`seal`] with a key that may be used again.

#[cfg(test)]
mod published;

use aes_gcm::{AeadInOut, Aes256Gcm, Key, KeyInit, Nonce, Tag};

use crate::memory::primitive;

/// The length of a tag in bytes.
pub(crate) const TAG_LEN: usize = 16;

const NONCE: [u8; 12] = [0; 12];

/// The tag does not fit: nothing was decrypted.
#[derive(Debug)]
pub(crate) struct TagMismatch;

/// Encrypts in place and returns the tag. No associated data: what must be bound is bound by the key's derivation.
pub(crate) fn seal(key: &[u8; 32], message: &mut [u8]) -> [u8; TAG_LEN] {
    encrypt(key, NONCE, &[], message)
}

/// Checks the tag, then decrypts in place.
///
/// # Errors
/// [`TagMismatch`]; the buffer still holds the ciphertext.
pub(crate) fn open(key: &[u8; 32], message: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), TagMismatch> {
    decrypt(key, NONCE, &[], message, tag)
}

/// The cipher as SP 800-38D has it. Private, so that nobody else chooses a nonce; published vectors come in here.
fn encrypt(key: &[u8; 32], nonce: [u8; 12], associated: &[u8], message: &mut [u8]) -> [u8; TAG_LEN] {
    primitive(|| {
        cipher(key)
            .encrypt_inout_detached(&Nonce::from(nonce), associated, message.into())
            // 64 GiB - 32 bytes is the limit of SP 800-38D; a padded payload is at most 64 MiB.
            .expect("messages are far below the limit of GCM")
            .into()
    })
}

/// The other direction.
fn decrypt(
    key: &[u8; 32],
    nonce: [u8; 12],
    associated: &[u8],
    message: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), TagMismatch> {
    primitive(|| {
        cipher(key)
            .decrypt_inout_detached(&Nonce::from(nonce), associated, message.into(), &Tag::from(*tag))
            .map_err(|_| TagMismatch)
    })
}

// Boxed, so that the round keys are not copied about the stack; the crate wipes them on drop.
fn cipher(key: &[u8; 32]) -> Box<Aes256Gcm> {
    Box::new(Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_a_changed_bit_does_not() {
        let (key, mut message) = ([7; 32], *b"sixteen bytes ok");
        let tag = seal(&key, &mut message);
        let sealed = message;
        open(&key, &mut message, &tag).unwrap();
        assert_eq!(&message, b"sixteen bytes ok");
        for bit in 0..128 {
            let mut changed = sealed;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &mut changed, &tag).is_err());
        }
    }

    /// SP 800-38D test case 13 of the GCM specification: empty message under the zero key.
    #[test]
    fn the_zero_key_and_empty_message_give_the_published_tag() {
        let tag = seal(&[0; 32], &mut []);
        assert_eq!(data_encoding::HEXLOWER.encode(&tag), "530f8afbc74536b9a963b4f1c4cb738b");
    }
}
