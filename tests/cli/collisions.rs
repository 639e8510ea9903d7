//! Two places of a vault that are one environment variable: said by the change that makes them so, and ended by the
//! commands in the hints, as they stand.

use serde_json::json;
use strongroom_tests::{Finished, Sandbox};

const TOLD: &str = "and run refuses them together";

/// With `kraken/a`, of which nothing is special.
fn with_kraken() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    add(&sandbox, "kraken/a", &json!({"api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S"}));
    sandbox
}

fn add(sandbox: &Sandbox, record: &str, document: &serde_json::Value) -> Finished {
    sandbox.strongroom(&format!("add {record} --from-json -")).stdin(document.to_string()).end().ok()
}

fn add_value(sandbox: &Sandbox, name: &str, text: &str) -> Finished {
    sandbox.strongroom(&format!("add env/{name} --stdin")).stdin(text).end().ok()
}

/// Pastes the commands of the hint that is for this, as a shell reads them; what is asked for is this text.
fn follow(sandbox: &Sandbox, refused: &Finished, purpose: &str, asked: &str) {
    let said = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: to ")?.strip_prefix(purpose));
    let commands = said.and_then(|said| said.strip_prefix(": ")).unwrap_or_else(|| panic!("{}", refused.stderr));
    for command in commands.split(" && ") {
        let words = command.strip_prefix("strongroom ").expect("a command of ours");
        let words = match words.split(' ').next() {
            Some("rm") => format!("{words} --yes"),
            Some("set") if !words.contains('=') => format!("{words} --stdin"),
            _ => words.replace("COMMAND", "true"),
        };
        sandbox.strongroom(&words).stdin(asked).end().ok();
    }
}

#[test]
fn every_change_that_makes_two_places_one_variable_says_so_once() {
    let sandbox = with_kraken();
    add_value(&sandbox, "KRAKEN_B_API_KEY", "EXAMPLE-V").never_says(TOLD);
    let told = sandbox.run("mv kraken/a kraken/b").ok();
    let told =
        told.says("KRAKEN_B_API_KEY is kraken/b/api_key and env/KRAKEN_B_API_KEY, with different values, and run");
    assert_eq!(told.unwrapped().matches(TOLD).count(), 1, "{}", told.stderr);
    // What was so before is not said again.
    sandbox.run("set kraken/b --note EXAMPLE").ok().never_says(TOLD);
    sandbox.run("mv kraken/b kraken/a").ok().never_says(TOLD);

    sandbox.run("set kraken/a --variable api_key=KRAKEN_B_API_KEY").ok().says(TOLD);
    sandbox.run("set kraken/a --variable api_key=").ok().never_says(TOLD);
    add_value(&sandbox, "KRAKEN_A_API_KEY", "EXAMPLE-K").says("with the same value, and run refuses them together");
    sandbox.run("rm env/KRAKEN_A_API_KEY --yes").ok().never_says(TOLD);
    add(&sandbox, "kraken/b", &json!({"api_key": "EXAMPLE-K2", "api_secret": "EXAMPLE-S2"})).says(TOLD);
    sandbox.run("rm kraken/b --yes").ok();

    // A rotation gives no field and no name: it only must not say again what is so.
    add_value(&sandbox, "KRAKEN_A_API_KEY", "EXAMPLE-V").says(TOLD);
    let rotate = sandbox.strongroom("rotate kraken/a --from-json -");
    rotate.stdin(r#"{"api_key":"EXAMPLE-K3","api_secret":"EXAMPLE-S3"}"#).end().ok().never_says(TOLD);
    sandbox.run("rotate kraken/a --finish").ok().never_says(TOLD);

    let editor = sandbox.script("editor", "sed -i.bak 's/KRAKEN_B_API_KEY/KRAKEN_A_API_SECRET/' \"$1\"; rm \"$1.bak\"");
    let edit = sandbox.strongroom("edit env/KRAKEN_B_API_KEY").env("EDITOR", editor.to_str().expect("UTF-8"));
    edit.end().ok().says("KRAKEN_A_API_SECRET is kraken/a/api_secret and env/KRAKEN_A_API_SECRET").says(TOLD);

    sandbox.write(
        "secrets.json",
        json!({"exchange_secrets": {"kraken": {"name": "kraken", "subaccounts": {"c":
        {"subaccount_name": "c", "api_key": "EXAMPLE-K4", "api_secret": "EXAMPLE-S4"}}}}})
        .to_string(),
    );
    add_value(&sandbox, "KRAKEN_C_API_KEY", "EXAMPLE-V");
    sandbox.run("import secrets.json").ok().says(TOLD);
    sandbox.run("rm kraken/c --yes").ok();
    sandbox.run("adopt secrets.json").ok().says(TOLD);
    let json = sandbox.run("mv kraken/c kraken/a@demo --json").ok();
    assert!(!json.stderr.contains(TOLD), "{}", json.stderr);
}

#[test]
fn a_vault_that_is_made_with_two_places_of_one_variable_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", json!({"exchange_secrets": {"okx": {"name": "okx", "subaccounts": {
        "a-b": {"subaccount_name": "a-b", "api_key": "EXAMPLE-K", "api_secret": "EXAMPLE-S", "api_passphrase": "EXAMPLE"},
        "a_b": {"subaccount_name": "a_b", "api_key": "EXAMPLE-L", "api_secret": "EXAMPLE-T", "api_passphrase": "EXAMPLE"}
    }}}}).to_string());
    let adopted = sandbox.run("adopt a.json --machine-key machine.key --no-passphrase --no-recovery").ok();
    let told = adopted.says(TOLD).unwrapped();
    assert!(told.contains("OKX_A_B_API_KEY is okx/a-b/api_key and okx/a_b/api_key"), "{told}");
    assert!(told.contains("to see 2 more like that: strongroom check"), "{told}");
}

