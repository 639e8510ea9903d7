//! The command line while it works: stopped at its system calls, from its start to its end.

use std::io::{Read, Write};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::libc::{self, c_long};
use strongroom_tests::Run;

use crate::debugger;
use crate::fixture::{Fixture, USED, hard_text, may_look, random_text, shown};
use crate::image::{Image, Place};
use crate::ledger::{ANYWHERE, APART, Ledger, Rule, may, must};
use crate::traced::{Call, Traced};

/// At these a command is looked into: whatever it does between them, it asks the system for something or has done it.
const LOOKED_AT: [c_long; 12] = [
    libc::SYS_openat,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_fsync,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_getrandom,
    libc::SYS_munmap,
    libc::SYS_wait4,
    libc::SYS_execve,
    libc::SYS_exit_group,
    libc::SYS_flock,
];

/// A stretch of a command's work, from the first system call of which `begins` says so.
struct Phase<'a> {
    name: &'static str,
    begins: Box<dyn Fn(&Call) -> bool + 'a>,
    rules: Vec<Rule>,
}

fn phase<'a>(name: &'static str, begins: impl Fn(&Call) -> bool + 'a, rules: Vec<Rule>) -> Phase<'a> {
    Phase { name, begins: Box::new(begins), rules }
}

const PAYLOAD: &str = "the decrypted payload and the records decoded from it";
const NOTES: &str = "notes of records that are decoded are ordinary texts; wiped with the record";
const HELD: &str = "the data key and the keys of the ways in";

fn open_vault() -> Vec<Rule> {
    vec![may("value *", APART, PAYLOAD), may("key *", APART, HELD), may("note *", ANYWHERE, NOTES)]
}

/// While it unlocks: nothing of this in a file's text, and no value outside of where dumps do not reach.
fn unlocking(secret: &'static str) -> Vec<Rule> {
    vec![
        may(secret, ANYWHERE, "what unlocks, until it has"),
        may("key *", ANYWHERE, "ciphers and hashes at work; wiped before the vault is handed out"),
        may("value *", APART, PAYLOAD),
        may("note *", ANYWHERE, NOTES),
    ]
}

fn with(mut rules: Vec<Rule>, more: Vec<Rule>) -> Vec<Rule> {
    rules.extend(more);
    rules
}

fn ends<'a>() -> Phase<'a> {
    phase("ends", Call::is_end, vec![])
}

/// What a command with a machine key does before it is about its own work.
fn begins_with_key<'a>() -> [Phase<'a>; 2] {
    [
        phase("starts", |_| true, vec![]),
        phase("unlocks", |call| call.opens("machine.key"), unlocking("machine key text*")),
    ]
}

struct Work {
    test: &'static str,
    fixture: Fixture,
    ledger: Ledger,
    calls: usize,
}

impl Work {
    /// `None` and a counted skip where nobody may look.
    fn new(test: &'static str) -> Option<Work> {
        may_look(test).then(|| Work { test, fixture: Fixture::new(), ledger: Ledger::default(), calls: 0 })
    }

    /// Follows a command to its end, or until it has become another.
    #[track_caller]
    fn follow(&mut self, name: &str, run: impl Fn(&Fixture) -> Run<'_>, input: &str, phases: Vec<Phase<'_>>) {
        let mut images: Vec<(usize, Image)> = Vec::new();
        {
            let run = run(&self.fixture);
            let mut traced = Traced::start(&run.command(), input.as_bytes()).expect("root may trace its children");
            let mut at = 0;
            let mut call = traced.next();
            while let Some(now) = call {
                while phases.get(at + 1).is_some_and(|next| (next.begins)(&now)) {
                    at += 1;
                }
                assert_eq!(now.exit_code().unwrap_or(0), 0, "{name} failed");
                if now.is(&LOOKED_AT) {
                    images.push((at, Image::written(traced.id())));
                }
                call = traced.step(&now);
            }
            assert_eq!(at, phases.len() - 1, "{name} never came to where it {}", phases[at + 1].name);
        }
        self.calls += images.len();
        self.fixture.keep_version();
        let needles = self.fixture.needles(self.test);
        for (at, image) in &images {
            self.ledger.look(&format!("{name} {}", phases[*at].name), image, &needles, &phases[*at].rules);
        }
    }

