//! The texts in which keys travel: machine keys, key files, recovery codes, generated passphrases.
//!
//! Crockford's base32 with a checksum, and a prefix by which people and scanners know what they see.
//! SPEC.md, section "Texts".

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use crate::Result;
use crate::error::TextError;
use crate::keys::{random_key, sha256_of};
use crate::memory::without_traces;
use crate::secret::{Secret, SecretBytes, same};

const MACHINE_KEY_PREFIX: &str = "STRONGROOM-KEY-1-";
const KEY_FILE_PREFIX: &str = "STRONGROOM-FACTOR-1-";

/// Crockford's alphabet has no I, L, O and U, so that nothing is misread and no word is spelt.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().expect("32 different symbols are an encoding")
});

/// A random key for machines, 32 bytes: needs no Argon2 and no typing.
///
/// Its text may name the vault and the data key it was made for, which is checked when it opens one.
#[derive(Debug)]
pub struct MachineKey {
    key: SecretBytes<32>,
    vault_id: [u8; 16],
    data_key_id: [u8; 16],
}

impl MachineKey {
    /// A new one, bound to no vault.
    ///
    /// # Errors
    /// [`crate::Error::NoRandomness`]
    pub fn generate() -> Result<MachineKey> {
        Ok(MachineKey { key: random_key()?, vault_id: [0; 16], data_key_id: [0; 16] })
    }

    /// Reads the one line of a machine key file.
    ///
    /// # Errors
    /// [`TextError::MachineKey`] says what is wrong with it, never what it is.
    pub fn from_text(text: &Secret) -> Result<MachineKey> {
        let bytes: SecretBytes<72> =
            decode_line(text, MACHINE_KEY_PREFIX, "strongroom/v1 machine key").map_err(TextError::MachineKey)?;
        let (key, ids) = bytes.expose()[..64].split_at(32);
        let (mut vault_id, mut data_key_id) = ([0; 16], [0; 16]);
        vault_id.copy_from_slice(&ids[..16]);
        data_key_id.copy_from_slice(&ids[16..]);
        Ok(MachineKey { key: SecretBytes::copy_of(key), vault_id, data_key_id })
    }

    /// Its one line, without a line feed.
    pub fn to_text(&self) -> Secret {
        let mut body = SecretBytes::<64>::zeros();
        let out = body.expose_mut();
        out[..32].copy_from_slice(self.key.expose());
        out[32..48].copy_from_slice(&self.vault_id);
        out[48..].copy_from_slice(&self.data_key_id);
        encode_line(MACHINE_KEY_PREFIX, "strongroom/v1 machine key", body.expose())
    }

    /// Names the vault and the data key it is for, from now on.
    pub fn bind(&mut self, vault_id: [u8; 16], data_key_id: [u8; 16]) {
        (self.vault_id, self.data_key_id) = (vault_id, data_key_id);
    }

    /// Names no vault any more, because it opens several.
    pub fn unbind(&mut self) {
        self.bind([0; 16], [0; 16]);
    }

    /// The vault it names, if it names one.
    pub fn vault_id(&self) -> Option<[u8; 16]> {
        self.bound_to().map(|(vault_id, _)| vault_id)
    }

    /// The vault id and the data key id it names. It names none only if both are all zero.
    pub(crate) fn bound_to(&self) -> Option<([u8; 16], [u8; 16])> {
        let ids = (self.vault_id, self.data_key_id);
        (ids != ([0; 16], [0; 16])).then_some(ids)
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }
}

/// The second factor beside a passphrase: 32 random bytes in a file.
#[derive(Debug)]
pub struct KeyFile(SecretBytes<32>);

impl KeyFile {
    /// A new one.
    ///
    /// # Errors
    /// [`crate::Error::NoRandomness`]
    pub fn generate() -> Result<KeyFile> {
        Ok(KeyFile(random_key()?))
    }

    /// Reads its one line.
    ///
    /// # Errors
    /// [`TextError::KeyFile`] says what is wrong with it, never what it is.
    pub fn from_text(text: &Secret) -> Result<KeyFile> {
        let bytes: SecretBytes<40> =
            decode_line(text, KEY_FILE_PREFIX, "strongroom/v1 key file").map_err(TextError::KeyFile)?;
        Ok(KeyFile(SecretBytes::copy_of(&bytes.expose()[..32])))
    }

