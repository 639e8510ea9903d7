//! A program finds the fields of a record under the names of variables that it reads: how they are said, seen, changed
//! and kept, and what is refused.

use serde_json::json;
use strongroom_tests::Sandbox;

const OKX: &str = "OKX_API_KEY=EXAMPLE-OKX-KEY-0001\nOKX_SECRET_KEY=EXAMPLE-OKX-SECRET-0001\nOKX_PASSWORD=EXAMPLE-P\n";

/// With `okx/bot` from a document, whose secret has a name.
fn with_bot() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    let document = json!({"api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE-P",
        "variables": {"api_secret": "BOT_SECRET"}});
    sandbox.strongroom("add okx/bot --from-json -").stdin(document.to_string()).end().ok();
    sandbox
}

fn names(sandbox: &Sandbox, record: &str) -> serde_json::Value {
    sandbox.run(&format!("show {record} --json")).ok().json()["variables"].clone()
}

fn revision(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.run("info --json").ok().json()["revision"].clone()
}

#[test]
fn a_field_gets_a_name_and_the_usual_one_again() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("set binance/main --variable api_key=KEY --variable api_secret=MY_SECRET").ok();
    assert_eq!(names(&sandbox, "binance/main"), json!({"api_key": "KEY", "api_secret": "MY_SECRET"}));
    let given = sandbox.run("run binance/main -- env").ok();
    given.prints("\nKEY=EXAMPLE-").prints("MY_SECRET=EXAMPLE-");
    let given = sandbox.run("run binance/main -- env").ok();
    assert!(!given.text().contains("BINANCE_API"), "the usual name is not given besides");
    sandbox.run("run --names strongroom binance/main -- env").ok().prints("BINANCE_API_KEY=");
    sandbox.run("export dotenv binance/main").ok().prints("MY_SECRET=EXAMPLE-");
    sandbox.run("export kubernetes binance/main --name bot").ok().prints("MY_SECRET");

    sandbox.run("set binance/main --variable api_key=").ok();
    assert_eq!(names(&sandbox, "binance/main"), json!({"api_secret": "MY_SECRET"}));
    sandbox.run("set binance/main --variable api_secret=BINANCE_API_SECRET").ok();
    assert_eq!(names(&sandbox, "binance/main"), json!({}), "the usual name is no name of its own");
    sandbox.run("set binance/main --variable api_secret=").ok().says("binance/main is unchanged");
}

#[test]
fn add_takes_names_and_shows_them_and_the_same_again_is_unchanged() {
    let sandbox = with_bot();
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_secret": "BOT_SECRET"}));
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S"}"#;
    let add = |name: &str| {
        let words = format!("add kraken/main --from-json - --variable api_secret={name}");
        sandbox.strongroom(&words).stdin(keys).end()
    };
    add("KRAKEN_PRIVATE").ok();
    add("KRAKEN_PRIVATE").ok().says("kraken/main is unchanged");
    add("KRAKEN_OTHER").exits(6);
    let shown = sandbox.run("show kraken/main").ok();
    assert!(shown.text().contains("\n  variables           KRAKEN_PRIVATE is the api_secret\n"), "{}", shown.text());
    let list = sandbox.run("list kraken okx/main --json").ok().json();
    assert_eq!(list[0]["variables"], json!({"api_secret": "KRAKEN_PRIVATE"}));
    assert_eq!(list[1]["variables"], json!({}));
}

