//! Values and metadata of one record.

use strongroom::{Contents, Error, Record, Reference};

use super::Args;
use crate::commands::add::{read_document, read_value};
use crate::commands::record_input::conversation::{Conversation, listed};
use crate::commands::record_input::prompts::{self, FileFlags};
use crate::commands::record_input::{self, RecordInput, field_names, slips};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{now, shell_word};
use crate::prompt;

/// Changes what is named of this record, and leaves the rest.
pub fn set(context: &Context, args: Args, reference: &Reference) -> Result<Outcome, Failure> {
    let Request { ask_for_all, given, mut input } = read(context, args, reference)?;
    let mut vault = context.open()?;
    let contents = vault.contents();
    let stored = record_input::must_be_stored(&contents, reference).map_err(|error| missing(error, reference))?;
    given.refuse_slips(&stored, contents.record(&stored), &input)?;
    // What standard input has is among both.
    let asked = given.names.iter().filter(|_| !given.stdin).chain(input.fields.iter().map(|(name, _)| name));
    field_names::warn_of_resembling(context, &stored, contents.record(&stored), asked);
    record_input::warn_of_test_server(context, &stored);
    record_input::warn_of_values(context, &stored, contents.record(&stored), &input.fields);
    let mut shown = None;
    if let Some(record) = contents.record(&stored)
        && (ask_for_all || !given.names.is_empty() && !given.stdin)
    {
        let conversation = Conversation::about(context, record);
        let names = if ask_for_all { prompts::wanted_of(record) } else { given.names };
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
        let before = old_names(record);
        input.apply(record, changed);
        Ok(old_names(record).into_iter().filter(|name| !before.contains(name)).collect::<Vec<_>>())
    };
    let (kept, saved) = context.edit(&mut vault, apply).map_err(|error| missing(error, reference))?;
    record_input::report(context, "changed", &stored.to_string(), saved)?;
    if !kept.is_empty() && !context.json {
        let verb = if kept.len() == 1 { "is" } else { "are" };
        let names = listed(kept.iter().map(String::as_str));
        context.note(format!("the old {names} {verb} kept until the rotation is finished:"));
        context.note(format!("  strongroom rotate {} --finish", shell_word(&stored.to_string())));
    }
    Ok(Outcome::Done)
}

/// The fields of which an unfinished rotation keeps old values.
fn old_names(record: &Record) -> Vec<String> {
    record.previous.iter().flat_map(|previous| previous.fields.names()).map(str::to_owned).collect()
}

/// What is said of the record before the vault is open.
struct Request {
    /// Nothing is said, so that everything is asked for.
    ask_for_all: bool,
    given: Given,
    input: RecordInput,
}

/// Reads what is given, before anybody is asked for a passphrase.
fn read(context: &Context, args: Args, reference: &Reference) -> Result<Request, Failure> {
    let names = args.fields.iter().map(|name| record_input::field_name(name)).collect::<Result<Vec<_>, _>>()?;
    let unset = args.unset.iter().map(|name| record_input::field_name(name)).collect::<Result<Vec<_>, _>>()?;
    let variable_changes = args.variables.read()?;
    // What stands beside fields and permissions, and would be lost from a command that repeats only those.
    let more = !unset.is_empty() || !args.metadata.is_permissions_at_most() || !args.variables.is_empty();
    let given = args.from_json.is_some() || !args.files.is_empty() || more || !args.metadata.is_empty();
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
    let has_more = !names.is_empty() || !args.files.is_empty() || more;
    let again = slips::again("set", &args.reference, args.from_json.as_deref(), has_more);
    let again = Some(again.unwrap_or_else(|| slips::REPEAT.to_owned()));
    let given = Given {
        names,
        permissions: args.metadata.permissions.clone(),
        stdin: args.stdin,
        from_json: args.from_json.is_some(),
        files: args.files,
        more,
    };
    input.unset = unset;
    input.variable_changes = variable_changes;
    args.metadata.lay_over(&mut input);
    slips::settle_permissions(context, reference, &mut input, again)?;
    Ok(Request { ask_for_all, given, input })
}

/// What was said, as far as another command has to say it again.
struct Given {
    /// Fields to ask for.
    names: Vec<String>,
    permissions: Vec<String>,
    /// Whether the one field that is named was read from standard input.
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
        field_names::refuse_exchanges(there, &self.names)?;
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

fn missing(error: Error, reference: &Reference) -> Failure {
    let is_missing = matches!(error, Error::NoSuchRecord { .. });
    let failure = Failure::from(error);
    if !is_missing {
        return failure;
    }
    failure.hint(format!("strongroom add {}", shell_word(&reference.to_string())))
}
