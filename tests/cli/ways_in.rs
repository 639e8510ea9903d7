//! Ways in and out: new passphrases, more slots, fewer slots, another data key.

use strongroom_tests::{BINANCE_SECRET, NEW_PASSPHRASE, Sandbox};

fn data_key_id(sandbox: &Sandbox) -> String {
    sandbox.bare("info --json").end().ok().json()["data_key_id"].as_str().expect("an id").to_owned()
}

/// The id of the only slot that `slot list` shows with this label.
fn slot(sandbox: &Sandbox, label: &str) -> String {
    let slots = sandbox.run("slot list --json").ok().json();
    let slots = slots["slots"].as_array().expect("a list").clone();
    let mut with_label = slots.iter().filter(|slot| slot["label"] == label);
    let id =
        with_label.next().unwrap_or_else(|| panic!("{label} in {slots:?}"))["id"].as_str().expect("an id").to_owned();
    assert!(with_label.next().is_none());
    id
}

#[test]
fn the_old_passphrase_opens_nothing_after_passwd() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("new", NEW_PASSPHRASE);
    let before = data_key_id(&sandbox);
    sandbox.bare("passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum").end().ok();
    assert_ne!(data_key_id(&sandbox), before, "a new data key");
    sandbox.bare("list --passphrase-file passphrase").end().exits(4);
    sandbox.bare("get binance/main/api_secret --passphrase-file new").end().ok().prints_only(BINANCE_SECRET);
    sandbox.run("get binance/main/api_secret").ok().prints_only(BINANCE_SECRET);
}

#[test]
fn passwd_says_what_an_old_holder_can_still_read() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("new", NEW_PASSPHRASE);
    let finished =
        sandbox.bare("passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum").end().ok();
    assert!(!finished.stderr.trim().is_empty());
}

#[test]
fn a_weak_passphrase_is_refused_and_nothing_changes() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("weak", "password1");
    let before = sandbox.tree();
    sandbox.bare("passwd --passphrase-file passphrase --new-passphrase-file weak --kdf minimum").end().exits(7);
    assert!(sandbox.tree() == before);
    let words = "passwd --passphrase-file passphrase --new-passphrase-file weak --kdf minimum --allow-weak-passphrase";
    sandbox.bare(words).end().ok();
    sandbox.bare("list --passphrase-file weak").end().ok();
}

#[test]
fn the_same_passphrase_twice_is_refused() {
    // It would survive the removal of one of its slots.
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    sandbox.run("slot add --label again --new-passphrase-file passphrase --kdf minimum").fails();
    assert!(sandbox.tree() == before);
}

#[test]
fn a_second_passphrase_opens_until_its_slot_is_removed() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("new", NEW_PASSPHRASE);
    sandbox.run("slot add --label laptop --new-passphrase-file new --kdf minimum").ok();
    sandbox.bare("list --passphrase-file new").end().ok();
    sandbox.bare("list --passphrase-file passphrase").end().ok();
    let before = data_key_id(&sandbox);
    sandbox.run(&format!("slot remove {}", slot(&sandbox, "laptop"))).ok();
    assert_ne!(data_key_id(&sandbox), before, "a new data key");
    sandbox.bare("list --passphrase-file new").end().exits(4);
    sandbox.bare("list --passphrase-file passphrase").end().ok();
}

#[test]
fn a_machine_key_of_a_removed_slot_opens_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("slot add --label server --machine-key server.key").ok();
    assert_eq!(sandbox.mode("server.key"), 0o600);
    sandbox.keep_secret(sandbox.read_text("server.key").trim_end());
    sandbox.bare("list --key-file server.key").end().ok();
    sandbox.run(&format!("slot remove {}", slot(&sandbox, "server"))).ok();
    sandbox.bare("list --key-file server.key").end().exits(4);
    sandbox.run("list").ok();
}

#[test]
fn the_last_way_in_cannot_be_removed() {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    sandbox.run("init --passphrase-file passphrase --no-recovery --kdf minimum").ok();
    let slots = sandbox.bare("info --json").end().ok().json();
    let id = slots["slots"][0]["id"].as_str().expect("an id").to_owned();
    let before = sandbox.tree();
    sandbox.bare(&format!("slot remove {id} --yes --passphrase-file passphrase")).end().exits(7);
    assert!(sandbox.tree() == before);
}

#[test]
fn removing_a_slot_that_is_not_there_is_exit_6() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    sandbox.run("slot remove 0000000000000000").exits(6);
    assert!(sandbox.tree() == before);
}

#[test]
fn rekey_makes_a_new_data_key_and_every_way_in_still_opens() {
    let sandbox = Sandbox::with_vault();
    let before = data_key_id(&sandbox);
    sandbox.run("rekey").ok();
    assert_ne!(data_key_id(&sandbox), before);
    sandbox.run("list").ok();
    sandbox.bare("list --passphrase-file passphrase").end().ok();
}

#[test]
fn rekey_lists_the_ways_in_that_stay() {
    let sandbox = Sandbox::with_vault();
    let slots = sandbox.run("slot list --json").ok().json();
    let finished = sandbox.run("rekey").ok();
    let said = format!("{}{}", finished.text(), finished.stderr);
    for slot in slots["slots"].as_array().expect("a list") {
        let id = slot["id"].as_str().expect("an id");
        assert!(said.contains(id), "{id} in {said}");
    }
}

#[test]
fn an_ordinary_save_leaves_the_slots_alone_and_no_change_writes_nothing() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.bare("info --json").end().ok().json();
    sandbox.run("set binance/main --tag hot").ok();
    let after = sandbox.bare("info --json").end().ok().json();
    assert_eq!(after["slots"], before["slots"]);
    assert_eq!(after["data_key_id"], before["data_key_id"]);
    assert_eq!(after["revision"], 2);
    let tree = sandbox.tree();
    sandbox.run("set binance/main --tag hot").ok();
    assert!(sandbox.tree() == tree);
}

#[test]
fn a_passphrase_that_needs_a_key_file_opens_only_with_it() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("new", NEW_PASSPHRASE);
    let words = "slot add --label vaulted --new-passphrase-file new --new-factor-file factor.key --kdf minimum";
    sandbox.run(words).ok();
    assert_eq!(sandbox.mode("factor.key"), 0o600);
    sandbox.bare("list --passphrase-file new").end().exits(4);
    sandbox.bare("list --passphrase-file new --factor-file factor.key").end().ok();
    let variable = sandbox.bare("list --passphrase-file new");
    variable.env("STRONGROOM_FACTOR_FILE", sandbox.path("factor.key").to_str().expect("UTF-8")).end().ok();
}

#[test]
fn a_key_file_that_would_be_of_no_effect_is_refused() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for words in ["passwd", "init --vault other.strongroom"] {
        let refused = sandbox.run(&format!("{words} --generate-passphrase --factor-file factor.key --kdf minimum"));
        refused.exits(2).says("slot add --new-factor-file");
    }
    assert!(sandbox.tree() == before);
}
