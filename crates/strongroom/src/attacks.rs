//! What an attacker would try, with everything an attacker can have. Tests only.
//!
//! Guarantee 8 is tried by somebody who was let in once and shut out since: who keeps every version ever committed, an
//! old secret, and everything that was inside. Guarantee 2 is tried by somebody who changes bytes: [`flips`] one at a
//! time, [`splices`] between versions and vaults, [`texts`] those of keys.

mod exhibits;
mod flips;
mod splices;
mod texts;

use std::fs;
use std::path::PathBuf;

use crate::container::{self, Header, SlotId};
use crate::error::{Error, FormatError, PinError};
use crate::kdf::KdfCost;
use crate::keys::{DataKey, SlotEntryKeys, SlotSecret, sha256};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::pin::PinStore;
use crate::record::{Contents, Reference, field};
use crate::secret::{Secret, SecretBytes};
use crate::vault::{NewSlot, NewVault, OpenOptions, Unlock, Vault};
use crate::wire::{self, Index, Lineages, SlotEntry};

struct Scene {
    directory: tempfile::TempDir,
    bot: MachineKey,
    leaver_key: MachineKey,
    leaver_code: RecoveryCode,
    key_file: KeyFile,
}

const LEAVER: &str = "EXAMPLE leaver";

fn again(key: &MachineKey) -> MachineKey {
    MachineKey::from_text(&key.to_text()).unwrap()
}

impl Scene {
    /// A vault with every kind of slot: the bot's, which stays, and four of somebody who will leave.
    fn new() -> Scene {
        let scene = Scene {
            directory: tempfile::tempdir().unwrap(),
            bot: MachineKey::generate().unwrap(),
            leaver_key: MachineKey::generate().unwrap(),
            leaver_code: RecoveryCode::generate().unwrap(),
            key_file: KeyFile::generate().unwrap(),
        };
        let passphrase = |text: &str| NewSlot::passphrase("", &Secret::copy_of(text), KdfCost::MINIMUM).unwrap();
        let slots = vec![
            NewSlot::machine_key("bot", &scene.bot),
            NewSlot::machine_key("leaver", &scene.leaver_key),
            NewSlot::recovery_code("leaver", &scene.leaver_code),
            passphrase(LEAVER),
            passphrase("EXAMPLE both").with_key_file(&scene.key_file),
        ];
        let mut contents = Contents::default();
        let name = Reference::new("okx", "main");
        let mut record = crate::Record::new(&name, 0).unwrap();
        record.fields.set(field::API_KEY, Secret::copy_of("EXAMPLE-OKX-KEY"));
        contents.insert(record).unwrap();
        let new = NewVault { contents, slots, author: String::new(), pins: None };
        new.prepare().unwrap().create(&scene.path()).unwrap();
        scene
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("vault.strongroom")
    }

