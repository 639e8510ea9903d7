//! What a vault that nobody has authenticated can make its reader allocate and run. SPEC.md, guarantee 6.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use strongroom::{
    Contents, Error, FormatError, KdfCost, KeyFile, LockedVault, MachineKey, NewSlot, NewVault, OpenOptions,
    RecoveryCode, Secret, SlotInfo, SlotKind, Unlock, UnlockError, Vault, kdf_runs,
};

use super::counted::{Numbers, allocated, alone, within};

/// More than paths, errors and 16 slots take. Files are read into mappings of their own length, beside this.
const CONSTANT: usize = 16 * 1024;

/// What may be mapped beside a file's own length: the allocator's growth, and the system's pages.
const MAPPED_CONSTANT: usize = 1 << 20;

struct Vector {
    head: Vec<(String, String)>,
    file: Vec<u8>,
}

impl Vector {
    /// Those of `tests/vectors` that must be refused, and that come as a file or as armour that reads.
    fn refused() -> Vec<Vector> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let texts = fs::read_dir(directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
        let vectors = texts.map(|text| {
            let (head, body) = text.split_once("\n\n").unwrap();
            let pair = |line: &str| line.split_once(':').map(|(key, value)| (key.into(), value.trim_start().into()));
            Vector { head: head.lines().filter_map(pair).collect(), file: body_of(body) }
        });
        vectors.filter(|vector| vector.get("expect") != Some("ok")).collect()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.head.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn is_refused_before_unlocking(&self) -> bool {
        let early = ["size", "signature", "checksum", "version", "structure"];
        self.get("layer").is_some_and(|layer| early.contains(&layer))
    }

    /// The secret it comes with, if its text is one.
    fn unlock(&self) -> Option<Unlock> {
        let secret = |key: &str| self.get(key).map(Secret::copy_of);
        let unlock = if let Some(text) = secret("passphrase") {
            Unlock::typed(&text).ok()?
        } else if let Some(text) = secret("machine-key") {
            Unlock::machine_key(MachineKey::from_text(&text).ok()?)
        } else {
            Unlock::recovery_code(RecoveryCode::from_text(&secret("recovery-code")?).ok()?)
        };
        match secret("key-file") {
            Some(text) => Some(unlock.key_file(KeyFile::from_text(&text).ok()?)),
            None => Some(unlock),
        }
    }
}

fn body_of(text: &str) -> Vec<u8> {
    match text.strip_prefix("hex:\n") {
        Some(hex) => HEXLOWER.decode(hex.replace('\n', "").as_bytes()).unwrap(),
        None => {
            let lines = text.lines().filter(|line| !line.starts_with('-')).collect::<String>();
            BASE64.decode(lines.as_bytes()).unwrap_or_default()
        }
    }
}

fn passphrase() -> Unlock {
    Unlock::typed(&Secret::copy_of("EXAMPLE passphrase")).unwrap()
}

fn machine_key() -> Unlock {
    Unlock::machine_key(MachineKey::generate().unwrap())
}

#[test]
fn g6_every_vector_that_is_refused_costs_no_more_memory_than_its_size_and_no_argon2_before_its_header_passed() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let vectors = Vector::refused();

    let typed = passphrase();
    let runs = kdf_runs();
    let (mut early, mut late) = (0, 0);
    for vector in vectors.iter().filter(|vector| vector.is_refused_before_unlocking()) {
        fs::write(&path, &vector.file).unwrap();
        let open = || allocated(|| assert!(Vault::open(&path, &typed).is_err()));
        let most = within(vector.file.len() + MAPPED_CONSTANT, open);
        assert!(most <= CONSTANT, "{most} bytes for {} bytes of file: {:?}", vector.file.len(), vector.get("comment"));
        early += 1;
    }
    assert_eq!(kdf_runs(), runs, "Argon2 ran for a file that is refused before unlocking");

