//! The names in an ordinary `.env` are understood, and `export dotenv` is read back by the reader each target is for:
//! `sh` itself, python-dotenv itself, and the rules of systemd's `EnvironmentFile=` and docker's `--env-file` written
//! out below.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use strongroom_tests::{Sandbox, skip};

/// Values by subaccount. Everything that one reader or another gives a meaning.
pub(super) const VALUES: [(&str, &str); 16] = [
    ("blank", "EXAMPLE with  blanks "),
    ("leading", "  EXAMPLE"),
    ("double", "EXAMPLE \"double\" quotes"),
    ("single", "it's EXAMPLE"),
    ("both", "\"it's\" EXAMPLE"),
    ("backslash", "EXAMPLE\\n \\\\ \\' \\\" end\\"),
    ("dollar", "EXAMPLE $HOME ${HOME} $(id)"),
    ("backtick", "EXAMPLE `id`"),
    ("hash", "EXAMPLE #not a comment"),
    ("hashes", "#EXAMPLE"),
    ("semicolon", ";EXAMPLE;&|<>"),
    ("tilde", "~/EXAMPLE:~/x"),
    ("tab", "EXAMPLE\tTAB"),
    ("accent", "EXAMPLE é \u{1f511}"),
    ("pem", "-----BEGIN EXAMPLE KEY-----\nAAAA'\"\\$\n-----END EXAMPLE KEY-----\n"),
    ("base64", "EXAMPLE+/=="),
];

/// A vault whose `binance` subaccounts have these values as their secrets.
pub(super) fn vault(keep: impl Fn(&str) -> bool) -> Sandbox {
    let sandbox = Sandbox::new();
    let subaccounts: serde_json::Map<_, _> = VALUES
        .iter()
        .filter(|(_, value)| keep(value))
        .map(|(name, value)| {
            let credentials = json!({"subaccount_name": name, "api_key": "EXAMPLE-KEY", "api_secret": value});
            (name.to_string(), credentials)
        })
        .collect();
    let document = json!({"exchange_secrets": {"binance": {"name": "binance", "subaccounts": subaccounts}}});
    sandbox.write("secrets.json", document.to_string());
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    let adopt = "adopt secrets.json --machine-key machine.key --passphrase-file passphrase --no-recovery --kdf minimum";
    sandbox.run(adopt).ok();
    sandbox
}

/// What the file should say.
fn expected(keep: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let values = VALUES.iter().filter(|(_, value)| keep(value));
    values.map(|(name, value)| (format!("BINANCE_{}_API_SECRET", name.to_uppercase()), value.to_string())).collect()
}

#[track_caller]
fn same(found: BTreeMap<String, String>, expected: BTreeMap<String, String>) {
    let found: BTreeMap<_, _> = found.into_iter().filter(|(name, _)| name.ends_with("_API_SECRET")).collect();
    for (name, value) in &expected {
        assert_eq!(found.get(name), Some(value), "{name}");
    }
    assert_eq!(found.len(), expected.len());
}

pub(super) fn everything(_: &str) -> bool {
    true
}

fn one_line(value: &str) -> bool {
    !value.contains('\n')
}

fn plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./+=:@%,-".contains(&byte))
}

#[test]
fn a_shell_reads_back_what_was_exported_for_it() {
    let sandbox = vault(everything);
    sandbox.run("export dotenv --target sh --output out.env").ok();
    let expected = expected(everything);
    let mut found = BTreeMap::new();
    for name in expected.keys() {
        let script = format!("set -a; . ./out.env; printf %s \"${name}\"");
        found.insert(name.clone(), sandbox.shell(&script).end().ok().text().to_owned());
    }
    same(found, expected);
}

#[test]
fn python_dotenv_reads_back_what_was_exported_for_it() {
    let Some(python) = std::env::var_os("STRONGROOM_TEST_PYTHON") else {
        return skip("python_dotenv_reads_back_what_was_exported_for_it", "no Python with python-dotenv");
    };
    let sandbox = vault(everything);
    sandbox.run("export dotenv --target python-dotenv --output out.env").ok();
    let script = "import dotenv, json; print(json.dumps(dotenv.dotenv_values('out.env')))";
    let found = sandbox.program(Path::new(&python), "-c").arg(script).end().ok();
    same(serde_json::from_value(found.json()).expect("names and values"), expected(everything));
}

