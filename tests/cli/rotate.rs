//! `rotate`: new values in two phases, what is due, and what `list`, `show` and `get` tell of it.

use serde_json::{Value, json};
use strongroom_tests::{Finished, OKX_PASSPHRASE, Sandbox, Terminal};

const OLD_KEY: &str = "EXAMPLE-OKX-MAIN-KEY-0005";
const OLD_SECRET: &str = "EXAMPLE-OKX-MAIN-SECRET-0006";
const NEW_KEY: &str = "EXAMPLE-OKX-ROTATED-KEY-0015";
const NEW_SECRET: &str = "EXAMPLE-OKX-ROTATED-SECRET-0016";
const DAY: i64 = 86_400;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret(NEW_KEY);
    sandbox.keep_secret(NEW_SECRET);
    sandbox
}

fn begin(sandbox: &Sandbox, words: &str) -> Finished {
    let new = json!({"api_key": NEW_KEY, "api_secret": NEW_SECRET, "api_passphrase": OKX_PASSPHRASE});
    sandbox.strongroom(&format!("rotate okx/main --from-json - {words}")).stdin(new.to_string()).end()
}

fn shown(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.run(&format!("show {name} --reveal --json")).ok().json()
}

/// The date so many days from now, as the command line takes it.
fn date(days: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970").as_secs();
    civil(i64::try_from(now).expect("a clock before the end of time") / DAY + days)
}

/// A day of 1970 and later as a date: Howard Hinnant's `civil_from_days`.
fn civil(day: i64) -> String {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year_of_era) } else { (month - 9, year_of_era + 1) };
    format!("{:04}-{month:02}-{of_month:02}", year + era * 400)
}

#[test]
fn the_new_values_are_active_and_the_old_ones_stay_for_the_overlap() {
    let sandbox = sandbox();
    let said = begin(&sandbox, "").ok().says("rotated okx/main: api_key and api_secret replaced (revision 2)");
    let said = said.says("strongroom rotate okx/main --finish").says("strongroom rotate okx/main --rollback");
    said.says(&format!("the old ones are kept until {}, in 7 days", date(7)));
    sandbox.run("get okx/main/api_secret").ok().prints_only(NEW_SECRET);
    sandbox.run("run okx/main -- env").ok().prints(NEW_SECRET).never_says(OLD_SECRET);
    sandbox.run("export dotenv okx/main").ok().prints(NEW_KEY).never_says(OLD_KEY);
    let record = shown(&sandbox, "okx/main");
    assert_eq!(record["previous_values"], json!({"api_key": OLD_KEY, "api_secret": OLD_SECRET}));
    assert_eq!(record["previous"]["fields"], json!(["api_key", "api_secret"]));
    assert_eq!(record["previous"]["replaced"], record["rotated"]);
    assert!(record["previous"]["retire"].as_str().is_some_and(|time| time.starts_with(&date(7))), "{record}");
}

#[test]
fn a_bot_that_needs_the_old_values_gets_them_until_the_end() {
    let sandbox = sandbox();
    sandbox.run("get okx/main/api_key --previous").exits(6).says("no rotation of okx/main has begun");
    begin(&sandbox, "").ok();
    sandbox.run("get okx/main/api_key --previous").ok().prints_only(OLD_KEY);
    sandbox.run("get okx/main/api_passphrase --previous").ok().prints_only(OKX_PASSPHRASE);
    sandbox.run("get okx/main/uid --previous").exits(6);
    sandbox.run("get env/TOKEN --previous").exits(2);
    sandbox.run("rotate okx/main --finish").ok();
    sandbox.run("get okx/main/api_key --previous").exits(6);
}

#[test]
fn old_values_are_masked_until_they_are_to_be_shown() {
    let sandbox = sandbox();
    begin(&sandbox, "").ok();
    sandbox.run("show okx/main").ok().prints("old api_secret      ********0006").never_says("EXAMPLE-OKX");
    sandbox.run("show okx/main --json").ok().never_says("EXAMPLE-OKX");
    sandbox.run("show okx/main --reveal").ok().prints(OLD_SECRET);
    sandbox.run("list --json").ok().never_says("EXAMPLE-OKX");
}

