//! A word to whoever waits at a terminal while a passphrase is turned into a key.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::context::Context;

/// What takes no longer than this needs no explanation.
const SHORT: Duration = Duration::from_secs(1);

/// Does the work; when it takes over a second, says on the terminal why, and wipes that line afterwards.
///
/// `memory_kib` is what Argon2 is told to use; nothing is said without it, with `--json` or with `--no-input`.
pub fn told<T>(context: &Context, memory_kib: Option<u32>, work: impl FnOnce() -> T) -> T {
    let Some(memory_kib) = memory_kib.filter(|_| !context.json && !context.no_input && io::stderr().is_terminal())
    else {
        return work();
    };
    let (done, wait) = mpsc::channel::<()>();
    let teller = thread::Builder::new().spawn(move || {
        if wait.recv_timeout(SHORT) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let line = format!("unlocking: Argon2 with {} MiB, this takes a few seconds", memory_kib / 1024);
        let _ = write!(io::stderr(), "{line}");
        // Ends when the other side is dropped.
        let _ = wait.recv();
        let _ = write!(io::stderr(), "\r{}\r", " ".repeat(line.len()));
    });
    let result = work();
    drop(done);
    if let Ok(teller) = teller {
        // The line must be gone before anything else is written.
        let _ = teller.join();
    }
    result
}
