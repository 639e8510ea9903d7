//! A command that has opened the vault and waits for the lock, while something happens to the vault.
//!
//! No clock: the lock is held here, and a command pins what it opened before it asks for the lock.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use strongroom_tests::{Finished, Run, Sandbox};

static HELD: AtomicUsize = AtomicUsize::new(0);

/// Runs the command to where it waits for the lock on `work`, lets this happen, and then lets it go on.
#[track_caller]
pub fn meanwhile(sandbox: &Sandbox, run: Run<'_>, happens: impl FnOnce()) -> Finished {
    let state = sandbox.outside(&format!("held-{}", HELD.fetch_add(1, Ordering::Relaxed)));
    let run = run.env("XDG_STATE_HOME", state.to_str().expect("UTF-8"));
    let lock = File::open(sandbox.path("")).expect("a directory");
    lock.lock().expect("a lock");
    thread::scope(|scope| {
        let command = scope.spawn(|| run.end());
        let pins = state.join("strongroom/pins");
        let started = Instant::now();
        while !has_pin(&pins) {
            assert!(
                !command.is_finished() && started.elapsed() < Duration::from_secs(60),
                "it did not come to the lock"
            );
            thread::sleep(Duration::from_millis(1));
        }
        happens();
        drop(lock);
        command.join().expect("a command that ends")
    })
}

fn has_pin(pins: &Path) -> bool {
    let Ok(entries) = fs::read_dir(pins) else { return false };
    entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
}

/// The vault as it is after these commands, without touching it: what another writer would put there.
pub fn version_after(sandbox: &Sandbox, commands: &[&str]) -> Vec<u8> {
    let there = format!("elsewhere-{}", HELD.fetch_add(1, Ordering::Relaxed));
    let copy = format!("{there}/vault.strongroom");
    sandbox.write(&copy, sandbox.read("vault.strongroom"));
    let state = sandbox.outside(&there);
    for command in commands {
        let run = sandbox.strongroom(command).env("XDG_STATE_HOME", state.to_str().expect("UTF-8"));
        run.arg("--vault").arg(sandbox.path(&copy)).end().ok();
    }
    let bytes = sandbox.read(&copy);
    fs::remove_dir_all(sandbox.path(&there)).expect("removed");
    bytes
}
