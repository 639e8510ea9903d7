//! What `exchanges` tells about exchanges, without a vault.

use strongroom_tests::Sandbox;

#[test]
fn the_list_has_every_exchange_and_its_other_names_within_80_columns() {
    let sandbox = Sandbox::new();
    let list = sandbox.run("exchanges").ok();
    for line in list.text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let row = |id: &str| {
        let found = list.text().lines().find(|line| line.split_whitespace().next() == Some(id));
        found.unwrap_or_else(|| panic!("{id}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("okx"), "okx OKX key secret passphrase");
    assert_eq!(row("ndax"), "ndax NDAX key secret uid login password");
    assert_eq!(row("gateio"), "gateio = gate");
    assert!(list.text().contains("no longer in ccxt") && list.text().contains("bitmex"));
    assert_eq!(list.stderr, "");
}

#[test]
fn the_list_in_json_has_the_104_of_ccxt_and_those_it_had() {
    let list = Sandbox::new().run("exchanges --json").ok().json();
    let list = list.as_array().expect("a list");
    let (gone, current): (Vec<_>, Vec<_>) = list.iter().partition(|entry| entry["dropped"].is_object());
    assert_eq!(current.len(), 104);
    assert!(gone.len() >= 80, "{}", gone.len());
    let gate = list.iter().find(|entry| entry["id"] == "gate").expect("gate");
    assert_eq!(gate["aliases"], serde_json::json!(["gate_io", "gateio"]));
    let bitmex = gone.iter().find(|entry| entry["id"] == "bitmex").expect("bitmex");
    assert_eq!(bitmex["dropped"]["gone_by"], "4.5.90");
}

#[test]
fn one_exchange_is_told_in_its_words_with_sources_and_dates() {
    let sandbox = Sandbox::new();
    let page = sandbox.run("exchanges OKEX").ok();
    let page = page
        .prints("other names    okex, okex3, okex5")
        .prints("secret key (api_secret), passphrase")
        .prints("is deleted 14 days")
        .prints("withdraw: Withdraw [2]")
        .prints("not certain")
        .prints("https://www.okx.com/docs-v5/en/")
        .prints("2026-11-22");
    for line in page.text().lines() {
        assert!(line.chars().count() <= 80 || line.contains("https://"), "{line}");
    }
    sandbox.run("exchanges bitmart").ok().prints("memo (uid)").prints("had it in 4.5.60 and no longer in 4.5.75");
    sandbox.run("exchanges binanceusdm").ok().prints("those of binance are valid here too").prints("enableWithdrawals");
}

#[test]
fn one_exchange_in_json_gives_every_statement_its_source() {
    let coinbase = Sandbox::new().run("exchanges coinbaseadvanced --json").ok().json();
    assert_eq!(coinbase["id"], "coinbase");
    assert_eq!(coinbase["words"]["api_key"], "API key name");
    let mut statements = 0;
    for list in ["shapes", "permissions", "allowlist", "expiry", "notes"] {
        for statement in coinbase[list].as_array().expect(list) {
            let source = statement["source"].as_str().expect("a source");
            assert!(coinbase["sources"][source]["date"].is_string(), "{source}");
            statements += 1;
        }
    }
    assert!(statements >= 10, "{statements}");
    let permissions = coinbase["permissions"].as_array().expect("permissions");
    let has =
        |words: &&serde_json::Value| words["words"].as_array().is_some_and(|all| all.contains(&"Transfer".into()));
    let transfer = permissions.iter().find(has).expect("Transfer");
    assert_eq!(transfer["means"], serde_json::json!(["transfer", "withdraw"]));
}

#[test]
fn an_exchange_that_nobody_knows_is_no_trouble() {
    let sandbox = Sandbox::new();
    let unknown = sandbox.run("exchanges binnance").exits(6).says("binnance is not an exchange that is known here");
    unknown.says("hint: strongroom exchanges binance").says("works like any other").prints_only("");
    let error = sandbox.run("exchanges my-dex --json").exits(6).error();
    assert_eq!(error["kind"], "no-such-exchange");
    sandbox.keep_secret("EXAMPLE-PASTED-KEY-0001");
    sandbox.run("exchanges EXAMPLE-PASTED-KEY-0001").exits(6);
}

#[test]
fn help_manual_and_completions_know_the_command() {
    let sandbox = Sandbox::new();
    sandbox.run("exchanges --help").ok().prints("strongroom exchanges okx");
    sandbox.run("man exchanges").ok().prints("strongroom-exchanges").prints("exchanges okx");
    sandbox.run("completions bash").ok().prints("exchanges");
}
