//! The part of YAML that hummingbot writes for a connector: `key: value` lines, one level of `key:` with indented lines
//! below, and things of no interest here: lists, deeper levels, comments.
//!
//! Not a whole YAML reader on purpose. The files come from one writer, what matters in them are single words, and what
//! this does not understand is refused by its line instead of guessed.

use std::collections::BTreeSet;

use crate::ImportError;
use crate::formats::names;

/// A connector's file has some twenty lines. More than this is no such file.
const MOST_ENTRIES: usize = 1_000;

/// One `key: value`, where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// The key that this one is indented below, if it is.
    pub(super) parent: Option<&'t str>,
    pub(super) key: &'t str,
    /// From 1.
    pub(super) line: usize,
    pub(super) value: Value<'t>,
}

/// What stands after the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'t> {
    /// Nothing: null, an empty text, an empty list or mapping, or what is indented below.
    Empty,
    /// One word or more on this line, without quotes.
    Text(&'t str),
    /// Something of several lines, with escapes, or in brackets.
    Other,
}

impl<'t> Entry<'t> {
    /// Whether this is `key` or `parent.key`.
    pub(super) fn is_at(&self, path: &str) -> bool {
        match self.parent {
            Some(parent) => path.split_once('.') == Some((parent, self.key)),
            None => path == self.key,
        }
    }

    /// `key` or `parent.key`.
    pub(super) fn path(&self) -> String {
        self.parent.map_or_else(|| self.key.to_owned(), |parent| format!("{parent}.{}", self.key))
    }

    /// An error at this place.
    pub(super) fn error(&self, problem: impl Into<String>) -> ImportError {
        let shown = [self.parent, Some(self.key)].into_iter().flatten().all(|part| names::shown(part).is_some());
        ImportError { line: Some(self.line), field: shown.then(|| self.path()), problem: problem.into() }
    }
}

