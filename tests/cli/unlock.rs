//! Every way to hand over a secret, which one counts, and what is said when none does.

use strongroom_tests::{BINANCE_SECRET, PASSPHRASE, Run, Sandbox, WRONG_PASSPHRASE};

/// The sources in the order in which they count. Each can be given rightly or wrongly.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    PassphraseFile,
    KeyFileVariable,
    PassphraseFileVariable,
    PassphraseCommandVariable,
    CredentialsKey,
    CredentialsPassphrase,
    KeyVariable,
    PassphraseVariable,
}

use Source::*;

const SOURCES: [Source; 8] = [
    PassphraseFile,
    KeyFileVariable,
    PassphraseFileVariable,
    PassphraseCommandVariable,
    CredentialsKey,
    CredentialsPassphrase,
    KeyVariable,
    PassphraseVariable,
];

/// A sandbox with, beside the right secrets, a machine key and a credentials directory that open nothing.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    let key = sandbox.read("machine.key");
    for kind in ["right", "wrong"] {
        sandbox.write(&format!("{kind}.key"), &key);
        sandbox.write(&format!("{kind}-passphrase/strongroom.passphrase"), passphrase(kind == "right"));
    }
    // Another vault's machine key opens nothing here.
    sandbox.write("other.json", r#"{"exchange_secrets":{}}"#);
    sandbox.bare("init --vault other/vault.strongroom --machine-key wrong-other.key --kdf minimum --no-recovery --passphrase-file wrong").end().ok();
    std::fs::rename(sandbox.path("wrong-other.key"), sandbox.path("wrong.key")).expect("renamed");
    for kind in ["right", "wrong"] {
        sandbox.write(&format!("{kind}-key/strongroom.key"), sandbox.read(&format!("{kind}.key")));
    }
    sandbox.keep_secret(sandbox.read_text("wrong.key").trim_end());
    sandbox
}

fn passphrase(right: bool) -> &'static str {
    if right { PASSPHRASE } else { WRONG_PASSPHRASE }
}

fn give<'a>(sandbox: &'a Sandbox, run: Run<'a>, source: Source, right: bool) -> Run<'a> {
    let kind = if right { "right" } else { "wrong" };
    let passphrase_file = if right { "passphrase" } else { "wrong" };
    let path = |name: &str| sandbox.path(name).to_str().expect("UTF-8").to_owned();
    match source {
        PassphraseFile => run.arg("--passphrase-file").arg(passphrase_file),
        KeyFileVariable => run.env("STRONGROOM_KEY_FILE", &path(&format!("{kind}.key"))),
        PassphraseFileVariable => run.env("STRONGROOM_PASSPHRASE_FILE", &path(passphrase_file)),
        PassphraseCommandVariable => run.env("STRONGROOM_PASSPHRASE_COMMAND", &format!("cat {passphrase_file}")),
        CredentialsKey => run.env("CREDENTIALS_DIRECTORY", &path(&format!("{kind}-key"))),
        CredentialsPassphrase => run.env("CREDENTIALS_DIRECTORY", &path(&format!("{kind}-passphrase"))),
        KeyVariable => run.env("STRONGROOM_KEY", sandbox.read_text(&format!("{kind}.key")).trim_end()),
        PassphraseVariable => run.env("STRONGROOM_PASSPHRASE", passphrase(right)),
    }
}

#[test]
fn every_source_opens_the_vault() {
    let sandbox = sandbox();
    for source in SOURCES {
        let run = give(&sandbox, sandbox.bare("get binance/main/api_secret"), source, true);
        run.end().ok().prints_only(BINANCE_SECRET);
    }
}

#[test]
fn a_wrong_secret_from_any_source_is_exit_4() {
    let sandbox = sandbox();
    for source in SOURCES {
        let run = give(&sandbox, sandbox.bare("get binance/main/api_secret --json"), source, false);
        let mut finished = run.end().exits(4).prints_only("");
        // A secret in a variable warns, on a line of its own.
        finished.stderr = finished.stderr.lines().filter(|line| !line.starts_with("{\"warning\"")).collect();
        // A machine key names its vault, so another's is told from a wrong one.
        let kinds = ["wrong-secret", "key-bound"];
        assert!(kinds.contains(&finished.error_kind().as_str()), "{source:?}");
    }
}

#[test]
fn the_first_source_that_is_present_counts_and_its_failure_is_the_answer() {
    let sandbox = sandbox();
    for pair in SOURCES.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        if (first, second) == (CredentialsKey, CredentialsPassphrase) {
            continue; // One directory holds one of them here; the next test puts both into one.
        }
        let both = |right| {
            let run = give(&sandbox, sandbox.bare("get binance/main/api_secret"), first, right);
            give(&sandbox, run, second, !right).end()
        };
        both(true).ok().prints_only(BINANCE_SECRET);
        both(false).exits(4).prints_only("");
    }
}

#[test]
fn in_a_credentials_directory_the_key_comes_before_the_passphrase() {
    let sandbox = sandbox();
    sandbox.write("wrong-key/strongroom.passphrase", PASSPHRASE);
    give(&sandbox, sandbox.bare("list"), CredentialsKey, false).end().exits(4);
}

#[test]
fn an_option_counts_before_every_variable() {
    let sandbox = sandbox();
    let all_wrong = |words: &str| {
        let run = sandbox.bare(words);
        [KeyFileVariable, PassphraseFileVariable, KeyVariable, PassphraseVariable]
            .into_iter()
            .fold(run, |run, source| give(&sandbox, run, source, false))
    };
    all_wrong("list --key-file right.key").end().ok();
    all_wrong("list --passphrase-file passphrase").end().ok();
    all_wrong("list").arg("--passphrase-command").arg("cat passphrase").end().ok();
}

