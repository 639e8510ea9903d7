//! ccxt: every exchange it has, from its own words into the vault and back, and keys that sign.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use strongroom::record::Environment;
use strongroom::registry;

use super::{Readers, empty_vault, text, vault_with};

const READER: &str = "ccxt_reader.py";
const EXCHANGES: usize = 104;

/// What each exchange of ccxt requires, in its words, with values that tell where they are from.
fn documents(required: &Value) -> BTreeMap<String, Map<String, Value>> {
    let required = required.as_object().expect("exchanges");
    let document = |(id, words): (&String, &Value)| {
        let words = words.as_array().expect("words").iter().map(|word| word.as_str().expect("a word"));
        let members = words.map(|word| (word.to_owned(), json!(format!("EXAMPLE-{id}-{word}")))).collect();
        (id.clone(), members)
    };
    required.iter().map(document).collect()
}

#[test]
fn all_of_ccxts_exchanges_come_in_go_out_and_have_what_they_require() {
    let name = "all_of_ccxts_exchanges_come_in_go_out_and_have_what_they_require";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let sandbox = empty_vault();
    let mut documents = documents(&readers.ask(&sandbox, READER, "--required"));
    // The one that requires nothing by itself, and cannot sign without these.
    assert!(documents["dydx"].is_empty());
    let dydx = json!({"walletAddress": "EXAMPLE-dydx-walletAddress", "options": {"privateKey": "EXAMPLE-dydx-key"}});
    documents.insert("dydx".into(), dydx.as_object().expect("an object").clone());

    sandbox.write("ccxt.json", json!(documents).to_string());
    let report = sandbox.run("import ccxt.json --json").ok().json();
    assert_eq!(report["format"], "ccxt");
    assert_eq!(report["added"].as_array().map(Vec::len), Some(EXCHANGES));
    sandbox.run("export ccxt --output out.json").ok();
    let exported: Value = serde_json::from_slice(&sandbox.read("out.json")).expect("JSON");
    let answer = readers.ask(&sandbox, READER, "out.json");
    assert_eq!(answer["version"], "4.5.90");

    println!("{:<20} {:<28} import export checkRequiredCredentials", "exchange of ccxt", "from its words");
    let mut passed = 0;
    for (id, document) in &documents {
        let came_back = exported[id] == json!(document);
        let taken = &answer["accounts"][id];
        let mut attributes = document.clone();
        attributes.remove("options");
        let checked = taken["id"] == json!(id) && taken["attributes"] == json!(attributes);
        let options = document.get("options").is_none_or(|options| taken["options"] == *options);
        let words: Vec<&str> = document.keys().map(String::as_str).collect();
        let yes = |fact: bool| if fact { "yes" } else { "NO" };
        println!("{id:<20} {:<28} yes    {:<6} {}", words.join(" "), yes(came_back), yes(checked && options));
        passed += usize::from(came_back && checked && options);
    }
    println!("{passed} of {} exchanges of ccxt {}", documents.len(), text(&answer, "/version"));
    assert_eq!((documents.len(), passed), (EXCHANGES, EXCHANGES), "{}", answer["accounts"]);
    // The control: what is not complete does not pass.
    let incomplete = json!({"okx": {"apiKey": "EXAMPLE", "secret": "EXAMPLE"}});
    sandbox.write("incomplete.json", incomplete.to_string());
    let answer = readers.ask(&sandbox, READER, "incomplete.json");
    assert!(text(&answer, "/accounts/okx/error").contains("requires \"password\""), "{answer}");
}