#[test]
fn finishing_forgets_the_old_values_and_says_who_still_has_them() {
    let sandbox = sandbox();
    begin(&sandbox, "").ok();
    let said = sandbox.run("rotate okx/main --finish").ok();
    let said = said.says("finished okx/main: the old api_key and api_secret are gone (revision 3)");
    let said = said.says("that is before the retire date").says("versions saved before still hold the old values");
    said.says("https://www.okx.com/account/my-api");
    let record = shown(&sandbox, "okx/main");
    assert_eq!((&record["previous"], &record["previous_values"]), (&Value::Null, &Value::Null));
    assert_eq!(record["values"]["api_key"], NEW_KEY);
    assert!(!sandbox.run("export strongroom").ok().text().contains(OLD_SECRET));
    sandbox.run("rotate okx/main --finish").exits(6).says("hint: strongroom rotate okx/main");
}

#[test]
fn rolling_back_brings_the_old_values_back_and_keeps_nothing_of_the_new() {
    let sandbox = sandbox();
    begin(&sandbox, "").ok();
    let said = sandbox.run("rotate okx/main --rollback").ok();
    let said = said.says("rolled back okx/main: api_key and api_secret as before, the new ones are gone (revision 3)");
    said.says("the key is as it was: never rotated, no expiry known").says("saved before still hold the new values");
    let record = shown(&sandbox, "okx/main");
    assert_eq!((&record["values"]["api_key"], &record["rotated"]), (&json!(OLD_KEY), &Value::Null));
    assert!(!sandbox.run("export strongroom").ok().text().contains(NEW_SECRET));
    sandbox.run("rotate okx/main --rollback").exits(6);
}

#[test]
fn what_was_known_of_the_old_values_stays_with_them_and_comes_back_with_them() {
    let sandbox = sandbox();
    sandbox.run("rotate okx/main --record --at 2026-01-31").ok();
    sandbox.run("set okx/main --expires 2101-01-31").ok();
    let before = shown(&sandbox, "okx/main");
    begin(&sandbox, "--expires 2102-02-28").ok();
    let during = shown(&sandbox, "okx/main");
    assert_eq!(during["previous"]["rotated"], "2026-01-31T00:00:00Z");
    assert_eq!(during["previous"]["expires"], "2101-01-31T00:00:00Z");
    let text = sandbox.run("show okx/main").ok().prints("old rotated         2026-01-31T00:00:00Z");
    text.prints("old expires         2101-01-31T00:00:00Z");
    sandbox.run("set okx/main --expires 2103-03-31").ok();
    let said = sandbox.run("rotate okx/main --rollback").ok();
    said.says("the key is as it was: rotated 2026-01-31, expires 2101-01-31").never_says("DATE");
    assert_eq!(shown(&sandbox, "okx/main"), before);
}

#[test]
fn old_values_that_expired_are_told_when_they_are_replaced_and_when_they_come_back() {
    let sandbox = sandbox();
    sandbox.run("set okx/main --expires 2026-01-31").ok();
    begin(&sandbox, "").ok().says("the old ones are kept until it is finished, and expired 2026-01-31");
    let said = sandbox.run("rotate okx/main --rollback").ok();
    let said = said.says("the key is as it was: never rotated, expired 2026-01-31");
    said.says("warning: okx/main: the old key expired 2026-01-31").says("strongroom rotate okx/main");
}

#[test]
fn half_of_a_pair_is_a_warning_where_nobody_is_asked() {
    let sandbox = sandbox();
    let told = "warning: okx/main: only the API key is new, and the secret key stays";
    for half in [json!({"api_key": NEW_KEY}), json!({"api_key": NEW_KEY, "api_secret": OLD_SECRET})] {
        sandbox.strongroom("rotate okx/main --from-json -").stdin(half.to_string()).end().ok().says(told);
        sandbox.run("rotate okx/main --rollback").ok().says("api_key as before, the new one is gone");
    }
    sandbox.write("secret", NEW_SECRET);
    let said = sandbox.run("rotate okx/main --file api_secret=secret").ok();
    said.says("only the secret key is new, and the API key stays");
    sandbox.run("rotate okx/main --rollback").ok();
    begin(&sandbox, "").ok().never_says("only");
    sandbox.run("rotate okx/main --rollback").ok();
    let other = json!({"api_passphrase": "EXAMPLE-OTHER"}).to_string();
    sandbox.strongroom("rotate okx/main --from-json -").stdin(other).end().ok().never_says("only");
}

