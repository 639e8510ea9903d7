//! What every whole-system test shares: a sandbox that runs the real binary as a stranger would.
//!
//! A sandbox has its own home and an otherwise empty environment, and no terminal. After every run it checks what
//! holds for all commands: nothing secret on standard error, no panic. The binary is `$STRONGROOM_BIN`, or built once.

mod binary;
mod encodings;
mod finished;
mod sample;
mod sandbox;
mod strace;
mod terminal;

pub use binary::{cargo_build_example, repository, strongroom};
pub use encodings::encodings;
pub use finished::Finished;
pub use sample::*;
pub use sandbox::{Run, Sandbox, Tree};
pub use strace::strace_sees_through;
pub use terminal::Terminal;

use std::io::Write;

/// Reports a test that cannot run here: on standard output, and to `tests/run`, which counts it as skipped.
pub fn skip(test: &str, reason: &str) {
    println!("SKIP {test}: {reason}");
    if let Some(list) = std::env::var_os("STRONGROOM_TEST_SKIPS") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(list);
        // One write call per line, because tests run in parallel.
        file.and_then(|mut file| file.write_all(format!("{test}: {reason}\n").as_bytes())).expect("the list of skips");
    }
}

/// Whether a program answers here.
pub fn have(program: &str, argument: &str) -> bool {
    std::process::Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}
