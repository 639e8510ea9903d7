//! What hummingbot encrypted comes in: files that its own code wrote, its password from every source, and what a wrong
//! one, a changed file or a hostile one does.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use strongroom_tests::{Sandbox, Terminal};

/// As `tests/interop/make_hummingbot.py` has it.
const PASSWORD: &str = "EXAMPLE hummingbot pässword";

const IMPORT: &str = "import hummingbot conf --source-passphrase-file hb";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/hummingbot/conf")
}

/// A vault, and hummingbot's `conf` with these connectors, or all.
fn sandbox(only: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.write("hb", format!("{PASSWORD}\n"));
    sandbox.set_mode("hb", 0o600);
    sandbox.write("conf/.password_verification", fs::read(fixtures().join(".password_verification")).unwrap());
    for entry in fs::read_dir(fixtures().join("connectors")).unwrap() {
        let path = entry.unwrap().path();
        if only.is_empty() || only.iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name)) {
            let name = format!("conf/connectors/{}", path.file_name().unwrap().to_str().unwrap());
            sandbox.write(&name, fs::read(path).unwrap());
        }
    }
    sandbox.keep_secret(PASSWORD);
    sandbox
}

fn count(report: &Value, what: &str) -> usize {
    report[what].as_array().expect("a list").len()
}

/// What the generator says it encrypted.
fn secret(connector: &str, field: &str) -> String {
    let all: Value = serde_json::from_slice(&fs::read(fixtures().join("secrets.json")).unwrap()).unwrap();
    all[connector][field].as_str().expect("a secret").to_owned()
}

#[test]
fn a_directory_is_told_to_be_read_as_hummingbots() {
    let sandbox = sandbox(&["kucoin"]);
    sandbox.run("import conf --source-passphrase-file hb").ok().says("conf: read as hummingbot");
    sandbox.run(IMPORT).ok().never_says("read as");
}

#[test]
fn all_of_a_configuration_comes_in_and_the_same_again_is_unchanged() {
    let sandbox = sandbox(&[]);
    // `okx/main` of the sample is another one.
    sandbox.run("rm --yes okx/main").ok();
    sandbox.run("rm --yes binance/main").ok();
    for (connector, field) in
        [("binance", "binance_api_secret"), ("kucoin", "kucoin_passphrase"), ("derive", "subacct_id")]
    {
        sandbox.keep_secret(&secret(connector, field));
    }
    let report = sandbox.run(&format!("{IMPORT} --json")).ok().json();
    assert_eq!((count(&report, "added"), count(&report, "unchanged"), count(&report, "replaced")), (63, 0, 0));
    assert_eq!(report["format"], "hummingbot");
    for (connector, theirs, ours) in [
        ("okx", "okx_passphrase", "okx/main/api_passphrase"),
        ("kucoin_hft", "kucoin_hft_secret_key", "kucoin/hft/api_secret"),
        ("gate_io_perpetual", "gate_io_perpetual_user_id", "gate/perpetual/uid"),
        ("bybit_testnet", "bybit_testnet_api_key", "bybit/main@testnet/api_key"),
        ("injective_v2", "private_key", "injective/main/private_key"),
        ("hyperliquid", "hyperliquid_address", "hyperliquid/main/wallet_address"),
        ("kalshi_perpetual", "kalshi_perpetual_private_key", "kalshi/main/private_key"),
        ("kucoin", "kucoin_passphrase", "kucoin/main/api_passphrase"),
    ] {
        sandbox.run(&format!("get {ours}")).ok().prints_only(&secret(connector, theirs));
    }
    let before = sandbox.tree();
    let again = sandbox.run(&format!("{IMPORT} --json")).ok().json();
    assert_eq!((count(&again, "added"), count(&again, "unchanged")), (0, 63));
    assert!(sandbox.tree() == before);
}

#[test]
fn one_file_is_recognised_by_its_content_and_a_dry_run_changes_nothing() {
    let sandbox = sandbox(&["kraken"]);
    let before = sandbox.tree();
    let file = "import conf/connectors/kraken.yml --source-passphrase-command";
    let dry = sandbox.strongroom(file).arg("cat hb").arg("--dry-run").end().ok();
    dry.says("kraken_api_tier").prints("would be added kraken/main");
    assert!(sandbox.tree() == before);
    sandbox.strongroom(file).arg("cat hb").end().ok().says("what hummingbot's password opens is still in");
    sandbox.run("get kraken/main/api_key").ok().prints_only(&secret("kraken", "kraken_api_key"));
}

#[test]
fn the_password_comes_on_standard_input_or_a_descriptor() {
    let sandbox = sandbox(&["kraken"]);
    let on_input = "import conf/connectors --source-passphrase-file - --dry-run";
    sandbox.strongroom(on_input).stdin(format!("{PASSWORD}\n")).end().ok().prints("kraken/main");
    let by_descriptor = "import conf --source-passphrase-fd 3 --dry-run 3<hb";
    sandbox.shell(&format!("\"$STRONGROOM\" {by_descriptor}")).end().ok().prints("kraken/main");
    // The text itself on standard input, where no word of verification is near.
    let text = fs::read(sandbox.path("conf/connectors/kraken.yml")).unwrap();
    sandbox.strongroom("import - --source-passphrase-file hb --dry-run").stdin(&text).end().ok().prints("kraken/main");
    sandbox.run("import hummingbot - --source-passphrase-file -").exits(2).says("standard input can be read only once");
}

