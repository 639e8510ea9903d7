//! While a rotation is not finished: what works still is looked at, and what was there can come back, all of it.

use serde_json::{Value, json};
use strongroom_tests::{OKX_PASSPHRASE, Sandbox};

const NEW_KEY: &str = "EXAMPLE-OKX-ROTATED-KEY-0015";
const NEW_SECRET: &str = "EXAMPLE-OKX-ROTATED-SECRET-0016";

/// okx/main with everything that a record can have.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    let all = json!({"uid": "1234", "kind": "hmac", "permissions": ["read", "withdraw"], "expires": "2101-01-31",
        "rotate_after_days": 20, "tags": ["desk"], "note": "the first",
        "variables": {"api_secret": "OKX_SECRET_KEY", "uid": "OKX_USER"}});
    sandbox.strongroom("set okx/main --from-json -").stdin(all.to_string()).end().ok();
    sandbox
}

/// Begins a rotation, of which the document says this besides.
fn begin(sandbox: &Sandbox, more: Value) {
    let mut new = json!({"api_key": NEW_KEY, "api_secret": NEW_SECRET});
    new.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    sandbox.strongroom("rotate okx/main --from-json -").stdin(new.to_string()).end().ok();
}

fn shown(sandbox: &Sandbox) -> Value {
    sandbox.run("show okx/main --reveal --json").ok().json()
}

#[test]
fn rolled_back_everything_is_as_it_was() {
    let sandbox = sandbox();
    let before = shown(&sandbox);
    begin(&sandbox, json!({"permissions": ["read"], "ip_allowlist": ["203.0.113.7"], "expires": "2102-02-28"}));
    sandbox.strongroom("set okx/main api_passphrase --stdin").stdin("EXAMPLE-OTHER").end().ok();
    sandbox.run("set okx/main --unset api_secret --unset uid").ok().says("the old uid is kept until the rotation");
    let during = shown(&sandbox);
    assert_eq!(during["fields"], json!(["api_key", "api_passphrase"]));
    assert_eq!(during["previous"]["fields"], json!(["api_key", "api_passphrase", "api_secret", "uid"]));
    sandbox.run("run okx/main -- env").ok().prints(NEW_KEY).never_says("OKX_SECRET_KEY");
    let said = sandbox.run("rotate okx/main --rollback").ok().says("the key is as it was: never rotated");
    said.says("recorded of it again: permissions read and withdraw; no IP allow-list");
    assert_eq!(shown(&sandbox), before);
    let env = sandbox.run("run okx/main -- env").ok();
    let names = [
        "OKX_API_KEY=EXAMPLE-OKX-MAIN-KEY-0005".to_owned(),
        "OKX_SECRET_KEY=EXAMPLE-OKX-MAIN-SECRET-0006".to_owned(),
        format!("OKX_API_PASSPHRASE={OKX_PASSPHRASE}"),
        "OKX_USER=1234".to_owned(),
    ];
    for line in names {
        assert!(env.text().lines().any(|there| there == line), "{line}");
    }
    assert!(!env.text().contains("OKX_API_SECRET"));
}

#[test]
fn rights_that_did_not_change_are_not_told_when_it_is_rolled_back() {
    let sandbox = sandbox();
    begin(&sandbox, json!({}));
    sandbox.run("rotate okx/main --rollback").ok().never_says("recorded of it again");
    begin(&sandbox, json!({"permissions": ["read"]}));
    let said = sandbox.run("rotate okx/main --rollback").ok();
    said.says("recorded of it again: permissions read and withdraw\n");
}

#[test]
fn what_is_not_of_the_key_is_no_part_of_a_rotation() {
    let sandbox = sandbox();
    let before = shown(&sandbox);
    for (name, value, flag) in [
        ("variables", json!({"api_key": "OKX_NEW"}), "--variable FIELD=NAME"),
        ("tags", json!(["EXAMPLE-TAG"]), "--tag WORD"),
        ("note", json!("EXAMPLE-NOTE"), "--note TEXT"),
        ("rotate_after_days", json!(5), "--rotate-after DAYS"),
    ] {
        let new = json!({"api_key": NEW_KEY, "api_secret": NEW_SECRET, name: value}).to_string();
        let run = sandbox.strongroom("rotate okx/main --from-json -").stdin(new).end().exits(2);
        let run = run
            .says(&format!("error: not of the key, which is all that a rotation replaces: {name}\n"))
            .never_says("EXAMPLE")
            .never_says("OKX_NEW");
        run.says(&format!("strongroom set okx/main {flag}"));
    }
    let new = json!({"api_key": NEW_KEY, "note": "", "tags": []}).to_string();
    let run = sandbox.strongroom("rotate okx/main --from-json -").stdin(new).end().exits(2);
    run.says("replaces: tags, note\n").says("strongroom set okx/main --tag WORD --note TEXT");
    assert_eq!(shown(&sandbox), before);
}

