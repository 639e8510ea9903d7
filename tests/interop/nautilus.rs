//! nautilus-trader: its own clients find what `run --names nautilus` puts into their environment.

use serde_json::{Value, json};

use super::{Readers, empty_vault, vault_with};

const READER: &str = "nautilus_reader.py";

/// A key that a wallet can be made of, and the address of it.
const WALLET: (&str, &str) = (
    "0x0000000000000000000000000000000000000000000000000000000000000001",
    "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf",
);

/// The accounts whose clients can be made without an event loop.
const ACCOUNTS: [&str; 16] = [
    "binance",
    "binance@testnet",
    "binance@demo",
    "binanceusdm",
    "binanceusdm@testnet",
    "bybit",
    "bybit@testnet",
    "bybit@demo",
    "okx",
    "kraken",
    "krakenfutures",
    "krakenfutures@testnet",
    "bitmex",
    "bitmex@testnet",
    "hyperliquid",
    "hyperliquid@testnet",
];

/// Where names are all that can be looked for.
const BY_NAME: [(&str, &[&str]); 11] = [
    ("deribit", &["api_key", "api_secret"]),
    ("deribit@testnet", &["api_key", "api_secret"]),
    ("coinbase", &["api_key", "api_secret"]),
    ("dydx", &["private_key", "wallet_address"]),
    ("dydx@testnet", &["private_key", "wallet_address"]),
    ("polymarket", &["private_key", "wallet_address", "api_key", "api_secret", "api_passphrase"]),
    ("lighter", &["api_secret", "api_key_index", "account_index"]),
    ("lighter@testnet", &["api_secret", "api_key_index", "account_index"]),
    ("derive", &["private_key", "wallet_address", "subaccount_id"]),
    ("derive@testnet", &["private_key", "wallet_address", "subaccount_id"]),
    ("ax", &["api_key", "api_secret"]),
];

fn record(account: &str) -> Value {
    match account.split('@').next() {
        Some("hyperliquid") => json!({"private_key": WALLET.0, "wallet_address": WALLET.1}),
        Some("okx") => {
            json!({"api_key": format!("EXAMPLE-{account}"), "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE"})
        }
        _ => json!({"api_key": format!("EXAMPLE-{account}"), "api_secret": "EXAMPLE-S"}),
    }
}

#[test]
fn the_clients_of_nautilus_take_what_run_gives_them() {
    let name = "the_clients_of_nautilus_take_what_run_gives_them";
    let Some(readers) = Readers::with("nautilus_trader.core.nautilus_pyo3", name) else { return };
    let records: Vec<(&str, Value)> = ACCOUNTS.iter().map(|account| (*account, record(account))).collect();
    let sandbox = vault_with(&records);
    let mut passed = 0;
    for account in ACCOUNTS {
        let run = sandbox.strongroom(&format!("run --names nautilus {account} --"));
        let run = readers.command(READER).iter().fold(run, |run, word| run.arg(word));
        let answer = run.words(&format!("--account {account}")).end().ok().json();
        let took = &answer["clients"][account]["took"];
        let wanted = match account.split('@').next() {
            Some("hyperliquid") => json!([WALLET.1]),
            Some("binance" | "binanceusdm") => json!([format!("EXAMPLE-{account}"), "EXAMPLE-S"]),
            _ => json!([format!("EXAMPLE-{account}")]),
        };
        println!("{account:<24} {}", if *took == wanted { "taken" } else { "NOT TAKEN" });
        assert_eq!(*took, wanted, "{account}: {answer}");
        passed += 1;
    }
    assert_eq!(passed, 16);
    // The control: without them the clients find nothing.
    let answer = readers.ask(&sandbox, READER, "");
    let clients = answer["clients"].as_object().expect("clients");
    assert_eq!(clients.len(), passed);
    for client in clients.values().filter(|client| client["took"].is_array()) {
        assert_eq!(client["took"], json!([null]), "{answer}");
    }
}

#[test]
fn every_name_that_is_written_is_one_that_nautilus_knows() {
    let name = "every_name_that_is_written_is_one_that_nautilus_knows";
    let Some(readers) = Readers::with("nautilus_trader.core.nautilus_pyo3", name) else { return };
    let by_name = BY_NAME.map(|(account, fields)| {
        let fields = fields.iter().map(|field| (field.to_string(), json!("EXAMPLE")));
        (account, Value::Object(fields.collect()))
    });
    let records: Vec<(&str, Value)> =
        ACCOUNTS.iter().map(|account| (*account, record(account))).chain(by_name).collect();
    let sandbox = vault_with(&records);
    let mut names = Vec::new();
    for (account, _) in &records {
        let lines = sandbox.run(&format!("export nautilus {account}")).ok();
        names.extend(lines.text().lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())));
    }
    names.sort();
    names.dedup();
    let answer = readers.ask(&sandbox, READER, &format!("{} EXAMPLE_NO_SUCH_API_KEY", names.join(" ")));
    let unknown: Vec<&String> = names.iter().filter(|name| answer["known"][name.as_str()] != true).collect();
    println!(
        "{} names of {} accounts, unknown to nautilus-trader {}: {unknown:?}",
        names.len(),
        records.len(),
        answer["version"]
    );
    assert!(unknown.is_empty() && names.len() >= 55, "{} names", names.len());
    assert_eq!(answer["known"]["EXAMPLE_NO_SUCH_API_KEY"], false);
}

#[test]
fn what_was_written_for_nautilus_comes_back_in_and_goes_out_the_same() {
    let mut tried = 0;
    let by_name = BY_NAME.map(|(account, fields)| {
        let fields = fields.iter().map(|field| (field.to_string(), json!(format!("EXAMPLE-{field}"))));
        (account, Value::Object(fields.collect()))
    });
    for (account, fields) in ACCOUNTS.iter().map(|account| (*account, record(account))).chain(by_name) {
        let sandbox = vault_with(&[(account, fields)]);
        let written = sandbox.run(&format!("export nautilus {account}")).ok();
        let other = empty_vault();
        other.write("nautilus.env", &written.stdout);
        let report = other.run("import dotenv nautilus.env --json").ok().json();
        let added = report["added"].as_array().expect("a list");
        let [added] = added.as_slice() else { panic!("{account}: {report}") };
        let added = added.as_str().expect("a REF");
        assert!(!added.starts_with("env/"), "{account}: {report}");
        let again = other.run(&format!("export nautilus {added}")).ok();
        assert_eq!(again.text(), written.text(), "{account} is {added}");
        tried += 1;
    }
    assert_eq!(tried, 27);
}
