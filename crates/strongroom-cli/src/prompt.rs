//! Asking a person: secrets without echo, plain lines, and yes or no.
//!
//! Everything goes through the controlling terminal, so that standard input and output stay free for data.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};

use strongroom::Secret;
use zeroize::{Zeroize, Zeroizing};

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
    secret_lines(context, question, |_| false)
}

/// A text that is not shown while it is typed: one line, and further ones as long as `goes_on` says so of what is
/// there. There is a line feed between them.
///
/// Nothing of a paste is shown between its lines, and what comes behind its last line is thrown away: the next
/// question could be one whose answer is shown.
///
/// # Errors
/// Exit code 4 when nobody can be asked, 2 when the text is longer than any key.
pub fn secret_lines(context: &Context, question: &str, goes_on: impl Fn(&str) -> bool) -> Result<Secret, Failure> {
    if !possible(context) {
        return Err(nobody(question));
    }
    hidden(question, goes_on)
}

/// Waits for Enter; what was typed before does not count. `given_up` is called before anything else is said, and before
/// control-C ends us.
///
/// # Errors
/// Exit code 4 when there will be no Enter any more.
pub fn enter(question: &str, given_up: impl FnOnce()) -> Result<(), Failure> {
    let waited = quiet::Terminal::open().and_then(|mut terminal| {
        terminal.forget_what_follows();
        terminal.line(question)
    });
    waited.map(drop).map_err(|error| {
        given_up();
        if error.kind() == ErrorKind::Interrupted {
            quiet::interrupt();
        }
        terminal(&error)
    })
}

/// A line for who said that it comes on standard input, when that turns out to be a terminal: not shown either.
///
/// # Errors
/// Exit code 4 when it cannot be read.
pub fn secret_on_standard_input(question: &str) -> Result<Secret, Failure> {
    hidden(question, |_| false)
}

/// A private key in PEM is below 4 KiB, an RSA one of 16,384 bits at 13 KiB.
const MOST_LINES_BYTES: usize = 16 * 1024;

/// Of all that has several lines, only a private key in PEM is asked for.
const GOES_ON: &str = "reading until its last line, -----END ...; control-C gives up";

fn hidden(question: &str, goes_on: impl Fn(&str) -> bool) -> Result<Secret, Failure> {
    match read_hidden(question, goes_on) {
        Ok(answer) => Ok(answer),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            Err(Failure::new(code::USAGE, "too-large", "the pasted key has no END line, or is too long"))
        }
        Err(error) => {
            if error.kind() == ErrorKind::Interrupted {
                // The terminal is as it was. Whoever called us is to see the end that control-C means.
                quiet::interrupt();
            }
            Err(terminal(&error))
        }
    }
}

fn read_hidden(question: &str, goes_on: impl Fn(&str) -> bool) -> io::Result<Secret> {
    let mut terminal = quiet::Terminal::open()?;
    let mut line = terminal.line(question)?;
    if !goes_on(line.expose_secret()) {
        return Ok(line);
    }
    let mut text = Zeroizing::new(String::with_capacity(MOST_LINES_BYTES));
    loop {
        // Checked before it grows, because growing would leave a copy behind.
        if text.len() + line.len() + 1 > MOST_LINES_BYTES {
            terminal.forget_what_follows();
            return Err(ErrorKind::FileTooLarge.into());
        }
        text.push_str(line.expose_secret());
        if !goes_on(&text) {
            break;
        }
        if text.len() == line.len() {
            // Nothing shows that more is waited for.
            say(GOES_ON);
        }
        text.push('\n');
        line = terminal.line("")?;
    }
    terminal.forget_what_follows();
    // Empty lines at its end ended it, and are no part of it.
    Ok(Secret::copy_of(text.trim_end_matches('\n')))
}

/// The terminal while secrets are typed.
///
/// `rpassword` edits the line and is given characters only: were it given the terminal, there would be a moment between
/// the question, or one line of a paste, and the next in which what is typed is shown, and control-C would end us with
/// the terminal as it left it, which then shows nothing any more. No key stops us either: a shell turns the echo on for
/// itself while a command is stopped, and leaves it so.
#[cfg(unix)]
mod quiet {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Read, Write};

    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };
    use strongroom::Secret;

    /// Without echo, until dropped.
    pub struct Terminal {
        file: File,
        before: Termios,
    }

    impl Terminal {
        pub fn open() -> io::Result<Terminal> {
            let file = OpenOptions::new().read(true).write(true).open(super::TERMINAL)?;
            let before = tcgetattr(&file)?;
            let mut without = before.clone();
            without.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            without.special_codes[SpecialCodeIndex::VMIN] = 1;
            without.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&file, OptionalActions::Now, &without)?;
            Ok(Terminal { file, before })
        }

        /// Shows the question and reads one line. The cursor stands on the next one afterwards.
        pub fn line(&mut self, question: &str) -> io::Result<Secret> {
            self.file.write_all(question.as_bytes())?;
            let keys = Keys(self.file.try_clone()?);
            let config = rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build();
            let line = rpassword::read_password_with_config(config).map(Secret::new);
            if line.is_err() || !question.is_empty() {
                self.file.write_all(b"\n")?;
            }
            line
        }

        /// What was typed and not read is lost.
        pub fn forget_what_follows(&mut self) {
            let _ = tcflush(&self.file, QueueSelector::IFlush);
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            let _ = tcsetattr(&self.file, OptionalActions::Now, &self.before);
        }
    }

    /// Control-C.
    const INTERRUPT: u8 = 3;

    /// What is typed, one character at a time, so that what follows a line stays for whoever reads next.
    struct Keys(File);

    impl Read for Keys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(place) = buffer.get_mut(..1) else { return Ok(0) };
            loop {
                match self.0.read(place) {
                    // A signal that does not end us, such as a window that changes its size.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(1) if place[0] == INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
                    outcome => return outcome,
                }
            }
        }
    }

    /// What the terminal does at control-C: whoever waits for us, such as a shell's loop, is interrupted too.
    pub fn interrupt() {
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::INT);
    }
}

#[cfg(not(unix))]
mod quiet {
    use std::io;

    use strongroom::Secret;

    /// Elsewhere the prompt's own order has to do.
    pub struct Terminal;

    impl Terminal {
        pub fn open() -> io::Result<Terminal> {
            Ok(Terminal)
        }

        pub fn line(&mut self, question: &str) -> io::Result<Secret> {
            rpassword::prompt_password(question).map(Secret::new)
        }

        pub fn forget_what_follows(&mut self) {}
    }

    pub fn interrupt() {}
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

/// No only when somebody typed `n` or `no`; asked again until the answer is one of the four, or empty.
///
/// The answer is not shown: such a question comes between secrets, and the next of them may be pasted into it.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn agree(context: &Context, question: &str) -> Result<bool, Failure> {
    loop {
        let answer = secret(context, &format!("{question} [Y/n] "))?;
        match answer.expose_secret().trim().to_ascii_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
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

fn terminal(error: &io::Error) -> Failure {
    match error.kind() {
        // Ctrl-C or Ctrl-D at a prompt.
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof => {
            Failure::new(code::UNLOCK, "cancelled", "cancelled; nothing was changed")
        }
        _ => Failure::file("use", std::path::Path::new(TERMINAL), error),
    }
}
