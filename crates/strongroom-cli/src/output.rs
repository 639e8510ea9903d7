//! How answers look: text and JSON on standard output, plain aligned tables, times.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use strongroom::record::Timestamp;
use zeroize::Zeroizing;

use crate::failure::Failure;

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

/// As [`secret`], for what exists nowhere else: a closed pipe is a failure here, because nobody has read it, and so is a
/// standard output that leads nowhere. One that was closed does, because programs are started with that in its place.
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

/// What a cell is coloured for, where colours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Too late.
    Red,
    /// Soon.
    Yellow,
}

impl Colour {
    /// This text in this colour.
    pub fn paint(self, text: &str) -> String {
        let number = match self {
            Colour::Red => 31,
            Colour::Yellow => 33,
        };
        format!("\x1b[{number}m{text}\x1b[0m")
    }
}

/// One cell of a table.
#[derive(Debug)]
pub struct Cell {
    text: String,
    colour: Option<Colour>,
}

impl Cell {
    /// A text that stands out where colours are.
    pub fn coloured(text: String, colour: Option<Colour>) -> Cell {
        // Control characters could rewrite the terminal.
        Cell { text: printable(&text), colour }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::coloured(text, None)
    }
}

/// Rows of cells, aligned in columns with two blanks between them.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Cell>>,
    least_needed: Vec<usize>,
}

/// Where a table goes.
#[derive(Clone, Copy)]
struct Place {
    width: usize,
    colours: bool,
}

impl Table {
    /// A table with this heading.
    pub fn new<'a>(heading: impl IntoIterator<Item = &'a str>) -> Table {
        let heading = heading.into_iter().map(|word| word.to_uppercase().into()).collect();
        Table { rows: vec![heading], least_needed: Vec::new() }
    }

    /// A table without a heading.
    pub fn plain() -> Table {
        Table::default()
    }

    /// Which columns are left out on a terminal that is too narrow, the first of these first. If that is not enough, the
    /// first column is cut in its middle.
    pub fn least_needed(mut self, columns: impl IntoIterator<Item = usize>) -> Table {
        self.least_needed = columns.into_iter().collect();
        self
    }

    /// Adds a row. Control characters, which could rewrite the terminal, are replaced.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The text, with a line feed after every row. Columns that are empty everywhere are left out.
    ///
    /// Only for a terminal is anything cut: a pipe has no width, and `grep` should find what is there.
    pub fn render(&self) -> String {
        let width = if io::stdout().is_terminal() { WIDTH } else { usize::MAX };
        self.render_for(Place { width, colours: colour_on_stdout() })
    }

    fn render_for(&self, place: Place) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let body = if self.rows.len() > 1 { &self.rows[1..] } else { &self.rows[..] };
        let mut used: Vec<usize> = (0..columns)
            .filter(|&column| body.iter().any(|row| row.get(column).is_some_and(|cell| !cell.text.is_empty())))
            .collect();
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max();
        let mut widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or_default()).collect();
        let total = |used: &[usize], widths: &[usize]| -> usize {
            used.iter().map(|&column| widths[column]).sum::<usize>() + 2 * used.len().saturating_sub(1)
        };
        for column in &self.least_needed {
            if total(&used, &widths) > place.width {
                used.retain(|kept| kept != column);
            }
        }
        if let (false, Some(&first)) = (self.least_needed.is_empty(), used.first()) {
            let over = total(&used, &widths).saturating_sub(place.width);
            widths[first] = widths[first].saturating_sub(over).max(SHORTEST.min(widths[first]));
        }
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            let mut width = 0;
            for (at, &column) in used.iter().enumerate() {
                let Some(cell) = row.get(column) else { continue };
                let last = at + 1 == used.len();
                let text = match last && self.least_needed.is_empty() {
                    true => shortened(&cell.text, place.width.saturating_sub(width)),
                    false => cut_in_the_middle(&cell.text, widths[column]),
                };
                let padding = if last { 0 } else { (widths[column] + 2).saturating_sub(text.chars().count()) };
                width += text.chars().count() + padding;
                match cell.colour {
                    Some(colour) if place.colours => line.push_str(&colour.paint(&text)),
                    _ => line.push_str(&text),
                }
                line.extend(std::iter::repeat_n(' ', padding));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Text for a terminal: control characters and what reorders text become `?`.
pub fn printable(text: &str) -> String {
    let unsafe_here = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if unsafe_here(character) { '?' } else { character }).collect()
}