#[test]
fn systemd_reads_back_what_was_exported_for_it() {
    let sandbox = vault(everything);
    sandbox.run("export dotenv --target systemd --output out.env").ok();
    same(systemd(&sandbox.read_text("out.env")), expected(everything));
}

#[test]
fn docker_reads_back_what_was_exported_for_it() {
    let sandbox = vault(one_line);
    sandbox.run("export dotenv --target docker --output out.env").ok();
    same(docker(&sandbox.read_text("out.env")), expected(one_line));
}

#[test]
fn what_docker_cannot_hold_is_refused_by_name() {
    let sandbox = vault(everything);
    let finished = sandbox.run("export dotenv --target docker").fails().prints_only("");
    finished.says("binance/pem").says("api_secret").never_says("EXAMPLE KEY");
}

#[test]
fn portable_is_read_the_same_by_all_of_them() {
    let sandbox = vault(plain);
    sandbox.run("export dotenv --output out.env").ok();
    let text = sandbox.read_text("out.env");
    same(systemd(&text), expected(plain));
    same(docker(&text), expected(plain));
    let script = "set -a; . ./out.env; printf %s \"$BINANCE_BASE64_API_SECRET\"";
    sandbox.shell(script).end().ok().prints_only("EXAMPLE+/==");
}

#[test]
fn portable_refuses_by_name_what_not_all_of_them_can_read() {
    let sandbox = vault(everything);
    let finished = sandbox.run("export dotenv").fails().prints_only("").says("binance/").says("api_secret");
    finished.never_says("EXAMPLE with");
}

#[test]
fn what_was_exported_comes_back_in_unchanged() {
    for (target, keep) in
        [("portable", plain as fn(&str) -> bool), ("python-dotenv", |value: &str| !value.contains("${"))]
    {
        let sandbox = vault(keep);
        sandbox.run(&format!("export dotenv --target {target} --output out.env")).ok();
        let report = sandbox.run("import dotenv out.env --json").ok().json();
        assert_eq!(report["unchanged"].as_array().map(Vec::len), Some(expected(keep).len()), "{target}: {report}");
    }
}

#[test]
fn names_are_upper_case_and_underscores_and_collisions_name_both() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".env", "DATABASE_URL=EXAMPLE-URL\n");
    sandbox.run("import dotenv .env").ok();
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S"}"#;
    sandbox.strongroom("add binance/Market-Maker@testnet --from-json -").stdin(keys).end().ok();
    let text = sandbox.run("export dotenv").ok();
    for line in [
        "BINANCE_API_KEY=EXAMPLE-BINANCE-MAIN-KEY-0001",
        "BINANCE_GRID_API_KEY=EXAMPLE-BINANCE-GRID-KEY-0003",
        "OKX_API_PASSPHRASE=EXAMPLE-OKX-P",
        "DATABASE_URL=EXAMPLE-URL",
    ] {
        assert!(text.text().lines().any(|found| found == line), "{line} in {}", text.text());
    }
    assert!(text.text().contains("TESTNET") && text.text().contains("MARKET_MAKER"), "{}", text.text());

    sandbox.strongroom("add binance/market.maker@testnet --from-json -").stdin(keys).end().ok();
    let finished = sandbox.run("export dotenv").fails().prints_only("");
    finished.says("binance/Market-Maker@testnet").says("binance/market.maker@testnet");
}

/// An ordinary `.env`: whose it is, and what its variables are.
const ORDINARY: [(&str, &[(&str, &str)]); 7] = [
    ("okx", &[("OKX_API_KEY", "api_key"), ("OKX_SECRET_KEY", "api_secret"), ("OKX_PASSWORD", "api_passphrase")]),
    ("coinbase", &[("COINBASE_API_KEY_NAME", "api_key"), ("COINBASE_PRIVATE_KEY", "api_secret")]),
    ("bitmart", &[("BITMART_API_KEY", "api_key"), ("BITMART_SECRET_KEY", "api_secret"), ("BITMART_MEMO", "uid")]),
    ("binance", &[("BINANCE_APIKEY", "api_key"), ("BINANCE_SECRET", "api_secret")]),
    ("kucoin", &[("KUCOIN_KEY", "api_key"), ("KUCOIN_SECRET", "api_secret"), ("KUCOIN_PASSPHRASE", "api_passphrase")]),
    ("kraken", &[("KRAKEN_API_KEY", "api_key"), ("KRAKEN_API_PRIVATE_KEY", "api_secret")]),
    ("hyperliquid", &[("HYPERLIQUID_SECRET_KEY", "private_key"), ("HYPERLIQUID_ADDRESS", "wallet_address")]),
];

