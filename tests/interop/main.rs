//! What strongroom writes is read by the programs it is written for, as they are installed from their packages.
//!
//! `tests/run` installs them, in versions with hashes, and says where in `$STRONGROOM_TEST_READERS`. Each is asked by
//! one program beside this file, `*_reader.py`, which prints what it made of a file or an environment. `-- --nocapture`
//! shows the tables.

mod ccxt;
mod financepype;
mod freqtrade;
mod nautilus;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use strongroom_tests::{Run, Sandbox, repository, skip};

/// The Python that has these programs.
struct Readers {
    python: PathBuf,
}

impl Readers {
    /// The Python that can import this module; none, with a word about it, when there is none here.
    fn with(module: &str, test: &str) -> Option<Readers> {
        let Some(python) = std::env::var_os("STRONGROOM_TEST_READERS").filter(|python| !python.is_empty()) else {
            skip(test, "no Python 3.11 to 3.13 with the packages of tests/interop/requirements-readers.txt");
            return None;
        };
        let readers = Readers { python: python.into() };
        let has = Command::new(&readers.python).args(["-c", &format!("import {module}")]).output();
        if has.is_ok_and(|output| output.status.success()) {
            return Some(readers);
        }
        skip(test, &format!("the Python of $STRONGROOM_TEST_READERS has no {module}"));
        None
    }

    /// A program beside this file, to be run.
    fn run<'a>(&self, sandbox: &'a Sandbox, program: &str, words: &str) -> Run<'a> {
        sandbox.program(&self.python, "").arg(driver(program)).words(words)
    }

    /// What a program beside this file answers.
    fn ask(&self, sandbox: &Sandbox, program: &str, words: &str) -> Value {
        self.run(sandbox, program, words).end().ok().json()
    }

    /// The command that runs a program beside this file, for `strongroom run`.
    fn command(&self, program: &str) -> Vec<PathBuf> {
        vec![self.python.clone(), driver(program)]
    }
}

fn driver(program: &str) -> PathBuf {
    repository().join("tests/interop").join(program)
}

/// A vault with nothing in it.
fn empty_vault() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("passphrase", strongroom_tests::PASSPHRASE);
    sandbox.run("init --machine-key machine.key --passphrase-file passphrase --no-recovery --kdf minimum").ok();
    sandbox
}

/// A vault with these records: REF and object of fields.
fn vault_with(records: &[(&str, Value)]) -> Sandbox {
    let sandbox = empty_vault();
    for (reference, fields) in records {
        sandbox.strongroom(&format!("add {reference} --from-json -")).stdin(fields.to_string()).end().ok();
    }
    sandbox
}

/// The text in `value` at this path.
#[track_caller]
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} in {value}"))
}

/// What is at `path` in `work`, for arguments.
fn here(sandbox: &Sandbox, name: &str) -> String {
    let path: &Path = &sandbox.path(name);
    path.to_str().expect("UTF-8").to_owned()
}