#[test]
fn a_second_rotation_has_to_wait_for_the_end_of_the_first() {
    let sandbox = sandbox();
    begin(&sandbox, "").ok();
    let refused = begin(&sandbox, "").exits(7).says("the rotation of okx/main is not finished");
    refused.says("hint: strongroom rotate okx/main --finish").says("hint: strongroom rotate okx/main --rollback");
    sandbox.run("rotate okx/main --record").exits(7);
    assert_eq!(begin(&sandbox, "--json").exits(7).error_kind(), "rotation-unfinished");
    assert_eq!(shown(&sandbox, "okx/main")["previous_values"]["api_key"], OLD_KEY);
}

#[test]
fn values_that_are_there_already_are_no_rotation() {
    let sandbox = sandbox();
    for same in [json!({"api_key": OLD_KEY}), json!({})] {
        let run = sandbox.strongroom("rotate okx/main --from-json -").stdin(same.to_string()).end();
        run.exits(7).says("nothing would be rotated").says("strongroom rotate okx/main --record");
    }
    let other = json!({"token": "EXAMPLE"}).to_string();
    let run = sandbox.strongroom("rotate okx/main --from-json -").stdin(other).end();
    let run = run.exits(6).says("okx/main has no field token").says("hint: strongroom show okx/main");
    run.says("strongroom set okx/main token");
    let empty = json!({"api_key": ""}).to_string();
    sandbox.strongroom("rotate okx/main --from-json -").stdin(empty).end().exits(2).says("api_key is empty");
    assert_eq!(sandbox.run("info --json").ok().json()["revision"], 1);
}

#[test]
fn the_expiry_of_the_old_key_does_not_stay_and_only_what_is_given_changes() {
    let sandbox = sandbox();
    sandbox.run("set okx/main --expires 2101-01-31 --permission read --tag hot --ip 203.0.113.7").ok();
    begin(&sandbox, "").ok().says("the date was that of the old one").says("strongroom set okx/main --expires DATE");
    let record = shown(&sandbox, "okx/main");
    assert_eq!(record["expires"], Value::Null);
    assert_eq!((&record["permissions"], &record["tags"]), (&json!(["read"]), &json!(["hot"])));
    sandbox.run("rotate okx/main --finish").ok();
    let new = json!({"api_key": "EXAMPLE-THIRD", "ip_allowlist": []}).to_string();
    sandbox.strongroom("rotate okx/main --from-json - --expires 2102-02-28").stdin(new).end().ok();
    let record = shown(&sandbox, "okx/main");
    assert_eq!((&record["expires"], &record["ip_allowlist"]), (&json!("2102-02-28T00:00:00Z"), &json!([])));
}

#[test]
fn old_values_are_kept_as_long_as_one_says_but_not_beyond_their_own_expiry() {
    let sandbox = sandbox();
    let retire = |sandbox: &Sandbox| shown(sandbox, "okx/main")["previous"]["retire"].as_str().map(str::to_owned);
    begin(&sandbox, "--retire 2101-01-31").ok();
    assert_eq!(retire(&sandbox).as_deref(), Some("2101-01-31T00:00:00Z"));
    sandbox.run("rotate okx/main --rollback").ok();
    sandbox.run("set okx/main --expires 2100-01-31").ok();
    begin(&sandbox, "--retire 2101-01-31").ok();
    assert_eq!(retire(&sandbox).as_deref(), Some("2100-01-31T00:00:00Z"));
    sandbox.run("rotate okx/main --rollback").ok();
    begin(&sandbox, "--overlap 30").ok();
    assert!(retire(&sandbox).is_some_and(|time| time.starts_with(&date(30))));
    sandbox.run("rotate okx/main --finish").ok();
    begin(&sandbox, "--retire 2001-01-31").exits(2).says("until 2001-01-31: that is over already");
}

#[test]
fn a_rotation_that_was_done_elsewhere_is_recorded() {
    let sandbox = sandbox();
    sandbox.run("set okx/main --expires 2101-01-31").ok();
    let said = sandbox.run("rotate okx/main --record --at 2026-01-31").ok();
    said.says("recorded okx/main: its values came on 2026-01-31").says("it still expires 2101-01-31");
    assert_eq!(shown(&sandbox, "okx/main")["rotated"], "2026-01-31T00:00:00Z");
    let refused = sandbox.run("rotate okx/main --record --at 2100-01-31").exits(2);
    let refused = refused.says("the values cannot have come on 2100-01-31: that is in the future");
    refused.says("hint: strongroom rotate okx/main --record\n").says("strongroom set okx/main --expires 2100-01-31");
    assert_eq!(shown(&sandbox, "okx/main")["rotated"], "2026-01-31T00:00:00Z");
    let recorded = sandbox.run("rotate okx/main --record --at 2026-02-28 --json").ok().json();
    assert_eq!(recorded, json!({"recorded": ["okx/main"], "at": "2026-02-28T00:00:00Z"}));
}