#[test]
fn what_the_hints_say_makes_run_work() {
    for (value, purpose, asked) in [
        ("EXAMPLE-K", "remove env/KRAKEN_A_API_KEY, which is the same", ""),
        ("EXAMPLE-V", "keep what kraken/a has", ""),
        ("EXAMPLE-V", "enter what env/KRAKEN_A_API_KEY has instead", "EXAMPLE-V"),
    ] {
        let sandbox = with_kraken();
        add_value(&sandbox, "KRAKEN_A_API_KEY", value);
        let refused = sandbox.run("run -- true").exits(125);
        follow(&sandbox, &refused, purpose, asked);
        let expected = if asked.is_empty() { "EXAMPLE-K" } else { asked };
        sandbox.run("run -- printenv KRAKEN_A_API_KEY").ok().prints_only(&format!("{expected}\n"));
        assert!(!sandbox.run("list --json").ok().text().contains("KRAKEN_A_API_KEY"));
    }
    let sandbox = with_kraken();
    sandbox.run("set kraken/a --variable api_key=OKX_API_KEY").ok().says("strongroom set kraken/a --variable api_key=");
    let refused = sandbox.run("run -- true").exits(125);
    follow(&sandbox, &refused, "give api_key of kraken/a its usual name", "");
    sandbox.run("run -- printenv KRAKEN_A_API_KEY").ok();
}

#[test]
fn two_bots_that_read_one_name_are_first_told_to_run_one_at_a_time() {
    let sandbox = with_kraken();
    for record in ["kraken/a", "okx/main"] {
        sandbox.run(&format!("set {record} --variable api_key=API_KEY")).ok();
    }
    let refused = sandbox.run("run -- true").exits(125);
    let hints: Vec<&str> = refused.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    let (alone, rename) = ("strongroom run kraken/a -- COMMAND", "--variable api_key=KRAKEN_A_API_KEY");
    assert!(hints[0].ends_with(alone) && hints[1].ends_with(rename), "{}", refused.stderr);
    follow(&sandbox, &refused, "give a program one of the records", "");
    sandbox.run("export dotenv").exits(6).says("one of the records: strongroom export dotenv kraken/a\n").says(rename);
    sandbox.run("export dotenv kraken/a").ok().prints("API_KEY=EXAMPLE-K\n");
    follow(&sandbox, &refused, "give api_key of kraken/a its usual name", "");
    sandbox.run("run -- true").ok();
}

