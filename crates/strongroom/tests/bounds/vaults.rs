//! What an unauthenticated file can make a reader do: counted, not timed.
//!
//! One test in a process of its own, because allocations and KDF runs are counted for the whole process.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use peak_alloc::PeakAlloc;
use strongroom::{
    Contents, Error, KdfCost, MachineKey, NewSlot, NewVault, OpenOptions, Secret, SlotKind, Unlock, UnlockError, Vault,
    kdf_runs,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The most that was allocated at once while `work` ran, in bytes.
fn allocated(work: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    work();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

/// The most address space this process ever had, in bytes. The allocator sees the heap only; files are read into
/// mappings of their own.
#[cfg(target_os = "linux")]
fn most_mapped() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}

#[cfg(not(target_os = "linux"))]
fn most_mapped() -> usize {
    0
}

/// More than paths, errors and 16 slots take.
const CONSTANT: usize = 16 * 1024;

fn body(text: &str) -> Vec<u8> {
    match text.strip_prefix("hex:\n") {
        Some(hex) => HEXLOWER.decode(hex.replace('\n', "").as_bytes()).unwrap(),
        None => {
            let lines = text.lines().filter(|line| !line.starts_with('-')).collect::<String>();
            BASE64.decode(lines.as_bytes()).unwrap_or_default()
        }
    }
}

#[test]
fn g6_hostile_files_cost_no_kdf_and_no_memory_and_wrong_passphrases_cost_one_run_a_slot() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault");
    let typed = Unlock::typed(&Secret::copy_of("EXAMPLE passphrase")).unwrap();

    // Every vector that must be refused before unlocking.
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let (mut tried, mapped) = (0, most_mapped());
    for entry in fs::read_dir(vectors).unwrap() {
        let text = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (head, rest) = text.split_once("\n\n").unwrap();
        let early = ["size", "signature", "checksum", "version", "structure"];
        if !head.lines().any(|line| early.iter().any(|layer| line == format!("layer: {layer}"))) {
            continue;
        }
        let file = body(rest);
        fs::write(&path, &file).unwrap();
        let most = allocated(|| assert!(Vault::open(&path, &typed).is_err()));
        assert!(most <= CONSTANT, "{most} bytes for {} bytes of file\n{head}", file.len());
        tried += 1;
    }
    assert!(tried >= 60, "only {tried} vectors are refused before unlocking");
    assert_eq!(kdf_runs(), 0);
    let mapped = most_mapped() - mapped;
    assert!(mapped <= 1 << 20, "{mapped} bytes were mapped for files of a few thousand");

    // A wrong passphrase is tried once on each slot it could open.
    let passphrase = |text: &str, cost| NewSlot::passphrase("", &Secret::copy_of(text), cost).unwrap();
    let slots = vec![
        passphrase("EXAMPLE one", KdfCost::MINIMUM),
        passphrase("EXAMPLE two", KdfCost::MINIMUM),
        NewSlot::machine_key("", &MachineKey::generate().unwrap()),
    ];
    let new = NewVault { contents: Contents::default(), slots, author: String::new(), pins: None };
    fs::remove_file(&path).unwrap();
    let vault = new.prepare().unwrap().create(&path).unwrap();
    let made = kdf_runs();
    assert_eq!(made, 4, "each new passphrase once to make its slot and once to prove it");

    let refused = Vault::open(&path, &typed).err().unwrap();
    assert!(matches!(refused, Error::Unlock(UnlockError::WrongSecret { tried: 2, .. })));
    assert_eq!(kdf_runs(), made + 2, "one run for each passphrase slot");

    let named = vault.slots().iter().find(|slot| slot.info.kind != SlotKind::RandomKey).unwrap().info.id;
    assert!(OpenOptions::new().slot(named).open(&path, &typed).is_err());
    assert_eq!(kdf_runs(), made + 3, "a named slot is the only one tried");

    let key = Unlock::machine_key(MachineKey::generate().unwrap());
    assert!(Vault::open(&path, &key).is_err());
    assert_eq!(kdf_runs(), made + 3, "a machine key needs none");
}
