//! What goes out: round trips that are exact, documents that their readers accept, and what is refused.

use serde_json::{Value, json};
use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET, OKX_PASSPHRASE, SAMPLE_JSON, Sandbox};

/// Texts that formats like to spoil.
const HARD: &str = "EXAMPLE \" ' \\ $x ${HOME} `x` # ~ \t é \u{1f511} = end ";

/// An empty vault beside the first, opened by the same machine key file name in its own sandbox.
fn empty() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    sandbox.run("init --machine-key machine.key --passphrase-file passphrase --no-recovery --kdf minimum").ok();
    sandbox
}

/// The sample, and what is hard.
fn full() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    let document = json!({"api_key": HARD, "api_secret": format!("{HARD}\nsecond line\r\n")});
    sandbox.strongroom("add Binance/a@b.c --from-json -").stdin(document.to_string()).end().ok();
    sandbox
        .run("set binance/main --permission read --permission trade --ip 203.0.113.7 --tag hot --rotate-after 90")
        .ok();
    sandbox.run("set binance/main --expires 2031-02-03T04:05:06Z").ok();
    sandbox
}

#[test]
fn json_is_what_it_was_made_from() {
    let sandbox = Sandbox::with_vault();
    let exported = sandbox.run("export json").ok().json();
    let mut expected: Value = serde_json::from_str(SAMPLE_JSON).expect("the sample");
    let grid = &mut expected["exchange_secrets"]["binance"]["subaccounts"]["grid"];
    grid.as_object_mut().expect("an object").remove("api_passphrase");
    let mut exported = exported;
    // A reader takes an absent passphrase and null as the same.
    for exchange in exported["exchange_secrets"].as_object_mut().expect("exchanges").values_mut() {
        for subaccount in exchange["subaccounts"].as_object_mut().expect("subaccounts").values_mut() {
            subaccount.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        }
    }
    assert_eq!(exported, expected);
}

#[test]
fn json_round_trips_every_byte() {
    let (first, second) = (full(), empty());
    second.write("exported.json", first.run("export json").ok().stdout);
    second.run("import json exported.json").ok();
    for field in
        ["binance/a@b.c/api_key", "binance/a@b.c/api_secret", "okx/main/api_passphrase", "binance/main/api_key"]
    {
        let value = first.run(&format!("get {field}")).ok().stdout;
        assert!(second.run(&format!("get {field}")).ok().stdout == value, "{field}");
    }
    assert!(second.run("export json").ok().stdout == first.run("export json").ok().stdout);
}

