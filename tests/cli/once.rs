//! What is made up is shown once, and before anything needs it: who could not read it has lost nothing.

use std::path::Path;

use strongroom_tests::{SAMPLE_JSON, Sandbox, skip};

/// A device that takes nothing; a counted skip where there is none.
fn full(test: &str) -> Option<&'static str> {
    const FULL: &str = "/dev/full";
    if !Path::new(FULL).exists() {
        skip(test, "there is no /dev/full");
        return None;
    }
    Some(FULL)
}

#[test]
fn a_new_passphrase_that_cannot_be_shown_changes_nothing() {
    let Some(full) = full("a_new_passphrase_that_cannot_be_shown_changes_nothing") else { return };
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for words in [
        "passwd --passphrase-file passphrase --generate-passphrase --kdf minimum",
        "slot add --generate-passphrase --new-factor-file factor.key --kdf minimum",
        "slot add --recovery",
        "copy copy.strongroom --generate-passphrase --machine-key copy.key --kdf minimum",
    ] {
        for json in ["", "--json"] {
            let finished = sandbox.shell(&format!("\"$STRONGROOM\" {words} {json} > {full}")).end().exits(3);
            finished.says("standard output").says("nothing was saved");
            assert!(sandbox.tree() == before, "{words} {json}");
        }
    }
}

#[test]
fn a_vault_whose_secrets_cannot_be_shown_is_not_made() {
    let Some(full) = full("a_vault_whose_secrets_cannot_be_shown_is_not_made") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let before = sandbox.tree();
    for words in ["init --generate-passphrase", "adopt secrets.json --generate-passphrase --machine-key machine.key"] {
        for json in ["", "--json"] {
            sandbox.shell(&format!("\"$STRONGROOM\" {words} --kdf minimum {json} > {full}")).end().exits(3);
            assert!(sandbox.tree() == before, "{words} {json}");
        }
    }
}

#[test]
fn a_standard_output_that_is_closed_or_leads_nowhere_shows_nothing_and_nothing_is_changed() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.read("vault.strongroom");
    for place in [">&-", ">/dev/null"] {
        for words in
            ["passwd --generate-passphrase --kdf minimum", "slot add --recovery", "init --vault new --no-passphrase"]
        {
            for json in ["", "--json"] {
                sandbox.shell(&format!("\"$STRONGROOM\" {words} {json} {place}")).end().exits(3);
            }
        }
    }
    assert!(sandbox.read("vault.strongroom") == before && !sandbox.path("new").exists());
}

#[test]
fn nobody_reading_what_is_shown_once_is_a_failure() {
    let sandbox = Sandbox::new();
    let script =
        "{ sleep 0.3; \"$STRONGROOM\" init --generate-passphrase --kdf minimum 2> said; echo $? > code; } | true";
    sandbox.shell(script).end();
    assert_eq!(sandbox.read_text("code").trim(), "3", "{}", sandbox.read_text("said"));
    assert!(!sandbox.path("vault.strongroom").exists());
}

#[test]
fn an_answer_that_cannot_be_written_says_that_the_change_is_saved() {
    let Some(full) = full("an_answer_that_cannot_be_written_says_that_the_change_is_saved") else { return };
    let sandbox = Sandbox::with_vault();
    sandbox.write("more.env", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-S\n");
    for (words, revision) in [("import more.env", 2), ("rm okx/main --yes --json", 3)] {
        sandbox.shell(&format!("\"$STRONGROOM\" {words} > {full}")).end().exits(3).says("is saved all the same");
        assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], revision);
    }
    // Where nothing is saved, nothing is said of it.
    sandbox.shell(&format!("\"$STRONGROOM\" list > {full}")).end().exits(3).never_says("saved");
}

#[test]
fn what_is_shown_comes_before_what_was_made() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run("init --generate-passphrase --kdf minimum").ok();
    finished.prints("shown once").prints("passphrase").prints("recovery code").says("made the vault");
}
