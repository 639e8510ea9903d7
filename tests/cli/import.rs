//! What comes in: formats recognised by content, all or nothing, and errors that never repeat the input.

use serde_json::json;
use strongroom_tests::{BINANCE_SECRET, Finished, SAMPLE_JSON, Sandbox};

const BINANCE_AWS: &str = r#"{"API_KEY": "EXAMPLE-AWS-KEY", "API_SECRET": "EXAMPLE-AWS-SECRET", "SUBACCOUNTS": [
  {"subaccount_name": "main", "API_KEY": "EXAMPLE-AWS-KEY", "API_SECRET": "EXAMPLE-AWS-SECRET"},
  {"subaccount_name": "hedge", "API_KEY": "EXAMPLE-AWS-KEY-2", "API_SECRET": "EXAMPLE-AWS-SECRET-2"}]}"#;

fn strings(value: &serde_json::Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

#[test]
fn import_reports_what_happened_to_each_record() {
    let sandbox = Sandbox::with_vault();
    let changed = SAMPLE_JSON.replace(BINANCE_SECRET, "EXAMPLE-BINANCE-MAIN-SECRET-NEXT").replace("grid", "swing");
    sandbox.write("next.json", changed);
    let report = sandbox.run("import json next.json --replace --json").ok().json();
    assert_eq!(strings(&report["added"]), ["binance/swing"]);
    assert_eq!(strings(&report["unchanged"]), ["okx/main"]);
    assert_eq!(strings(&report["replaced"]), ["binance/main"]);
    sandbox.run("get binance/main/api_secret").ok().prints_only("EXAMPLE-BINANCE-MAIN-SECRET-NEXT");
}

#[test]
fn a_record_with_another_value_stops_everything_unless_replace() {
    let sandbox = Sandbox::with_vault();
    let changed = SAMPLE_JSON.replace(BINANCE_SECRET, "EXAMPLE-BINANCE-MAIN-SECRET-NEXT").replace("grid", "swing");
    sandbox.write("next.json", changed);
    let before = sandbox.tree();
    sandbox.run("import json next.json").exits(6).says("binance/main").never_says("SECRET-NEXT");
    assert!(sandbox.tree() == before, "not even the new record came in");
}

#[test]
fn replacing_forgets_when_the_old_key_expires_and_says_so() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("set binance/main --expires 2101-01-31").ok();
    sandbox.write("next.json", SAMPLE_JSON.replace(BINANCE_SECRET, "EXAMPLE-BINANCE-MAIN-SECRET-NEXT"));
    let report = sandbox.run("import json next.json --replace --dry-run --json").ok().json();
    assert_eq!(strings(&report["expiry_forgotten"]), ["binance/main"]);
    sandbox.run("import json next.json --replace").ok().says("strongroom set binance/main --expires DATE");
    assert!(sandbox.run("show binance/main --json").ok().json()["expires"].is_null());
}

#[test]
fn names_from_a_file_cannot_reorder_what_the_terminal_shows() {
    let sandbox = Sandbox::with_vault();
    let strange = r#"{"okx/\u202eabc": {"apiKey": "EXAMPLE-K", "secret": "EXAMPLE-S"}}"#;
    sandbox.write("strange.json", strange);
    let notice = sandbox.run("import ccxt strange.json").ok().never_says("\u{202e}");
    notice.says("warning: strange.json: okx/?abc has no api_passphrase");
    sandbox.write("strange.json", strange.replace("EXAMPLE-K", "EXAMPLE-NEXT"));
    sandbox.run("import ccxt strange.json").exits(6).says("okx/?abc").never_says("\u{202e}");
}

#[test]
fn importing_the_same_again_writes_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let before = sandbox.tree();
    let report = sandbox.run("import secrets.json --json").ok().json();
    assert_eq!(strings(&report["unchanged"]), ["binance/grid", "binance/main", "okx/main"]);
    assert!(sandbox.tree() == before);
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("kraken.env", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-S\n");
    let before = sandbox.tree();
    let report = sandbox.run("import dotenv kraken.env --dry-run --json").ok().json();
    assert_eq!(strings(&report["added"]), ["kraken/main"]);
    assert!(sandbox.tree() == before);
}

