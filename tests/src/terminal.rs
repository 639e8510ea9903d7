//! A real terminal, through tmux, with one command in it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::{Sandbox, have, skip, strongroom};

/// A terminal with one command in it.
pub struct Terminal<'a> {
    sandbox: &'a Sandbox,
    /// Of this terminal's own server: one that is still going down must not be asked for the next.
    socket: PathBuf,
}

static SOCKETS: AtomicUsize = AtomicUsize::new(0);

impl<'a> Terminal<'a> {
    /// Starts a command in it; `None` and a counted skip when there is no tmux.
    pub fn start(test: &str, sandbox: &'a Sandbox, words: &str) -> Option<Terminal<'a>> {
        if !have("tmux", "-V") {
            skip(test, "tmux is not here");
            return None;
        }
        let socket = sandbox.outside(&format!("tmux-{}", SOCKETS.fetch_add(1, Ordering::Relaxed)));
        let terminal = Terminal { sandbox, socket };
        // The shell outlives control-C, which the whole terminal gets.
        let line = format!("trap : INT; {} {words}; echo EXIT=$?; sleep 120", strongroom().display());
        let mut command = terminal.tmux("new-session -d -x 120 -y 50");
        let started = command.arg(line).status().expect("tmux starts");
        assert!(started.success());
        Some(terminal)
    }

    fn tmux(&self, words: &str) -> Command {
        let mut command = self.sandbox.program("tmux".as_ref(), "").command();
        command.args(["-f", "/dev/null", "-S"]).arg(&self.socket).args(words.split_whitespace());
        command.env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        command
    }

    /// What it shows, with what scrolled away.
    pub fn screen(&self) -> String {
        let output = self.tmux("capture-pane -p -S -200").output().expect("tmux answers");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The same with the escapes that colour it.
    pub fn screen_with_colours(&self) -> String {
        let output = self.tmux("capture-pane -e -p -S -200").output().expect("tmux answers");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen shows this, `times` times.
    #[track_caller]
    pub fn wait(&self, text: &str, times: usize) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if screen.matches(text).count() >= times {
                return screen;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "waiting for {text:?} on:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the input, as control-D does.
    pub fn end_of_input(&self) {
        self.press("C-d");
    }

    /// Presses a key, as tmux calls it.
    pub fn press(&self, key: &str) {
        assert!(self.tmux("send-keys").arg(key).status().expect("tmux answers").success());
    }

    /// Interrupts, as control-C does.
    pub fn interrupt(&self) {
        assert!(self.tmux("send-keys C-c").status().expect("tmux answers").success());
    }

    /// Pastes a text of any number of lines, as a terminal does it: each line feed as the Enter key.
    pub fn paste(&self, text: &str) {
        assert!(self.tmux("set-buffer --").arg(text).status().expect("tmux answers").success());
        assert!(self.tmux("paste-buffer").status().expect("tmux answers").success());
    }

    /// Types a line.
    pub fn enter(&self, text: &str) {
        assert!(self.tmux("send-keys -l --").arg(text).status().expect("tmux answers").success());
        assert!(self.tmux("send-keys Enter").status().expect("tmux answers").success());
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = self.tmux("kill-server").output();
    }
}