/// The entries of the two upper levels.
///
/// # Errors
/// The line of what is not understood, and of a key that is there twice.
pub(super) fn entries(text: &str) -> Result<Vec<Entry<'_>>, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut seen = BTreeSet::new();
    // The last key of the outer level; how far the keys below it are indented; and how far the list is that goes on.
    let (mut outer, mut inner, mut list) = (None::<usize>, None::<usize>, None::<usize>);
    for (at, line) in text.lines().enumerate() {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let content = content.trim_end();
        let error = |problem: &str| ImportError { line: Some(at + 1), field: None, problem: problem.into() };
        if content.is_empty() || content.starts_with('#') || (indent == 0 && content == "---") {
            continue;
        }
        if content.starts_with('\t') {
            return Err(error("is indented with tabs"));
        }
        if content == "-" || content.starts_with("- ") {
            list = list.or(Some(indent));
            continue;
        }
        if list.is_some_and(|list| indent > list) {
            continue;
        }
        list = None;
        let mut parent = None;
        if indent > 0 {
            let Some(outer) = outer else { return Err(error("is indented below nothing")) };
            // Below a value are more lines of that value; below a key of the inner level is what nobody asks for.
            if entries[outer].value != Value::Empty || inner.is_some_and(|inner| indent > inner) {
                if let Some(last) = entries.last_mut() {
                    last.value = Value::Other;
                }
                continue;
            }
            (parent, inner) = (Some(entries[outer].key), Some(indent));
        }
        let (key, value) = key_and_value(content).ok_or_else(|| error("is not a line that hummingbot writes"))?;
        let entry = Entry { parent, key, line: at + 1, value };
        if !seen.insert((parent, key)) {
            return Err(entry.error("is there twice"));
        }
        if entries.len() == MOST_ENTRIES {
            return Err(error("there are more lines than a connector's file has"));
        }
        if indent == 0 {
            (outer, inner) = (Some(entries.len()), None);
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn key_and_value(content: &str) -> Option<(&str, Value<'_>)> {
    let (key, rest) = match content.split_once(": ") {
        Some(parts) => parts,
        None => (content.strip_suffix(':')?, ""),
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    ((1..=64).contains(&key.len()) && key.chars().all(is_word)).then(|| (key, value(rest.trim())))
}

fn value(text: &str) -> Value<'_> {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let Some((inside, after)) = text[1..].split_once(quote) else { return Value::Other };
        let after = after.trim_start();
        return match inside {
            // A quote or an escape inside: nothing that matters here has one.
            _ if inside.contains('\\') || !(after.is_empty() || after.starts_with('#')) => Value::Other,
            "" => Value::Empty,
            _ => Value::Text(inside),
        };
    }
    // A comment after the value.
    let text = match text.find(" #") {
        Some(at) => text[..at].trim_end(),
        None => text,
    };
    match text {
        "" | "~" | "null" | "Null" | "NULL" | "{}" | "[]" => Value::Empty,
        _ if text.starts_with('#') => Value::Empty,
        _ if text.starts_with(['[', '{', '&', '*', '!', '|', '>', '%', '@', '`']) => Value::Other,
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, usize, Value<'_>)> {
        entries(text).unwrap().iter().map(|entry| (entry.path(), entry.line, entry.value)).collect()
    }

    #[test]
    fn what_hummingbot_writes_is_read() {
        let text = "###########\n###  x  ###\n\nconnector: xrpl\n\nempty: ''\nnothing: null\nnetwork: {}\n\
                    flag: 'no' \n\
                    address: '0xEXAMPLE' # a comment\naccount_type:\n  private_key: EXAMPLE\n  index: 0\n\
                    urls:\n- wss://a/\n- b: c\n  d: e\n\
                    markets:\n  SOLO-XRP:\n    base: A\n    quote: B\n  OTHER:\n    base: A\nlast: 1\n";
        let text_of = Value::Text;
        assert_eq!(
            read(text),
            [
                ("connector".into(), 4, text_of("xrpl")),
                ("empty".into(), 6, Value::Empty),
                ("nothing".into(), 7, Value::Empty),
                ("network".into(), 8, Value::Empty),
                ("flag".into(), 9, text_of("no")),
                ("address".into(), 10, text_of("0xEXAMPLE")),
                ("account_type".into(), 11, Value::Empty),
                ("account_type.private_key".into(), 12, text_of("EXAMPLE")),
                ("account_type.index".into(), 13, text_of("0")),
                ("urls".into(), 14, Value::Empty),
                ("markets".into(), 18, Value::Empty),
                ("markets.SOLO-XRP".into(), 19, Value::Other),
                ("markets.OTHER".into(), 22, Value::Other),
                ("last".into(), 24, text_of("1")),
            ]
        );
    }

    #[test]
    fn a_value_of_several_lines_is_never_taken_for_its_first() {
        for text in
            ["a: EXAMPLE\n  EXAMPLE\n", "a: 'EXAMPLE\n  EXAMPLE'\n", "a: |\n  EXAMPLE\n", "a: [EXAMPLE,\n  B]\n"]
        {
            assert_eq!(read(text), [("a".into(), 1, Value::Other)], "{text}");
        }
        assert_eq!(read("a:\n  b: x\n    y\n"), [("a".into(), 1, Value::Empty), ("a.b".into(), 2, Value::Other)]);
    }

    #[test]
    fn other_values_are_told_apart() {
        for (text, value) in [
            ("a: \"b\"", Value::Text("b")),
            ("a: \"b\\n\"", Value::Other),
            ("a: 'it''s'", Value::Other),
            ("a: b # c", Value::Text("b")),
            ("a: b#c", Value::Text("b#c")),
            ("a: &x b", Value::Other),
            ("a: *x", Value::Other),
            ("a: !secret b", Value::Other),
            ("a: ~", Value::Empty),
            ("a: # c", Value::Empty),
            ("a:", Value::Empty),
        ] {
            assert_eq!(read(text), [("a".into(), 1, value)], "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_by_its_line_and_not_shown() {
        for (text, message) in [
            ("a: b\nEXAMPLE\n", "line 2: is not a line that hummingbot writes"),
            ("a: b\na: c\n", "line 2, a: is there twice"),
            ("a:\n  b: 1\n  b: 2\n", "line 3, a.b: is there twice"),
            ("  a: b\n", "line 1: is indented below nothing"),
            ("a:\n\tb: c\n", "line 2: is indented with tabs"),
            ("'a': b\n", "line 1: is not a line that hummingbot writes"),
            ("0123456789abcdef: b\n0123456789abcdef: b\n", "line 2: is there twice"),
        ] {
            assert_eq!(entries(text).unwrap_err().to_string(), message);
        }
        assert!(entries(&"a: b\n".replace('a', &"a".repeat(65))).is_err());
        let many: String = (0..=MOST_ENTRIES).map(|number| format!("k{number}:\n")).collect();
        assert!(entries(&many).is_err());
    }
}