#[test]
fn formats_are_recognised_by_content() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("plain", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-S\n");
    sandbox.run("import plain").ok();
    sandbox.run("get kraken/main/api_key").ok().prints_only("EXAMPLE-K");
    sandbox.write("secret", BINANCE_AWS);
    sandbox.run("import secret --exchange bybit").ok();
    sandbox.run("get bybit/hedge/api_secret").ok().prints_only("EXAMPLE-AWS-SECRET-2");
}

/// All of it fits a terminal, but for commands, which stay whole.
#[track_caller]
fn fits(finished: Finished) -> Finished {
    let fits = |line: &str| line.chars().count() <= 80 || line.trim_start().starts_with("strongroom ");
    assert!(finished.stderr.lines().all(fits), "{}", finished.stderr);
    finished
}

#[test]
fn what_is_none_of_the_formats_is_said_in_one_line_with_their_names() {
    let sandbox = Sandbox::with_vault();
    for (text, cause) in [
        ("just a sentence without any meaning to us", "it is no JSON, has no lines of NAME=value and is no vault"),
        (r#"{"EXAMPLE": 1}"#, "it looks like JSON, without a name that one of the formats has"),
        ("[1]", "it looks like JSON"),
        ("\u{feff} \n", "there is nothing in it"),
        ("-----BEGIN EXAMPLE KEY-----\n", "it is a key in PEM, and does not say whose"),
    ] {
        sandbox.write("nothing", text);
        let finished = fits(sandbox.run("import nothing")).exits(3).says("nothing: cannot tell what format this is");
        let finished = finished.says(cause).never_says("EXAMPLE");
        assert_eq!(finished.stderr.matches("caused by").count(), 1, "{}", finished.stderr);
        match text.len() {
            ..10 => {}
            _ if cause.contains("PEM") => drop(finished.says("strongroom add EXCHANGE --file api_secret=nothing")),
            _ => drop(finished.says("strongroom import FORMAT nothing").says("formats: dotenv, json, aws, ")),
        }
    }
    fits(sandbox.run("import toml nothing")).exits(2).says("no such format").says("formats: dotenv, json, aws, ");
}

#[test]
fn a_vault_or_a_key_that_is_taken_for_plaintext_is_called_by_its_name() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for words in ["import vault.strongroom", "import ccxt vault.strongroom", "adopt vault.strongroom"] {
        let finished = fits(sandbox.run(words)).exits(3).says("vault.strongroom is an encrypted vault, not plaintext");
        let finished = finished.never_says("UTF-8").says("hint: strongroom list --vault vault.strongroom\n");
        finished.says("hint: strongroom export strongroom --vault vault.strongroom --output out.json\n");
    }
    fits(sandbox.run("import machine.key"))
        .exits(3)
        .says("machine.key is a machine key")
        .says("--key-file machine.key");
    assert!(sandbox.tree() == before);
    // The commands do what they say.
    sandbox.run("export strongroom --vault vault.strongroom --output out.json").ok();
    sandbox.run("import strongroom out.json").ok().prints("unchanged (3 already there)");
    sandbox.write("photograph", b"\x89PNG\r\n");
    sandbox.run("import photograph").exits(3).says("photograph is not UTF-8 text");
}

#[test]
fn what_comes_on_standard_input_is_called_by_its_name_and_no_hint_names_a_file_that_is_not_there() {
    let sandbox = Sandbox::with_vault();
    let (before, vault) = (sandbox.tree(), sandbox.read("vault.strongroom"));
    let pem = b"-----BEGIN EXAMPLE KEY-----\n".to_vec();
    let key_file = b"STRONGROOM-FACTOR-1-EXAMPLE".to_vec();
    for (text, message, hint) in [
        (vault, "standard input is an encrypted vault, not plaintext", "strongroom list --vault FILE\n"),
        (sandbox.read("machine.key"), "standard input is a machine key", "--key-file FILE names it"),
        (key_file, "standard input is the key file of a passphrase", "--factor-file FILE names it"),
        (pem, "standard input: cannot tell what", "strongroom add EXCHANGE asks for it"),
    ] {
        let finished = fits(sandbox.strongroom("import -").stdin(text).end()).exits(3).says(message);
        let finished = finished.says(hint).never_says("UTF-8");
        assert_eq!(finished.stderr.contains("save it to a file first"), hint.contains("FILE"), "{}", finished.stderr);
        finished.never_says("=-").never_says(" - ").never_says("-\n");
    }
    assert!(sandbox.tree() == before);
    let photograph = sandbox.strongroom("import -").stdin(b"\x89PNG\r\n").end();
    photograph.exits(3).says("standard input is not UTF-8 text");
    // What is longer than what is read at once.
    let long = [sandbox.read("vault.strongroom"), vec![0; 20_000]].concat();
    sandbox.strongroom("import -").stdin(long).end().exits(3).says("standard input is an encrypted vault");
}

