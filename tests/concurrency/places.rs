//! Things at the vault's path that are no vault, and names that are too long or no text.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use strongroom_tests::{NEW_PASSPHRASE, SAMPLE_JSON, Sandbox, strongroom};

/// Commands that read and commands that write; none of them may wait, and none may touch what is there.
const COMMANDS: [&str; 7] = [
    "list",
    "get binance/main/api_key",
    "verify",
    "set binance/main --tag mine",
    "rm --yes binance/main",
    "rekey",
    "import json secrets.json",
];

#[track_caller]
fn all_refuse(sandbox: &Sandbox, place: &str, code: i32, says: &str) {
    sandbox.write("secrets.json", SAMPLE_JSON);
    for command in COMMANDS {
        sandbox.run(&format!("{command} --vault {place}")).exits(code).says(place).says(says);
    }
    sandbox.run(&format!("run --vault {place} -- true")).exits(125).says(says);
    sandbox.run(&format!("doctor --vault {place}")).exits(1).prints(says);
    let bare = |words: &str| sandbox.bare(&format!("{words} --vault {place}")).end();
    bare("info").exits(code).says(says);
    sandbox.write("new", NEW_PASSPHRASE);
    bare("init --passphrase-file new --no-recovery --kdf minimum").exits(3).says("already there");
    assert!(sandbox.path("new").exists());
}

#[test]
fn what_is_no_file_is_exit_3_and_nobody_waits_for_it() {
    let sandbox = Sandbox::with_vault();
    fs::create_dir(sandbox.path("directory")).expect("a directory");
    all_refuse(&sandbox, "directory", 3, "is a directory");
    sandbox.program(Path::new("mkfifo"), "pipe").end().ok();
    all_refuse(&sandbox, "pipe", 3, "not a regular file");
    all_refuse(&sandbox, "/dev/null", 3, "not a regular file");
    symlink("/dev/zero", sandbox.path("endless")).expect("a link");
    all_refuse(&sandbox, "endless", 3, "not a regular file");
    assert!(fs::read_dir(sandbox.path("directory")).expect("a directory").next().is_none());
}

#[test]
fn what_is_no_vault_is_exit_5_and_stays_as_it_is() {
    let sandbox = Sandbox::with_vault();
    for (name, bytes) in [("empty", ""), ("text", "binance_key=EXAMPLE\n"), ("secrets.json", SAMPLE_JSON)] {
        sandbox.write(name, bytes);
        all_refuse(&sandbox, name, 5, "not a vault");
        assert_eq!(sandbox.read_text(name), bytes);
    }
}

#[test]
fn a_vault_right_here_that_cannot_be_read_is_not_passed_over_for_one_above() {
    let sandbox = Sandbox::with_vault();
    fs::create_dir_all(sandbox.path("below/vault.strongroom")).expect("a directory");
    let list = sandbox.strongroom("list").directory(sandbox.path("below"));
    list.end().exits(3).says("is a directory");
    fs::create_dir(sandbox.path("below/further")).expect("a directory");
    fs::remove_dir(sandbox.path("below/vault.strongroom")).expect("removed");
    sandbox.strongroom("list").directory(sandbox.path("below/further")).end().ok().prints("binance");
}

#[test]
fn a_current_directory_that_is_gone_is_said() {
    let sandbox = Sandbox::with_vault();
    let gone = |words: &str| {
        let script = format!("mkdir gone && cd gone && rmdir ../gone && \"$STRONGROOM\" {words}");
        sandbox.shell(&script).end()
    };
    gone("list").exits(3).says("current directory");
    gone("set binance/main --tag mine").exits(3);
    gone("list --vault vault.strongroom").exits(3).says("vault.strongroom");
    let vault = sandbox.path("vault.strongroom");
    gone(&format!("set binance/main --tag mine --vault '{}'", vault.display())).ok();
}

#[test]
fn a_name_that_is_too_long_is_exit_3() {
    let sandbox = Sandbox::with_vault();
    let long = "a".repeat(300);
    sandbox.run(&format!("list --vault {long}")).exits(3).says("name too long");
    let init = format!("init --passphrase-file passphrase --kdf minimum --no-recovery --vault {long}");
    sandbox.bare(&init).end().exits(3).says("name too long");
    sandbox.run(&format!("list --vault {}v", "a/".repeat(2500))).exits(3);
    // The longest name that there is leaves no room for a suffix, and is a name all the same.
    let longest = "v".repeat(255);
    fs::rename(sandbox.path("vault.strongroom"), sandbox.path(&longest)).expect("moved");
    sandbox.run(&format!("set binance/main --tag mine --vault {longest}")).ok();
    sandbox.run(&format!("list --vault {longest}")).ok().prints("binance");
}

#[test]
fn a_directory_deeper_than_any_path_is_exit_3() {
    let sandbox = Sandbox::with_vault();
    // Two paths that the system takes, one below the other: together they are longer than it takes.
    let half = |letter: &str| vec![letter.repeat(200); 12].join("/");
    let (upper, lower) = (half("u"), half("l"));
    fs::create_dir_all(sandbox.path(&upper)).expect("directories");
    fs::create_dir_all(sandbox.path(&lower)).expect("directories");
    fs::copy(sandbox.path("vault.strongroom"), sandbox.path(&lower).join("vault.strongroom")).expect("a copy");
    let first = "l".repeat(200);
    fs::rename(sandbox.path(&first), sandbox.path(&upper).join(&first)).expect("moved");
    let vault = "vault.strongroom";
    for words in ["list", "set binance/main --tag mine", "info"] {
        for named in [&["--vault", vault][..], &[]] {
            let steps = [upper.as_str(), "env", "-C", &lower];
            let run = steps.iter().fold(sandbox.program(Path::new("env"), "-C"), |run, step| run.arg(step));
            let run = words.split_whitespace().fold(run.arg(strongroom()), |run, word| run.arg(word));
            named.iter().fold(run, |run, word| run.arg(word)).end().exits(3).says(vault);
        }
    }
}

#[test]
fn a_name_that_is_no_text_is_a_name() {
    let sandbox = Sandbox::with_vault();
    let script = "name=$(printf 'caf\\351.strongroom'); cp vault.strongroom \"$name\" && \
                  \"$STRONGROOM\" set binance/main --tag mine --vault \"$name\" && \
                  \"$STRONGROOM\" show binance/main --json --vault \"$name\" && \
                  \"$STRONGROOM\" get nobody/x/api_key --vault \"$name\"";
    let finished = sandbox.shell(script).end().exits(6);
    assert!(finished.text().contains("\"mine\""));
    assert!(sandbox.run("show binance/main --json").ok().json()["tags"].as_array().is_some_and(Vec::is_empty));
    let names: Vec<_> = fs::read_dir(sandbox.path("")).expect("a directory").flatten().collect();
    assert!(names.iter().all(|entry| !entry.file_name().to_string_lossy().ends_with("-tmp")));
}
