//! Plain aligned tables, which fit a terminal and have colours there.

use std::io::{self, IsTerminal};

use super::{WIDTH, colour_on_stdout, printable};

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
    cut: usize,
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
        Table { rows: vec![heading], ..Table::default() }
    }

    /// A table without a heading.
    pub fn plain() -> Table {
        Table::default()
    }

    /// Which columns are left out on a terminal that is too narrow, the first of these first. If that is not enough,
    /// the first column, or that of [`Table::cut`], is cut in its middle.
    pub fn least_needed(mut self, columns: impl IntoIterator<Item = usize>) -> Table {
        self.least_needed = columns.into_iter().collect();
        self
    }

    /// Which column has the names, that can be long.
    pub fn cut(mut self, column: usize) -> Table {
        self.cut = column;
        self
    }

    /// Adds a row. Control characters, which could rewrite the terminal, are replaced.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether nothing of it has to be cut on a terminal.
    pub fn fits(&self) -> bool {
        let text = self.render_for(Place { width: usize::MAX, colours: false });
        text.lines().all(|line| line.chars().count() <= WIDTH)
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
        let long = used.iter().find(|&&column| column == self.cut).or(used.first());
        if let (false, Some(&long)) = (self.least_needed.is_empty(), long) {
            let over = total(&used, &widths).saturating_sub(place.width);
            widths[long] = widths[long].saturating_sub(over).max(SHORTEST.min(widths[long]));
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
}
