//! The container: bytes of a file, their order and their bounds. SPEC.md, sections "Layout" and "Order of checks".
//!
//! The only code that indexes untrusted bytes. [`parse`] takes a file as far as is possible without a secret; the
//! rest goes from a slot secret to the data key ([`Header::open_slot`]) to the payload ([`open_payload`]); [`seal`]
//! goes the other way.

mod armor;
mod cursor;
mod header;
mod payload;

pub(crate) use armor::{from_armor, to_armor};
pub(crate) use header::{CHECKSUM_LEN, Header, MOST_PASSPHRASE_SLOTS, MOST_REVISION, MOST_SLOTS, Slot};
pub use header::{SlotId, SlotInfo, SlotKind};
pub(crate) use payload::{Sealed, open_payload, seal};

use crate::error::FormatError;
use crate::keys::sha256;
use crate::secret::same;

/// `89 "STRONGROOM" 0D 0A 1A 0A 00`: shows what a transfer did to line endings, and the NUL makes git call it binary.
pub(crate) const SIGNATURE: [u8; 16] = *b"\x89STRONGROOM\r\n\x1a\n\0";

/// The longest vault: the fixed part, 8 slots of each kind, commitment, 64 MiB, tag, checksum.
pub(crate) const MOST_BYTES: u64 = 91 + 8 * 143 + 8 * 137 + 32 + (64 << 20) + 16 + 32;

const VERSION: u8 = 1;

/// Checks everything about a file that needs no secret, in the order of SPEC.md, and returns its header.
///
/// Nothing is allocated but the list of slots, of which there are at most 16.
///
/// # Errors
/// The first [`FormatError`] in that order.
pub(crate) fn parse(file: &[u8]) -> Result<Header, FormatError> {
    if file.len() as u64 > MOST_BYTES {
        return Err(too_large(file.len() as u64));
    }
    check_signature(file)?;
    let after_signature = SIGNATURE.len() + 1;
    if file.len() < after_signature + CHECKSUM_LEN {
        return Err(FormatError::Damaged);
    }
    if !same(&sha256(payload::before_checksum(file)), &payload::checksum(file)) {
        return Err(FormatError::Damaged);
    }
    let version = file[SIGNATURE.len()];
    if version != VERSION {
        return Err(FormatError::UnsupportedVersion { version });
    }
    let header = Header::parse(payload::before_checksum(file))?;
    if file.len() != header.file_len() {
        return Err(FormatError::Malformed { rule: "the file is not as long as its header says" });
    }
    Ok(header)
}

/// The trailing checksum of a parsed file: its name among its descendants and in pins.
pub(crate) fn checksum(file: &[u8]) -> [u8; 32] {
    payload::checksum(file)
}

/// The error for a file of so many bytes, known before it is read.
pub(crate) fn too_large(bytes: u64) -> FormatError {
    FormatError::TooLarge { bytes, most: MOST_BYTES }
}

/// Tells a vault, a vault whose line endings or characters a transfer converted, and something else.
fn check_signature(file: &[u8]) -> Result<(), FormatError> {
    if file.starts_with(&SIGNATURE) {
        return Ok(());
    }
    // SPEC.md 9.2: what conversions make of the first byte, and of CR LF, 1A, LF.
    let heads: [&[u8]; 4] = [b"\x89", b"\x09", b"\xC2\x89", b"\xEF\xBF\xBD"];
    let tails: [&[u8]; 4] = [b"\r\n\x1a\n\0", b"\n\x1a\n\0", b"\r\n\x1a\r\n\0", b"\r\r\n\x1a\r\n\0"];
    let converted = heads.iter().any(|head| {
        let name = file.strip_prefix(*head).and_then(|rest| rest.strip_prefix(b"STRONGROOM"));
        name.is_some_and(|rest| tails.iter().any(|tail| rest.starts_with(tail)))
    });
    Err(if converted { FormatError::LineEndings } else { FormatError::NotAVault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_in_transfer_are_told_from_other_files() {
        let mut file = SIGNATURE.to_vec();
        file.extend_from_slice(&[1; 100]);
        assert_eq!(parse(&file).unwrap_err(), FormatError::Damaged);
        let to_lf: Vec<u8> = String::from_utf8_lossy(&file).replace("\r\n", "\n").into_bytes();
        assert_eq!(parse(&to_lf).unwrap_err(), FormatError::LineEndings);
        for text in [&b""[..], b"\x89PNG\r\n\x1a\n", b"{\"a\": 1}", &SIGNATURE[..15]] {
            assert_eq!(parse(text).unwrap_err(), FormatError::NotAVault);
        }
    }

    #[test]
    fn the_longest_vault_is_as_long_as_the_limits_say() {
        assert_eq!(MOST_BYTES, 67_111_275);
    }
}
