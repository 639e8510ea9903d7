//! `add` and `set` as a conversation in a real terminal: what is asked, what is noticed, and that nothing is shown.

use strongroom_tests::{Sandbox, Terminal};

const OKX_KEY: &str = "00000000-0000-0000-0000-000000000007";
const OKX_SECRET: &str = "0000000000000000000000000000EA58";
const OKX_PASSPHRASE: &str = "EXAMPLE-GUIDED-P";
/// What binance makes: 64 letters and digits.
const LONG: &str = "EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1EXAMPLE1";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n";

fn start<'a>(test: &str, sandbox: &'a Sandbox, words: &str) -> Option<Terminal<'a>> {
    for secret in [OKX_KEY, OKX_SECRET, OKX_PASSPHRASE, LONG, "EXAMPLEEXAMPLEEXAMPLE"] {
        sandbox.keep_secret(secret);
    }
    Terminal::start(test, sandbox, &format!("{words} --key-file machine.key"))
}

/// Enter at what may be skipped.
fn skip_facts(terminal: &Terminal) {
    for question in ["Letters, such as rt:", "Addresses it is accepted from", "When does it expire"] {
        terminal.wait(question, 1);
        terminal.enter("");
    }
}

#[track_caller]
fn shows_none_of(screen: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!screen.contains(secret), "shows a secret:\n{screen}");
    }
}

#[test]
fn okx_is_asked_for_in_its_own_words_and_told_what_it_does_to_keys() {
    let sandbox = Sandbox::with_vault();
    let test = "okx_is_asked_for_in_its_own_words_and_told_what_it_does_to_keys";
    let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
    let screen = terminal.wait("API key, usually a UUID:", 1);
    assert!(screen.contains("OKX asks for API key, secret key and passphrase. Keys are made here:"), "{screen}");
    assert!(screen.contains("https://www.okx.com/account/my-api"), "{screen}");
    terminal.enter(OKX_KEY);
    terminal.wait("secret key, usually 32 hexadecimal digits:", 1);
    terminal.enter(OKX_SECRET);
    terminal.wait("passphrase, usually 8 to 32 printable characters:", 1);
    terminal.enter(OKX_PASSPHRASE);
    terminal.wait("Letters, such as rt:", 1);
    terminal.enter("tx");
    terminal.wait("only the letters r, t, m and w", 1);
    terminal.enter("rt");
    let screen = terminal.wait("Addresses it is accepted from", 1);
    let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is deleted 14 days after its last use"), "told where it matters: {screen}");
    terminal.enter("203.0.113.7 and more");
    terminal.wait("networks such as 203.0.113.0/24", 1);
    terminal.enter("203.0.113.7, 203.0.113.0/24");
    terminal.wait("When does it expire", 1);
    terminal.enter("2001-01-31");
    terminal.wait("over already", 1);
    terminal.enter("2101-01-31");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(screen.contains("added okx/grid (revision 2)"), "{screen}");
    assert!(screen.contains("api_secret          ********EA58") && screen.contains("read, trade"), "masked: {screen}");
    shows_none_of(&screen, &[OKX_KEY, OKX_SECRET, OKX_PASSPHRASE]);
    drop(terminal);
    let shown = sandbox.run("show okx/grid --reveal --json").ok().json();
    assert_eq!(shown["values"]["api_passphrase"], OKX_PASSPHRASE);
    assert_eq!(shown["permissions"], serde_json::json!(["read", "trade"]));
    assert_eq!(shown["ip_allowlist"], serde_json::json!(["203.0.113.0/24", "203.0.113.7"]));
    assert_eq!(shown["expires"], "2101-01-31T00:00:00Z");
}

#[test]
fn bitmart_calls_it_memo_and_everything_else_can_be_skipped() {
    let sandbox = Sandbox::with_vault();
    let test = "bitmart_calls_it_memo_and_everything_else_can_be_skipped";
    let Some(terminal) = start(test, &sandbox, "add bitmart") else { return };
    for (question, answer) in [("access key:", "EXAMPLE-K"), ("secret key:", "EXAMPLE-S"), ("memo:", "EXAMPLE-M")] {
        terminal.wait(question, 1);
        terminal.enter(answer);
    }
    skip_facts(&terminal);
    terminal.wait("EXIT=0", 1);
    drop(terminal);
    sandbox.run("get bitmart/main/uid").ok().prints_only("EXAMPLE-M");
    assert_eq!(sandbox.run("show bitmart --json").ok().json()["permissions"], serde_json::json!([]));
}