/// Whether standard error may be coloured: on a terminal, and when `NO_COLOR` is not set.
pub fn colour_on_stderr() -> bool {
    may_colour(&io::stderr())
}

/// The text in lines of at most [`WIDTH`] but for longer words, the first of which begins in this column, as all others then do.
pub fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// Whether standard output may be coloured, as [`colour_on_stderr`].
pub fn colour_on_stdout() -> bool {
    may_colour(&io::stdout())
}

fn may_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What a shell reads back as this one word.
pub fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./=:@%+,-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A cell narrower than this would say nothing, so it is left whole instead.
const SHORTEST: usize = 12;

/// The beginning of a name says which exchange, its end which subaccount.
fn cut_in_the_middle(cell: &str, width: usize) -> String {
    let characters = cell.chars().count();
    if characters <= width || width < SHORTEST {
        return cell.to_owned();
    }
    let front = (width - 3) / 2;
    let back = width - 3 - front;
    let mut text: String = cell.chars().take(front).collect();
    text.push_str("...");
    text.extend(cell.chars().skip(characters - back));
    text
}

fn shortened(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width || width < SHORTEST {
        return cell.to_owned();
    }
    let mut text: String = cell.chars().take(width - 3).collect();
    text.push_str("...");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Place = Place { width: WIDTH, colours: true };
    const PIPE: Place = Place { width: usize::MAX, colours: false };

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(["name", "tags", "kind"]);
        table.row(["okx/main".into(), String::new(), "hmac".into()]);
        table.row(["b/main".into(), String::new(), "rsa".into()]);
        assert_eq!(table.render(), "NAME      KIND\nokx/main  hmac\nb/main    rsa\n");
    }

    #[test]
    fn the_last_column_is_cut_at_80_on_a_terminal() {
        let mut table = Table::new(["a", "b"]);
        table.row(["x".into(), "y".repeat(100)]);
        let text = table.render_for(TERMINAL);
        assert!(text.lines().all(|line| line.len() <= 80) && text.ends_with("...\n"));
        assert!(!table.render_for(PIPE).contains("..."));
    }

    #[test]
    fn on_a_narrow_terminal_columns_go_in_their_order_and_then_the_name_is_cut() {
        let mut table = Table::new(["name", "may", "due", "tags"]).least_needed([3, 1]);
        table.row(["n".repeat(50), "m".repeat(20), "d".into(), "t".repeat(20)]);
        let heading = |table: &Table| table.render_for(TERMINAL).lines().next().unwrap().to_owned();
        assert_eq!(heading(&table).split_whitespace().collect::<Vec<_>>(), ["NAME", "MAY", "DUE"]);
        table.row([format!("okx/{}end", "n".repeat(100)), String::new(), "d".into(), String::new()]);
        let text = table.render_for(TERMINAL);
        assert_eq!(heading(&table).split_whitespace().collect::<Vec<_>>(), ["NAME", "DUE"]);
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        let cut = text.lines().last().unwrap();
        assert!(cut.starts_with("okx/nnn") && cut.contains("...") && cut.contains("nend  d"), "{text}");
        assert!(!table.render_for(PIPE).contains("...") && table.render_for(PIPE).contains("TAGS"));
    }

    #[test]
    fn colours_are_on_terminals_only_and_do_not_count_as_width() {
        let mut table = Table::new(["name", "due", "x"]);
        table.row([
            Cell::coloured("a".into(), None),
            Cell::coloured("late".into(), Some(Colour::Red)),
            "x".to_owned().into(),
        ]);
        assert_eq!(table.render_for(PIPE), "NAME  DUE   X\na     late  x\n");
        assert_eq!(table.render_for(TERMINAL), "NAME  DUE   X\na     \x1b[31mlate\x1b[0m  x\n");
    }

    #[test]
    fn names_cannot_rewrite_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}"), "a?[2Jb?");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(86_400), "1970-01-02");
        assert_eq!(time(i64::MAX), format!("@{}", i64::MAX));
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("a/b-c.d"), "a/b-c.d");
        assert_eq!(shell_word("it's here"), "'it'\\''s here'");
        assert_eq!(shell_word(""), "''");
    }
}
