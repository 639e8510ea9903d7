//! In a real terminal, through tmux: prompts, what they show, and what is not shown.

use strongroom_tests::{BINANCE_KEY, NEW_PASSPHRASE, PASSPHRASE, Sandbox, Terminal, skip, strongroom};

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let sandbox = Sandbox::with_vault();
    let test = "a_passphrase_is_asked_for_and_not_shown";
    let Some(terminal) = Terminal::start(test, &sandbox, "list") else { return };
    terminal.wait("assphrase", 1);
    terminal.enter(PASSPHRASE);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(screen.contains("binance") && !screen.contains(PASSPHRASE), "{screen}");
}

#[test]
fn a_wrong_passphrase_at_the_prompt_is_exit_4() {
    let sandbox = Sandbox::with_vault();
    let test = "a_wrong_passphrase_at_the_prompt_is_exit_4";
    let Some(terminal) = Terminal::start(test, &sandbox, "list") else { return };
    for tried in 1..=3 {
        terminal.wait("assphrase for", tried);
        terminal.enter("EXAMPLE that is wrong");
    }
    assert_eq!(terminal.wait("EXIT=4", 1).matches("try again").count(), 2);
}

#[test]
fn a_wrong_passphrase_at_the_prompt_is_asked_for_again() {
    let sandbox = Sandbox::with_vault();
    let test = "a_wrong_passphrase_at_the_prompt_is_asked_for_again";
    let Some(terminal) = Terminal::start(test, &sandbox, "list") else { return };
    terminal.wait("assphrase for", 1);
    terminal.enter("EXAMPLE that is wrong");
    terminal.wait("wrong passphrase, try again", 1);
    terminal.wait("assphrase for", 2);
    terminal.enter(PASSPHRASE);
    terminal.wait("EXIT=0", 1);
}

#[test]
fn a_weak_or_different_new_passphrase_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let test = "a_weak_or_different_new_passphrase_is_asked_for_again";
    let Some(terminal) = Terminal::start(test, &sandbox, "init --kdf minimum") else { return };
    terminal.wait("New passphrase", 1);
    terminal.enter("password");
    terminal.wait("weak", 1);
    terminal.wait("New passphrase", 2);
    terminal.enter(NEW_PASSPHRASE);
    terminal.wait("The same again", 1);
    terminal.enter("EXAMPLE that is different");
    terminal.wait("differ", 1);
    terminal.wait("New passphrase", 3);
    terminal.enter(NEW_PASSPHRASE);
    terminal.wait("The same again", 2);
    terminal.enter(NEW_PASSPHRASE);
    terminal.wait("Press Enter when you have written it down", 1);
    terminal.enter("");
    terminal.wait("EXIT=0", 1);
}

#[test]
fn no_input_asks_nothing_even_here() {
    let sandbox = Sandbox::with_vault();
    let test = "no_input_asks_nothing_even_here";
    let Some(terminal) = Terminal::start(test, &sandbox, "list --no-input") else { return };
    terminal.wait("EXIT=4", 1);
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let sandbox = Sandbox::new();
    let test = "a_new_passphrase_is_typed_twice";
    let Some(terminal) = Terminal::start(test, &sandbox, "init --kdf minimum") else { return };
    terminal.wait("assphrase", 1);
    terminal.enter(NEW_PASSPHRASE);
    terminal.wait("gain", 1);
    terminal.enter(NEW_PASSPHRASE);
    terminal.wait("Press Enter when you have written it down", 1);
    terminal.enter("");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains(NEW_PASSPHRASE), "{screen}");
    sandbox.write("typed", NEW_PASSPHRASE);
    sandbox.bare("list --passphrase-file typed").end().ok();
}

#[test]
fn an_export_to_the_screen_asks_for_reveal() {
    let sandbox = Sandbox::with_vault();
    let test = "an_export_to_the_screen_asks_for_reveal";
    let Some(terminal) = Terminal::start(test, &sandbox, "export json --key-file machine.key") else { return };
    let screen = terminal.wait("EXIT=", 1);
    assert!(screen.contains("--reveal") && !screen.contains("EXIT=0") && !screen.contains(BINANCE_KEY), "{screen}");
    drop(terminal);
    let Some(terminal) = Terminal::start(test, &sandbox, "export json --reveal --key-file machine.key") else { return };
    assert!(terminal.wait("EXIT=0", 1).contains(BINANCE_KEY));
}