#[test]
fn one_account_under_two_names_of_its_exchange_is_told_by_both() {
    let sandbox = Sandbox::with_vault();
    let of = |exchange: &str| {
        let fields = ["API_KEY", "API_SECRET", "API_PASSPHRASE"];
        fields.map(|field| format!("{exchange}_{field}=EXAMPLE-{exchange}\n")).concat()
    };
    sandbox.write("two.env", of("OKX") + &of("OKEX"));
    let finished = fits(sandbox.run("import two.env --replace")).ok().never_says("looks like");
    finished.says("line 4: okex/main is okx/main by another name of its exchange");
    sandbox.run("get okx/main/api_key").ok().prints_only("EXAMPLE-OKX");
    sandbox.run("run -- printenv OKEX_API_KEY").ok().prints_only("EXAMPLE-OKEX\n");
    // A format without values has no place for the second.
    let account = r#"{"apiKey": "EXAMPLE-K", "secret": "EXAMPLE-S", "password": "EXAMPLE-P"}"#;
    sandbox.write("two.json", format!(r#"{{"okx": {account}, "okex": {account}}}"#));
    let before = sandbox.tree();
    let finished =
        sandbox.run("import ccxt two.json --replace").exits(3).says("okx/main and okex/main are one account");
    finished.says("in the vault it is okx/main: leave one of them out").never_says("@live");
    assert!(sandbox.tree() == before);
}

#[test]
fn what_is_said_of_an_import_fits_a_terminal_and_its_commands_are_whole() {
    let sandbox = Sandbox::with_vault();
    let long = "a-subaccount-of-a-desk-whose-name-is-long";
    let record = format!("{{\"derive/{long}\": {{\"privateKey\": \"EXAMPLE\", \"walletAddress\": \"EXAMPLE-ADDRESS\"");
    let settings = r#", "timeout": 1, "options": {"defaultType": "swap", "adjustForTimeDifference": true}}}"#;
    sandbox.write("a-file-whose-name-is-long.json", record + settings);
    let file = "import a-file-whose-name-is-long.json";
    let finished = fits(sandbox.run(file)).ok().says("settings are no credentials and not kept: timeout, ");
    assert!(finished.stderr.lines().any(|line| line.starts_with("         ")), "{}", finished.stderr);
    let exported = fits(sandbox.run(&format!("export ccxt derive/{long}"))).ok();
    exported.says("ccxt wants that key's address as signer_address");
    let text = format!("{} --json", file);
    sandbox.run(&text).ok().says("{\"warning\":\"a-file-whose-name-is-long.json: ");
    sandbox.run(&format!("set derive/{long} --expires 2101-01-31")).ok();
    let next = sandbox.read_text("a-file-whose-name-is-long.json").replace("\"EXAMPLE\"", "\"EXAMPLE-OTHER\"");
    sandbox.write("a-file-whose-name-is-long.json", next);
    let replaced = sandbox.run(&format!("{file} --replace")).ok();
    replaced.says(&format!("\n  strongroom set derive/{long} --expires DATE\n"));
}

#[test]
fn the_exchange_is_named_only_where_the_file_does_not_say_it() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.run("import secrets.json --exchange okx").exits(2).says("--exchange is not for json, which says it");
}

#[test]
fn what_was_recognised_is_said_and_what_was_named_is_not() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("bot.json", r#"{"kraken": {"apiKey": "EXAMPLE-K", "secret": "EXAMPLE-S"}}"#);
    sandbox.run("import bot.json --dry-run").ok().says("bot.json: read as ccxt");
    sandbox.run("import ccxt bot.json --dry-run").ok().never_says("read as");
    for words in ["import bot.json", "import ccxt bot.json"] {
        assert_eq!(sandbox.run(&format!("{words} --dry-run --json")).ok().json()["format"], "ccxt");
    }
    // The name of a file says nothing.
    sandbox.write("config.env", r#"{"exchange": {"name": "kraken", "key": "EXAMPLE-K", "secret": "EXAMPLE-S"}}"#);
    sandbox.run("import config.env --dry-run").ok().says("read as freqtrade");
}

#[test]
fn a_text_that_could_be_two_formats_is_a_question_with_both_commands() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("two.json", r#"{"exchange_secrets": {}, "strongroom": 1}"#);
    let finished = sandbox.run("import two.json").exits(3).says("looks like more than one format");
    finished.says("hint: strongroom import json two.json").says("hint: strongroom import strongroom two.json");
}

#[test]
fn an_object_of_ccxt_needs_the_name_of_its_exchange_and_is_told_what_ccxt_would_not_read() {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret("EXAMPLE-CCXT-KEY");
    sandbox.write("bot.json", r#"{"apikey": "EXAMPLE-CCXT-KEY", "secret": "EXAMPLE-CCXT-SECRET"}"#);
    let before = sandbox.tree();
    sandbox.run("import bot.json").exits(3).says("hint: strongroom import ccxt bot.json --exchange NAME");
    sandbox
        .run("import bot.json --exchange kraken")
        .exits(3)
        .says("apikey: ccxt would ignore this; it is spelt apiKey");
    assert!(sandbox.tree() == before);
    sandbox.write("bot.json", r#"{"apiKey": "EXAMPLE-CCXT-KEY", "secret": "EXAMPLE-CCXT-SECRET"}"#);
    sandbox.run("import bot.json --exchange kraken --environment testnet").ok();
    sandbox.run("get kraken/main@testnet/api_key").ok().prints_only("EXAMPLE-CCXT-KEY");
    sandbox.write(".env", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-S\n");
    sandbox.run("import .env --environment demo").exits(2).says("--environment is not for dotenv, which says it");
}

#[test]
fn the_aws_shape_brings_the_main_account_and_the_others() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("bybit.json", BINANCE_AWS);
    let report = sandbox.run("import aws bybit.json --exchange bybit --json").ok().json();
    assert_eq!(strings(&report["added"]), ["bybit/hedge", "bybit/main"]);
    // Without the exchange's name there is nothing to file it under.
    sandbox.run("import aws bybit.json").exits(2).says("--exchange");
}

#[test]
fn a_dotenv_is_read_by_its_grammar_without_interpolation() {
    let sandbox = Sandbox::with_vault();
    let text = concat!(
        "\u{feff}# a comment\r\n",
        "export KRAKEN_API_KEY=EXAMPLE-K # said why\r\n",
        "KRAKEN_SECRET='EXAMPLE \\' S'\r\n",
        "KRAKEN_FUTURES_API_KEY=\"EXAMPLE\\nK\"\r\n",
        "KRAKEN_FUTURES_API_SECRET=EXAMPLE#S\r\n",
        "OKX_TESTNET_API_KEY=EXAMPLE-T\r\nOKX_TESTNET_API_SECRET=EXAMPLE-TS\r\nOKX_TESTNET_PASSPHRASE=EXAMPLE-TP\r\n",
        "DATABASE_URL=postgres://${HOME}/x\r\n",
        "EMPTY=\r\n",
    );
    sandbox.write(".env", text);
    sandbox.run("import dotenv .env").ok();
    for (name, value) in [
        ("kraken/main/api_key", "EXAMPLE-K"),
        ("kraken/main/api_secret", "EXAMPLE ' S"),
        ("krakenfutures/main/api_key", "EXAMPLE\nK"),
        ("krakenfutures/main/api_secret", "EXAMPLE#S"),
        ("okx/main@testnet/api_passphrase", "EXAMPLE-TP"),
        ("env/DATABASE_URL", "postgres://${HOME}/x"),
        ("env/EMPTY", ""),
    ] {
        sandbox.run(&format!("get {name}")).ok().prints_only(value);
    }
}

#[test]
fn bare_names_in_a_dotenv_belong_to_the_exchange_that_is_named() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".env", "API_KEY=EXAMPLE-K\nAPI_SECRET=EXAMPLE-S\n");
    sandbox.run("import dotenv .env --exchange kraken").ok();
    sandbox.run("get kraken/main/api_secret").ok().prints_only("EXAMPLE-S");
}

#[test]
fn a_bad_line_is_reported_by_number_and_never_by_content() {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret("TAIL-OF-A-SECRET");
    sandbox.write(".env", "KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=\"TAIL-OF-A-SECRET\n");
    let before = sandbox.tree();
    sandbox.run("import dotenv .env").fails().says(".env").says("line 2");
    assert!(sandbox.tree() == before);

    sandbox.write("bad.json", SAMPLE_JSON.replace("\"EXAMPLE-OKX-MAIN-SECRET-0006\",", "\"TAIL-OF-A-SECRET\" oops,"));
    let before = sandbox.tree();
    sandbox.run("import json bad.json").fails().says("bad.json").says("line 25").never_says("oops");
    assert!(sandbox.tree() == before);
}

#[test]
fn a_bad_field_is_reported_by_its_path_and_never_by_content() {
    let sandbox = Sandbox::with_vault();
    for (field, text) in [
        ("api_secret", SAMPLE_JSON.replace("\"EXAMPLE-OKX-MAIN-SECRET-0006\"", "4711081500")),
        ("api_secret", SAMPLE_JSON.replace("\"api_secret\": \"EXAMPLE-OKX-MAIN-SECRET-0006\",", "")),
    ] {
        sandbox.write("bad.json", text);
        let before = sandbox.tree();
        let finished = sandbox.run("import json bad.json").fails().says("bad.json").says("okx").says(field);
        finished.never_says("4711081500");
        assert!(sandbox.tree() == before);
    }
}

#[test]
fn a_pem_key_keeps_its_newlines() {
    let sandbox = Sandbox::with_vault();
    let pem = "-----BEGIN EXAMPLE KEY-----\nAAAA\nBBBB\n-----END EXAMPLE KEY-----\n";
    let document = serde_json::json!({"exchange_secrets": {"coinbase": {"name": "coinbase", "subaccounts": {"main": {
        "subaccount_name": "main", "api_key": "organizations/EXAMPLE/apiKeys/EXAMPLE", "api_secret": pem}}}}});
    sandbox.write("coinbase.json", document.to_string());
    sandbox.run("import json coinbase.json").ok();
    sandbox.run("get coinbase/main/api_secret").ok().prints_only(pem);
}

#[test]
fn standard_input_is_a_file_too() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("import dotenv -").stdin("KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-S\n").end().ok();
    sandbox.run("get kraken/main/api_key").ok().prints_only("EXAMPLE-K");
}

#[test]
fn names_that_are_nearly_right_are_noticed() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("slips.env", "BINNANCE_API_KEY=EXAMPLE\nBINNANCE_API_SECRET=EXAMPLE\nKRAKEN_SECRETKEY=EXAMPLE\n");
    let finished = sandbox.run("import slips.env").ok();
    let finished = fits(finished).says("is it binance?");
    finished.says("line 3: KRAKEN_SECRETKEY looks like the api_secret of kraken/main");
    sandbox.write("key.env", "BINANCE_API_KEY=EXAMPLE\n");
    sandbox.run("import key.env --replace").ok().never_says("has no api_secret");
}