#[test]
fn a_wrong_password_is_exit_4_with_and_without_the_word_of_verification() {
    let sandbox = sandbox(&["okx", "kraken"]);
    sandbox.write("hb", "EXAMPLE that is wrong\n");
    let before = sandbox.tree();
    let finished = sandbox.run(&format!("{IMPORT} --json")).exits(4);
    assert_eq!(finished.error_kind(), "wrong-source-passphrase");
    sandbox.run(IMPORT).exits(4).says(".password_verification").never_says("okx.yml");
    assert!(sandbox.tree() == before);
    fs::remove_file(sandbox.path("conf/.password_verification")).unwrap();
    sandbox.run(IMPORT).exits(4).says("this is not hummingbot's password");
    sandbox.run("import hummingbot conf").exits(4).says("--source-passphrase-file");
}

#[test]
fn a_changed_value_fails_everything_and_is_named_by_file_line_and_field() {
    let sandbox = sandbox(&["okx", "kraken"]);
    let name = "conf/connectors/kraken.yml";
    let text = sandbox.read_text(name);
    let line = text.lines().find(|line| line.starts_with("kraken_secret_key")).unwrap();
    // The first digit of the code that proves the password.
    let at = line.find(&data_encoding::HEXLOWER.encode(b"\"mac\": \"")).unwrap() + 16;
    let digit = if &line[at..at + 2] == "30" { "31" } else { "30" };
    sandbox.write(name, text.replace(line, &format!("{}{digit}{}", &line[..at], &line[at + 2..])));
    let before = sandbox.tree();
    sandbox.run(IMPORT).exits(3).says("kraken.yml").says("kraken_secret_key").says("line 9").never_says("7b22");
    assert!(sandbox.tree() == before);
}

#[test]
fn what_a_hostile_file_asks_for_is_refused_before_the_password_is_asked_for() {
    let sandbox = sandbox(&[]);
    let value = |rounds: &str, kdf: &str| {
        let salt = "00".repeat(16);
        let json = format!(
            r#"{{"crypto": {{"cipher": "aes-128-ctr", "cipherparams": {{"iv": "{salt}"}}, "ciphertext": "00", "kdf": "{kdf}",
            "kdfparams": {{"c": {rounds}, "dklen": 32, "prf": "hmac-sha256", "salt": "{salt}"}}, "mac": "{salt}{salt}"}}, "version": 3}}"#
        );
        data_encoding::HEXLOWER.encode(json.as_bytes())
    };
    for (rounds, kdf, reason) in [
        ("4294967295", "pbkdf2", "the number of rounds is not between 1 and 10000000"),
        ("10000001", "pbkdf2", "the number of rounds is not between 1 and 10000000"),
        ("1000", "scrypt", "hummingbot derives keys with pbkdf2 and with nothing else"),
    ] {
        sandbox.write("x.yml", format!("connector: okx\nokx_api_key: {}\n", value(rounds, kdf)));
        sandbox.run("import hummingbot x.yml").exits(3).says("x.yml").says("line 2").says(reason);
    }
    let whole = value("1000", "pbkdf2");
    sandbox.write("x.yml", format!("connector: okx\nokx_api_key: {}\n", &whole[..whole.len() - 1]));
    sandbox.run("import x.yml").exits(3).says("cut short").never_says(&whole[..20]);
}

#[test]
fn what_is_no_configuration_of_hummingbot_is_refused_with_what_to_do() {
    let sandbox = sandbox(&["kraken"]);
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.run("import empty").exits(3).says("conf/connectors");
    sandbox.run("import dotenv conf").exits(2).says("is a directory");
    sandbox.write("plain.env", "KRAKEN_API_KEY=EXAMPLE-K\n");
    sandbox.run("import plain.env --source-passphrase-file hb").exits(2).says("takes no --source-passphrase");
    sandbox.write("x.yml", "connector: okx\nokx_api_key: EXAMPLE-IN-CLEAR-TEXT\n");
    sandbox.run("import hummingbot x.yml").exits(3).says("okx_api_key").never_says("IN-CLEAR");
    sandbox.write("x.yml", "connector: okx\nokx_api_key: ''\n");
    sandbox.run("import hummingbot x.yml").exits(3).says("no connector with encrypted values");
    sandbox.run("adopt conf/connectors/kraken.yml").exits(2).says("strongroom import hummingbot");
}

#[test]
fn the_password_is_asked_for_and_asked_for_again() {
    let sandbox = sandbox(&["kraken"]);
    let test = "the_password_is_asked_for_and_asked_for_again";
    let Some(terminal) = Terminal::start(test, &sandbox, "import conf --key-file machine.key") else { return };
    terminal.wait("Password of hummingbot", 1);
    terminal.enter("EXAMPLE that is wrong");
    terminal.wait("this is not hummingbot's password; try again", 1);
    terminal.wait("Password of hummingbot", 2);
    terminal.enter(PASSWORD);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(screen.contains("added kraken/main") && !screen.contains("hummingbot pä"), "{screen}");
}
