//! What `get`, `list`, `show`, `info`, `verify` and `slot list` answer, for people and for scripts.

use serde_json::Value;
use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET, OKX_PASSPHRASE, SAMPLE_SECRETS, Sandbox};

const RECORD: [&str; 12] = [
    "created",
    "environment",
    "exchange",
    "expires",
    "fields",
    "ip_allowlist",
    "kind",
    "permissions",
    "rotate_after_days",
    "rotated",
    "subaccount",
    "tags",
];

/// The contract's names are there. More may be: scripts that read these are not broken by an addition.
#[track_caller]
fn has_all(object: &Value, names: &[&str]) {
    let found = object.as_object().expect("an object");
    for name in names {
        assert!(found.contains_key(*name), "{name} in {object}");
    }
}

#[test]
fn get_prints_the_value_and_nothing_else() {
    let sandbox = Sandbox::with_vault();
    let finished = sandbox.run("get binance/main/api_secret").ok().prints_only(BINANCE_SECRET);
    assert_eq!(finished.stderr, "");
    sandbox.run("get Binance/main/api_key").ok().prints_only(BINANCE_KEY);
    sandbox.run("get binance/Main/api_key").exits(6);
}

#[test]
fn list_in_json_has_the_shape_that_scripts_rely_on() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".env", "DATABASE_URL=EXAMPLE-DATABASE-URL\n");
    sandbox.run("import dotenv .env").ok();
    let list = sandbox.run("list --json").ok().never_says("EXAMPLE-").json();
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), 4);
    let okx = list.iter().find(|entry| entry["exchange"] == "okx").expect("okx");
    has_all(okx, &RECORD);
    assert_eq!(okx["subaccount"], "main");
    assert_eq!(okx["environment"], "live");
    assert_eq!(okx["kind"], "hmac");
    assert_eq!(okx["fields"], serde_json::json!(["api_key", "api_passphrase", "api_secret"]));
    assert_eq!(okx["permissions"], serde_json::json!([]));
    assert_eq!(okx["ip_allowlist"], serde_json::json!([]));
    assert_eq!(okx["tags"], serde_json::json!([]));
    assert!(okx["created"].as_str().is_some_and(|time| time.ends_with('Z') && time.contains('T')), "{okx}");
    for name in ["expires", "rotate_after_days"] {
        assert!(okx[name].is_null(), "{name}: {okx}");
    }
    let value = list.iter().find(|entry| entry.get("env").is_some()).expect("env/DATABASE_URL");
    assert_eq!(value, &serde_json::json!({"env": "DATABASE_URL"}));
}

#[test]
fn list_for_people_names_every_record_and_no_value() {
    let sandbox = Sandbox::with_vault();
    let list = sandbox.run("list").ok();
    for name in ["binance", "grid", "main", "okx"] {
        assert!(list.text().contains(name), "{}", list.text());
    }
    for secret in SAMPLE_SECRETS {
        assert!(!list.text().contains(secret));
    }
}

#[test]
fn show_masks_all_but_four_characters_and_short_values_whole() {
    let sandbox = Sandbox::with_vault();
    let shown = sandbox.run("show okx/main --json").ok().json();
    let mut names = RECORD.to_vec();
    names.push("values");
    has_all(&shown, &names);
    let secret = shown["values"]["api_secret"].as_str().expect("a mask");
    assert!(secret.ends_with("0006") && !secret.contains("-0006"), "{secret}");
    let short = shown["values"]["api_passphrase"].as_str().expect("a mask");
    assert!(!short.chars().any(|character| OKX_PASSPHRASE.contains(character)), "{short}");
    sandbox.run("show okx/main").ok().prints("api_passphrase").never_says(OKX_PASSPHRASE).never_says("EXAMPLE-OKX");
}

#[test]
fn show_reveals_only_when_told() {
    let sandbox = Sandbox::with_vault();
    let shown = sandbox.run("show okx/main --reveal --json").ok().json();
    assert_eq!(shown["values"]["api_passphrase"], OKX_PASSPHRASE);
    sandbox.run("show okx/main --reveal").ok().prints(OKX_PASSPHRASE);
}