#[test]
fn variables_of_frameworks_come_in_as_dotenv() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("import nautilus bot.env").exits(2).says("nautilus comes in as dotenv");
    sandbox.run("import freqtrade-env bot.env").exits(2).says("with dotenv instead");
    sandbox.run("import kubernetes secret.yaml").exits(2).says("to export only");
}

#[test]
fn a_part_of_a_record_that_replaces_says_what_is_new_and_what_stays() {
    let sandbox = Sandbox::with_vault();
    sandbox.write(".env", "OKX_API_KEY=EXAMPLE-NEW-KEY\n");
    let before = sandbox.tree();
    let told = sandbox.run("import .env --replace --dry-run").ok().never_says("has no");
    let said = told.unwrapped();
    let sentence = "warning: .env: okx/main: api_key is new, and api_passphrase and api_secret stay; a key and its \
                    secret belong together:";
    assert!(said.contains(sentence), "{said}");
    assert_eq!(told.stderr.matches("warning: ").count(), 1, "{}", told.stderr);
    assert!(sandbox.tree() == before);
    let told = sandbox.run("import .env --replace").ok().prints("replaced okx/main").never_says("has no");
    assert!(told.unwrapped().contains(sentence), "{}", told.stderr);
    sandbox.run("get okx/main/api_key").ok().prints_only("EXAMPLE-NEW-KEY");
    sandbox.run("get okx/main/api_secret").ok().prints_only("EXAMPLE-OKX-MAIN-SECRET-0006");

    // The command that is told brings the other half.
    let line = told.stderr.lines().map(str::trim).find(|line| line.starts_with("strongroom set")).expect("a command");
    assert_eq!(line, "strongroom set okx/main api_secret");
    let words = format!("{} --stdin", line.trim_start_matches("strongroom "));
    sandbox.strongroom(&words).stdin("EXAMPLE-NEW-SECRET").end().ok();
    sandbox.run("import .env --replace").ok().prints("unchanged").never_says("belong together");

    // Both halves without what else is secret is no warning, and a whole record not worth a word.
    sandbox.write("pair.env", "OKX_API_KEY=EXAMPLE-K3\nOKX_API_SECRET=EXAMPLE-S3\n");
    let told = sandbox.run("import pair.env --replace").ok().never_says("warning");
    told.says("pair.env: okx/main: api_key and api_secret are new, and api_passphrase stays");
    sandbox.write("all.env", "OKX_API_KEY=EXAMPLE-K4\nOKX_API_SECRET=EXAMPLE-S4\nOKX_API_PASSPHRASE=EXAMPLE-P4\n");
    sandbox.run("import all.env --replace").ok().never_says("stay");
    let whole = sandbox.run("export strongroom okx/main").ok().text().replace("EXAMPLE-K4", "EXAMPLE-K5");
    sandbox.write("whole.json", whole);
    sandbox.run("import strongroom whole.json --replace").ok().prints("replaced okx/main").never_says("stay");
}

