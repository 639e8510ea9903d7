//! The system calls of a command, as strace shows them, and the faults that strace can put in their place.
//!
//! A call is known by its name and by how many of that name came before it in the process: that is how strace counts.
//! Children, such as an editor, are not followed, because a fault of theirs would be none of ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use strongroom_tests::{Finished, Run};

/// What a call does, and so which faults it can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Write,
    Sync,
    Rename,
    /// Opening for writing, also with a new name.
    Create,
    Open,
    Link,
    Unlink,
    Truncate,
    /// Makes a directory, or changes who may use a file.
    Mode,
    Lock,
    Randomness,
    /// Where the standard library's hash maps begin. The kernel gives these bytes without waiting and without errors of
    /// its own, and the library takes any other for a bug.
    Seed,
    /// Reading, and asking what is there.
    Look,
    Memory,
}

impl Class {
    /// Whether a save consists of calls like this one.
    pub fn changes_files(self) -> bool {
        use Class::{Create, Link, Mode, Rename, Sync, Truncate, Unlink, Write};
        matches!(self, Write | Sync | Rename | Create | Link | Unlink | Truncate | Mode)
    }
}

const NAMES: &[(&str, Class)] = &[
    ("write", Class::Write),
    ("pwrite64", Class::Write),
    ("writev", Class::Write),
    ("pwritev", Class::Write),
    ("pwritev2", Class::Write),
    ("sendfile", Class::Write),
    ("copy_file_range", Class::Write),
    ("splice", Class::Write),
    ("fsync", Class::Sync),
    ("fdatasync", Class::Sync),
    ("sync", Class::Sync),
    ("syncfs", Class::Sync),
    ("sync_file_range", Class::Sync),
    ("rename", Class::Rename),
    ("renameat", Class::Rename),
    ("renameat2", Class::Rename),
    ("open", Class::Open),
    ("openat", Class::Open),
    ("openat2", Class::Open),
    ("creat", Class::Create),
    ("link", Class::Link),
    ("linkat", Class::Link),
    ("symlink", Class::Link),
    ("symlinkat", Class::Link),
    ("unlink", Class::Unlink),
    ("unlinkat", Class::Unlink),
    ("rmdir", Class::Unlink),
    ("truncate", Class::Truncate),
    ("ftruncate", Class::Truncate),
    ("fallocate", Class::Truncate),
    ("mkdir", Class::Mode),
    ("mkdirat", Class::Mode),
    ("chmod", Class::Mode),
    ("fchmod", Class::Mode),
    ("fchmodat", Class::Mode),
    ("chown", Class::Mode),
    ("fchown", Class::Mode),
    ("fchownat", Class::Mode),
    ("flock", Class::Lock),
    ("fcntl", Class::Lock),
    ("getrandom", Class::Randomness),
    ("read", Class::Look),
    ("pread64", Class::Look),
    ("readv", Class::Look),
    ("stat", Class::Look),
    ("lstat", Class::Look),
    ("fstat", Class::Look),
    ("statx", Class::Look),
    ("newfstatat", Class::Look),
    ("statfs", Class::Look),
    ("access", Class::Look),
    ("readlink", Class::Look),
    ("readlinkat", Class::Look),
    ("getdents64", Class::Look),
    ("getcwd", Class::Look),
    ("lseek", Class::Look),
    ("mmap", Class::Memory),
    ("mlock", Class::Memory),
    ("mlock2", Class::Memory),
    ("madvise", Class::Memory),
];

