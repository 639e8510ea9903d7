//! The second reader, which shares nothing with the Rust code, reads what the command line wrote.

use std::path::Path;

use serde_json::json;
use strongroom_tests::{Sandbox, repository, skip};

#[test]
fn the_second_reader_reads_a_vault_that_was_edited_and_rekeyed() {
    let name = "the_second_reader_reads_a_vault_that_was_edited_and_rekeyed";
    let Some(python) = std::env::var_os("STRONGROOM_TEST_PYTHON").filter(|python| !python.is_empty()) else {
        return skip(name, "no Python with the packages of tests/requirements.txt");
    };
    let sandbox = Sandbox::with_vault();
    sandbox.run("set binance/main --tag hot --note two-words --permission read,trade").ok();
    sandbox.strongroom("add env/DATABASE_URL --stdin").stdin("EXAMPLE-\u{e9}\u{1f511}").end().ok();
    sandbox.write(".env", "KUCOIN_KEY=EXAMPLE-K\nKUCOIN_SECRET=EXAMPLE-S\nKUCOIN_PASSPHRASE=EXAMPLE-P\n");
    sandbox.run("import dotenv .env").ok();
    sandbox.run("rekey").ok();

    let reader = repository().join("tests/interop/strongroom_reader.py");
    let run = sandbox.program(Path::new(&python), "").arg(reader).arg("vault.strongroom");
    let found = run.arg("--key-file").arg("machine.key").end().ok().json();

    let ours = sandbox.run("list --json").ok().json();
    let ours = ours.as_array().expect("a list");
    let theirs = found["records"].as_array().expect("records");
    let records: Vec<_> = ours.iter().filter(|entry| entry.get("env").is_none()).collect();
    assert_eq!(theirs.len(), records.len());
    let mut named = 0;
    for (theirs, ours) in theirs.iter().zip(records) {
        assert_eq!((&theirs["exchange"], &theirs["subaccount"]), (&ours["exchange"], &ours["subaccount"]));
        named += theirs["variables"].as_array().expect("variables").len();
        if theirs["exchange"] == "kucoin" {
            let names = ["api_key KUCOIN_KEY", "api_passphrase KUCOIN_PASSPHRASE", "api_secret KUCOIN_SECRET"];
            let names = names.iter().filter_map(|pair| pair.split_once(' '));
            let names: Vec<_> = names.map(|(field, name)| json!({ "field": field, "name": name })).collect();
            assert_eq!(theirs["variables"], json!(names));
        }
        assert_eq!((&theirs["tags"], &theirs["permissions"]), (&ours["tags"], &ours["permissions"]));
        for field in theirs["fields"].as_array().expect("fields") {
            let text = |key: &str| field[key].as_str().expect("a text").to_owned();
            let exchange = ours["exchange"].as_str().expect("a name");
            let subaccount = ours["subaccount"].as_str().expect("a name");
            sandbox.run(&format!("get {exchange}/{subaccount}/{}", text("name"))).ok().prints_only(&text("value"));
        }
    }
    assert_eq!(named, 3);
    assert_eq!(found["values"][0]["value"], "EXAMPLE-\u{e9}\u{1f511}");
}
