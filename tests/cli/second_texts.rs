//! A second file with keys that a vault has: other spellings, parts, templates and old copies, and what programs find
//! afterwards.

use serde_json::json;
use strongroom_tests::Sandbox;

const WHOLE: &str = "OKX_API_KEY=EXAMPLE-K\nOKX_SECRET_KEY=EXAMPLE-S\nOKX_API_PASSPHRASE=EXAMPLE-P\n";

/// With a vault that has this file alone.
fn with(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run("init --machine-key machine.key --no-passphrase --no-recovery").ok();
    sandbox.write("a.env", text);
    sandbox.run("import dotenv a.env").ok();
    sandbox
}

fn revision(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.run("info --json").ok().json()["revision"].clone()
}

/// The command that a warning has below it.
fn command_in(stderr: &str) -> String {
    let line = stderr.lines().find_map(|line| line.trim().strip_prefix("strongroom "));
    line.expect("a command to paste").to_owned()
}

#[test]
fn a_new_vault_of_two_env_files_has_the_names_of_the_first_and_tells_those_of_the_second() {
    let first = "BINANCE_API_KEY=EXAMPLE-K\nBINANCE_SECRET=EXAMPLE-S\n";
    let second = "BINANCE_KEY=EXAMPLE-K\nBINANCE_SECRET=EXAMPLE-S\n";
    for (files, found, lost) in
        [("c.env d.env", "BINANCE_API_KEY", "BINANCE_KEY"), ("d.env c.env", "BINANCE_KEY", "BINANCE_API_KEY")]
    {
        let sandbox = Sandbox::new();
        sandbox.write("c.env", first);
        sandbox.write("d.env", second);
        let adopt = format!("adopt {files} --machine-key machine.key --no-passphrase --no-recovery");
        let told = sandbox.run(&adopt).ok();
        let text = format!("programs get the api_key of binance/main as {found} and not as {lost}");
        let told = told.says(&format!("{}: {text}", &files[6..]));
        let given = sandbox.run("run -- env").ok();
        given.prints(&format!("{found}=EXAMPLE-K\n")).prints("BINANCE_SECRET=EXAMPLE-S\n");
        // The same again is the same, and the command that is told changes it.
        sandbox.run(&adopt).ok().prints("unchanged").says(&text);
        sandbox.run(&command_in(&told.stderr)).ok();
        sandbox.run("run -- env").ok().prints(&format!("{lost}=EXAMPLE-K\n"));
    }
}

#[test]
fn part_of_a_records_variables_is_that_record_and_the_bot_still_starts() {
    let sandbox = with(WHOLE);
    sandbox.write("s.env", "OKX_SECRET_KEY=EXAMPLE-S\n");
    let before = revision(&sandbox);
    let imported = sandbox.run("import dotenv s.env").ok().prints_only("unchanged (1 already there)\n");
    imported.never_says("looks like").never_says("named value");
    sandbox.run("adopt s.env").ok().prints("unchanged");
    assert_eq!(revision(&sandbox), before);
    let list = sandbox.run("list --json").ok().json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    sandbox.run("run -- env").ok().prints("OKX_SECRET_KEY=EXAMPLE-S\n");

    sandbox.write("s.env", "OKX_SECRET_KEY=EXAMPLE-NEW\n");
    sandbox.run("import dotenv s.env").exits(6).says("already there with another value: okx/main");
    let report = sandbox.run("import dotenv s.env --replace --json").ok().json();
    assert_eq!((&report["replaced"], &report["added"]), (&json!(["okx/main"]), &json!([])));
    sandbox.run("run -- env").ok().prints("OKX_SECRET_KEY=EXAMPLE-NEW\n");
    sandbox.write("s.env", "OKX_SECRET_KEY=EXAMPLE-NEWER\n");
    sandbox.run("adopt s.env").exits(6);
    sandbox.run("adopt s.env --replace").ok().prints("replaced okx/main");
    sandbox.run("get okx/main/api_secret").ok().prints_only("EXAMPLE-NEWER");
}