#[test]
fn names_of_nautilus_are_of_the_accounts_that_it_means_unless_those_are_there_by_their_usual_names() {
    let text = "KRAKEN_SPOT_API_KEY=EXAMPLE\nKRAKEN_SPOT_API_SECRET=EXAMPLE-S\nKRAKEN_FUTURES_API_KEY=EXAMPLE-F\n\
                KRAKEN_FUTURES_API_SECRET=EXAMPLE-FS\nAX_API_KEY=EXAMPLE-A\nAX_API_SECRET=EXAMPLE-AS\n\
                BETFAIR_USERNAME=EXAMPLE-B\n";
    let sandbox = Sandbox::with_vault();
    sandbox.write("nautilus.env", text);
    let finished = sandbox.run("import nautilus.env").ok();
    finished.prints("added architect/main\n").prints("added kraken/main\n").prints("added krakenfutures/main\n").says(
        "KRAKEN_FUTURES_* are nautilus-trader's names of krakenfutures/main; if it is kraken/futures: \
         strongroom mv krakenfutures/main kraken/futures",
    );
    for format in ["nautilus", "dotenv"] {
        let words = format!("export {format} kraken krakenfutures architect env/BETFAIR_USERNAME");
        let written = sandbox.run(&words).ok();
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(written.text()), sorted(text), "{format}: its own names are kept");
    }
    let other = Sandbox::with_vault();
    other.write("both.env", format!("{text}KRAKEN_API_KEY=EXAMPLE-K\nKRAKEN_API_SECRET=EXAMPLE-KS\n"));
    other.run("import both.env").ok().prints("added kraken/main\n").prints("added kraken/spot\n");
}

