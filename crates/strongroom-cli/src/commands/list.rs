//! `strongroom list`: what is in the vault, without a secret. Also how one record is described for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use strongroom::record::Previous;
use strongroom::{Contents, Record, rotation};

use crate::context::Context;
use crate::due::Calendar;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Cell, Table};
use crate::select::{self, Selected};

// What `list` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these [default: all]
    #[arg(value_name = "REF")]
    references: Vec<String>,
    /// Only records with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
}

/// One record as `list --json` and `show --json` have it.
#[derive(Serialize)]
pub struct RecordView<'a> {
    exchange: &'a str,
    subaccount: &'a str,
    environment: &'static str,
    kind: &'static str,
    fields: Vec<&'a str>,
    permissions: Vec<&'a str>,
    ip_allowlist: Vec<&'a str>,
    created: String,
    rotated: Option<String>,
    expires: Option<String>,
    /// When the exchange ends the key by itself, where no date is recorded and that is certain.
    ends: Option<String>,
    rotate_after_days: Option<u32>,
    /// When its secrets should be replaced.
    due: String,
    previous: Option<PreviousView<'a>>,
    tags: Vec<&'a str>,
    /// By which environment variables programs know fields, where that is not the usual one.
    variables: &'a BTreeMap<String, String>,
}

/// What a rotation that is not finished keeps.
#[derive(Serialize)]
struct PreviousView<'a> {
    replaced: String,
    retire: Option<String>,
    fields: Vec<&'a str>,
    rotated: Option<String>,
    expires: Option<String>,
    verified: Option<String>,
    kind: &'static str,
    permissions: Vec<&'a str>,
    ip_allowlist: Vec<&'a str>,
}

/// One line of `list --json`.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Record(Box<RecordView<'a>>),
    Value { env: &'a str },
}

impl<'a> RecordView<'a> {
    /// Everything but the values.
    pub fn of(record: &'a Record, calendar: &Calendar) -> RecordView<'a> {
        let previous = |previous: &'a Previous| PreviousView {
            replaced: output::time(previous.replaced),
            retire: previous.retire.map(output::time),
            fields: previous.fields.names().collect(),
            rotated: previous.rotated.map(output::time),
            expires: previous.expires.map(output::time),
            verified: previous.verified.map(output::time),
            kind: previous.kind.name(),
            permissions: previous.permissions.iter().map(String::as_str).collect(),
            ip_allowlist: previous.ip_allowlist.iter().map(String::as_str).collect(),
        };
        RecordView {
            exchange: &record.exchange,
            subaccount: &record.subaccount,
            environment: record.environment.name(),
            kind: record.kind.name(),
            fields: record.fields.names().collect(),
            permissions: record.permissions.iter().map(String::as_str).collect(),
            ip_allowlist: record.ip_allowlist.iter().map(String::as_str).collect(),
            created: output::time(record.created),
            rotated: record.rotated.map(output::time),
            expires: record.expires.map(output::time),
            ends: rotation::ending(record).filter(|ending| ending.is_certain).map(|ending| output::time(ending.at)),
            rotate_after_days: record.rotate_after_days,
            due: output::time(calendar.due(record)),
            previous: record.previous.as_deref().map(previous),
            tags: record.tags.iter().map(String::as_str).collect(),
            variables: &record.variables,
        }
    }
}

/// Lists what was selected.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let contents = context.open()?.contents();
    let selected = selected(&contents, &args)?;
    let calendar = Calendar::of(context)?;
    if context.json {
        let records = selected.records.iter().map(|record| Line::Record(Box::new(RecordView::of(record, &calendar))));
        let values = selected.values.iter().map(|(name, _)| Line::Value { env: name });
        output::json(&records.chain(values).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    if selected.records.is_empty() && selected.values.is_empty() {
        context.note("nothing there");
        return Ok(Outcome::Done);
    }
    output::text(table(&selected, &calendar).render())?;
    Ok(Outcome::Done)
}

fn selected<'a>(contents: &'a Contents, args: &Args) -> Result<Selected<'a>, Failure> {
    let mut selected = select::select(contents, &args.references)?;
    if let Some(tag) = &args.tag {
        selected.records.retain(|record| record.tags.contains(tag));
        selected.values.clear();
    }
    Ok(selected)
}

/// What needs care is at hand: what a key may do, from where, how old it is and what is due. The rest is there when
/// there is room for it, and always in a pipe.
fn table(selected: &Selected<'_>, calendar: &Calendar) -> Table {
    const HEADING: [&str; 9] = ["record", "kind", "permissions", "ip", "age", "due", "expires", "tags", "fields"];
    const LEAST_NEEDED: [usize; 7] = [8, 1, 6, 7, 4, 2, 3];
    let mut table = Table::new(HEADING).least_needed(LEAST_NEEDED);
    for record in &selected.records {
        table.row::<Cell>([
            record.reference().to_string().into(),
            record.kind.name().to_owned().into(),
            joined(record.permissions.iter().map(String::as_str), ",").into(),
            match record.ip_allowlist.len() {
                0 => "-".to_owned().into(),
                addresses => addresses.to_string().into(),
            },
            calendar.age(record).into(),
            calendar.cell(record),
            record.expires.map(output::date).unwrap_or_default().into(),
            joined(record.tags.iter().map(String::as_str), ",").into(),
            joined(record.fields.names(), " ").into(),
        ]);
    }
    for (name, _) in &selected.values {
        table.row([strongroom::Selection::Value((*name).to_owned()).to_string(), "value".to_owned()]);
    }
    table
}

/// Words in one cell.
pub fn joined<'a>(words: impl Iterator<Item = &'a str>, with: &str) -> String {
    words.collect::<Vec<_>>().join(with)
}