#[test]
fn aws_lists_the_main_account_among_the_subaccounts_too() {
    let sandbox = Sandbox::with_vault();
    let exported = sandbox.run("export aws binance/*").ok().json();
    assert_eq!(exported["API_KEY"], BINANCE_KEY);
    assert_eq!(exported["API_SECRET"], BINANCE_SECRET);
    let subaccounts = exported["SUBACCOUNTS"].as_array().expect("a list");
    let mut names: Vec<_> = subaccounts.iter().filter_map(|entry| entry["subaccount_name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["grid", "main"]);
}

#[test]
fn aws_round_trips_every_byte() {
    let (first, second) = (full(), empty());
    second.write("binance.json", first.run("export aws binance/*").ok().stdout);
    second.run("import aws binance.json --exchange binance").ok();
    assert!(second.run("export aws binance/*").ok().stdout == first.run("export aws binance/*").ok().stdout);
    let value = first.run("get binance/a@b.c/api_secret").ok().stdout;
    assert!(second.run("get binance/a@b.c/api_secret").ok().stdout == value);
}

#[test]
fn strongroom_round_trips_records_metadata_and_values_but_no_way_in() {
    let (first, second) = (full(), empty());
    first.write(".env", "DATABASE_URL=EXAMPLE-URL\n");
    first.run("import dotenv .env").ok();
    let exported = first.run("export strongroom").ok();
    assert!(!exported.text().contains("STRONGROOM-KEY-1-"));
    second.write("exported.json", &exported.stdout);
    second.run("import strongroom exported.json").ok();
    assert!(second.run("export strongroom").ok().stdout == exported.stdout);
    assert_eq!(second.run("list --json").ok().json(), first.run("list --json").ok().json());
}

#[test]
fn armor_is_the_same_file_as_text() {
    let sandbox = Sandbox::with_vault();
    let armored = sandbox.bare("export armor").end().ok();
    assert!(armored.text().starts_with("-----BEGIN STRONGROOM VAULT-----\n"));
    sandbox.write("vault.txt", &armored.stdout);
    sandbox.bare("import armor vault.txt --vault copy.strongroom").end().ok();
    assert!(sandbox.read("copy.strongroom") == sandbox.read("vault.strongroom"));
}

#[test]
fn an_incomplete_record_is_refused_by_name_because_it_would_spoil_the_file() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("add kraken/main --from-json -").stdin(r#"{"api_key":"EXAMPLE-ONLY-A-KEY"}"#).end().ok();
    let finished = sandbox.run("export json").fails().prints_only("").says("kraken/main");
    finished.never_says("EXAMPLE-ONLY-A-KEY");
    sandbox.run("export json binance/* okx").ok().prints(OKX_PASSPHRASE);
}

#[test]
fn an_option_that_a_format_does_not_have_is_refused_before_anything_is_asked() {
    let sandbox = Sandbox::with_vault();
    let variables = "it is for dotenv, freqtrade-env and nautilus";
    let formats =
        ["json", "aws", "kubernetes --name a", "systemd --output-dir a", "ccxt", "freqtrade", "strongroom", "armor"];
    for format in formats {
        let name = format.split(' ').next().expect("a name");
        let refused = sandbox.bare(&format!("export {format} --target docker")).end().exits(2).prints_only("");
        refused.says(&format!("--target is not for {name}")).says(variables);
    }
    for (words, cause) in [
        ("json --target portable", variables),
        ("dotenv --name a", "it is for kubernetes"),
        ("ccxt --namespace a", "it is for kubernetes"),
        ("strongroom --output-dir a", "it is for systemd"),
        ("systemd --output a", "--output-dir DIR"),
        ("systemd --output-dir a --reveal", "--output-dir DIR"),
        ("armor --environment live", "no --environment"),
    ] {
        sandbox.bare(&format!("export {words}")).end().exits(2).prints_only("").says(cause);
    }
    for format in ["dotenv", "freqtrade-env", "nautilus"] {
        sandbox.run(&format!("export {format} okx --target docker")).ok();
    }
}

#[test]
fn one_document_holds_one_environment() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-TESTNET-KEY","api_secret":"EXAMPLE-TESTNET-SECRET"}"#;
    sandbox.strongroom("add binance/main@testnet --from-json -").stdin(keys).end().ok();
    let testnet = sandbox.run("export json --environment testnet").ok().prints("EXAMPLE-TESTNET-KEY");
    assert!(!testnet.text().contains(BINANCE_KEY));
    let live = sandbox.run("export json --environment live").ok().prints(BINANCE_KEY);
    assert!(!live.text().contains("EXAMPLE-TESTNET-KEY"));
}

#[test]
fn an_output_file_is_private_and_holds_what_would_be_printed() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("export json --output out.json").ok().prints_only("");
    assert_eq!(sandbox.mode("out.json"), 0o600);
    assert!(sandbox.read("out.json") == sandbox.run("export json").ok().stdout);
}

#[test]
fn a_testnet_document_comes_back_as_testnet_when_that_is_said() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-TESTNET-KEY","api_secret":"EXAMPLE-TESTNET-SECRET"}"#;
    sandbox.strongroom("add kraken@testnet --from-json -").stdin(keys).end().ok();
    sandbox.run("export json --environment testnet --output testnet.json").ok();
    sandbox.run("rm kraken@testnet --yes").ok();
    sandbox.run("import json testnet.json --environment testnet").ok();
    sandbox.run("get kraken/main@testnet/api_secret").ok().prints_only("EXAMPLE-TESTNET-SECRET");
    sandbox.run("import json testnet.json --environment paper").exits(2);
}

#[test]
fn an_export_goes_through_a_link_and_never_in_the_place_of_what_is_no_file() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("real/out.json", "old");
    std::os::unix::fs::symlink("real/out.json", sandbox.path("link.json")).expect("a link");
    sandbox.set_mode("real/out.json", 0o644);
    sandbox.run("export json --output link.json").exits(3).says("already there");
    sandbox.run("export json --output link.json --force").ok();
    assert!(sandbox.path("link.json").is_symlink());
    assert!(sandbox.read_text("real/out.json").contains("exchange_secrets"));
    assert_eq!(sandbox.mode("real/out.json"), 0o600);

    std::fs::create_dir(sandbox.path("directory")).expect("a directory");
    std::os::unix::fs::symlink("/dev/null", sandbox.path("null")).expect("a link");
    for target in ["directory", "null"] {
        sandbox
            .run(&format!("export json --force --output {target}"))
            .exits(3)
            .says("leave out --output")
            .prints_only("");
    }
    assert!(sandbox.path("null").is_symlink());
}