    fn read(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    fn bot(&self) -> Unlock {
        Unlock::machine_key(again(&self.bot))
    }

    fn open(&self) -> Vault {
        Vault::open(self.path(), &self.bot()).unwrap()
    }

    fn leaver(&self) -> [Unlock; 3] {
        [
            Unlock::typed(&Secret::copy_of(LEAVER)).unwrap(),
            Unlock::machine_key(again(&self.leaver_key)),
            Unlock::typed(&self.leaver_code.to_text()).unwrap(),
        ]
    }

    /// The slot that a secret opens, asked before it is removed.
    fn slot_of(&self, unlock: &Unlock) -> SlotId {
        Vault::open(self.path(), unlock).unwrap().opened_by()
    }
}

/// Everything inside one version, as somebody who can open it knows it.
struct Loot {
    header: Header,
    data_key: DataKey,
    index: Index,
}

fn loot(file: &[u8], data_key: DataKey) -> Loot {
    let header = container::parse(file).unwrap();
    let mut copy = file.to_vec();
    let payload = container::open_payload(&mut copy, &header, &data_key).unwrap();
    let index = Index::of(&copy[payload]).unwrap();
    Loot { header, data_key, index }
}

fn unwrap_with(header: &Header, secret: &SlotSecret) -> Option<DataKey> {
    header.slots.iter().find_map(|slot| {
        let keys = slot.info.keys(&header.vault_id, &slot.salt, secret);
        slot.unwrap(&header.vault_id, &header.data_key_id, &keys).ok()
    })
}

/// Everything that can be computed from the loot and the new header, each a candidate for the new data key.
fn candidates(loot: &Loot, new: &Header) -> Vec<[u8; 32]> {
    let mut found = vec![*loot.data_key.expose(), *loot.data_key.lineage().expose()];
    for old in &loot.header.slots {
        for slot in &new.slots {
            // The design this replaces wrapped under an unchanged slot key at nonce 0: one XOR gives the new key away.
            let mut xor = *loot.data_key.expose();
            for (byte, (a, b)) in xor.iter_mut().zip(old.wrapped.iter().zip(&slot.wrapped)) {
                *byte ^= a ^ b;
            }
            found.push(xor);
        }
    }
    for entry in &loot.index.descent.slots {
        // The other design it replaces kept the slot secret itself inside the payload.
        for secret in [entry.keys.kw.expose(), entry.keys.pk.expose()] {
            if let Some(key) = unwrap_with(new, &SlotSecret::random_key(secret)) {
                found.push(*key.expose());
            }
        }
        // With kw in hand only z is missing; every z of the old version can be computed, and none fits the new slot.
        for slot in &new.slots {
            let forged = DataKey::from_bytes(*loot.data_key.expose());
            if let Some(old) = slot.info.seal(&new.vault_id, slot.salt, &entry.keys, &forged) {
                assert_ne!(old.commitment, slot.commitment);
                assert_ne!(old.epk, slot.epk);
            }
        }
    }
    found
}

#[test]
fn g8_a_removed_secret_with_every_old_version_does_not_recover_the_new_data_key() {
    for which in 0..3 {
        let scene = Scene::new();
        let leaver = &scene.leaver()[which];
        let slot = scene.slot_of(leaver);
        let old = scene.read();
        let old_key = scene.open().into_data_key();

        // What `passwd` does, and what `slot remove` does.
        if which == 0 {
            let new = NewSlot::passphrase("", &Secret::copy_of("EXAMPLE stays"), KdfCost::MINIMUM).unwrap();
            scene.open().replace_slot(slot, new).unwrap();
        } else {
            scene.open().remove_slot(slot).unwrap();
        }
        let new = scene.read();
        let header = container::parse(&new).unwrap();

        assert!(matches!(Vault::open(scene.path(), leaver), Err(Error::Unlock(_))));
        let loot = loot(&old, old_key);
        for candidate in candidates(&loot, &header) {
            let key = DataKey::from_bytes(candidate);
            assert_ne!(key.id(), header.data_key_id);
            let refused = container::open_payload(&mut new.clone(), &header, &key);
            assert_eq!(refused.unwrap_err(), FormatError::Tampered { layer: "data-key-id" });
        }
    }
}

/// A file that opens under every slot of the loot, under a data key of the forger's, with a revision of their choice.
fn forge(loot: &Loot, revision: u64, ancestor: [u8; 32], contents: &Contents) -> Vec<u8> {
    let mut descent = wire::Descent {
        lineages: Lineages::copy_of(loot.index.descent.lineages.iter()),
        ancestors: vec![ancestor],
        ..wire::Descent::default()
    };
    descent.add_lineage(loot.data_key.lineage().expose());
    for entry in &loot.index.descent.slots {
        descent.slots.push(SlotEntry {
            id: entry.id,
            label: entry.label.clone(),
            keys: SlotEntryKeys {
                kw: SecretBytes::copy_of(entry.keys.kw.expose()),
                pk: SecretBytes::copy_of(entry.keys.pk.expose()),
            },
            created: 0,
            proven: 0,
        });
    }
    let payload = wire::encode(contents, &descent).unwrap();
    let key = DataKey::generate(Some(&loot.data_key), &sha256(&payload)).unwrap();
    let mut header = Header { revision, ..loot.header.clone() };
    header.slots = header
        .slots
        .iter()
        .map(|slot| {
            let entry = descent.slots.iter().find(|entry| entry.id == slot.info.id).unwrap();
            slot.info.seal(&header.vault_id, slot.salt, &entry.keys, &key).unwrap()
        })
        .collect();
    container::seal(&mut header, &key, payload).unwrap().file
}

#[test]
fn g10_a_newer_file_forged_by_somebody_removed_is_refused_by_a_pinned_reader() {
    let scene = Scene::new();
    let leaver = &scene.leaver()[0];
    let slot = scene.slot_of(leaver);
    let old = scene.read();
    let old_key = scene.open().into_data_key();
    scene.open().remove_slot(slot).unwrap();

    let pins = PinStore::at(scene.directory.path().join("pins"));
    let pinned = || OpenOptions::new().pins(pins.clone()).open(scene.path(), &scene.bot());
    pinned().unwrap();
    let current = container::checksum(&scene.read());
    let bound_to = scene.open().info();

    let forged = forge(&loot(&old, old_key), 1_000_000, current, &Contents::default());
    fs::write(scene.path(), forged).unwrap();
    // Somebody who was inside once can make a file that opens: that is what pins are for.
    assert_eq!(scene.open().record_count(), 0);
    assert!(matches!(pinned(), Err(Error::Pin(PinError::Substituted { .. }))));
    // A machine key that was bound after the removal serves a host without state.
    let mut bound = again(&scene.bot);
    bound.bind(bound_to.vault_id, bound_to.data_key_id);
    let refused = Vault::open(scene.path(), &Unlock::machine_key(bound));
    assert!(matches!(refused, Err(Error::Pin(PinError::KeyBound))));
}

#[test]
fn g1_no_name_label_or_secret_stands_in_the_file() {
    let scene = Scene::new();
    let file = scene.read();
    for text in ["okx", "main", "EXAMPLE-OKX-KEY", "leaver", "api_key", LEAVER] {
        assert!(!file.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes())), "{text}");
    }
}
