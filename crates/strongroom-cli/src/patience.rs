//! A word to whoever waits at a terminal while keys are derived.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::context::Context;

/// What takes no longer than this needs no explanation.
const SHORT: Duration = Duration::from_secs(1);

/// How often a count is shown anew.
const OFTEN: Duration = Duration::from_millis(250);

/// Does the work; when it takes over a second, says on the terminal why, and wipes that line afterwards.
///
/// `memory_kib` is what Argon2 is told to use; nothing is said without it, with `--json` or with `--no-input`.
pub fn told<T>(context: &Context, memory_kib: Option<u32>, work: impl FnOnce() -> T) -> T {
    let Some(memory_kib) = memory_kib else { return work() };
    let line = || format!("unlocking: Argon2 with {} MiB, this takes a few seconds", memory_kib / 1024);
    beside(context, line, Duration::MAX, work)
}

/// The same for work that counts its steps: it is given what to call with how many of how many are done.
pub fn counted<T>(context: &Context, what: &str, work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T) -> T {
    let (done, of) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let line = || match (done.load(Ordering::Relaxed), of.load(Ordering::Relaxed)) {
        (_, 0) => what.to_owned(),
        (done, of) => format!("{what}: {done} of {of}"),
    };
    let count = |now: usize, total: usize| {
        done.fetch_max(now, Ordering::Relaxed);
        of.store(total, Ordering::Relaxed);
    };
    beside(context, line, OFTEN, || work(&count))
}

/// Shows the line beside work that takes over a second, again and again, and wipes it afterwards.
fn beside<T>(context: &Context, line: impl Fn() -> String + Send, again: Duration, work: impl FnOnce() -> T) -> T {
    if context.json || context.no_input || !io::stderr().is_terminal() {
        return work();
    }
    let (done, wait) = mpsc::channel::<()>();
    let show = move || {
        let (mut width, mut patience) = (0, SHORT);
        // Ends when the other side is dropped.
        while wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            let text = line();
            width = text.chars().count().max(width);
            let _ = write!(io::stderr(), "\r{text:<width$}");
            patience = again;
        }
        if width > 0 {
            let _ = write!(io::stderr(), "\r{}\r", " ".repeat(width));
        }
    };
    // The scope waits: the line is gone before anything else is written.
    thread::scope(move |scope| {
        let _ = thread::Builder::new().spawn_scoped(scope, show);
        let result = work();
        drop(done);
        result
    })
}