#[test]
fn get_ends_its_line_on_a_terminal() {
    let sandbox = Sandbox::with_vault();
    let test = "get_ends_its_line_on_a_terminal";
    let Some(terminal) = Terminal::start(test, &sandbox, "get binance/main/api_key --key-file machine.key") else {
        return;
    };
    let screen = terminal.wait("EXIT=0", 1);
    assert!(screen.lines().any(|line| line.trim_end() == BINANCE_KEY), "{screen}");
}

#[test]
fn an_older_vault_is_asked_about_once() {
    let sandbox = Sandbox::with_vault();
    let first = sandbox.read("vault.strongroom");
    sandbox.run("set binance/main --tag hot").ok();
    sandbox.write("vault.strongroom", &first);
    let test = "an_older_vault_is_asked_about_once";
    let Some(terminal) = Terminal::start(test, &sandbox, "list --key-file machine.key") else { return };
    terminal.wait("older", 1);
    terminal.enter("no");
    terminal.wait("EXIT=5", 1);
    drop(terminal);
    let Some(terminal) = Terminal::start(test, &sandbox, "list --key-file machine.key") else { return };
    terminal.wait("older", 1);
    terminal.enter("yes");
    terminal.wait("EXIT=0", 1);
    drop(terminal);
    sandbox.run("list").ok();
}

#[test]
fn a_secret_for_standard_input_is_not_shown_when_that_is_the_terminal() {
    let sandbox = Sandbox::with_vault();
    let test = "a_secret_for_standard_input_is_not_shown_when_that_is_the_terminal";
    let Some(terminal) = Terminal::start(test, &sandbox, "list --passphrase-file -") else { return };
    terminal.wait("assphrase", 1);
    terminal.enter(PASSPHRASE);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains(PASSPHRASE), "{screen}");
    drop(terminal);
    let words = "add env/TOKEN --stdin --key-file machine.key";
    let Some(terminal) = Terminal::start(test, &sandbox, words) else { return };
    terminal.wait("env/TOKEN", 1);
    terminal.enter("EXAMPLE-TYPED-TOKEN");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("EXAMPLE-TYPED-TOKEN"), "{screen}");
    drop(terminal);
    sandbox.run("get env/TOKEN").ok().prints_only("EXAMPLE-TYPED-TOKEN");
}

#[test]
fn the_end_of_input_at_a_prompt_leaves_its_line() {
    let sandbox = Sandbox::with_vault();
    let test = "the_end_of_input_at_a_prompt_leaves_its_line";
    let Some(terminal) = Terminal::start(test, &sandbox, "list") else { return };
    terminal.wait("assphrase for", 1);
    terminal.end_of_input();
    let screen = terminal.wait("EXIT=4", 1);
    assert!(screen.lines().any(|line| line.starts_with("error:")), "{screen}");
}

#[test]
fn a_key_does_not_stop_what_reads_a_secret() {
    let sandbox = Sandbox::with_vault();
    let test = "a_key_does_not_stop_what_reads_a_secret";
    // An interactive shell, because others have no jobs to stop.
    let words = "--version; exec sh -i";
    let Some(terminal) = Terminal::start(test, &sandbox, words) else { return };
    terminal.wait("strongroom 0", 1);
    terminal.enter(&format!("{} list; echo ENDED=$?", strongroom().display()));
    terminal.wait("assphrase for", 1);
    terminal.press("C-z");
    terminal.enter(PASSPHRASE);
    let screen = terminal.wait("ENDED=0", 1);
    assert!(!screen.contains(PASSPHRASE) && !screen.contains("topped"), "{screen}");
}

