//! A command on its stage: the world before it, and what a run without any fault makes of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_tests::{Finished, Sandbox};

use crate::calls::{self, Call, Fault, Faulted};
use crate::commands::{self, Command, Opens, Target};
use crate::state::{self, State};
use crate::world::Files;

pub struct Stage {
    pub command: &'static Command,
    pub sandbox: Sandbox,
    pub words: String,
    pub before: Files,
    pub after: Files,
    /// The vault before, if there was one, and after a run without faults.
    pub old: Option<State>,
    pub new: State,
    /// What a run without faults prints.
    pub stdout: Vec<u8>,
    pub secrets: Vec<String>,
    /// The calls of a run without faults.
    pub calls: Vec<Call>,
    logs: AtomicUsize,
}

impl Stage {
    pub fn set(command: &'static Command) -> Stage {
        let sandbox = Sandbox::in_memory();
        (command.prepare)(&sandbox);
        let words = (command.words)(&sandbox);
        let before = Files::of(&sandbox);
        let old = read(&sandbox, command, "", Opens::Old);
        let log = sandbox.outside("runs").join("calls");
        let (finished, calls) = calls::of(commands::run(&sandbox, &words), &log);
        let new = read(&sandbox, command, finished.text(), Opens::New).expect("the vault after the command");
        let after = Files::of(&sandbox);
        assert_eq!(after.strays(), Vec::<&std::path::Path>::new(), "{}", command.name);
        let secrets = commands::secrets(&sandbox);
        let stdout = finished.stdout;
        Stage { command, words, before, after, old, new, stdout, secrets, calls, sandbox, logs: AtomicUsize::new(0) }
    }

    /// Runs the command in its world with one fault.
    pub fn faulted(&self, call: &Call, fault: Fault) -> Result<Faulted, String> {
        self.before.restore(&self.sandbox);
        let log = self.sandbox.outside("runs").join(format!("{}.calls", self.logs.fetch_add(1, Ordering::Relaxed)));
        calls::with_fault(commands::run(&self.sandbox, &self.words), &log, call, fault)
    }

    /// Runs the command once more in what is there, without a fault.
    pub fn again(&self) -> Result<Finished, String> {
        commands::run(&self.sandbox, &self.words).finish()
    }

    /// The vault as it is now, opened with whatever should open this version.
    pub fn vault(&self, stdout: &str, version: Opens) -> Option<State> {
        read(&self.sandbox, self.command, stdout, version)
    }

    /// Files of `work` that a run may change or make.
    pub fn may_change(&self) -> Vec<&'static str> {
        let made = self.command.made.iter().map(|(name, _)| *name);
        let target = match self.command.target {
            Target::Vault(name) | Target::Output(name) => Some(name),
            Target::Pin => None,
        };
        made.chain(target).collect()
    }
}

/// The vault that is there, opened with the first key that should open this version.
fn read(sandbox: &Sandbox, command: &Command, stdout: &str, version: Opens) -> Option<State> {
    let path = sandbox.path(command.target.vault());
    let fits = |opens: &Opens| *opens == Opens::Both || *opens == version;
    let key = command.keys.iter().find(|(_, opens)| fits(opens)).map(|(key, _)| *key)?;
    path.exists().then(|| state::open(&path, &key.unlock(sandbox, stdout)?).ok()).flatten()
}