#[test]
fn plaintext_that_a_killed_export_left_goes_with_the_next_one() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".out.json.0123456789ab.strongroom-tmp", "EXAMPLE half an export");
    sandbox.run("export json --output out.json").ok();
    assert!(!sandbox.path(".out.json.0123456789ab.strongroom-tmp").exists());
}

#[test]
fn one_ref_is_the_object_itself_and_everything_else_is_by_name() {
    let sandbox = Sandbox::with_vault();
    let bare = sandbox.run("export ccxt okx").ok().json();
    assert_eq!(bare["password"], OKX_PASSPHRASE);
    for words in ["export ccxt okx/*", "export ccxt", "export ccxt okx binance"] {
        assert_eq!(sandbox.run(words).ok().json()["okx"], bare, "{words}");
    }
    assert_eq!(
        sandbox.run("export ccxt binance/*").ok().json()["binance/grid"]["apiKey"],
        "EXAMPLE-BINANCE-GRID-KEY-0003"
    );
}

#[test]
fn a_program_that_reads_one_account_is_never_given_one_of_two() {
    let sandbox = Sandbox::with_vault();
    for (words, hint) in [
        ("export freqtrade", "strongroom export freqtrade binance/grid"),
        ("export freqtrade-env binance/*", "strongroom export freqtrade-env binance/grid"),
        ("export nautilus", "strongroom export nautilus binance/grid"),
    ] {
        sandbox.run(words).fails().prints_only("").says(&format!("hint: {hint}"));
    }
    for names in ["nautilus", "freqtrade"] {
        let refused = sandbox.run(&format!("run --names {names} -- true")).exits(125).prints_only("");
        refused.says(&format!("hint: strongroom run --names {names} binance/grid -- COMMAND"));
    }
    let environment = sandbox.run("run --names nautilus okx -- env").ok();
    let environment = environment.prints("OKX_API_PASSPHRASE=EXAMPLE-OKX-P");
    assert!(!environment.text().contains("STRONGROOM_"));
    sandbox.run("run --names freqtrade okx -- env").ok().prints("FREQTRADE__EXCHANGE__PASSWORD=EXAMPLE-OKX-P");
}

/// The command behind the hint, without a word of the shell's.
fn told(refused: &strongroom_tests::Finished) -> String {
    let hints: Vec<&str> = refused.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    assert_eq!(hints.len(), 1, "one command: {}", refused.stderr);
    hints[0].split_once("strongroom ").expect("a command of ours").1.replace('\'', "")
}

#[test]
fn all_that_a_reader_cannot_be_given_is_named_at_once_and_the_command_that_is_told_works() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("pem", "-----BEGIN PRIVATE KEY-----\nEXAMPLE+ONE\n-----END PRIVATE KEY-----\n");
    sandbox.write("key", "EXAMPLE-KEY");
    sandbox.run("add binance/pem --file api_key=key --file api_secret=pem").ok();
    sandbox.strongroom("add env/NOTE --stdin").stdin("EXAMPLE\nONE").end().ok();
    sandbox.strongroom("add env/TOKEN --stdin").stdin("EXAMPLE-TOKEN").end().ok();

    let refused = sandbox.run("export dotenv --target docker").exits(6).prints_only("").never_says("EXAMPLE");
    let refused = refused.says("error: binance/pem/api_secret: has several lines");
    let command = told(&refused.says("caused by: env/NOTE cannot be written either"));
    assert_eq!(command, "export dotenv binance/grid binance/main okx/main env/TOKEN --target docker");
    let written = sandbox.run(&command).ok();
    assert!(written.text().contains(BINANCE_SECRET) && written.text().contains("TOKEN=EXAMPLE-TOKEN"));
    assert!(!written.text().contains("PEM"));

    // Of an exchange of which nothing is left out, one word is enough.
    sandbox.run("add okx/two --file api_key=key --file api_secret=key --file api_passphrase=key").ok();
    let refused = sandbox.run("export dotenv --target docker --output out.env --environment live").exits(6);
    let command = told(&refused);
    let expected = "export dotenv binance/grid binance/main okx/*@live env/TOKEN --target docker --output out.env";
    assert_eq!(command, expected);
    sandbox.run(&command).ok().prints_only("");
    assert!(sandbox.read_text("out.env").contains("OKX_TWO_API_KEY=EXAMPLE-KEY"));

    // Where there is a reader for all of it, nothing has to be left out.
    let command = told(&sandbox.run("export dotenv binance/* --output all.env").exits(6));
    assert_eq!(command, "export dotenv binance/* --target python-dotenv --output all.env");
    sandbox.run(&command).ok();
    assert!(sandbox.read_text("all.env").contains("EXAMPLE+ONE"));

    // And what is alone goes where no file is in between.
    let command = told(&sandbox.run("export dotenv binance/pem --target docker").exits(6));
    assert_eq!(command, "run binance/pem -- COMMAND");
    sandbox.run(&command.replace("COMMAND", "env")).ok().prints("EXAMPLE+ONE");
}

