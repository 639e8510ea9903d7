//! What is not secret, of several records at once: all of them or none, in one save.

use strongroom::{Contents, Error, Reference, Selection, registry};

use super::Args;
use crate::commands::record_input::field_names;
use crate::commands::record_input::{self, RecordInput, slips};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{now, shell_word};
use crate::{arguments, select};

/// Gives the records that these REFs name the same metadata, and leaves everything else of them.
pub fn set(context: &Context, args: Args, first: Selection, more: &[String]) -> Result<Outcome, Failure> {
    let mut selections = vec![first];
    for reference in more {
        selections.push(arguments::selection(reference)?);
    }
    let repeated = repeated(&selections);
    refuse_what_is_of_one(&args, &selections, repeated.as_deref())?;
    let inputs = settled(context, &args, &selections, repeated)?;
    // Every record that is selected is of an exchange that is named, and one is named at least.
    let input_of = |reference: &Reference| {
        let is_of = |(exchange, _): &&(&str, RecordInput)| select::same_exchange(exchange, &reference.exchange);
        inputs.iter().find(is_of).map_or(&inputs[0].1, |(_, input)| input)
    };

    let mut vault = context.open()?;
    let contents = vault.contents();
    refuse_strangers(&contents, &selections)?;
    let references: Vec<String> = selections.iter().map(Selection::to_string).collect();
    let selected = select::select(&contents, &references)?;
    let stored: Vec<Reference> = selected.records.iter().map(|record| record.reference()).collect();
    drop(contents);
    let told: Vec<(&Reference, &RecordInput)> =
        stored.iter().map(|reference| (reference, input_of(reference))).collect();
    let changed = now();
    slips::warn_of_several(context, &told, changed);
    let apply = |contents: &mut Contents| {
        let mut done = Vec::with_capacity(told.len());
        for (reference, input) in &told {
            let none = || Error::NoSuchRecord { reference: reference.to_string() };
            let record = contents.record_mut(reference).ok_or_else(none)?;
            done.push(((*reference).clone(), input.apply(record, changed)));
        }
        Ok(done)
    };
    let (done, saved) = context.edit(&mut vault, apply)?;
    record_input::report_several(context, "changed", &done, saved)?;
    Ok(Outcome::Done)
}

/// Refuses, without saying what it is, a word of which nothing is known: with a `/` in it, it may be a value.
fn refuse_strangers(contents: &Contents, selections: &[Selection]) -> Result<(), Failure> {
    let is_there = |exchange: &str| {
        registry::exchange(exchange).is_some()
            || contents.records().iter().any(|record| select::same_exchange(exchange, &record.exchange))
    };
    match selections.iter().position(|selection| !exchange_of(selection).is_some_and(is_there)) {
        // The first has always been a name, and is said as one.
        None | Some(0) => Ok(()),
        Some(position) => {
            let message = format!("REF {}: no record, and no exchange that is known here", position + 1);
            let failure = Failure::record("no-such-record", message).hint("strongroom list");
            Err(failure.hint(record_input::VALUES_ARE_NO_ARGUMENTS))
        }
    }
}

/// What is said of the records of each exchange: the same, but for slips in words of its own.
fn settled<'s>(
    context: &Context,
    args: &Args,
    selections: &'s [Selection],
    repeated: Option<String>,
) -> Result<Vec<(&'s str, RecordInput)>, Failure> {
    let mut exchanges: Vec<&str> = Vec::new();
    for exchange in selections.iter().filter_map(exchange_of) {
        if !exchanges.iter().any(|there| select::same_exchange(there, exchange)) {
            exchanges.push(exchange);
        }
    }
    let mut inputs: Vec<(&str, RecordInput)> = Vec::with_capacity(exchanges.len());
    for exchange in &exchanges {
        let mut input = RecordInput::default();
        args.metadata.clone().lay_over(&mut input);
        inputs.push((exchange, input));
    }
    let Some(permissions) = inputs.first().and_then(|(_, input)| input.permissions.clone()) else { return Ok(inputs) };
    let command = repeated.filter(|_| args.metadata.is_permissions_at_most());
    let command = command.unwrap_or_else(|| slips::REPEAT.to_owned());
    let settled = slips::settle_permissions_at(context, &exchanges, &permissions, command)?;
    for ((_, input), permissions) in inputs.iter_mut().zip(settled) {
        input.permissions = Some(permissions);
    }
    Ok(inputs)
}

