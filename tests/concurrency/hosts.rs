//! Hosts on which something is otherwise: no home, a state directory that is none, a clock that goes backwards.

use std::fs;
use std::path::Path;
use std::thread;

use strongroom_tests::{NEW_PASSPHRASE, Run, Sandbox, have, skip};

#[test]
fn without_a_home_everything_works_and_nothing_is_pinned() {
    let sandbox = Sandbox::with_vault();
    let homeless = |run: Run<'_>| {
        let mut command = run.command();
        for name in ["HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env_remove(name);
        }
        command.output().expect("it starts")
    };
    let before = sandbox.tree();
    for words in ["list", "run -- true", "verify"] {
        let output = homeless(sandbox.strongroom(words));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0)), "{words}: {said}");
        assert_eq!(said.matches("warning: there is no home").count(), 1, "{words}: {said}");
    }
    assert!(sandbox.tree() == before);
    assert!(homeless(sandbox.strongroom("set binance/main --tag mine")).status.success());
    assert!(!sandbox.outside("home/state").exists());
    // A relative one is to be ignored, and with it its pins.
    sandbox.strongroom("list").env("XDG_STATE_HOME", "state").end().ok();
    assert!(!sandbox.path("state").exists());
    assert!(sandbox.outside("home/.local/state/strongroom/pins").is_dir());
}

#[test]
fn a_state_directory_that_cannot_be_made_is_one_warning() {
    let sandbox = Sandbox::with_vault();
    // Where nothing can be made, and where there is no directory at all, as in a home that is /dev/null.
    for state in ["/proc/none", "/dev/null"] {
        for words in ["list", "set binance/main --tag mine", "set binance/main --tag other", "run -- true"] {
            let finished = sandbox.strongroom(words).env("XDG_STATE_HOME", state).end().ok();
            assert_eq!(finished.stderr.matches("warning:").count(), 1, "{words}: {}", finished.stderr);
            finished.says("cannot write the pin").says("an older vault would not be noticed");
        }
    }
}

/// `clock_gettime` with a shift, for the programs under test alone.
const SHIFTED_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, now);
    const char *shift = getenv("CLOCK_SHIFT");
    if (id == CLOCK_REALTIME && shift) now->tv_sec += atoll(shift);
    return result;
}
"#;

#[test]
fn a_clock_that_goes_backwards_stops_nobody() {
    let test = "a_clock_that_goes_backwards_stops_nobody";
    if !cfg!(target_os = "linux") || !have("cc", "--version") {
        return skip(test, "no C compiler is here");
    }
    let sandbox = Sandbox::with_vault();
    sandbox.write("clock.c", SHIFTED_CLOCK);
    sandbox.program(Path::new("cc"), "-shared -fPIC -o clock.so clock.c -ldl").end().ok();
    let library = sandbox.path("clock.so");
    const YEAR: i64 = 31_557_600;
    let at = |years: i64, words: &str| {
        let shift = (years * YEAR).to_string();
        let run = sandbox.strongroom(words).env("LD_PRELOAD", library.to_str().expect("UTF-8"));
        run.env("CLOCK_SHIFT", &shift).stdin(format!(r#"{{"api_key":"EXAMPLE-K{years}","api_secret":"EXAMPLE-S"}}"#))
    };
    at(20, "add kraken/main --from-json -").end().ok();
    let created = sandbox.run("show kraken/main --json").ok().json()["created"].as_str().expect("a time").to_owned();
    let year: u32 = created[..4].parse().expect("a year");
    if year < 2040 {
        // A binary that is linked statically asks the kernel itself.
        return skip(test, "the clock of the program cannot be shifted here");
    }
    // Then years back, and further than time goes.
    let mut revision = 2;
    for years in [0, -10, -50, -57, -80, 0] {
        for words in ["set kraken/main --from-json -", "rekey"] {
            at(years, words).end().ok();
            revision += 1;
            let verified = at(years, "verify --json").end().ok().json();
            assert_eq!(verified["revision"], revision, "{words} {years}");
            at(years, "list").end().ok().prints("kraken");
        }
    }
    sandbox.run("slot list").ok();
    sandbox.run("set kraken/main --tag now").ok();
}

#[test]
fn several_who_make_a_vault_at_once_make_one_and_its_key_opens_it() {
    for round in 0..4 {
        let sandbox = Sandbox::new();
        sandbox.write("new", NEW_PASSPHRASE);
        let codes: Vec<_> = thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|maker| {
                    let sandbox = &sandbox;
                    // The same key file for all, or one for each.
                    let key = if round % 2 == 0 { "machine.key".into() } else { format!("key-{maker}") };
                    scope.spawn(move || {
                        let words =
                            format!("init --passphrase-file new --machine-key {key} --no-recovery --kdf minimum");
                        (key, sandbox.bare(&words).end())
                    })
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().expect("a maker that ends")).collect()
        });
        let made: Vec<_> = codes.iter().filter(|(_, finished)| finished.code() == Some(0)).collect();
        assert_eq!(made.len(), 1, "one makes it");
        for (_, finished) in &codes {
            assert!(matches!(finished.code(), Some(0 | 3)), "{}", finished.stderr);
        }
        let key = &made[0].0;
        sandbox.bare(&format!("list --key-file {key}")).end().ok();
        let left: Vec<_> = fs::read_dir(sandbox.path("")).expect("a directory").flatten().collect();
        assert_eq!(left.len(), 3, "the vault, its key, the passphrase: {left:?}");
    }
}