#[test]
fn a_part_that_came_first_is_a_field_when_the_rest_comes_and_that_is_told() {
    let sandbox = with("OKX_SECRET_KEY=EXAMPLE-S\n");
    sandbox.write("b.env", WHOLE);
    let line = "env/OKX_SECRET_KEY would be okx/main's api_secret\n";
    sandbox.run("import dotenv b.env --dry-run").ok().prints(line);
    let report = sandbox.run("import dotenv b.env --dry-run --json").ok().json();
    assert_eq!(report["removed"], json!(["env/OKX_SECRET_KEY"]));
    sandbox.run("import dotenv b.env").ok().prints("added okx/main\nenv/OKX_SECRET_KEY is now okx/main's api_secret\n");
    sandbox.run("run -- env").ok().prints("OKX_SECRET_KEY=EXAMPLE-S\n");
    let report = sandbox.run("import dotenv a.env --json").ok().json();
    assert_eq!((&report["unchanged"], &report["removed"]), (&json!(["okx/main"]), &json!([])));

    // Put there by hand beside the record, it is a change too.
    sandbox.strongroom("add env/OKX_SECRET_KEY --stdin").stdin("EXAMPLE-S").end().ok();
    let told = sandbox.run("import dotenv b.env").ok();
    told.prints_only("unchanged okx/main\nenv/OKX_SECRET_KEY is now okx/main's api_secret\n");
    sandbox.strongroom("add env/OKX_SECRET_KEY --stdin").stdin("EXAMPLE-OTHER").end().ok();
    sandbox.run("import dotenv b.env").exits(6).says("env/OKX_SECRET_KEY");
    sandbox.run("adopt b.env --replace").ok().prints("env/OKX_SECRET_KEY is now okx/main's api_secret\n");
    sandbox.run("run -- env").ok().prints("OKX_SECRET_KEY=EXAMPLE-S\n");
}

#[test]
fn a_program_that_reads_two_of_freqtrades_names_finds_both() {
    let of = |name: &str| format!("FREQTRADE__EXCHANGE__{name}");
    let lines = [
        format!("{}=kraken", of("NAME")),
        format!("{}=EXAMPLE-K", of("KEY")),
        format!("{}=EXAMPLE-K", of("API_KEY")),
        format!("{}=EXAMPLE-K", of("CCXT_CONFIG__apiKey")),
        format!("{}=EXAMPLE-S", of("SECRET")),
    ];
    let sandbox = with(&lines.join("\n"));
    for words in ["run -- env", "export dotenv"] {
        let given = sandbox.run(words).ok();
        for line in &lines {
            assert!(given.text().lines().any(|found| found == line), "{words}: {line}");
        }
    }
    // What the record is called there and one of the others are the same, and no reason to refuse.
    sandbox.run("run --names freqtrade -- env").ok().prints(&format!("{}=EXAMPLE-K\n", of("API_KEY")));
    let told = sandbox.run("import dotenv a.env").ok();
    let command = command_in(&told.stderr);
    assert_eq!(command, "run --names freqtrade kraken/main -- freqtrade trade", "it is a command");
}

#[test]
fn an_empty_template_replaces_no_secret() {
    let sandbox = with(WHOLE);
    sandbox.write("t.env", "OKX_API_KEY=\nOKX_API_SECRET=\nOKX_API_PASSPHRASE=\nOKX_UID=6\n");
    for words in ["import dotenv t.env --replace --dry-run", "import dotenv t.env --replace"] {
        let told = sandbox.run(words).ok().prints("replaced okx/main");
        let said = told.stderr.replace('\n', " ");
        let line = "t.env: the api_key, api_passphrase and api_secret of okx/main are empty there, and left as in";
        assert!(said.contains(line), "{}", told.stderr);
    }
    let given = sandbox.run("run -- env").ok();
    WHOLE.lines().chain(["OKX_UID=6"]).for_each(|line| assert!(given.text().contains(line), "{line}"));
    sandbox.write("t.env", "OKX_API_KEY=\nOKX_SECRET_KEY=\nOKX_API_PASSPHRASE=\n");
    sandbox.run("adopt t.env --replace").ok().prints("unchanged").says("empty there");
    sandbox.run("import dotenv a.env").ok().prints_only("unchanged (1 already there)\n");

    // Filled later, it is what everybody waits for, and nobody needs to be asked.
    let sandbox = with("OKX_API_KEY=EXAMPLE-K\nOKX_API_SECRET=\nOKX_API_PASSPHRASE=\nPORT=\n");
    sandbox.write("b.env", "OKX_API_KEY=EXAMPLE-K\nOKX_API_SECRET=EXAMPLE-S\nOKX_API_PASSPHRASE=EXAMPLE-P\nPORT=1\n");
    sandbox.run("import dotenv b.env").ok().prints_only("replaced env/PORT\nreplaced okx/main\n");
    sandbox.run("run -- env").ok().prints("OKX_API_SECRET=EXAMPLE-S\n").prints("PORT=1\n");
}