    // With their own secrets: those refused at unlocking, at the payload and behind it.
    let mut at_once = 0;
    for vector in vectors.iter().filter(|vector| !vector.is_refused_before_unlocking()) {
        // What a vector says about the machine, and pins, the unit test of vectors knows.
        let Some(unlock) = vector.unlock().filter(|_| vector.get("available-memory").or(vector.get("pin")).is_none())
        else {
            continue;
        };
        fs::write(&path, &vector.file).unwrap();
        let options = match (vector.get("slot"), vector.get("require")) {
            (Some(slot), _) => OpenOptions::new().slot(slot.parse().unwrap()),
            (_, Some(expected)) => OpenOptions::new().expect(expected.parse().unwrap()),
            _ => OpenOptions::new(),
        };
        let passphrases = LockedVault::read(&path).map_or(0, |locked| passphrases(&locked).len());
        let before = kdf_runs();
        let most = allocated(|| assert!(options.open(&path, &unlock).is_err(), "{:?}", vector.get("comment")));
        assert!(kdf_runs() - before <= passphrases as u64, "{:?}", vector.get("comment"));
        let size = vector.file.len();
        assert!(most <= size + CONSTANT, "{most} bytes for {size} bytes of file: {:?}", vector.get("comment"));
        (late, at_once) = (late + 1, most.max(at_once));
    }
    println!("bounds: {early} vectors refused before unlocking, {late} later (at most {at_once} bytes of heap)");
    assert!(early >= 79 && late >= 150, "{early} early, {late} late of {}", vectors.len());
}

fn passphrases(locked: &LockedVault) -> Vec<KdfCost> {
    let cost = |kind| match kind {
        SlotKind::Passphrase { cost, .. } => Some(cost),
        SlotKind::RandomKey => None,
    };
    locked.info().slots.iter().filter_map(|slot| cost(slot.kind)).collect()
}

fn product(costs: &[KdfCost]) -> u64 {
    costs.iter().map(|cost| u64::from(cost.memory_kib) * u64::from(cost.passes)).sum()
}

/// Bytes of a header that somebody made up, with a payload of noise and a checksum that fits.
struct MadeUp {
    slot_count: u8,
    revision: u64,
    exponent: u8,
    slots: Vec<Vec<u8>>,
    padded: usize,
}

impl MadeUp {
    fn to_file(&self, numbers: &mut Numbers) -> Vec<u8> {
        let mut ids = [0; 64];
        numbers.fill(&mut ids);
        let mut file = b"\x89STRONGROOM\r\n\x1a\n\0\x01".to_vec();
        file.push(self.slot_count);
        file.extend_from_slice(&ids[..16]);
        file.extend_from_slice(&self.revision.to_le_bytes());
        file.extend_from_slice(&ids[..48]);
        file.push(self.exponent);
        self.slots.iter().for_each(|slot| file.extend_from_slice(slot));
        let at = file.len();
        file.resize(at + 32 + self.padded + 16, 0);
        numbers.fill(&mut file[at..]);
        with_checksum(file)
    }
}

fn with_checksum(mut file: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&file);
    file.extend_from_slice(&checksum);
    file
}

/// A slot of noise, with its number in front of its id so that slots ascend.
fn slot(numbers: &mut Numbers, kind: u8, number: u8, cost: (u32, u8), key_file: u8) -> Vec<u8> {
    let mut noise = [0; 135];
    numbers.fill(&mut noise);
    let mut slot = vec![kind, number];
    slot.extend_from_slice(&noise[..7]);
    if kind == 2 {
        slot.extend_from_slice(&cost.0.to_le_bytes());
        slot.extend_from_slice(&[cost.1, key_file]);
    }
    slot.extend_from_slice(&noise[7..]);
    slot
}

