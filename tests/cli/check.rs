//! What `check` says of credentials, and how it stands before a bot: exit codes, policies, JSON.

use strongroom_tests::{Finished, OKX_PASSPHRASE, PASSPHRASE, Sandbox, Terminal};

/// Records that nothing is wrong with, at exchanges of whose keys no shape is known.
fn clean() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm binance/main binance/grid okx/main --yes").ok();
    for (number, name) in ["bitvavo/main", "bitvavo/grid"].into_iter().enumerate() {
        let record = format!(
            r#"{{"api_key":"EXAMPLE-CLEAN-KEY-{number}","api_secret":"EXAMPLE-CLEAN-SECRET-{number}",
                "permissions":["read","trade"],"ip_allowlist":["203.0.113.7"]}}"#
        );
        sandbox.strongroom(&format!("add {name} --from-json -")).stdin(record).end().ok();
    }
    sandbox.keep_secret("EXAMPLE-CLEAN");
    sandbox
}

fn add(sandbox: &Sandbox, name: &str, document: &str) {
    sandbox.strongroom(&format!("add {name} --from-json -")).stdin(document).end().ok();
}

/// How standard output begins of each finding: `error okx/main missing-field`.
fn findings(finished: &Finished) -> Vec<String> {
    let lines = finished.text().lines().filter(|line| !line.starts_with(' '));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn nothing_to_complain_about_is_said_beside_an_empty_answer() {
    let sandbox = clean();
    sandbox.run("check").ok().prints_only("").says("nothing to complain about: 2 records");
    sandbox.run("check --strict").ok();
    sandbox.run("check bitvavo/grid").ok().says("nothing to complain about: 1 record\n");
    let answer = sandbox.run("check --json").ok().json();
    let expected = serde_json::json!(
        {"ok": true, "findings": [], "silenced": [], "records": 2, "values": 0, "policy": null}
    );
    assert_eq!(answer, expected);
}

#[test]
fn a_bot_starts_behind_it_only_when_nothing_is_an_error() {
    let sandbox = clean();
    let gate = |sandbox: &Sandbox| {
        let strongroom = strongroom_tests::strongroom();
        let key = sandbox.path("machine.key");
        let script = format!("{} check --key-file {} && echo started", strongroom.display(), key.display());
        sandbox.shell(&script).end()
    };
    gate(&sandbox).ok().prints_only("started\n");
    sandbox.run("set bitvavo/main --permission read,withdraw").ok();
    gate(&sandbox).exits(1).never_says("started").prints("withdraw-permission");
}

#[test]
fn a_quiet_gate_says_only_what_keeps_it_shut() {
    let sandbox = clean();
    sandbox.run("set bitvavo/main --ip=").ok();
    let quiet = sandbox.run("check --quiet").ok().prints_only("");
    assert_eq!(quiet.stderr, "");
    sandbox.run("check --quiet --strict").exits(1).prints("no-ip-allowlist");
    sandbox.run("set bitvavo/grid --permission read,withdraw").ok();
    let shut = sandbox.run("check -q").exits(1).prints("withdraw-permission").says("1 error, 1 warning");
    assert!(!shut.text().contains("no-ip-allowlist"), "{}", shut.text());
}

#[test]
fn errors_are_exit_1_and_warnings_when_strict() {
    let sandbox = clean();
    sandbox.run("set bitvavo/main --ip=").ok();
    let warned = sandbox.run("check").ok().prints("no-ip-allowlist").says("1 warning in 2 records");
    assert_eq!(findings(&warned), ["warning bitvavo/main no-ip-allowlist"]);
    sandbox.run("check --strict").exits(1).prints("whoever gets the key can trade");
    sandbox.run("check --strict bitvavo/grid").ok();
    assert_eq!(sandbox.run("check --json").ok().json()["ok"], true);
    assert_eq!(sandbox.run("check --json --strict").exits(1).json()["ok"], false);
    sandbox.run("set bitvavo/main --expires 2020-01-01").ok();
    let failed = sandbox.run("check").exits(1).says("1 error, 1 warning in 2 records");
    assert_eq!(findings(&failed), ["error bitvavo/main expired", "warning bitvavo/main no-ip-allowlist"]);
}

#[test]
fn what_is_good_to_know_is_no_complaint() {
    let sandbox = clean();
    sandbox.run("set bitvavo/main --permission=").ok();
    let known = sandbox.run("check --strict").ok().says("nothing to complain about: 2 records, 1 note");
    assert_eq!(findings(&known), ["info bitvavo/main permissions-not-recorded"]);
}

#[test]
fn each_finding_says_what_is_wrong_and_what_to_type_in_80_columns() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("set okx/main --unset api_passphrase").ok();
    sandbox.run("set okx/main --permission read,trade --expires 2026-01-01").ok();
    let report = sandbox.run("check").exits(1).never_says(OKX_PASSPHRASE).never_says("EXAMPLE-");
    let report = report
        .prints(
            "error     okx/main      missing-field\n          api_passphrase (passphrase) is missing; OKX needs it\n",
        )
        .prints("          enter it: strongroom set okx/main api_passphrase\n")
        .prints("the key expired on 2026-01-01\n")
        .prints("is deleted 14 days after its last use");
    let mut lines = 0;
    for line in report.text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
        lines += 1;
    }
    assert!(lines > 20);
    let severities: Vec<String> =
        findings(&report).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
    let mut sorted = severities.clone();
    sorted.sort_by_key(|severity| ["error", "warning", "info"].iter().position(|name| name == severity));
    assert_eq!(severities, sorted);
}