#[test]
fn names_that_programs_no_longer_get_are_told_and_the_record_is_replaced() {
    for (key, secret) in [("EXAMPLE-K", "EXAMPLE-S"), ("EXAMPLE-NEW", "EXAMPLE-NEW-S")] {
        let sandbox = with(WHOLE);
        let text = WHOLE.replace("OKX_SECRET_KEY=EXAMPLE-S", &format!("OKX_SECRET={secret}"));
        sandbox.write("b.env", text.replace("EXAMPLE-K", key));
        let text = "programs get the api_secret of okx/main as OKX_SECRET and no longer as OKX_SECRET_KEY";
        let before = revision(&sandbox);
        sandbox.run("import dotenv b.env --replace --dry-run").ok().prints("would be replaced okx/main\n").says(text);
        let report = sandbox.run("import dotenv b.env --replace --dry-run --json").ok().json();
        assert_eq!((&report["replaced"], &report["unchanged"]), (&json!(["okx/main"]), &json!([])));
        assert_eq!(revision(&sandbox), before);
        let told = sandbox.run("import dotenv b.env --replace").ok().prints_only("replaced okx/main\n").says(text);
        assert_ne!(revision(&sandbox), before);
        sandbox.run("import dotenv b.env --replace").ok().prints_only("unchanged (1 already there)\n");
        sandbox.run(&command_in(&told.stderr)).ok();
        sandbox.run("run -- env").ok().prints(&format!("OKX_SECRET_KEY={secret}\n"));
        sandbox.run("adopt b.env --replace").ok().prints("replaced okx/main\n").says(text);
    }
}

#[test]
fn the_newest_key_of_an_unfinished_rotation_is_not_replaced() {
    let sandbox = with(WHOLE);
    let new = r#"{"api_key":"EXAMPLE-NEWEST","api_secret":"EXAMPLE-NEWEST-S"}"#;
    sandbox.strongroom("rotate okx/main --from-json -").stdin(new).end().ok();
    sandbox.write("part.env", "OKX_SECRET_KEY=EXAMPLE-S\n");
    let before = sandbox.tree();
    for words in ["import dotenv a.env", "import dotenv part.env", "adopt a.env"] {
        let refused = sandbox.run(&format!("{words} --replace")).exits(7).says("rotation of okx/main is not finished");
        let refused = refused.says("hint: strongroom rotate okx/main --finish\n");
        refused.says("hint: strongroom rotate okx/main --rollback\n");
    }
    let mut after = sandbox.tree();
    after.retain(|path, _| before.contains_key(path));
    assert!(after == before);
    sandbox.run("get okx/main/api_key").ok().prints_only("EXAMPLE-NEWEST");
    sandbox.run("rotate okx/main --rollback").ok();
    sandbox.run("import dotenv a.env").ok().prints_only("unchanged (1 already there)\n");
}

#[test]
fn an_account_that_was_renamed_as_told_is_found_when_its_file_comes_again() {
    let text = "BINANCE_US_API_KEY=EXAMPLE-K\nBINANCE_US_API_SECRET=EXAMPLE-S\n";
    let sandbox = with(text);
    sandbox.run("mv binance/us binanceus/main").ok();
    let names = "--variable api_key=BINANCE_US_API_KEY --variable api_secret=BINANCE_US_API_SECRET";
    sandbox.run(&format!("set binanceus/main {names}")).ok();
    let before = revision(&sandbox);
    let again = sandbox.run("import dotenv a.env").ok().prints_only("unchanged (1 already there)\n");
    again.never_says("strongroom mv");
    sandbox.run("adopt a.env").ok().prints("unchanged");
    assert_eq!(revision(&sandbox), before);
    sandbox.run("run -- env").ok().prints("BINANCE_US_API_SECRET=EXAMPLE-S\n");
}

#[test]
fn two_accounts_that_become_one_variable_are_told_with_the_command_that_tells_them_apart() {
    let sandbox = with(WHOLE);
    sandbox.write("b.env", "OKX_SECRET_API_KEY=EXAMPLE-2\nOKX_SECRET_API_SECRET=EXAMPLE-2\n");
    sandbox.run("import dotenv b.env").ok().never_says("run refuses them together");
    sandbox.run("set okx/main --variable api_secret=KRAKEN_API_SECRET").ok();
    sandbox.write("c.env", "KRAKEN_API_KEY=EXAMPLE-3\nKRAKEN_API_SECRET=EXAMPLE-3\n");
    let told = sandbox.run("import dotenv c.env").ok();
    let told = told.says("KRAKEN_API_SECRET is kraken/main/api_secret and okx/main/api_secret");
    sandbox.run("run -- env").exits(125);
    sandbox.run(&command_in(&told.stderr)).ok();
    sandbox.run("run -- env").ok().prints("KRAKEN_API_SECRET=EXAMPLE-3\n").prints("OKX_API_SECRET=EXAMPLE-S\n");
}
