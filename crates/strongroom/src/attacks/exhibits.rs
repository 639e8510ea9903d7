//! Vaults to attack: one person's secrets of every kind, the vaults they open, and one way to try a changed file.

use std::fs;
use std::path::PathBuf;

use crate::container::{self, CHECKSUM_LEN, SlotKind};
use crate::error::Error;
use crate::kdf::{KdfCost, testing};
use crate::keys::{DataKey, sha256};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::record::{Contents, Record, Reference, field};
use crate::secret::Secret;
use crate::vault::{LockedVault, NewSlot, NewVault, Unlock, Vault};
use crate::wire::{self, Index};

const PASSPHRASE: &str = "EXAMPLE person";
const WITH_KEY_FILE: &str = "EXAMPLE person with a key file";

/// A kind of secret, and so of slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Machine,
    Passphrase,
    PassphraseAndKeyFile,
    RecoveryCode,
}

pub(super) const EVERY_WAY: [Way; 4] = [Way::Machine, Way::Passphrase, Way::PassphraseAndKeyFile, Way::RecoveryCode];

/// Somebody with one secret of every kind.
pub(super) struct Person {
    machine: MachineKey,
    key_file: KeyFile,
    code: RecoveryCode,
}

impl Person {
    pub(super) fn new() -> Person {
        Person {
            machine: MachineKey::generate().unwrap(),
            key_file: KeyFile::generate().unwrap(),
            code: RecoveryCode::generate().unwrap(),
        }
    }

    pub(super) fn machine_key(&self) -> MachineKey {
        MachineKey::from_text(&self.machine.to_text()).unwrap()
    }

    pub(super) fn unlock(&self, way: Way) -> Unlock {
        let typed = |text: &str| Unlock::typed(&Secret::copy_of(text)).unwrap();
        match way {
            Way::Machine => Unlock::machine_key(self.machine_key()),
            Way::Passphrase => typed(PASSPHRASE),
            Way::PassphraseAndKeyFile => typed(WITH_KEY_FILE).key_file(self.key_file.duplicate()),
            Way::RecoveryCode => typed(self.code.to_text().expose_secret()),
        }
    }

    pub(super) fn new_slot(&self, way: Way) -> NewSlot {
        let passphrase = |text: &str| NewSlot::passphrase("", &Secret::copy_of(text), KdfCost::MINIMUM).unwrap();
        match way {
            Way::Machine => NewSlot::machine_key("bot", &self.machine),
            Way::Passphrase => passphrase(PASSPHRASE),
            Way::PassphraseAndKeyFile => passphrase(WITH_KEY_FILE).with_key_file(&self.key_file),
            Way::RecoveryCode => NewSlot::recovery_code("drawer", &self.code),
        }
    }
}

/// A vault on a disk of its own, with one record whose note tells versions apart.
pub(super) struct Exhibit {
    directory: tempfile::TempDir,
    pub(super) ways: Vec<Way>,
}

pub(super) fn reference() -> Reference {
    Reference::new("okx", "main")
}

impl Exhibit {
    pub(super) fn new(person: &Person, ways: &[Way], note: &str) -> Exhibit {
        let exhibit = Exhibit { directory: tempfile::tempdir().unwrap(), ways: ways.to_vec() };
        let mut record = Record::new(&reference(), 0).unwrap();
        record.fields.set(field::API_KEY, Secret::copy_of("EXAMPLE-OKX-KEY"));
        record.note = note.to_owned().into();
        let mut contents = Contents::default();
        contents.insert(record).unwrap();
        let slots = ways.iter().map(|way| person.new_slot(*way)).collect();
        let new = NewVault { contents, slots, author: String::new(), pins: None };
        new.prepare().unwrap().create(&exhibit.path()).unwrap();
        exhibit
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("vault.strongroom")
    }

    pub(super) fn read(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    pub(super) fn open(&self, person: &Person) -> Vault {
        Vault::open(self.path(), &person.unlock(self.ways[0])).unwrap()
    }

    pub(super) fn set_note(&self, person: &Person, note: &str) -> Vec<u8> {
        let edit = |contents: &mut Contents| {
            contents.record_mut(&reference()).unwrap().note = note.to_owned().into();
            Ok(())
        };
        self.open(person).edit(edit).unwrap();
        self.read()
    }
}

/// The same version with an extension of the payload, as a newer writer leaves one.
pub(super) fn with_extension(file: &[u8], data_key: &DataKey) -> Vec<u8> {
    let mut header = container::parse(file).unwrap();
    let mut copy = file.to_vec();
    let payload = container::open_payload(&mut copy, &header, data_key).unwrap();
    let mut index = Index::of(&copy[payload.clone()]).unwrap();
    let contents = index.contents(&copy[payload]);
    index.descent.extensions.push((7, b"EXAMPLE of a newer writer".to_vec().into()));
    let payload = wire::encode(&contents, &index.descent).unwrap();
    container::seal(&mut header, data_key, payload).unwrap().file
}

/// The bytes with a fitting checksum, as somebody makes it who changes a file on purpose.
pub(super) fn with_checksum(mut file: Vec<u8>) -> Vec<u8> {
    let at = file.len() - CHECKSUM_LEN;
    let checksum = sha256(&file[..at]);
    file[at..].copy_from_slice(&checksum);
    file
}

/// Opens these bytes, and holds the attempt to the limits of SPEC.md section 3: no Argon2 before the header has passed,
/// and then no more runs than there are passphrases, each and all of them within what they may cost.
pub(super) fn attempt(bytes: &[u8], unlock: &Unlock) -> Result<Vault, Error> {
    testing::take_costs();
    let locked = LockedVault::of_bytes(bytes);
    assert!(testing::take_costs().is_empty(), "Argon2 ran for a file whose header had not passed");
    let locked = locked?;
    let passphrases = locked.header().slots.iter().filter(|slot| slot.info.kind != SlotKind::RandomKey).count();
    let outcome = locked.unlock(unlock);
    let costs = testing::take_costs();
    assert!(costs.len() <= passphrases, "{} runs for {passphrases} passphrases", costs.len());
    assert!(costs.iter().all(|cost| cost.is_allowed()));
    assert!(costs.iter().map(|cost| cost.product()).sum::<u64>() <= KdfCost::MOST_PER_UNLOCK);
    outcome
}

/// Attempts it, and fails unless the file is refused as one.
#[track_caller]
pub(super) fn refused(bytes: &[u8], unlock: &Unlock, what: &str) -> Error {
    match attempt(bytes, unlock) {
        Err(error @ (Error::Format(_) | Error::Unlock(_) | Error::Pin(_))) => error,
        Err(other) => panic!("{what}: {other:?} is no refusal of a file"),
        Ok(_) => panic!("{what}: it opened"),
    }
}