/// Twelve subaccounts at two exchanges of whose keys no shape is known, and nothing is recorded of any.
fn desk() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm binance/main binance/grid okx/main --yes").ok();
    let mut text = String::new();
    for number in 0..6 {
        for exchange in ["BITVAVO", "BITSTAMP"] {
            text.push_str(&format!("{exchange}_DESK{number}_API_KEY=EXAMPLE-KEY-{exchange}-{number}\n"));
            text.push_str(&format!("{exchange}_DESK{number}_API_SECRET=EXAMPLE-SECRET-{exchange}-{number}\n"));
        }
    }
    sandbox.write(".env", text);
    sandbox.run("import .env").ok();
    sandbox
}

#[test]
fn what_is_the_same_in_many_records_is_told_once_with_all_their_names() {
    let sandbox = desk();
    let report = sandbox.run("check").ok().says("nothing to complain about: 12 records, 24 notes");
    assert_eq!(findings(&report), ["info 12 records no-ip-allowlist", "info 12 records permissions-not-recorded"]);
    let record_it =
        "          record it:\n            strongroom set 'bitstamp/*' 'bitvavo/*' --permission read,trade\n";
    let report = report.prints(record_it);
    assert!(report.text().lines().count() < 10, "{}", report.text());
    // One that is not like them, and they are no longer all of their exchange.
    sandbox.run("set bitstamp/desk3 --permission read --ip 203.0.113.7").ok();
    let report = sandbox.run("check").ok();
    assert_eq!(findings(&report), ["info 11 records no-ip-allowlist", "info 11 records permissions-not-recorded"]);
    // In JSON each is one, with its own command.
    let answer = sandbox.run("check --json").ok().json();
    let commands = answer["findings"].as_array().expect("findings").iter().map(|finding| finding["command"].as_str());
    assert_eq!(commands.clone().count(), 22);
    assert!(commands.flatten().any(|command| command == "strongroom set bitvavo/desk4 --permission read,trade"));
}

