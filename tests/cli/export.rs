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
