//! What happens to an edit when the vault changes between its start and its end: it is applied to what is there by
//! then, or refused; never does it overwrite.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use strongroom_tests::{Finished, NEW_PASSPHRASE, Run, SAMPLE_JSON, Sandbox, Terminal, have, skip, strongroom};

use crate::held::{meanwhile, version_after};

/// Runs the command while these others are saved, and returns it with the bytes that they left.
#[track_caller]
fn beside(sandbox: &Sandbox, run: Run<'_>, others: &[&str]) -> (Finished, Vec<u8>) {
    let theirs = version_after(sandbox, others);
    let finished = meanwhile(sandbox, run, || drop(sandbox.write("vault.strongroom", &theirs)));
    (finished, theirs)
}

/// The command is refused with this code, and what the others saved is there, to the byte.
#[track_caller]
fn refused(sandbox: &Sandbox, words: &str, others: &[&str], code: i32) -> Finished {
    let (finished, theirs) = beside(sandbox, sandbox.strongroom(words), others);
    assert!(sandbox.read("vault.strongroom") == theirs, "what was saved meanwhile stays: {words}");
    nothing_left_over(sandbox);
    finished.exits(code)
}

#[track_caller]
fn nothing_left_over(sandbox: &Sandbox) {
    let left: Vec<_> = sandbox.tree().into_keys().filter(|path| path.to_string_lossy().ends_with("-tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn edits_of_different_records_all_arrive() {
    let sandbox = Sandbox::with_vault();
    let (set, _) = beside(
        &sandbox,
        sandbox.strongroom("set binance/main --tag mine"),
        &["set okx/main --tag theirs", "mv binance/grid binance/scalper"],
    );
    set.ok().says("revision 4");
    let tags = |name: &str| sandbox.run(&format!("show {name} --json")).ok().json()["tags"].clone();
    assert_eq!(tags("binance/main"), serde_json::json!(["mine"]));
    assert_eq!(tags("okx/main"), serde_json::json!(["theirs"]));
    sandbox.run("get binance/scalper/api_key").ok();
}

#[test]
fn metadata_and_fields_of_one_record_both_arrive() {
    let sandbox = Sandbox::with_vault();
    let run = sandbox.strongroom("set binance/main api_key --stdin").stdin("EXAMPLE-MINE");
    beside(&sandbox, run, &["set binance/main --tag theirs"]).0.ok();
    sandbox.run("get binance/main/api_key").ok().prints_only("EXAMPLE-MINE");
    assert_eq!(sandbox.run("show binance/main --json").ok().json()["tags"], serde_json::json!(["theirs"]));
}

#[test]
fn an_edit_of_several_records_is_applied_to_what_is_there_by_then() {
    let sandbox = Sandbox::with_vault();
    let run = sandbox.strongroom("set binance/* --tag mine");
    let (set, _) = beside(&sandbox, run, &["set okx/main --tag theirs", "set binance/grid --note theirs"]);
    set.ok().says("changed 2 records (revision 4)");
    let shown = |name: &str| sandbox.run(&format!("show {name} --json")).ok().json();
    assert_eq!(shown("okx/main")["tags"], serde_json::json!(["theirs"]));
    assert_eq!(shown("binance/grid")["tags"], serde_json::json!(["mine"]));
    assert_eq!(shown("binance/grid")["note"], "theirs");

    let sandbox = Sandbox::with_vault();
    let run = sandbox.strongroom("set okx/main binance/grid --tag mine");
    let keys = r#"{"api_secret":"EXAMPLE-THEIRS"}"#;
    let theirs = sandbox.write("theirs.json", keys);
    let (set, _) = beside(&sandbox, run, &[&format!("set binance/grid --from-json {}", theirs.display())]);
    set.ok().says("changed 2 records");
    sandbox.run("get binance/grid/api_secret").ok().prints_only("EXAMPLE-THEIRS");

    // All or nothing, whichever of them is gone.
    for gone in ["binance/grid", "binance/main"] {
        let sandbox = Sandbox::with_vault();
        refused(&sandbox, "set binance/* okx/main --tag mine", &[&format!("rm --yes {gone}")], 6).says(gone);
    }
}

#[test]
fn what_was_removed_or_renamed_meanwhile_is_exit_6_as_if_it_had_been_so_before() {
    let sandbox = Sandbox::with_vault();
    refused(&sandbox, "mv binance/grid binance/scalper", &["rm --yes binance/grid"], 6).says("binance/grid");
    let sandbox = Sandbox::with_vault();
    refused(&sandbox, "mv binance/grid binance/scalper", &["mv okx/main binance/scalper"], 6).says("already there");
    let sandbox = Sandbox::with_vault();
    refused(&sandbox, "rm --yes binance/grid okx/main", &["rm --yes okx/main"], 6).says("okx/main");
    let sandbox = Sandbox::with_vault();
    refused(&sandbox, "set binance/grid --tag mine", &["mv binance/grid binance/scalper"], 6).says("binance/grid");
}

#[test]
fn what_somebody_else_added_meanwhile_is_unchanged_when_it_is_the_same_and_exit_6_when_not() {
    let keys = |name: &str| format!(r#"{{"api_key":"EXAMPLE-K-{name}","api_secret":"EXAMPLE-S-{name}"}}"#);
    for (mine, code) in [("one", 0), ("two", 6)] {
        let sandbox = Sandbox::with_vault();
        let theirs = sandbox.write("theirs.json", keys("one"));
        let others = format!("add kraken/main --from-json {}", theirs.display());
        let add = sandbox.strongroom("add kraken/main --from-json -").stdin(keys(mine));
        let (finished, bytes) = beside(&sandbox, add, &[&others]);
        finished.exits(code);
        assert!(sandbox.read("vault.strongroom") == bytes);
    }
    let sandbox = Sandbox::with_vault();
    let file = sandbox.write("mine.json", SAMPLE_JSON.replace("OKX-MAIN-KEY-0005", "OKX-MINE"));
    let words = format!("import json {} --replace", file.display());
    let (finished, _) = beside(&sandbox, sandbox.strongroom(&words), &["set binance/main --tag theirs"]);
    finished.ok().prints("replaced okx/main");
    assert_eq!(sandbox.run("show binance/main --json").ok().json()["tags"], serde_json::json!(["theirs"]));
}

#[test]
fn a_rotation_is_ended_only_when_it_is_the_one_that_was_there() {
    let new = |name: &str| format!(r#"{{"api_key":"EXAMPLE-K-{name}","api_secret":"EXAMPLE-S-{name}"}}"#);
    let mut tried = 0;
    for end in ["--finish", "--rollback"] {
        for other in ["--finish", "--rollback"] {
            let sandbox = Sandbox::with_vault();
            sandbox.write("second.json", new("second"));
            sandbox.write("third.json", new("third"));
            sandbox.run("rotate okx/main --from-json second.json").ok();
            let others = [&format!("rotate okx/main {other}"), "rotate okx/main --from-json third.json"];
            refused(&sandbox, &format!("rotate okx/main {end}"), &others, 8).says("changed since it was read");
            tried += 1;
        }
    }
    assert_eq!(tried, 4);
    let sandbox = Sandbox::with_vault();
    sandbox.write("second.json", new("second"));
    let others = ["rotate okx/main --from-json second.json", "rotate okx/main --finish"];
    refused(&sandbox, "rotate okx/main --record --at 2020-01-31", &others, 8).says("changed since it was read");
    let sandbox = Sandbox::with_vault();
    sandbox.write("second.json", new("second"));
    sandbox.run("rotate okx/main --from-json second.json").ok();
    beside(&sandbox, sandbox.strongroom("rotate okx/main --finish"), &["set okx/main --tag theirs"]).0.ok();
}

#[test]
fn a_new_data_key_meanwhile_is_exit_8_for_every_command_that_writes_and_the_same_again_works() {
    let mut tried = 0;
    for words in [
        "set binance/main --tag mine",
        "mv binance/grid binance/scalper",
        "rm --yes binance/grid",
        "add env/TOKEN --stdin",
        "import json mine.json --replace",
        "adopt mine.json --replace",
        "rekey",
        "slot add --machine-key second.key",
        "passwd --passphrase-file passphrase --new-passphrase-file new --kdf minimum",
    ] {
        let sandbox = Sandbox::with_vault();
        sandbox.write("mine.json", SAMPLE_JSON.replace("OKX-MAIN-KEY-0005", "OKX-MINE"));
        sandbox.write("new", NEW_PASSPHRASE);
        let said = refused(&sandbox, words, &["rekey"], 8).says("changed since it was read").says("hint: repeat");
        assert!(!said.stderr.contains("nothing was saved: what is shown"), "{}", said.stderr);
        sandbox.strongroom(words).stdin("EXAMPLE-TOKEN").end().ok();
        tried += 1;
    }
    assert_eq!(tried, 9);
}

#[test]
fn another_file_in_its_place_meanwhile_is_refused_by_what_it_is() {
    let other = Sandbox::new();
    other.write("new", NEW_PASSPHRASE);
    other.run("init --passphrase-file new --no-recovery --kdf minimum").ok();
    let replacements: [(Option<Vec<u8>>, i32, &str); 5] = [
        (Some(other.read("vault.strongroom")), 8, "replaced by another"),
        (Some(b"<<<<<<< HEAD\n".to_vec()), 5, "not a vault"),
        (Some(Vec::new()), 5, "not a vault"),
        (Some(Sandbox::with_vault().read("vault.strongroom")), 5, "older"),
        (None, 3, "no such file"),
    ];
    for (bytes, code, says) in replacements {
        let sandbox = Sandbox::with_vault();
        sandbox.run("set okx/main --tag second").ok();
        let finished = meanwhile(&sandbox, sandbox.strongroom("set binance/main --tag mine"), || match &bytes {
            Some(bytes) => drop(sandbox.write("vault.strongroom", bytes)),
            None => fs::remove_file(sandbox.path("vault.strongroom")).expect("removed"),
        });
        finished.exits(code).says(says);
        assert!(fs::read(sandbox.path("vault.strongroom")).ok() == bytes, "{says}");
        nothing_left_over(&sandbox);
    }
}

#[test]
fn a_checkout_meanwhile_is_noticed() {
    let sandbox = Sandbox::with_vault();
    let git = |words: &str| {
        let git =
            sandbox.program(Path::new("git"), "-c user.name=a -c user.email=a@example.org -c core.autocrlf=false");
        words.split_whitespace().fold(git, |git, word| git.arg(word)).end().ok()
    };
    git("init -q");
    git("add vault.strongroom");
    git("commit -qm first");
    sandbox.run("set okx/main --tag second").ok();
    git("commit -qam second");
    let words = "set binance/main --tag mine";
    let finished = meanwhile(&sandbox, sandbox.strongroom(words), || {
        git("checkout -q HEAD~1");
    });
    finished.exits(5).says("older than the one last seen here");
    git("checkout -q -");
    sandbox.run(words).ok();
    assert_eq!(sandbox.run("show okx/main --json").ok().json()["tags"], serde_json::json!(["second"]));
}

#[test]
fn the_directory_gone_meanwhile_is_exit_3() {
    let sandbox = Sandbox::with_vault();
    let finished = meanwhile(&sandbox, sandbox.strongroom("set binance/main --tag mine"), || {
        fs::rename(sandbox.path(""), sandbox.outside("moved")).expect("moved");
    });
    // The lock is on the directory that was moved; a new one in its place is another.
    finished.exits(3).says("no such file");
    fs::create_dir(sandbox.path("")).expect("a directory");
}

/// A program that knows nothing of the lock changes the vault after it was read for the last time.
#[test]
fn another_program_that_changes_the_vault_during_the_save_is_exit_8() {
    let test = "another_program_that_changes_the_vault_during_the_save_is_exit_8";
    if !have("strace", "-V") || !cfg!(target_os = "linux") {
        return skip(test, "strace is not here");
    }
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let theirs = version_after(&sandbox, &["set okx/main --tag theirs"]);
    let trace = sandbox.outside("trace");
    // Stopped where the new file is written and not yet in place.
    let run = sandbox
        .strongroom("")
        .env("LC_ALL", "C")
        .arg("-o")
        .arg(&trace)
        .arg("-e")
        .arg("trace=fsync")
        .arg("-e")
        .arg("inject=fsync:signal=SIGSTOP:when=1");
    let mut command = Command::new("strace");
    let prepared = run.command();
    let words: Vec<_> = prepared.get_args().map(|word| word.to_owned()).collect();
    command.env_clear().envs(prepared.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(sandbox.path(""));
    // `setsid` and the binary stand before our own words.
    command.args(words.iter().filter(|word| *word != strongroom().as_os_str()));
    command.arg(strongroom()).args(["set", "binance/main", "--tag", "mine"]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("strace starts");
    let started = Instant::now();
    let stopped = loop {
        if let Some(process) = stopped_child_of(child.id()) {
            break process;
        }
        if let Some(status) = child.try_wait().expect("a child") {
            let output = child.wait_with_output().expect("a child");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // Where processes may not be traced nothing was tried.
            assert!(said.contains("ptrace") && !status.success(), "it was not stopped: {said}");
            return skip(test, "processes may not be traced here");
        }
        assert!(started.elapsed() < Duration::from_secs(60), "it did not come to the save");
        std::thread::sleep(Duration::from_millis(2));
    };
    sandbox.write("vault.strongroom", &theirs);
    assert!(Command::new("kill").args(["-CONT", &stopped]).status().expect("kill").success());
    let output = child.wait_with_output().expect("a child");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(8), "{said}");
    assert!(said.contains("another program changed the vault"), "{said}");
    assert!(sandbox.read("vault.strongroom") == theirs);
    nothing_left_over(&sandbox);
}

/// The child of this process, once a signal has stopped it.
fn stopped_child_of(parent: u32) -> Option<String> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().map(str::to_owned).find(|child| {
        // The state stands behind the name, which may have blanks. `t` is a stop under a tracer.
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        name.trim() == "strongroom" && matches!(state, Some('T' | 't')) && is_stopped_for_good(child)
    })
}

/// A tracer stops its process for a moment at each call; only the signal's stop lasts.
fn is_stopped_for_good(process: &str) -> bool {
    (0..20).all(|_| {
        std::thread::sleep(Duration::from_millis(2));
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
    })
}

/// Runs `edit` with an editor that first runs these commands, and then changes a key of `binance/main`.
fn edited_beside(sandbox: &Sandbox, others: &[&str]) -> Finished {
    let binary = strongroom().display();
    let commands: String =
        others.iter().map(|other| format!("'{binary}' {other} --lock-timeout 0 || exit 9; ")).collect();
    let script = format!("{commands} sed -i.bak 's/EXAMPLE-BINANCE-MAIN-KEY-0001/EXAMPLE-MINE/' \"$1\"; rm \"$1.bak\"");
    let editor = sandbox.script("editor", &script);
    sandbox.strongroom("edit").env("EDITOR", editor.to_str().expect("UTF-8")).end()
}

#[test]
fn an_edit_of_a_record_that_changed_in_the_editors_time_is_exit_8() {
    for other in ["set binance/main --tag theirs", "mv binance/main binance/first", "rm --yes binance/main", "rekey"] {
        let sandbox = Sandbox::with_vault();
        edited_beside(&sandbox, &[other]).exits(8).says("what was edited is not saved");
        let all = sandbox.run("export strongroom").ok();
        assert!(!all.text().contains("EXAMPLE-MINE"), "{other}");
        assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], 2, "{other}");
    }
}

#[test]
fn an_edit_of_another_record_arrives_beside_what_changed_in_the_editors_time() {
    let sandbox = Sandbox::with_vault();
    edited_beside(&sandbox, &["set okx/main --tag theirs", "mv binance/grid binance/scalper"]).ok();
    sandbox.run("get binance/main/api_key").ok().prints_only("EXAMPLE-MINE");
    assert_eq!(sandbox.run("show okx/main --json").ok().json()["tags"], serde_json::json!(["theirs"]));
    sandbox.run("get binance/scalper/api_key").ok();
}

#[test]
fn children_have_neither_the_lock_nor_any_descriptor() {
    let sandbox = Sandbox::with_vault();
    // What an editor leaves running does not keep the next writer waiting.
    let open = "for descriptor in /proc/$$/fd/*; do readlink $descriptor >> open; done; true";
    let editor = sandbox.script("editor", &format!("sleep 30 >/dev/null 2>&1 & echo $! > left; {open}"));
    let path = editor.to_str().expect("UTF-8");
    sandbox.strongroom("edit").env("EDITOR", path).end().ok();
    sandbox.run("set binance/main --tag mine --lock-timeout 0").ok();
    let started = sandbox.shell("\"$STRONGROOM\" run -- sh -c 'sleep 30 >/dev/null 2>&1 & echo $!'").end().ok();
    sandbox.run("set binance/main --tag again --lock-timeout 0").ok();
    for process in [sandbox.read_text("left").trim(), started.text().trim()] {
        assert!(Command::new("kill").arg(process).status().expect("kill").success(), "it was still running");
    }
    if cfg!(target_os = "linux") {
        let (open, work) = (sandbox.read_text("open"), sandbox.path(""));
        let ours = |line: &&str| Path::new(line) == work || line.contains(".strongroom") || line.contains("/state/");
        assert!(open.lines().count() >= 3 && !open.lines().any(|line| ours(&line)), "{open}");
    }
}

/// Of the shape that is usual there, so that there is no second question.
const MINE: &str = "EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1";

/// A command in a terminal that asks, other commands while it waits for the answer, the answer, and how it ends.
fn answered(test: &str, words: &str, question: &str, others: &[&str], answer: &str, exit: i32) -> Option<Sandbox> {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("add env/TOKEN --stdin").stdin("EXAMPLE-TOKEN").end().ok();
    let terminal = Terminal::start(test, &sandbox, &format!("{words} --key-file machine.key"))?;
    terminal.wait(question, 1);
    others.iter().for_each(|other| drop(sandbox.strongroom(other).stdin("EXAMPLE-THEIRS").end().ok()));
    terminal.enter(answer);
    terminal.wait(&format!("EXIT={exit}"), 1);
    drop(terminal);
    Some(sandbox)
}

#[test]
fn an_answer_about_a_record_that_changed_meanwhile_is_exit_8() {
    let test = "an_answer_about_a_record_that_changed_meanwhile_is_exit_8";
    let set = ("set binance/main api_key", "API key", MINE);
    let set_value = ("set env/TOKEN", "env/TOKEN", "EXAMPLE-MINE");
    let rm = ("rm binance/main", "Remove", "yes");
    let rm_value = ("rm env/TOKEN", "Remove", "yes");
    let changed = "set binance/main --tag theirs";
    let removed = "rm --yes binance/main";
    for ((words, question, answer), other) in [
        (set, changed),
        (set, removed),
        (set_value, "set env/TOKEN --stdin"),
        (set_value, "rm --yes env/TOKEN"),
        (rm, changed),
        (rm, removed),
        (rm_value, "set env/TOKEN --stdin"),
        (rm_value, "rm --yes env/TOKEN"),
    ] {
        let Some(sandbox) = answered(test, words, question, &[other], answer, 8) else { return };
        assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], 3, "{words} beside {other}");
    }
}

#[test]
fn an_answer_about_one_record_arrives_beside_the_change_of_another() {
    let test = "an_answer_about_one_record_arrives_beside_the_change_of_another";
    let others = ["set okx/main --tag theirs", "mv binance/grid binance/scalper"];
    let words = "set binance/main api_key";
    let Some(sandbox) = answered(test, words, "API key", &others, MINE, 0) else { return };
    sandbox.run("get binance/main/api_key").ok().prints_only(MINE);
    sandbox.run("get binance/scalper/api_key").ok();
    assert_eq!(sandbox.run("show okx/main --json").ok().json()["tags"], serde_json::json!(["theirs"]));
}
