//! What was last seen here: an older file, a fork and another vault are noticed, and accepted only by name.

use strongroom_tests::{Finished, Sandbox, WRONG_PASSPHRASE};

/// The value that the refusal says `--accept` takes.
#[track_caller]
fn acceptance(finished: &Finished) -> String {
    let hints = finished.error()["hints"].to_string();
    let rest = hints.split("--accept ").nth(1).unwrap_or_else(|| panic!("--accept in {hints}"));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// Revision 2, seen; and revision 1 as it was.
fn seen_twice() -> (Sandbox, Vec<u8>) {
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let first = sandbox.read("vault.strongroom");
    sandbox.run("set binance/main --tag hot").ok();
    (sandbox, first)
}

#[test]
fn an_older_file_is_refused_until_it_is_accepted_by_its_checksum() {
    let (sandbox, first) = seen_twice();
    sandbox.write("vault.strongroom", &first);
    let refused = sandbox.run("list --json").exits(5).prints_only("");
    assert_eq!(refused.error_kind(), "rolled-back");
    sandbox.run("run -- true").exits(125);
    sandbox.run("set binance/main --tag cold").exits(5);
    let checksum = acceptance(&refused);
    assert_eq!(checksum.len(), 64);
    sandbox.run(&format!("list --accept {}", "0".repeat(64))).exits(5);
    sandbox.run(&format!("list --accept {checksum}")).ok().prints("binance");
    sandbox.run("list").ok();
}

#[test]
fn a_fork_is_refused_until_it_is_accepted() {
    let (sandbox, first) = seen_twice();
    let theirs = Sandbox::with_vault();
    theirs.write("vault.strongroom", &first);
    theirs.run("set okx/main --tag theirs").ok();
    sandbox.write("vault.strongroom", theirs.read("vault.strongroom"));
    let refused = sandbox.run("list --json").exits(5);
    assert_eq!(refused.error_kind(), "forked");
    sandbox.run(&format!("list --accept {}", acceptance(&refused))).ok();
}

#[test]
fn another_vault_in_its_place_is_refused_under_an_acceptance_of_its_own() {
    let sandbox = Sandbox::with_vault();
    sandbox.bare("list --passphrase-file passphrase").end().ok();
    // The same passphrase, another vault: what somebody who knows it could put there.
    let words = "init --vault other.strongroom --passphrase-file passphrase --no-recovery --kdf minimum";
    sandbox.bare(words).end().ok();
    sandbox.write("vault.strongroom", sandbox.read("other.strongroom"));
    let refused = sandbox.bare("list --json --passphrase-file passphrase").end().exits(5);
    assert_eq!(refused.error_kind(), "substituted");
    let accept = acceptance(&refused);
    let data_key_id = sandbox.bare("info --json").end().ok().json()["data_key_id"].as_str().expect("an id").to_owned();
    assert_eq!(accept, data_key_id);
    sandbox.bare(&format!("list --passphrase-file passphrase --accept {accept}")).end().ok();
}

#[test]
fn somebody_elses_later_saves_are_followed() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let theirs = Sandbox::with_vault();
    theirs.run("set okx/main --tag theirs").ok();
    theirs.write("new", strongroom_tests::NEW_PASSPHRASE);
    theirs.bare("passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum").end().ok();
    theirs.run("set okx/main --tag again").ok();
    sandbox.write("vault.strongroom", theirs.read("vault.strongroom"));
    sandbox.run("list").ok().prints("binance");
}

#[test]
fn a_removed_secret_is_noticed_by_a_host_that_keeps_nothing() {
    // The machine key names the vault it was made for.
    let sandbox = Sandbox::with_vault();
    sandbox.write("other-passphrase", WRONG_PASSPHRASE);
    let words = "init --vault other.strongroom --passphrase-file other-passphrase --no-recovery --kdf minimum";
    sandbox.bare(words).end().ok();
    sandbox.write("vault.strongroom", sandbox.read("other.strongroom"));
    let state = sandbox.outside("fresh");
    sandbox.strongroom("list").env("XDG_STATE_HOME", state.to_str().expect("UTF-8")).end().fails();
}

#[test]
fn expect_names_vault_revision_and_data_key() {
    let sandbox = Sandbox::with_vault();
    let info = sandbox.bare("info --json").end().ok().json();
    let text = |name: &str| info[name].as_str().expect("an id").to_owned();
    let expect =
        |vault: &str, revision: u64, key: &str| sandbox.run(&format!("list --expect {vault}@{revision}:{key}"));
    expect(&text("vault_id"), 1, &text("data_key_id")).ok();
    expect(&text("vault_id"), 2, &text("data_key_id")).exits(5);
    expect(&"0".repeat(32), 1, &text("data_key_id")).exits(5);
    expect(&text("vault_id"), 1, &"0".repeat(32)).exits(5);
}

#[test]
fn looking_without_a_secret_does_not_look_at_pins() {
    let (sandbox, first) = seen_twice();
    sandbox.write("vault.strongroom", &first);
    sandbox.bare("info").end().ok();
}

#[test]
fn a_wrong_secret_pins_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.bare("list --passphrase-file wrong").end().exits(4);
    let other = Sandbox::with_vault();
    other.run("set binance/main --tag hot").ok();
    let older = sandbox.read("vault.strongroom");
    sandbox.write("vault.strongroom", other.read("vault.strongroom"));
    sandbox.bare("list --passphrase-file wrong").end().exits(4);
    sandbox.write("vault.strongroom", older);
    sandbox.run("list").ok();
}

#[test]
fn a_pin_that_cannot_be_written_is_one_warning_and_every_save_counts() {
    let sandbox = Sandbox::with_vault();
    // Where not even root can make a directory.
    let state = "/proc/nowhere";
    for words in ["set binance/main --tag hot", "rm binance/grid --yes", "mv okx/main okx/moved", "rekey"] {
        let run = sandbox.strongroom(words).env("XDG_STATE_HOME", state).end();
        // Opening and the save both tried; it is said once.
        let finished = run.ok();
        assert_eq!(
            finished.unwrapped().matches("an older vault would not be noticed").count(),
            1,
            "{}",
            finished.stderr
        );
    }
    assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], 5);
}

#[test]
fn doctor_compares_with_what_was_last_seen_here() {
    let sandbox = Sandbox::with_vault();
    let first = sandbox.read("vault.strongroom");
    sandbox.run("set binance/main --tag hot").ok();
    sandbox.run("doctor").never_says("last seen");
    sandbox.write("vault.strongroom", &first);
    sandbox.run("doctor").exits(1).prints("older than last seen here (revision 1, seen 2)");
    sandbox.write("new.pass", strongroom_tests::NEW_PASSPHRASE);
    sandbox.run("init --vault other.strongroom --passphrase-file new.pass --no-recovery --kdf minimum").ok();
    sandbox.write("vault.strongroom", sandbox.read("other.strongroom"));
    let found = sandbox.run("doctor --key-file machine.key").exits(1).prints("another-vault");
    found.prints("key-of-another-vault");
}

#[test]
fn a_version_from_before_the_ways_in_changed_is_said_to_be_perhaps_older() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.read("vault.strongroom");
    sandbox.run("rekey").ok();
    sandbox.write("vault.strongroom", before);
    let refused = sandbox.run("list --json").exits(5);
    assert_eq!(refused.error_kind(), "substituted");
    let refused = refused.says("perhaps from before passwd").says("git pull").says("--accept");
    sandbox.run(&format!("list --accept {}", acceptance(&refused))).ok();
}