#[test]
fn lighter_is_asked_for_the_key_of_the_wallet_and_for_what_other_programs_sign_with() {
    let sandbox = Sandbox::with_vault();
    let test = "lighter_is_asked_for_the_key_of_the_wallet_and_for_what_other_programs_sign_with";
    let Some(terminal) = start(test, &sandbox, "add lighter/bot") else { return };
    let screen = terminal.wait("private key of the wallet, usually 64 hexadecimal digits, behind 0x or not:", 1);
    let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    let others = "private key of the API key, index of the account and index of the API key";
    let said = format!("Lighter asks for private key of the wallet. Some programs take {others} too, or instead.");
    assert!(told.contains(&said), "{screen}");
    terminal.enter("");
    terminal.wait("private key of the API key, usually 80 hexadecimal digits, behind 0x or not:", 1);
    terminal.enter(&"e".repeat(80));
    terminal.wait("index of the account:", 1);
    terminal.enter("7");
    terminal.wait("index of the API key:", 1);
    terminal.enter("5");
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("left out, and") && !screen.contains("has no"), "nautilus needs no more: {screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    drop(terminal);
    let exported = sandbox.run("export nautilus lighter/bot").ok();
    exported.prints("LIGHTER_ACCOUNT_INDEX=7").prints("LIGHTER_API_KEY_INDEX=5").prints("LIGHTER_API_SECRET=eee");
    let needs = "lighter/bot has no private key of the wallet (private_key), which ccxt needs: \
                 strongroom set lighter/bot private_key";
    sandbox.run("export ccxt lighter/bot").ok().says(needs);
}

#[test]
fn what_was_said_already_is_not_asked_for_and_the_questions_are_counted() {
    let sandbox = Sandbox::with_vault();
    let test = "what_was_said_already_is_not_asked_for_and_the_questions_are_counted";
    for (name, flags, opening, questions) in [
        ("a", "--permission read --ip 203.0.113.7 --expires never", None, &[][..]),
        ("b", "--permission read --ip 203.0.113.7", Some("One question about"), &["When does it expire"]),
        ("c", "--permission read", Some("Two questions about"), &["Addresses it is accepted", "When does it expire"]),
    ] {
        let Some(terminal) = start(test, &sandbox, &format!("add bitmart/{name} {flags}")) else { return };
        for question in ["access key:", "secret key:", "memo:"] {
            terminal.wait(question, 1);
            terminal.enter(if question == "memo:" { "" } else { "EXAMPLE" });
        }
        for question in questions {
            terminal.wait(question, 1);
            terminal.enter("");
        }
        let screen = terminal.wait("EXIT=0", 1);
        match opening {
            Some(opening) => assert!(screen.contains(opening), "{screen}"),
            None => assert!(!screen.contains("about what is not secret"), "{screen}"),
        }
        assert!(
            screen.contains(&format!("bitmart/{name} has no memo (uid), which this exchange asks for")),
            "{screen}"
        );
    }
}

#[test]
fn two_that_look_swapped_are_told_in_lines_that_fit() {
    let sandbox = Sandbox::with_vault();
    let test = "two_that_look_swapped_are_told_in_lines_that_fit";
    let Some(terminal) = start(test, &sandbox, "add hyperliquid") else { return };
    terminal.wait("API (agent) wallet private key,", 1);
    terminal.enter(&format!("0x{}", "a".repeat(40)));
    terminal.wait("address of the master account", 1);
    terminal.enter(&format!("0x{}", "b".repeat(64)));
    let screen = terminal.wait("Exchange them?", 1);
    let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("look swapped: each looks like the other."), "{screen}");
    for word in ["swapped:", "looks", "other."] {
        assert!(screen.split_whitespace().any(|whole| whole == word), "no word is broken: {screen}");
    }
    terminal.interrupt();
    terminal.wait("EXIT=130", 1);
}

