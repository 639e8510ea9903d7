//! `strongroom set`: other values and metadata for a record or value that is there.

use std::path::PathBuf;

use strongroom::{Contents, Error, Record, Reference, Selection};

use super::add::{read_document, read_value};
use super::record_input::conversation::Conversation;
use super::record_input::prompts::{self, FileFlags};
use super::record_input::variables::VariableFlags;
use super::record_input::{self, MetadataFlags, RecordInput, field_names, slips};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{now, shell_word};
use crate::unlock::streams;
use crate::{arguments, prompt};

// What `set` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment][/field], or env/NAME
    #[arg(value_name = "REF")]
    reference: String,
    /// Fields to ask for [default: those that the exchange needs, when nothing else is to be set]
    #[arg(value_name = "FIELD", conflicts_with = "from_json")]
    fields: Vec<String>,
    /// Read one JSON object with the record's field names, or {"value": ...}, from FILE (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    from_json: Option<PathBuf>,
    /// Read the one FIELD, or the env/NAME value, from standard input; one final line feed is dropped
    #[arg(long, conflicts_with = "from_json")]
    stdin: bool,
    /// Remove this field (may be repeated)
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    metadata: MetadataFlags,
    #[command(flatten)]
    variables: VariableFlags,
}

/// Changes what is named and leaves the rest.
pub fn run(context: &Context, mut args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, streams::of(args.stdin, args.from_json.as_deref()), None)?;
    match arguments::selection(&args.reference)? {
        Selection::Record(reference) => set_record(context, args, &reference),
        Selection::Field(reference, field) => {
            args.fields.insert(0, field);
            set_record(context, args, &reference)
        }
        Selection::Value(name) => set_value(context, &args, &name),
        Selection::Exchange(..) => Err(Failure::usage("set changes one record: exchange/subaccount[@environment]")),
    }
}

fn set_record(context: &Context, args: Args, reference: &Reference) -> Result<Outcome, Failure> {
    let names = args.fields.iter().map(|name| record_input::field_name(name)).collect::<Result<Vec<_>, _>>()?;
    let unset = args.unset.iter().map(|name| record_input::field_name(name)).collect::<Result<Vec<_>, _>>()?;
    let variable_changes = args.variables.read()?;
    let metadata = !args.metadata.is_empty() || !args.variables.is_empty();
    let given = args.from_json.is_some() || !args.files.is_empty() || !unset.is_empty() || metadata;
    let ask_for_all = names.is_empty() && !given && !args.stdin;
    if ask_for_all && !prompt::possible(context) {
        let word = shell_word(&reference.to_string());
        return Err(Failure::usage("nothing to set is named")
            .hint(format!("strongroom set {word} api_key api_secret"))
            .hint(format!("strongroom set {word} --permission read,trade")));
    }
    let mut input = match &args.from_json {
        Some(path) => read_document(path, record_input::read_record)?,
        None => RecordInput { fields: args.files.read()?, ..RecordInput::default() },
    };
    if let Some(name) = names.iter().find(|name| input.fields.iter().any(|(given, _)| given == *name)) {
        return Err(Failure::usage(format!("{name} is both asked for and given by --file")));
    }
    match names.as_slice() {
        [name] if args.stdin => {
            let shown = format!("{reference} {name}");
            input.fields.extend(read_value(context, &shown, true, None)?.map(|value| (name.clone(), value)));
        }
        _ if args.stdin => return Err(Failure::usage("--stdin reads exactly one FIELD")),
        _ => {}
    }
    if let Some(name) =
        unset.iter().find(|name| names.contains(name) || input.fields.iter().any(|(set, _)| set == *name))
    {
        return Err(Failure::usage(format!("{name} is both set and --unset")));
    }
    let has_more = !names.is_empty()
        || !args.files.is_empty()
        || !unset.is_empty()
        || !args.metadata.is_permissions_at_most()
        || !args.variables.is_empty();
    let again = Some(slips::again("set", &args.reference, args.from_json.as_deref(), has_more));
    let given = Given {
        names: names.clone(),
        permissions: args.metadata.permissions.clone(),
        stdin: args.stdin,
        from_json: args.from_json.is_some(),
        files: args.files.clone(),
        more: !unset.is_empty() || !args.metadata.is_permissions_at_most() || !args.variables.is_empty(),
    };
    input.unset = unset;
    input.variable_changes = variable_changes;
    args.metadata.lay_over(&mut input);
    slips::settle_permissions(context, reference, &mut input, again)?;

    let mut vault = context.open()?;
    let contents = vault.contents();
    let stored = record_input::must_be_stored(&contents, reference).map_err(|error| missing(error, reference))?;
    given.refuse_slips(&stored, contents.record(&stored), &input)?;
    record_input::warn_of_test_server(context, &stored);
    record_input::warn_of_blanks(context, &stored.to_string(), &input.fields);
    let mut shown = None;
    if let Some(record) = contents.record(&stored)
        && (ask_for_all || !names.is_empty() && !args.stdin)
    {
        let conversation = Conversation::about(context, record);
        let names = if ask_for_all { prompts::wanted_of(record) } else { names };
        if ask_for_all {
            conversation.open(&names)?;
        }
        input.fields.extend(conversation.ask(&names)?);
        // What was asked is a question about this record; if it is another one by the time the answer comes,
        // the answer may be wrong.
        shown = Some(record.duplicate());
    }
    let changed = now();
    if let Some(record) = contents.record(&stored) {
        let mut after = record.duplicate();
        input.apply(&mut after, changed);
        input.check_variables(record, &after)?;
    }
    drop(contents);
    record_input::warn_of_metadata(context, &stored.to_string(), &input, changed);
    let apply = |contents: &mut Contents| {
        let name = stored.to_string();
        if shown.is_some() && contents.record(&stored) != shown.as_ref() {
            return Err(Error::Changed { what: name });
        }
        let record = contents.record_mut(&stored).ok_or_else(|| Error::NoSuchRecord { reference: name.clone() })?;
        if let Some(field) = input.unset.iter().find(|field| record.fields.get(field).is_none()) {
            return Err(Error::NoSuchField { reference: name, field: field.clone() });
        }
        input.apply(record, changed);
        Ok(())
    };
    let ((), saved) = context.save(&mut vault, |vault| vault.edit(apply)).map_err(|error| missing(error, reference))?;
    record_input::report(context, "changed", &stored.to_string(), saved)?;
    Ok(Outcome::Done)
}