#[test]
fn the_usual_names_of_an_ordinary_env_become_whole_credentials_and_are_told() {
    let sandbox = Sandbox::new();
    let names = || ORDINARY.iter().flat_map(|(_, names)| names.iter().map(|(name, _)| *name));
    let lines: String = names().map(|name| format!("{name}=EXAMPLE-{name}\n")).collect();
    sandbox.write(".env", format!("{lines}DATABASE_URL=EXAMPLE-URL\n"));
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    let adopt = "adopt .env --machine-key machine.key --passphrase-file passphrase --no-recovery --kdf minimum";
    sandbox.run(adopt).ok().never_says("EXAMPLE-").says("KUCOIN_KEY is the api_key of kucoin/main");
    let told = sandbox.run("import dotenv .env --dry-run").ok().never_says("EXAMPLE-");

    let mut renamed = 0;
    for (exchange, names) in &ORDINARY {
        let shown = sandbox.run(&format!("show {exchange}/main --json")).ok().json();
        for (name, field) in *names {
            sandbox.run(&format!("get {exchange}/main/{field}")).ok().prints_only(&format!("EXAMPLE-{name}"));
            if *name != format!("{exchange}_{field}").to_uppercase() {
                assert_eq!(shown["variables"][field], *name);
                let sentence = format!("{name} is the {field} of {exchange}/main");
                assert!(told.stderr.replace('\n', " ").contains(&sentence), "{sentence}: {}", told.stderr);
                renamed += 1;
            }
        }
        let own = names.iter().filter(|(name, field)| *name != format!("{exchange}_{field}").to_uppercase());
        assert_eq!(shown["variables"].as_object().map(|variables| variables.len()), Some(own.count()));
    }
    assert!(told.stderr.lines().all(|line| line.len() <= 80), "{}", told.stderr);
    assert_eq!(renamed, names().count() - 3);
    let checked = sandbox.run("check --json").json();
    assert_eq!((&checked["records"], &checked["values"]), (&7.into(), &1.into()), "{checked}");
    let findings = checked["findings"].as_array().expect("findings");
    for code in ["missing-field", "same-secret"] {
        assert!(findings.iter().all(|finding| finding["code"] != code), "{checked}");
    }
    // The same text again is the same, and so is what we write of it.
    sandbox.run(&format!("{adopt} --json")).ok();
    let again = sandbox.run("import dotenv .env --json").ok().json();
    assert_eq!(again["unchanged"].as_array().map(Vec::len), Some(8), "{again}");
    sandbox.run("export dotenv --output out.env").ok();
    let again = sandbox.run("import dotenv out.env --json").ok().never_says(" is the ").json();
    assert_eq!(again["unchanged"].as_array().map(Vec::len), Some(8), "{again}");
}

#[test]
fn a_bot_finds_what_was_imported_under_the_names_that_it_came_with() {
    let sandbox = Sandbox::with_vault();
    let text = "KUCOIN_KEY='EXAMPLE K'\nKUCOIN_SECRET=EXAMPLE-S\nKUCOIN_PASSPHRASE=EXAMPLE-P\nDEBUG=1\n";
    sandbox.write(".env", text);
    sandbox.run("import dotenv .env").ok().says("KUCOIN_KEY is the api_key of kucoin/main");
    sandbox.run("run -- printenv KUCOIN_KEY").ok().prints_only("EXAMPLE K\n");
    sandbox.run("run -- printenv KUCOIN_API_KEY").fails();
    sandbox.run("run --names strongroom -- printenv KUCOIN_API_KEY").ok().prints_only("EXAMPLE K\n");
    sandbox.run("run --names strongroom -- printenv KUCOIN_KEY").fails();
    let written = sandbox.run("export dotenv --target python-dotenv").ok();
    assert_eq!(written.text().lines().filter(|line| line.starts_with("KUCOIN_KEY=")).count(), 1);
}