    #[track_caller]
    fn close(self, images: usize, allowed: usize) {
        println!("looked into at {} system calls", self.calls);
        self.ledger.close(images, 2000, allowed);
    }
}

#[test]
fn a_command_that_reads_has_only_what_the_table_says() {
    let Some(mut work) = Work::new("a_command_that_reads_has_only_what_the_table_says") else { return };
    let [starts, unlocks] = begins_with_key();
    let rules = with(open_vault(), vec![must(format!("value {USED}/api_secret"), APART, "the value that is written")]);
    let output = phase("writes its answer", Call::writes_answer, rules);
    work.follow("get", |it| it.by_key(&format!("get {USED}/api_secret")), "", vec![starts, unlocks, output, ends()]);

    for words in ["list", "show binance/main", "verify", "check binance/main", "info"] {
        let [starts, unlocks] = begins_with_key();
        let output = phase("writes its answer", Call::writes_answer, open_vault());
        let mut phases = vec![starts, unlocks, output, ends()];
        if words == "info" {
            phases.remove(1);
        }
        work.follow(words.split(' ').next().expect("a word"), |it| it.by_key(words), "", phases);
    }
    for format in ["strongroom", "dotenv --target sh"] {
        let [starts, unlocks] = begins_with_key();
        let rules = with(open_vault(), vec![must("value *", APART, "what is exported")]);
        let output = phase("writes its answer", Call::writes_answer, rules);
        work.follow("export", |it| it.by_key(&format!("export {format}")), "", vec![starts, unlocks, output, ends()]);
    }
    work.close(150, 1000);
}