#[test]
fn a_pasted_private_key_becomes_canonical_and_is_never_shown() {
    let sandbox = Sandbox::with_vault();
    let test = "a_pasted_private_key_becomes_canonical_and_is_never_shown";
    let squeezed = PEM.trim_end().replace('\n', "\\n");
    let ways =
        [PEM.replace('\n', "\r\n"), format!("{squeezed}\n"), format!("{PEM}\n\nEXAMPLEEXAMPLEEXAMPLE behind it\n")];
    for (number, pasted) in ways.into_iter().enumerate() {
        let Some(terminal) = start(test, &sandbox, &format!("add binance/pem-{number}")) else { return };
        terminal.wait("API key, usually", 1);
        terminal.enter(LONG);
        terminal.wait("API secret, usually 64 letters and digits or a private key in PEM:", 1);
        terminal.paste(&pasted);
        terminal.wait("a private key in PEM, 3 lines", 1);
        skip_facts(&terminal);
        let screen = terminal.wait("EXIT=0", 1);
        shows_none_of(&screen, &[LONG, "MC4CAQ", "AAAAAAAA", "EXAMPLEEXAMPLE", "PRIVATE KEY-----"]);
        drop(terminal);
        sandbox.run(&format!("get binance/pem-{number}/api_secret")).ok().prints_only(PEM);
        assert_eq!(sandbox.run(&format!("show binance/pem-{number} --json")).ok().json()["kind"], "ed25519");
    }
}

#[test]
fn blanks_and_quotes_of_a_paste_are_left_out_only_when_that_is_meant() {
    let sandbox = Sandbox::with_vault();
    let test = "blanks_and_quotes_of_a_paste_are_left_out_only_when_that_is_meant";
    let Some(terminal) = start(test, &sandbox, "add somewhere-new") else { return };
    let screen = terminal.wait("API key:", 1);
    assert!(screen.contains("somewhere-new is not known here"), "{screen}");
    terminal.enter("  EXAMPLE-KEY\u{a0}");
    terminal.wait("Leave the blank out? [Y/n]", 1);
    terminal.enter("");
    terminal.wait("API secret:", 1);
    terminal.enter("\"EXAMPLE-SECRET\"");
    terminal.wait("Leave the quotes out? [Y/n]", 1);
    terminal.enter("n");
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    shows_none_of(&screen, &["EXAMPLE-KEY", "EXAMPLE-SECRET"]);
    drop(terminal);
    sandbox.run("get somewhere-new/main/api_key").ok().prints_only("EXAMPLE-KEY");
    sandbox.run("get somewhere-new/main/api_secret").ok().prints_only("\"EXAMPLE-SECRET\"");
}

#[test]
fn key_and_secret_in_each_others_place_are_exchanged() {
    let sandbox = Sandbox::with_vault();
    let test = "key_and_secret_in_each_others_place_are_exchanged";
    let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
    for (question, answer) in [("API key", OKX_SECRET), ("secret key", OKX_KEY), ("passphrase", OKX_PASSPHRASE)] {
        terminal.wait(&format!("{question}, usually"), 1);
        terminal.enter(answer);
    }
    let screen = terminal.wait("Exchange them? [Y/n]", 1);
    assert!(screen.contains("API key and secret key look swapped"), "{screen}");
    terminal.enter("y");
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("Enter it again"), "nothing is odd any more: {screen}");
    drop(terminal);
    sandbox.run("get okx/grid/api_key").ok().prints_only(OKX_KEY);
    sandbox.run("get okx/grid/api_secret").ok().prints_only(OKX_SECRET);
}

#[test]
fn an_odd_shape_is_told_before_anything_is_saved_and_can_be_entered_again_or_kept() {
    let sandbox = Sandbox::with_vault();
    let test = "an_odd_shape_is_told_before_anything_is_saved_and_can_be_entered_again_or_kept";
    let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
    let answers = [("API key", "EXAMPLE-SHORT"), ("secret key", "EXAMPLE-ODD"), ("passphrase", OKX_PASSPHRASE)];
    for (question, answer) in answers {
        terminal.wait(&format!("{question}, usually"), 1);
        terminal.enter(answer);
    }
    terminal.wait("API key is shorter than the usual 36 characters.", 1);
    terminal.enter("");
    terminal.wait("API key, usually", 2);
    terminal.enter(OKX_KEY);
    terminal.wait("secret key is shorter than the usual 32 characters.", 1);
    assert_eq!(sandbox.run("info --json").ok().json()["revision"], 1, "nothing is saved yet");
    terminal.enter("n");
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    shows_none_of(&screen, &[OKX_KEY, OKX_PASSPHRASE, "EXAMPLE-"]);
    drop(terminal);
    let shown = sandbox.run("show okx/grid --reveal --json").ok().json();
    let expected =
        serde_json::json!({"api_key": OKX_KEY, "api_passphrase": OKX_PASSPHRASE, "api_secret": "EXAMPLE-ODD"});
    assert_eq!(shown["values"], expected);
}

