//! A bot that links the library: while it holds a vault, uses it, saves it, and after it dropped it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use strongroom_tests::Sandbox;

use crate::debugger;
use crate::fixture::{Fixture, USED, hard_text};
use crate::image::Image;
use crate::ledger::{ANYWHERE, APART, Ledger, Rule, may, must};
use crate::needles::Needles;

struct Holder {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Holder {
    fn start(sandbox: &Sandbox, files: [&Path; 3]) -> Holder {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vault_holder"))
            .args(files)
            .current_dir(sandbox.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let (input, output) =
            (child.stdin.take().expect("a pipe"), BufReader::new(child.stdout.take().expect("a pipe")));
        Holder { child, input, output }
    }

    /// Waits until the process says that it is there, and takes its images.
    fn images_at(&mut self, step: &str, with_debugger: bool) -> Vec<Image> {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it speaks");
        assert_eq!(line.trim(), step);
        let mut images = vec![Image::whole(self.child.id())];
        if with_debugger {
            images.extend(debugger::cores(self.child.id()));
        }
        images
    }

    fn go_on(&mut self) {
        self.input.write_all(b"\n").expect("it listens");
    }
}

const PAYLOAD: &str = "the decrypted payload of a vault that is open";
const NOTE: &str = "notes of records in use are ordinary texts; wiped with the record";
const HELD: &str = "the data key, with which the next save is made";

fn open_vault() -> Vec<Rule> {
    vec![must("value *", APART, PAYLOAD), may("key *", APART, HELD), may("note *", APART, PAYLOAD)]
}

fn look_at_a_bot(test: &str, secret: &str) {
    let mut fixture = Fixture::new();
    let new = hard_text();
    fixture.also("value that is new", &new);
    fixture.sandbox.write("new", &new);
    let with_debugger = debugger::can_attach_in(test);
    let files = ["vault.strongroom", secret, "new"].map(|name| fixture.sandbox.path(name));
    let mut holder = Holder::start(&fixture.sandbox, files.each_ref().map(|file| file.as_path()));
    let mut images: Vec<(&str, Vec<Image>, Vec<Rule>)> = Vec::new();
    let mut take = |step, rules| {
        images.push((step, holder.images_at(step, with_debugger), rules));
        if matches!(step, "saved" | "rekeyed") {
            fixture.keep_version();
        }
        holder.go_on();
    };
    let new_value = || must("value that is new", APART, PAYLOAD);
    let with_new = |mut rules: Vec<Rule>| {
        rules.push(new_value());
        rules
    };
    take("started", vec![]);
    take("open", open_vault());
    let mut using = open_vault();
    using.push(must(format!("value {USED}/*"), APART, "the record in use"));
    using.push(must(format!("note of {USED}"), ANYWHERE, NOTE));
    using.push(may(format!("note of a newer version for {USED}"), ANYWHERE, NOTE));
    take("using", using);
    take("let go", open_vault());
    take("all let go", open_vault());
    take("saved", with_new(open_vault()));
    take("rekeyed", with_new(open_vault()));
    let mut cached = with_new(open_vault());
    cached.push(must("note *", ANYWHERE, NOTE));
    take("cached", cached);
    take("forgotten", with_new(open_vault()));
    take("dropped", vec![]);
    take("refused", vec![]);
    take("planted", vec![must("value that is new", ANYWHERE, "the control: every form is in memory")]);
    assert!(holder.child.wait().expect("a child").success());

    let needles: Needles = fixture.needles(test);
    let mut ledger = Ledger::default();
    for (step, images, rules) in &images {
        for image in images {
            ledger.look(step, image, &needles, rules);
        }
    }
    ledger.close(12, 2000, 200);
    let forms: std::collections::BTreeSet<_> =
        needles.find(&images.last().expect("images").1[0]).into_keys().map(|(_, form, _)| form).collect();
    assert!(forms.len() >= 11, "forms that differ, found in a real image: {forms:?}");
}

#[test]
fn a_bot_with_a_machine_key_has_only_what_the_table_says() {
    look_at_a_bot("a_bot_with_a_machine_key_has_only_what_the_table_says", "machine.key");
}

#[test]
fn a_bot_with_a_passphrase_has_only_what_the_table_says() {
    look_at_a_bot("a_bot_with_a_passphrase_has_only_what_the_table_says", "passphrase");
}
