//! A command at a terminal of its own, without anything between: what is typed here is all that it gets.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::libc;
use nix::pty::openpty;

/// Nothing that is waited for here takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    /// Starts a command with the terminal as its standard input, output and error.
    pub fn start(command: &Command) -> Terminal {
        let pair = openpty(None, None).expect("a terminal");
        let mut at_terminal = Command::new("setsid");
        // The sandbox may have its commands begin with `setsid`, which would take this terminal away again.
        let own = (command.get_program() != "setsid").then_some(command.get_program());
        at_terminal.arg("--ctty").args(own).args(command.get_args());
        at_terminal.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            at_terminal.current_dir(directory);
        }
        let side = || Stdio::from(pair.slave.try_clone().expect("a descriptor"));
        let child = at_terminal.stdin(side()).stdout(side()).stderr(side()).spawn().expect("setsid");
        let keyboard = File::from(pair.master);
        let mut output = keyboard.try_clone().expect("a descriptor");
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { child, keyboard, screen, shown: String::new() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("a terminal");
    }

    /// Waits until this is shown, behind what was waited for before, and the command waits for somebody to type.
    #[track_caller]
    pub fn wait(&mut self, text: &str) {
        let started = Instant::now();
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return self.wait_idle();
            }
            assert!(started.elapsed() < PATIENCE, "waiting for {text:?} on {:?}", self.shown);
            if let Ok(more) = self.screen.recv_timeout(Duration::from_millis(50)) {
                self.shown.push_str(&String::from_utf8_lossy(&more));
            }
        }
    }

    /// Waits until the command waits for more to be typed, or for a program that it started.
    #[track_caller]
    pub fn wait_idle(&self) {
        let started = Instant::now();
        let waits = [libc::SYS_read, libc::SYS_wait4].map(|number| format!("{number} "));
        loop {
            let call = std::fs::read_to_string(format!("/proc/{}/syscall", self.id())).unwrap_or_default();
            if waits.iter().any(|wait| call.starts_with(wait)) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "it is busy: {call}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it has read everything that was typed: the terminal has nothing more for it.
    #[track_caller]
    pub fn wait_read(&self) {
        // Each character is read by a call of its own; between two of them it does not wait long.
        std::thread::sleep(Duration::from_millis(100));
        self.wait_idle();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