#[test]
fn what_was_typed_and_cannot_be_saved_is_kept_in_memory_and_said_where() {
    let test = "what_was_typed_and_cannot_be_saved_is_kept_in_memory_and_said_where";
    let sandbox = Sandbox::with_vault();
    if !std::path::Path::new("/dev/shm").is_dir() {
        return skip(test, "there is no file system in memory");
    }
    // The record is gone when its new key is to be saved.
    let binary = strongroom().display();
    let meanwhile = format!("'{binary}' rm binance/grid --yes --key-file machine.key");
    let edit = "sed -i s/EXAMPLE-BINANCE-GRID-KEY-0003/EXAMPLE-EDITED-KEY/ \"$1\"";
    let editor = sandbox.script("editor", &format!("{meanwhile}; {edit}"));
    let words = format!("--version; EDITOR={} {binary} edit --key-file machine.key", editor.display());
    let Some(terminal) = Terminal::start(test, &sandbox, &words) else { return };
    let screen = terminal.wait("EXIT=8", 1).replace('\n', "");
    let at = screen.find("until a restart: ").expect("where it is") + "until a restart: ".len();
    let length = screen[at..].find("vault.toml").expect("its name") + "vault.toml".len();
    let path = std::path::PathBuf::from(&screen[at..at + length]);
    let kept = std::fs::read_to_string(&path).expect("the text");
    assert!(kept.contains("EXAMPLE-EDITED-KEY") && path.starts_with("/dev/shm"), "{}", path.display());
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    drop(terminal);
    // The next edit leaves it alone, and doctor knows of it.
    sandbox.strongroom("edit").env("EDITOR", "true").end().ok();
    assert!(path.exists());
    assert!(sandbox.run("doctor").stdout.windows(13).any(|word| word == b"from an edit "));
    std::fs::remove_dir_all(path.parent().expect("a directory")).expect("removed");
}

#[test]
fn control_c_at_a_passphrase_leaves_a_terminal_that_shows_what_is_typed() {
    let sandbox = Sandbox::with_vault();
    let test = "control_c_at_a_passphrase_leaves_a_terminal_that_shows_what_is_typed";
    let Some(terminal) = Terminal::start(test, &sandbox, "list") else { return };
    terminal.wait("assphrase for", 1);
    terminal.interrupt();
    terminal.wait("EXIT=130", 1);
    terminal.enter("shown again");
    terminal.wait("shown again", 1);
}

/// `adopt` in a terminal, up to where it waits: what it showed once stands right above, and nothing is made yet.
fn adopt<'a>(test: &str, sandbox: &'a Sandbox) -> Option<Terminal<'a>> {
    let words = "adopt secrets.json --vault new/demo/vault.strongroom --machine-key new/keys/machine.key --kdf minimum \
                 --generate-passphrase";
    let terminal = Terminal::start(test, sandbox, words)?;
    let screen = terminal.wait("Press Enter when you have written it down:", 1);
    assert!(screen.contains("passphrase") && screen.contains("recovery code"), "{screen}");
    assert!(!screen.contains("binance"), "nothing scrolls it away: {screen}");
    assert!(!sandbox.path("new/demo/vault.strongroom").exists() && !sandbox.path("new/keys").exists());
    assert!(sandbox.path("new/demo").is_dir(), "all that can fail comes first");
    Some(terminal)
}

#[test]
fn what_is_shown_once_stays_until_it_is_written_down() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", strongroom_tests::SAMPLE_JSON);
    let Some(terminal) = adopt("what_is_shown_once_stays_until_it_is_written_down", &sandbox) else { return };
    let screen = terminal.screen();
    let of = |name: &str| {
        let line = screen.lines().find_map(|line| line.trim_start().strip_prefix(name)).expect(name);
        line.trim().to_owned()
    };
    for (file, name) in [("typed", "passphrase "), ("code", "recovery code")] {
        sandbox.write(file, of(name));
    }
    terminal.enter("not shown");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("not shown") && screen.contains("made the vault new/demo/vault.strongroom"), "{screen}");
    drop(terminal);
    for file in ["typed", "code"] {
        let list = format!("list --vault new/demo/vault.strongroom --passphrase-file {file}");
        sandbox.bare(&list).end().ok().prints("binance");
    }
}

