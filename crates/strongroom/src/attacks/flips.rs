//! Guarantee 2 against single changes: every bit of vaults with every kind of slot, as it stands and with a checksum
//! that somebody made to fit; every length; every byte of armour.

use super::exhibits::{EVERY_WAY, Exhibit, Person, Way, attempt, reference, refused, with_checksum, with_extension};
use crate::container::{self, CHECKSUM_LEN};
use crate::error::{Error, FormatError, PinError};
use crate::kdf::testing;
use crate::keys::DataKey;
use crate::record::Contents;
use crate::vault::{LockedVault, Unlock, Vault, dearmor};

/// How often a file was tried: as it stood, and with a fitting checksum.
struct Tried {
    as_it_stood: usize,
    forged: usize,
}

/// Flips every bit. `unlocks` are tried on every flip in the header, which is all that unlocking reads; behind it the
/// file is opened under its data key, and with the first secret for one bit of each byte.
fn flip_every_bit(file: &[u8], unlocks: &[Unlock], data_key: &DataKey) -> Tried {
    testing::remember();
    for unlock in unlocks {
        attempt(file, unlock).unwrap();
    }
    let header_len = container::parse(file).unwrap().len();
    let mut tried = Tried { as_it_stood: 0, forged: 0 };
    let mut changed = file.to_vec();
    for (at, bit) in (0..file.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        changed[at] ^= 1 << bit;
        assert!(container::parse(&changed).is_err(), "byte {at} bit {bit} as it stands");
        tried.as_it_stood += 1;
        if at < file.len() - CHECKSUM_LEN {
            let forged = with_checksum(changed.clone());
            let what = format!("byte {at} bit {bit} with a fitting checksum");
            if at < header_len {
                unlocks.iter().for_each(|unlock| drop(refused(&forged, unlock, &what)));
            } else {
                let opened = LockedVault::of_bytes(&forged).unwrap().open_under(data_key);
                assert!(matches!(opened, Err(Error::Format(FormatError::Tampered { .. }))), "{what}");
                if at % 8 == bit {
                    refused(&forged, &unlocks[0], &what);
                }
            }
            tried.forged += 1;
        }
        changed[at] ^= 1 << bit;
    }
    tried
}

fn flip(name: &str, file: &[u8], unlocks: &[Unlock], data_key: &DataKey) {
    let tried = flip_every_bit(file, unlocks, data_key);
    println!("flips: {name}: {} as it stood, {} forged, {} ways in", tried.as_it_stood, tried.forged, unlocks.len());
    assert_eq!(tried.as_it_stood, file.len() * 8);
    assert_eq!(tried.forged, (file.len() - CHECKSUM_LEN) * 8);
    assert!(tried.forged >= 8 * (91 + 137 + 32 + 4096 + 16));
}

