//! File systems that lack something: locks, or the synchronising of directories.

use strongroom_tests::{Finished, NEW_PASSPHRASE, Sandbox, have, skip, strace_sees_through, strongroom};

/// Runs `strongroom` with calls that fail, through strace; `None` and a visible skip where that is not possible.
fn injected(test: &str, sandbox: &Sandbox, words: &str, options: &[&str]) -> Option<Finished> {
    if !cfg!(target_os = "linux") || !have("strace", "-V") {
        skip(test, "strace is not here");
        return None;
    }
    if !strace_sees_through() {
        skip(test, "strace cannot look into the program, or inject, here");
        return None;
    }
    let run = sandbox.program("strace".as_ref(), "-f -o").arg(sandbox.outside("trace"));
    let run = options.iter().fold(run, |run, option| run.arg(option)).arg(strongroom());
    let run = words.split_whitespace().fold(run, |run, word| run.arg(word));
    let key = sandbox.path("machine.key");
    let finished = match key.exists() {
        true => run.env("STRONGROOM_KEY_FILE", key.to_str().expect("UTF-8")).end(),
        false => run.end(),
    };
    Some(finished)
}

#[test]
fn without_locks_nothing_is_written_and_the_file_system_is_blamed() {
    let test = "without_locks_nothing_is_written_and_the_file_system_is_blamed";
    let mut tried = 0;
    for (error, blamed) in [("ENOLCK", true), ("EOPNOTSUPP", true), ("ENOSYS", true), ("EIO", false)] {
        let sandbox = Sandbox::with_vault();
        sandbox.write("secrets.json", strongroom_tests::SAMPLE_JSON);
        let before = sandbox.tree();
        let option = format!("inject=flock:error={error}");
        let run = |words: &str| injected(test, &sandbox, words, &["-e", &option]);
        // The lock on the pins is missing too, which is told once.
        let Some(listed) = run("list") else { return };
        assert_eq!(listed.ok().stderr.matches("warning:").count(), 1, "{error}");
        for words in ["set binance/main --tag mine", "rm --yes okx/main", "rekey", "import json secrets.json --replace"]
        {
            let Some(refused) = run(words) else { return };
            let refused = refused.exits(3).says("cannot lock").says("vault.strongroom");
            assert_eq!(refused.stderr.contains("hint: nothing is written without a lock"), blamed, "{error}");
            tried += 1;
        }
        assert!(sandbox.tree() == before, "{error}");
    }
    assert_eq!(tried, 16);
}

#[test]
fn without_locks_no_vault_is_made_and_no_key_left() {
    let test = "without_locks_no_vault_is_made_and_no_key_left";
    let sandbox = Sandbox::new();
    sandbox.write("new", NEW_PASSPHRASE);
    let words = "init --passphrase-file new --machine-key machine.key --no-recovery --kdf minimum";
    let before = sandbox.tree();
    let Some(refused) = injected(test, &sandbox, words, &["-e", "inject=flock:error=ENOLCK"]) else { return };
    refused.exits(3).says("cannot lock").says("hint: nothing is written without a lock");
    assert!(sandbox.tree() == before);
}

#[test]
fn an_interrupted_lock_is_tried_again() {
    let test = "an_interrupted_lock_is_tried_again";
    let sandbox = Sandbox::with_vault();
    let options = ["-e", "inject=flock:error=EINTR:when=1..3"];
    let Some(saved) = injected(test, &sandbox, "set binance/main --tag mine", &options) else { return };
    saved.ok().never_says("warning");
}

#[test]
fn a_directory_that_cannot_be_synchronised_is_a_warning_and_the_save_counts() {
    let test = "a_directory_that_cannot_be_synchronised_is_a_warning_and_the_save_counts";
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let work = sandbox.path("").canonicalize().expect("a directory");
    let mut revision = 1;
    for error in ["EINVAL", "EOPNOTSUPP", "EIO", "EBADF"] {
        let inject = format!("inject=fsync,fdatasync:error={error}");
        // Only of the directory itself, not of what is in it.
        let options = ["-P", work.to_str().expect("UTF-8"), "-e", &inject];
        for words in ["set binance/main --note", "add env/TOKEN --from-json", "rekey"] {
            revision += 1;
            let words = match words {
                "rekey" => words.to_owned(),
                "set binance/main --note" => format!("{words} note-{revision}"),
                _ => {
                    let value = sandbox.write("value", format!(r#"{{"value":"EXAMPLE-{revision}"}}"#));
                    format!("add env/TOKEN-{revision} --from-json {}", value.display())
                }
            };
            let Some(saved) = injected(test, &sandbox, &words, &options) else { return };
            let saved = saved.ok().says("saved, but its directory could not be synchronised");
            // Where it fails, and not only cannot be done, opening found the same of the save before.
            let others = saved.unwrapped().matches("cannot synchronise").count();
            assert!(others <= usize::from(matches!(error, "EIO" | "EBADF")), "{words}: {}", saved.stderr);
            assert_eq!(saved.stderr.matches("warning:").count(), 1 + others, "{words}: {}", saved.stderr);
            assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], revision, "{words} with {error}");
        }
    }
    assert_eq!(revision, 13);
}

#[test]
fn a_directory_that_cannot_be_opened_cannot_be_locked_and_nothing_is_written() {
    let test = "a_directory_that_cannot_be_opened_cannot_be_locked_and_nothing_is_written";
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let before = sandbox.tree();
    let work = sandbox.path("").canonicalize().expect("a directory");
    let options = ["-P", work.to_str().expect("UTF-8"), "-e", "inject=open,openat:error=EACCES"];
    let Some(listed) = injected(test, &sandbox, "list", &options) else { return };
    listed.ok();
    let Some(refused) = injected(test, &sandbox, "set binance/main --tag mine", &options) else { return };
    refused.exits(3).says("cannot lock").says("permission denied").says("ls -ld");
    assert!(sandbox.tree() == before);
}
