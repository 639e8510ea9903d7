//! Whether strace can do here what the tests of faults need of it.

use std::fs;
use std::sync::OnceLock;

use crate::Sandbox;

/// Whether strace sees the paths of the program, also after that has hardened itself, and can make its calls fail.
///
/// A process that cannot be looked into shows them to root only. Without them a part of the calls is taken for
/// something else, and what depends on them would pass without having tried anything.
pub fn strace_sees_through() -> bool {
    static SEES: OnceLock<bool> = OnceLock::new();
    *SEES.get_or_init(|| {
        let sandbox = Sandbox::with_vault();
        let log = sandbox.outside("trial");
        let words = ["-qq", "-y", "-e", "trace=prctl,openat,write", "-e", "inject=write:error=EIO:when=1", "-o"];
        let words: Vec<String> = words.into_iter().chain(log.to_str()).map(str::to_owned).collect();
        if sandbox.strongroom("list").under("strace", &words).finish().is_err() {
            return false;
        }
        let seen = fs::read_to_string(log).unwrap_or_default();
        let hardened = seen.split_once("prctl(PR_SET_DUMPABLE").map(|(_, after)| after);
        hardened.is_some_and(|seen| seen.contains("vault.strongroom") && seen.contains("(INJECTED)"))
    })
}