#[test]
fn control_c_anywhere_saves_nothing_and_leaves_a_terminal_that_shows_what_is_typed() {
    let sandbox = Sandbox::with_vault();
    let test = "control_c_anywhere_saves_nothing_and_leaves_a_terminal_that_shows_what_is_typed";
    let answers =
        [("API key, usually", OKX_KEY), ("secret key, usually", OKX_SECRET), ("passphrase, usually", OKX_PASSPHRASE)];
    let facts = [("Letters, such as rt:", "rt"), ("Addresses it is accepted from", ""), ("When does it expire", "")];
    let questions: Vec<_> = answers.into_iter().chain(facts).collect();
    for interrupted in 0..questions.len() {
        let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
        for (question, answer) in &questions[..interrupted] {
            terminal.wait(question, 1);
            terminal.enter(answer);
        }
        terminal.wait(questions[interrupted].0, 1);
        terminal.interrupt();
        terminal.wait("EXIT=130", 1);
        terminal.enter("shown again");
        let screen = terminal.wait("shown again", 1);
        shows_none_of(&screen, &[OKX_KEY, OKX_SECRET, OKX_PASSPHRASE]);
        assert_eq!(sandbox.run("info --json").ok().json()["revision"], 1);
    }
}

#[test]
fn control_c_within_a_paste_leaves_a_terminal_that_shows_what_is_typed() {
    let sandbox = Sandbox::with_vault();
    let test = "control_c_within_a_paste_leaves_a_terminal_that_shows_what_is_typed";
    let Some(terminal) = start(test, &sandbox, "add binance/pem") else { return };
    terminal.wait("API key, usually", 1);
    terminal.enter(LONG);
    terminal.wait("API secret, usually", 1);
    terminal.paste(PEM.split_inclusive('\n').take(2).collect::<String>().as_str());
    terminal.interrupt();
    terminal.wait("EXIT=130", 1);
    terminal.enter("shown again");
    shows_none_of(&terminal.wait("shown again", 1), &["MC4CAQ", "AAAAAAAA", "BEGIN"]);
}

#[test]
fn a_slip_in_the_name_of_an_exchange_is_a_question() {
    let sandbox = Sandbox::with_vault();
    let test = "a_slip_in_the_name_of_an_exchange_is_a_question";
    let Some(terminal) = start(test, &sandbox, "add bitmrat") else { return };
    terminal.wait("bitmrat is not known here. Did you mean bitmart? [y/N]", 1);
    terminal.enter("y");
    for question in ["access key:", "secret key:", "memo:"] {
        terminal.wait(question, 1);
        terminal.enter("EXAMPLE");
    }
    skip_facts(&terminal);
    terminal.wait("added bitmart", 1);
    terminal.wait("EXIT=0", 1);
}

#[test]
fn what_the_options_say_is_not_asked() {
    let sandbox = Sandbox::with_vault();
    let test = "what_the_options_say_is_not_asked";
    sandbox.write("key.pem", PEM.replace('\n', "\r\n"));
    let words = "add binance/pem --file api_secret=key.pem --permission read --ip 203.0.113.7 --expires never";
    let Some(terminal) = start(test, &sandbox, words) else { return };
    terminal.wait("API key, usually", 1);
    terminal.enter(LONG);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("API secret, usually") && !screen.contains("Letters"), "{screen}");
    drop(terminal);
    sandbox.run("get binance/pem/api_secret").ok().prints_only(PEM);
}

