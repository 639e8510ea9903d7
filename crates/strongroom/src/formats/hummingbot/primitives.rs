//! What Ethereum's keyfiles are made of: PBKDF2-HMAC-SHA256, AES-128-CTR and Keccak-256. The only file that names
//! `pbkdf2`, `aes`, `ctr` and `sha3`.
//!
//! They read what hummingbot encrypted and nothing else: no vault depends on them.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use sha2::Sha256;
use sha3::{Digest, Keccak256};

use crate::memory::primitive;
use crate::secret::SecretBytes;

/// `PBKDF2-HMAC-SHA256(password, salt, c = rounds, dkLen = 32)`, RFC 8018.
pub(super) fn pbkdf2(password: &[u8], salt: &[u8], rounds: u32) -> SecretBytes<32> {
    let mut key = SecretBytes::zeros();
    primitive(|| pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, key.expose_mut()));
    key
}

/// AES-128 in counter mode over the whole block, SP 800-38A: the same in both directions, in place.
pub(super) fn aes_128_ctr(key: &[u8; 16], initial_block: &[u8; 16], message: &mut [u8]) {
    // Boxed, so that the round keys are not copied about the stack; the crate wipes them on drop.
    primitive(|| {
        let mut cipher = Box::new(Ctr128BE::<Aes128>::new(key.into(), initial_block.into()));
        cipher.apply_keystream(message);
    });
}

/// Keccak-256 as Ethereum uses it, which is not SHA3-256: the padding differs.
pub(super) fn keccak_256(parts: [&[u8]; 2]) -> [u8; 32] {
    primitive(|| {
        let mut hash = Keccak256::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    })
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// RFC 7914, section 11. The vectors there are of 64 bytes, whose first 32 are the first block.
    #[test]
    fn pbkdf2_gives_the_vectors_of_rfc_7914() {
        for (password, salt, rounds, expected) in [
            ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            ("Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
        ] {
            let key = pbkdf2(password.as_bytes(), salt.as_bytes(), rounds);
            assert_eq!(HEXLOWER.encode(key.expose()), expected);
        }
    }

    /// SP 800-38A, F.5.1.
    #[test]
    fn aes_128_ctr_gives_the_vector_of_sp_800_38a() {
        let block = |text: &str| <[u8; 16]>::try_from(HEXLOWER.decode(text.as_bytes()).unwrap()).unwrap();
        let key = block("2b7e151628aed2a6abf7158809cf4f3c");
        let mut message = block("6bc1bee22e409f96e93d7e117393172a");
        aes_128_ctr(&key, &block("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), &mut message);
        assert_eq!(HEXLOWER.encode(&message), "874d6191b620e3261bef6864990db6ce");
    }

    /// The counter is the whole block: after all ones come all zeros.
    #[test]
    fn the_counter_wraps_around_the_whole_block() {
        let (mut two, mut second) = ([0; 32], [0; 16]);
        aes_128_ctr(&[7; 16], &[0xff; 16], &mut two);
        aes_128_ctr(&[7; 16], &[0; 16], &mut second);
        assert_eq!(two[16..], second);
    }

    /// The hash of nothing, as the yellow paper of Ethereum has it.
    #[test]
    fn keccak_256_of_nothing_is_the_published_one() {
        let expected = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!(HEXLOWER.encode(&keccak_256([b"", b""])), expected);
    }
}
