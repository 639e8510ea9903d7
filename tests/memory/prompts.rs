//! The command line while it waits for somebody at its terminal.

use strongroom_tests::Run;

use crate::debugger;
use crate::fixture::{Fixture, USED, may_look, random_text};
use crate::image::Image;
use crate::ledger::{ANYWHERE, APART, Ledger, Rule, may, must};
use crate::terminal::Terminal;

/// A moment's name, its images, and what may be in them.
type Moment = (String, Vec<Image>, Vec<Rule>);

/// Images of one command at several moments.
struct Session<'a> {
    terminal: Terminal,
    with_debugger: bool,
    images: Vec<Moment>,
    name: &'a str,
}

impl<'a> Session<'a> {
    fn start(test: &str, name: &'a str, run: Run<'_>) -> Session<'a> {
        let with_debugger = debugger::can_attach_in(test);
        let terminal = Terminal::start(&run.command());
        Session { terminal, with_debugger, images: Vec::new(), name }
    }

    /// Takes images now that it waits, where `rules` say what may be there.
    fn look(&mut self, moment: &str, rules: Vec<Rule>) {
        let mut images = vec![Image::whole(self.terminal.id())];
        if self.with_debugger {
            images.extend(debugger::cores(self.terminal.id()));
        }
        self.images.push((format!("{}: {moment}", self.name), images, rules));
    }

    fn into_images(self) -> Vec<Moment> {
        self.images
    }
}

fn check(test: &str, fixture: &Fixture, sessions: Vec<Vec<Moment>>) {
    let needles = fixture.needles(test);
    let mut ledger = Ledger::default();
    let mut moments = 0;
    for (moment, images, rules) in sessions.iter().flatten() {
        moments += 1;
        for image in images {
            ledger.look(moment, image, &needles, rules);
        }
    }
    ledger.close(moments, 2000, 10);
}

/// A vault that is open while somebody is asked something about it.
fn open_vault() -> Vec<Rule> {
    vec![
        must(
            "value *",
            APART,
            "the decrypted payload of the vault that is open, and the records that were asked about",
        ),
        may("key *", APART, "the data key and the keys of the ways in, with which the save will be made"),
        may("note *", ANYWHERE, "notes of records that are decoded are ordinary texts; wiped with the record"),
    ]
}

#[test]
fn at_the_prompts_there_is_only_what_the_table_says() {
    let test = "at_the_prompts_there_is_only_what_the_table_says";
    if !may_look(test) {
        return;
    }
    let mut fixture = Fixture::new();
    let (new_value, new_passphrase) = (random_text(), random_text());
    fixture.also("value that is new", &new_value);
    fixture.also("typed passphrase", &new_passphrase);
    let sandbox = &fixture.sandbox;
    let mut sessions = Vec::new();

    let words = format!("set {USED} api_key api_secret --slot {}", fixture.slot_of_passphrase());
    let mut set = Session::start(test, "set", sandbox.bare(&words));
    set.terminal.wait("assphrase for");
    set.look("asks for the passphrase, nothing is typed", vec![]);
    let (first, second) = fixture.passphrase.split_at(17);
    set.terminal.type_in(first);
    set.terminal.wait_read();
    set.look(
        "asks for the passphrase, half of it is typed",
        vec![must(
            "passphrase",
            ANYWHERE,
            "what was typed so far: lines are edited by the program, not by the terminal",
        )],
    );
    set.terminal.type_in(second);
    set.terminal.type_in("\n");
    set.terminal.wait("API key");
    set.look("asks for a value, the vault is open", open_vault());
    set.terminal.type_in(&new_value);
    set.terminal.type_in("\n");
    set.terminal.wait("API secret");
    let mut rules = open_vault();
    rules.push(must("value that is new", APART, "the answer to the question before"));
    set.look("asks for the next value", rules);
    sessions.push(set.into_images());

    let mut add = Session::start(test, "add", fixture.by_key("add deribit/main"));
    add.terminal.wait("client ID");
    add.look("asks for a value, the vault is open", open_vault());
    sessions.push(add.into_images());

    let mut rm = Session::start(test, "rm", fixture.by_key(&format!("rm {USED}")));
    rm.terminal.wait("[y/N]");
    let mut rules = open_vault();
    rules.push(may(format!("value {USED}/*"), ANYWHERE, "the record that the question is about"));
    rm.look("asks whether to remove", rules);
    sessions.push(rm.into_images());

    let mut passwd =
        Session::start(test, "passwd", sandbox.bare(&format!("passwd --slot {}", fixture.slot_of_passphrase())));
    passwd.terminal.wait("assphrase for");
    passwd.terminal.type_in(&fixture.passphrase);
    passwd.terminal.type_in("\n");
    passwd.terminal.wait("New passphrase");
    passwd.look("asks for the new passphrase", open_vault());
    passwd.terminal.type_in(&new_passphrase);
    passwd.terminal.type_in("\n");
    passwd.terminal.wait("The same again");
    let mut rules = open_vault();
    rules.push(must("typed passphrase", APART, "what was typed first, to compare"));
    passwd.look("asks for it again", rules);
    sessions.push(passwd.into_images());

    sandbox.script("editor", "echo EDITING; exec sleep 60");
    let run = fixture.by_key("edit").env("EDITOR", crate::fixture::shown(&sandbox.path("editor")));
    let mut edit = Session::start(test, "edit", run);
    edit.terminal.wait("EDITING");
    let mut rules = open_vault();
    rules.push(must("value *", ANYWHERE, "the text that is edited, and what is in the vault, to tell what changed"));
    edit.look("waits for the editor", rules);
    sessions.push(edit.into_images());

    assert_eq!(sessions.iter().map(Vec::len).sum::<usize>(), 9);
    check(test, &fixture, sessions);
}
