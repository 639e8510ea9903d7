//! `strongroom show`: one record or value with everything known about it, masked unless asked otherwise.

use std::collections::BTreeMap;

use serde::Serialize;
use strongroom::record::{Fields, Value, field};
use strongroom::rotation::{self, Next, Task};
use strongroom::{Record, Secret, Selection};
use zeroize::Zeroizing;

use super::list::{RecordView, joined};
use crate::context::Context;
use crate::due::Calendar;
use crate::failure::{Failure, Outcome};
use crate::output::Colour;
use crate::{arguments, output, select};

// What `show` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment] or env/NAME
    #[arg(value_name = "REF")]
    reference: String,
    /// Print the values themselves
    #[arg(long)]
    reveal: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    record: RecordView<'a>,
    note: &'a str,
    values: BTreeMap<&'a str, Shape<'a>>,
    previous_values: Option<BTreeMap<&'a str, Shape<'a>>>,
}

#[derive(Serialize)]
struct ShownValue<'a> {
    env: &'a str,
    value: Shape<'a>,
    created: String,
    changed: Option<String>,
}

/// A value as it may be seen.
#[derive(Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Masked(String),
    Revealed(&'a str),
}

impl<'a> Shape<'a> {
    fn of(secret: &'a Secret, reveal: bool) -> Shape<'a> {
        if reveal { Shape::Revealed(secret.expose_secret()) } else { Shape::Masked(secret.masked()) }
    }

    fn text(&self) -> &str {
        match self {
            Shape::Masked(text) => text,
            Shape::Revealed(text) => text,
        }
    }
}

/// Shows it.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let selection = arguments::selection(&args.reference)?;
    match selection {
        Selection::Record(reference) => {
            let contents = context.open()?.contents();
            show_record(context, select::find_record(&contents, &reference)?, args.reveal)?;
        }
        Selection::Value(name) => {
            let contents = context.open()?.contents();
            let value = contents.value(&name).ok_or(strongroom::Error::NoSuchValue { name: name.clone() })?;
            show_value(context, &name, value, args.reveal)?;
        }
        Selection::Field(..) => {
            return Err(Failure::usage("show takes a record, without a field")
                .hint(format!("strongroom get {}", output::shell_word(&args.reference))));
        }
        Selection::Exchange(..) => {
            return Err(Failure::usage("show takes one record")
                .hint(format!("strongroom list {}", output::shell_word(&args.reference))));
        }
    }
    Ok(Outcome::Done)
}

fn show_record(context: &Context, record: &Record, reveal: bool) -> Result<(), Failure> {
    let calendar = Calendar::of(context)?;
    if context.json {
        let shown = Shown {
            record: RecordView::of(record, &calendar),
            note: &record.note,
            values: values(&record.fields, reveal),
            previous_values: record.previous.as_ref().map(|previous| values(&previous.fields, reveal)),
        };
        return output::json_secret(&shown, secret_bytes(record));
    }
    output::secret(text(record, &calendar, reveal).as_bytes())
}

fn values(fields: &Fields, reveal: bool) -> BTreeMap<&str, Shape<'_>> {
    fields.iter().map(|(name, value)| (name, Shape::of(value, reveal))).collect()
}

fn secret_bytes(record: &Record) -> usize {
    let previous = record.previous.iter().flat_map(|previous| previous.fields.iter());
    record.fields.iter().chain(previous).map(|(_, value)| value.len()).sum()
}

/// Everything about a record that is to be kept in mind, values masked, for somebody who just typed them.
pub fn masked(record: &Record, calendar: &Calendar) -> Zeroizing<String> {
    text(record, calendar, false)
}