#[test]
fn the_old_key_is_looked_at_as_long_as_it_works() {
    let sandbox = sandbox();
    begin(&sandbox, json!({"permissions": ["read"], "ip_allowlist": ["203.0.113.7"]}));
    let report = sandbox.run("check okx/main").exits(1);
    let report = report.prints("error     okx/main  withdraw-permission\n          the old key, kept until ");
    let report = report.prints("error     okx/main  no-ip-allowlist");
    report
        .prints("the new key, delete the old at the exchange, then:\n            strongroom rotate okx/main --finish");
    let findings = sandbox.run("check okx/main --json").exits(1).json();
    let codes: Vec<&str> =
        findings["findings"].as_array().expect("a list").iter().filter_map(|it| it["code"].as_str()).collect();
    assert_eq!(codes[..2], ["withdraw-permission", "no-ip-allowlist"], "{findings}");
    let allow = |code| format!("[[allow]]\nrecord = \"okx\"\ncode = \"{code}\"\nreason = \"it pays out\"\n");
    sandbox.write("strongroom.toml", ["withdraw-permission", "no-ip-allowlist"].map(allow).concat());
    sandbox
        .run("check okx/main")
        .ok()
        .prints("silenced  okx/main  withdraw-permission")
        .says("2 findings are silenced");
    sandbox.write("strongroom.toml", "");
    sandbox.run("rotate okx/main --finish").ok();
    sandbox.run("check okx/main").ok().never_says("withdraw");
}

#[test]
fn what_is_kept_of_the_old_key_is_shown() {
    let sandbox = sandbox();
    sandbox.run("rotate okx/main --record --at 2026-01-31").ok();
    begin(&sandbox, json!({"permissions": ["read"], "ip_allowlist": ["203.0.113.7"]}));
    let text = sandbox.run("show okx/main").ok().prints("\n  old permissions     read, withdraw\n");
    let text = text.prints("\n  old ip allow-list   none recorded\n").prints("\n  old rotated         2026-01-31T");
    text.prints("\n  old expires         2101-01-31T");
    let previous = &shown(&sandbox)["previous"];
    assert_eq!((&previous["permissions"], &previous["ip_allowlist"]), (&json!(["read", "withdraw"]), &json!([])));
    assert_eq!((&previous["kind"], &previous["verified"]), (&json!("hmac"), &Value::Null));
    sandbox.run("rotate okx/main --finish").ok();
    sandbox.run("show okx/main").ok().never_says("none recorded").never_says("withdraw");
}

#[test]
fn a_key_that_is_the_same_before_and_after_is_never_to_be_deleted() {
    for (end, is_said) in [("--finish", "finished okx/main"), ("--rollback", "rolled back okx/main")] {
        let sandbox = Sandbox::with_vault();
        let passphrase = r#"{"api_passphrase": "EXAMPLE-NEW-PASSPHRASE"}"#;
        let rotate = sandbox.strongroom("rotate okx/main --from-json -").stdin(passphrase).end().ok();
        rotate.says("rotated okx/main: api_passphrase replaced").never_says("delete");
        assert!(!sandbox.run("check okx/main").text().contains("delete"));
        sandbox.run(&format!("rotate okx/main {end}")).ok().says(is_said).never_says("delete");
        // A new key is another thing.
        let key = r#"{"api_key": "EXAMPLE-NEW-KEY", "api_secret": "EXAMPLE-NEW-SECRET"}"#;
        let rotate = sandbox.strongroom("rotate okx/main --from-json -").stdin(key).end().ok();
        rotate.says("delete the old key at the exchange");
        sandbox.run(&format!("rotate okx/main {end}")).ok().says("at the exchange");
    }
}
