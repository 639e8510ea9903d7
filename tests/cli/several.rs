//! What is not secret, set of many records at once: all of them or none, in one version, and no value is touched.

use serde_json::{Value, json};
use strongroom_tests::{Finished, Sandbox, Terminal};

/// A small desk: subaccounts of two exchanges and one that nobody knows, each with values of its own.
fn desk() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    for name in ["okx/one", "okx/two", "okx/paper@demo", "MyOwnVenue/main"] {
        let keys = json!({"api_key": format!("EXAMPLE-K-{name}"), "api_secret": format!("EXAMPLE-S-{name}"),
            "api_passphrase": format!("EXAMPLE-P-{name}")});
        sandbox.strongroom(&format!("add {name} --from-json -")).stdin(keys.to_string()).end().ok();
    }
    sandbox
}

const OKX: [&str; 4] = ["okx/main", "okx/one", "okx/two", "okx/paper@demo"];

fn of(sandbox: &Sandbox, name: &str, member: &str) -> Value {
    sandbox.run(&format!("show {name} --json")).ok().json()[member].clone()
}

/// Everything that is no metadata that `set` can give several: values, and when they came.
fn untouchable(sandbox: &Sandbox) -> Value {
    let mut document = sandbox.run("export strongroom").ok().json();
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for name in ["kind", "permissions", "ip_allowlist", "expires", "rotate_after_days", "tags", "note"] {
                    members.remove(name);
                }
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut document);
    assert!(document.to_string().contains("EXAMPLE-S-okx/two") && document.to_string().contains("created"));
    document
}

fn hint(finished: &Finished) -> String {
    let hint = finished.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).expect("a hint");
    hint.split_once("strongroom ").expect("a command of ours").1.replace('\'', "")
}

#[test]
fn several_records_and_all_of_an_exchange_get_the_same_in_one_revision_and_no_value_is_touched() {
    let sandbox = desk();
    let before = untouchable(&sandbox);
    let revision = |sandbox: &Sandbox| sandbox.run("info --json").ok().json()["revision"].as_u64().expect("a revision");
    let start = revision(&sandbox);
    let words = "set okx/* binance/grid MyOwnVenue/main --permission read,trade --ip 203.0.113.7 --tag desk \
                 --expires 2031-02-03 --rotate-after 45 --note common";
    let told = sandbox.run(words).ok().says(&format!("changed 6 records (revision {})", start + 1));
    assert_eq!((told.text(), told.stderr.lines().count()), ("", 1), "{}", told.stderr);
    assert_eq!(revision(&sandbox), start + 1);
    for name in OKX.into_iter().chain(["binance/grid", "MyOwnVenue/main"]) {
        assert_eq!(of(&sandbox, name, "permissions"), json!(["read", "trade"]), "{name}");
        assert_eq!(of(&sandbox, name, "ip_allowlist"), json!(["203.0.113.7"]), "{name}");
        assert_eq!(of(&sandbox, name, "tags"), json!(["desk"]), "{name}");
        assert_eq!(of(&sandbox, name, "expires"), "2031-02-03T00:00:00Z", "{name}");
        assert_eq!(of(&sandbox, name, "rotate_after_days"), 45, "{name}");
        assert_eq!(of(&sandbox, name, "note"), "common", "{name}");
        assert_eq!(of(&sandbox, name, "rotated"), Value::Null, "{name}");
    }
    assert_eq!(of(&sandbox, "binance/main", "tags"), json!([]), "was not named");
    assert!(untouchable(&sandbox) == before);

    sandbox.run(words).ok().says("6 records are unchanged");
    assert_eq!(revision(&sandbox), start + 1);
    sandbox.run("set okx/* binance/main --tag desk").ok().says("changed 1 record, 4 unchanged");
    assert_eq!(of(&sandbox, "okx/one", "note"), "common", "what is not named stays");
}

#[test]
fn the_day_of_the_last_rotation_stays() {
    let sandbox = desk();
    sandbox.run("rotate okx/one --record --at 2020-01-31").ok();
    sandbox.run("set okx/* --tag desk --expires never").ok();
    assert_eq!(of(&sandbox, "okx/one", "rotated"), "2020-01-31T00:00:00Z");
    assert_eq!(of(&sandbox, "okx/two", "rotated"), Value::Null);
}

#[test]
fn an_environment_narrows_the_pattern_and_an_alias_widens_it() {
    let sandbox = desk();
    // One record is told as ever.
    sandbox.run("set okx/*@demo --tag paper").ok().says("changed okx/paper@demo (revision");
    sandbox.run("set OKEX/*@live --tag real").ok().says("changed 3 records");
    assert_eq!(of(&sandbox, "okx/paper@demo", "tags"), json!(["paper"]));
}

