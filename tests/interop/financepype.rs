//! financepype: its own classes read the file and the secret that are written for them.

use serde_json::{Value, json};

use super::{Readers, empty_vault, here, text, vault_with};

const READER: &str = "financepype_reader.py";

/// What formats like to spoil.
const HARD: &str = "EXAMPLE \" ' \\ $x ${HOME} `x` # ~ \t é \u{1f511} \u{2028} = \r\nend ";

fn records() -> Vec<(&'static str, Value)> {
    vec![
        ("binance", json!({"api_key": "EXAMPLE-K", "api_secret": HARD})),
        ("binance/market%20making", json!({"api_key": HARD, "api_secret": "EXAMPLE-S", "uid": "EXAMPLE"})),
        ("okx", json!({"api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "api_passphrase": HARD})),
    ]
}

fn expected() -> Value {
    let account = |key: &str, secret: &str, passphrase: Option<&str>| json!({"api_key": key, "api_secret": secret, "api_passphrase": passphrase});
    json!({
        "binance": {"main": account("EXAMPLE-K", HARD, None), "market making": account(HARD, "EXAMPLE-S", None)},
        "okx": {"main": account("EXAMPLE-K", "EXAMPLE-S", Some(HARD))},
    })
}

#[test]
fn local_exchange_secrets_reads_the_json_that_was_exported() {
    let name = "local_exchange_secrets_reads_the_json_that_was_exported";
    let Some(readers) = Readers::with("financepype.secrets", name) else { return };
    let sandbox = vault_with(&records());
    sandbox.run("export json --output secrets.json").ok();
    // In the encoding that it opens files with where nobody said which.
    for locale in ["C.UTF-8", "C"] {
        let run = readers.run(&sandbox, READER, "local secrets.json binance okx").env("LC_ALL", locale);
        let answer = run.env("PYTHONUTF8", "0").env("PYTHONCOERCECLOCALE", "0").end().ok().json();
        assert_eq!(answer, expected(), "{locale}");
    }
    // The control: it is this very file that is read.
    let broken = sandbox.read_text("secrets.json").replace("\"api_secret\"", "\"secret\"");
    sandbox.write("broken.json", broken);
    let path = here(&sandbox, "broken.json");
    assert!(!readers.run(&sandbox, READER, &format!("local {path} binance")).finish().expect("an end").succeeded());
}

#[test]
fn aws_exchange_secrets_reads_the_secret_that_was_exported() {
    let name = "aws_exchange_secrets_reads_the_secret_that_was_exported";
    let Some(readers) = Readers::with("financepype.secrets", name) else { return };
    let sandbox = vault_with(&records());
    let mut read = 0;
    for exchange in ["binance", "okx"] {
        sandbox.run(&format!("export aws {exchange}/* --output {exchange}.json")).ok();
        let answer = readers.ask(&sandbox, READER, &format!("aws {exchange}.json {exchange}"));
        assert_eq!(answer[exchange], expected()[exchange]);
        read += 1;
    }
    assert_eq!(read, 2);
}

#[test]
fn what_was_exported_for_financepype_comes_back_in_unchanged() {
    let sandbox = vault_with(&records());
    let other = empty_vault();
    other.write("secrets.json", sandbox.run("export json").ok().stdout);
    let report = other.run("import secrets.json --json").ok().json();
    assert_eq!((text(&report, "/format"), report["added"].as_array().map(Vec::len)), ("json", Some(3)));
    other.write("okx.json", sandbox.run("export aws okx").ok().stdout);
    let report = other.run("import okx.json --exchange okx --json").ok().json();
    assert_eq!((text(&report, "/format"), &report["unchanged"]), ("aws", &json!(["okx/main"])));
}
