//! What an attacker would try, with everything an attacker can have. Tests only.
//!
//! Guarantee 8 is tried by somebody who was let in once and shut out since: who keeps every version ever committed, an
//! old secret, and everything that was inside. Guarantee 2 is tried by somebody who changes bytes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::container::{self, Header, SlotId};
use crate::error::{Error, FormatError, PinError};
use crate::kdf::KdfCost;
use crate::keys::{DataKey, SlotEntryKeys, SlotSecret, sha256};
use crate::keytext::{KeyFile, MachineKey, RecoveryCode};
use crate::pin::PinStore;
use crate::record::{Contents, Reference, field};
use crate::secret::{Secret, SecretBytes};
use crate::vault::{NewSlot, NewVault, OpenOptions, Unlock, Vault};
use crate::wire::{self, Index, SlotEntry};

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
    let mut found = vec![*loot.data_key.expose(), loot.data_key.lineage()];
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
        for secret in [entry.keys.kw.expose(), &entry.keys.pk] {
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
        lineages: loot.index.descent.lineages.clone(),
        ancestors: vec![ancestor],
        ..wire::Descent::default()
    };
    descent.add_lineage(loot.data_key.lineage());
    for entry in &loot.index.descent.slots {
        descent.slots.push(SlotEntry {
            id: entry.id,
            label: entry.label.clone(),
            keys: SlotEntryKeys { kw: SecretBytes::copy_of(entry.keys.kw.expose()), pk: entry.keys.pk },
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

fn open_bytes(scene: &Scene, path: &Path, bytes: &[u8]) -> Result<Vault, Error> {
    fs::write(path, bytes).unwrap();
    Vault::open(path, &scene.bot())
}

#[test]
fn g2_every_changed_byte_and_every_truncation_is_refused() {
    let scene = Scene::new();
    let file = scene.read();
    let mut changed = file.clone();
    for at in 0..file.len() {
        for difference in 1..=255 {
            changed[at] = file[at] ^ difference;
            assert!(container::parse(&changed).is_err(), "byte {at} ^ {difference}");
        }
        changed[at] = file[at];
        assert!(container::parse(&file[..at]).is_err(), "cut at {at}");
    }
    changed.push(0);
    assert_eq!(container::parse(&changed).unwrap_err(), FormatError::Damaged);
}

/// The bytes with a fitting checksum, as somebody makes it who changes a file on purpose.
fn with_checksum(mut file: Vec<u8>) -> Vec<u8> {
    let at = file.len() - container::CHECKSUM_LEN;
    let checksum = sha256(&file[..at]);
    file[at..].copy_from_slice(&checksum);
    file
}

#[test]
fn g2_every_flipped_bit_with_a_fitting_checksum_opens_nothing() {
    let scene = Scene::new();
    let file = scene.read();
    let path = scene.directory.path().join("changed");
    let header_len = container::parse(&file).unwrap().len();
    for at in 0..file.len() - container::CHECKSUM_LEN {
        // Behind the header one bit of each byte is enough: it is one commitment, one message and one tag.
        let bits = if at < header_len { 0..8 } else { at % 8..at % 8 + 1 };
        for bit in bits {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            let refused = open_bytes(&scene, &path, &with_checksum(changed)).err();
            assert!(
                matches!(refused, Some(Error::Format(_) | Error::Unlock(_) | Error::Pin(_))),
                "byte {at} bit {bit}: {refused:?}"
            );
        }
    }
    for at in 49..file.len() - 1 {
        let refused = open_bytes(&scene, &path, &with_checksum(file[..at].to_vec())).err();
        assert!(matches!(refused, Some(Error::Format(_) | Error::Unlock(_))), "cut at {at}: {refused:?}");
    }
}

#[test]
fn g2_no_mix_of_two_versions_opens() {
    let scene = Scene::new();
    let first = scene.read();
    let save = |note: &str| {
        let edit = |contents: &mut Contents| {
            contents.record_mut(&Reference::new("okx", "main")).unwrap().note = note.to_owned();
            Ok(())
        };
        scene.open().edit(edit).unwrap();
        scene.read()
    };
    let (second, leaver) = (save("second"), scene.slot_of(&scene.leaver()[1]));
    scene.open().remove_slot(leaver).unwrap();
    let third = scene.read();
    let path = scene.directory.path().join("spliced");
    for (a, b) in [(&first, &second), (&second, &first), (&second, &third), (&third, &second)] {
        for at in (17..a.len().min(b.len()) - 32).filter(|at| a[..*at] != b[..*at] && a[*at..] != b[*at..]) {
            let mut spliced = a[..at].to_vec();
            spliced.extend_from_slice(&b[at..]);
            let spliced = with_checksum(spliced);
            // Where the halves happen to agree with one version, it is that version.
            if [&first, &second, &third].iter().all(|version| **version != spliced) {
                assert!(open_bytes(&scene, &path, &spliced).is_err(), "spliced at {at}");
            }
        }
    }
}

#[test]
fn g1_no_name_label_or_secret_stands_in_the_file() {
    let scene = Scene::new();
    let file = scene.read();
    for text in ["okx", "main", "EXAMPLE-OKX-KEY", "leaver", "api_key", LEAVER] {
        assert!(!file.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes())), "{text}");
    }
}
