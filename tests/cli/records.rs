//! Adding, changing, renaming and removing records.

use serde_json::json;
use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET, Sandbox};

#[test]
fn add_reads_one_object_with_the_records_field_names() {
    let sandbox = Sandbox::with_vault();
    let document = json!({"api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "permissions": ["trade", "read"],
        "ip_allowlist": ["203.0.113.7"], "tags": ["cold"], "expires": "2031-02-03T04:05:06Z", "rotate_after_days": 90});
    sandbox.strongroom("add kraken/main --from-json -").stdin(document.to_string()).end().ok();
    let shown = sandbox.run("show kraken/main --json").ok().json();
    assert_eq!(shown["permissions"], json!(["read", "trade"]));
    assert_eq!(shown["ip_allowlist"], json!(["203.0.113.7"]));
    assert_eq!(shown["tags"], json!(["cold"]));
    assert_eq!(shown["expires"], "2031-02-03T04:05:06Z");
    assert_eq!(shown["rotate_after_days"], 90);
    sandbox.run("get kraken/main/api_secret").ok().prints_only("EXAMPLE-S");
}

#[test]
fn add_refuses_what_it_does_not_know_by_field_and_never_by_content() {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret("EXAMPLE-NOT-TO-BE-SAID");
    let before = sandbox.tree();
    for document in [
        r#"{"api_key":"EXAMPLE-NOT-TO-BE-SAID","api_secret":4711}"#,
        r#"{"api_key":"EXAMPLE-NOT-TO-BE-SAID","api_secret":"EXAMPLE"#,
        r#"["EXAMPLE-NOT-TO-BE-SAID"]"#,
        r#"{"api_key":"EXAMPLE-NOT-TO-BE-SAID","expires":"EXAMPLE-NOT-TO-BE-SAID"}"#,
    ] {
        sandbox.strongroom("add kraken/main --from-json -").stdin(document).end().fails();
    }
    assert!(sandbox.tree() == before);
}

#[test]
fn set_changes_what_is_named_and_leaves_the_rest() {
    let sandbox = Sandbox::with_vault();
    let run = sandbox.strongroom("set binance/main --from-json -").stdin(r#"{"api_secret":"EXAMPLE-CHANGED"}"#);
    run.end().ok();
    sandbox.run("get binance/main/api_secret").ok().prints_only("EXAMPLE-CHANGED");
    sandbox.run("get binance/main/api_key").ok().prints_only(BINANCE_KEY);
    sandbox.run("set binance/main --permission read --ip 203.0.113.0/24 --tag hot").ok();
    let shown = sandbox.run("show binance/main --json").ok().json();
    assert_eq!(shown["permissions"], json!(["read"]));
    assert_eq!(shown["ip_allowlist"], json!(["203.0.113.0/24"]));
    assert_eq!(shown["tags"], json!(["hot"]));
    sandbox.run("get binance/main/api_secret").ok().prints_only("EXAMPLE-CHANGED");
}

#[test]
fn changing_a_secret_is_remembered_as_a_rotation() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("set binance/main --from-json -").stdin(r#"{"api_secret":"EXAMPLE-CHANGED"}"#).end().ok();
    let shown = sandbox.run("show binance/main --json").ok().json();
    assert!(shown["rotated"].as_str().is_some_and(|time| time.ends_with('Z')), "{shown}");
}

#[test]
fn mv_renames_and_keeps_the_values() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("mv binance/main binance/spot@testnet").ok();
    sandbox.run("get binance/spot@testnet/api_secret").ok().prints_only(BINANCE_SECRET);
    sandbox.run("get binance/main/api_secret").exits(6);
}

#[test]
fn rm_removes_one_and_only_one() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm binance/grid --yes").ok();
    sandbox.run("show binance/grid").exits(6);
    assert_eq!(sandbox.run("list --json").ok().json().as_array().map(Vec::len), Some(2));
}

#[test]
fn unknown_exchanges_and_odd_names_are_welcome() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S"}"#;
    for name in ["MyOwnVenue/main", "okx/trader@fund.example", "okx/a%2Fb@demo", "okx/Main"] {
        sandbox.strongroom(&format!("add {name} --from-json -")).stdin(keys).end().ok();
        sandbox.run(&format!("get {name}/api_key")).ok().prints_only("EXAMPLE-K");
    }
    let list = sandbox.run("list --json").ok().json();
    let spelling = list.as_array().expect("a list").iter().any(|entry| entry["exchange"] == "MyOwnVenue");
    assert!(spelling, "kept in the spelling it came in: {list}");
}