#[test]
fn a_command_for_many_records_is_one_for_a_shell() {
    let sandbox = desk();
    sandbox.run("rm bitstamp/desk3 --yes").ok();
    sandbox.run("set bitstamp/desk2 --permission read --ip 203.0.113.7").ok();
    sandbox.run("set bitvavo/desk5 --permission read --ip 203.0.113.7").ok();
    let report = sandbox.run("check").ok();
    let (_, rest) = report.text().split_once("record it:\n").expect("a command below its advice");
    assert!(rest.lines().count() > 1 && rest.lines().all(|line| line.len() <= 80), "{rest}");
    let words = sandbox.shell(&format!("strongroom() {{ printf '%s\\n' \"$@\"; }}\n{rest}")).end().ok();
    let mut expected = vec!["set".to_owned()];
    expected.extend([0, 1, 4, 5].map(|number| format!("bitstamp/desk{number}")));
    expected.extend([0, 1, 2, 3, 4].map(|number| format!("bitvavo/desk{number}")));
    expected.extend(["--permission", "read,trade"].map(str::to_owned));
    assert_eq!(words.text().lines().collect::<Vec<_>>(), expected);
    // And it does what it says.
    let pasted = sandbox.shell(&format!("strongroom() {{ \"$STRONGROOM\" \"$@\"; }}\n{rest}")).end().ok();
    pasted.says("changed 9 records");
    let after = sandbox.run("check").ok();
    assert_eq!(findings(&after), ["warning 9 records no-ip-allowlist"]);
    let (_, command) = after.text().split_once("there, then:\n").expect("a command below its advice");
    let command = command.replace("ADDRESS", "203.0.113.7");
    sandbox.shell(&format!("strongroom() {{ \"$STRONGROOM\" \"$@\"; }}\n{command}")).end().ok();
    sandbox.run("check").ok().prints_only("");
}

#[test]
fn what_has_to_be_done_to_each_says_ref_and_lists_them() {
    let sandbox = desk();
    for number in 0..4 {
        sandbox.run(&format!("set bitvavo/desk{number} --expires 2020-01-01")).ok();
    }
    let quiet = sandbox.run("check --quiet").exits(1).says("4 errors, 24 notes in 12 records");
    quiet.prints_only(
        "error     4 records  expired\n          the key expired on 2020-01-01\n          \
         make a new key, and enter it: strongroom rotate REF\n          \
         bitvavo/desk0 bitvavo/desk1 bitvavo/desk2 bitvavo/desk3\n",
    );
    // Two are told one by one.
    let two = sandbox.run("check bitvavo/desk0 bitvavo/desk1 --quiet").exits(1);
    assert_eq!(findings(&two), ["error bitvavo/desk0 expired", "error bitvavo/desk1 expired"]);
}