#[test]
fn every_environment_that_ccxt_has_is_switched_to_by_its_constructor() {
    let name = "every_environment_that_ccxt_has_is_switched_to_by_its_constructor";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let sandbox = empty_vault();
    let documents = documents(&readers.ask(&sandbox, READER, "--required"));
    let mut accounts = Map::new();
    let mut asked_for = Vec::new();
    for exchange in registry::exchanges().iter().filter(|exchange| exchange.dropped.is_none()) {
        let mut object = documents[exchange.id].clone();
        if object.is_empty() {
            object.insert("walletAddress".into(), "EXAMPLE".into());
        }
        accounts.insert(exchange.id.into(), json!(object));
        for environment in exchange.test_environments() {
            accounts.insert(format!("{}@{environment}", exchange.id), json!(object));
            // A demo beside a testnet has servers of its own, for which a bot has to ask.
            if *environment == Environment::Testnet || exchange.test_environments().len() == 1 {
                asked_for.push(format!("{}@{environment}", exchange.id));
            }
        }
    }
    sandbox.write("ccxt.json", json!(accounts).to_string());
    sandbox.run("import ccxt ccxt.json").ok();
    let finished = sandbox.run("export ccxt --output out.json").ok();
    let finished = finished.says("binance/main@demo: the bot has to call enable_demo_trading(True)");
    finished.says("okx/main@demo: options.sandbox is set");
    let answer = readers.ask(&sandbox, READER, "out.json");
    let mut switched = Vec::new();
    for (name, account) in answer["accounts"].as_object().expect("accounts") {
        assert!(account.get("error").is_none(), "{name}: {account}");
        if account["sandbox"] == true {
            switched.push(name.clone());
        }
    }
    asked_for.sort();
    switched.sort();
    assert_eq!(switched, asked_for);
    println!("{} accounts, {} of them for test servers, of which ccxt goes to all", accounts.len(), switched.len());
    assert!(switched.len() >= 45);

    // And the switch says the environment when it comes in.
    let bare = json!({"apiKey": "EXAMPLE", "secret": "EXAMPLE", "options": {"sandbox": true}});
    sandbox.write("bare.json", bare.to_string());
    let report = sandbox.run("import ccxt bare.json --exchange gate --replace --json").ok().json();
    assert_eq!(report["replaced"], json!(["gate/main@testnet"]));
}

#[test]
fn what_ccxt_reads_from_options_comes_back_there() {
    let name = "what_ccxt_reads_from_options_comes_back_there";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let sandbox = empty_vault();
    let wallet =
        |options: Value| json!({"privateKey": "0xEXAMPLE", "walletAddress": "0xEXAMPLE-A", "options": options});
    let pair = |options: Value| json!({"apiKey": "EXAMPLE", "secret": "EXAMPLE", "options": options});
    let apex =
        json!({"apiKey": "EXAMPLE", "secret": "EXAMPLE", "password": "EXAMPLE", "options": {"seeds": "EXAMPLE-S"}});
    let auths = json!({"12": {"5": {"lighterPrivateKey": "EXAMPLE-L"}}});
    let documents = json!({
        "apex": apex,
        "aster": wallet(json!({"signerAddress": "0xEXAMPLE-S"})),
        "bullish": pair(json!({"tradingAccountId": "EXAMPLE-T"})),
        "derive": wallet(json!({"deriveWalletAddress": "0xEXAMPLE-D", "subaccount_id": "7"})),
        "dydx": {"walletAddress": "dydx1EXAMPLE", "options": {"privateKey": "EXAMPLE-P", "mnemonic": "EXAMPLE words"}},
        "grvt": wallet(json!({"accountId": "EXAMPLE-A"})),
        "hyperliquid": wallet(json!({"vaultAddress": "0xEXAMPLE-V"})),
        "lighter": wallet(json!({"accountIndex": "12", "apiKeyIndex": "5", "auths": auths})),
        "nado": wallet(json!({"subaccount": "EXAMPLE"})),
        "pacifica": wallet(json!({"agentAddress": "EXAMPLE-G"})),
    });
    sandbox.write("ccxt.json", documents.to_string());
    sandbox.run("import ccxt.json").ok();
    sandbox.run("export ccxt --output out.json").ok();
    let exported: Value = serde_json::from_slice(&sandbox.read("out.json")).expect("JSON");
    assert_eq!(exported, documents);
    let answer = readers.ask(&sandbox, READER, "out.json");
    for (id, document) in documents.as_object().expect("objects") {
        assert_eq!(answer["accounts"][id]["options"], document["options"], "{answer}");
    }
    sandbox.run("get lighter/main/api_secret").ok().prints_only("EXAMPLE-L");
}

#[test]
fn the_key_of_lighter_is_found_by_ccxt_wherever_it_stood() {
    let name = "the_key_of_lighter_is_found_by_ccxt_wherever_it_stood";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let sandbox = empty_vault();
    let (wallet, key) = (format!("0x{}", "a".repeat(64)), "c".repeat(80));
    let options = json!({"accountIndex": 7, "apiKeyIndex": 5, "lighterPrivateKey": key});
    sandbox.write("ccxt.json", json!({"lighter": {"privateKey": wallet, "options": options}}).to_string());
    sandbox.run("import ccxt.json").ok().never_says("not kept");
    sandbox.run("get lighter/main/api_secret").ok().prints_only(&key);
    sandbox.run("export ccxt --output out.json").ok();
    let script = "import ccxt, json; c = ccxt.lighter(json.load(open('out.json'))['lighter']); \
                  a = c.handle_account_index({}, 'm', 'accountIndex', 'account_index')[0]; \
                  i = c.handle_api_key_index({}, 'm', 'apiKeyIndex', 'api_key_index')[0]; \
                  print(json.dumps([a, i, c.get_lighter_private_key(str(a), str(i)), c.check_required_credentials()]))";
    let answer = sandbox.program(&readers.python, "").arg("-c").arg(script).end().ok().json();
    assert_eq!(answer, json!([7, 5, key, true]), "a number may come back as a text");
}

