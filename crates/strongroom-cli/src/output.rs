//! How answers look: text and JSON on standard output, times, words. Tables have a part of their own.

mod import_answer;
mod table;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use strongroom::record::Timestamp;
use zeroize::Zeroizing;

use crate::failure::Failure;

pub use import_answer::ImportAnswer;
pub use strongroom::wording::shell_word;
pub use table::{Cell, Colour, Table};

/// How wide a table may get on a terminal before its last column is cut, and a text before it is wrapped.
pub const WIDTH: usize = 80;

/// Writes text to standard output, exactly as it is.
///
/// # Errors
/// A closed pipe ends the program quietly with exit code 0; anything else is exit code 3.
pub fn text(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// Writes one line to standard output.
///
/// # Errors
/// See [`text`].
pub fn line(line: impl AsRef<str>) -> Result<(), Failure> {
    text([line.as_ref().as_bytes(), b"\n"].concat())
}

/// Writes bytes that hold secrets to standard output, past the standard library's buffer, which is never wiped.
///
/// # Errors
/// See [`text`].
pub fn secret(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().flush().and_then(|()| write_unbuffered(bytes)).map_err(|error| Failure::output(&error))
}

/// As [`secret`], for what exists nowhere else: a closed pipe is a failure here, because nobody has read it, and so is
/// a standard output that leads nowhere. One that was closed does, because programs are started with that in its place.
///
/// # Errors
/// Exit code 3.
pub fn only_copy(bytes: &[u8]) -> Result<(), Failure> {
    if leads_nowhere() {
        return Err(Failure::unwritten(&io::Error::new(io::ErrorKind::BrokenPipe, "it leads nowhere")));
    }
    io::stdout().flush().and_then(|()| write_unbuffered(bytes)).map_err(|error| Failure::unwritten(&error))
}

/// Writes a JSON document and a line feed to standard output.
///
/// Not for secrets: the document passes through buffers that are not wiped.
///
/// # Errors
/// See [`text`].
pub fn json(document: &impl Serialize) -> Result<(), Failure> {
    match serde_json::to_string_pretty(document) {
        Ok(document) => line(document),
        Err(_) => Err(not_json()),
    }
}

/// Writes a JSON document that borrows secrets. `secret_bytes` is how long they are together.
///
/// # Errors
/// See [`text`].
pub fn json_secret(document: &impl Serialize, secret_bytes: usize) -> Result<(), Failure> {
    secret(&json_bytes(document, secret_bytes)?)
}

/// As [`json_secret`], for secrets that exist nowhere else.
///
/// # Errors
/// See [`only_copy`].
pub fn json_only_copy(document: &impl Serialize, secret_bytes: usize) -> Result<(), Failure> {
    only_copy(&json_bytes(document, secret_bytes)?)
}

fn json_bytes(document: &impl Serialize, secret_bytes: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Six bytes is the longest escape of one; the rest is for names. Were that ever too little, the buffer
    // would move and leave a copy behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(secret_bytes * 6 + 64 * 1024));
    serde_json::to_writer_pretty(&mut *buffer, document).map_err(|_| not_json())?;
    buffer.push(b'\n');
    Ok(buffer)
}

#[cfg(unix)]
fn write_unbuffered(bytes: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd;
    std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(bytes)
}

#[cfg(not(unix))]
fn write_unbuffered(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

#[cfg(unix)]
fn leads_nowhere() -> bool {
    let same =
        |out: rustix::fs::Stat, null: rustix::fs::Stat| out.st_rdev == null.st_rdev && out.st_mode == null.st_mode;
    rustix::fs::fstat(io::stdout()).is_ok_and(|out| rustix::fs::stat("/dev/null").is_ok_and(|null| same(out, null)))
}

#[cfg(not(unix))]
fn leads_nowhere() -> bool {
    false
}

fn not_json() -> Failure {
    Failure::new(crate::failure::code::BUG, "json", "the answer cannot be written as JSON")
}

/// A time as RFC 3339 in UTC, with seconds.
pub fn time(seconds: Timestamp) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.to_string(),
        // Outside of what a calendar has; a vault can hold it, so it must be possible to see it.
        Err(_) => format!("@{seconds}"),
    }
}

/// The date of a time, for tables.
pub fn date(seconds: Timestamp) -> String {
    time(seconds).split('T').next().unwrap_or_default().to_owned()
}