    pub(crate) fn duplicate(&self) -> KeyFile {
        KeyFile(SecretBytes::copy_of(self.0.expose()))
    }

    /// Its one line, without a line feed.
    pub fn to_text(&self) -> Secret {
        encode_line(KEY_FILE_PREFIX, "strongroom/v1 key file", self.0.expose())
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// A way back in, to print and put away: 160 random bits as eight groups of five characters.
#[derive(Debug)]
pub struct RecoveryCode(SecretBytes<20>);

impl RecoveryCode {
    /// A new one.
    ///
    /// # Errors
    /// [`crate::Error::NoRandomness`]
    pub fn generate() -> Result<RecoveryCode> {
        Ok(RecoveryCode(random_key()?))
    }

    /// Reads it as people type it: lower case, blanks or hyphens anywhere, O for 0 and I or L for 1.
    ///
    /// # Errors
    /// [`TextError::RecoveryCode`] when it was mistyped: the checksum tells before any slot is tried.
    pub fn from_text(text: &Secret) -> Result<RecoveryCode> {
        without_traces(|| RecoveryCode::decode(text))
    }

    fn decode(text: &Secret) -> Result<RecoveryCode> {
        let characters = recovery_characters(text.expose_secret()).ok_or(TextError::RecoveryCode)?;
        let mut bytes = SecretBytes::<25>::zeros();
        BASE32.decode_mut(&characters[..], bytes.expose_mut()).map_err(|_| TextError::RecoveryCode)?;
        let (code, checksum) = bytes.expose().split_at(20);
        if !same(&sha256_of(&[b"strongroom/v1 recovery code", code])[..5], checksum) {
            return Err(TextError::RecoveryCode.into());
        }
        Ok(RecoveryCode(SecretBytes::copy_of(code)))
    }

    /// Eight groups of five, joined by hyphens.
    pub fn to_text(&self) -> Secret {
        without_traces(|| {
            let mut bytes = SecretBytes::<25>::zeros();
            let (code, checksum) = bytes.expose_mut().split_at_mut(20);
            code.copy_from_slice(self.0.expose());
            checksum.copy_from_slice(&sha256_of(&[b"strongroom/v1 recovery code", code])[..5]);
            grouped(bytes.expose(), false)
        })
    }

    /// Whether a text has the form of a recovery code, right or mistyped. Such a text is never taken as a passphrase.
    pub fn has_form(text: &str) -> bool {
        recovery_characters(text).is_some()
    }

    pub(crate) fn expose(&self) -> &[u8; 20] {
        self.0.expose()
    }
}

/// A passphrase nobody chose: four groups of five characters, 100 random bits.
///
/// # Errors
/// [`crate::Error::NoRandomness`]
pub fn generate_passphrase() -> Result<Secret> {
    // 13 bytes are 104 bits; the last character, which carries the rest, is left out.
    let bytes: SecretBytes<13> = random_key()?;
    Ok(without_traces(|| grouped(bytes.expose(), true)))
}

/// Groups of five characters; whole groups only.
fn grouped(bytes: &[u8], lower_case: bool) -> Secret {
    let mut characters = Zeroizing::new(vec![0; BASE32.encode_len(bytes.len())]);
    BASE32.encode_mut(bytes, &mut characters);
    let mut text = String::with_capacity(characters.len() / 5 * 6 - 1);
    for (index, group) in characters.chunks_exact(5).enumerate() {
        if index > 0 {
            text.push('-');
        }
        for &character in group {
            let character = char::from(character);
            text.push(if lower_case { character.to_ascii_lowercase() } else { character });
        }
    }
    Secret::new(text)
}

/// The 40 characters of a text that has the form of a recovery code, in the encoder's spelling.
fn recovery_characters(text: &str) -> Option<Zeroizing<[u8; 40]>> {
    let mut characters = Zeroizing::new([0; 40]);
    let mut count = 0;
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'\t')) {
        let character = match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            b'U' => return None,
            other if other.is_ascii_alphanumeric() => other,
            _ => return None,
        };
        *characters.get_mut(count)? = character;
        count += 1;
    }
    (count == 40).then_some(characters)
}

fn encode_line(prefix: &str, label: &str, body: &[u8]) -> Secret {
    without_traces(|| encode(prefix, label, body))
}

