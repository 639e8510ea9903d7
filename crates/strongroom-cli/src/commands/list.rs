//! `strongroom list`: what is in the vault, without a secret. Also how one record is described for programs.

use serde::Serialize;
use strongroom::{Contents, Record};

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, Table};
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
    rotate_after_days: Option<u32>,
    tags: Vec<&'a str>,
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
    pub fn of(record: &'a Record) -> RecordView<'a> {
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
            rotate_after_days: record.rotate_after_days,
            tags: record.tags.iter().map(String::as_str).collect(),
        }
    }
}

/// Lists what was selected.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let contents = context.open()?.contents();
    let selected = selected(&contents, &args)?;
    if context.json {
        let records = selected.records.iter().map(|record| Line::Record(Box::new(RecordView::of(record))));
        let values = selected.values.iter().map(|(name, _)| Line::Value { env: name });
        output::json(&records.chain(values).collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    if selected.records.is_empty() && selected.values.is_empty() {
        context.note("nothing there");
        return Ok(Outcome::Done);
    }
    output::text(table(&selected).render())?;
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

fn table(selected: &Selected<'_>) -> Table {
    let mut table = Table::new(["record", "kind", "permissions", "ip", "expires", "tags", "fields"]);
    for record in &selected.records {
        table.row([
            record.reference().to_string(),
            record.kind.name().to_owned(),
            joined(record.permissions.iter().map(String::as_str), ","),
            match record.ip_allowlist.len() {
                0 => "-".to_owned(),
                addresses => addresses.to_string(),
            },
            record.expires.map(output::date).unwrap_or_default(),
            joined(record.tags.iter().map(String::as_str), ","),
            joined(record.fields.names(), " "),
        ]);
    }
    for (name, _) in &selected.values {
        table.row([
            strongroom::Selection::Value((*name).to_owned()).to_string(),
            "value".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
    table
}

/// Words in one cell.
pub fn joined<'a>(words: impl Iterator<Item = &'a str>, with: &str) -> String {
    words.collect::<Vec<_>>().join(with)
}
