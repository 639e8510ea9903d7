//! One value of a `.env`: bare, in quotes, or as a shell's word. Every function says how much of the text
//! it takes.

use zeroize::Zeroizing;

/// What [`crate::formats::dotenv_targets`] writes for `${`, so that python-dotenv reads back `${`: a variable
/// that nobody sets, with `$` as its default, and the brace.
pub(in crate::formats) const LITERAL: &str = "${STRONGROOM_LITERAL:-$}{";

/// What it writes behind a value that ends in `\\`: nothing, so that the quote does not follow the backslashes, which
/// python-dotenv before 1.2.4 takes for an escaped quote.
pub(in crate::formats) const NOTHING: &str = "${STRONGROOM_LITERAL:-}";

/// What Python's `\s` matches.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

pub(super) fn is_line_end(character: char) -> bool {
    matches!(character, '\r' | '\n')
}

pub(super) fn is_blank(character: char) -> bool {
    is_space(character) && !is_line_end(character)
}

/// To the end of the line or a comment, without the blanks before it. No escapes.
pub(super) fn bare(rest: &str) -> (Zeroizing<String>, usize) {
    let line = &rest[..rest.find(is_line_end).unwrap_or(rest.len())];
    let mut end = line.len();
    let mut after_blank = false;
    for (at, character) in line.char_indices() {
        if character == '#' && after_blank {
            end = at;
            break;
        }
        after_blank = is_space(character);
    }
    (Zeroizing::new(line[..end].trim_end_matches(is_space).to_owned()), line.len())
}

/// A quoted value in python-dotenv's grammar, and how much of the text it takes.
///
/// In single quotes `\\` and `\'` are escapes, in double quotes a few more; others stay as they are.
pub(super) fn quoted(rest: &str, quote: char, crlf: bool) -> Option<(Zeroizing<String>, usize)> {
    // No escape is longer unescaped, so the buffer never grows.
    let length = closing_quote(rest, quote)?;
    let mut out = Zeroizing::new(String::with_capacity(length));
    let mut characters = rest.get(1..length)?.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && crlf && characters.peek() == Some(&'\n') {
            continue;
        }
        if character != '\\' {
            out.push(character);
            continue;
        }
        let unescaped = match (quote, characters.peek()) {
            (_, Some('\\')) => '\\',
            (_, Some('\'')) => '\'',
            ('"', Some('"')) => '"',
            ('"', Some('a')) => '\x07',
            ('"', Some('b')) => '\x08',
            ('"', Some('f')) => '\x0c',
            ('"', Some('n')) => '\n',
            ('"', Some('r')) => '\r',
            ('"', Some('t')) => '\t',
            ('"', Some('v')) => '\x0b',
            _ => {
                out.push('\\');
                continue;
            }
        };
        characters.next();
        out.push(unescaped);
    }
    Some((out, length + 1))
}

/// Where the quote that `rest` starts with is closed.
fn closing_quote(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()?),
            character if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// One word as a POSIX shell reads it: parts in quotes and bare parts, joined. None for what a shell
/// would expand or act upon, because then the text does not say what the value is.
pub(super) fn shell_word(rest: &str, crlf: bool) -> Option<(Zeroizing<String>, usize)> {
    // Measured first: a buffer for all that is left, wiped for each word, would take a long file the square of its
    // time.
    let taken = walk_shell_word(rest, crlf, |_| ())?;
    let mut out = Zeroizing::new(String::with_capacity(taken));
    walk_shell_word(&rest[..taken], crlf, |character| out.push(character))?;
    Some((out, taken))
}

/// Hands each character of the word's value to `take`, and says how much of the text the word is.
fn walk_shell_word(rest: &str, crlf: bool, mut take: impl FnMut(char)) -> Option<usize> {
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => loop {
                match characters.next()?.1 {
                    '\'' => break,
                    '\r' if crlf && characters.peek().is_some_and(|(_, next)| *next == '\n') => {}
                    inner => take(inner),
                }
            },
            '"' => loop {
                match characters.next()?.1 {
                    '"' => break,
                    '\\' => match characters.next()?.1 {
                        escaped @ ('$' | '`' | '"' | '\\') => take(escaped),
                        '\n' => {}
                        other => {
                            take('\\');
                            take(other);
                        }
                    },
                    '`' => return None,
                    '$' => {
                        if characters.peek().is_some_and(|(_, next)| starts_expansion(*next)) {
                            return None;
                        }
                        take('$');
                    }
                    '\r' if crlf && characters.peek().is_some_and(|(_, next)| *next == '\n') => {}
                    inner => take(inner),
                }
            },
            '\\' => match characters.next()?.1 {
                '\n' => {}
                escaped => take(escaped),
            },
            '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return None,
            bare if is_space(bare) => return Some(at),
            bare => take(bare),
        }
    }
    Some(rest.len())
}

fn starts_expansion(after_dollar: char) -> bool {
    after_dollar.is_ascii_alphanumeric() || "_{(@*#?-$!".contains(after_dollar)
}

/// A PEM key on one line: many tools write its line ends as `\n`.
pub(super) fn without_escaped_line_ends(text: Zeroizing<String>) -> Zeroizing<String> {
    if !text.starts_with("-----BEGIN ") || text.contains('\n') || !text.contains("\\n") {
        return text;
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.split_inclusive("\\n") {
        match line.strip_suffix("\\n") {
            Some(line) => {
                out.push_str(line.strip_suffix("\\r").unwrap_or(line));
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Undoes what our own writer did for python-dotenv. See [`LITERAL`] and [`NOTHING`].
pub(super) fn without_literals(text: Zeroizing<String>) -> Zeroizing<String> {
    // What both begin with, so that each place is looked at once.
    const START: &str = "${STRONGROOM_LITERAL:-";
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(START) {
        out.push_str(before);
        rest = if let Some(after) = after.strip_prefix("$}{") {
            out.push_str("${");
            after
        } else if let Some(after) = after.strip_prefix('}') {
            after
        } else {
            out.push_str(START);
            after
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_takes_no_more_memory_than_it_is_long() {
        let text = format!("'it'\\''s' {}", "EXAMPLE ".repeat(1000));
        let (word, taken) = shell_word(&text, false).unwrap();
        assert_eq!((word.as_str(), taken), ("it's", 9));
        assert!(word.capacity() <= 16, "{} bytes", word.capacity());
    }

    #[test]
    fn what_our_writer_writes_for_others_is_undone_and_nothing_else() {
        let undone = |text: &str| without_literals(Zeroizing::new(text.to_owned())).as_str().to_owned();
        assert_eq!(undone(&format!("a{LITERAL}b{NOTHING}{LITERAL}{NOTHING}")), "a${b${");
        for text in ["${STRONGROOM_LITERAL:-x}", "${STRONGROOM_LITERAL:-$}", "${STRONGROOM_LITERAL:-", "$"] {
            assert_eq!(undone(text), text);
        }
        assert_eq!(undone(&format!("${{STRONGROOM_LITERAL:-{LITERAL}")), "${STRONGROOM_LITERAL:-${");
    }
}