#[test]
fn no_hint_has_a_placeholder_for_a_name() {
    let sandbox = with_kraken();
    for name in ["OKX_API_KEY", "API_KEY", "KRAKEN_A_API_SECRET", "BINANCE_API_KEY"] {
        let set = sandbox.run(&format!("set kraken/a --variable api_key={name}"));
        let all = [set, sandbox.run("run -- true"), sandbox.run("export dotenv"), sandbox.run("check")];
        for said in all {
            assert!(!format!("{}{}", said.stderr, said.text()).contains("=NAME"), "{}", said.stderr);
        }
    }
}

#[test]
fn a_field_whose_usual_variable_is_another_fields_is_refused_with_commands_that_work() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("set okx/main --variable api_passphrase=OKX_PASSWORD").ok();
    sandbox.write("value", "EXAMPLE-PW");
    let before = sandbox.tree();
    let document = || r#"{"password":"EXAMPLE-PW"}"#;
    let refused = sandbox.strongroom("set okx/main password --stdin").stdin("EXAMPLE-PW").end().exits(2);
    let refused = refused.says("okx/main/api_passphrase and okx/main/password would be the same environment variable");
    refused.says("hint: if api_passphrase is meant: strongroom set okx/main api_passphrase\n");
    sandbox.run("set okx/main --file password=value").exits(2);
    sandbox.strongroom("set okx/main --from-json -").stdin(document()).end().exits(2);
    sandbox.strongroom("rotate okx/main --from-json -").stdin(document()).end().fails();
    let add = sandbox.strongroom("add okx/x --from-json - --variable api_passphrase=OKX_X_PASSWORD");
    let refused = add.stdin(r#"{"api_key":"EXAMPLE","api_passphrase":"EXAMPLE","password":"EXAMPLE"}"#).end().exits(2);
    refused.says("hint: repeat the command with --variable api_passphrase=OKX_X_API_PASSPHRASE\n");
    assert!(sandbox.tree() == before);

    let set = "set okx/main --variable api_passphrase=OKX_API_PASSPHRASE";
    sandbox
        .run("set okx/main --file password=value")
        .exits(2)
        .says(&format!("hint: to have both, first: strongroom {set}\n"));
    sandbox.run(set).ok();
    sandbox.run("set okx/main --file password=value").ok();
    sandbox.run("run -- printenv OKX_PASSWORD").ok().prints_only("EXAMPLE-PW\n");
}

#[test]
fn what_was_one_variable_before_stands_in_the_way_of_no_other_change() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("set okx/main --variable api_passphrase=OKX_PASSWORD").ok();
    let document = sandbox.run("export strongroom okx/main").ok().text().to_owned();
    sandbox.write("odd", document.replace("\"fields\": {", "\"fields\": {\"password\": \"EXAMPLE-PW\", "));
    let told = sandbox.run("import strongroom odd --replace").ok();
    let told = told.says("OKX_PASSWORD is okx/main/api_passphrase and okx/main/password, with different values");
    told.says("and run does not start a program with that");
    sandbox.run("set okx/main --note EXAMPLE").ok();
    sandbox.strongroom("set okx/main password --stdin").stdin("EXAMPLE-PW2").end().ok();
    let found = sandbox.run("check okx/main --json").exits(1).json();
    let found =
        found["findings"].as_array().and_then(|all| all.iter().find(|it| it["code"] == "same-variable")).cloned();
    let found = found.expect("it is found");
    assert_eq!(found["severity"], "error");
    assert_eq!(found["command"], "strongroom set okx/main --variable api_passphrase=OKX_API_PASSPHRASE");
    sandbox.run("set okx/main --variable api_passphrase=OKX_API_PASSPHRASE").ok();
    sandbox.run("run okx/main -- true").ok();
}

