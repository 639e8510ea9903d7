//! A process that is stopped at each of its system calls, before the system does anything.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use nix::libc::{self, c_long};
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// A command under our eyes. Dropping it ends it.
pub struct Traced {
    child: Child,
    process: Pid,
    /// What its standard input has not given it yet. It gets a piece at each time it reads.
    input: VecDeque<Vec<u8>>,
    standard_input: Option<ChildStdin>,
    /// The command itself, and no longer the shell that waited for us.
    started: bool,
}

/// A system call that is about to be made.
pub struct Call {
    pub number: c_long,
    arguments: Vec<u64>,
    process: u32,
}

impl Traced {
    /// Starts a command, with this on its standard input, in two pieces. Its outputs go nowhere.
    ///
    /// `None` where a process may not trace another.
    pub fn start(command: &Command, input: &[u8]) -> Option<Traced> {
        let mut held = Command::new("sh");
        // It waits for a word while we attach. The rest of the input is the command's own.
        held.args(["-c", "read word; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
        held.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            held.current_dir(directory);
        }
        // A pipe, so that what is written to standard output is data; large enough for what these tests write.
        let mut child =
            held.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
        let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL;
        if ptrace::seize(process, options).is_err() {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        ptrace::interrupt(process).expect("a process that is attached");
        let mut standard_input = child.stdin.take().expect("a pipe");
        standard_input.write_all(b"go\n").expect("a shell that waits");
        let (first, second) = input.split_at(input.len() / 2);
        let input = [first, second].into_iter().filter(|piece| !piece.is_empty()).map(<[u8]>::to_vec).collect();
        Some(Traced { child, process, input, standard_input: Some(standard_input), started: false })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Goes on to the next system call. `None` when it has ended.
    pub fn next(&mut self) -> Option<Call> {
        let mut signal = None;
        loop {
            match waitpid(self.process, None).expect("a child to wait for") {
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return None,
                WaitStatus::PtraceEvent(_, _, libc::PTRACE_EVENT_EXEC) => {
                    let program = std::fs::read_link(format!("/proc/{}/exe", self.id())).expect("a program");
                    self.started = program.file_name() == Some("strongroom".as_ref());
                }
                WaitStatus::PtraceSyscall(_) => {
                    let before =
                        ptrace::syscall_info(self.process).expect("a stop").op == libc::PTRACE_SYSCALL_INFO_ENTRY;
                    if before && self.started {
                        return Some(self.call());
                    }
                }
                WaitStatus::Stopped(_, it) if it != nix::sys::signal::Signal::SIGTRAP => signal = Some(it),
                _ => {}
            }
            ptrace::syscall(self.process, signal.take()).expect("a process that stands still");
        }
    }

    /// As [`Traced::next`], from a call that was looked at.
    pub fn step(&mut self, from: &Call) -> Option<Call> {
        if from.reads_input() {
            match (self.input.pop_front(), &mut self.standard_input) {
                (Some(piece), Some(pipe)) => pipe.write_all(&piece).expect("room in a pipe"),
                _ => self.standard_input = None,
            }
        }
        ptrace::syscall(self.process, None).expect("a process that stands still");
        self.next()
    }

    fn call(&self) -> Call {
        let text =
            std::fs::read_to_string(format!("/proc/{}/syscall", self.id())).expect("a call of a process of ours");
        let mut words = text.split_whitespace();
        let number = words.next().and_then(|word| word.parse().ok()).expect("a number");
        let arguments = words.map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).expect("a number"));
        Call { number, arguments: arguments.collect(), process: self.id() }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = waitpid(self.process, None);
        let _ = self.child.wait();
    }
}

impl Call {
    /// What a descriptor that is its first argument leads to.
    fn target(&self, descriptor: u64) -> Option<PathBuf> {
        std::fs::read_link(format!("/proc/{}/fd/{descriptor}", self.process)).ok()
    }

    /// Whether it writes to standard output, by that or another descriptor, or to standard error.
    pub fn writes_answer(&self) -> bool {
        let output = || self.target(1).is_some_and(|output| self.target(self.arguments[0]) == Some(output));
        self.number == libc::SYS_write && (self.arguments[0] == 2 || output())
    }

    /// Whether it reads standard input, by that or another descriptor.
    fn reads_input(&self) -> bool {
        self.number == libc::SYS_read
            && self.target(0).is_some_and(|input| self.target(self.arguments[0]) == Some(input))
    }

    /// With which code the process ends, if this is its end.
    pub fn exit_code(&self) -> Option<u64> {
        self.is_end().then(|| self.arguments[0])
    }

    /// The end of the process.
    pub fn is_end(&self) -> bool {
        self.number == libc::SYS_exit_group
    }

    /// Whether it opens a file of this name.
    pub fn opens(&self, name: &str) -> bool {
        if self.number != libc::SYS_openat {
            return false;
        }
        let memory = File::open(format!("/proc/{}/mem", self.process)).expect("the memory of a process of ours");
        let mut path = [0; 4096];
        let length = memory.read_at(&mut path, self.arguments[1]).unwrap_or(0);
        let path = path[..length].split(|&byte| byte == 0).next().unwrap_or_default();
        path.ends_with(name.as_bytes())
    }

    /// One of these calls.
    pub fn is(&self, numbers: &[c_long]) -> bool {
        numbers.contains(&self.number)
    }
}