/// A header in which every field may be anything, and is often what just passes or just does not.
fn made_up(numbers: &mut Numbers) -> Vec<u8> {
    let real = numbers.below(17);
    let costs = [19_455, 19_456, 19_457, 65_536, 262_144, 1_048_576, 1_048_577, 0, 1, 1 << 31, u32::MAX];
    let ordered = numbers.below(4) > 0;
    let costly = ordered && numbers.below(4) == 0;
    let real = if costly { real.min(8) } else { real };
    let mut slots: Vec<Vec<u8>> = Vec::new();
    for number in 0..real {
        let any = numbers.one_of(&[1, 1, 1, 1, 2, 2, 2, 0, 3, 255]);
        let (kind, memory, passes, key_file) = match (costly, ordered) {
            (true, _) => (2, 1_048_576, numbers.one_of(&[2, 3, 4]), 0),
            (_, true) => (any.clamp(1, 2), numbers.one_of(&costs[1..6]), numbers.one_of(&[2, 3, 4]), any & 1),
            _ => (any, numbers.one_of(&costs), numbers.one_of(&[0, 1, 2, 4, 16, 17, 255]), any),
        };
        slots.push(slot(numbers, kind, number as u8, (memory, passes), key_file));
    }
    if ordered {
        let cost = |slot: &Vec<u8>| match slot[0] {
            1 => 0,
            _ => u64::from(u32::from_le_bytes(slot[9..13].try_into().unwrap())) * u64::from(slot[13]),
        };
        slots.sort_by_key(|slot| (cost(slot), slot[1]));
    }
    let exponent = numbers.one_of(&[0, 0, 0, 0, 1, 2, 14, 15, 63, 255]);
    let right = numbers.below(4) > 0;
    let padded = if right && exponent <= 2 { 4096 << exponent } else { numbers.below(9000) };
    let slot_count = if numbers.below(8) > 0 { slots.len() as u8 } else { numbers.one_of(&[0, 1, 16, 17, 128, 255]) };
    let revision = numbers.one_of(&[1, 2, 0, i64::MAX as u64, u64::MAX]);
    let mut file = MadeUp { slot_count, revision, exponent, slots, padded }.to_file(numbers);
    match numbers.below(10) {
        // Cut, or changed anywhere, and the checksum made to fit again.
        0 => {
            file.truncate(17 + numbers.below(file.len() - 17));
            file = with_checksum(file);
        }
        1 => {
            file.truncate(file.len() - 32);
            for _ in 0..=numbers.below(8) {
                let at = 16 + numbers.below(file.len() - 16);
                file[at] = numbers.next() as u8;
            }
            file = with_checksum(file);
        }
        _ => {}
    }
    file
}

#[test]
fn g6_made_up_headers_cost_no_more_memory_than_their_size_and_no_argon2_beyond_the_limits() {
    const FILES: usize = 5_000;
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let (key, typed) = (machine_key(), passphrase());
    let mut numbers = Numbers(0x5eed_0001);
    let (mut refused, mut passed, mut too_expensive) = (0, 0, 0);
    let runs = kdf_runs();
    for number in 0..FILES {
        let file = made_up(&mut numbers);
        fs::write(&path, &file).unwrap();
        let mapped = file.len() + MAPPED_CONSTANT;
        let mut locked = None;
        let most = within(mapped, || allocated(|| locked = Some(LockedVault::read(&path))));
        assert!(most <= CONSTANT, "file {number}: {most} bytes for {} bytes of file", file.len());
        // A machine key is tried on what passes, and on nothing else.
        let most = within(mapped, || allocated(|| assert!(Vault::open(&path, &key).is_err())));
        assert!(most <= CONSTANT, "file {number}: {most} bytes for {} bytes of file", file.len());
        match locked.unwrap() {
            Err(Error::Format(_)) => refused += 1,
            Err(other) => panic!("file {number}: {other:?}"),
            Ok(locked) => {
                passed += 1;
                let costs = passphrases(&locked);
                assert!(costs.len() <= 8 && locked.info().slots.len() <= 16);
                assert!(costs.iter().all(|cost| (19 * 1024..=1024 * 1024).contains(&cost.memory_kib)));
                let key_file = |slot: &SlotInfo| matches!(slot.kind, SlotKind::Passphrase { key_file: true, .. });
                // Those within the limit would run, which is what the limit is for; not here.
                if product(&costs) > 16 << 20 && !locked.info().slots.iter().any(key_file) {
                    let refused = Vault::open(&path, &typed).err().unwrap();
                    assert!(matches!(refused, Error::Unlock(UnlockError::TooExpensive { .. })), "{refused:?}");
                    too_expensive += 1;
                }
            }
        }
    }
    assert_eq!(kdf_runs(), runs, "Argon2 ran");
    println!("bounds: {FILES} made-up headers: {refused} refused, {passed} passed, {too_expensive} too expensive");
    assert!(refused >= 3_000 && passed >= 800 && too_expensive >= 100, "{refused}, {passed}, {too_expensive}");
}