#[test]
fn info_needs_no_secret_and_tells_none() {
    let sandbox = Sandbox::with_vault();
    let info = sandbox.bare("info --json").end().ok().json();
    has_all(&info, &["version", "vault_id", "revision", "data_key_id", "slots", "file_bytes"]);
    assert_eq!(info["version"], 1);
    assert_eq!(info["revision"], 1);
    assert_eq!(info["file_bytes"], sandbox.read("vault.strongroom").len());
    for name in ["vault_id", "data_key_id"] {
        assert_eq!(info[name].as_str().map(str::len), Some(32), "{info}");
    }
    let slots = info["slots"].as_array().expect("slots");
    assert_eq!(slots.len(), 3, "machine key, recovery code, passphrase: {info}");
    for slot in slots {
        has_all(slot, &["id", "kind", "kdf"]);
        assert_eq!(slot["id"].as_str().map(str::len), Some(16));
    }
    let costs: Vec<_> = slots.iter().filter(|slot| !slot["kdf"].is_null()).map(|slot| &slot["kdf"]).collect();
    assert_eq!(costs, [&serde_json::json!({"memory_kib": 19456, "passes": 2, "lanes": 1})]);
    sandbox.bare("info").end().ok();
}

#[test]
fn slot_list_adds_the_labels() {
    let sandbox = Sandbox::with_vault();
    let slots = sandbox.run("slot list --json").ok().json();
    let slots = slots["slots"].as_array().expect("a list of slots");
    assert_eq!(slots.len(), 3);
    for slot in slots {
        assert!(slot["label"].is_string() && slot["id"].is_string() && slot["kind"].is_string(), "{slot}");
    }
}

#[test]
fn verify_reads_everything_and_counts() {
    let sandbox = Sandbox::with_vault();
    let answer = sandbox.run("verify --json").ok().json();
    assert_eq!(answer, serde_json::json!({"ok": true, "records": 3, "values": 0, "slots": 3, "revision": 1}));
    sandbox.run("verify").ok();
}

#[test]
fn doctor_answers_in_the_shape_of_check() {
    let sandbox = Sandbox::with_vault();
    let finished = sandbox.run("doctor --json");
    let answer = finished.json();
    has_all(&answer, &["ok", "findings"]);
    assert!(answer["ok"].is_boolean());
    for finding in answer["findings"].as_array().expect("findings") {
        let severity = finding["severity"].as_str().expect("a severity");
        assert!(["error", "warning", "info"].contains(&severity), "{finding}");
        assert!(finding["code"].is_string() && finding["message"].is_string(), "{finding}");
    }
}

#[test]
fn completions_and_the_manual_are_generated() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        sandbox.run(&format!("completions {shell}")).ok().prints("strongroom");
    }
    sandbox.run("man").ok().prints(".TH").prints("EXIT STATUS");
    for words in ["man slot add", "man slot-add"] {
        sandbox.run(words).ok().prints("strongroom-slot-add");
    }
}

#[test]
fn a_warning_is_one_line_of_json_when_json_is_asked_for() {
    let sandbox = Sandbox::with_vault();
    let key = sandbox.read_text("machine.key");
    let finished = sandbox.bare("list --json").env("STRONGROOM_KEY", key.trim_end()).end().ok();
    for line in finished.stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON on every line");
        assert!(line["warning"].is_string());
    }
    assert!(finished.stderr.contains("STRONGROOM_KEY"));
}

#[test]
fn metadata_that_is_likely_a_slip_is_warned_of_and_kept() {
    let sandbox = Sandbox::with_vault();
    let warned = sandbox.run("set binance/main --permission read,traid --ip 203.0.113.7 --expires 2020-01-01").ok();
    warned.says("traid is not one of the usual permissions").says("expired already, 2020-01-01");
    sandbox.run("set binance/main --permission read,trade --expires never").ok().never_says("warning");
    let list = sandbox.run("list").ok().prints("IP");
    let line = list.text().lines().find(|line| line.starts_with("okx/main")).expect("okx/main");
    assert!(line.contains(" - ") && line.ends_with("api_key api_passphrase api_secret"), "{line}");
}

#[test]
fn a_run_without_dashes_says_where_they_go() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("run binance/main python3 bot.py").exits(125).says("put -- before the command");
    sandbox.run("run binance/main python3 --version-of-bot").exits(125).says("put -- before the command");
}