/// The command up to its options. Without a value in the wrong place: of an exchange that nobody knows, a word with a
/// `/` may be one.
fn repeated(selections: &[Selection]) -> Option<String> {
    let mut command = "strongroom set".to_owned();
    for selection in selections {
        registry::exchange(exchange_of(selection)?)?;
        command.push(' ');
        command.push_str(&shell_word(&selection.to_string()));
    }
    Some(command)
}

fn exchange_of(selection: &Selection) -> Option<&str> {
    match selection {
        Selection::Exchange(exchange, _) => Some(exchange),
        Selection::Record(reference) | Selection::Field(reference, _) => Some(&reference.exchange),
        Selection::Value(_) => None,
    }
}

/// Refuses whatever one record has for itself: values, which are never the same in two, and the names of variables.
fn refuse_what_is_of_one(args: &Args, selections: &[Selection], repeated: Option<&str>) -> Result<(), Failure> {
    if let Some(Selection::Exchange(exchange, _) | Selection::Record(Reference { exchange, .. })) = selections.first() {
        let alone = !has_options_of_one(args) && args.metadata.is_permissions_at_most();
        let command = repeated.filter(|_| alone);
        let reference = Reference::new(exchange, "main");
        let said = &args.metadata.permissions;
        field_names::refuse_permissions(&reference, None, &args.fields, said, command)?;
    }
    field_names::refuse_exchanges(None, &args.fields)?;
    let has_field = !args.fields.is_empty() || selections.iter().any(|one| matches!(one, Selection::Field(..)));
    let given = [
        ("a FIELD", has_field),
        ("--from-json", args.from_json.is_some()),
        ("--stdin", args.stdin),
        ("--file", !args.files.is_empty()),
        ("--unset", !args.unset.is_empty()),
        ("--variable", !args.variables.is_empty()),
    ];
    let refused = if let Some((what, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        Failure::usage(format!("{what} is of one record, and several are named"))
            .cause(OF_SEVERAL)
            .hint(command_for_one(args, selections, repeated))
    } else if let Some(value) = selections.iter().find(|one| matches!(one, Selection::Value(_))) {
        let command = format!("strongroom set {}", shell_word(&value.to_string()));
        return Err(Failure::usage("an env/NAME value has no fields and no metadata").hint(command));
    } else if args.metadata.is_empty() {
        let command = repeated.unwrap_or("repeat the command with");
        let hint = format!("{command} --permission read,trade");
        Failure::usage("nothing to set is named").cause(OF_SEVERAL).hint(hint)
    } else {
        return Ok(());
    };
    Err(if repeated.is_some() { refused } else { refused.hint(record_input::VALUES_ARE_NO_ARGUMENTS) })
}

const OF_SEVERAL: &str = "only what is not secret, such as --tag, is set of several at once";

fn has_options_of_one(args: &Args) -> bool {
    args.from_json.is_some()
        || args.stdin
        || !args.files.is_empty()
        || !args.unset.is_empty()
        || !args.variables.is_empty()
}

/// The command that does to one of the records what is of one only, as far as its words can be shown.
fn command_for_one(args: &Args, selections: &[Selection], repeated: Option<&str>) -> String {
    let field = selections.iter().find(|one| matches!(one, Selection::Field(..)));
    // Of an exchange that nobody knows, what looks like a name may be a value.
    let is_known = |one: &&Selection| exchange_of(one).is_some_and(|exchange| registry::exchange(exchange).is_some());
    let one = if repeated.is_some() { field.or(selections.first()) } else { selections.first().filter(is_known) };
    let Some(Selection::Record(reference) | Selection::Field(reference, _)) = one else {
        let all = repeated.and(one).map(|all| format!(" {}", shell_word(&all.to_string())));
        return format!("one after the other, of these: strongroom list{}", all.unwrap_or_default());
    };
    let mut command = format!("one after the other: strongroom set {}", shell_word(&reference.to_string()));
    let mut push = |words: &str| {
        command.push(' ');
        command.push_str(words);
    };
    let shown = |name: &str| if field_names::is_plain(name) { name.to_owned() } else { "FIELD".to_owned() };
    if let Some(Selection::Field(_, field)) = one {
        push(&shown(field));
    }
    args.fields.iter().for_each(|name| push(&shown(name)));
    if let Some(path) = &args.from_json {
        push(&format!("--from-json {}", shell_word(&path.display().to_string())));
    }
    if args.stdin {
        push("--stdin");
    }
    if !args.files.is_empty() {
        push("--file FIELD=PATH");
    }
    args.unset.iter().for_each(|name| push(&format!("--unset {}", shown(name))));
    if !args.variables.is_empty() {
        push("--variable FIELD=NAME");
    }
    command
}
