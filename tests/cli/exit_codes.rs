//! The table of exit codes, row by row, and the shape of an error.

use strongroom_tests::Sandbox;

#[test]
fn zero_when_done() {
    Sandbox::with_vault().run("list").ok();
    Sandbox::new().run("--version").ok().prints("strongroom");
    Sandbox::new().run("--help").ok().prints("adopt");
}

#[test]
fn two_on_wrong_usage() {
    let sandbox = Sandbox::with_vault();
    for words in ["", "frobnicate", "list --frobnicate", "get", "get binance/main/api_key/more", "export morse"] {
        sandbox.run(words).exits(2).prints_only("");
    }
}

#[test]
fn three_when_there_is_no_such_file() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("list --vault nowhere.strongroom").exits(3).says("nowhere.strongroom");
    sandbox.run("import json nowhere.json").exits(3).says("nowhere.json");
    sandbox.run("info --vault nowhere.strongroom").exits(3).says("nowhere.strongroom");
    sandbox.run("export json --output no/such/place.json").exits(3);
}

#[test]
fn four_when_it_stays_locked() {
    let sandbox = Sandbox::with_vault();
    sandbox.bare("list --passphrase-file wrong").end().exits(4).says("error: ");
    sandbox.bare("list").end().exits(4).says("error: ");
}

#[test]
fn five_when_it_is_not_an_intact_vault() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("text.strongroom", "not a vault at all, only a text");
    sandbox.run("list --vault text.strongroom").exits(5).says("text.strongroom");
    sandbox.run("info --vault text.strongroom").exits(5).says("text.strongroom");
}

#[test]
fn six_when_there_is_no_such_record_or_it_has_another_value() {
    let sandbox = Sandbox::with_vault();
    for words in [
        "get kraken/main/api_key",
        "get binance/main/api_passphrase",
        "get env/NOTHING",
        "show kraken/main",
        "rm kraken/main",
        "mv kraken/main kraken/other",
        "set kraken/main --tag hot",
        "export json kraken/main",
    ] {
        sandbox.run(words).exits(6).prints_only("");
    }
    // `mv` onto another record, `add` over one.
    sandbox.run("mv binance/grid binance/main").exits(6).says("binance/main");
    sandbox
        .strongroom("add binance/main --from-json -")
        .stdin(r#"{"api_key":"EXAMPLE","api_secret":"EXAMPLE"}"#)
        .end()
        .exits(6);
}

#[test]
fn seven_when_refused_for_safety() {
    let sandbox = Sandbox::with_vault();
    sandbox.set_mode("machine.key", 0o644);
    sandbox.run("list").exits(7).says("machine.key").says("hint: chmod 600");
}

#[test]
fn run_uses_the_codes_of_env_and_nohup() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("data", "not a program");
    sandbox.set_mode("data", 0o600);
    sandbox.run("run -- true").ok();
    sandbox.run("run -- ./data").exits(126);
    sandbox.run("run -- no-such-program-anywhere").exits(127);
    sandbox.run("run --vault nowhere.strongroom -- true").exits(125);
    sandbox.bare("run --passphrase-file wrong -- true").end().exits(125);
    sandbox.run("run kraken/main -- true").exits(125);
}

#[test]
fn an_error_is_a_sentence_and_in_json_an_object() {
    let sandbox = Sandbox::with_vault();
    let plain = sandbox.run("get kraken/main/api_key").exits(6);
    assert!(plain.stderr.starts_with("error: "), "{}", plain.stderr);
    let object = sandbox.run("get kraken/main/api_key --json").exits(6).error();
    assert!(object["kind"].as_str().is_some_and(|kind| !kind.is_empty()), "{object}");
    assert!(object["message"].as_str().is_some_and(|message| message.contains("kraken/main")), "{object}");
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    let sandbox = Sandbox::with_vault();
    let after = sandbox.run("list --json --vault vault.strongroom").ok();
    let before = sandbox.run("--json --vault vault.strongroom list").ok();
    assert_eq!(before.text(), after.text());
}