#[test]
fn keys_in_every_form_that_people_paste_sign_after_an_import() {
    let name = "keys_in_every_form_that_people_paste_sign_after_an_import";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let sandbox = empty_vault();
    let keys = readers.ask(&sandbox, READER, "--keys");
    let accounts = [("binance", "ed25519"), ("binance", "rsa"), ("bybit", "rsa"), ("coinbase", "es256")];
    type Form = fn(&str) -> String;
    let forms: [(&str, Form); 6] = [
        ("as-made", str::to_owned),
        ("crlf", |key| key.replace('\n', "\r\n")),
        ("escaped", |key| key.replace('\n', "\\n")),
        ("no-end", |key| key.trim_end().to_owned()),
        ("blank-lines", |key| format!("\n{key}\n\n")),
        ("blanks", |key| key.replace('\n', " \n")),
    ];
    let mut documents = Map::new();
    for (exchange, kind) in accounts {
        for (form, made) in forms {
            let api_key = if exchange == "coinbase" { "organizations/EXAMPLE/apiKeys/EXAMPLE" } else { "EXAMPLE" };
            let secret = made(text(&keys, &format!("/{kind}")));
            documents.insert(format!("{exchange}/{kind}-{form}"), json!({"apiKey": api_key, "secret": secret}));
        }
    }
    let total = documents.len();
    sandbox.write("ccxt.json", json!(documents).to_string());
    let failures = |answer: &Value| {
        let accounts = answer["accounts"].as_object().expect("accounts").iter();
        accounts.filter(|(_, account)| account["verified"].is_null()).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let before = failures(&readers.ask(&sandbox, READER, "ccxt.json --sign"));
    assert!(before.contains(&"binance/ed25519-crlf".to_owned()), "{before:?}");
    let warned = sandbox.run("import ccxt.json").ok();
    assert_eq!(warned.unwrapped().matches("the line ends of the key were made").count(), total - accounts.len());
    sandbox.run("export ccxt --output out.json").ok();
    let answer = readers.ask(&sandbox, READER, "out.json --sign");
    let after = failures(&answer);
    println!(
        "{total} keys: {} sign as they were pasted, {} after an import",
        total - before.len(),
        total - after.len()
    );
    assert!(after.is_empty() && total == 24, "{after:?}: {answer}");
    let verified = answer["accounts"].as_object().expect("accounts");
    for (name, account) in verified {
        assert!(name.contains(account["verified"].as_str().expect("a kind")), "{name}: {account}");
    }
}

#[test]
fn the_object_of_one_record_goes_straight_into_a_constructor() {
    let name = "the_object_of_one_record_goes_straight_into_a_constructor";
    let Some(readers) = Readers::with("ccxt", name) else { return };
    let hard = "EXAMPLE \" ' \\ ${x} é \u{1f511} \u{2028}\t";
    let sandbox = vault_with(&[
        ("OKEX/hedge", json!({"api_key": "EXAMPLE-K", "api_secret": hard, "api_passphrase": "EXAMPLE-P"})),
        ("gateio", json!({"api_key": "EXAMPLE-G", "api_secret": "EXAMPLE-S"})),
    ]);
    sandbox.run("export ccxt okx/hedge --output one.json").ok();
    let answer = readers.ask(&sandbox, READER, "one.json --exchange okx");
    let expected = json!({"apiKey": "EXAMPLE-K", "secret": hard, "password": "EXAMPLE-P"});
    assert_eq!(answer["accounts"]["okx"]["attributes"], expected);
    sandbox.run("export ccxt --output both.json").ok();
    let answer = readers.ask(&sandbox, READER, "both.json");
    assert_eq!(answer["accounts"]["gate"]["attributes"]["apiKey"], "EXAMPLE-G");
    assert_eq!(answer["accounts"]["okx/hedge"]["attributes"], expected);
}
