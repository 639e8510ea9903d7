//! `run` becomes the bot: same process, its signals, its exit code, and nothing of ours left in it.

use std::io::Read;
use std::process::{Command, Stdio};

use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET, Sandbox};

#[test]
fn the_bot_gets_every_record_when_none_is_named() {
    let sandbox = Sandbox::with_vault();
    let finished = sandbox.run("run -- env").ok();
    for line in [
        "BINANCE_API_KEY=EXAMPLE-BINANCE-MAIN-KEY-0001",
        "BINANCE_API_SECRET=EXAMPLE-BINANCE-MAIN-SECRET-0002",
        "BINANCE_GRID_API_KEY=EXAMPLE-BINANCE-GRID-KEY-0003",
        "OKX_API_PASSPHRASE=EXAMPLE-OKX-P",
    ] {
        assert!(finished.text().lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn the_bot_gets_only_what_is_named() {
    let sandbox = Sandbox::with_vault();
    let finished = sandbox.run("run binance/main -- env").ok().prints(BINANCE_SECRET);
    assert!(!finished.text().contains("GRID") && !finished.text().contains("OKX"));
    let finished = sandbox.run("run binance/* -- env").ok().prints("BINANCE_GRID_API_SECRET=");
    assert!(!finished.text().contains("OKX"));
}

#[test]
fn it_is_the_same_process() {
    let sandbox = Sandbox::with_vault();
    let mut child =
        sandbox.strongroom("run -- sh -c").arg("echo $$").command().stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("read");
    let id = child.id();
    assert!(child.wait().expect("an end").success());
    assert_eq!(said.trim(), id.to_string());
}

#[test]
fn exit_code_and_signal_are_the_bots() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("run -- sh -c").arg("exit 42").end().exits(42);
    sandbox.strongroom("run -- sh -c").arg("kill -TERM $$").end().dies_of(15);
}

#[test]
fn a_signal_to_us_reaches_the_bot() {
    let sandbox = Sandbox::with_vault();
    let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child =
        sandbox.strongroom("run -- sh -c").arg(script).command().stdout(Stdio::piped()).spawn().expect("it starts");
    let mut ready = [0; 6];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut ready).expect("it is ready");
    assert!(Command::new("kill").arg(child.id().to_string()).status().expect("kill runs").success());
    assert_eq!(child.wait().expect("an end").code(), Some(7));
}

#[test]
fn standard_input_is_the_bots() {
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("run -- cat").stdin("for the bot").end().ok().prints_only("for the bot");
}

#[test]
fn arguments_reach_the_bot_without_a_shell() {
    let sandbox = Sandbox::with_vault();
    let run = sandbox.strongroom("run -- printf %s|").arg("$BINANCE_API_KEY; a 'b'").arg("--json");
    run.end().ok().prints_only("$BINANCE_API_KEY; a 'b'|--json|");
}

#[test]
fn nothing_of_ours_is_left_in_its_environment() {
    let sandbox = Sandbox::with_vault();
    let run = sandbox
        .strongroom("run -- env")
        .env("STRONGROOM_PASSPHRASE", "EXAMPLE")
        .env("STRONGROOM_VAULT", "vault.strongroom");
    let finished = run.env("STRONGROOM_ANYTHING", "x").env("OTHER", "kept").end().ok().prints("OTHER=kept");
    assert!(!finished.text().lines().any(|line| line.starts_with("STRONGROOM_")), "{}", finished.text());
}

#[test]
fn the_vault_wins_over_inherited_variables_unless_told() {
    let sandbox = Sandbox::with_vault();
    let run = |words: &str| sandbox.strongroom(words).env("BINANCE_API_KEY", "EXAMPLE-INHERITED").end().ok();
    run("run -- printenv BINANCE_API_KEY").prints_only(&format!("{BINANCE_KEY}\n"));
    run("run --keep-existing -- printenv BINANCE_API_KEY").prints_only("EXAMPLE-INHERITED\n");
}

#[test]
fn our_descriptors_are_closed_and_the_callers_are_not() {
    if !cfg!(target_os = "linux") {
        return strongroom_tests::skip("our_descriptors_are_closed_and_the_callers_are_not", "needs /proc");
    }
    let sandbox = Sandbox::with_vault();
    let open = |prefix: &str, files: &str| {
        let finished = sandbox.shell(&format!("{prefix} ls /proc/self/fd {files}")).end().ok();
        finished.text().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let without = open("", "8</dev/null");
    let with = open("\"$STRONGROOM\" run --", "8</dev/null");
    assert_eq!(with, without);
    let with = open("unset STRONGROOM_KEY_FILE; \"$STRONGROOM\" run --passphrase-fd 9 --", "8</dev/null 9<passphrase");
    assert_eq!(with, without, "the descriptor the passphrase came through is ours");
}

#[test]
fn limits_are_as_they_were() {
    let sandbox = Sandbox::with_vault();
    let ask = "'ulimit -S -c; ulimit -H -c; ulimit -S -n'";
    let without = sandbox.shell(&format!("ulimit -S -c $(ulimit -H -c); sh -c {ask}")).end().ok();
    let with = sandbox.shell(&format!("ulimit -S -c $(ulimit -H -c); \"$STRONGROOM\" run -- sh -c {ask}")).end().ok();
    assert_eq!(with.text(), without.text());
}

#[test]
fn signals_are_as_they_were() {
    if !std::path::Path::new("/proc/self/status").exists() {
        return strongroom_tests::skip("signals_are_as_they_were", "needs /proc");
    }
    let sandbox = Sandbox::with_vault();
    // SIGXFSZ among them, which is handled here.
    for before in ["", "trap '' XFSZ;", "trap '' XFSZ USR1 HUP;"] {
        let without = sandbox.shell(&format!("{before} grep ^Sig[IBC] /proc/self/status")).end().ok();
        let with = format!("{before} \"$STRONGROOM\" run -- grep ^Sig[IBC] /proc/self/status");
        assert_eq!(sandbox.shell(&with).end().ok().text(), without.text(), "{before}");
    }
}

#[test]
fn the_bot_can_be_traced_again() {
    if !std::path::Path::new("/proc/self/environ").exists() {
        return strongroom_tests::skip("the_bot_can_be_traced_again", "needs /proc");
    }
    // Not dumpable is a property of our process; execve of the bot ends it.
    let sandbox = Sandbox::with_vault();
    sandbox.strongroom("run -- cat /proc/self/environ").end().ok().prints("BINANCE_API_KEY=");
}

#[test]
fn a_failure_before_the_bot_starts_starts_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.bare("run --passphrase-file wrong -- touch started").end().exits(125);
    sandbox.run("run kraken/main -- touch started").exits(125);
    assert!(!sandbox.path("started").exists());
}