fn encode(prefix: &str, label: &str, body: &[u8]) -> Secret {
    let mut bytes = Zeroizing::new(Vec::with_capacity(body.len() + 8));
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&sha256_of(&[label.as_bytes(), body])[..8]);
    let length = BASE32.encode_len(bytes.len());
    let mut text = String::with_capacity(prefix.len() + length);
    text.push_str(prefix);
    BASE32.encode_append(&bytes, &mut text);
    Secret::new(text)
}

fn decode_line<const N: usize>(text: &Secret, prefix: &str, label: &str) -> Result<SecretBytes<N>, &'static str> {
    without_traces(|| decode(text, prefix, label))
}

fn decode<const N: usize>(text: &Secret, prefix: &str, label: &str) -> Result<SecretBytes<N>, &'static str> {
    let text = text.expose_secret();
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    let characters = line.strip_prefix(prefix).ok_or("it does not start with the prefix of one")?;
    if characters.len() != BASE32.encode_len(N) {
        return Err("it is not of the right length: one line, nothing before or after it");
    }
    let mut bytes = SecretBytes::<N>::zeros();
    BASE32
        .decode_mut(characters.as_bytes(), bytes.expose_mut())
        .map_err(|_| "it has characters that no such text has")?;
    let (body, checksum) = bytes.expose().split_at(N - 8);
    if !same(&sha256_of(&[label.as_bytes(), body])[..8], checksum) {
        return Err("its checksum does not match, so it was mistyped or cut");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_key_reads_back_with_what_it_is_bound_to() {
        let mut key = MachineKey::generate().unwrap();
        assert_eq!(key.vault_id(), None);
        key.bind([1; 16], [2; 16]);
        let text = key.to_text();
        assert_eq!(text.len(), 17 + 116);
        let read = MachineKey::from_text(&text).unwrap();
        assert_eq!(read.bound_to(), Some(([1; 16], [2; 16])));
        assert_eq!(read.expose(), key.expose());
    }

    #[test]
    fn every_changed_character_of_a_machine_key_is_noticed() {
        let text = MachineKey::generate().unwrap().to_text();
        let text = text.expose_secret();
        for at in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
            let changed = Secret::new(String::from_utf8(changed).unwrap());
            assert!(MachineKey::from_text(&changed).is_err(), "character {at}");
        }
    }

    #[test]
    fn a_machine_key_takes_one_line_end_and_nothing_more() {
        let text = MachineKey::generate().unwrap().to_text();
        let with = |end: &str| MachineKey::from_text(&Secret::new(text.expose_secret().to_owned() + end));
        assert!(with("\n").is_ok() && with("\r\n").is_ok());
        assert!(with("\n\n").is_err() && with(" ").is_err() && with("\r").is_err());
    }

    #[test]
    fn a_recovery_code_reads_back_as_people_type_it() {
        let code = RecoveryCode::generate().unwrap();
        let text = code.to_text();
        assert_eq!(text.len(), 47);
        let sloppy = text.expose_secret().to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        assert_eq!(RecoveryCode::from_text(&Secret::new(sloppy)).unwrap().expose(), code.expose());
    }

    #[test]
    fn a_mistyped_recovery_code_is_noticed_and_never_a_passphrase() {
        let text = RecoveryCode::generate().unwrap().to_text();
        let mut changed = text.expose_secret().to_owned().into_bytes();
        changed[3] = if changed[3] == b'7' { b'8' } else { b'7' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(RecoveryCode::has_form(&changed));
        assert!(RecoveryCode::from_text(&Secret::new(changed)).is_err());
    }

    #[test]
    fn a_key_file_reads_back() {
        let key_file = KeyFile::generate().unwrap();
        let text = key_file.to_text();
        assert_eq!(text.len(), 20 + 64);
        assert_eq!(KeyFile::from_text(&text).unwrap().expose(), key_file.expose());
        assert!(MachineKey::from_text(&text).is_err());
    }

    #[test]
    fn a_generated_passphrase_is_four_groups_and_never_looks_like_a_recovery_code() {
        let passphrase = generate_passphrase().unwrap();
        assert_eq!(passphrase.len(), 23);
        assert!(!RecoveryCode::has_form(passphrase.expose_secret()));
        assert!(passphrase.expose_secret().split('-').all(|group| group.len() == 5));
    }
}