#[test]
fn each_phase_answers_in_json() {
    let sandbox = sandbox();
    let begun = begin(&sandbox, "--retire 2101-01-31 --json").ok().json();
    assert_eq!((&begun["rotated"], &begun["fields"]), (&json!(["okx/main"]), &json!(["api_key", "api_secret"])));
    assert_eq!(begun["retire"], "2101-01-31T00:00:00Z");
    let back = sandbox.run("rotate OKX --rollback --json").ok().json();
    assert_eq!((&back["rolled_back"], &back["replaced"]), (&json!(["okx/main"]), &begun["replaced"]));
    begin(&sandbox, "").ok();
    let finished = sandbox.run("rotate okx/main --finish --json").ok().json();
    assert_eq!((&finished["finished"], &finished["fields"]), (&json!(["okx/main"]), &begun["fields"]));
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let sandbox = sandbox();
    for words in [
        "rotate",
        "rotate okx/main binance/main",
        "rotate okx/main/api_key",
        "rotate okx/*",
        "rotate env/TOKEN",
        "rotate okx/main --finish --rollback",
        "rotate okx/main --finish --overlap 3",
        "rotate okx/main --finish --file api_key=key",
        "rotate okx/main --at 2026-01-31",
        "rotate okx/main --overlap 3 --retire 2101-01-31",
        "rotate okx/main --overlap soon",
        "rotate okx/main --overlap -3",
    ] {
        sandbox.run(words).exits(2);
    }
    sandbox.run("rotate okx/main --overlap -3").exits(2).says("a number of days");
    sandbox.run("rotate okx binance --finish").exits(2).says("strongroom rotate okx --finish");
    sandbox.run("rotate okx/main").exits(2).says("nobody can be asked for okx/main api_key");
    sandbox.run("rotate kraken/main --finish").exits(6);
}