/// The time now, in whole seconds.
pub fn now() -> Timestamp {
    jiff::Timestamp::now().as_second()
}

/// Text for a terminal: control characters and what reorders text become `?`.
pub fn printable(text: &str) -> String {
    let unsafe_here = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if unsafe_here(character) { '?' } else { character }).collect()
}

/// The same for a text of lines, which stay lines.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether standard error may be coloured: on a terminal, and when `NO_COLOR` is not set.
pub fn colour_on_stderr() -> bool {
    may_colour(&io::stderr())
}

/// The text in lines of at most [`WIDTH`] but for longer words, the first of which begins in this column, as all others
/// then do.
pub fn wrapped(text: &str, indent: usize) -> String {
    flowed(text.split(' '), indent, " ")
}

/// As [`wrapped`], of words that may have blanks in them, with this between them.
pub fn flowed<'w>(words: impl IntoIterator<Item = &'w str>, indent: usize, between: &str) -> String {
    let mut out = String::new();
    let mut column = indent;
    for word in words {
        let length = word.chars().count();
        if column > indent && column + between.len() + length > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            out.push_str(between);
            column += between.len();
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A command in lines that fit but for longer words, which a shell takes as one. The first begins in this column.
pub fn continued(words: &[&str], indent: usize) -> String {
    const BREAK: &str = " \\";
    let mut text = String::new();
    let mut column = indent;
    for (at, word) in words.iter().enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length + BREAK.len() > WIDTH {
            let further = indent + 2;
            text.push_str(&format!("{BREAK}\n{:further$}", ""));
            column = further;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

/// A warning in lines that fit, each behind the first word. A command to paste has a line of its own, which stays
/// whole; of two that belong together the second has the next, and a shell reads both.
pub fn warning(text: &str) -> String {
    const BEGINNING: &str = "warning: ";
    const COMMAND: &str = "strongroom ";
    let text = printable_lines(text)
        .replace(&format!(": {COMMAND}"), &format!(":\n  {COMMAND}"))
        .replace(&format!(" && {COMMAND}"), &format!(" &&\n  {COMMAND}"));
    let lines = text.split('\n').map(|line| match line.starts_with(' ') {
        true => line.to_owned(),
        false => wrapped(line, BEGINNING.len()),
    });
    let between = format!("\n{:indent$}", "", indent = BEGINNING.len());
    format!("{BEGINNING}{}", lines.collect::<Vec<_>>().join(&between))
}

/// Whether standard output may be coloured, as [`colour_on_stderr`].
pub fn colour_on_stdout() -> bool {
    may_colour(&io::stdout())
}

fn may_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `1 record`, `7 records`
pub fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_rewrite_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), "a?[2Jb?");
        assert_eq!(printable_lines("a\u{202e}\n  b\r\n"), "a?\n  b?\n");
    }

    #[test]
    fn a_warning_fits_a_terminal_and_a_command_in_it_stays_whole() {
        let words = "EXAMPLE ".repeat(20);
        let path = "directory/".repeat(9);
        let text = warning(&format!("a\u{202e}: {words}\nto end that: strongroom rm {path} now"));
        let lines: Vec<&str> = text.split('\n').collect();
        assert!(lines[0].starts_with("warning: a?: EXAMPLE") && lines[1].starts_with("         EXAMPLE"), "{text}");
        assert_eq!(lines[3], "         to end that:");
        assert_eq!(lines[4], format!("           strongroom rm {path} now"));
        assert!(lines[..4].iter().all(|line| line.len() <= WIDTH), "{text}");
        let both = "\n           strongroom set a b &&\n           strongroom rm env/B";
        assert!(warning("to do it: strongroom set a b && strongroom rm env/B").ends_with(both));
    }

    #[test]
    fn a_long_command_is_one_for_a_shell() {
        let names: Vec<String> = (0..40).map(|number| format!("okx/desk{number:02}")).collect();
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = continued(&words, 12);
        assert!(
            text.lines().count() > 5 && text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(14))),
            "{text}"
        );
        assert!(format!("{:12}{text}", "").lines().all(|line| line.len() <= WIDTH), "{text}");
        let joined = text.replace("\\\n", "");
        assert_eq!(joined.split_whitespace().collect::<Vec<_>>(), words);
        assert_eq!(continued(&["strongroom", "list"], 12), "strongroom list");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(86_400), "1970-01-02");
        assert_eq!(time(i64::MAX), format!("@{}", i64::MAX));
    }
}