#[test]
fn the_same_record_named_twice_counts_once() {
    let sandbox = desk();
    sandbox.run("set okx/one okx/one --tag twice").ok().says("changed okx/one (revision");
    sandbox.run("set okx/one okx/* okx/two OKX/one --tag desk").ok().says("changed 4 records");
}

#[test]
fn programs_are_told_which_records_changed() {
    let sandbox = desk();
    sandbox.run("set okx/one --tag desk").ok();
    let told = sandbox.run("set okx/one okx/two --tag desk --json").ok().json();
    assert_eq!(told, json!({"changed": ["okx/two"], "unchanged": ["okx/one"]}));
}

#[test]
fn what_names_nothing_is_exit_6_and_nothing_is_changed() {
    let sandbox = desk();
    let before = sandbox.tree();
    sandbox.run("set okx/one okx/gone --tag desk").exits(6).says("no record okx/gone");
    sandbox.run("set okx/one kraken/* --tag desk").exits(6).says("no record kraken/*");
    sandbox.run("set kraken/* --tag desk").exits(6).says("no record kraken/*");
    sandbox.run("set okx/*@testnet --tag desk").exits(6);
    // It may be a value.
    let told = sandbox.run("set okx/one EXAMPLE+a/SECRET== --tag desk").exits(6);
    told.says("REF 2: no record").says("values are never arguments").never_says("SECRET");
    assert!(sandbox.tree() == before);
}