#[test]
fn two_values_for_one_field_are_both_kept_and_told() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".env", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_PRIVATE_KEY=EXAMPLE-1\nKRAKEN_SECRET_KEY=EXAMPLE-2\n");
    let imported = sandbox.run("import dotenv .env").ok().never_says("EXAMPLE-");
    imported.says("KRAKEN_PRIVATE_KEY and KRAKEN_SECRET_KEY differ: neither is taken as the api_secret of kraken/main");
    sandbox.run("get kraken/main/private_key").ok().prints_only("EXAMPLE-1");
    sandbox.run("get env/KRAKEN_SECRET_KEY").ok().prints_only("EXAMPLE-2");
}

/// systemd's `EnvironmentFile=`, state by state as in its src/basic/env-file.c.
fn systemd(text: &str) -> BTreeMap<String, String> {
    #[derive(Clone, Copy)]
    enum State {
        BeforeKey,
        Key,
        BeforeValue,
        Value,
        ValueEscape,
        Single,
        Double,
        DoubleEscape,
        Comment,
        CommentEscape,
    }
    let (mut state, mut key, mut value, mut kept) = (State::BeforeKey, String::new(), String::new(), 0);
    let mut pairs = BTreeMap::new();
    // A final newline ends the last pair; the C code does the same after its loop.
    for character in text.chars().chain(['\n']) {
        let newline = matches!(character, '\n' | '\r');
        let blank = matches!(character, ' ' | '\t' | '\n' | '\r');
        state = match state {
            State::BeforeKey if matches!(character, '#' | ';') => State::Comment,
            State::BeforeKey if blank => State::BeforeKey,
            State::BeforeKey => {
                key = character.into();
                State::Key
            }
            State::Key if newline => State::BeforeKey,
            State::Key if character == '=' => {
                (value, kept) = (String::new(), 0);
                State::BeforeValue
            }
            State::Key => {
                key.push(character);
                State::Key
            }
            State::BeforeValue | State::Value if newline => {
                value.truncate(kept);
                pairs.insert(key.trim_end().to_owned(), value.clone());
                State::BeforeKey
            }
            State::BeforeValue if character == '\'' => State::Single,
            State::BeforeValue if character == '"' => State::Double,
            State::BeforeValue | State::Value if character == '\\' => State::ValueEscape,
            State::BeforeValue if blank => State::BeforeValue,
            State::BeforeValue | State::Value => {
                value.push(character);
                if !blank {
                    kept = value.len();
                }
                State::Value
            }
            State::ValueEscape => {
                if !newline {
                    value.push(character);
                    kept = value.len();
                }
                State::Value
            }
            State::Single | State::Double
                if matches!((state, character), (State::Single, '\'') | (State::Double, '"')) =>
            {
                kept = value.len();
                State::BeforeValue
            }
            State::Double if character == '\\' => State::DoubleEscape,
            State::Single | State::Double => {
                value.push(character);
                state
            }
            State::DoubleEscape => {
                if matches!(character, '"' | '\\' | '`' | '$') {
                    value.push(character);
                } else if character != '\n' {
                    value.extend(['\\', character]);
                }
                State::Double
            }
            State::Comment if character == '\\' => State::CommentEscape,
            State::Comment if newline => State::BeforeKey,
            State::Comment | State::CommentEscape => State::Comment,
        };
    }
    pairs
}

#[test]
fn the_rules_of_systemd_are_as_it_was_seen_to_behave() {
    let text = "A='it'\\''s'\nB='it'\"'\"'s'\nC=x y \nD=\"a\\nb\\$\"\n; c=1\nE=a #b\n";
    let pairs = systemd(text);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("A", "it''s'"), ("B", "it's"), ("C", "x y"), ("D", "a\\nb$"), ("E", "a #b")]);
}

/// docker's `--env-file`: raw after the first `=`, names without blanks.
fn docker(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("an equals sign");
            assert!(!name.contains(char::is_whitespace), "docker refuses the whole file");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}
