//! Reading a secret from a file, a descriptor or a command, into memory that is wiped.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use strongroom::Secret;
use zeroize::Zeroizing;

use super::streams;
use crate::context::Context;
use crate::diagnosis::Ours;
use crate::failure::{Failure, code};
use crate::harden;

/// No passphrase, key or code is longer, and nothing else should be read by mistake.
const MOST_SECRET_BYTES: usize = 64 * 1024;

/// The armour of the longest vault with CR LF (SPEC.md 6.7). No text to import is longer.
const MOST_TEXT_BYTES: usize = 92_278_070;

/// Why a text was not read.
#[derive(Debug)]
pub struct Unread {
    /// What to say of it.
    pub failure: Failure,
    /// What of ours it is, where it is no text. What comes through a pipe can be looked at only once.
    pub ours: Option<Ours>,
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Unread {
        Unread { failure, ours: None }
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Failure {
        unread.failure
    }
}

/// The passphrase from the first of these that is named, if one is. A descriptor that is not read is closed.
///
/// # Errors
/// As those below.
pub fn named(
    context: &Context,
    file: Option<&Path>,
    descriptor: Option<u32>,
    command: Option<&OsStr>,
) -> Result<Option<Secret>, Failure> {
    match (file, descriptor, command) {
        (Some(path), unused, _) => {
            streams::close_unused(unused);
            passphrase_file(context, path).map(Some)
        }
        (None, Some(descriptor), _) => passphrase_descriptor(descriptor).map(Some),
        (None, None, Some(command)) => passphrase_command(command).map(Some),
        (None, None, None) => Ok(None),
    }
}

/// The passphrase in a file; `-` is standard input. One line end after it is not part of it.
///
/// # Errors
/// 3 when it cannot be read.
pub fn passphrase_file(context: &Context, path: &Path) -> Result<Secret, Failure> {
    if is_open_to_all(path) {
        context.warn(format!(
            "{} is readable by other users; to end that:\n  chmod 600 {}",
            path.display(),
            crate::output::shell_word(&path.display().to_string())
        ));
    }
    Ok(one_line(&secret_file(path)?))
}

/// The passphrase on a descriptor that whoever started us opened. It is closed afterwards, so that no child has it.
///
/// # Errors
/// 3 when it cannot be read.
pub fn passphrase_descriptor(descriptor: u32) -> Result<Secret, Failure> {
    if descriptor == 0 {
        return Ok(one_line(&secret_file(Path::new("-"))?));
    }
    let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
    let file = File::open(&path).map_err(|error| Failure::file("read descriptor", &path, &error))?;
    let text = read_file(file, &path, MOST_SECRET_BYTES)?;
    super::streams::close(descriptor);
    Ok(one_line(&text))
}

/// What a command prints, without one line end. The command is split into words; no shell sees it.
///
/// # Errors
/// 4 when it does not start, fails or prints what is no text.
pub fn passphrase_command(command: &OsStr) -> Result<Secret, Failure> {
    let failed = |why: String| Failure::new(code::UNLOCK, "secret-command", "the passphrase command failed").cause(why);
    let command = command.to_str().ok_or_else(|| failed("it is not UTF-8".into()))?;
    let words = split_words(command).map_err(|why| failed(why.into()))?;
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(failed("it is empty".into()));
    };
    let mut child = harden::child(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::file("start", Path::new(program), &error))
        .map_err(|failure| Failure { code: code::UNLOCK, kind: "secret-command", ..failure })?;
    let text = match child.stdout.take() {
        Some(output) => read(output, Path::new(program), MOST_SECRET_BYTES).map_err(Failure::from),
        None => Err(failed("it has no output".into())),
    };
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    let secret = one_line(&text?);
    if secret.is_empty() { Err(failed("it printed nothing".into())) } else { Ok(secret) }
}

/// The text of a key file that others cannot read, without one line end.
///
/// The group may read it: that is how services are given keys that root owns.
///
/// # Errors
/// 3 when it cannot be read, 7 when others can read it or the group can change it.
pub fn private_file(path: &Path) -> Result<Secret, Failure> {
    let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Of the open file, not of the path: it could be exchanged in between.
        let metadata = file.metadata().map_err(|error| Failure::file("read", path, &error))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_file() && mode & 0o027 != 0 {
            let what = if mode & 0o007 == 0 { "writable by its group" } else { "readable by other users" };
            return Err(Failure::refused("key-file-mode", format!("{} is {what} (mode {mode:04o})", path.display()))
                .cause("refusing a key file that others can use")
                .hint(format!("chmod 600 {}", crate::output::shell_word(&path.display().to_string()))));
        }
    }
    Ok(one_line(&read_file(file, path, MOST_SECRET_BYTES)?))
}

/// A text of any length to import; `-` is standard input.
///
/// # Errors
/// 3 when it cannot be read or is no UTF-8.
pub fn text_file(path: &Path) -> Result<Secret, Unread> {
    if path == Path::new("-") {
        return read(standard_input()?, Path::new("standard input"), MOST_TEXT_BYTES);
    }
    let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
    read_file(file, path, MOST_TEXT_BYTES)
}

/// Without one `\n` or `\r\n` at the end, which editors and `echo` add.
pub fn one_line(text: &Secret) -> Secret {
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::copy_of(text)
}

/// Whether every user may read a regular file. A pipe of a shell's `<(...)` is not for others, whatever its mode.
fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// A path as messages show it.
pub fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

