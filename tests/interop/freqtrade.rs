//! Freqtrade: its loader reads our files, its schema has nothing against them, and its exchange hands them to ccxt.

use serde_json::{Value, json};
use strongroom::registry;

use super::{Readers, empty_vault, text, vault_with};

const READER: &str = "freqtrade_reader.py";

/// ccxt's word for a field of a record of this exchange.
fn attribute(field: &str) -> &'static str {
    match field {
        "api_key" => "apiKey",
        "api_secret" => "secret",
        "api_passphrase" | "password" => "password",
        "account_id" => "accountId",
        "private_key" => "privateKey",
        "wallet_address" => "walletAddress",
        "uid" => "uid",
        "login" => "login",
        other => panic!("{other} is not among the fields that are required"),
    }
}

#[test]
fn a_configuration_of_every_exchange_reaches_ccxt_through_freqtrade() {
    let name = "a_configuration_of_every_exchange_reaches_ccxt_through_freqtrade";
    let Some(readers) = Readers::with("freqtrade.exchange.exchange", name) else { return };
    let sandbox = empty_vault();
    let exchanges: Vec<_> = registry::exchanges().iter().filter(|exchange| exchange.dropped.is_none()).collect();
    let records: Vec<Value> = exchanges
        .iter()
        .map(|exchange| {
            let fields =
                exchange.asks().iter().map(|field| json!({"name": field, "value": format!("EXAMPLE-{field}")}));
            let fields: serde_json::Map<String, Value> =
                fields.map(|field| (text(&field, "/name").to_owned(), field["value"].clone())).collect();
            json!({"exchange": exchange.id, "subaccount": "main", "fields": fields})
        })
        .collect();
    sandbox.write("all.json", json!({"strongroom": 1, "records": records}).to_string());
    sandbox.run("import all.json").ok();
    let mut files = Vec::new();
    for exchange in &exchanges {
        sandbox.run(&format!("export freqtrade {0} --output {0}.json", exchange.id)).ok();
        files.push(format!("{}.json", exchange.id));
    }
    let answers = readers.ask(&sandbox, READER, &format!("--each {}", files.join(" ")));
    let answers = answers.as_array().expect("a list");
    let mut passed = 0;
    for (exchange, answer) in exchanges.iter().zip(answers) {
        let by_options = |field: &&&str| exchange.id == "dydx" && **field == "private_key";
        let attributes: serde_json::Map<String, Value> = exchange
            .asks()
            .iter()
            .filter(|field| !by_options(field))
            .map(|field| (attribute(field).to_owned(), json!(format!("EXAMPLE-{field}"))))
            .collect();
        assert_eq!(answer["attributes"], json!(attributes), "{}: {answer}", exchange.id);
        assert_eq!((answer["problems"].as_array().map(Vec::len), &answer["id"]), (Some(0), &json!(exchange.id)));
        passed += 1;
    }
    println!("{passed} exchanges through freqtrade {}", text(&answers[0], "/version"));
    assert_eq!((passed, answers.len()), (104, 104));
    let dydx = exchanges.iter().position(|exchange| exchange.id == "dydx").expect("dydx");
    assert_eq!(answers[dydx]["options"], json!({"privateKey": "EXAMPLE-private_key"}));
}