#[test]
fn edit_refuses_two_fields_of_one_usual_variable_and_warns_of_a_word_that_may_be_a_slip() {
    let sandbox = with_kraken();
    let before = sandbox.tree();
    // Once: left as it is after being told, it is given up.
    let edit = |lines: &str| {
        let script =
            format!("[ -e told ] || sed -i.bak 's/^api_key = /{lines}&/' \"$1\"; rm -f \"$1.bak\"; touch told");
        let editor = sandbox.script("editor", &script);
        let edited = sandbox.strongroom("edit kraken/a").env("EDITOR", editor.to_str().expect("UTF-8")).end();
        ["editor", "told"].iter().for_each(|name| std::fs::remove_file(sandbox.path(name)).expect("removed"));
        edited
    };
    edit("a-b = \"1\"\\\n a_b = \"2\"\\\n").exits(2).says("a-b and a_b would be the same variable");
    assert!(sandbox.tree() == before);
    let told = edit("uuid = \"1\"\\\n").ok().says("uuid is kept as a field of its own");
    told.says("strongroom set kraken/a uid --unset uuid");
    edit("x = \"1\"\\\n").ok().never_says("of its own");
}

/// A vault with `okx/main`, whose fields have names that only an import can bring.
fn with_names(names: &serde_json::Value) -> Sandbox {
    let sandbox = Sandbox::with_vault();
    let document = sandbox
        .run("export strongroom okx/main")
        .ok()
        .text()
        .replace("\"variables\": {}", &format!("\"variables\": {names}"));
    sandbox.write("named", document);
    sandbox.run("import strongroom named --replace").ok();
    sandbox
}