#[test]
fn r8_argon2_runs_once_a_slot_in_memory_for_one_and_not_at_all_beyond_what_one_unlock_may_cost() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let mut numbers = Numbers(0x5eed_0002);
    let mut write = |costs: &[(u32, u8)]| {
        let slots: Vec<Vec<u8>> =
            costs.iter().enumerate().map(|(number, cost)| slot(&mut numbers, 2, number as u8, *cost, 0)).collect();
        let made_up = MadeUp { slot_count: slots.len() as u8, revision: 1, exponent: 0, slots, padded: 4096 };
        fs::write(&path, made_up.to_file(&mut numbers)).unwrap();
    };

    // Eight guesses at 64 MiB each: eight runs, and never the memory of two at once.
    let runs = kdf_runs();
    write(&[(64 * 1024, 2); 8]);
    let memory = (64 << 20) + (2 << 20) + MAPPED_CONSTANT;
    let refused = within(memory, || Vault::open(&path, &passphrase())).err().unwrap();
    assert!(matches!(refused, Error::Unlock(UnlockError::WrongSecret { tried: 8, .. })), "{refused:?}");
    assert_eq!(kdf_runs(), runs + 8);
    #[cfg(target_os = "linux")]
    {
        let too_little = within(memory / 2, || Vault::open(&path, &passphrase())).err().unwrap();
        assert!(matches!(too_little, Error::Unlock(UnlockError::NotEnoughMemory { .. })), "{too_little:?}");
        assert_eq!(kdf_runs(), runs + 8, "it ran in less memory than it needs");
    }

    // A ninth is refused with the header; so is one that costs more than a slot may.
    write(&[(64 * 1024, 2); 9]);
    assert!(matches!(Vault::open(&path, &passphrase()), Err(Error::Format(FormatError::TooManyPassphrases))));
    for cost in [(1024 * 1024 + 1, 2), (1024 * 1024, 5), (u32::MAX, 255), (19 * 1024 - 1, 2), (19 * 1024, 1)] {
        write(&[cost]);
        assert!(matches!(Vault::open(&path, &passphrase()), Err(Error::Format(FormatError::OverLimit { .. }))));
    }
    // Each is within the limits and together they are not: none is tried.
    write(&[
        (1024 * 1024, 2),
        (1024 * 1024, 2),
        (1024 * 1024, 3),
        (1024 * 1024, 3),
        (1024 * 1024, 3),
        (1024 * 1024, 4),
    ]);
    let refused = Vault::open(&path, &passphrase()).err().unwrap();
    assert!(matches!(refused, Error::Unlock(UnlockError::TooExpensive { slots: 6 })), "{refused:?}");
    assert_eq!(kdf_runs(), runs + 8, "Argon2 ran for a file beyond the limits");
}

#[test]
fn r6_a_file_longer_than_any_vault_is_refused_by_its_length_alone() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let typed = passphrase();
    for length in [67_111_276, 5 << 30] {
        fs::write(&path, b"\x89STRONGROOM\r\n\x1a\n\0").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        let open = || {
            let refused = Vault::open(&path, &typed).err().unwrap();
            assert!(matches!(refused, Error::Format(FormatError::TooLarge { bytes, .. }) if bytes == length));
        };
        let most = within(MAPPED_CONSTANT, || allocated(open));
        assert!(most <= CONSTANT, "{most} bytes");
    }
}

#[test]
fn g6_wrong_passphrases_cost_one_run_a_slot() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let typed = passphrase();
    let passphrase = |text: &str, cost| NewSlot::passphrase("", &Secret::copy_of(text), cost).unwrap();
    let slots = vec![
        passphrase("EXAMPLE one", KdfCost::MINIMUM),
        passphrase("EXAMPLE two", KdfCost::MINIMUM),
        NewSlot::machine_key("", &MachineKey::generate().unwrap()),
    ];
    let before = kdf_runs();
    let new = NewVault { contents: Contents::default(), slots, author: String::new(), pins: None };
    let vault = new.prepare().unwrap().create(&path).unwrap();
    let made = kdf_runs();
    assert_eq!(made, before + 4, "each new passphrase once to make its slot and once to prove it");

    let refused = Vault::open(&path, &typed).err().unwrap();
    assert!(matches!(refused, Error::Unlock(UnlockError::WrongSecret { tried: 2, .. })));
    assert_eq!(kdf_runs(), made + 2, "one run for each passphrase slot");

    let named = vault.slots().iter().find(|slot| slot.info.kind != SlotKind::RandomKey).unwrap().info.id;
    assert!(OpenOptions::new().slot(named).open(&path, &typed).is_err());
    assert_eq!(kdf_runs(), made + 3, "a named slot is the only one tried");

    assert!(Vault::open(&path, &machine_key()).is_err());
    assert_eq!(kdf_runs(), made + 3, "a machine key needs none");
}