#[test]
fn a_private_file_counts_beside_a_public_one_of_the_old_kind_and_of_the_new() {
    let name = "a_private_file_counts_beside_a_public_one_of_the_old_kind_and_of_the_new";
    let Some(readers) = Readers::with("freqtrade.exchange.exchange", name) else { return };
    let sandbox = vault_with(&[
        ("binance", json!({"api_key": "EXAMPLE-K", "api_secret": "12345678901234567890"})),
        ("binance@demo", json!({"api_key": "EXAMPLE-D", "api_secret": "EXAMPLE-S"})),
        ("bybit@demo", json!({"api_key": "EXAMPLE-D", "api_secret": "EXAMPLE-S"})),
        ("okx@demo", json!({"api_key": "EXAMPLE-D", "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE-P"})),
    ]);
    sandbox.run("export freqtrade binance --output config-private.json").ok();
    for key in ["key", "api_key"] {
        let public =
            format!("// mine\n{{\"exchange\": {{\"name\": \"binance\", \"{key}\": \"\", \"secret\": \"\",}},}}");
        sandbox.write(&format!("with-{key}.json"), public);
    }
    // Where freqtrade refuses it, nothing is written that would send demo keys to the live exchange.
    for format in ["freqtrade", "freqtrade-env"] {
        let refused = sandbox.run(&format!("export {format} binance@demo")).fails().prints_only("");
        refused.says("binance/main@demo: freqtrade has no demo trading at this exchange");
    }
    sandbox.write("by-hand.json", "{\"exchange\": {\"name\": \"binance\", \"demo_trading\": true}}");
    sandbox.run("export freqtrade bybit@demo --output bybit.json").ok().says("demo_trading is set");
    sandbox.run("export freqtrade okx@demo --output okx.json").ok().says("options.sandbox is set");
    let files =
        "with-key.json+config-private.json with-api_key.json+config-private.json by-hand.json bybit.json okx.json";
    let answers = readers.ask(&sandbox, READER, &format!("--each {files}"));
    for answer in [&answers[0], &answers[1]] {
        let expected = json!({"apiKey": "EXAMPLE-K", "secret": "12345678901234567890"});
        assert_eq!((&answer["attributes"], &answer["problems"]), (&expected, &json!([])), "{answer}");
    }
    assert!(text(&answers[2], "/error").contains("Demo trading is not supported"), "{answers}");
    assert!(text(&answers[3], "/hosts").contains("api-demo"), "{answers}");
    assert_eq!(answers[4]["sandbox"], true);
}

#[test]
fn a_configuration_as_people_write_it_comes_in_as_freqtrade_reads_it() {
    let name = "a_configuration_as_people_write_it_comes_in_as_freqtrade_reads_it";
    let Some(readers) = Readers::with("freqtrade.exchange.exchange", name) else { return };
    let text_of = concat!(
        "/* the bot's\n   configuration */\n{\n",
        "  \"stake_currency\": \"USDT\", // what to trade with\n",
        "  \"exchange\": {\"name\": \"okx\", \"key\": \"EXAMPLE // no comment\", \"apiKey\": \"EXAMPLE-COUNTS\",\n",
        "    \"secret\": \"EXAMPLE, }\", \"ccxt_config\": {\"password\": \"EXAMPLE-P\", \"enableRateLimit\": true,},\n",
        "    \"pair_whitelist\": [\"BTC/USDT\",],},\n",
        "  \"telegram\": {\"enabled\": true, \"token\": \"EXAMPLE-T\", \"chat_id\": \"42\",},\n}\n",
    );
    let sandbox = empty_vault();
    sandbox.write("config.json", text_of);
    let theirs = readers.ask(&sandbox, READER, "config.json");
    sandbox.run("import config.json").ok().says("read as freqtrade");
    for (word, field) in [("apiKey", "api_key"), ("secret", "api_secret"), ("password", "api_passphrase")] {
        let theirs = text(&theirs, &format!("/attributes/{word}"));
        sandbox.run(&format!("get okx/main/{field}")).ok().prints_only(theirs);
    }
    // And goes out with the other secrets that it had.
    sandbox.run("export freqtrade --output again.json").ok();
    let again = readers.ask(&sandbox, READER, "again.json");
    assert_eq!(again["attributes"], theirs["attributes"]);
    assert_eq!(again["sections"]["telegram"], json!({"token": "EXAMPLE-T", "chat_id": "42"}));
    assert_eq!(again["problems"], json!([]));
}

