//! Asking a person: secrets without echo, plain lines, and yes or no.
//!
//! Everything goes through the controlling terminal, so that standard input and output stay free for data.

use std::io::{BufRead, BufReader, Write};

use strongroom::Secret;
use zeroize::Zeroize;

use crate::context::Context;
use crate::failure::{Failure, code};

/// The controlling terminal.
pub const TERMINAL: &str = "/dev/tty";

/// How often somebody may answer a question for a secret.
pub const TRIES: u32 = 3;

/// Whether somebody can be asked: not with `--no-input`, and not without a controlling terminal.
pub fn possible(context: &Context) -> bool {
    !context.no_input && std::fs::OpenOptions::new().read(true).write(true).open(TERMINAL).is_ok()
}

/// A line that is not shown while it is typed.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn secret(context: &Context, question: &str) -> Result<Secret, Failure> {
    if !possible(context) {
        return Err(nobody(question));
    }
    hidden(question)
}

/// A line for who said that it comes on standard input, when that turns out to be a terminal: not shown either.
///
/// # Errors
/// Exit code 4 when it cannot be read.
pub fn secret_on_standard_input(question: &str) -> Result<Secret, Failure> {
    hidden(question)
}

fn hidden(question: &str) -> Result<Secret, Failure> {
    let _quiet = quiet::Terminal::new();
    rpassword::prompt_password(question).map(Secret::new).map_err(|error| {
        // The cursor still stands behind the question.
        say("");
        terminal(&error)
    })
}

/// `rpassword` shows the question and then turns the echo off; what is pasted or typed in between would be shown. It
/// takes Ctrl-Z its meaning too: a shell turns the echo on for itself while a command is stopped, and leaves it so.
#[cfg(unix)]
mod quiet {
    use std::fs::{File, OpenOptions};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The terminal without echo, until dropped.
    pub struct Terminal {
        before: Option<(File, Termios)>,
    }

    impl Terminal {
        pub fn new() -> Terminal {
            let quieten = || {
                let file = OpenOptions::new().read(true).write(true).open(super::TERMINAL).ok()?;
                let before = tcgetattr(&file).ok()?;
                let mut without = before.clone();
                without.local_modes.remove(LocalModes::ECHO);
                tcsetattr(&file, OptionalActions::Now, &without).ok()?;
                Some((file, before))
            };
            Terminal { before: quieten() }
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            if let Some((file, before)) = &self.before {
                let _ = tcsetattr(file, OptionalActions::Now, before);
            }
        }
    }
}

#[cfg(not(unix))]
mod quiet {
    /// Elsewhere the prompt's own order has to do.
    pub struct Terminal;

    impl Terminal {
        pub fn new() -> Terminal {
            Terminal
        }
    }
}

/// A word to whoever is being asked, on the terminal itself. Nobody is told when it is gone.
pub fn say(text: &str) {
    if let Ok(mut file) = std::fs::OpenOptions::new().write(true).open(TERMINAL) {
        let _ = writeln!(file, "{text}");
    }
}

/// A line that is shown while it is typed, without its line feed.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn line(context: &Context, question: &str) -> Result<Secret, Failure> {
    if !possible(context) {
        return Err(nobody(question));
    }
    let mut file =
        std::fs::OpenOptions::new().read(true).write(true).open(TERMINAL).map_err(|error| terminal(&error))?;
    file.write_all(question.as_bytes()).map_err(|error| terminal(&error))?;
    // Terminals give at most 4096 bytes a line, so this never moves what was typed.
    let mut text = String::with_capacity(8192);
    BufReader::new(file).read_line(&mut text).map_err(|error| terminal(&error))?;
    if !text.ends_with('\n') {
        // Ctrl-D: the cursor still stands behind the question.
        say("");
    }
    let answer = Secret::copy_of(text.trim_end_matches(['\n', '\r']));
    text.zeroize();
    Ok(answer)
}

/// Yes only when somebody typed `y` or `yes`.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn confirm(context: &Context, question: &str) -> Result<bool, Failure> {
    let answer = line(context, &format!("{question} [y/N] "))?;
    Ok(matches!(answer.expose_secret().trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn nobody(question: &str) -> Failure {
    let what = question.trim_end_matches([' ', ':', '?']);
    Failure::new(code::UNLOCK, "no-input", format!("nobody can be asked here: {what}"))
}

fn terminal(error: &std::io::Error) -> Failure {
    match error.kind() {
        // Ctrl-C or Ctrl-D at a prompt.
        std::io::ErrorKind::Interrupted | std::io::ErrorKind::UnexpectedEof => {
            Failure::new(code::UNLOCK, "cancelled", "cancelled; nothing was changed")
        }
        _ => Failure::file("use", std::path::Path::new(TERMINAL), error),
    }
}
