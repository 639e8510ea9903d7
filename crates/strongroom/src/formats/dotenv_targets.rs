//! Writing `.env` files, each for the reader that was named.
//!
//! python-dotenv, docker, systemd and the shell disagree about quotes, escapes and line ends, so a
//! file is written for one of them, or only with values that need no quoting. What a reader cannot
//! be given exactly is refused. All but docker's are also read exactly by our own reader.

use super::DotenvTarget;
use super::dotenv::{LITERAL, NOTHING};
use super::render::{Sink, render};
use super::variables::usual::Variable;
use crate::ExportError;
use crate::secret::Secret;

/// Docker reads lines into a buffer of this size.
const DOCKER_LINE: usize = 65_535;

pub(super) fn write(variables: &[Variable<'_>], target: DotenvTarget) -> Result<Secret, ExportError> {
    let refused =
        |variable: &Variable<'_>| Some(ExportError::at(variable.place.to_string(), problem(variable, target)?));
    ExportError::of_all(variables.iter().filter_map(refused))?;
    Ok(render(|out| {
        for variable in variables {
            let text = variable.value.expose_secret();
            out.push(&variable.name);
            out.push("=");
            match target {
                _ if is_safe(text) => out.push(text),
                DotenvTarget::Portable | DotenvTarget::Docker => out.push(text),
                DotenvTarget::PythonDotenv => python_dotenv(out, text),
                DotenvTarget::Systemd => systemd(out, text),
                DotenvTarget::Sh => shell(out, text),
            }
            out.push("\n");
        }
    }))
}

/// Why this reader cannot be given this variable exactly.
fn problem(variable: &Variable<'_>, target: DotenvTarget) -> Option<&'static str> {
    let (name, text) = (variable.name.as_str(), variable.value.expose_secret());
    let wrong_name = match target {
        DotenvTarget::Portable | DotenvTarget::Systemd | DotenvTarget::Sh => !is_identifier(name),
        DotenvTarget::PythonDotenv => {
            name.is_empty() || name.starts_with('\'') || name.contains(|c: char| c == '#' || c.is_whitespace())
        }
        DotenvTarget::Docker => name.is_empty() || name.starts_with('#') || name.contains(char::is_whitespace),
    };
    if wrong_name {
        return Some("its variable's name is not one that this reader takes");
    }
    if text.contains('\0') {
        return Some("no environment variable can hold a NUL character");
    }
    match target {
        DotenvTarget::Portable if !is_safe(text) => {
            Some("has characters that the readers of .env files take differently; name one reader with --target")
        }
        DotenvTarget::Docker if text.contains(['\n', '\r']) => {
            Some("has several lines, which docker's --env-file cannot hold")
        }
        DotenvTarget::Docker if name.len() + 1 + text.len() > DOCKER_LINE => {
            Some("is longer than a line of docker's --env-file can be")
        }
        _ => None,
    }
}

/// Read the same by all readers, without quotes.
fn is_safe(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./+=:@%,-".contains(&byte))
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Single quotes; double ones for carriage returns, which Python's text files would turn into line
/// feeds. Interpolation happens in both, so `${` is written as a variable whose default is `$`.
fn python_dotenv(out: &mut dyn Sink, text: &str) {
    let quote = if text.contains('\r') { "\"" } else { "'" };
    out.push(quote);
    for (position, part) in text.split("${").enumerate() {
        if position > 0 {
            out.push(LITERAL);
        }
        for character in part.chars() {
            match character {
                '\\' => out.push("\\\\"),
                '\r' => out.push("\\r"),
                '\'' if quote == "'" => out.push("\\'"),
                '"' if quote == "\"" => out.push("\\\""),
                other => out.push_character(other),
            }
        }
    }
    if text.ends_with('\\') {
        out.push(NOTHING);
    }
    out.push(quote);
}

/// Quoted parts, which systemd joins: `$` and backticks in single quotes, where nothing is special,
/// the rest in double quotes with `\` before `"` and `\`.
///
/// One part in double quotes with `\$` would do for systemd, but python-dotenv and so our own reader
/// keep that backslash. Written like this, both and a shell read the same.
fn systemd(out: &mut dyn Sink, text: &str) {
    if !text.contains(['\'', '\\']) {
        out.push("'");
        out.push(text);
        return out.push("'");
    }
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['$', '`']).unwrap_or(rest.len());
        let (plain, special) = rest.split_at(end);
        if !plain.is_empty() {
            out.push("\"");
            for character in plain.chars() {
                if matches!(character, '"' | '\\') {
                    out.push("\\");
                }
                out.push_character(character);
            }
            out.push("\"");
        }
        let end = special.find(|c| !matches!(c, '$' | '`')).unwrap_or(special.len());
        let (special, after) = special.split_at(end);
        if !special.is_empty() {
            out.push("'");
            out.push(special);
            out.push("'");
        }
        rest = after;
    }
}

/// Single quotes, in which nothing is special; `'` and `\` stand between them, each with a backslash.
///
/// A shell would take a `\` inside the quotes too, but python-dotenv's grammar reads `\'` there as a
/// quote that does not close, and our own reader tries that grammar first.
fn shell(out: &mut dyn Sink, text: &str) {
    out.push("'");
    for character in text.chars() {
        match character {
            '\'' => out.push("'\\''"),
            '\\' => out.push("'\\\\'"),
            other => out.push_character(other),
        }
    }
    out.push("'");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, target: DotenvTarget) -> Result<String, ExportError> {
        named("A", text, target)
    }

    fn named(name: &str, text: &str, target: DotenvTarget) -> Result<String, ExportError> {
        let value = Secret::copy_of(text);
        let variable = Variable { name: name.into(), place: "okx/main/api_secret".parse().unwrap(), value: &value };
        Ok(write(&[variable], target)?.expose_secret().to_owned())
    }

    #[test]
    fn safe_values_are_written_bare_for_everyone() {
        for target in DotenvTarget::ALL {
            assert_eq!(written("aZ0_./+=:@%,-", target).unwrap(), "A=aZ0_./+=:@%,-\n");
            assert_eq!(written("", target).unwrap(), "A=\n");
        }
    }

    #[test]
    fn portable_refuses_by_record_and_field_and_never_shows_the_value() {
        for text in ["a b", "a$b", "a#b", "'a'", "\"", "\\", "a\nb", "é", "~", "a;b", "`", "{"] {
            let error = written(text, DotenvTarget::Portable).unwrap_err();
            assert_eq!(error.place, "okx/main/api_secret");
            assert!(!error.problem.contains(text), "{text}");
        }
    }

    #[test]
    fn each_target_has_its_own_quoting() {
        for (text, target, line) in [
            ("a'b\\c ${d}", DotenvTarget::PythonDotenv, "A='a\\'b\\\\c ${STRONGROOM_LITERAL:-$}{d}'\n"),
            ("a\r\n\"b", DotenvTarget::PythonDotenv, "A=\"a\\r\n\\\"b\"\n"),
            (" 'a' \"b\" $c # ", DotenvTarget::Docker, "A= 'a' \"b\" $c # \n"),
            ("a b$c", DotenvTarget::Systemd, "A='a b$c'\n"),
            ("it's \"$5\"\\", DotenvTarget::Systemd, "A=\"it's \\\"\"'$'\"5\\\"\\\\\"\n"),
            ("it's $5\\", DotenvTarget::Sh, "A='it'\\''s $5'\\\\''\n"),
        ] {
            assert_eq!(written(text, target).unwrap(), line);
        }
    }

    #[test]
    fn docker_refuses_what_it_cannot_hold() {
        for text in ["a\nb", "a\r", &"E".repeat(DOCKER_LINE)] {
            assert!(written(text, DotenvTarget::Docker).is_err());
        }
        assert!(written(&"E".repeat(DOCKER_LINE - 2), DotenvTarget::Docker).is_ok());
    }

    #[test]
    fn names_that_a_reader_drops_are_refused() {
        for (name, target, fine) in [
            ("1INCH_API_KEY", DotenvTarget::Portable, false),
            ("1INCH_API_KEY", DotenvTarget::Sh, false),
            ("1INCH_API_KEY", DotenvTarget::Systemd, false),
            ("1INCH_API_KEY", DotenvTarget::Docker, true),
            ("a.b-c", DotenvTarget::PythonDotenv, true),
            ("a b", DotenvTarget::PythonDotenv, false),
            ("a b", DotenvTarget::Docker, false),
        ] {
            assert_eq!(named(name, "1", target).is_ok(), fine, "{name}");
        }
        assert!(DotenvTarget::ALL.iter().all(|target| written("a\0b", *target).is_err()));
    }
}