/// One call of a command.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: &'static str,
    /// Counted from 1 in the whole process.
    pub nth: usize,
    pub class: Class,
    /// The line in which strace showed it.
    pub line: String,
}

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// This error, once.
    Once(&'static str),
    /// This error, from here to the end: a disk that stays full.
    FromHereOn(&'static str),
    /// This error, eight times in a row. An error that rightly leads to another try must end some day.
    Repeated(&'static str),
    /// Killed before the call.
    Kill,
}

/// The columns of the matrix.
pub const FAULTS: [Fault; 8] = [
    Fault::Once("EIO"),
    Fault::Once("ENOSPC"),
    Fault::Once("EDQUOT"),
    Fault::Once("EINTR"),
    Fault::Kill,
    Fault::FromHereOn("ENOSPC"),
    Fault::Repeated("EINTR"),
    Fault::Once("ENOMEM"),
];

impl Fault {
    pub fn name(self) -> String {
        match self {
            Fault::Once(error) => error.to_owned(),
            Fault::FromHereOn(error) => format!("{error}.."),
            Fault::Repeated(error) => format!("{error}x8"),
            Fault::Kill => "SIGKILL".to_owned(),
        }
    }

    /// Whether the whole matrix has it at a call of this class. What only looks has the errors that looking has.
    pub fn applies_to(self, class: Class) -> bool {
        match class {
            Class::Look => matches!(self, Fault::Once("EIO" | "EINTR")),
            Class::Memory => self == Fault::Once("ENOMEM"),
            Class::Seed => matches!(self, Fault::Once("EINTR") | Fault::Repeated("EINTR") | Fault::Kill),
            _ => self != Fault::Once("ENOMEM"),
        }
    }

    fn injection(self, call: &Call) -> String {
        let Call { name, nth, .. } = call;
        match self {
            Fault::Once(error) => format!("inject={name}:error={error}:when={nth}"),
            Fault::FromHereOn(error) => format!("inject={name}:error={error}:when={nth}+"),
            Fault::Repeated(error) => format!("inject={name}:error={error}:when={nth}..{}", nth + 7),
            Fault::Kill => format!("inject={name}:signal=KILL:when={nth}"),
        }
    }
}

/// Runs a command and lists its calls from where the program itself begins: it hardens itself first.
pub fn of(run: Run<'_>, log: &Path) -> (Finished, Vec<Call>) {
    let traced: Vec<String> = NAMES.iter().map(|(name, _)| format!("?{name}")).collect();
    let finished = run.under("strace", &strace(log, &format!("trace=prctl,?clone,?clone3,{}", traced.join(","))));
    let finished = finished.finish().expect("it ends").ok();
    let text = fs::read_to_string(log).expect("strace writes what it saw");
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut begun = false;
    for line in text.lines() {
        begun |= line.starts_with("prctl(PR_SET_DUMPABLE");
        assert!(!line.contains("CLONE_THREAD"), "with threads, calls can no longer be counted one by one: {line}");
        let Some((name, class)) = NAMES.iter().find(|(name, _)| line.split('(').next() == Some(name)) else { continue };
        let nth = counted.entry(name).or_default();
        *nth += 1;
        let Some(class) = narrowed(*class, line).filter(|_| begun) else { continue };
        calls.push(Call { name, nth: *nth, class, line: line.to_owned() });
    }
    assert!(begun, "a process that hardens itself: {text}");
    (finished, calls)
}

/// The class of this call, when it is one that the matrix is about.
fn narrowed(class: Class, line: &str) -> Option<Class> {
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| line.contains(flag));
    match class {
        Class::Open if writes => Some(Class::Create),
        Class::Randomness if line.contains("GRND_INSECURE") => Some(Class::Seed),
        // What the machine says of itself, such as how much memory there is, is read in many small pieces.
        Class::Look if ["/proc/", "/sys/"].iter().any(|place| line.contains(place)) => None,
        // Most of what fcntl does has nothing to do with files.
        Class::Lock if line.starts_with("fcntl") && !line.contains("SETLK") => None,
        _ => Some(class),
    }
}

/// What became of a run with a fault in it.
pub struct Faulted {
    pub finished: Finished,
    /// Whether the fault was met at all.
    pub hit: bool,
    /// What strace saw of the calls of that name.
    pub log: String,
}

/// Runs a command with one fault at one call.
///
/// # Errors
/// When it does not end.
pub fn with_fault(run: Run<'_>, log: &Path, call: &Call, fault: Fault) -> Result<Faulted, String> {
    let mut words = strace(log, &format!("trace={}", call.name));
    words.extend(["-e".to_owned(), fault.injection(call)]);
    let finished = run.under("strace", &words).finish()?;
    let log = fs::read_to_string(log).unwrap_or_default();
    let hit = match fault {
        Fault::Kill => finished.signal() == Some(9),
        _ => log.contains("(INJECTED)"),
    };
    Ok(Faulted { finished, hit, log })
}

fn strace(log: &Path, expression: &str) -> Vec<String> {
    ["-qq", "-y", "-o", log.to_str().expect("UTF-8"), "-e", expression].map(str::to_owned).to_vec()
}