#[test]
fn one_account_that_nautilus_has_no_names_for_is_left_out_by_a_command_that_works() {
    let sandbox = Sandbox::with_vault();
    let pair = r#"{"api_key":"EXAMPLE-B","api_secret":"EXAMPLE-BS"}"#;
    for name in ["okx/main", "binance/main", "binance/grid"] {
        sandbox.run(&format!("rm --yes {name}")).ok();
    }
    for name in ["binance", "betfair", "tardis"] {
        sandbox.strongroom(&format!("add {name} --from-json -")).stdin(pair).end().ok();
    }
    let refused = sandbox.run("export nautilus").exits(6).says("nautilus-trader has no names for an account of this");
    let hint =
        refused.stderr.lines().find_map(|line| line.split_once("strongroom export nautilus")).expect("a command");
    let command = format!("export nautilus{}", hint.1);
    sandbox.run(&command).ok().prints("BINANCE_API_KEY=EXAMPLE-B\n");
}

#[test]
fn a_private_key_that_came_in_byte_for_byte_is_told_of_once_with_the_command() {
    let key = "-----BEGIN PRIVATE KEY-----\r\nEXAMPLE0\r\n-----END PRIVATE KEY-----\r\n";
    let sandbox = Sandbox::with_vault();
    let account = json!({"subaccount_name": "pem", "api_key": "EXAMPLE", "api_secret": key});
    let document = json!({"exchange_secrets": {"bybit": {"name": "bybit", "subaccounts": {"pem": account}}}});
    sandbox.write("secrets.json", document.to_string());
    let told = "check will complain; to enter it again: strongroom set bybit/pem api_secret";
    sandbox.run("import secrets.json").ok().says(told);
    sandbox.run("get bybit/pem/api_secret").ok().prints_only(key);
    // The same by hand is put right, as where it is typed.
    let canonical = key.replace('\r', "");
    for (name, form) in [("crlf", key.to_owned()), ("squeezed", canonical.trim_end().replace('\n', "\\n"))] {
        let document = json!({"api_key": "EXAMPLE", "api_secret": form}).to_string();
        sandbox.strongroom(&format!("add bybit/{name} --from-json -")).stdin(&document).end().ok();
        sandbox.run(&format!("get bybit/{name}/api_secret")).ok().prints_only(&canonical);
        sandbox.strongroom("set bybit/pem --from-json -").stdin(&document).end().ok();
        sandbox.run("get bybit/pem/api_secret").ok().prints_only(&canonical);
        sandbox.strongroom(&format!("rotate bybit/{name} --from-json -")).stdin(&document).end();
        sandbox.run(&format!("get bybit/{name}/api_secret")).ok().prints_only(&canonical);
    }
}

