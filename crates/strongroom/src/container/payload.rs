//! The payload: padded, committed to, encrypted as one message, and the checksum behind it.
//! SPEC.md, section "Payload".

use std::ops::Range;

use super::header::{CHECKSUM_LEN, COMMITMENT_LEN, Header, exponent_for};
use crate::aead::{self, TAG_LEN};
use crate::error::{Error, FormatError};
use crate::keys::{DataKey, sha256};
use crate::memory::Region;
use crate::secret::same;

const LENGTH_LEN: usize = 4;

/// A finished file, its name, and what is in it.
pub(crate) struct Sealed {
    pub(crate) file: Vec<u8>,
    pub(crate) payload: Region,
    pub(crate) checksum: [u8; 32],
}

/// Everything before the checksum. The caller has checked that there is one.
pub(super) fn before_checksum(file: &[u8]) -> &[u8] {
    &file[..file.len() - CHECKSUM_LEN]
}

/// The last 32 bytes. The caller has checked that there are as many.
pub(super) fn checksum(file: &[u8]) -> [u8; 32] {
    *file.last_chunk().expect("a parsed file is longer than its checksum")
}

/// Decrypts the payload of a parsed file in place and says where in the file it now stands.
///
/// # Errors
/// [`FormatError::Tampered`] with the first layer that does not fit. Before the tag has been checked, nothing of the
/// file has changed.
pub(crate) fn open_payload(file: &mut [u8], header: &Header, data_key: &DataKey) -> Result<Range<usize>, FormatError> {
    let tampered = |layer| FormatError::Tampered { layer };
    if data_key.id() != header.data_key_id {
        return Err(tampered("data-key-id"));
    }
    let keys = data_key.payload_keys(&header.write_salt, &header.hash());
    let commitment_at = header.len();
    let padded_at = commitment_at + COMMITMENT_LEN;
    let tag_at = padded_at + header.padded_len();
    if !same(keys.commitment(), &file[commitment_at..padded_at]) {
        return Err(tampered("payload-commitment"));
    }
    let tag: [u8; TAG_LEN] = file[tag_at..tag_at + TAG_LEN].try_into().expect("a tag is 16 bytes");
    let padded = &mut file[padded_at..tag_at];
    aead::open(keys.key(), padded, &tag).map_err(|_| tampered("payload-tag"))?;
    let (length, content) = padded.split_first_chunk::<LENGTH_LEN>().expect("a padded payload has 4096 bytes or more");
    let length = u32::from_le_bytes(*length) as usize;
    if length > content.len() || exponent_for(length) != Some(header.exponent) {
        return Err(tampered("padding"));
    }
    if content[length..].iter().fold(0, |all, byte| all | byte) != 0 {
        return Err(tampered("padding"));
    }
    let payload_at = padded_at + LENGTH_LEN;
    Ok(payload_at..payload_at + length)
}

/// Pads, encrypts and finishes a file. `header` comes with vault id, revision and slots; its data key id, exponent and
/// write salt are set here, the write salt last, over the exact padded payload.
///
/// # Errors
/// [`Error::InvalidContents`] above 64 MiB, [`Error::NoRandomness`], and a lack of memory.
pub(crate) fn seal(header: &mut Header, data_key: &DataKey, payload: Region) -> Result<Sealed, Error> {
    header.exponent = exponent_for(payload.len())
        .ok_or(Error::InvalidContents { place: "the vault".into(), problem: "its records need more than 64 MiB" })?;
    header.data_key_id = data_key.id();
    let mut padded = Region::for_secrets(header.padded_len()).map_err(|source| Error::File {
        operation: "find memory for",
        path: "the payload".into(),
        source,
    })?;
    let length = u32::try_from(payload.len()).expect("at most 64 MiB");
    padded[..LENGTH_LEN].copy_from_slice(&length.to_le_bytes());
    padded[LENGTH_LEN..LENGTH_LEN + payload.len()].copy_from_slice(&payload);
    header.write_salt = data_key.write_salt(header.revision, &sha256(&padded))?;

    let keys = data_key.payload_keys(&header.write_salt, &header.hash());
    let tag = aead::seal(keys.key(), &mut padded);
    let mut file = Vec::with_capacity(header.file_len());
    file.extend_from_slice(&header.to_bytes());
    file.extend_from_slice(keys.commitment());
    file.extend_from_slice(&padded);
    file.extend_from_slice(&tag);
    let checksum = sha256(&file);
    file.extend_from_slice(&checksum);
    Ok(Sealed { file, payload, checksum })
}
