//! One value as hummingbot encrypts it: the hexadecimal digits of a JSON text, which is Ethereum's keyfile of version 3
//! without an address.
//!
//! Everything is checked and bounded before anything is derived. The code that proves the password covers this value
//! alone: which field of which file it belongs to, nothing says, so values can be exchanged unseen.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE as HEXADECIMAL;

use super::primitives::{aes_128_ctr, keccak_256, pbkdf2};
use crate::ImportError;
use crate::formats::document::{Node, Object};
use crate::memory::{Cell, without_traces};
use crate::secret::{Secret, same};

/// hummingbot takes 1,000,000 rounds. Ten times as many still end within seconds; what asks for more would only keep
/// the machine busy.
const MOST_ROUNDS: i64 = 10_000_000;

/// Salts have 16 bytes there.
const MOST_SALT_BYTES: usize = 64;

/// How all of these values begin: `{"`.
const BEGINNING: &str = "7b22";

/// An encrypted value, checked and bounded, without the password.
pub(super) struct Keyfile {
    rounds: u32,
    salt: Vec<u8>,
    initial_block: [u8; 16],
    ciphertext: Vec<u8>,
    code: [u8; 32],
}

/// Why a value did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another password, or the value was changed: nobody can tell which.
    OtherPassword,
    /// The password is right and what came out is no text.
    NoText,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::OtherPassword => "was encrypted with another password, or changed since",
            Refusal::NoText => "does not decrypt to text",
        })
    }
}

/// Whether a text looks like an encrypted value.
pub(super) fn is_sealed(text: &str) -> bool {
    text.get(..BEGINNING.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGINNING))
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Keyfile {
    /// Reads the digits. Nothing is derived.
    ///
    /// # Errors
    /// What is wrong with them; the place in the error is inside the JSON text.
    pub(super) fn read(digits: &str) -> Result<Keyfile, ImportError> {
        let plain = |problem: &str| ImportError { line: None, field: None, problem: problem.into() };
        let json = HEXADECIMAL
            .decode(digits.as_bytes())
            .map_err(|_| plain("is cut short, or has characters that are no hexadecimal digits"))?;
        let json = std::str::from_utf8(&json).map_err(|_| plain("is not the hexadecimal form of a text"))?;
        let mut document = Node::of(json)?.object()?;
        let version = document.require("version")?;
        if version.integer()? != 3 {
            return Err(version.error("only version 3 of these keyfiles is known"));
        }
        let mut crypto = document.require("crypto")?.object()?;
        expect(&mut crypto, "cipher", "aes-128-ctr", "hummingbot encrypts with aes-128-ctr")?;
        expect(&mut crypto, "kdf", "pbkdf2", "hummingbot derives keys with pbkdf2 and with nothing else")?;
        let mut parameters = crypto.require("kdfparams")?.object()?;
        expect(&mut parameters, "prf", "hmac-sha256", "hummingbot derives keys with hmac-sha256")?;
        let length = parameters.require("dklen")?;
        if length.integer()? != 32 {
            return Err(length.error("a derived key has 32 bytes"));
        }
        let rounds_node = parameters.require("c")?;
        let rounds = rounds_node.integer()?;
        if !(1..=MOST_ROUNDS).contains(&rounds) {
            return Err(rounds_node.error(format!("the number of rounds is not between 1 and {MOST_ROUNDS}")));
        }
        let rounds = u32::try_from(rounds).map_err(|_| rounds_node.error("too many rounds"))?;
        let salt = bytes(&mut parameters, "salt", MOST_SALT_BYTES)?;
        // Written as a number, without the zeros before it: one in 256 is shorter than a block.
        let number = bytes(&mut crypto.require("cipherparams")?.object()?, "iv", 16)?;
        let mut initial_block = [0; 16];
        initial_block[16 - number.len()..].copy_from_slice(&number);
        let ciphertext = bytes(&mut crypto, "ciphertext", digits.len())?;
        let code_node = crypto.require("mac")?;
        let code = decoded(&code_node)?.try_into().map_err(|_| code_node.error("expected 64 hexadecimal digits"))?;
        Ok(Keyfile { rounds, salt, initial_block, ciphertext, code })
    }

    /// The value. It takes as long as the file says, up to seconds.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn open(&self, password: &Secret) -> Result<Secret, Refusal> {
        without_traces(|| {
            let key = pbkdf2(password.expose_secret().as_bytes(), &self.salt, self.rounds);
            let (cipher_key, code_key) = key.expose().split_first_chunk::<16>().expect("16 of 32 bytes");
            if !same(&keccak_256([code_key, &self.ciphertext]), &self.code) {
                return Err(Refusal::OtherPassword);
            }
            // Among the secrets from the start: a buffer on the heap could be seen in a dump.
            let mut message = Cell::zeros(self.ciphertext.len());
            message.copy_from_slice(&self.ciphertext);
            aes_128_ctr(cipher_key, &self.initial_block, &mut message);
            match std::str::from_utf8(&message) {
                Ok(text) if !text.contains('\0') => Ok(Secret::copy_of(text)),
                _ => Err(Refusal::NoText),
            }
        })
    }
}

