//! Places where one may read and not write, and files of other users.
//!
//! Permissions mean nothing to root: then `setpriv` gives the commands another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use strongroom_tests::{Run, Sandbox, have, skip, strongroom};

/// `nobody`, who owns nothing here that was not given to them.
const NOBODY: u32 = 65_534;
const GROUP: u32 = 54_242;

/// A sandbox in which commands run as somebody to whom permissions apply.
struct Subject {
    sandbox: Sandbox,
    /// Whether that is another user than the one who runs the tests.
    other: bool,
    binary: PathBuf,
    groups: String,
}

fn is_root() -> bool {
    fs::metadata("/proc/self").map_or_else(|_| have("test", "-w"), |about| about.uid() == 0)
}

impl Subject {
    /// The sample vault and its key, owned by the subject.
    fn new(test: &str) -> Option<Subject> {
        let sandbox = Sandbox::with_vault();
        let mut subject =
            Subject { sandbox, other: is_root(), binary: strongroom().to_owned(), groups: "--clear-groups".into() };
        if !subject.other {
            return Some(subject);
        }
        if !have("setpriv", "--version") {
            skip(test, "running as root, and setpriv is not here");
            return None;
        }
        for path in ["", "work", "home"] {
            let path = subject.sandbox.outside(path);
            Command::new("chmod").arg("755").arg(&path).status().expect("chmod");
            if !path.ends_with("") {
                chown(&path, Some(NOBODY), Some(NOBODY)).expect("given away");
            }
        }
        for name in ["home", "work", "work/vault.strongroom", "work/machine.key", "work/passphrase"] {
            chown(subject.sandbox.outside(name), Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        if subject.run("--version").end().code() != Some(0) {
            // What is built in root's own directories others cannot start.
            let copy = subject.sandbox.outside("strongroom");
            fs::copy(strongroom(), &copy).expect("a copy");
            subject.binary = copy;
        }
        if subject.run("list").end().code() != Some(0) {
            skip(test, "another user cannot work below the temporary directory");
            return None;
        }
        // Nothing is pinned yet.
        let _ = fs::remove_dir_all(subject.sandbox.outside("home/state"));
        Some(subject)
    }

    /// For tests that need two users.
    fn beside_another(test: &str) -> Option<Subject> {
        if !is_root() {
            skip(test, "only root can be two users");
            return None;
        }
        Subject::new(test)
    }

    fn run(&self, words: &str) -> Run<'_> {
        let key = self.sandbox.path("machine.key");
        let run = if self.other {
            let ids = format!("--reuid {NOBODY} --regid {NOBODY} {}", self.groups);
            let run = self.sandbox.program(Path::new("setpriv"), &ids).arg(&self.binary);
            words.split_whitespace().fold(run, |run, word| run.arg(word))
        } else {
            self.sandbox.program(&self.binary, words)
        };
        run.env("STRONGROOM_KEY_FILE", key.to_str().expect("UTF-8"))
    }

    /// Reading works with this many warnings; writing is exit 3 with a hint; nothing changes.
    #[track_caller]
    fn can_read_and_not_write(&self, warnings: usize) {
        let before = self.sandbox.tree();
        for words in ["list", "get binance/main/api_key", "export strongroom", "verify", "run -- true", "show okx/main"]
        {
            let finished = self.run(words).end().ok();
            assert_eq!(finished.stderr.matches("warning:").count(), warnings, "{words}: {}", finished.stderr);
        }
        for words in ["set binance/main --note new", "mv binance/grid binance/x", "rm --yes okx/main", "rekey"] {
            let finished = self.run(words).end().exits(3).says("vault.strongroom").says("hint: ");
            assert!(finished.stderr.contains("cannot "), "{}", finished.stderr);
        }
        assert!(self.sandbox.tree() == before, "nothing changed");
    }

    fn owner(&self, name: &str) -> (u32, u32) {
        let about = fs::metadata(self.sandbox.path(name)).expect("a file");
        (about.uid(), about.gid())
    }
}

#[test]
fn in_a_directory_that_cannot_be_written_reading_works_and_writing_is_exit_3() {
    let test = "in_a_directory_that_cannot_be_written_reading_works_and_writing_is_exit_3";
    let Some(subject) = Subject::new(test) else { return };
    subject.sandbox.set_mode("", 0o555);
    subject.can_read_and_not_write(0);
    // Writing in place would be possible, and would leave half a vault behind when interrupted.
    subject.sandbox.set_mode("vault.strongroom", 0o666);
    subject.can_read_and_not_write(0);
    subject.sandbox.set_mode("", 0o755);
    subject.run("set binance/main --tag mine").end().ok();
}

#[test]
fn pins_that_cannot_be_written_are_one_warning_and_nothing_stops() {
    let test = "pins_that_cannot_be_written_are_one_warning_and_nothing_stops";
    let Some(subject) = Subject::new(test) else { return };
    let home = subject.sandbox.outside("home");
    Command::new("chmod").arg("555").arg(&home).status().expect("chmod");
    for words in ["list", "run -- true", "set binance/main --tag mine", "rekey"] {
        let finished = subject.run(words).end().ok();
        assert_eq!(finished.stderr.matches("warning:").count(), 1, "{words}: {}", finished.stderr);
        finished.says("an older vault would not be noticed");
    }
    // Both at once: a bot on a host that is read-only altogether.
    subject.sandbox.set_mode("", 0o555);
    subject.can_read_and_not_write(1);
    subject.sandbox.set_mode("", 0o755);
    Command::new("chmod").arg("755").arg(&home).status().expect("chmod");
}

#[test]
fn a_vault_of_somebody_else_is_exit_3_when_private_and_opens_when_it_may_be_read() {
    let test = "a_vault_of_somebody_else_is_exit_3_when_private_and_opens_when_it_may_be_read";
    let Some(subject) = Subject::beside_another(test) else { return };
    let sandbox = &subject.sandbox;
    for name in ["", "vault.strongroom"] {
        chown(sandbox.path(name), Some(0), Some(0)).expect("taken back");
    }
    for (words, code) in [("list", 3), ("set binance/main --tag mine", 3), ("run -- true", 125)] {
        let finished = subject.run(words).end().exits(code);
        finished.says("permission denied").says("hint: see who may read it: ls -ld");
    }
    sandbox.set_mode("vault.strongroom", 0o644);
    subject.can_read_and_not_write(0);
    subject.run("doctor").end().prints("belongs to another user");
}

#[test]
fn in_a_sticky_directory_the_file_of_another_is_not_replaced() {
    let test = "in_a_sticky_directory_the_file_of_another_is_not_replaced";
    let Some(subject) = Subject::beside_another(test) else { return };
    let sandbox = &subject.sandbox;
    for name in ["", "vault.strongroom"] {
        chown(sandbox.path(name), Some(0), Some(0)).expect("taken back");
    }
    sandbox.set_mode("", 0o1777);
    sandbox.set_mode("vault.strongroom", 0o666);
    subject.can_read_and_not_write(0);
    assert_eq!(subject.owner("vault.strongroom"), (0, 0));
}

#[test]
fn a_vault_that_a_group_shares_keeps_group_and_mode_and_as_far_as_possible_its_owner() {
    let test = "a_vault_that_a_group_shares_keeps_group_and_mode_and_as_far_as_possible_its_owner";
    let Some(mut subject) = Subject::beside_another(test) else { return };
    for name in ["", "vault.strongroom"] {
        chown(subject.sandbox.path(name), Some(0), Some(GROUP)).expect("given to the group");
    }
    subject.sandbox.set_mode("", 0o2770);
    subject.sandbox.set_mode("vault.strongroom", 0o660);
    subject.groups = format!("--groups {GROUP}");
    subject.run("set binance/main --tag mine").end().ok();
    // Nobody but root can make a file another's.
    assert_eq!(subject.owner("vault.strongroom"), (NOBODY, GROUP));
    assert_eq!(subject.sandbox.mode("vault.strongroom"), 0o660);
    // The key is nobody's; root may read it, and keeps the owner.
    subject.sandbox.run("set binance/main --tag roots").ok();
    assert_eq!(subject.owner("vault.strongroom"), (NOBODY, GROUP));
    assert_eq!(subject.sandbox.mode("vault.strongroom"), 0o660);
    subject.groups = "--clear-groups".into();
    subject.run("list").end().exits(3);
}

#[test]
fn a_lock_of_another_user_is_waited_for_so_long_and_named() {
    let test = "a_lock_of_another_user_is_waited_for_so_long_and_named";
    let Some(subject) = Subject::beside_another(test) else { return };
    if !have("flock", "--version") {
        return skip(test, "flock is not here");
    }
    let sandbox = &subject.sandbox;
    chown(sandbox.path(""), Some(0), Some(0)).expect("taken back");
    // To read the directory is enough to lock it.
    let lock = |mode: u32| {
        sandbox.set_mode("", mode);
        let ready = sandbox.outside("home/ready");
        let _ = fs::remove_file(&ready);
        let ids = format!("--reuid {NOBODY} --regid {NOBODY} --clear-groups flock --no-fork --nonblock");
        let run = sandbox.program(Path::new("setpriv"), &ids).directory("/");
        let run = run.arg(sandbox.path("")).arg("sh").arg("-c").arg("touch \"$HOME/ready\"; exec sleep 100");
        let mut child = run.command().stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        while !ready.exists() && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child
    };
    let mut holder = lock(0o755);
    assert!(holder.try_wait().expect("a child").is_none(), "it has the lock");
    sandbox.run("list").ok();
    let refused = sandbox.run("set binance/main --tag mine --lock-timeout 0.05").exits(8);
    refused.says("is locked by another process").says("--lock-timeout").says("has the lock on its directory");
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    sandbox.run("set binance/main --tag mine --lock-timeout 0").ok();
    let mut refused = lock(0o711);
    assert!(refused.wait().is_ok_and(|status| !status.success()), "who cannot read the directory cannot lock it");
}

/// Mounts and file attributes that stop root too.
#[test]
fn on_a_read_only_file_system_reading_works_and_writing_is_exit_3() {
    let test = "on_a_read_only_file_system_reading_works_and_writing_is_exit_3";
    let sandbox = Sandbox::with_vault();
    let mounted = "mount --bind . . && mount -o remount,ro,bind . && cd \"$PWD\"";
    let inside = |command: &str| {
        let script = format!("{mounted} || exit 99; {command}");
        sandbox
            .program(Path::new("unshare"), "-m sh -c")
            .arg(&script)
            .env("STRONGROOM", strongroom().to_str().expect("UTF-8"))
            .env("STRONGROOM_KEY_FILE", sandbox.path("machine.key").to_str().expect("UTF-8"))
            .end()
    };
    if !is_root() || inside("true").code() != Some(0) {
        return skip(test, "nothing can be mounted here");
    }
    let before = sandbox.tree();
    inside("\"$STRONGROOM\" list").ok().prints("binance").never_says("warning");
    inside("\"$STRONGROOM\" run -- true").ok();
    for words in ["set binance/main --tag mine", "rm --yes okx/main", "rekey"] {
        let refused = inside(&format!("\"$STRONGROOM\" {words}")).exits(3);
        refused.says("read-only file system").says("hint: reading works where the vault is");
    }
    assert!(sandbox.tree() == before);
}

#[test]
fn an_immutable_vault_is_exit_3() {
    let test = "an_immutable_vault_is_exit_3";
    let sandbox = Sandbox::with_vault();
    let attribute = |change: &str, name: &str| {
        let mut command = Command::new("chattr");
        command.arg(change).arg(sandbox.path(name)).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    for name in ["vault.strongroom", ""] {
        if !attribute("+i", name) {
            return skip(test, "this file system has no such attribute for us");
        }
        let listed = sandbox.run("list");
        let refused = sandbox.run("set binance/main --tag mine");
        let left = sandbox.tree().into_keys().filter(|path| path.to_string_lossy().ends_with("-tmp")).count();
        assert!(attribute("-i", name));
        listed.ok();
        refused.exits(3).says("operation not permitted").says("hint: a save makes a new file in");
        assert_eq!(left, 0);
    }
    sandbox.run("set binance/main --tag mine").ok().says("revision 2");
}
