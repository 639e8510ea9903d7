//! Files without an end, and files longer than memory: refused with the code of the contract, in little memory.
//!
//! Each command may take this much address space. What it would read without a limit is many times as much.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use strongroom_tests::{Finished, Sandbox};

/// KiB of address space, for `ulimit -v`: little more than the longest text to import, once and grown.
const ADDRESS_SPACE: usize = 384 * 1024;

/// Runs the binary with these words and the limit.
#[track_caller]
fn limited(sandbox: &Sandbox, words: &str) -> Finished {
    // Where the shell knows no such limit, the command still has to end with its code.
    sandbox.shell(&format!("ulimit -v {ADDRESS_SPACE} 2>/dev/null; exec \"$STRONGROOM\" {words}")).end()
}

/// A file of 5 GiB that takes no room.
fn sparse(sandbox: &Sandbox, name: &str, start: &[u8]) {
    let path = sandbox.write(name, start);
    File::options().write(true).open(path).expect("a file").set_len(5 << 30).expect("a file system with sparse files");
}

/// A named pipe that a program of the system fills for ever.
struct Endless(std::process::Child);

impl Endless {
    fn new(sandbox: &Sandbox, name: &str, program: &str) -> Endless {
        let path = sandbox.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        let script = format!("exec {program} >\"$0\" 2>/dev/null");
        let child = Command::new("sh").args(["-c", &script]).arg(&path).stdin(Stdio::null()).spawn();
        Endless(child.expect("a shell"))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const READS_A_VAULT: [&str; 3] = ["list --json --vault", "info --json --vault", "verify --json --vault"];

#[test]
fn a_vault_of_five_gigabytes_is_refused_by_its_length() {
    let sandbox = Sandbox::with_vault();
    sparse(&sandbox, "large.strongroom", b"\x89STRONGROOM\r\n\x1a\n\0");
    for words in READS_A_VAULT {
        let finished = limited(&sandbox, &format!("{words} large.strongroom")).exits(5).prints_only("");
        assert_eq!(finished.error_kind(), "too-large", "{words}");
    }
}

#[test]
fn a_device_or_a_pipe_is_no_vault_and_is_not_waited_for() {
    let sandbox = Sandbox::with_vault();
    // Nobody ever writes to it.
    assert!(Command::new("mkfifo").arg(sandbox.path("pipe")).status().expect("mkfifo").success());
    for path in ["/dev/zero", "/dev/null", "pipe"] {
        for words in READS_A_VAULT {
            limited(&sandbox, &format!("{words} {path}")).exits(3).prints_only("");
        }
    }
}

/// Every option and command that reads a whole text, with the file in the place of `FILE`.
const READS_A_TEXT: [&str; 10] = [
    "list --json --key-file FILE",
    "list --json --passphrase-file FILE",
    "list --json --passphrase-file FILE --factor-file FILE",
    "import --json FILE",
    "import --json dotenv FILE",
    "import --json json FILE",
    "import --json strongroom FILE",
    "import --json armor FILE",
    "add okx/new --json --from-json FILE",
    "adopt --json --kdf minimum --passphrase-file passphrase FILE",
];

#[track_caller]
fn refused(sandbox: &Sandbox, words: &str, file: &str, kinds: &[&str]) {
    let finished = limited(sandbox, &words.replace("FILE", file)).exits(3).prints_only("");
    let kind = finished.error_kind();
    assert!(kinds.contains(&kind.as_str()), "{words}: {kind}");
}

#[test]
fn a_text_of_five_gigabytes_is_refused_by_its_length() {
    let sandbox = Sandbox::with_vault();
    sparse(&sandbox, "large", b"");
    READS_A_TEXT.iter().for_each(|words| refused(&sandbox, words, "large", &["too-large"]));
}

#[test]
fn a_device_without_an_end_is_refused_as_no_text() {
    let sandbox = Sandbox::with_vault();
    for device in ["/dev/zero", "/dev/urandom"] {
        assert!(Path::new(device).exists());
        READS_A_TEXT.iter().for_each(|words| refused(&sandbox, words, device, &["not-text"]));
    }
}

#[test]
fn a_pipe_without_an_end_is_read_as_far_as_the_limit_and_then_refused() {
    let sandbox = Sandbox::with_vault();
    for (number, words) in READS_A_TEXT[..5].iter().enumerate() {
        let name = format!("pipe{number}");
        let _endless = Endless::new(&sandbox, &name, "yes");
        refused(&sandbox, words, &name, &["too-large"]);
    }
    let finished = sandbox
        .shell(&format!("ulimit -v {ADDRESS_SPACE} 2>/dev/null; yes | \"$STRONGROOM\" import --json dotenv -"))
        .end()
        .exits(3);
    assert_eq!(finished.error_kind(), "too-large");
}

#[test]
fn a_pin_that_is_none_is_said_in_little_memory_and_nothing_is_opened() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let pins = sandbox.outside("home/state/strongroom/pins");
    let pin = std::fs::read_dir(&pins).expect("pins").next().expect("one pin").expect("an entry").path();
    let good = std::fs::read_to_string(&pin).expect("a pin");
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let texts = [
        String::new(),
        "{}".into(),
        "null".into(),
        "\0".repeat(1000),
        good.replace(": \"", ": 1, \"x\": \""),
        good.replace("\"revision\": 1", "\"revision\": -1"),
        good.replace("\"revision\": 1", "\"revision\": 1e99"),
        good.replace("\"revision\": 1", &format!("\"revision\": {deep}")),
        format!("{deep}{good}"),
        format!("{good}{good}"),
        good.repeat(1000),
        good[..good.len() / 2].to_owned(),
    ];
    for text in &texts {
        assert_ne!(text, &good);
        std::fs::write(&pin, text).expect("written");
        let finished = limited(&sandbox, "list --json").exits(5).prints_only("");
        assert_eq!(finished.error_kind(), "pin-unreadable");
    }
    File::options().write(true).open(&pin).expect("the pin").set_len(5 << 30).expect("a sparse file");
    limited(&sandbox, "list --json").exits(5).prints_only("");
    std::fs::remove_file(&pin).expect("removed");
    for other in ["/dev/zero", "/dev/urandom"] {
        std::os::unix::fs::symlink(other, &pin).expect("a link");
        limited(&sandbox, "list --json").fails().prints_only("");
        std::fs::remove_file(&pin).expect("removed");
    }
    std::fs::write(&pin, &good).expect("written");
    sandbox.run("list").ok();
}

#[test]
fn an_armoured_vault_may_be_longer_than_a_vault() {
    let sandbox = Sandbox::with_vault();
    // 68 MB of armour, all of it good but its end, which is missing: it is read and not refused by its length.
    let mut text = "-----BEGIN STRONGROOM VAULT-----\n".to_owned();
    text.push_str(&format!("{}\n", "A".repeat(64)).repeat((64 << 20) / 64 + 1));
    sandbox.write("long.txt", &text);
    let finished = sandbox.run("import --json armor long.txt --vault new.strongroom").fails();
    assert_eq!(finished.error_kind(), "armor");
}