#[test]
fn a_new_vault_is_empty_and_opens() {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    let words = "init --vault deep/er/vault.strongroom --machine-key machine.key --passphrase-file passphrase --kdf minimum --json";
    let answer = sandbox.run(words).ok().json();
    assert!(answer["recovery_code"].is_string() && answer["passphrase"].is_null(), "{answer}");
    assert_eq!(sandbox.mode("deep/er"), 0o700);
    assert_eq!(sandbox.run("list --vault deep/er/vault.strongroom --json").ok().json(), json!([]));
    let before = sandbox.tree();
    sandbox.run(words).fails();
    assert!(sandbox.tree() == before, "an existing vault is never made anew");
}

#[test]
fn a_name_is_one_record_also_beside_another_spelling_of_its_exchange() {
    let sandbox = Sandbox::with_vault();
    let twin = r#"[[record]]
exchange = "okex"
subaccount = "main"
kind = "hmac"
[record.fields]
api_key = "EXAMPLE-TWIN-KEY"
api_secret = "EXAMPLE-TWIN-SECRET"
"#;
    sandbox.write("twin", twin);
    let editor = sandbox.script("editor", "cat twin >> \"$1\"");
    let edited = sandbox.strongroom("edit").env("EDITOR", editor.to_str().expect("UTF-8")).end();
    if !edited.stderr.contains("revision 2") {
        // Then a vault cannot hold two spellings, which is as good.
        edited.fails();
        return;
    }
    sandbox.run("run okex -- env").ok().prints("EXAMPLE-TWIN-KEY").never_says("EXAMPLE-OKX-MAIN-KEY-0005");
    sandbox.run("rm --yes okex").ok();
    let left = sandbox.run("list").ok();
    assert!(left.text().contains("okx/main") && !left.text().contains("okex"), "{}", left.text());
}

#[test]
fn names_of_ccxt_are_not_taken_for_fields() {
    let sandbox = Sandbox::with_vault();
    for (name, ours) in [("apiKey", "api_key"), ("secret", "api_secret"), ("walletAddress", "wallet_address")] {
        let document = format!(r#"{{"{name}":"EXAMPLE-CCXT-VALUE"}}"#);
        let refused = sandbox.strongroom("add bybit/x --from-json -").stdin(document).end().exits(3);
        refused.says(&format!("is called {ours} here")).says("import ccxt").never_says("EXAMPLE-CCXT");
    }
}

#[test]
fn a_slip_in_a_permission_is_refused_and_the_command_that_is_told_works() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    let told = |refused: &strongroom_tests::Finished, start: &str| {
        let line = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).expect("a hint").to_owned();
        assert!(line.starts_with(start) && line.len() <= 80, "{line}");
        line
    };
    let refused = sandbox.run("set binance/main --permission read,withdrawl").exits(2);
    let refused = refused.says("binance/main: withdrawl is no permission; did you mean withdraw?");
    let set = told(&refused, "strongroom set binance/main --permission");

    sandbox
        .write("keys", r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S","permissions":["raed","enableWithdrawls"]}"#);
    let refused = sandbox.run("add binance/x --from-json keys").exits(2);
    let refused = refused.says("did you mean").never_says("EXAMPLE-");
    let add = told(&refused, "strongroom add binance/x --from-json keys --permission");
    sandbox.run("set binance/main --from-json keys").exits(2);
    let keys = sandbox.read_text("keys");
    let refused = sandbox.strongroom("add binance/x --from-json -").stdin(&keys).end().exits(2);
    told(&refused, "repeat the command with --permission");
    sandbox.run("rotate binance/main --from-json keys").exits(2).says("put it right in what was given");
    // What stands beside a slip may be anything.
    let beside = r#"{"api_key":"EXAMPLE-K","permissions":["EXAMPLE-SECRET","tade"]}"#;
    let refused = sandbox.strongroom("add binance/x --from-json -").stdin(beside).end().exits(2);
    refused.says("did you mean trade?").never_says("EXAMPLE-");
    let refused = sandbox.run("set binance/main --permission tradee --tag hot").exits(2);
    assert_eq!(told(&refused, ""), "repeat the command with --permission trade", "or the tag would be lost");
    std::fs::remove_file(sandbox.path("keys")).expect("removed");
    assert!(sandbox.tree() == before, "nothing was saved");

    sandbox.write("keys", &keys);
    for (command, reference, expected) in
        [(set, "binance/main", json!(["read", "withdraw"])), (add, "binance/x", json!(["enableWithdrawals", "read"]))]
    {
        sandbox.run(command.strip_prefix("strongroom ").expect("our command")).ok();
        assert_eq!(sandbox.run(&format!("show {reference} --json")).ok().json()["permissions"], expected);
    }
    // A word that is like none may be the exchange's own.
    sandbox.run("set binance/main --permission frobnicate").ok().says("frobnicate is not one of the usual permissions");
}