#[test]
fn a_command_that_unlocks_in_any_way_forgets_what_unlocked() {
    let Some(mut work) = Work::new("a_command_that_unlocks_in_any_way_forgets_what_unlocked") else { return };
    let ways: [(&str, &str, &'static str); 4] = [
        ("--passphrase-file passphrase", "passphrase", "passphrase"),
        ("--passphrase-file second --factor-file factor.key", "second", "*"),
        ("--passphrase-file recovery", "recovery", "recovery code text"),
        ("--passphrase-fd 0", "", "passphrase"),
    ];
    for (options, file, secret) in ways {
        let input = if file.is_empty() { work.fixture.passphrase.clone() } else { String::new() };
        let reads = move |call: &Call| if file.is_empty() { call.opens("vault.strongroom") } else { call.opens(file) };
        let phases = vec![
            phase("starts", |_| true, vec![]),
            phase("unlocks", reads, unlocking(secret)),
            phase("writes its answer", Call::writes_answer, open_vault()),
            ends(),
        ];
        let words = format!("get {USED}/api_secret {options}");
        work.follow(&format!("get {options}"), |it| it.sandbox.bare(&words), &input, phases);
    }

    // What the system keeps for a process stays as long as the process does.
    let given = || may("machine key text", &[Place::Stack], "the environment that it was started with");
    let phases = vec![
        phase("starts", |_| true, vec![given()]),
        phase("unlocks", |call| call.opens("vault.strongroom"), with(unlocking("machine key text"), vec![given()])),
        phase("ends", Call::is_end, vec![given()]),
    ];
    let words = format!("get {USED}/api_secret");
    let key = work.fixture.key_text.clone();
    let name = "get with STRONGROOM_KEY";
    work.follow(name, |it| it.sandbox.bare(&words).env("STRONGROOM_KEY", &key), "", phases);
    work.close(100, 500);
}

#[test]
fn a_command_that_saves_has_only_what_the_table_says() {
    let Some(mut work) = Work::new("a_command_that_saves_has_only_what_the_table_says") else { return };
    let (piped, imported) = (hard_text(), hard_text());
    work.fixture.also("value that is new", &piped);
    work.fixture.also("value that is imported", &imported);
    let document = serde_json::json!({"exchange_secrets": {"bybit": {"name": "bybit", "subaccounts": {"main":
        {"subaccount_name": "main", "api_key": imported, "api_secret": random_text()}}}}});
    work.fixture.sandbox.write("secrets.json", document.to_string());
    let [starts, unlocks] = begins_with_key();
    let typed = || may("value that is new", ANYWHERE, "what is piped in, while it is read");
    let saves = |more: Vec<Rule>| {
        let rules = vec![
            may("value *", APART, PAYLOAD),
            may("note *", ANYWHERE, NOTES),
            may("key *", ANYWHERE, "ciphers and hashes at work; wiped before the save returns"),
        ];
        phase("saves", |call| call.is(&[libc::SYS_flock]), with(rules, more))
    };
    let new_value = saves(vec![must("value that is new", APART, "the value that is saved")]);
    let mut starts_with_input = starts;
    starts_with_input.rules.push(typed());
    let words = format!("set {USED} api_secret --stdin");
    work.follow("set", |it| it.by_key(&words), &piped, vec![starts_with_input, unlocks, new_value, ends()]);

    for (name, words) in [
        ("import", "import secrets.json".to_owned()),
        ("mv", "mv kraken/bot2 kraken/moved".to_owned()),
        ("rm", "rm --yes kraken/bot5".to_owned()),
        ("rekey", "rekey".to_owned()),
    ] {
        let imports = || may("value that is imported", ANYWHERE, "the document that is imported, while it is read");
        let more = || if name == "import" { vec![imports()] } else { vec![] };
        let [starts, unlocks] = begins_with_key();
        let starts = Phase { rules: with(starts.rules, more()), ..starts };
        let phases = vec![starts, unlocks, saves(vec![]), ends()];
        work.follow(name, |it| it.by_key(&words), "", phases);
    }

    let new_passphrase = random_text();
    work.fixture.also("new passphrase", &new_passphrase);
    work.fixture.sandbox.write("next", &new_passphrase);
    let slot = work.fixture.slot_of_passphrase();
    let words = format!("passwd --slot {slot} --passphrase-file passphrase --new-passphrase-file next --kdf minimum");
    let reads = || may("new passphrase", ANYWHERE, "the new passphrase, while it is read and judged");
    let unlocks = with(unlocking("passphrase"), vec![reads()]);
    let phases = vec![
        phase("starts", |_| true, vec![]),
        phase("unlocks", |call| call.opens("passphrase"), unlocks),
        saves(vec![must("new passphrase", APART, "the new way in is proven with it before it is kept")]),
        ends(),
    ];
    work.follow("passwd", |it| it.sandbox.bare(&words), "", phases);

    let edited = random_text();
    work.fixture.also("value that is edited in", &edited);
    work.fixture.sandbox.script("editor", &format!("sed -i '0,/^api_key/s/^api_key.*/api_key = \"{edited}\"/' \"$1\""));
    let [starts, unlocks] = begins_with_key();
    let text = || must("value *", ANYWHERE, "the text that is edited, to be shown again when it cannot be saved");
    let edits = with(open_vault(), vec![text()]);
    let phases = vec![
        starts,
        unlocks,
        phase("shows the text and waits for the editor", |call| call.opens("/lock"), edits),
        saves(vec![text()]),
        ends(),
    ];
    let editor = work.fixture.sandbox.path("editor");
    work.follow("edit", |it| it.by_key("edit").env("EDITOR", shown(&editor)), "", phases);
    work.close(200, 1000);
}

#[test]
fn what_hummingbot_encrypted_lies_only_among_the_secrets() {
    let Some(mut work) = Work::new("what_hummingbot_encrypted_lies_only_among_the_secrets") else { return };
    let (password, value) = ("EXAMPLE hummingbot pässword", "EXAMPLE-XRPL-XRPL-SECRET-KEY");
    work.fixture.also("password of hummingbot", password);
    work.fixture.also("value that hummingbot encrypted", value);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/hummingbot/conf/connectors/xrpl.yml");
    work.fixture.sandbox.write("xrpl.yml", std::fs::read(file).expect("what hummingbot wrote"));
    work.fixture.sandbox.write("hb", password);
    let there = || may("value that hummingbot encrypted", APART, "the value that is imported");
    let read = may("password of hummingbot", ANYWHERE, "the password, while it is read and tried");
    let [starts, unlocks] = begins_with_key();
    let starts = Phase { rules: with(starts.rules, vec![read, there()]), ..starts };
    let unlocks = Phase { rules: with(unlocks.rules, vec![there()]), ..unlocks };
    let rules = vec![
        may("value *", APART, PAYLOAD),
        may("note *", ANYWHERE, NOTES),
        may("key *", ANYWHERE, "ciphers and hashes at work; wiped before the save returns"),
        must("value that hummingbot encrypted", APART, "the value that is saved"),
    ];
    let saves = phase("saves", |call| call.is(&[libc::SYS_flock]), rules);
    let words = "import hummingbot xrpl.yml --source-passphrase-file hb";
    work.follow("import hummingbot", |it| it.by_key(words), "", vec![starts, unlocks, saves, ends()]);
    work.close(40, 100);
}

/// Whether so many bytes come within a minute. A child that hangs would be waited for without an end.
fn answers(mut output: ChildStdout, bytes: usize) -> bool {
    let (sender, receiver) = mpsc::channel();
    // The pipe stays open until the child ends, which could not write more otherwise.
    thread::spawn(move || {
        let is_there = output.read_exact(&mut vec![0; bytes]).is_ok();
        let _ = sender.send(is_there);
        let _ = output.read_to_end(&mut Vec::new());
    });
    receiver.recv_timeout(Duration::from_secs(60)).unwrap_or(false)
}

#[test]
fn what_run_starts_has_only_what_was_selected() {
    let test = "what_run_starts_has_only_what_was_selected";
    let Some(mut work) = Work::new(test) else { return };
    let selected =
        || vec![must(format!("value {USED}/api_*"), ANYWHERE, "the environment of the command that was started")];
    let becomes = phase("becomes the command", |call| call.is(&[libc::SYS_execve]), selected());
    let [starts, unlocks] = begins_with_key();
    work.follow("run", |it| it.by_key(&format!("run {USED} -- /bin/true")), "", vec![starts, unlocks, becomes]);

    let mut child = {
        let mut command: Command = work.fixture.by_key(&format!("run {USED} -- cat")).command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts")
    };
    // What it says back it has read: it is started, and while it waits for more nothing of its memory comes or goes.
    child.stdin.as_mut().expect("a pipe").write_all(b"ready\n").expect("it reads");
    let answered = answers(child.stdout.take().expect("a pipe"), 6);
    if !answered {
        let _ = child.kill();
    }
    assert!(answered, "it did not answer within a minute");
    let mut images = vec![Image::whole(child.id())];
    if debugger::can_attach_in(test) {
        images.extend(debugger::cores(child.id()));
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("a child").success());
    let needles = work.fixture.needles(test);
    for image in &images {
        work.ledger.look("the command that run became", image, &needles, &selected());
    }
    work.close(30, 10);
}

#[test]
fn at_its_end_a_debugger_finds_nothing() {
    let test = "at_its_end_a_debugger_finds_nothing";
    if !debugger::can_attach_in(test) {
        return;
    }
    let Some(mut work) = Work::new(test) else { return };
    let empty = work.fixture.sandbox.write("empty", "");
    let piped = random_text();
    work.fixture.also("value that is new", &piped);
    let input = work.fixture.sandbox.write("piped", &piped);
    let secret = work.fixture.value(&format!("{USED}/api_secret")).to_owned();
    let mut images = Vec::new();
    for (words, input, expected) in [
        (format!("get {USED}/api_secret"), &empty, secret.as_str()),
        ("export strongroom".into(), &empty, &secret),
        ("export json binance/*".into(), &empty, &secret),
        (format!("set {USED} api_secret --stdin"), &input, "changed"),
        ("rekey".into(), &empty, "revision"),
        (format!("get {USED}/no_such_field"), &empty, "no_such_field"),
        (format!("run {USED} -- /no/such/command"), &empty, "no such command"),
    ] {
        let (core, output) = debugger::core_at_exit(&work.fixture.by_key(&words).command(), input);
        assert!(output.contains(expected), "{words} did something else");
        images.push((words, core));
        work.fixture.keep_version();
    }
    let needles = work.fixture.needles(test);
    for (words, image) in &images {
        work.ledger.look(&format!("{words}, before its last system call"), image, &needles, &[]);
    }
    work.close(7, 0);
}
