//! `strongroom mv`: another name for a record or value.

use strongroom::wording::command;
use strongroom::{Contents, Error, Record, Reference, Saved, Selection, formats};

use super::record_input::{self, slips, variables};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::{arguments, output};

// What `mv` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name it has
    #[arg(value_name = "REF")]
    from: String,
    /// The name it gets
    #[arg(value_name = "NEW_REF")]
    to: String,
}

/// Renames. A record keeps its identity, so that history and merging follow it.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    match (arguments::selection(&args.from)?, arguments::selection(&args.to)?) {
        (Selection::Record(from), Selection::Record(to)) => {
            slips::settle_environment(context, &args.to, &to, |to| command(["mv", &args.from, to]))?;
            move_record(context, &from, &to)
        }
        (Selection::Value(from), Selection::Value(to)) => move_value(context, &from, &to),
        _ => Err(Failure::usage(
            "mv takes two names of records (exchange/subaccount[@environment]) or two of values (env/NAME)",
        )),
    }
}

fn move_record(context: &Context, from: &Reference, to: &Reference) -> Result<Outcome, Failure> {
    let mut vault = context.open()?;
    let rename = |contents: &mut Contents| {
        let from = record_input::must_be_stored(contents, from)?;
        // A name that only another spelling of its exchange leads to is taken too.
        if let Some(taken) = record_input::stored(contents, to)
            && taken != from
        {
            return Err(Error::RecordExists { reference: taken.to_string() });
        }
        let before = contents.record(&from).map(names_of).unwrap_or_default();
        contents.rename(&from, to)?;
        Ok((from, before))
    };
    let ((from, before), saved) = context.edit(&mut vault, rename)?;
    record_input::warn_of_test_server(context, to);
    report(context, &from.to_string(), &to.to_string(), saved)?;
    tell_names(context, &vault.contents(), to, &before);
    Ok(Outcome::Done)
}

/// Each field, and by which environment variable programs get it.
fn names_of(record: &Record) -> Vec<(String, String)> {
    record.fields.names().map(|field| (field.to_owned(), formats::own_name(record, field))).collect()
}

/// Says which names follow from the name of the record, and how a program goes on finding what it reads.
fn tell_names(context: &Context, contents: &Contents, to: &Reference, before: &[(String, String)]) {
    let Some(record) = contents.record(to) else { return };
    let is_other = |(field, name): &&(String, String)| formats::own_name(record, field) != *name;
    let other: Vec<&(String, String)> = before.iter().filter(is_other).collect();
    let Some((field, name)) = other.first() else { return };
    let now = formats::own_name(record, field);
    let names = other.iter().map(|(field, name)| (field.as_str(), name.as_str()));
    let command = variables::command_to_name(&to.to_string(), names);
    let more = if other.len() == 1 { "" } else { " and so on" };
    context.warn(format!("programs get {now} for {name}{more}; to keep the names that they had: {command}"));
}

fn move_value(context: &Context, from: &str, to: &str) -> Result<Outcome, Failure> {
    record_input::refuse_value_name(to)?;
    let shown = |name: &str| Selection::Value(name.to_owned()).to_string();
    let mut vault = context.open()?;
    let rename = |contents: &mut Contents| {
        let value = contents.value(from).ok_or_else(|| Error::NoSuchValue { name: from.to_owned() })?;
        if from == to {
            return Ok(());
        }
        if contents.value(to).is_some() {
            return Err(Error::RecordExists { reference: shown(to) });
        }
        let text = value.value.duplicate();
        contents.set_value(to, text, output::now());
        contents.remove_value(from);
        Ok(())
    };
    let ((), saved) = context.edit(&mut vault, rename)?;
    report(context, &shown(from), &shown(to), saved)
}

fn report(context: &Context, from: &str, to: &str, saved: Saved) -> Result<Outcome, Failure> {
    if context.json {
        let changed = matches!(saved, Saved::Revision(_));
        output::json(&serde_json::json!({ "from": from, "to": to, "changed": changed }))?;
    } else {
        match saved {
            Saved::Revision(revision) => context.note(format!("renamed {from} to {to} (revision {revision})")),
            Saved::Unchanged => context.note(format!("{to} is unchanged")),
        }
    }
    Ok(Outcome::Done)
}