#[test]
fn an_environment_that_the_exchange_is_not_known_to_have_is_warned_of_and_kept() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE0","api_passphrase":"EXAMPLE-P"}"#;
    let add = |name: &str| sandbox.strongroom(&format!("add {name} --from-json -")).stdin(keys).end().ok();
    let warnings = |stderr: &str| -> String {
        // Behind it stands what became of names of variables, with a command, which stays whole.
        let before = stderr.lines().take_while(|line| !line.starts_with("warning: programs get"));
        let lines: Vec<&str> = before.filter(|line| line.contains("test server") || line.starts_with("  ")).collect();
        assert!(lines.iter().all(|line| line.len() <= 80), "{stderr}");
        lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    };
    for (name, told) in [
        ("okx/x@testnet", "warning: okx/x@testnet: the test server of OKX goes by @demo here"),
        ("OKEX/y@testnet", "warning: OKEX/y@testnet: the test server of OKX goes by @demo here"),
        ("kraken/x@demo", "warning: kraken/x@demo: no test server of Kraken is known here"),
        (
            "independentreserve/market-making-two@testnet",
            "warning: independentreserve/market-making-two@testnet: no test server of Independent Reserve is known here",
        ),
        ("okx/x@demo", ""),
        ("okx/x", ""),
        ("binance/x@testnet", ""),
        ("binance/x@demo", ""),
        // Not looked at by anybody, and not known.
        ("bitmex/x@testnet", ""),
        ("somewhere-new/x@testnet", ""),
    ] {
        assert_eq!(warnings(&add(name).stderr), told);
        sandbox.run(&format!("get {name}/api_key")).ok().prints_only("EXAMPLE-K");
    }
    let told = "warning: okx/x@testnet: the test server of OKX goes by @demo here";
    assert_eq!(warnings(&sandbox.run("set okx/x@testnet --tag hot").ok().stderr), told);
    let told = "warning: okx/z@testnet: the test server of OKX goes by @demo here";
    assert_eq!(warnings(&sandbox.run("mv okx/x@testnet okx/z@testnet").ok().stderr), told);
    assert_eq!(warnings(&sandbox.run("mv okx/z@testnet okx/z@demo").ok().stderr), "");
    let told = sandbox.run("set OKEX/y@testnet --tag hot --json").ok();
    let warning: serde_json::Value =
        serde_json::from_str(told.stderr.lines().next().expect("a warning")).expect("JSON");
    assert!(warning["warning"].as_str().is_some_and(|text| text.contains("@demo")), "{warning}");
}