#[test]
fn a_passphrase_comes_through_a_descriptor() {
    let sandbox = Sandbox::with_vault();
    let script = r#"unset STRONGROOM_KEY_FILE; "$STRONGROOM" get binance/main/api_secret --passphrase-fd 3 3<"#;
    sandbox.shell(&format!("{script}passphrase")).end().ok().prints_only(BINANCE_SECRET);
    sandbox.shell(&format!("{script}wrong")).end().exits(4);
    let from_input = sandbox.bare("get binance/main/api_secret --passphrase-fd 0").stdin(PASSPHRASE);
    from_input.end().ok().prints_only(BINANCE_SECRET);
}

#[test]
fn one_final_line_end_of_a_passphrase_file_is_not_part_of_it() {
    let sandbox = Sandbox::with_vault();
    for (end, code) in [("\n", 0), ("\r\n", 0)] {
        sandbox.write("typed", format!("{PASSPHRASE}{end}"));
        sandbox.bare("list --passphrase-file typed").end().exits(code);
    }
    // Two line ends leave one, and a passphrase has no control characters.
    sandbox.write("typed", format!("{PASSPHRASE}\n\n"));
    sandbox.bare("list --passphrase-file typed").end().fails();
}

#[test]
fn a_passphrase_command_runs_without_a_shell() {
    let sandbox = Sandbox::with_vault();
    sandbox.bare("list").arg("--passphrase-command").arg("cat passphrase; touch made-by-a-shell").end().fails();
    assert!(!sandbox.path("made-by-a-shell").exists());
}

#[test]
fn secrets_in_variables_warn_once_and_reach_no_child() {
    let sandbox = Sandbox::with_vault();
    let key = sandbox.read_text("machine.key");
    for (name, value) in [("STRONGROOM_KEY", key.trim_end()), ("STRONGROOM_PASSPHRASE", PASSPHRASE)] {
        let finished = sandbox.bare("run -- env").env(name, value).end().ok();
        assert_eq!(finished.stderr.matches(name).count(), 1, "one warning: {}", finished.stderr);
        assert!(!finished.text().contains(name));
    }
}

#[test]
fn without_any_source_nothing_is_asked_and_the_message_lists_what_was_tried() {
    let sandbox = Sandbox::with_vault();
    for words in ["list", "list --no-input", "get binance/main/api_key", "rekey", "edit", "rm binance/grid"] {
        let finished = sandbox.bare(words).env("EDITOR", "true").end().exits(4).prints_only("");
        for name in ["--key-file", "STRONGROOM_KEY_FILE", "CREDENTIALS_DIRECTORY"] {
            assert!(finished.stderr.contains(name), "{words} should list {name}: {}", finished.stderr);
        }
    }
}

#[test]
fn a_source_that_cannot_be_read_is_an_error_and_not_skipped() {
    let sandbox = Sandbox::with_vault();
    sandbox
        .bare("list --key-file nowhere.key")
        .env("STRONGROOM_PASSPHRASE", PASSPHRASE)
        .end()
        .exits(3)
        .says("nowhere.key");
    sandbox
        .bare("list --passphrase-file nowhere")
        .env("STRONGROOM_PASSPHRASE", PASSPHRASE)
        .end()
        .exits(3)
        .says("nowhere");
    sandbox.bare("list --passphrase-command false").env("STRONGROOM_PASSPHRASE", PASSPHRASE).end().exits(4);
}

#[test]
fn the_vault_is_found_by_option_variable_directory_or_home() {
    let sandbox = Sandbox::with_vault();
    std::fs::create_dir_all(sandbox.path("deep/er")).expect("directories");
    sandbox.strongroom("list").directory(sandbox.path("deep/er")).end().ok().prints("binance");

    let moved = sandbox.path("elsewhere.strongroom");
    std::fs::rename(sandbox.path("vault.strongroom"), &moved).expect("renamed");
    sandbox.run("list").exits(3);
    sandbox.run("list --vault elsewhere.strongroom").ok().prints("binance");
    sandbox.strongroom("list").env("STRONGROOM_VAULT", moved.to_str().expect("UTF-8")).end().ok().prints("binance");
    sandbox.strongroom("list --vault nowhere").env("STRONGROOM_VAULT", moved.to_str().expect("UTF-8")).end().exits(3);

    let home = sandbox.outside("home/data/strongroom");
    std::fs::create_dir_all(&home).expect("directories");
    std::fs::rename(moved, home.join("vault.strongroom")).expect("renamed");
    sandbox.run("list").ok().prints("binance");
}

#[test]
fn standard_input_is_not_read_twice() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for words in [
        "add env/TOKEN --stdin --passphrase-file -",
        "add kraken/main --from-json - --passphrase-fd 0",
        "set binance/main api_key --stdin --passphrase-file -",
        "passwd --passphrase-file - --new-passphrase-file -",
        "passwd --passphrase-file - --new-passphrase-fd 0",
        "slot add --passphrase-fd 0 --new-passphrase-file -",
        "copy other.strongroom --passphrase-file - --new-passphrase-file -",
    ] {
        sandbox.bare(words).stdin("EXAMPLE\n").end().exits(2).says("standard input");
    }
    assert!(sandbox.tree() == before);
}

#[test]
fn a_descriptor_that_was_named_and_not_read_does_not_reach_the_child() {
    let sandbox = Sandbox::with_vault();
    for other in ["--key-file machine.key", "--passphrase-file passphrase"] {
        let words = format!("run {other} --passphrase-fd 7 -- sh -c 'cat <&7'");
        let finished = sandbox.shell(&format!("\"$STRONGROOM\" {words} 7< passphrase")).end().never_says(PASSPHRASE);
        finished.fails();
    }
}