#[test]
fn a_document_has_all_names_of_a_record_and_a_flag_one() {
    let sandbox = with_bot();
    let set = |words: &str, text: &str| sandbox.strongroom(&format!("set okx/bot {words}")).stdin(text).end().ok();
    set("--from-json - --variable api_secret=C", r#"{"variables":{"api_key":"A","api_secret":"B"}}"#);
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_key": "A", "api_secret": "C"}));
    set("--from-json -", r#"{"note":"EXAMPLE"}"#);
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_key": "A", "api_secret": "C"}));
    set("--from-json -", r#"{"variables":{"api_secret":"D"}}"#);
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_secret": "D"}));
    set("--unset api_secret", "");
    assert_eq!(names(&sandbox, "okx/bot"), json!({}), "it goes with its field");
}

#[test]
fn names_that_cannot_be_are_refused_and_never_repeated() {
    let sandbox = with_bot();
    sandbox.keep_secret("EXAMPLE-NOT-SAID");
    let before = sandbox.tree();
    for (words, code) in [
        ("--variable EXAMPLE-NOT-SAID", 2),
        ("--variable api_secret=EXAMPLE-NOT-SAID=", 2),
        ("--variable api_secret=EXAMPLE-NOT-SAID/A", 2),
        ("--variable api_secret=STRONGROOM_EXAMPLE-NOT-SAID", 2),
        ("--variable api_key=A --variable api_key=EXAMPLE-NOT-SAID", 2),
        ("--variable api_key=BOT_SECRET", 2),
        ("--variable api_key=OKX_BOT_API_PASSPHRASE", 2),
        ("--variable api_secrt=EXAMPLE_NOT_SAID", 6),
        ("--variable api_secrt=", 6),
    ] {
        sandbox.run(&format!("set okx/bot {words}")).exits(code).says("hint: ");
    }
    for document in [
        json!({"variables": ["EXAMPLE-NOT-SAID"]}),
        json!({"variables": {"api_key": 1}}),
        json!({"variables": {"api_key": ""}}),
        json!({"variables": {"api_key": "EXAMPLE-NOT-SAID\n"}}),
        json!({"variables": {"EXAMPLE NOT SAID": "A"}}),
        json!({"variables": {"api_key": "A", "api_secret": "A"}}),
        json!({"variables": {"api_secrt": "A"}}),
    ] {
        sandbox.strongroom("set okx/bot --from-json -").stdin(document.to_string()).end().fails();
    }
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S"}"#;
    let add = sandbox.strongroom("add kraken --from-json - --variable uid=A").stdin(keys).end();
    add.exits(6).says("kraken/main has no field uid").says("api_key, api_secret");
    sandbox.run("add env/NAME --stdin --variable uid=A").exits(2);
    sandbox.run("set env/NAME --variable uid=A").exits(2);
    assert!(sandbox.tree() == before);
    sandbox.run("set okx/bot --variable api_key=OKX_BOT_API_SECRET --variable api_secret=OKX_BOT_API_KEY").ok();
}

#[test]
fn a_renamed_and_a_rotated_record_keep_their_names() {
    let sandbox = with_bot();
    sandbox.run("mv okx/bot okx/second@demo").ok();
    assert_eq!(names(&sandbox, "okx/second@demo"), json!({"api_secret": "BOT_SECRET"}));
    let rotate = |text: &str| sandbox.strongroom("rotate okx/second@demo --from-json -").stdin(text).end().ok();
    for (number, phase) in ["rollback", "finish"].into_iter().enumerate() {
        rotate(&format!(r#"{{"api_key":"EXAMPLE-K{number}","api_secret":"EXAMPLE-S{number}"}}"#));
        assert_eq!(names(&sandbox, "okx/second@demo"), json!({"api_secret": "BOT_SECRET"}));
        sandbox.run(&format!("rotate okx/second@demo --{phase}")).ok();
        assert_eq!(names(&sandbox, "okx/second@demo"), json!({"api_secret": "BOT_SECRET"}));
    }
    sandbox.run("run okx/second@demo -- env").ok().prints("BOT_SECRET=EXAMPLE-S1\n");
}

#[test]
fn two_records_of_one_variable_are_told_apart_by_the_commands_in_the_hints() {
    let sandbox = with_bot();
    sandbox.run("set okx/main --variable api_secret=BOT_SECRET").ok();
    let command = "strongroom set okx/bot --variable api_secret=OKX_BOT_API_SECRET";
    for words in ["export dotenv", "export systemd --output-dir credentials"] {
        sandbox.run(words).exits(6).says("okx/bot/api_secret and okx/main/api_secret").says(command);
    }
    let refused = sandbox.run("run okx/* -- env").exits(125);
    let refused = refused.says("okx/bot/api_secret and okx/main/api_secret").says(command);
    refused.says("hint: strongroom run --names strongroom 'okx/*' -- COMMAND");
    sandbox.run("run --names strongroom -- env").ok().prints("OKX_BOT_API_SECRET=EXAMPLE-S\n");
    sandbox.run(&command.replace("strongroom ", "")).ok();
    sandbox.run("run -- env").ok().prints("OKX_BOT_API_SECRET=EXAMPLE-S\n");

    // Where ours are the same, names of their own may not be.
    for subaccount in ["a-b", "a_b"] {
        let add = format!("add okx/{subaccount} --from-json - --variable api_key=K_{}", subaccount.len());
        sandbox.strongroom(&add).stdin(r#"{"api_key":"EXAMPLE"}"#).end().ok();
    }
    sandbox.run("set okx/a-b --variable api_key=K_A").ok();
    sandbox.run("run --names strongroom -- env").exits(125).says("strongroom run --names own -- COMMAND");
}

#[test]
fn an_import_leaves_the_names_of_what_is_there_alone_and_says_how_to_change_them() {
    let sandbox = Sandbox::with_vault();
    let document = json!({"exchange_secrets": {"okx": {"name": "okx", "subaccounts": {"spot": {"subaccount_name": "spot",
        "api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE-P"}}}}});
    sandbox.write("secrets.json", document.to_string());
    sandbox.run("import secrets.json").ok();
    sandbox.run("mv okx/main okx/elsewhere").ok();
    sandbox.run("mv okx/spot okx/main").ok();
    let env = "OKX_API_KEY=EXAMPLE-K\nOKX_SECRET_KEY=EXAMPLE-S\nOKX_PASSWORD=EXAMPLE-P\n";
    sandbox.write(".env", env);
    let before = revision(&sandbox);
    let report = sandbox.run("import dotenv .env --dry-run --json").ok().json();
    assert_eq!((revision(&sandbox), names(&sandbox, "okx/main")), (before.clone(), json!({})));
    assert_eq!(report["unchanged"], json!(["okx/main"]));

    let told = sandbox.run("import dotenv .env").ok().prints_only("unchanged (1 already there)\n");
    let told = told.says("programs get the api_passphrase of okx/main as OKX_API_PASSPHRASE and not as OKX_PASSWORD");
    assert_eq!((revision(&sandbox), names(&sandbox, "okx/main")), (before, json!({})), "a program may run from it");
    let command = told.stderr.lines().find_map(|line| line.trim().strip_prefix("strongroom set ")).expect("a command");
    sandbox.run(&format!("set {command}")).ok();
    let expected = json!({"api_secret": "OKX_SECRET_KEY", "api_passphrase": "OKX_PASSWORD"});
    assert_eq!(names(&sandbox, "okx/main"), expected);
    sandbox.run("run okx/main -- env").ok().prints("OKX_SECRET_KEY=EXAMPLE-S\n");
    sandbox.run("adopt .env").ok().never_says("programs get");
}

#[test]
fn a_vault_that_is_made_of_several_files_has_the_names_of_the_env_among_them() {
    let sandbox = Sandbox::new();
    let document = json!({"exchange_secrets": {"okx": {"name": "okx", "subaccounts": {"main": {"subaccount_name": "main",
        "api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE-P"}}}}});
    sandbox.write("secrets.json", document.to_string());
    sandbox.write(".env", "OKX_API_KEY=EXAMPLE-K\nOKX_SECRET_KEY=EXAMPLE-S\nOKX_PASSWORD=EXAMPLE-P\n");
    sandbox.run("adopt secrets.json .env --machine-key machine.key --no-passphrase --no-recovery").ok();
    let expected = json!({"api_secret": "OKX_SECRET_KEY", "api_passphrase": "OKX_PASSWORD"});
    let shown = sandbox.run("show okx/main --json --key-file machine.key").ok().json();
    assert_eq!(shown["variables"], expected);
}

#[test]
fn what_another_program_would_not_find_is_told_with_the_command_that_changes_it() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm okx/main --yes").ok();
    sandbox.write("first.env", OKX);
    sandbox.run("import dotenv first.env").ok().never_says("programs get");
    sandbox
        .write("second.env", OKX.replace("OKX_SECRET_KEY", "OKX_SECRET").replace("OKX_PASSWORD", "OKX_API_PASSPHRASE"));
    let revision_before = revision(&sandbox);
    for words in ["import dotenv second.env --dry-run", "import dotenv second.env", "adopt second.env"] {
        let told = sandbox.run(words).ok();
        let told = told.says("get the api_passphrase of okx/main as OKX_PASSWORD and not as OKX_API_PASSPHRASE;");
        let line = told.stderr.lines().find_map(|line| line.trim().strip_prefix("strongroom set "));
        let expected = "okx/main --variable api_passphrase=OKX_API_PASSPHRASE --variable api_secret=OKX_SECRET";
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(words(line.expect("a command to paste")), words(expected));
    }
    assert_eq!(revision(&sandbox), revision_before, "the first program goes on finding its names");
    sandbox.run("set okx/main --variable api_passphrase=OKX_API_PASSPHRASE --variable api_secret=OKX_SECRET").ok();
    sandbox.run("import dotenv second.env").ok().never_says("programs get");
    assert_eq!(names(&sandbox, "okx/main"), json!({"api_secret": "OKX_SECRET"}));

    // With other values the file is the newer one.
    sandbox.write("first.env", OKX.replace("0001", "0002"));
    let replaced = sandbox.run("import dotenv first.env --replace").ok().never_says("and not as");
    replaced.says("get the api_passphrase of okx/main as OKX_PASSWORD and no longer as OKX_API_PASSPHRASE;");
    assert_eq!(names(&sandbox, "okx/main"), json!({"api_secret": "OKX_SECRET_KEY", "api_passphrase": "OKX_PASSWORD"}));
}

#[test]
fn a_name_that_was_another_fields_moves_with_an_import() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm okx/main --yes").ok();
    sandbox.write(".env", OKX);
    sandbox.run("import dotenv .env").ok();
    sandbox.run("set okx/main --variable api_secret= --variable api_key=OKX_SECRET_KEY").ok();
    sandbox.run("import dotenv .env").ok().says("programs get the api_key of okx/main as OKX_SECRET_KEY");
    sandbox.write(".env", OKX.replace("0001", "0002"));
    let replaced = sandbox.run("import dotenv .env --replace").ok().never_says("and not as");
    replaced.says("programs get the api_secret of okx/main as OKX_SECRET_KEY and no longer as OKX_API_SECRET;");
    assert_eq!(names(&sandbox, "okx/main"), json!({"api_secret": "OKX_SECRET_KEY", "api_passphrase": "OKX_PASSWORD"}));
}

#[test]
fn many_names_are_told_in_few_lines_and_all_of_them_by_a_dry_run() {
    let sandbox = Sandbox::with_vault();
    let exchanges: Vec<String> = (1..=12).map(|number| format!("KRAKEN_BOT{number}")).collect();
    let text = |count: usize| -> String {
        let pair = |name: &String| format!("{name}_KEY=EXAMPLE-{name}-K\n{name}_SECRET_KEY=EXAMPLE-{name}-S\n");
        exchanges[..count].iter().map(pair).collect()
    };
    sandbox.write("few.env", text(3));
    let few = sandbox.run("import dotenv few.env --dry-run").ok();
    assert_eq!(few.stderr.matches(" is the ").count(), 6);
    sandbox.run("import dotenv few.env").ok().never_says("more fields");
    sandbox.write(".env", text(12));
    let all = sandbox.run("import dotenv .env --dry-run").ok().never_says("more fields");
    assert_eq!(all.stderr.matches(" is the ").count(), 24);
    let told = sandbox.run("import dotenv .env").ok().says(".env: 4 more fields under other names than the usual ones");
    assert_eq!(told.stderr.matches(" is the ").count(), 20);
    assert!(!told.stderr.contains("warning: "), "{}", told.stderr);
    let told = sandbox.run("import dotenv .env --json").ok();
    assert_eq!(told.stderr, "", "nothing to worry about");
    let shown = sandbox.run("show kraken/bot12").ok();
    assert!(shown.text().contains("KRAKEN_BOT12_SECRET_KEY is the api_secret"), "{}", shown.text());
}

#[test]
fn who_brings_freqtrades_variables_is_told_how_it_gets_them() {
    let sandbox = Sandbox::with_vault();
    let of = |name: &str| format!("FREQTRADE__EXCHANGE__{name}");
    sandbox.write(".env", format!("{}=bybit\n{}=EXAMPLE-K\n{}=EXAMPLE-S\n", of("NAME"), of("KEY"), of("SECRET")));
    let imported = sandbox.run("import dotenv .env").ok().never_says("programs get");
    let command =
        imported.stderr.lines().find_map(|line| line.trim().strip_prefix("strongroom run ")).expect("a command");
    let command = command.strip_suffix("freqtrade trade").expect("it ends in the program");
    let given = sandbox.run(&format!("run {command}env")).ok();
    given.prints("FREQTRADE__EXCHANGE__API_KEY=EXAMPLE-K\n").prints("FREQTRADE__EXCHANGE__SECRET=EXAMPLE-S\n");
}

/// What `edit` says of this change to `okx/bot`, and the line that it marks.
fn marked(sandbox: &Sandbox, change: &str) -> (String, String) {
    let script = format!(
        "if [ -e second ]; then cp \"$1\" shown; rm second; exit 0; fi
        touch second; sed -i.bak '{change}' \"$1\"; rm \"$1.bak\""
    );
    let editor = sandbox.script("editor", &script);
    sandbox.strongroom("edit okx/bot").env("EDITOR", editor.to_str().expect("UTF-8")).end().exits(2);
    let shown = sandbox.read_text("shown");
    let (mark, text) = shown.split_once('\n').expect("lines");
    let (place, problem) = mark.split_once(": ").expect("a problem");
    let line: usize = place.rsplit(' ').next().and_then(|line| line.parse().ok()).expect("the line");
    (problem.to_owned(), text.lines().nth(line - 2).expect("the line").to_owned())
}

#[test]
fn edit_shows_names_and_marks_what_is_wrong_with_them() {
    let sandbox = with_bot();
    let edit = |change: &str| {
        let editor = sandbox.script("editor", &format!("cp \"$1\" shown; sed -i.bak '{change}' \"$1\"; rm \"$1.bak\""));
        sandbox.strongroom("edit").env("EDITOR", editor.to_str().expect("UTF-8")).end().ok();
        sandbox.read_text("shown")
    };
    let shown = edit("s/BOT_SECRET/NEW_SECRET/");
    assert_eq!(shown.lines().filter(|line| line.starts_with("variables")).count(), 1, "only where there are some");
    assert!(shown.contains("\nvariables = { api_secret = \"BOT_SECRET\" }\n"));
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_secret": "NEW_SECRET"}));

    for (change, problem, line) in [
        ("s/NEW_SECRET/A=B/", "variable's name", "variables = { api_secret = \"A=B\" }"),
        ("s/NEW_SECRET/STRONGROOM_A/", "STRONGROOM_", "variables = { api_secret = \"STRONGROOM_A\" }"),
        ("s/NEW_SECRET//", "variable's name", "variables = { api_secret = \"\" }"),
        ("s/{ api_secret/{ api_secrt/", "no field api_secrt", "variables = { api_secrt = \"NEW_SECRET\" }"),
        ("s/{ api_secret/{ a b/", "not TOML", "variables = { a b = \"NEW_SECRET\" }"),
        ("s/^variables.*/variables = \"A\"/", "must be a table", "variables = \"A\""),
        (
            "s/{ /{ api_key = \"NEW_SECRET\", /",
            "the same variable",
            "variables = { api_key = \"NEW_SECRET\", api_secret = \"NEW_SECRET\" }",
        ),
        ("s/NEW_SECRET/OKX_BOT_API_KEY/", "the same variable", "variables = { api_secret = \"OKX_BOT_API_KEY\" }"),
    ] {
        let (said, at) = marked(&sandbox, change);
        assert!(said.contains(problem), "{change}: {said}");
        assert_eq!(at, line, "{said}");
    }
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_secret": "NEW_SECRET"}));

    edit("s/^variables.*/[record.variables]\\\napi_key = \"BOT_KEY\"\\\napi_secret = \"OKX_BOT_API_SECRET\"/");
    assert_eq!(names(&sandbox, "okx/bot"), json!({"api_key": "BOT_KEY"}));
    edit("/^variables/d");
    assert_eq!(names(&sandbox, "okx/bot"), json!({}));
}

#[test]
fn names_that_break_programs_or_that_shells_cannot_read_are_not_given_by_hand() {
    let sandbox = with_bot();
    let before = sandbox.tree();
    for (name, reason) in [
        ("A-B", "letters, digits and _"),
        ("A.B", "letters, digits and _"),
        ("1A", "no digit in front"),
        ("Ä", "letters, digits and _"),
        ("PATH", "programs need this variable as it is"),
        ("HOME", "programs need this variable as it is"),
        ("SHELL", "programs need this variable as it is"),
        ("IFS", "programs need this variable as it is"),
        ("ENV", "programs need this variable as it is"),
        ("BASH_ENV", "programs need this variable as it is"),
        ("LD_PRELOAD", "which code a program loads"),
        ("DYLD_INSERT_LIBRARIES", "which code a program loads"),
    ] {
        let words = format!("set okx/bot --variable api_key={name}");
        sandbox.run(&words).exits(2).says("--variable: api_key: ").says(reason);
        let document = json!({"variables": {"api_key": name}}).to_string();
        sandbox.strongroom("set okx/bot --from-json -").stdin(document).end().fails().says(reason);
        let script = format!("sed -i.bak 's/BOT_SECRET/{name}/' \"$1\"; rm \"$1.bak\"");
        let editor = sandbox.script("editor", &script);
        let edited = sandbox.strongroom("edit okx/bot").env("EDITOR", editor.to_str().expect("UTF-8")).end();
        edited.exits(2).says(reason);
        std::fs::remove_file(&editor).expect("removed");
    }
    assert!(sandbox.tree() == before);
    for name in ["_A", "a1", "LDAP_KEY", "MY_PATH"] {
        sandbox.run(&format!("set okx/bot --variable api_key={name}")).ok();
    }
}

#[test]
fn a_freqtrade_that_reads_its_env_finds_all_of_it_again() {
    let sandbox = Sandbox::with_vault();
    let lines = [
        "FREQTRADE__EXCHANGE__NAME=kraken",
        "FREQTRADE__EXCHANGE__KEY=EXAMPLE-K",
        "FREQTRADE__EXCHANGE__SECRET=EXAMPLE-S",
        "FREQTRADE__STRATEGY=Example",
    ];
    sandbox.write(".env", lines.join("\n"));
    sandbox.run("import dotenv .env").ok();
    sandbox.run("get kraken/main/api_secret").ok().prints_only("EXAMPLE-S");
    let given = sandbox.run("run -- env").ok();
    for line in lines {
        assert!(given.text().lines().any(|found| found == line), "{line}");
    }
}