/// Four records that are late, due soon, being rotated and about to expire.
fn with_dates() -> Sandbox {
    let sandbox = sandbox();
    sandbox.run(&format!("rotate binance/main --record --at {}", date(-40))).ok();
    sandbox.run(&format!("set binance/grid --permission read,trade --rotate-after 5 --expires {}", date(90))).ok();
    begin(&sandbox, "--overlap 3").ok();
    sandbox
        .strongroom("add kraken/ro --from-json -")
        .stdin(r#"{"api_key":"EXAMPLE","permissions":["read"]}"#)
        .end()
        .ok();
    sandbox.run(&format!("set kraken/ro --expires {}", date(20))).ok();
    sandbox
}

#[test]
fn a_long_name_in_what_is_due_leaves_the_table_80_columns_and_the_command_whole() {
    let test = "a_long_name_in_what_is_due_leaves_the_table_80_columns_and_the_command_whole";
    let sandbox = Sandbox::with_vault();
    let name = format!("kraken/{}", "market-making-".repeat(6));
    let document = r#"{"api_key":"EXAMPLE","api_secret":"EXAMPLE-S","permissions":["read"],"expires":"2001-01-31"}"#;
    sandbox.strongroom(&format!("add {name} --from-json -")).stdin(document).end().ok();
    let Some(terminal) = Terminal::start(test, &sandbox, "rotate --due --key-file machine.key") else { return };
    let screen = terminal.wait("EXIT=0", 1);
    let row = screen.lines().find(|line| line.starts_with("2001-01-31")).unwrap_or_else(|| panic!("{screen}"));
    assert!(row.contains("kraken/") && row.contains("..."), "the date is whole and the name is cut: {screen}");
    drop(terminal);
    let told = sandbox.run("rotate --due").ok();
    let command = format!("the first of all:\n  strongroom rotate {name}");
    assert!(told.stderr.contains(&command), "{}", told.stderr);
}

#[test]
fn what_is_due_is_told_by_date_over_all_records() {
    let sandbox = with_dates();
    let report = sandbox.run("rotate --due").ok().says("1 of 4 late, the first of all: strongroom rotate binance/main");
    let rows: Vec<Vec<&str>> = report.text().lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let told: Vec<String> = rows[1..]
        .iter()
        .map(|row| row.iter().filter(|cell| !cell.is_empty()).copied().collect::<Vec<_>>().join("|"))
        .collect();
    assert!(told[0].ends_with("late|binance/main|30 days: permissions unknown"), "{told:?}");
    assert!(told[1].ends_with("finish in 3 days|okx/main|old values are kept"), "{told:?}");
    assert!(told[2].ends_with("rotate in 5 days|binance/grid|5 days, as it says"), "{told:?}");
    assert!(told[3].contains("renew in ") && told[3].ends_with("kraken/ro|the key expires"), "{told:?}");
    assert!(report.text().lines().all(|line| line.len() <= 80));
    let one = sandbox.run("rotate --due kraken/*").ok();
    assert_eq!(one.text().lines().count(), 2);
}

#[test]
fn what_is_due_has_a_shape_for_scripts() {
    let sandbox = with_dates();
    let report = sandbox.run("rotate --due --json").ok().json();
    let lines = report.as_array().expect("a list");
    let tasks: Vec<&str> = lines.iter().filter_map(|line| line["task"].as_str()).collect();
    assert_eq!(tasks, ["rotate", "finish", "rotate", "renew"]);
    assert!(
        (-11..=-10).contains(&lines[0]["days_left"].as_i64().expect("a number")),
        "{}: midnight may pass",
        lines[0]
    );
    assert_eq!((&lines[0]["exchange"], &lines[0]["subaccount"]), (&json!("binance"), &json!("main")));
    assert_eq!((&lines[0]["environment"], &lines[0]["rotate_after_days"]), (&json!("live"), &json!(30)));
    for name in ["due", "since"] {
        assert!(lines[0][name].as_str().is_some_and(|time| time.ends_with('Z')), "{name}");
    }
}

#[test]
fn list_and_show_tell_at_a_glance_what_needs_care() {
    let sandbox = with_dates();
    let list = sandbox.run("list").ok();
    for told in ["late", "finish in 3 days", "rotate in 5 days", "renew in ", "40 d", "AGE", "DUE"] {
        assert!(list.text().contains(told), "{told}: {}", list.text());
    }
    assert!(!list.text().contains('\u{1b}'), "colours are for terminals");
    let listed = sandbox.run("list binance/main --json").ok().json();
    assert!(listed[0]["due"].as_str().is_some_and(|time| time.starts_with(&date(-10))), "{listed}");
    assert_eq!(listed[0]["previous"], Value::Null);
    sandbox.run("show binance/main").ok().prints(&format!("due                 {}, 30 days after", date(-10)));
}

#[test]
fn a_terminal_of_80_columns_has_colours_and_the_most_needed_columns() {
    let sandbox = with_dates();
    let test = "a_terminal_of_80_columns_has_colours_and_the_most_needed_columns";
    let long = format!("add kraken/{} --from-json -", "long-name-".repeat(8));
    sandbox.strongroom(&long).stdin(r#"{"api_key":"EXAMPLE","permissions":["read","trade","transfer"]}"#).end().ok();
    let Some(terminal) = Terminal::start(test, &sandbox, "list --key-file machine.key") else { return };
    terminal.wait("EXIT=0", 1);
    let screen = terminal.screen_with_colours();
    assert!(screen.contains("\u{1b}[31mrotate ") && screen.contains("\u{1b}[33mfinish in 3 days"), "{screen:?}");
    let plain = terminal.screen();
    assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
    assert!(
        plain.contains("DUE") && plain.contains("kraken/") && plain.contains("...") && plain.contains("long-name-  "),
        "{plain}"
    );
}

#[test]
fn in_a_terminal_new_values_are_asked_for_and_the_expiry_of_the_new_key() {
    let sandbox = sandbox();
    sandbox.run("set okx/main --expires 2101-01-31").ok();
    let test = "in_a_terminal_new_values_are_asked_for_and_the_expiry_of_the_new_key";
    let Some(terminal) = Terminal::start(test, &sandbox, "rotate okx/main --key-file machine.key") else { return };
    for (question, answer) in
        [("API key, usually", NEW_KEY), ("secret key, usually", NEW_SECRET), ("passphrase, usually", "")]
    {
        terminal.wait(question, 1);
        terminal.enter(answer);
    }
    for answered in 1..=2 {
        terminal.wait("Enter it again? [Y/n]", answered);
        terminal.enter("n");
    }
    terminal.wait("The old key expires 2101-01-31. When does the new one?", 1);
    terminal.enter("2102-01-31");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains(NEW_KEY) && !screen.contains(NEW_SECRET), "{screen}");
    drop(terminal);
    let record = shown(&sandbox, "okx/main");
    assert_eq!((&record["values"]["api_key"], &record["expires"]), (&json!(NEW_KEY), &json!("2102-01-31T00:00:00Z")));
}

#[test]
fn in_a_terminal_the_other_half_of_a_pair_is_asked_for() {
    let test = "in_a_terminal_the_other_half_of_a_pair_is_asked_for";
    for (meant, active) in [(false, NEW_SECRET), (true, OLD_SECRET)] {
        let sandbox = sandbox();
        let Some(terminal) = Terminal::start(test, &sandbox, "rotate okx/main --key-file machine.key") else { return };
        for (question, answer) in
            [("API key, usually", NEW_KEY), ("secret key, usually", ""), ("passphrase, usually", "")]
        {
            terminal.wait(question, 1);
            terminal.enter(answer);
        }
        terminal.wait("Enter it again? [Y/n]", 1);
        terminal.enter("n");
        terminal.wait("Only the API key is new, and the secret key stays.", 1);
        terminal.wait("Enter the secret key too? [Y/n]", 1);
        // A secret that is pasted where the question stands is neither shown nor an answer.
        terminal.enter(NEW_SECRET);
        terminal.wait("Enter the secret key too? [Y/n]", 2);
        terminal.enter(if meant { "n" } else { "" });
        if !meant {
            terminal.wait("secret key, usually", 2);
            terminal.enter(NEW_SECRET);
            terminal.wait("Enter it again? [Y/n]", 2);
            terminal.enter("n");
        }
        let screen = terminal.wait("EXIT=0", 1);
        assert!(!screen.contains(NEW_KEY) && !screen.contains(NEW_SECRET), "{screen}");
        drop(terminal);
        let record = shown(&sandbox, "okx/main");
        assert_eq!((&record["values"]["api_key"], &record["values"]["api_secret"]), (&json!(NEW_KEY), &json!(active)));
    }
}

#[test]
fn in_a_terminal_enter_alone_everywhere_rotates_nothing() {
    let sandbox = sandbox();
    let test = "in_a_terminal_enter_alone_everywhere_rotates_nothing";
    let Some(terminal) = Terminal::start(test, &sandbox, "rotate okx/main --key-file machine.key") else { return };
    for question in ["API key, usually", "secret key, usually", "passphrase, usually"] {
        terminal.wait(question, 1);
        terminal.enter("");
    }
    let screen = terminal.wait("EXIT=7", 1);
    assert!(screen.contains("caused by: nothing was entered"), "{screen}");
}

#[test]
fn what_changed_while_somebody_was_asked_is_exit_8() {
    let sandbox = sandbox();
    let test = "what_changed_while_somebody_was_asked_is_exit_8";
    let Some(terminal) = Terminal::start(test, &sandbox, "rotate binance/main --key-file machine.key") else { return };
    terminal.wait("API key, usually", 1);
    sandbox.run("set binance/main --tag hot").ok();
    terminal.enter(NEW_KEY);
    terminal.wait("API secret, usually", 1);
    terminal.enter(NEW_SECRET);
    for answered in 1..=2 {
        terminal.wait("Enter it again? [Y/n]", answered);
        terminal.enter("n");
    }
    let screen = terminal.wait("EXIT=8", 1);
    assert!(screen.contains("changed since it was read"), "{screen}");
}

#[test]
fn what_is_said_of_the_new_key_does_not_stay_with_the_old_one() {
    let sandbox = Sandbox::with_vault();
    let keys = r#"{"api_key":"EXAMPLE-K","api_secret":"EXAMPLE-S","permissions":["read","withdraw"]}"#;
    sandbox.strongroom("add kraken/cold --from-json -").stdin(keys).end().ok();
    let new =
        r#"{"api_key":"EXAMPLE-N","api_secret":"EXAMPLE-T","permissions":["read"],"ip_allowlist":["203.0.113.7"]}"#;
    sandbox.strongroom("rotate kraken/cold --from-json -").stdin(new).end().ok();
    let record = sandbox.run("show kraken/cold --json").ok().json();
    assert_eq!((&record["permissions"], &record["ip_allowlist"]), (&json!(["read"]), &json!(["203.0.113.7"])));
    sandbox.run("rotate kraken/cold --rollback").ok().says("the key is as it was");
    let record = sandbox.run("show kraken/cold --json").ok().json();
    assert_eq!((&record["permissions"], &record["ip_allowlist"]), (&json!(["read", "withdraw"]), &json!([])));
    sandbox.run("check kraken/cold").exits(1).prints("error     kraken/cold  withdraw-permission");
}