#[test]
fn what_needs_no_key_to_be_ccxts_is_recognised_by_all_of_its_members() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("coinmetro.json", r#"{"token": "EXAMPLE-T", "uid": "EXAMPLE-U"}"#);
    sandbox.run("import coinmetro.json --exchange coinmetro").ok().says("coinmetro.json: read as ccxt");
    sandbox.run("get coinmetro/main/token").ok().prints_only("EXAMPLE-T");
}

#[test]
fn bare_names_of_one_exchange_do_not_become_another_exchanges() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("b1.env", "API_KEY=EXAMPLE-1\nAPI_SECRET=EXAMPLE-1-S\n");
    sandbox.write("b2.env", "API_KEY=EXAMPLE-2\nAPI_SECRET=EXAMPLE-2-S\n");
    sandbox.run("import b1.env --exchange bybit").ok().prints_only("added bybit/main\n");
    let told = sandbox.run("import b2.env --exchange gate").ok().prints_only("added gate/main\n");
    told.says("API_KEY is bybit/main/api_key and gate/main/api_key").says("strongroom run bybit/main -- COMMAND");
    sandbox.run("get bybit/main/api_key").ok().prints_only("EXAMPLE-1");
    sandbox.run("get gate/main/api_key").ok().prints_only("EXAMPLE-2");
}

#[test]
fn a_variable_that_is_a_records_field_is_told_before_it_replaces_half_of_a_key() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("b1.env", "API_KEY=EXAMPLE-1\nAPI_SECRET=EXAMPLE-1-S\n");
    sandbox.run("import b1.env --exchange bybit").ok();
    sandbox.write("web.env", "API_KEY=EXAMPLE-OTHER\nPORT=8080\n");
    sandbox.run("import web.env").exits(6).says("web.env: API_KEY is the api_key of bybit/main");
    let told = sandbox.run("import web.env --replace").ok();
    told.says("API_KEY is the api_key of bybit/main").says("strongroom set bybit/main api_secret");
}

#[test]
fn what_a_configuration_leaves_empty_is_no_field() {
    let sandbox = Sandbox::with_vault();
    let text = r#"{"bybit": {"apiKey": "EXAMPLE-K", "secret": "EXAMPLE-S", "password": "", "uid": ""}}"#;
    sandbox.write("ccxt.json", text);
    sandbox.run("import ccxt.json").ok().prints_only("added bybit/main\n");
    let shown = sandbox.run("show bybit/main --json").ok().json();
    assert_eq!(shown["fields"], serde_json::json!(["api_key", "api_secret"]));
    sandbox.run("import ccxt.json").ok().prints("unchanged");
}
