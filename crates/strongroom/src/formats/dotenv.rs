//! Reading `.env` files: lines and values. What the names mean is [`super::variables`]'s business.
//!
//! The grammar is python-dotenv's (1.2.4), because it is the one that bots in Python live with, and
//! it is tried first. Where it cannot take a value, the shell's is tried (`'it'\''s'`, adjacent quoted
//! parts): python-dotenv silently loses such lines. What neither takes is an error with its line.
//!
//! Nothing is interpolated: a `${NAME}` could pull one secret into another. The one exception is
//! [`LITERAL`], which our own writer uses to keep python-dotenv from interpolating.

mod values;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::variables::usual::Assignment;
use super::{ImportOptions, Imported, Notice, names, variables};
use crate::record::name;
use crate::secret::Secret;
use crate::{ImportError, Result};

pub(super) use values::{LITERAL, NOTHING};
use values::{bare, is_blank, is_line_end, is_space, quoted, shell_word, without_escaped_line_ends, without_literals};

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let mut notices = Vec::new();
    let assignments = assignments(text.expose_secret(), &mut notices)?;
    variables::records_of(assignments, options, notices)
}

/// All assignments of a text, each name once.
///
/// # Errors
/// One for all lines that cannot be taken.
fn assignments(text: &str, notices: &mut Vec<Notice>) -> Result<Vec<Assignment>, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // In a file whose every line ends in CRLF, those inside quotes are line ends of the file, not of the value.
    let crlf = text.matches('\n').count() == text.matches("\r\n").count();
    let mut cursor = Cursor { text, at: 0, line: 1, crlf };
    let mut assignments: Vec<Assignment> = Vec::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems: Vec<(usize, &'static str)> = Vec::new();
    loop {
        cursor.skip(is_space);
        if cursor.rest().is_empty() {
            break;
        }
        let start = (cursor.at, cursor.line);
        match cursor.binding(notices) {
            Ok(None) => {}
            Ok(Some(new)) => match positions.entry(new.name.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(assignments.len());
                    assignments.push(new);
                }
                Entry::Occupied(entry) => {
                    let text = format!("{} is set again; the last one counts", names::shown_or(&new.name, "a name"));
                    notices.push(Notice { line: new.line, text });
                    assignments[*entry.get()] = new;
                }
            },
            Err(problem) => {
                problems.push((start.1, problem));
                (cursor.at, cursor.line) = start;
                cursor.skip(|c| !is_line_end(c));
            }
        }
    }
    let Some((line, problem)) = problems.first() else { return Ok(assignments) };
    let others: Vec<String> = problems.iter().skip(1).take(10).map(|(line, _)| line.to_string()).collect();
    let problem = match others.as_slice() {
        [] => (*problem).to_owned(),
        [other] => format!("{problem}; more to correct in line {other}"),
        others => format!("{problem}; more to correct in lines {}", others.join(", ")),
    };
    Err(ImportError { line: Some(*line), field: None, problem })
}

