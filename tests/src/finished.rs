//! What a run left behind, and assertions that say what was run when they fail.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::Value;

/// A command that ended. Its assertions return it, so that they read as one sentence.
pub struct Finished {
    pub(crate) command: String,
    pub(crate) status: ExitStatus,
    /// Standard output, exact.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// The code it exited with; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// It did what was asked.
    #[track_caller]
    pub fn ok(self) -> Finished {
        self.exits(0)
    }

    /// Whether it did what was asked, for tests in which either may be.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// It exited with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Finished {
        assert_eq!(self.status.code(), Some(code), "exit code of {}", self.account());
        self
    }

    /// It failed for a reason that has no code of its own in the contract.
    #[track_caller]
    pub fn fails(self) -> Finished {
        assert!(matches!(self.status.code(), Some(1..70)), "status {} of {}", self.status, self.account());
        self
    }

    /// It was ended by this signal.
    #[track_caller]
    pub fn dies_of(self, signal: i32) -> Finished {
        assert_eq!(self.status.signal(), Some(signal), "signal of {}", self.account());
        self
    }

    /// Standard error without the line ends that only make it fit a terminal: warnings go on below their first word.
    pub fn unwrapped(&self) -> String {
        // A command in a warning has a line of its own.
        self.stderr.replace("\n           ", " ").replace("\n         ", " ")
    }

    /// Standard error contains this, in one line or over several.
    #[track_caller]
    pub fn says(self, text: &str) -> Finished {
        let says = self.stderr.contains(text) || self.unwrapped().contains(text);
        assert!(says, "standard error should say {text:?}: {}", self.account());
        self
    }

    /// Neither stream contains this.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Finished {
        let says = self.stderr.contains(text) || self.unwrapped().contains(text);
        assert!(!says, "standard error says {text:?}: {}", self.account());
        assert!(!self.text().contains(text), "standard output says {text:?}: {}", self.account());
        self
    }

    /// Standard output contains this.
    #[track_caller]
    pub fn prints(self, text: &str) -> Finished {
        assert!(self.text().contains(text), "standard output should contain {text:?}: {}", self.account());
        self
    }

    /// Standard output is exactly this.
    #[track_caller]
    pub fn prints_only(self, text: &str) -> Finished {
        assert!(self.stdout == text.as_bytes(), "standard output should be {text:?}: {}", self.account());
        self
    }

    /// Standard output as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.account()))
    }

    /// The object that `--json` leaves on standard error when a command fails: `{"error":{...}}`, unwrapped.
    #[track_caller]
    pub fn error(&self) -> Value {
        let start = self.stderr.find('{').unwrap_or_else(|| panic!("no JSON on standard error: {}", self.account()));
        let document: Value =
            serde_json::from_str(&self.stderr[start..]).unwrap_or_else(|error| panic!("{error} in {}", self.account()));
        let error = &document["error"];
        assert_eq!(error["code"].as_i64(), self.status.code().map(i64::from), "{}", self.account());
        assert!(error["message"].is_string() && error["hints"].is_array(), "{}", self.account());
        error.clone()
    }

    /// Which kind of error `--json` reports.
    #[track_caller]
    pub fn error_kind(&self) -> String {
        self.error()["kind"].as_str().expect("a kind").to_owned()
    }

    fn account(&self) -> String {
        let stdout = String::from_utf8_lossy(&self.stdout);
        format!("{}\n-- stdout\n{stdout}\n-- stderr\n{}\n--", self.command, self.stderr)
    }
}