/// What was said, as far as another command has to say it again.
struct Given {
    names: Vec<String>,
    permissions: Vec<String>,
    stdin: bool,
    from_json: bool,
    files: FileFlags,
    more: bool,
}

impl Given {
    /// Refuses names of fields that are permissions, or that were meant to be other fields.
    fn refuse_slips(&self, stored: &Reference, there: Option<&Record>, input: &RecordInput) -> Result<(), Failure> {
        let command = format!("strongroom set {}", shell_word(&stored.to_string()));
        let only_names = self.files.is_empty() && !self.more;
        let alone = (only_names && !self.stdin).then_some(command.as_str());
        field_names::refuse_permissions(stored, there, &self.names, &self.permissions, alone)?;
        field_names::refuse_meant(stored, there, &self.names, |_, meant| {
            let right = field_names::put_right(&stored.exchange, there, &self.names);
            match right.filter(|_| only_names && self.permissions.is_empty()) {
                Some(right) => format!("{command} {}{}", right.join(" "), if self.stdin { " --stdin" } else { "" }),
                None => format!("repeat the command with {meant}"),
            }
        })?;
        let given = input.fields.iter().map(|(name, _)| name);
        field_names::refuse_meant(stored, there, given, |name, meant| match self.from_json {
            true => field_names::IN_A_DOCUMENT.to_owned(),
            false => self.files.put_right(name, meant),
        })
    }
}

fn set_value(context: &Context, args: &Args, name: &str) -> Result<Outcome, Failure> {
    let fields = !args.fields.is_empty() || !args.files.is_empty() || !args.unset.is_empty();
    if !args.metadata.is_empty() || !args.variables.is_empty() || fields {
        return Err(Failure::usage("an env/NAME value has no fields and no metadata"));
    }
    let shown = Selection::Value(name.to_owned()).to_string();
    let given = read_value(context, &shown, args.stdin, args.from_json.as_deref())?;
    let mut vault = context.open()?;
    let none = || Error::NoSuchValue { name: name.to_owned() };
    let hint = |error: Error| {
        let is_missing = matches!(error, Error::NoSuchValue { .. });
        let failure = Failure::from(error);
        if is_missing { failure.hint(format!("strongroom add {}", shell_word(&shown))) } else { failure }
    };
    let contents = vault.contents();
    let before = contents.value(name).ok_or_else(none).map_err(hint)?.value.duplicate();
    drop(contents);
    let prompted = given.is_none();
    let value = match given {
        Some(value) => value,
        None => prompts::value(context, &shown)?,
    };
    let changed = now();
    let apply = |contents: &mut Contents| {
        let there = contents.value(name).map(|there| &there.value);
        if prompted && there != Some(&before) {
            return Err(Error::Changed { what: shown.clone() });
        }
        there.ok_or_else(none)?;
        contents.set_value(name, value.duplicate(), changed);
        Ok(())
    };
    let ((), saved) = context.save(&mut vault, |vault| vault.edit(apply)).map_err(hint)?;
    record_input::report(context, "changed", &shown, saved)?;
    Ok(Outcome::Done)
}

fn missing(error: Error, reference: &Reference) -> Failure {
    let is_missing = matches!(error, Error::NoSuchRecord { .. });
    let failure = Failure::from(error);
    if !is_missing {
        return failure;
    }
    failure.hint(format!("strongroom add {}", shell_word(&reference.to_string())))
}