#[test]
fn whoever_gives_up_before_it_is_written_down_has_made_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", strongroom_tests::SAMPLE_JSON);
    let before = sandbox.tree();
    let test = "whoever_gives_up_before_it_is_written_down_has_made_nothing";
    for (key, exit) in [("C-c", "EXIT=130"), ("C-d", "EXIT=4")] {
        let Some(terminal) = adopt(test, &sandbox) else { return };
        terminal.press(key);
        let screen = terminal.wait(exit, 1);
        assert!(screen.contains("nothing was made: what is shown above opens nothing"), "{screen}");
        terminal.enter("shown again");
        terminal.wait("shown again", 1);
        assert!(sandbox.tree() == before && !sandbox.path("new").exists(), "{key}");
    }
}

/// Commands that show a new secret once and make a vault that is there depend on it.
const NEW_WAYS_IN: [&str; 4] = [
    "passwd --generate-passphrase",
    "slot add --generate-passphrase",
    "slot add --generate-passphrase --new-factor-file factor.key",
    "slot add --recovery",
];

#[test]
fn a_new_way_in_is_saved_when_its_secret_is_written_down() {
    let test = "a_new_way_in_is_saved_when_its_secret_is_written_down";
    for words in NEW_WAYS_IN {
        let sandbox = Sandbox::with_vault();
        let before = sandbox.read("vault.strongroom");
        let kdf = if words.contains("--recovery") { "" } else { "--kdf minimum" };
        let Some(terminal) = Terminal::start(test, &sandbox, &format!("{words} {kdf} --key-file machine.key")) else {
            return;
        };
        let screen = terminal.wait("Press Enter when you have written it down:", 1);
        assert!(sandbox.read("vault.strongroom") == before, "{words}: nothing depends on it yet");
        let secret = screen.lines().find_map(|line| {
            let line = line.trim_start();
            line.strip_prefix("passphrase  ").or_else(|| line.strip_prefix("recovery code  "))
        });
        sandbox.write("shown", secret.expect("what is shown once").trim());
        terminal.enter("");
        terminal.wait("EXIT=0", 1);
        drop(terminal);
        let factor = if words.contains("factor") { "--factor-file factor.key" } else { "" };
        sandbox.bare(&format!("list --passphrase-file shown {factor}")).end().ok().prints("binance");
    }
}

#[test]
fn whoever_gives_up_before_a_new_way_in_is_written_down_has_changed_nothing() {
    let test = "whoever_gives_up_before_a_new_way_in_is_written_down_has_changed_nothing";
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for (number, words) in NEW_WAYS_IN.into_iter().enumerate() {
        let (key, exit) = [("C-c", "EXIT=130"), ("C-d", "EXIT=4")][number % 2];
        let kdf = if words.contains("--recovery") { "" } else { "--kdf minimum" };
        let Some(terminal) = Terminal::start(test, &sandbox, &format!("{words} {kdf} --key-file machine.key")) else {
            return;
        };
        terminal.wait("Press Enter when you have written it down:", 1);
        terminal.press(key);
        let screen = terminal.wait(exit, 1);
        assert!(screen.contains("nothing was changed: what is shown above opens nothing"), "{screen}");
        assert!(sandbox.tree() == before, "{words}");
    }
    sandbox.bare("list --passphrase-file passphrase").end().ok();
}

#[test]
fn who_is_not_to_be_asked_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let test = "who_is_not_to_be_asked_is_not_waited_for";
    let ways = ["--no-input", "--json", "> shown", "2> said", "< /dev/null"];
    for (number, way) in ways.into_iter().enumerate() {
        let words = format!("init --vault {number}.strongroom --kdf minimum --generate-passphrase {way}");
        let Some(terminal) = Terminal::start(test, &sandbox, &words) else { return };
        let screen = terminal.wait("EXIT=0", 1);
        assert!(!screen.contains("Press Enter"), "{screen}");
    }
    // Nothing was made up, so nothing has to be written down.
    sandbox.write("passphrase", PASSPHRASE);
    let words = "init --vault own.strongroom --kdf minimum --passphrase-file passphrase --no-recovery";
    let Some(terminal) = Terminal::start(test, &sandbox, words) else { return };
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("Press Enter"), "{screen}");
}