fn flip_new(name: &str, ways: &[Way]) {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, ways, name);
    let unlocks: Vec<Unlock> = ways.iter().map(|way| person.unlock(*way)).collect();
    flip(name, &exhibit.read(), &unlocks, &exhibit.open(&person).into_data_key());
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_vault_of_a_machine_key() {
    flip_new("machine key", &[Way::Machine]);
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_vault_of_a_passphrase() {
    flip_new("passphrase", &[Way::Passphrase]);
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_vault_of_a_passphrase_with_a_key_file() {
    flip_new("passphrase with a key file", &[Way::PassphraseAndKeyFile]);
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_vault_of_a_recovery_code() {
    flip_new("recovery code", &[Way::RecoveryCode]);
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_vault_of_every_way_in() {
    flip_new("every way in", &EVERY_WAY);
}

#[test]
fn g2_every_flipped_bit_is_refused_after_a_removal_and_a_rekey() {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, &EVERY_WAY, "first");
    let code = Vault::open(exhibit.path(), &person.unlock(Way::RecoveryCode)).unwrap().opened_by();
    exhibit.open(&person).remove_slot(code).unwrap();
    exhibit.open(&person).rekey().unwrap();
    let unlocks = [Way::Machine, Way::Passphrase].map(|way| person.unlock(way));
    flip("after a removal and a rekey", &exhibit.read(), &unlocks, &exhibit.open(&person).into_data_key());
}

#[test]
fn g2_every_flipped_bit_is_refused_in_a_larger_vault_with_extensions() {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, &[Way::Machine, Way::RecoveryCode], "large");
    let grow = |contents: &mut Contents| {
        let record = contents.record_mut(&reference()).unwrap();
        // More than one smallest bucket, so that k is not 0 in every file that is flipped.
        record.note = "EXAMPLE ".repeat(512).into();
        record.extensions.push((9, b"EXAMPLE of a newer record".to_vec().into()));
        Ok(())
    };
    exhibit.open(&person).edit(grow).unwrap();
    let data_key = exhibit.open(&person).into_data_key();
    let file = with_extension(&exhibit.read(), &data_key);
    assert_eq!(container::parse(&file).unwrap().exponent, 1);
    let unlocks = [Way::Machine, Way::RecoveryCode].map(|way| person.unlock(way));
    flip("larger, with extensions", &file, &unlocks, &data_key);
}

#[test]
fn g2_every_flipped_bit_is_refused_to_a_bound_machine_key_which_knows_another_vault_by_its_id() {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, &[Way::Machine], "bound");
    let (file, info) = (exhibit.read(), exhibit.open(&person).info());
    let mut key = person.machine_key();
    key.bind(info.vault_id, info.data_key_id);
    let unlock = Unlock::machine_key(key);
    for bit in 0..128 {
        let mut changed = file.clone();
        changed[18 + bit / 8] ^= 1 << (bit % 8);
        let error = refused(&with_checksum(changed), &unlock, "another vault id");
        assert!(matches!(error, Error::Pin(PinError::KeyOfAnotherVault)));
    }
    flip("bound machine key", &file, &[unlock], &exhibit.open(&person).into_data_key());
}

#[test]
fn g2_every_changed_byte_and_every_length_is_refused() {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, &EVERY_WAY, "cut");
    let file = exhibit.read();
    let mut changed = file.clone();
    for at in 0..file.len() {
        for difference in 1..=255 {
            changed[at] = file[at] ^ difference;
            assert!(container::parse(&changed).is_err(), "byte {at} ^ {difference}");
        }
        changed[at] = file[at];
        assert!(container::parse(&file[..at]).is_err(), "cut at {at}");
        if at >= 49 {
            let error = refused(&with_checksum(file[..at].to_vec()), &person.unlock(Way::Machine), "cut");
            assert!(matches!(error, Error::Format(_)), "cut at {at} with a fitting checksum");
        }
    }
    for longer in 1..=200 {
        changed.push(0);
        assert_eq!(container::parse(&changed).unwrap_err(), FormatError::Damaged);
        let error = refused(&with_checksum(changed.clone()), &person.unlock(Way::Machine), "longer");
        assert!(matches!(error, Error::Format(FormatError::Malformed { .. })), "{longer} bytes more");
    }
}

#[test]
fn g2_every_changed_byte_of_an_armoured_vault_is_refused() {
    let person = Person::new();
    let exhibit = Exhibit::new(&person, &[Way::Machine], "armoured");
    let text = LockedVault::of_bytes(&exhibit.read()).unwrap().to_armor();
    assert_eq!(dearmor(&text).unwrap(), exhibit.read());
    let (mut tried, mut not_text) = (0, 0);
    let mut try_bytes = |changed: Vec<u8>, what: &dyn Fn() -> String| match String::from_utf8(changed) {
        Ok(changed) => {
            assert!(dearmor(&changed).is_err(), "{}", what());
            tried += 1;
        }
        // Files are read as text, and this is none.
        Err(_) => not_text += 1,
    };
    for at in 0..text.len() {
        let bytes = text.as_bytes();
        for difference in (0..8).map(|bit| 1 << bit).chain(b"A/=\r\n \0".iter().map(|byte| byte ^ bytes[at])) {
            if difference != 0 {
                let mut changed = bytes.to_vec();
                changed[at] ^= difference;
                try_bytes(changed, &|| format!("byte {at} ^ {difference}"));
            }
        }
        for inserted in [b'A', b'=', b'\n', b' '] {
            let mut changed = bytes.to_vec();
            changed.insert(at, inserted);
            try_bytes(changed, &|| format!("inserted at {at}"));
        }
        if at + 1 < text.len() {
            let mut changed = bytes.to_vec();
            changed.remove(at);
            try_bytes(changed, &|| format!("removed at {at}"));
            if bytes[at] != bytes[at + 1] {
                let mut changed = bytes.to_vec();
                changed.swap(at, at + 1);
                try_bytes(changed, &|| format!("swapped at {at}"));
            }
        }
    }
    println!("flips: armour: {tried} texts, {not_text} that are no text");
    assert!(tried >= 17 * text.len() && not_text >= text.len(), "{tried} tried of {} bytes", text.len());
}
