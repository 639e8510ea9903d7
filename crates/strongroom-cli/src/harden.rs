//! What this process does to itself before it holds a secret, and to its children before they start.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Limits as they were before we lowered them, for the command that `run` becomes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    #[cfg(unix)]
    core: rustix::process::Rlimit,
}

/// SIGXFSZ.
#[cfg(unix)]
const FILE_TOO_LARGE: std::ffi::c_int = rustix::process::Signal::XFSZ.as_raw();

/// No core image, and on Linux no debugger and no reading of `/proc/PID/mem` by the same user.
///
/// Nothing here can stop the program from working: a system that refuses leaves us as exposed as any other process.
pub fn harden() -> Limits {
    // A limit of file sizes is an error of the write then, and not the end of the process with its temporary file left
    // behind. Not ignored but handled, so that the command which `run` becomes finds it as it was: a handler is
    // forgotten then, and who was started with the signal ignored needs none.
    #[cfg(unix)]
    if !(hands_signals_on() && is_ignored(FILE_TOO_LARGE)) {
        let _ = signal_hook::flag::register(FILE_TOO_LARGE, Arc::default());
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let core = getrlimit(Resource::Core);
        // Only the soft limit: lowering the hard one could not be taken back for the child.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: core.maximum });
        Limits { core }
    }
    #[cfg(not(unix))]
    Limits {}
}

/// Whether this process may become another one: the others need not ask, which takes as long as reading a small vault.
#[cfg(unix)]
fn hands_signals_on() -> bool {
    std::env::args_os().any(|word| word == "run")
}

/// Whether this process was started with a signal ignored. Where the system does not tell, it was not: nobody does that
/// but nohup and the like, and with other signals.
#[cfg(unix)]
fn is_ignored(signal: std::ffi::c_int) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask & (1 << (signal - 1)) != 0
}

impl Limits {
    /// Gives the command that we become the core limit that we were started with.
    pub fn restore(self) {
        #[cfg(unix)]
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, self.core);
    }
}

static PANIC_CODE: AtomicU8 = AtomicU8::new(crate::failure::code::BUG);

/// From here on a panic ends the process with this code: in `run` the others belong to the command that it becomes.
pub fn exit_code_of_panics(code: u8) {
    PANIC_CODE.store(code, Ordering::Relaxed);
}

/// A panic is a bug: exit code 70 and where it happened, never its payload, which could hold a value.
/// [`exit_code_of_panics`] can say another code.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: this is a bug in strongroom{place}\nhint: the vault is as it was; please report what you did"
        );
        std::process::exit(i32::from(PANIC_CODE.load(Ordering::Relaxed)));
    }));
}

/// Variables that are secrets themselves, and not the names of files.
const SECRET_VARIABLES: [&str; 2] = ["STRONGROOM_KEY", "STRONGROOM_PASSPHRASE"];

/// A command without a shell and without a secret of ours in its environment.
///
/// Descriptors need no care here: the standard library opens all of them close-on-exec, and the
/// one that came by number is closed after reading.
pub fn child(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// As [`child`], and without anything else of ours: a bot has no business with where its vault is.
pub fn stranger(program: impl AsRef<OsStr>) -> Command {
    let mut command = child(program);
    for (name, _) in std::env::vars_os() {
        if is_ours(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable is one of this program's.
pub fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(strongroom::record::name::OURS.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_get_no_secret_and_strangers_nothing_of_ours() {
        let removed =
            |command: &Command, name: &str| command.get_envs().any(|(removed, to)| removed == name && to.is_none());
        assert!(SECRET_VARIABLES.iter().all(|name| removed(&child("true"), name) && removed(&stranger("true"), name)));
        assert!(is_ours(OsStr::new("STRONGROOM_PASSPHRASE")));
        assert!(!is_ours(OsStr::new("STRONGROOMS")));
        assert!(!is_ours(OsStr::new("PATH")));
    }
}