#[test]
fn what_is_of_one_record_is_refused_before_the_vault_is_opened() {
    let sandbox = desk();
    sandbox.write("uid.json", r#"{"uid": "EXAMPLE-UID"}"#);
    sandbox.write("uid", "EXAMPLE-UID");
    let before = sandbox.tree();
    let mut tried = 0;
    for (words, what, command) in [
        ("set okx/one okx/two uid --tag a", "a FIELD is of one record", "set okx/one uid"),
        ("set okx/one okx/two uid --stdin", "a FIELD is of one record", "set okx/one uid --stdin"),
        ("set okx/one okx/two/uid --tag a", "a FIELD is of one record", "set okx/two uid"),
        ("set okx/one/uid okx/two", "a FIELD is of one record", "set okx/one uid"),
        ("set okx/* uid", "a FIELD is of one record", "list okx/*"),
        ("set okx/one okx/two --stdin", "--stdin is of one record", "set okx/one --stdin"),
        (
            "set okx/one okx/two --from-json uid.json --tag a",
            "--from-json is of one record",
            "set okx/one --from-json uid.json",
        ),
        ("set okx/one okx/two --file uid=uid", "--file is of one record", "set okx/one --file FIELD=PATH"),
        ("set okx/* --unset uid --tag a", "--unset is of one record", "list okx/*"),
        ("set okx/one okx/two --unset api_secret", "--unset is of one record", "set okx/one --unset api_secret"),
        (
            "set okx/one okx/two --variable uid=MY_UID",
            "--variable is of one record",
            "set okx/one --variable FIELD=NAME",
        ),
        ("set okx/one env/TOKEN --tag a", "env/NAME value has no fields and no metadata", "set env/TOKEN"),
        ("set env/TOKEN okx/one --tag a", "env/NAME value has no fields and no metadata", "set env/TOKEN"),
        ("set okx/one okx/two", "nothing to set is named", "set okx/one okx/two --permission read,trade"),
        ("set okx/*", "nothing to set is named", "set okx/* --permission read,trade"),
        (
            "set okx/one okx/two --permission read trade",
            "trade is a permission",
            "set okx/one okx/two --permission read,trade",
        ),
    ] {
        // Without a way in, so that whatever opens the vault fails as 4.
        let told = sandbox.bare(&format!("{words} --no-input")).end().exits(2).says(what);
        assert_eq!(hint(&told), command, "{words}");
        assert!(told.stderr.lines().all(|line| line.len() <= 80), "{}", told.stderr);
        tried += 1;
    }
    assert_eq!(tried, 16);
    assert!(sandbox.tree() == before);
    sandbox.run("set okx/one okx/two --permission read,trade").ok();
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    let sandbox = desk();
    let before = sandbox.tree();
    for words in [
        "set okx/one EXAMPLE+a/SECRET==",
        "set okx/one EXAMPLE1/SECRET/EXAMPLE==",
        "set okx/one EXAMPLE1/SECRET/EXAMPLE== --tag a",
        "set okx/one api_secret EXAMPLE+a/SECRET==",
        "set okx/one api_secret=EXAMPLE+a/SECRET==",
        "set okx/one okx/two api_secret=EXAMPLE-SECRET --tag a",
        "set okx/one EXAMPLE+a/SECRET== --unset EXAMPLE-SECRET",
        "set okx/one EXAMPLE+a/SECRET== --permission withdrawl",
    ] {
        sandbox.run(words).exits(2).never_says("SECRET").never_says("EXAMPLE");
    }
    assert!(sandbox.tree() == before);
}

#[test]
fn an_exchange_where_a_field_belongs_is_told_from_one() {
    let sandbox = desk();
    let told = sandbox.run("set okx/one binance --tag desk").exits(2).says("binance is an exchange, and no field");
    told.says("binance/main");
    sandbox.run("set okx/one okx/two binance --tag desk").exits(2).says("binance/main");
}

#[test]
fn a_slip_in_a_permission_is_refused_once_and_the_command_that_is_told_works() {
    let sandbox = desk();
    let before = sandbox.tree();
    let told = sandbox.run("set okx/* binance/main --permission read,withdrawl").exits(2);
    let told = told.says("error: withdrawl is no permission; did you mean withdraw?");
    let command = hint(&told);
    assert!(sandbox.tree() == before);
    sandbox.run(&command).ok().says("changed 5 records");
    assert_eq!(of(&sandbox, "okx/two", "permissions"), json!(["read", "withdraw"]));
    // Or the tag would be lost.
    sandbox
        .run("set okx/* --permission tradee --tag a")
        .exits(2)
        .says("hint: repeat the command with --permission trade");
    sandbox.run("set okx/* --permission withdrawl").exits(2).says("error: okx: withdrawl is no permission");
    // A slip in a word of one exchange is none at another.
    let told = sandbox.run("set okx/one binance/main --permission read,enableWithdrawls").exits(2);
    let told = told.says("error: binance: enableWithdrawls is no permission; did you mean enableWithdrawals?");
    told.says("hint: each exchange has words of its own").says("one after the other");
}

#[test]
fn a_slip_in_a_permission_is_asked_about_once_and_whoever_answers_has_the_last_word() {
    let test = "a_slip_in_a_permission_is_asked_about_once_and_whoever_answers_has_the_last_word";
    for (answer, expected) in [("yes", "withdraw"), ("no", "withdrawl")] {
        let sandbox = desk();
        let words = "set okx/* binance/main --permission withdrawl --key-file machine.key";
        let Some(terminal) = Terminal::start(test, &sandbox, words) else { return };
        terminal.wait("Did you mean withdraw?", 1);
        terminal.enter(answer);
        let screen = terminal.wait("changed 5 records", 1);
        assert_eq!(screen.matches("Did you mean").count(), 1, "{screen}");
        assert!(screen.contains("withdrawl is no permission that is known here."), "{screen}");
        drop(terminal);
        for name in ["okx/one", "binance/main"] {
            assert_eq!(of(&sandbox, name, "permissions"), json!([expected]));
        }
    }
}

#[test]
fn what_is_the_same_of_many_is_warned_of_once() {
    let sandbox = desk();
    sandbox.run("mv okx/one okx/one@testnet").ok();
    sandbox.run("mv okx/two okx/two@testnet").ok();
    let told = sandbox.run("set okx/* --permission read,frobnicate --expires 2020-01-31").ok();
    assert_eq!(told.stderr.matches("warning: ").count(), 3, "{}", told.stderr);
    let told = told.says("and 3 more: frobnicate is not one of the usual permissions");
    let told = told.says("and 3 more: it expired already, 2020-01-31");
    told.says("okx/one@testnet and 1 more: the test server of OKX goes by @demo here");
}

#[test]
fn fifty_subaccounts_are_one_command_and_one_line() {
    let sandbox = Sandbox::with_vault();
    let mut text = String::new();
    for number in 0..50 {
        text.push_str(&format!(
            "OKX_S{number}_API_KEY=EXAMPLE-K{number}\nOKX_S{number}_API_SECRET=EXAMPLE-S{number}\n"
        ));
        text.push_str(&format!("OKX_S{number}_API_PASSPHRASE=EXAMPLE-P{number}\n"));
    }
    sandbox.write("desk.env", text);
    sandbox.run("import dotenv desk.env").ok();
    let told = sandbox.run("set okx/* --permission read,trade --ip 203.0.113.7").ok().says("changed 51 records");
    assert_eq!(told.stderr.lines().count(), 1, "{}", told.stderr);
}
