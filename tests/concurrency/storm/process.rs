//! One process of the storm: started, perhaps killed, and what became of it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use strongroom_tests::Sandbox;

/// Nothing in the storm takes longer; what does is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often an ordinary process is looked at, and one that is to be killed with the lock in its hand.
const POLL: Duration = Duration::from_millis(4);
const CLOSE_POLL: Duration = Duration::from_micros(500);

/// When a process is killed.
#[derive(Clone, Copy)]
pub enum Kill {
    Never,
    /// So long after its start.
    After(Duration),
    /// So long after it got the lock on the vault's directory; Linux tells.
    Holding(Duration),
}

/// Where one worker or reader runs its processes.
pub struct Place<'a> {
    pub sandbox: &'a Sandbox,
    /// Its own directory for standard streams.
    pub streams: PathBuf,
    /// Its pins.
    pub state: PathBuf,
    /// The vault's directory, as the list of locks names it.
    inode: u64,
}

/// What became of a process.
pub struct Ended {
    pub words: String,
    status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub took: Duration,
    /// Whether it was seen with the lock.
    pub held: bool,
}

impl<'a> Place<'a> {
    /// For whoever has this name, with pins in `state` of the sandbox.
    pub fn new(sandbox: &'a Sandbox, name: &str, state: &str) -> Place<'a> {
        let streams = sandbox.outside(&format!("streams-{name}"));
        fs::create_dir(&streams).expect("a directory");
        let inode = fs::metadata(sandbox.path("")).expect("a directory").ino();
        Place { sandbox, streams, state: sandbox.outside(state), inode }
    }

    /// Runs `strongroom` with these words, and kills it when told to.
    pub fn run(&self, words: &str, stdin: &str, kill: Kill) -> Ended {
        let file = |name: &str| self.streams.join(name);
        let run = self.sandbox.strongroom(words).env("XDG_STATE_HOME", self.state.to_str().expect("UTF-8"));
        let started = Instant::now();
        let mut child = run
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::from(File::create(file("out")).expect("standard output")))
            .stderr(Stdio::from(File::create(file("err")).expect("standard error")))
            .spawn()
            .expect("strongroom starts");
        // Short enough for the pipe; nobody reads it when the process fails early.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
        let (mut kill_at, mut held) = (None, false);
        if let Kill::After(delay) = kill {
            kill_at = Some(started + delay);
        }
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child to wait for") {
                break status;
            }
            if matches!(kill, Kill::Holding(_)) && !held && self.is_locked_by(child.id()) {
                held = true;
                let Kill::Holding(delay) = kill else { continue };
                kill_at = Some(Instant::now() + delay);
            }
            let now = Instant::now();
            assert!(now - started < PATIENCE, "still running after {PATIENCE:?}: {words}");
            match kill_at {
                Some(at) if at <= now => {
                    child.kill().expect("a child to kill");
                    break child.wait().expect("a child to wait for");
                }
                Some(at) => std::thread::sleep((at - now).min(POLL)),
                None if matches!(kill, Kill::Holding(_)) => std::thread::sleep(CLOSE_POLL),
                None => std::thread::sleep(POLL),
            }
        };
        Ended {
            words: words.to_owned(),
            status,
            stdout: fs::read(file("out")).expect("standard output"),
            stderr: String::from_utf8_lossy(&fs::read(file("err")).expect("standard error")).into_owned(),
            took: started.elapsed(),
            held,
        }
    }

    fn is_locked_by(&self, process: u32) -> bool {
        let (process, file) = (process.to_string(), format!(":{}", self.inode));
        let holds = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            matches!(words.as_slice(), [_, "FLOCK", _, _, id, place, ..] if *id == process && place.ends_with(&file))
        };
        fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.lines().any(holds))
    }
}

impl Ended {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn was_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }

    /// One line of what it was and said.
    pub fn account(&self) -> String {
        format!("{}: {}: {}", self.words, self.status, self.stderr.trim().replace('\n', " | "))
    }
}
