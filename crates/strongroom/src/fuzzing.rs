//! Doors for the fuzz targets, there only under `--cfg fuzzing`.

use crate::container;
use crate::error::FormatError;
use crate::keys::{DataKey, sha256};
use crate::wire::{self, Index};

/// Parses bytes whose checksum was made to fit, so that the fuzzer gets behind it; what parses has one spelling.
pub fn container(bytes: &[u8]) {
    let _ = container::parse(bytes);
    if bytes.len() < 49 {
        return;
    }
    let mut file = bytes.to_vec();
    file[..16].copy_from_slice(&container::SIGNATURE);
    let at = file.len() - container::CHECKSUM_LEN;
    let checksum = sha256(&file[..at]);
    file[at..].copy_from_slice(&checksum);
    if let Ok(header) = container::parse(&file) {
        assert_eq!(header.to_bytes(), file[..header.len()]);
        assert_eq!(header.file_len(), file.len());
        // No key fits, and nothing panics on the way to saying so.
        let key = DataKey::generate(None, &[0; 32]).expect("the system has randomness");
        assert!(container::open_payload(&mut file, &header, &key).is_err());
    }
}

/// Decodes a payload; what decodes encodes to the same bytes.
pub fn payload(bytes: &[u8]) {
    match Index::of(bytes) {
        Ok(index) => {
            let contents = index.contents(bytes);
            for record in contents.records() {
                assert_eq!(index.record(bytes, &record.reference()).as_ref(), Some(record));
            }
            // Writers refuse one name that readers take: the one that REFs use for values.
            if contents.records().iter().all(|record| !record.exchange.eq_ignore_ascii_case("env")) {
                let again = wire::encode(&contents, &index.descent).expect("what was read can be written");
                assert_eq!(&again[..], bytes);
            }
        }
        Err(FormatError::Tampered { layer }) => assert_eq!(layer, "payload"),
        Err(FormatError::NewerSchema { schema }) => assert_ne!(schema, 1),
        Err(other) => panic!("{other:?} is not an error of this layer"),
    }
}

/// Reads armour; what reads is the text of its bytes, apart from line ends.
pub fn armor(text: &str) {
    if let Ok(bytes) = container::from_armor(text) {
        assert_eq!(container::to_armor(&bytes).trim_end(), text.replace("\r\n", "\n").trim_end());
    }
}