/// Whether nothing but a comment stands before the end of the line.
fn ends_line(rest: &str) -> bool {
    let rest = rest.trim_start_matches(is_blank);
    rest.is_empty() || rest.starts_with(['#', '\r', '\n'])
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// Of `at`, from 1.
    line: usize,
    crlf: bool,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Goes on by `bytes`, counting lines.
    fn advance(&mut self, bytes: usize) {
        let passed = &self.text.as_bytes()[self.at..self.at + bytes];
        let mut before = self.text.as_bytes()[..self.at].last().copied();
        for byte in passed {
            // CRLF is one line end, and so is each alone.
            if *byte == b'\r' || (*byte == b'\n' && before != Some(b'\r')) {
                self.line += 1;
            }
            before = Some(*byte);
        }
        self.at += bytes;
    }

    fn skip(&mut self, unwanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start_matches(unwanted).len());
    }

    /// One line, or several when a quote spans them. None for a comment or a name without a value.
    fn binding(&mut self, notices: &mut Vec<Notice>) -> Result<Option<Assignment>, &'static str> {
        const NEITHER: &str = "neither NAME=value nor a comment";
        let line = self.line;
        if self.rest().strip_prefix("export").is_some_and(|rest| rest.starts_with(is_blank)) {
            self.advance("export".len());
            self.skip(is_blank);
        }
        if self.rest().starts_with('#') {
            self.skip(|c| !is_line_end(c));
            return Ok(None);
        }
        let name = self.name().ok_or(NEITHER)?;
        self.skip(is_blank);
        if !self.rest().starts_with('=') {
            if !ends_line(self.rest()) {
                return Err(NEITHER);
            }
            self.skip(|c| !is_line_end(c));
            // The text is not named: it can be the second line of a key that should be in quotes.
            notices.push(Notice { line: Some(line), text: "a name without a value is not kept".into() });
            return Ok(None);
        }
        self.advance(1);
        let value_start = self.rest();
        self.skip(is_blank);
        let blank_before = value_start.len() != self.rest().len();
        let value = if blank_before && self.rest().starts_with('#') {
            Secret::copy_of("")
        } else {
            self.value(&name, line, notices)?
        };
        if !ends_line(self.rest()) {
            return Err("something follows the closing quote");
        }
        self.skip(|c| !is_line_end(c));
        if !name::is_value(&name) {
            return Err("a name is too long or has control characters");
        }
        if value.expose_secret().contains('\0') {
            return Err("the value has a NUL character");
        }
        Ok(Some(Assignment { name, value, line: Some(line) }))
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        if let Some(inner) = rest.strip_prefix('\'') {
            let end = inner.find('\'').filter(|end| *end > 0)?;
            self.advance(end + 2);
            return Some(inner[..end].to_owned());
        }
        let end = rest.find(|c: char| matches!(c, '=' | '#') || is_space(c)).unwrap_or(rest.len());
        self.advance(end);
        (end > 0).then(|| rest[..end].to_owned())
    }

    fn value(&mut self, name: &str, line: usize, notices: &mut Vec<Notice>) -> Result<Secret, &'static str> {
        let rest = self.rest();
        let notice =
            |problem: &str| Notice { line: Some(line), text: format!("{} {problem}", names::shown_or(name, "a name")) };
        let (text, taken) = match rest.chars().next() {
            Some(quote @ ('\'' | '"')) => match quoted(rest, quote, self.crlf) {
                Some((text, taken)) if ends_line(&rest[taken..]) => {
                    let raw = &rest[..taken];
                    if quote == '"' && (raw.contains("\\$") || raw.contains("\\`")) {
                        notices.push(notice("has a backslash before $ or `, kept as python-dotenv keeps it"));
                    }
                    (text, taken)
                }
                python => match shell_word(rest, self.crlf) {
                    Some((text, taken)) if ends_line(&rest[taken..]) => (text, taken),
                    _ if python.is_none() => return Err("a quote is not closed"),
                    _ => return Err("something follows the closing quote"),
                },
            },
            _ => {
                let (text, taken) = bare(rest);
                if text.starts_with("-----BEGIN ") && !text.contains("-----END ") {
                    return Err("a key of several lines must stand in quotes");
                }
                (text, taken)
            }
        };
        self.advance(taken);
        let text = without_escaped_line_ends(text);
        let text = without_literals(text);
        if text.contains("${") && !rest[..taken].contains(LITERAL) {
            notices.push(notice("has a ${, which is kept as it is"));
        }
        Ok(Secret::copy_of(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(line: &str) -> String {
        let mut notices = Vec::new();
        let assignments = assignments(line, &mut notices).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(assignments.len(), 1, "{line}");
        assignments[0].value.expose_secret().to_owned()
    }

    fn error_of(text: &str) -> String {
        assignments(text, &mut Vec::new()).err().expect(text).to_string()
    }

    fn notices_of(text: &str) -> Vec<(usize, String)> {
        let mut notices = Vec::new();
        assignments(text, &mut notices).unwrap();
        notices.into_iter().map(|notice| (notice.line.unwrap(), notice.text)).collect()
    }

    #[test]
    fn the_grammar_of_python_dotenv_is_read() {
        for (line, value) in [
            ("A=b", "b"),
            ("A=", ""),
            (" export\tA = b c \t", "b c"),
            ("A=b # comment", "b"),
            ("A=b#no", "b#no"),
            ("A=#no", "#no"),
            ("A= # comment", ""),
            ("A='b' # comment", "b"),
            ("A='b'#comment", "b"),
            ("A=\"b\"  ", "b"),
            ("'A'=b", "b"),
            ("A=b\\n'c\"", "b\\n'c\""),
            ("A='a\\'b\\\\c\\n'", "a'b\\c\\n"),
            ("A=\"a\\\"b\\\\c\\n\\t\\a\\v\\x\\$\"", "a\"b\\c\n\t\x07\x0b\\x\\$"),
            ("A=\"a\nb\"", "a\nb"),
            ("A='a\n#b\n\nc'", "a\n#b\n\nc"),
            ("A=$B ${C}", "$B ${C}"),
            ("\u{feff}A=b\r\n", "b"),
            ("A='a\\\\'", "a\\"),
            ("A=\"\"", ""),
        ] {
            assert_eq!(value_of(line), value, "{line}");
        }
    }

    #[test]
    fn the_idioms_of_shells_are_read() {
        for (line, value) in [
            ("A='it'\\''s'", "it's"),
            ("A='it'\"'\"'s' # comment", "it's"),
            ("A=\"a\"'b'c", "abc"),
            ("A='a'\\\\'b'", "a\\b"),
            ("A='C:\\dir\\'", "C:\\dir\\"),
            ("A=''\"\\$5 \\`\"", "$5 `"),
        ] {
            assert_eq!(value_of(line), value, "{line}");
        }
    }

    #[test]
    fn lines_that_cannot_be_taken_are_named_by_number_only() {
        for (text, message) in [
            ("A=1\nEXAMPLE secret\n", "line 2: neither NAME=value nor a comment"),
            ("\n\n=EXAMPLE", "line 3: neither NAME=value nor a comment"),
            ("A='EXAMPLE\nB=1\n", "line 1: a quote is not closed"),
            ("A='EXAMPLE' x\n", "line 1: something follows the closing quote"),
            ("A='EXAMPLE'$(id)\n", "line 1: something follows the closing quote"),
            ("A='EXAMPLE'\"$HOME\"\n", "line 1: something follows the closing quote"),
            (
                "A=-----BEGIN EC PRIVATE KEY-----\nEXAMPLE=\n-----END EC PRIVATE KEY-----\n",
                "line 1: a key of several lines must stand in quotes; more to correct in line 3",
            ),
            (
                "A=1\r\nEXAMPLE secret\r\nB=2\r\nEXAMPLE x\r\n",
                "line 2: neither NAME=value nor a comment; more to correct in line 4",
            ),
        ] {
            assert_eq!(error_of(text), message);
        }
    }

    #[test]
    fn a_crlf_file_has_no_carriage_returns_in_its_values() {
        assert_eq!(value_of("A='x\r\ny'\r\n"), "x\ny");
        assert_eq!(value_of("A=\"x\\\r\ny\"\r\n"), "x\\\ny");
        assert_eq!(value_of("A='x\r\ny'\n"), "x\r\ny");
    }

    #[test]
    fn a_key_on_one_line_gets_its_line_ends_back() {
        let key = "-----BEGIN PRIVATE KEY-----\nEXAMPLE\n-----END PRIVATE KEY-----\n";
        let escaped = key.replace('\n', "\\n");
        assert_eq!(value_of(&format!("A={escaped}")), key);
        assert_eq!(value_of(&format!("A='{escaped}'")), key);
        assert_eq!(value_of(&format!("A=\"{escaped}\"")), key);
        assert_eq!(value_of(&format!("A={}", key.replace('\n', "\\r\\n"))), key);
        assert_eq!(value_of("A='EXAMPLE\\n'"), "EXAMPLE\\n");
    }

    #[test]
    fn the_last_of_two_counts_and_is_noticed() {
        let mut notices = Vec::new();
        let read = assignments("A=1\nB=2\nA=3\n", &mut notices).unwrap();
        let pairs: Vec<_> = read.iter().map(|a| (a.name.as_str(), a.value.expose_secret())).collect();
        assert_eq!(pairs, [("A", "3"), ("B", "2")]);
        assert_eq!(notices[0], Notice { line: Some(3), text: "A is set again; the last one counts".into() });
    }

    #[test]
    fn oddities_are_noticed_by_line_and_name() {
        assert_eq!(notices_of("\nexport A\n"), [(2, "a name without a value is not kept".into())]);
        assert_eq!(notices_of("A='${B}'"), [(1, "A has a ${, which is kept as it is".into())]);
        assert_eq!(
            notices_of("A=\"\\$5\""),
            [(1, "A has a backslash before $ or `, kept as python-dotenv keeps it".into())]
        );
        let long = "MHcCAQEEIEXAMPLEexampleEXAMPLEexampleEXAMPLE";
        assert_eq!(notices_of(&format!("{long}=${{")), [(1, "a name has a ${, which is kept as it is".into())]);
        assert!(notices_of("# comment\n\nA=1\n").is_empty());
    }
}