#[test]
fn a_name_that_a_record_has_already_stands_in_the_way_of_no_document() {
    let sandbox = with_names(&json!({"api_key": "by.bit"}));
    let set = |document: &str| sandbox.strongroom("set okx/main --from-json -").stdin(document).end();
    set(r#"{"variables":{"api_key":"by.bit"},"note":"EXAMPLE"}"#).ok();
    set(r#"{"variables":{"api_key":"by.bit","api_secret":"by.bit.secret"}}"#).exits(2).says("letters, digits and _");
    set(r#"{"variables":{"api_key":"OKX_KEY"}}"#).ok();
    set(r#"{"variables":{"api_key":"by.bit"}}"#).exits(2).says("variables, api_key: ");
}

#[test]
fn a_record_whose_variable_reaches_no_bot_is_told_with_the_command_that_changes_it() {
    let sandbox = with_names(&json!({"api_key": "STRONGROOM_X"}));
    let command = "strongroom set okx/main --variable api_key=OKX_API_KEY";
    let run = sandbox.run("run okx/main -- env").ok().says("okx/main/api_key is left out").says(command);
    assert!(!run.stderr.contains("env/STRONGROOM_X") && !run.text().contains("STRONGROOM_X"), "{}", run.stderr);
    sandbox.run("check okx/main").prints("unreachable-variable").prints(command);
    let editor = sandbox.script("editor", "sed -i.bak 's/^note.*/note = \"EXAMPLE\"/' \"$1\"; rm \"$1.bak\"");
    sandbox.strongroom("edit okx/main").env("EDITOR", editor.to_str().expect("UTF-8")).end().ok();
    sandbox.run(&command.replace("strongroom ", "")).ok();
    sandbox.run("run okx/main -- env").ok().prints("OKX_API_KEY=EXAMPLE-").never_says("left out");

    let sandbox = with_names(&json!({"api_key": "PATH"}));
    let refused = sandbox.run("run okx/main -- strongroom-no-such-command").exits(127);
    let refused = refused.says("PATH is okx/main/api_key").says(&format!("hint: {command}\n"));
    assert!(!refused.stderr.contains("env/PATH"), "{}", refused.stderr);
    sandbox.run(&command.replace("strongroom ", "")).ok();
    add_value(&sandbox, "PATH", "/nowhere");
    sandbox.run("run -- strongroom-no-such-command").exits(127).says("PATH is env/PATH").says("strongroom rm env/PATH");
}

#[test]
fn a_likely_field_that_came_as_a_value_is_given_by_the_command_in_the_notice() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("rm okx/main --yes").ok();
    let lines =
        ["OKX_API_KEY=EXAMPLE-K", "OKX_SECRET_API_KEY=1", "OKX_SECRET_API_SECRET=2", "OKX_SECRET_API_PASSPHRASE=3"];
    sandbox.write(".env", format!("{}\nOKX_SECRET_KEY=EXAMPLE-S\n", lines.join("\n")));
    let told = sandbox.run("import dotenv .env").ok().says("OKX_SECRET_KEY looks like the api_secret of okx/main");
    let command = "set okx/main api_secret --variable api_secret=OKX_SECRET_KEY && strongroom rm env/OKX_SECRET_KEY";
    assert!(told.unwrapped().contains(command), "{}", told.stderr);
    let line = told.stderr.lines().find_map(|line| line.trim().strip_prefix("strongroom set ")).expect("a command");
    let set = line.strip_suffix(" &&").expect("another behind it");
    sandbox.strongroom(&format!("set {set} --stdin")).stdin("EXAMPLE-S").end().ok();
    sandbox.run("rm env/OKX_SECRET_KEY --yes").ok();
    sandbox.run("run -- printenv OKX_SECRET_KEY").ok().prints_only("EXAMPLE-S\n");
}

#[test]
fn a_name_of_a_value_that_no_vault_stores_is_refused_before_anything_is_asked() {
    let sandbox = Sandbox::with_vault();
    let add = sandbox.bare("add env/a%2Fb --stdin --no-input").stdin("EXAMPLE").end();
    add.exits(2).says("this NAME cannot be used");
    add_value(&sandbox, "A", "EXAMPLE");
    sandbox.bare("mv env/A env/a%2Fb --no-input").end().exits(2).says("this NAME cannot be used");
}

#[test]
fn a_word_that_may_be_a_slip_is_kept_with_a_warning_and_what_is_certainly_one_is_not() {
    let sandbox = Sandbox::with_vault();
    let add = |record: &str, field: &str| {
        let document = json!({"api_key": "EXAMPLE-K", field: "EXAMPLE"}).to_string();
        sandbox.strongroom(&format!("add {record} --from-json -")).stdin(document).end()
    };
    for (number, (exchange, field, meant)) in [
        ("okx", "uuid", "uid"),
        ("okx", "guid", "uid"),
        ("okx", "tokens", "token"),
        ("okx", "passwords", "password"),
        ("somewhere-new", "passwrd", "password"),
    ]
    .into_iter()
    .enumerate()
    {
        let record = format!("{exchange}/n{number}");
        let told = add(&record, field).ok().says(&format!("{field} is kept as a field of its own"));
        told.says(&format!("strongroom set {record} {meant} --unset {field}"));
        let set = sandbox.strongroom(&format!("set {record} {field} --stdin")).stdin("EXAMPLE-2").end().ok();
        set.never_says("of its own");
        sandbox.strongroom(&format!("set {record} {meant} --unset {field} --stdin")).stdin("EXAMPLE").end().ok();
    }
    add("okx/refused", "passwrd").exits(2).says("passwrd is called password here");
    add("okx/refused", "passphrase").exits(2).says("passphrase is called api_passphrase here");
    sandbox.strongroom("set okx/main uuid --stdin").stdin("EXAMPLE").end().ok().says("if uid is meant");
}

#[test]
fn a_misspelt_environment_is_refused_by_mv_and_the_hint_repeats_the_document() {
    let sandbox = with_kraken();
    let before = sandbox.tree();
    let refused = sandbox.run("mv kraken/a kraken/a@tesnet").exits(2);
    let refused = refused.says("there is no such environment; did you mean kraken/a@testnet?");
    refused.says("hint: strongroom mv kraken/a kraken/a@testnet\n").says("strongroom mv kraken/a kraken/a%40tesnet\n");
    sandbox.write("doc", r#"{"api_key":"EXAMPLE","api_secret":"EXAMPLE"}"#);
    let refused = sandbox.run("add kraken/b@tesnet --from-json doc").exits(2);
    refused.says("hint: strongroom add kraken/b@testnet --from-json doc\n");
    let refused = sandbox.run("add kraken/b@tesnet --from-json doc --permission read").exits(2);
    refused.says("hint: repeat the command with kraken/b@testnet\n");
    std::fs::remove_file(sandbox.path("doc")).expect("removed");
    assert!(sandbox.tree() == before);
    sandbox.run("mv kraken/a kraken/a%40tesnet").ok();
    sandbox.run("mv kraken/a%40tesnet kraken/a@fund").ok().says("environments are @live, @testnet and @demo");
}