#[test]
fn set_without_fields_asks_for_all_and_keeps_what_is_left_empty() {
    let sandbox = Sandbox::with_vault();
    let test = "set_without_fields_asks_for_all_and_keeps_what_is_left_empty";
    let Some(terminal) = start(test, &sandbox, "set okx/main") else { return };
    let screen = terminal.wait("API key, usually", 1);
    assert!(screen.contains("Enter alone keeps what is there"), "{screen}");
    terminal.enter("");
    terminal.wait("secret key, usually", 1);
    terminal.enter(OKX_SECRET);
    terminal.wait("passphrase, usually", 1);
    terminal.enter("");
    terminal.wait("EXIT=0", 1);
    drop(terminal);
    sandbox.run("get okx/main/api_secret").ok().prints_only(OKX_SECRET);
    sandbox.run("get okx/main/api_passphrase").ok().prints_only(strongroom_tests::OKX_PASSPHRASE);
    sandbox.run("set okx/main").exits(2).says("nothing to set is named");
}

#[test]
fn without_a_terminal_files_are_enough_and_nothing_is_asked() {
    let sandbox = Sandbox::with_vault();
    for (name, text) in [("key", "EXAMPLE-FILE-KEY\n"), ("key.pem", &PEM.replace('\n', "\r\n"))] {
        sandbox.keep_secret(text.trim_end());
        sandbox.write(name, text);
    }
    let words = "add binance/pem --file api_key=key --file api_secret=key.pem";
    sandbox.run(words).ok().says("added binance/pem");
    sandbox.run(words).ok().says("unchanged");
    sandbox.run("get binance/pem/api_key").ok().prints_only("EXAMPLE-FILE-KEY");
    sandbox.run("get binance/pem/api_secret").ok().prints_only(PEM);
    sandbox.run("add okx/pem --file api_key=key").exits(2).says("nobody can be asked for okx/pem api_secret");
    sandbox.run("add binance/x --file api_key").exits(2);
    sandbox.run("add binance/x --file api_key=none --file api_secret=key").exits(3);
    sandbox.run("set binance/main --file api_secret=key.pem").ok();
    assert!(sandbox.run("show binance/main --json").ok().json()["rotated"].is_string());
}

#[test]
fn a_slip_in_a_permission_is_a_question_and_whoever_answers_it_has_the_last_word() {
    let sandbox = Sandbox::with_vault();
    let test = "a_slip_in_a_permission_is_a_question_and_whoever_answers_it_has_the_last_word";
    let answers = [("", serde_json::json!(["read", "withdraw"])), ("n", serde_json::json!(["read", "withdrawl"]))];
    for (answer, expected) in answers {
        let Some(terminal) = start(test, &sandbox, "set okx/main --permission read,withdrawl") else { return };
        let screen = terminal.wait("Did you mean withdraw? [Y/n]", 1);
        assert!(screen.contains("okx/main: withdrawl is no permission that is known here."), "{screen}");
        terminal.enter(answer);
        let screen = terminal.wait("EXIT=0", 1);
        assert_eq!(screen.contains("warning: "), answer == "n", "{screen}");
        drop(terminal);
        assert_eq!(sandbox.run("show okx/main --json").ok().json()["permissions"], expected);
    }
}

#[test]
fn a_word_where_letters_belong_is_understood() {
    let sandbox = Sandbox::with_vault();
    let test = "a_word_where_letters_belong_is_understood";
    let Some(terminal) = start(test, &sandbox, "add somewhere-new") else { return };
    for question in ["API key:", "API secret:"] {
        terminal.wait(question, 1);
        terminal.enter("EXAMPLE");
    }
    terminal.wait("Letters, such as rt:", 1);
    terminal.enter("withdrawl");
    terminal.wait("did you mean withdraw? only the letters r, t, m and w, please", 1);
    terminal.interrupt();
    terminal.wait("EXIT=130", 1);
}