#[test]
fn ten_places_are_named_and_of_the_rest_how_many() {
    let sandbox = Sandbox::with_vault();
    let mut text = String::new();
    for number in 10..22 {
        text.push_str(&format!("KRAKEN_S{number}_API_KEY=EXAMPLE\nKRAKEN_S{number}_API_SECRET=\"EXAMPLE\\n2\"\n"));
    }
    sandbox.write("many.env", text);
    sandbox.run("import dotenv many.env").ok();
    let refused = sandbox.run("export dotenv --target docker").exits(6);
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("kraken/s19/api_secret and 2 more cannot be written either"), "{said}");
    let mut lines = refused.stderr.lines().filter(|line| line.starts_with("  "));
    assert!(lines.all(|line| line.len() <= 80), "{}", refused.stderr);
    sandbox.run(&told(&refused)).ok();
    let refused = sandbox.run("export dotenv --target docker --json").exits(6).error();
    let message = refused["message"].as_str().expect("a message");
    assert!(message.contains("kraken/s19/api_secret and 2 more") && !message.contains('\n'), "{message}");
}

#[test]
fn documents_name_all_records_that_would_spoil_them_and_the_rest_can_be_written() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("key", "EXAMPLE-ONLY-A-KEY");
    for name in ["kraken/main", "kraken/two", "binance/half"] {
        let key = r#"{"api_key":"EXAMPLE-ONLY-A-KEY"}"#;
        sandbox.strongroom(&format!("add {name} --from-json -")).stdin(key).end().ok();
    }
    for (words, first, expected) in [
        ("export json", "kraken/main and kraken/two", "export json binance/grid binance/main okx/main"),
        ("export aws binance/*", "", "export aws binance/grid binance/main"),
    ] {
        let refused = sandbox.run(words).exits(6).prints_only("").says("error: binance/half: has no api_secret");
        assert_eq!(refused.stderr.contains("cannot be written either"), !first.is_empty());
        let command = told(&refused.says(first));
        assert_eq!(command, expected);
        sandbox.run(&command).ok().prints(BINANCE_KEY);
    }
    // Nautilus knows no names for these two, and those of one account of each exchange.
    let refused = sandbox.run("export nautilus kraken/main okx binance/main upbit/x").exits(6);
    refused.says("no record upbit/x");
    for name in ["upbit/x", "upbit/y"] {
        sandbox.run(&format!("add {name} --file api_key=key --file api_secret=key")).ok();
    }
    let refused = sandbox.run("export nautilus okx binance/main upbit/x upbit/y").exits(6);
    let command = told(&refused.says("error: upbit/x: ").says("upbit/y cannot be written either"));
    assert_eq!(command, "export nautilus binance/main okx/main");
    sandbox.run(&command).ok();
}

#[test]
fn a_name_that_a_reader_cannot_have_is_left_out_by_the_command_that_is_told() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("add env/A:B --stdin").stdin("EXAMPLE").end().ok();
    for words in ["export systemd --output-dir out", "export kubernetes --name bot"] {
        let refused = sandbox.run(words).exits(6).prints_only("").says("error: env/A:B: its variable's name is no");
        let options = words.split_once(" --").expect("an option").1;
        let command = told(&refused.says("hint: without it: "));
        assert!(command.ends_with(&format!("binance/* okx/main --{options}")), "{command}");
        sandbox.run(&command).ok();
    }
    assert_eq!(sandbox.read_text("out/BINANCE_API_SECRET"), BINANCE_SECRET);
}

#[test]
fn freqtrade_is_told_of_everything_that_it_would_take_for_a_number() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("number", "00123");
    sandbox.run("add kraken --file api_key=number --file api_secret=number").ok();
    let refused = sandbox.run("export freqtrade-env kraken").exits(6).never_says("00123");
    let command = told(&refused.says("kraken/main/api_key: ").says("kraken/main/api_secret cannot be written either"));
    sandbox.run(&command).ok();
    assert!(sandbox.read_text("config-private.json").contains("\"00123\""));
}