/// A member that can only be this.
fn expect(object: &mut Object<'_>, name: &str, only: &str, problem: &str) -> Result<(), ImportError> {
    let node = object.require(name)?;
    if node.text()? == only { Ok(()) } else { Err(node.error(problem)) }
}

fn bytes(object: &mut Object<'_>, name: &str, most: usize) -> Result<Vec<u8>, ImportError> {
    let node = object.require(name)?;
    let bytes = decoded(&node)?;
    if bytes.len() > most { Err(node.error(format!("is longer than {most} bytes"))) } else { Ok(bytes) }
}

fn decoded(node: &Node<'_>) -> Result<Vec<u8>, ImportError> {
    let text = node.text()?;
    HEXADECIMAL.decode(text.as_bytes()).map_err(|_| node.error("expected pairs of hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the Web3 Secret Storage Definition, its test vector for PBKDF2; the password is `testpassword`.
    const PUBLISHED: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

    fn digits(json: &str) -> String {
        HEXADECIMAL.encode(json.as_bytes())
    }

    fn refused(json: &str) -> String {
        Keyfile::read(&digits(json)).err().expect("it was read").to_string()
    }

    /// What is in it is a key and no text, which shows that the code and the cipher are the published ones.
    #[test]
    fn the_published_keyfile_opens_with_its_password_and_no_other() {
        let keyfile = Keyfile::read(&digits(PUBLISHED)).unwrap();
        assert_eq!(keyfile.open(&Secret::copy_of("testpassword")).err(), Some(Refusal::NoText));
        assert_eq!(keyfile.open(&Secret::copy_of("testpasswore")).err(), Some(Refusal::OtherPassword));
        let key = pbkdf2(b"testpassword", &keyfile.salt, keyfile.rounds);
        let mut message = keyfile.ciphertext.clone();
        aes_128_ctr(key.expose().first_chunk().unwrap(), &keyfile.initial_block, &mut message);
        assert_eq!(HEXADECIMAL.encode(&message), "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");
    }

    #[test]
    fn every_changed_digit_of_code_ciphertext_and_salt_is_another_password() {
        let cheap = PUBLISHED.replace("262144", "1");
        let keyfile = Keyfile::read(&digits(&cheap)).unwrap();
        let key = pbkdf2(b"EXAMPLE", &keyfile.salt, 1);
        let mut message = *b"EXAMPLE";
        aes_128_ctr(key.expose().first_chunk().unwrap(), &keyfile.initial_block, &mut message);
        let code = keccak_256([&key.expose()[16..], &message]);
        let whole = Keyfile { ciphertext: message.to_vec(), code, ..keyfile };
        let password = Secret::copy_of("EXAMPLE");
        assert_eq!(whole.open(&password).unwrap().expose_secret(), "EXAMPLE");
        let mut tried = 0;
        let mut try_one = |changed: Keyfile| {
            assert_eq!(changed.open(&password).err(), Some(Refusal::OtherPassword));
            tried += 1;
        };
        let copy = || Keyfile { salt: whole.salt.clone(), ciphertext: whole.ciphertext.clone(), ..whole };
        for bit in 0..256 {
            let mut changed = copy();
            changed.code[bit / 8] ^= 1 << (bit % 8);
            try_one(changed);
            let mut changed = copy();
            changed.salt[bit / 8] ^= 1 << (bit % 8);
            try_one(changed);
        }
        for bit in 0..56 {
            let mut changed = copy();
            changed.ciphertext[bit / 8] ^= 1 << (bit % 8);
            try_one(changed);
        }
        assert_eq!(tried, 256 + 256 + 56);
    }

    #[test]
    fn costs_and_ciphers_that_hummingbot_never_writes_are_refused_before_anything_is_derived() {
        let rounds = "crypto.kdfparams.c: the number of rounds is not between 1 and 10000000";
        for (from, to, message) in [
            ("262144", "10000001", rounds),
            ("262144", "9223372036854775807", rounds),
            ("262144", "0", rounds),
            ("262144", "-1", rounds),
            ("262144", "1e3", "crypto.kdfparams.c: a number where a whole number should be"),
            ("262144", "99999999999999999999", "crypto.kdfparams.c: a number where a whole number should be"),
            ("\"pbkdf2\"", "\"scrypt\"", "crypto.kdf: hummingbot derives keys with pbkdf2 and with nothing else"),
            ("hmac-sha256", "hmac-sha512", "crypto.kdfparams.prf: hummingbot derives keys with hmac-sha256"),
            ("\"dklen\":32", "\"dklen\":64", "crypto.kdfparams.dklen: a derived key has 32 bytes"),
            ("aes-128-ctr", "aes-128-cbc", "crypto.cipher: hummingbot encrypts with aes-128-ctr"),
            ("\"version\":3", "\"version\":4", "version: only version 3 of these keyfiles is known"),
            ("\"mac\":\"51", "\"mac\":\"", "crypto.mac: expected 64 hexadecimal digits"),
            ("\"iv\":\"60", "\"iv\":\"606060", "crypto.cipherparams.iv: is longer than 16 bytes"),
            ("\"iv\":\"60", "\"iv\":\"6", "crypto.cipherparams.iv: expected pairs of hexadecimal digits"),
            ("\"salt\":\"", "\"salt\":\"x", "crypto.kdfparams.salt: expected pairs of hexadecimal digits"),
            (",\"id\"", ",\"crypto\":{},\"id\"", "crypto: is there twice"),
        ] {
            assert!(PUBLISHED.contains(from), "{from}");
            assert_eq!(refused(&PUBLISHED.replacen(from, to, 1)), format!("line 1, {message}"));
        }
    }

    #[test]
    fn a_short_initial_value_is_padded_on_the_left() {
        let short = PUBLISHED.replace("6087dab2f9fdbbfaddc31a909735c1e6", "dab2");
        let keyfile = Keyfile::read(&digits(&short)).unwrap();
        assert_eq!(keyfile.initial_block, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xda, 0xb2]);
        let none = PUBLISHED.replace("6087dab2f9fdbbfaddc31a909735c1e6", "");
        assert_eq!(Keyfile::read(&digits(&none)).unwrap().initial_block, [0; 16]);
    }

    #[test]
    fn digits_cut_anywhere_are_refused_and_no_error_shows_any() {
        let whole = digits(PUBLISHED);
        for length in 0..whole.len() {
            let error = Keyfile::read(&whole[..length]).err().expect("a part of a value was read").to_string();
            assert!(!error.contains("7b22") && !error.contains("5318b4"), "{error}");
        }
        assert!(Keyfile::read("7b22zz").is_err());
    }

    #[test]
    fn encrypted_values_are_told_from_others() {
        assert!(is_sealed(&digits(PUBLISHED)));
        for text in ["", "7b2", "7b22 ", "EXAMPLE", "0x7b22", "yes", "é"] {
            assert!(!is_sealed(text), "{text}");
        }
    }
}
