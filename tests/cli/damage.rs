//! Damaged, cut, converted, forged: refused with exit 5 before anything is handed out, and never taken for a wrong
//! secret.

use strongroom_tests::Sandbox;

/// Refused with this kind, by a command that opens and by one that only looks.
#[track_caller]
fn refused(sandbox: &Sandbox, bytes: &[u8], kind: &str) {
    sandbox.write("vault.strongroom", bytes);
    for words in ["list --json", "info --json"] {
        let finished = sandbox.run(words).exits(5).prints_only("");
        assert_eq!(finished.error_kind(), kind, "{words}");
    }
}

#[test]
fn a_cut_vault_is_damaged() {
    let sandbox = Sandbox::with_vault();
    let vault = sandbox.read("vault.strongroom");
    for length in [17, 48, 100, vault.len() / 2, vault.len() - 32, vault.len() - 1] {
        refused(&sandbox, &vault[..length], "damaged");
    }
}

#[test]
fn a_longer_vault_is_damaged() {
    let sandbox = Sandbox::with_vault();
    let mut vault = sandbox.read("vault.strongroom");
    vault.push(0);
    refused(&sandbox, &vault, "damaged");
}

#[test]
fn a_changed_byte_anywhere_behind_the_signature_is_damage() {
    let sandbox = Sandbox::with_vault();
    let vault = sandbox.read("vault.strongroom");
    // Version, slot count, ids, slots, ciphertext, checksum. The library's tests flip every byte.
    for position in [16, 17, 20, 40, 60, 90, 95, 200, 600, vault.len() - 40, vault.len() - 1] {
        let mut changed = vault.clone();
        changed[position] ^= 0x01;
        refused(&sandbox, &changed, "damaged");
    }
}

#[test]
fn what_is_no_vault_is_called_that() {
    let sandbox = Sandbox::with_vault();
    for bytes in [&b""[..], b"\x89", b"age-encryption.org/v1\n", &[0; 5000]] {
        refused(&sandbox, bytes, "not-a-vault");
    }
}

#[test]
fn converted_line_endings_are_called_that() {
    let sandbox = Sandbox::with_vault();
    let vault = sandbox.read("vault.strongroom");
    let mut converted = Vec::new();
    for (index, &byte) in vault.iter().enumerate() {
        if byte == b'\r' && vault.get(index + 1) == Some(&b'\n') {
            continue;
        }
        converted.push(byte);
    }
    refused(&sandbox, &converted, "line-endings");
}

#[test]
fn a_damaged_vault_is_never_written_to() {
    let sandbox = Sandbox::with_vault();
    let mut vault = sandbox.read("vault.strongroom");
    vault[300] ^= 0x80;
    sandbox.write("vault.strongroom", &vault);
    sandbox.write("secrets.json", strongroom_tests::SAMPLE_JSON);
    let before = sandbox.tree();
    for words in ["set binance/main --tag hot", "rekey", "import json secrets.json", "rm binance/main --yes"] {
        sandbox.run(words).exits(5);
    }
    sandbox.run("adopt secrets.json --machine-key machine.key --generate-passphrase --kdf minimum").exits(5);
    assert!(sandbox.tree() == before);
}

#[test]
fn damage_is_said_before_a_secret_is_asked_for() {
    let sandbox = Sandbox::with_vault();
    let mut vault = sandbox.read("vault.strongroom");
    vault[300] ^= 0x80;
    sandbox.write("vault.strongroom", &vault);
    sandbox.bare("list").end().exits(5);
    sandbox.bare("list --passphrase-file wrong").end().exits(5);
}

#[test]
fn a_directory_is_not_a_vault_and_not_a_crash() {
    let sandbox = Sandbox::with_vault();
    std::fs::create_dir(sandbox.path("directory.strongroom")).expect("a directory");
    sandbox.run("list --vault directory.strongroom").fails().says("directory.strongroom");
}

#[test]
fn a_file_that_is_something_else_is_called_by_its_name() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("conflict.strongroom", "<<<<<<< HEAD\nEXAMPLE\n=======\nEXAMPLE\n>>>>>>> theirs\n");
    sandbox.write("empty.strongroom", "");
    let armor = sandbox.run("export armor --reveal").ok();
    sandbox.write("vault.txt", armor.text());
    for (file, said) in [
        ("machine.key", "it is a machine key"),
        ("vault.txt", "strongroom import armor vault.txt"),
        ("conflict.strongroom", "git checkout --ours conflict.strongroom"),
        ("empty.strongroom", "it is empty"),
    ] {
        sandbox.run(&format!("info --vault {file}")).exits(5).says(said);
    }
    sandbox.bare("list --key-file vault.strongroom").end().exits(4).says("is a vault, not a machine key");
}

#[test]
fn damage_comes_with_a_way_back() {
    let sandbox = Sandbox::with_vault();
    let mut vault = sandbox.read("vault.strongroom");
    vault[300] ^= 0x80;
    sandbox.write("vault.strongroom", &vault);
    sandbox.run("list").exits(5).says("backup");
    sandbox.run("doctor").exits(1).prints("backup");
}