fn secret_file(path: &Path) -> Result<Secret, Failure> {
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            // Somebody is going to type it, and a terminal would show it.
            return crate::prompt::secret_on_standard_input("Passphrase: ");
        }
        return Ok(read(standard_input()?, Path::new("standard input"), MOST_SECRET_BYTES)?);
    }
    let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
    Ok(read_file(file, path, MOST_SECRET_BYTES)?)
}

/// A file that is too long is refused by its length. Pipes and devices, which have none, are read as far as is allowed.
fn read_file(file: File, path: &Path, most: usize) -> Result<Secret, Unread> {
    match file.metadata() {
        Ok(about) if about.is_file() && about.len() > most as u64 => Err(too_large(path).into()),
        _ => read(file, path, most),
    }
}

/// Standard input past the standard library's buffer, which is never wiped: what comes in pieces would stay there.
#[cfg(unix)]
fn standard_input() -> Result<File, Failure> {
    use std::os::fd::AsFd;
    let descriptor = io::stdin().as_fd().try_clone_to_owned();
    descriptor.map(File::from).map_err(|error| Failure::file("read", Path::new("standard input"), &error))
}

#[cfg(not(unix))]
fn standard_input() -> Result<io::StdinLock<'static>, Failure> {
    Ok(io::stdin().lock())
}

/// Reads everything into buffers that are wiped when they are outgrown.
fn read(mut input: impl Read, path: &Path, most: usize) -> Result<Secret, Unread> {
    let mut bytes = Zeroizing::new(vec![0; 8192]);
    let mut length = 0;
    loop {
        if length == bytes.len() {
            if length > most {
                return Err(too_large(path).into());
            }
            // What goes on for ever and is no text, such as a device, is not read to the limit.
            if let Err(error) = std::str::from_utf8(&bytes)
                && error.error_len().is_some()
            {
                return Err(not_text(path, &bytes, error.valid_up_to()));
            }
            if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
                return Err(not_text(path, &bytes, at));
            }
            let mut larger = Zeroizing::new(vec![0; (length * 2).min(most + 1).max(length + 1)]);
            larger[..length].copy_from_slice(&bytes);
            bytes = larger;
        }
        match input.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::file("read", path, &error).into()),
        }
    }
    match std::str::from_utf8(&bytes[..length]) {
        Ok(text) if length <= most => Ok(Secret::copy_of(text)),
        Ok(_) => Err(too_large(path).into()),
        Err(error) => Err(not_text(path, &bytes[..length], error.valid_up_to())),
    }
}

fn too_large(path: &Path) -> Failure {
    Failure::new(code::FILE, "too-large", format!("{} is too large for this", path.display()))
}

fn not_text(path: &Path, bytes: &[u8], at: usize) -> Unread {
    let failure = Failure::new(code::FILE, "not-text", format!("{} is not UTF-8 text", path.display()))
        .cause(format!("byte {} is not part of a character", at + 1));
    Unread { failure, ours: Ours::of(bytes) }
}

/// Words as a shell would split them, and nothing else of a shell: blanks separate, `'...'` is exact,
/// `"..."` keeps blanks, and a backslash outside of `'...'` makes the next character ordinary.
pub fn split_words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(character),
            (_, '\\') => {
                let next = characters.next().ok_or("it ends with a backslash")?;
                word.get_or_insert_default().push(next);
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (_, _) => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("it has a quote that is not closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would() {
        let words = |text| split_words(text).unwrap();
        assert_eq!(words("pass show  bots/vault"), ["pass", "show", "bots/vault"]);
        assert_eq!(words(r#"op read 'op://a b/c' "x y""#), ["op", "read", "op://a b/c", "x y"]);
        assert_eq!(words(r#"a\ b '' "c\"d" '\'"#), ["a b", "", "c\"d", "\\"]);
        assert_eq!(words("echo $HOME;x"), ["echo", "$HOME;x"]);
        assert_eq!(words("  "), Vec::<String>::new());
        assert!(split_words("a 'b").is_err());
        assert!(split_words("a\\").is_err());
    }

    #[test]
    fn exactly_one_line_end_is_removed() {
        for (text, expected) in
            [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("a\r", "a\r"), ("", "")]
        {
            assert_eq!(one_line(&Secret::copy_of(text)).expose_secret(), expected);
        }
    }

    #[test]
    fn long_input_is_read_whole_and_too_long_input_refused() {
        let long = "EXAMPLE ".repeat(3000);
        assert_eq!(read(long.as_bytes(), Path::new("x"), 30_000).unwrap().expose_secret(), long);
        let kind = |bytes: &[u8], most| read(bytes, Path::new("x"), most).unwrap_err().failure.kind;
        assert_eq!(kind(long.as_bytes(), 20_000), "too-large");
        assert_eq!(kind(b"\xff", 10), "not-text");
        for exact in [8191, 8192, 8193, 24_000] {
            assert_eq!(read(&long.as_bytes()[..exact], Path::new("x"), exact).unwrap().len(), exact);
            assert_eq!(kind(&long.as_bytes()[..exact], exact - 1), "too-large");
        }
    }

    #[test]
    fn what_never_ends_and_is_no_text_is_refused_before_the_limit() {
        for byte in [0, 0xff] {
            let unread = read(io::repeat(byte), Path::new("x"), usize::MAX - 1).unwrap_err();
            assert_eq!((unread.failure.kind, unread.ours), ("not-text", None));
        }
        // A character may be cut by the end of a buffer.
        let text = "é".repeat(10_000);
        for before in 0..2 {
            let text = format!("{}{text}", "a".repeat(before));
            assert_eq!(read(text.as_bytes(), Path::new("x"), 30_000).unwrap().expose_secret(), text);
        }
    }
}