#[test]
fn variables_reach_ccxt_through_freqtrade_and_come_back_in() {
    let name = "variables_reach_ccxt_through_freqtrade_and_come_back_in";
    let Some(readers) = Readers::with("freqtrade.exchange.exchange", name) else { return };
    let key = "-----BEGIN PRIVATE KEY-----\nEXAMPLE$'\"\\\n-----END PRIVATE KEY-----\n";
    let sandbox = vault_with(&[
        ("okx", json!({"api_key": "EXAMPLE-K", "api_secret": key, "api_passphrase": "123456"})),
        (
            "ndax",
            json!({"api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "login": "EXAMPLE-L", "password": "EXAMPLE-P",
            "uid": "EXAMPLE-U"}),
        ),
        ("dydx", json!({"private_key": "EXAMPLE-K", "wallet_address": "EXAMPLE-A"})),
    ]);
    let ndax = json!({"apiKey": "EXAMPLE-K", "secret": "EXAMPLE-S", "login": "EXAMPLE-L", "password": "EXAMPLE-P",
        "uid": "EXAMPLE-U"});
    for (exchange, attributes, options) in [
        ("okx", json!({"apiKey": "EXAMPLE-K", "secret": key, "password": "123456"}), json!({})),
        ("ndax", ndax, json!({})),
        ("dydx", json!({"walletAddress": "EXAMPLE-A"}), json!({"privateKey": "EXAMPLE-K"})),
    ] {
        let run = sandbox.strongroom(&format!("run --names freqtrade {exchange} --")).env("READER_EXCHANGE", exchange);
        let answer = readers.command(READER).iter().fold(run, |run, word| run.arg(word)).end().ok().json();
        assert_eq!((&answer["attributes"], &answer["options"]), (&attributes, &options), "{exchange}: {answer}");
        sandbox.run(&format!("export freqtrade-env {exchange} --target sh --output {exchange}.env")).ok();
        let report = sandbox.run(&format!("import dotenv {exchange}.env --exchange {exchange} --json")).ok().json();
        assert_eq!(report["unchanged"], json!([format!("{exchange}/main")]), "{report}");
    }
}

#[test]
fn what_freqtrade_would_make_a_number_of_is_never_written_as_a_variable() {
    let name = "what_freqtrade_would_make_a_number_of_is_never_written_as_a_variable";
    let Some(readers) = Readers::with("freqtrade.configuration.environment_vars", name) else { return };
    let values = vec![
        "1",
        "-1",
        "+1",
        "00123",
        "1_000",
        "1__0",
        "12345678901234567890",
        "1234e5",
        "9E999",
        "1e-5",
        "1.",
        ".5",
        "-.5e1",
        " 7 ",
        "inf",
        "-Infinity",
        "nan",
        "t",
        "T",
        "true",
        "FALSE",
        "f",
        "[]",
        " [1]",
        "[1",
        "\u{662}\u{663}",
        "",
        "EXAMPLE",
        "0x12",
        "12ab",
        "e5",
        "1e",
        "1e5e5",
        "1.2.3",
        "--1",
        "truth",
        " t",
        "-",
        "_",
        "_1",
        "1_",
        "1_e5",
        "info",
        "abcdef0e1",
        "{\"a\": 1}",
        "\"1\"",
        "null",
        "1\n",
        "\u{b2}",
        "0b1",
        "0o7",
        "1j",
        "+.e1",
        "1e+5",
        "1e+",
        "\u{a0}1",
    ];
    let sandbox = empty_vault();
    let asked = readers.run(&sandbox, READER, "--typed").stdin(json!(values).to_string()).end().ok().json();
    let (mut refused, mut refused_for_nothing) = (0, Vec::new());
    for (value, keeps) in values.iter().zip(asked.as_array().expect("a list")) {
        let record = json!({"api_key": "EXAMPLE", "api_secret": value});
        let command = if sandbox.run("show kraken").succeeded() { "set" } else { "add" };
        sandbox.strongroom(&format!("{command} kraken --from-json -")).stdin(record.to_string()).end().ok();
        let finished = sandbox.run("export freqtrade-env kraken --target sh");
        if finished.succeeded() {
            assert_eq!(keeps, true, "{value:?} is written and freqtrade takes it for something else");
        } else {
            refused += 1;
            let finished = finished.says("kraken/main/api_secret").says("strongroom export freqtrade kraken/main");
            assert!(value.len() < 5 || !finished.stderr.contains(value), "{value:?}");
            if keeps == true {
                refused_for_nothing.push(*value);
            }
        }
    }
    println!("{} values, {refused} refused, for nothing: {refused_for_nothing:?}", values.len());
    assert!(refused >= 25 && refused_for_nothing.len() <= 8);
}