#[test]
fn a_field_is_not_made_under_another_name_for_one_that_is_known() {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret("EXAMPLE-OF-A-VALUE");
    sandbox.write("value", "EXAMPLE-OF-A-VALUE");
    sandbox.write("keys", r#"{"api_key":"EXAMPLE-K","fields":{"passphrase":"EXAMPLE-OF-A-VALUE"}}"#);
    let before = sandbox.tree();
    let passphrase = "passphrase is called api_passphrase here";
    for (words, told, hint) in [
        ("set okx/main passphrase", passphrase, "hint: strongroom set okx/main api_passphrase\n"),
        ("set okex/main/passphrase", passphrase, "hint: strongroom set okx/main api_passphrase\n"),
        (
            "set okx/main api_kye api_secret",
            "is called api_key here",
            "hint: strongroom set okx/main api_key api_secret\n",
        ),
        ("set okx/main passphrase EXAMPLE-OF-A-VALUE", passphrase, "hint: repeat the command with api_passphrase\n"),
        ("set okx/main passphrase --tag hot", passphrase, "hint: repeat the command with api_passphrase\n"),
        (
            "set okx/main --file passphrase=value",
            passphrase,
            "hint: repeat the command with --file api_passphrase=value\n",
        ),
        ("set okx/main --from-json keys", passphrase, "hint: put it right in what was given"),
        ("add okx/x --from-json keys", passphrase, "hint: put it right in what was given"),
        ("rotate okx/main --from-json keys", passphrase, "hint: put it right in what was given"),
        (
            "rotate okx/main --file api_secret=value --file passphrase=value",
            passphrase,
            "hint: repeat the command with --file api_passphrase=value\n",
        ),
        ("add okx/x --file api_key=value --file passphrase=value", passphrase, "hint: "),
        ("add okx/x --field passphrase", passphrase, "hint: strongroom add okx/x\n"),
        ("add binance/x --field passphrase", passphrase, "hint: strongroom add binance/x --field api_passphrase\n"),
        (
            "add bitmart/x --field memo --tag hot",
            "memo is called uid here",
            "without --field memo: it is asked for anyway",
        ),
    ] {
        let refused = sandbox.run(words).exits(2);
        refused.says(told).says(hint);
    }
    let refused = sandbox.strongroom("set okx/main passphrase --stdin").stdin("EXAMPLE-OF-A-VALUE").end().exits(2);
    refused.says(passphrase).says("hint: strongroom set okx/main api_passphrase --stdin\n");
    assert!(sandbox.tree() == before, "nothing was saved");

    // Other names are welcome, and what a record has stays.
    for name in ["broker_tag", "api_key_2", "memo", "subaccount_id"] {
        sandbox.run(&format!("set okx/main --file {name}=value")).ok();
    }
    let document = sandbox.run("export strongroom okx/main").ok().text().replace("broker_tag", "passphrase");
    sandbox.write("document", &document);
    sandbox.run("import strongroom document --replace").ok();
    sandbox.strongroom("set okx/main passphrase --stdin").stdin("EXAMPLE-OTHER").end().ok();
    sandbox.run("get okx/main/passphrase").ok().prints_only("EXAMPLE-OTHER");
    sandbox.run("rotate okx/main --from-json keys").ok();
    sandbox.run("get okx/main/passphrase").ok().prints_only("EXAMPLE-OF-A-VALUE");
}

#[test]
fn a_permission_is_not_taken_for_a_field() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for (words, list) in [
        ("set okx/main --permission read trade", "read,trade"),
        ("set okx/main --permission read, trade", "read,trade"),
        ("set okx/main --permission read tade withdraw", "read,trade,withdraw"),
        ("set okx/main trade", "trade"),
    ] {
        let refused = sandbox.run(words).exits(2);
        refused.says("trade is a permission: ").says(&format!("hint: strongroom set okx/main --permission {list}\n"));
    }
    let refused = sandbox.run("set okx/main --permission read trade --tag hot").exits(2);
    refused.says("hint: repeat the command with --permission read,trade\n");
    sandbox.run("set okx/main --permission EXAMPLE-SECRET trade").exits(2).never_says("EXAMPLE-");
    sandbox.run("set okx/main broker_tag").exits(2).says("nobody can be asked for okx/main broker_tag");
    let refused = sandbox.run("set okx/main EXAMPLE-SECRET").exits(2);
    refused.says("nobody can be asked for a field of okx/main").never_says("EXAMPLE-");
    assert!(sandbox.tree() == before, "nothing was saved");
}

#[test]
fn an_environment_with_a_slip_is_no_part_of_an_accounts_name() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S","api_passphrase":"EXAMPLE-P"}"#;
    let add = |name: &str| sandbox.strongroom(&format!("add {name} --from-json -")).stdin(keys).end();
    let before = sandbox.tree();
    for (name, meant, escaped) in [
        ("okx/t@tesnet", "okx/t@testnet", "okx/t%40tesnet"),
        ("okx/t@Demo", "okx/t@demo", "okx/t%40Demo"),
        ("okx@demoo", "okx/main@demo", "okx%40demoo/main"),
        ("okx@testnet/t", "okx/t@testnet", "okx%40testnet/t"),
        ("okx/a@b@dmeo", "okx/a@b@demo", "okx/a%40b%40dmeo"),
    ] {
        // Standard input cannot be read again.
        let refused = add(name).exits(2).says(&format!("did you mean {meant}?"));
        refused
            .says(&format!("hint: repeat the command with {meant}\n"))
            .says(&format!("of that name: repeat the command with {escaped}\n"));
        let refused = sandbox.run(&format!("add {name}")).exits(2);
        refused
            .says(&format!("hint: strongroom add {meant}\n"))
            .says(&format!("of that name: strongroom add {escaped}\n"));
    }
    assert!(sandbox.tree() == before, "nothing was saved");
    let told = |name: &str| {
        let stderr = add(name).ok().stderr;
        stderr.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let environments = "environments are @live, @testnet and @demo";
    let expected = format!("okx/t%40fund.example is an account called t@fund.example; {environments}");
    assert!(told("okx/t@fund.example").contains(&expected));
    let expected = format!("okx%40sandbox/main is an exchange called okx@sandbox; {environments}");
    assert!(told("okx@sandbox").contains(&expected));
    for name in ["okx/u%40fund.example", "okx/t%40tesnet", "okx/t@demo", "okx/plain", "okx/t%40live@demo"] {
        assert!(!told(name).contains("environments are"), "{name}");
    }
}