#[test]
fn what_was_left_out_is_told_and_not_asked_for_again() {
    let sandbox = Sandbox::with_vault();
    let test = "what_was_left_out_is_told_and_not_asked_for_again";
    let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
    for (question, answer) in [("API key", OKX_KEY), ("secret key", OKX_SECRET), ("passphrase", "")] {
        terminal.wait(&format!("{question}, usually"), 1);
        terminal.enter(answer);
    }
    terminal.wait("passphrase was left out, and OKX asks for it.", 1);
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    assert!(!screen.contains("[Y/n]") && !screen.contains("again"), "{screen}");
    assert!(screen.contains("warning: okx/grid has no api_passphrase, which this exchange asks for"), "{screen}");
    assert!(screen.contains("hint: strongroom set okx/grid api_passphrase"), "{screen}");
    drop(terminal);
    let Some(terminal) = start(test, &sandbox, "set okx/grid api_passphrase") else { return };
    terminal.wait("passphrase, usually", 1);
    terminal.enter(OKX_PASSPHRASE);
    terminal.wait("EXIT=0", 1);
    drop(terminal);
    sandbox.run("get okx/grid/api_passphrase").ok().prints_only(OKX_PASSPHRASE);

    let Some(terminal) = start(test, &sandbox, "add okx/none") else { return };
    for question in ["API key", "secret key", "passphrase"] {
        terminal.wait(&format!("{question}, usually"), 1);
        terminal.enter("");
    }
    let screen = terminal.wait("EXIT=2", 1);
    assert!(screen.contains("no field has a value; nothing was added") && !screen.contains("left out,"), "{screen}");
}

#[test]
fn enter_alone_at_the_second_try_leaves_an_odd_value_out() {
    let sandbox = Sandbox::with_vault();
    let test = "enter_alone_at_the_second_try_leaves_an_odd_value_out";
    let Some(terminal) = start(test, &sandbox, "add okx/grid") else { return };
    for (question, answer) in [("API key", OKX_KEY), ("secret key", "EXAMPLE-ODD"), ("passphrase", OKX_PASSPHRASE)] {
        terminal.wait(&format!("{question}, usually"), 1);
        terminal.enter(answer);
    }
    terminal.wait("Enter it again? [Y/n]", 1);
    terminal.enter("");
    terminal.wait("secret key, usually", 2);
    terminal.enter("");
    terminal.wait("secret key was left out, and OKX asks for it.", 1);
    skip_facts(&terminal);
    terminal.wait("EXIT=0", 1);
    drop(terminal);
    sandbox.run("get okx/grid/api_secret").exits(6);
    sandbox.run("get okx/grid/api_key").ok().prints_only(OKX_KEY);

    let Some(terminal) = start(test, &sandbox, "set okx/grid api_key") else { return };
    terminal.wait("API key, usually", 1);
    terminal.enter("EXAMPLE-ODD");
    terminal.wait("Enter it again? [Y/n]", 1);
    terminal.enter("");
    terminal.wait("API key, usually", 2);
    terminal.enter("");
    let screen = terminal.wait("EXIT=0", 1);
    assert!(screen.contains("API key stays as it is.") && screen.contains("okx/grid is unchanged"), "{screen}");
    drop(terminal);
    sandbox.run("get okx/grid/api_key").ok().prints_only(OKX_KEY);
}

#[test]
fn half_a_pasted_key_says_what_is_waited_for_and_two_empty_lines_end_it() {
    let sandbox = Sandbox::with_vault();
    let test = "half_a_pasted_key_says_what_is_waited_for_and_two_empty_lines_end_it";
    let Some(terminal) = start(test, &sandbox, "add binance/pem") else { return };
    let half: String = PEM.split_inclusive('\n').take(2).collect();
    terminal.wait("API key, usually", 1);
    terminal.enter(LONG);
    terminal.wait("API secret, usually", 1);
    terminal.paste(&half);
    terminal.wait("reading until its last line, -----END ...; control-C gives up", 1);
    terminal.enter("");
    terminal.enter("");
    let screen = terminal.wait("Enter it again? [Y/n]", 1);
    assert_eq!(screen.matches("reading until").count(), 1, "said once: {screen}");
    terminal.enter("y");
    terminal.wait("API secret, usually", 2);
    terminal.paste(PEM);
    skip_facts(&terminal);
    let screen = terminal.wait("EXIT=0", 1);
    shows_none_of(&screen, &["EXAMPLEEXAMPLE", "PRIVATE KEY-----"]);
    drop(terminal);
    sandbox.run("get binance/pem/api_secret").ok().prints_only(PEM);

    // Nobody asks again for what belongs to no exchange.
    let Some(terminal) = start(test, &sandbox, "add env/KEY") else { return };
    terminal.wait("env/KEY:", 1);
    terminal.paste(&half);
    terminal.wait("reading until its last line", 1);
    terminal.enter("");
    terminal.enter("");
    let screen = terminal.wait("EXIT=2", 1);
    assert!(screen.contains("env/KEY: the pasted key has no END line; nothing was changed"), "{screen}");
}