fn text(record: &Record, calendar: &Calendar, reveal: bool) -> Zeroizing<String> {
    let mut lines = Lines::with_room_for(secret_bytes(record) + record.note.len());
    lines.heading(&record.reference().to_string());
    lines.fields("", &record.fields, reveal);
    lines.variables(&record.variables);
    lines.line("kind", record.kind.name());
    lines.line("permissions", &joined(record.permissions.iter().map(String::as_str), ", "));
    lines.line("ip allow-list", &joined(record.ip_allowlist.iter().map(String::as_str), ", "));
    lines.line("created", &output::time(record.created));
    lines.line("rotated", &record.rotated.map(output::time).unwrap_or_default());
    let (due, next) = (calendar.due(record), calendar.next(record));
    let of_days = format!("{} days after {}", calendar.lifetime(record), output::date(rotation::since(record)));
    lines.coloured(
        "due",
        &format!("{}, {of_days}", output::date(due)),
        calendar.colour(&Next { task: Task::Rotate, at: due }),
    );
    let expires = record.expires.map(|expires| format!("{}, {}", output::time(expires), calendar.distance_to(expires)));
    let colour = record.expires.and_then(|at| calendar.colour(&Next { task: Task::Renew, at }));
    lines.coloured("expires", &expires.unwrap_or_default(), colour);
    if let Some(ending) = rotation::ending(record) {
        let colour = ending.is_certain.then(|| calendar.colour(&Next { task: Task::Renew, at: ending.at })).flatten();
        lines.coloured("ends", &calendar.ending(&ending), colour);
    }
    lines.line("rotate after", &record.rotate_after_days.map(|days| format!("{days} days")).unwrap_or_default());
    lines.line("verified", &record.verified.map(output::time).unwrap_or_default());
    lines.line("tags", &joined(record.tags.iter().map(String::as_str), ", "));
    lines.line("note", &record.note);
    if let Some(previous) = &record.previous {
        let until = previous.retire.map(|retire| format!(", kept until {}", output::date(retire))).unwrap_or_default();
        lines.coloured("replaced", &format!("{}{until}", output::time(previous.replaced)), calendar.colour(&next));
        lines.fields("old ", &previous.fields, reveal);
        lines.line("old kind", if previous.kind == record.kind { "" } else { previous.kind.name() });
        for (name, old, new) in [
            ("old permissions", &previous.permissions, &record.permissions),
            ("old ip allow-list", &previous.ip_allowlist, &record.ip_allowlist),
        ] {
            // That there is none is left out where it is as with the new key, and nobody could take it for that one's.
            let none = if old == new { "" } else { "none recorded" };
            lines.line(
                name,
                &if old.is_empty() { none.to_owned() } else { joined(old.iter().map(String::as_str), ", ") },
            );
        }
        for (name, time) in
            [("old rotated", previous.rotated), ("old expires", previous.expires), ("old verified", previous.verified)]
        {
            lines.line(name, &time.map(output::time).unwrap_or_default());
        }
    }
    lines.0
}

fn show_value(context: &Context, name: &str, value: &Value, reveal: bool) -> Result<(), Failure> {
    let shape = Shape::of(&value.value, reveal);
    let (created, changed) = (output::time(value.created), value.changed.map(output::time));
    if context.json {
        return output::json_secret(&ShownValue { env: name, value: shape, created, changed }, value.value.len());
    }
    let mut lines = Lines::with_room_for(value.value.len());
    lines.heading(&format!("env/{name}"));
    lines.secret("value", shape.text());
    lines.line("created", &created);
    lines.line("changed", &changed.unwrap_or_default());
    output::secret(lines.0.as_bytes())
}

/// How wide the names of facts are.
const NAMES: usize = 20;

/// Names and what belongs to them, in memory that is wiped.
struct Lines(Zeroizing<String>);

impl Lines {
    /// Room for everything that could be a secret, so that the text never moves.
    fn with_room_for(secret_bytes: usize) -> Lines {
        Lines(Zeroizing::new(String::with_capacity(secret_bytes * 4 + 64 * 1024)))
    }

    fn heading(&mut self, text: &str) {
        self.0.push_str(&output::printable(text));
        self.0.push('\n');
    }

    /// Left out when there is nothing to say.
    fn line(&mut self, name: &str, text: &str) {
        self.coloured(name, text, None);
    }

    fn coloured(&mut self, name: &str, text: &str, colour: Option<Colour>) {
        if !text.is_empty() {
            self.name(name);
            let text = output::printable(text);
            match colour {
                Some(colour) if output::colour_on_stdout() => self.0.push_str(&colour.paint(&text)),
                _ => self.0.push_str(&text),
            }
            self.0.push('\n');
        }
    }

    /// Those that people expect first, in the order in which they do.
    fn fields(&mut self, before: &str, fields: &Fields, reveal: bool) {
        let known = field::KNOWN.into_iter().filter(|name| fields.get(name).is_some());
        let others = fields.names().filter(|name| !field::KNOWN.contains(name));
        for name in known.chain(others) {
            if let Some(value) = fields.get(name) {
                self.secret(&format!("{before}{name}"), Shape::of(value, reveal).text());
            }
        }
    }

    /// One line each, in the order of the fields and not behind their values, which may have several lines.
    fn variables(&mut self, names: &BTreeMap<String, String>) {
        let known = field::KNOWN.into_iter().filter_map(|field| names.get_key_value(field));
        let others = names.iter().filter(|(field, _)| !field::KNOWN.contains(&field.as_str()));
        let mut heading = "variables";
        for (field, name) in known.chain(others) {
            self.name(heading);
            self.0.push_str(&output::printable(&format!("{name} is the {field}")));
            self.0.push('\n');
            heading = "";
        }
    }

    /// Values are shown as they are, but their line feeds do not break the columns.
    fn secret(&mut self, name: &str, text: &str) {
        self.name(name);
        for (at, line) in text.trim_end_matches('\n').split('\n').enumerate() {
            if at > 0 {
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', 2 + NAMES));
            }
            self.0.push_str(line);
        }
        self.0.push('\n');
    }

    fn name(&mut self, name: &str) {
        self.0.push_str("  ");
        self.0.push_str(&output::printable(name));
        self.0.extend(std::iter::repeat_n(' ', NAMES.saturating_sub(name.chars().count()).max(1)));
    }
}