#[test]
fn the_answer_in_json_has_the_shape_that_scripts_rely_on() {
    let sandbox = clean();
    add(&sandbox, "env/SIGNING", r#"{"value":"EXAMPLE-SIGNING "}"#);
    sandbox.run("set bitvavo/main --unset api_secret").ok();
    let answer = sandbox.run("check --json").exits(1).never_says("EXAMPLE").json();
    assert_eq!(answer["ok"], false);
    let findings = answer["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 2, "{answer}");
    let names = ["severity", "code", "exchange", "subaccount", "environment", "field", "message", "advice", "command"];
    for finding in findings {
        assert!(names.iter().all(|name| finding.as_object().is_some_and(|it| it.contains_key(*name))), "{finding}");
    }
    let missing = &findings[0];
    assert_eq!((&missing["severity"], &missing["code"]), (&"error".into(), &"missing-field".into()));
    assert_eq!((&missing["exchange"], &missing["subaccount"]), (&"bitvavo".into(), &"main".into()));
    assert_eq!((&missing["environment"], &missing["field"]), (&"live".into(), &"api_secret".into()));
    assert_eq!(missing["command"], "strongroom set bitvavo/main api_secret");
    assert_eq!((&findings[1]["env"], &findings[1]["exchange"]), (&"SIGNING".into(), &serde_json::Value::Null));
    let only = sandbox.run("check --json env/SIGNING").ok().json();
    assert_eq!((&only["records"], &only["values"]), (&0.into(), &1.into()));
    assert_eq!(only["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_policy_beside_the_vault_allows_with_a_reason_and_the_report_says_so() {
    let sandbox = clean();
    sandbox.run("set bitvavo/main --permission read,withdraw").ok();
    let policy =
        "[[allow]]\nrecord = \"bitvavo/main\"\ncode = \"withdraw-permission\"\nreason = \"pays out to the bank\"\n";
    sandbox.write("strongroom.toml", policy);
    let report = sandbox.run("check").ok();
    let report = report.says("nothing to complain about: 2 records").says("1 finding is silenced by strongroom.toml");
    report.prints_only("silenced  bitvavo/main  withdraw-permission\n          because: pays out to the bank\n");
    let answer = sandbox.run("check --json --strict").ok().json();
    assert_eq!(answer["silenced"][0]["code"], "withdraw-permission");
    assert_eq!(answer["silenced"][0]["reason"], "pays out to the bank");
    assert!(answer["policy"].as_str().is_some_and(|path| path.ends_with("/strongroom.toml")), "{answer}");
    // Another one instead.
    sandbox.write("strict.toml", "[rotation]\ntrade = 1\n");
    sandbox.run("check --policy strict.toml").exits(1).prints("withdraw-permission");
    sandbox.run("mv bitvavo/main bitvavo/bank").ok();
    sandbox.run("check").exits(1).prints("policy-without-record").prints("line 1 allows withdraw-permission");
    sandbox.run("check bitvavo/grid").ok().prints_only("");
}

#[test]
fn a_policy_lies_beside_the_file_and_not_beside_a_link_to_it() {
    let sandbox = clean();
    std::fs::create_dir(sandbox.path("elsewhere")).expect("a directory");
    std::os::unix::fs::symlink(sandbox.path("vault.strongroom"), sandbox.path("elsewhere/vault.strongroom"))
        .expect("a link");
    sandbox.write("elsewhere/strongroom.toml", "this is no policy");
    sandbox.run("check --vault elsewhere/vault.strongroom").ok();
    sandbox.write("strongroom.toml", "this is no policy");
    sandbox.run("check --vault elsewhere/vault.strongroom").exits(3);
}

#[test]
fn a_policy_that_cannot_be_used_stops_the_gate_before_a_secret_is_asked_for() {
    let sandbox = clean();
    for (policy, said) in [
        ("[rotation]\ntrde = 30\n", "strongroom.toml: line 2: no such key in [rotation]; did you mean trade?"),
        ("[rotation]\ntrade = \"30\"\n", "line 2: [rotation] trade: a number of days from 1 to 36500 is expected"),
        ("[[allow]]\nrecord = \"*\"\ncode = \"expired\"\nreason = \"x\"\n", "line 2: [[allow]] record: expired can be"),
        ("[[allow]]\nrecord = \"okx\"\ncode = \"shape\"\n", "line 1: this [[allow]] has no reason"),
        ("EXAMPLE-PASTED-SECRET", "line 1: this is not TOML"),
    ] {
        sandbox.write("strongroom.toml", policy);
        sandbox.keep_secret("EXAMPLE-PASTED-SECRET");
        // Nothing unlocks it: the policy comes first.
        sandbox.bare("check").end().exits(3).says(said).says("hint: what a policy says: strongroom check --help");
        assert_eq!(sandbox.run("check --json").exits(3).error_kind(), "policy");
    }
    sandbox.write("strongroom.toml", vec![b'#'; 64 * 1024 + 1]);
    sandbox.run("check").exits(3).says("a policy is at most 64 KiB");
    std::fs::remove_file(sandbox.path("strongroom.toml")).expect("removed");
    sandbox.run("check --policy not-there.toml").exits(3).says("cannot read not-there.toml");
    sandbox.run("check --policy /dev/null").exits(3).says("it is not a regular file");
}

#[test]
fn wrong_usage_is_told_as_everywhere() {
    let sandbox = clean();
    sandbox.run("check kraken").exits(6).says("no record kraken/main");
    sandbox.run("check bitvavo/main/api_key").exits(2).says("leave /field out");
    sandbox.run("check a/b/c/d").exits(2);
    sandbox.bare("check --no-input").end().exits(4);
    Sandbox::new().run("check").exits(3).says("strongroom init");
}

#[test]
fn what_is_entered_is_warned_of_by_the_same_rules() {
    let sandbox = clean();
    let quoted = r#"{"api_key":"'EXAMPLE-CLEAN-QUOTED'","api_secret":"EXAMPLE-CLEAN-X\n"}"#;
    let warned = sandbox.strongroom("add bitvavo/other --from-json -").stdin(quoted).end().ok();
    warned.says("api_key stands in quotes, which are part of it now").says("api_secret begins or ends with a blank");
    let report = sandbox.run("check bitvavo/other").exits(1);
    assert_eq!(&findings(&report)[..2], ["error bitvavo/other blank", "error bitvavo/other blank"]);
}

#[test]
fn help_manual_and_completions_know_every_code_and_the_policy() {
    let sandbox = Sandbox::new();
    let help = sandbox.run("check --help").ok().prints("[[allow]]").prints("strongroom check okx/main --strict");
    let manual = sandbox.run("man check").ok().prints(".SH POLICY").prints("warn_days = 14");
    for code in ["missing-field", "pem-form", "withdraw-permission", "rotation-due-soon", "policy-without-record"] {
        assert!(help.text().contains(code) && manual.text().contains(&code.replace('-', "\\-")), "{code}");
    }
    sandbox.run("check -h").ok().never_says("pem-form");
    sandbox.run("completions bash").ok().prints("--strict");
}

/// Two keys that came 95 days ago and have no IP allow-list: one of an exchange that says what it does to such keys, and
/// one of an exchange of which that is not certain.
fn disarmed() -> Sandbox {
    let sandbox = clean();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later than 1970");
    let created = now.as_secs() - 95 * 86_400;
    let record = |exchange: &str| {
        serde_json::json!({
            "exchange": exchange, "subaccount": "old", "created": created, "permissions": ["read", "trade"],
            "rotate_after_days": 365,
            "fields": {"api_key": format!("EXAMPLE-CLEAN-{exchange}"), "api_secret": format!("EXAMPLE-CLEAN-2-{exchange}")},
        })
    };
    let document = serde_json::json!({"strongroom": 1, "records": [record("bybit"), record("binance")]});
    sandbox.write("old.json", document.to_string());
    sandbox.run("import strongroom old.json").ok();
    sandbox
}

#[test]
fn a_key_that_its_exchange_disarmed_keeps_the_gate_shut_and_is_due_first() {
    let sandbox = disarmed();
    // Nobody recorded whether it has a list.
    let check = sandbox.run("check bybit/old").ok();
    assert!(findings(&check).contains(&"warning bybit/old expired".to_owned()), "{}", check.text());
    sandbox.run("set bybit/old --ip 0.0.0.0/0").ok();
    let check = sandbox.run("check bybit/old").exits(1);
    assert!(findings(&check).contains(&"error bybit/old expired".to_owned()), "{}", check.text());
    check.prints("without an IP allow-list expires 90 days after it was");
    let due = sandbox.run("rotate --due").ok().says("1 of 4 late, the first of all: strongroom rotate bybit/old");
    let first = due.text().lines().nth(1).unwrap_or_default().to_owned();
    assert!(first.contains("expired 5 days ago") && first.ends_with("Bybit: 90 days, no IP list"), "{first}");
    assert!(due.text().lines().all(|line| line.len() <= 80), "{}", due.text());
    sandbox.run("list bybit/old").ok().prints("expired 5 days ago");
    sandbox.run("show bybit/old").ok().prints("5 days ago, by a rule of Bybit\n");
    let listed = sandbox.run("list bybit/old --json").ok().json();
    assert!(listed[0]["ends"].is_string() && listed[0]["expires"].is_null(), "{listed}");
    for way in ["set bybit/old --expires 2100-01-01", "set bybit/old --expires never --ip 203.0.113.7"] {
        sandbox.run(way).ok();
        assert!(!findings(&sandbox.run("check bybit/old")).iter().any(|line| line.ends_with("expired")), "{way}");
        sandbox.run("list bybit/old").ok().never_says("expired");
    }
}

#[test]
fn what_is_not_certain_is_warned_of_and_moves_no_date() {
    let sandbox = disarmed();
    let check = sandbox.run("check binance/old").ok();
    assert!(findings(&check).contains(&"warning binance/old expired".to_owned()), "{}", check.text());
    sandbox.run("list binance/old").ok().prints("rotate in 270 days");
    sandbox.run("show binance/old").ok().prints("by a rule of Binance, not certain\n");
    assert!(sandbox.run("list binance/old --json").ok().json()[0]["ends"].is_null());
}

#[test]
fn a_secret_that_cannot_sign_is_warned_of_before_it_is_saved_and_keeps_the_gate_shut() {
    let sandbox = clean();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI{}\n-----END PRIVATE KEY-----\n", "A".repeat(43));
    let keys = |secret: &str| {
        serde_json::json!({"api_key": "EXAMPLE-CLEAN-3", "api_secret": secret, "permissions": ["read"]}).to_string()
    };
    for (name, secret, told) in [
        ("bybit/a", &*pem, "api_secret is an Ed25519 key, and Bybit takes a shared secret or an"),
        ("kraken/a", "EXAMPLE-CLEAN-4", "api_secret is not only characters of base64; at Kraken"),
    ] {
        let added = sandbox.strongroom(&format!("add {name} --from-json -")).stdin(keys(secret)).end().ok();
        added.says(&format!("warning: {name}: {}", told.split_once(';').map_or("api_secret is an Ed25519", |it| it.0)));
        sandbox.run(&format!("check {name}")).exits(1).prints(told.split(", and").next().unwrap_or_default());
        let changed =
            sandbox.strongroom(&format!("set {name} api_secret --stdin")).stdin(format!("{secret} ")).end().ok();
        changed.says("warning: ");
        sandbox.run(&format!("rm {name} --yes")).ok();
    }
    sandbox.strongroom("add binance/a --from-json -").stdin(keys(&pem)).end().ok().never_says("warning: ");
    sandbox.run("list binance/a").ok().prints("ed25519");
    let coinbase = r#"{"api_key":"00000000-0000-0000-0000-000000000007","api_secret":"SECRET=="}"#;
    let coinbase = coinbase.replace("SECRET", &"EXAMPLE0".repeat(11)[..86]);
    sandbox.strongroom("add coinbase/a --from-json -").stdin(coinbase).end().ok().never_says("warning: ");
    sandbox.run("list coinbase/a").ok().prints("ed25519");
    sandbox.run("check coinbase/a").ok().never_says("shape").never_says("cannot-sign");
}

#[test]
fn a_word_with_withdraw_in_it_keeps_the_gate_shut_where_no_word_is_known() {
    let sandbox = clean();
    for (number, words) in ["can_withdraw", "read_only,withdraw,trade", "Withdraw Funds"].into_iter().enumerate() {
        let name = format!("somewhere-new/{number}");
        let keys = serde_json::json!({
            "api_key": format!("EXAMPLE-CLEAN-5-{number}"), "api_secret": format!("EXAMPLE-CLEAN-6-{number}"),
            "permissions": [words], "ip_allowlist": ["203.0.113.7"],
        });
        add(&sandbox, &name, &keys.to_string());
        sandbox.run(&format!("check {name}")).exits(1).prints("withdraw-permission");
    }
    let listed = sandbox.run("list somewhere-new/1 --json").ok().json();
    assert_eq!(listed[0]["permissions"], serde_json::json!(["read_only", "trade", "withdraw"]));
}

#[test]
fn colour_is_for_terminals_only() {
    let test = "colour_is_for_terminals_only";
    let sandbox = clean();
    sandbox.run("set bitvavo/main --expires 2020-01-01").ok();
    sandbox.run("check").exits(1).never_says("\x1b");
    let Some(terminal) = Terminal::start(test, &sandbox, "check") else { return };
    terminal.wait("assphrase", 1);
    terminal.enter(PASSPHRASE);
    terminal.wait("EXIT=1", 1);
    let screen = terminal.screen_with_colours();
    let line = screen.lines().find(|line| line.contains("expired")).unwrap_or_default();
    assert!(line.starts_with("\x1b[") && line.contains("31m"), "{line:?}");
}
