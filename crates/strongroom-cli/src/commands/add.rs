//! `strongroom add`: a new record, or a new `env/NAME` value.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use strongroom::record::Timestamp;
use strongroom::{
    Contents, CredentialKind, Error, Record, Reference, Secret, Selection, Vault, formats, registry, without_traces,
};

use super::record_input::conversation::{Conversation, facts};
use super::record_input::prompts::{self, FileFlags};
use super::record_input::variables::VariableFlags;
use super::record_input::{self, MetadataFlags, RecordInput, field_names, slips};
use super::show;
use crate::context::Context;
use crate::due::Calendar;
use crate::failure::{Failure, Outcome};
use crate::output::{now, printable, shell_word};
use crate::unlock::{source, streams};
use crate::{arguments, prompt};

// What `add` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment], or env/NAME for any other secret
    #[arg(value_name = "REF")]
    reference: String,
    /// Read one JSON object with the record's field names, or {"value": ...}, from FILE (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    from_json: Option<PathBuf>,
    /// Read an env/NAME value from standard input; one final line feed is dropped
    #[arg(long, conflicts_with = "from_json")]
    stdin: bool,
    /// Ask for this field too (may be repeated)
    #[arg(long = "field", value_name = "FIELD", conflicts_with = "from_json")]
    fields: Vec<String>,
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    metadata: MetadataFlags,
    #[command(flatten)]
    variables: VariableFlags,
}

/// Adds what is not there; the same again is unchanged, and something else under the same name is exit code 6.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, streams::of(args.stdin, args.from_json.as_deref()), None)?;
    match arguments::selection(&args.reference)? {
        Selection::Record(reference) => add_record(context, args, &reference),
        Selection::Value(name) => add_value(context, &args, &name),
        Selection::Field(..) | Selection::Exchange(..) => Err(Failure::usage(
            "add takes the name of one record or value: exchange/subaccount[@environment] or env/NAME",
        )),
    }
}

fn add_record(context: &Context, args: Args, reference: &Reference) -> Result<Outcome, Failure> {
    if args.stdin {
        return Err(Failure::usage("--stdin is for env/NAME; a record has several values")
            .hint("--from-json - reads a record from standard input"));
    }
    let document = args.from_json.as_deref();
    let said_more =
        !args.fields.is_empty() || !args.files.is_empty() || !args.metadata.is_empty() || !args.variables.is_empty();
    slips::settle_environment(context, &args.reference, reference, |name| {
        let again = slips::again("add", name, document, said_more);
        again.unwrap_or_else(|| format!("{} {}", slips::REPEAT, shell_word(name)))
    })?;
    let extra = args.fields.iter().map(|name| record_input::field_name(name)).collect::<Result<Vec<_>, _>>()?;
    // A document is read, and proven to be one, before anybody is asked for a passphrase.
    let mut input = match &args.from_json {
        Some(path) => read_document(path, record_input::read_record)?,
        None => RecordInput { fields: args.files.read()?, ..RecordInput::default() },
    };
    input.variable_changes = args.variables.read()?;
    let has_more = !extra.is_empty()
        || !args.files.is_empty()
        || !args.metadata.is_permissions_at_most()
        || !args.variables.is_empty();
    let again = slips::again("add", &args.reference, args.from_json.as_deref(), has_more);
    let again = Some(again.unwrap_or_else(|| slips::REPEAT.to_owned()));
    let kind = args.metadata.kind;
    let is_alone = args.files.is_empty() && args.metadata.is_empty() && args.variables.is_empty();
    args.metadata.lay_over(&mut input);
    slips::settle_permissions(context, reference, &mut input, again)?;
    let mut vault = context.open()?;
    let made = now();
    let mut reference = reference.clone();
    record_input::warn_of_values(context, &reference, None, &input.fields);
    let extra_given = extra.iter().all(|name| input.fields.iter().any(|(given, _)| given == name));
    let complete = extra_given && prompts::lacking(&reference.exchange, &input.fields).is_empty();
    let complete = args.from_json.is_some() || complete;
    if args.from_json.is_none() && (!complete || prompt::possible(context)) {
        reference = free_name(context, &vault, &reference)?;
        refuse_other_names(context, &vault, &reference, &extra, &args.files, is_alone, &input)?;
        record_input::warn_of_test_server(context, &reference);
        converse(context, &reference, &extra, kind, &mut input, made)?;
    } else {
        refuse_other_names(context, &vault, &reference, &extra, &args.files, is_alone, &input)?;
        record_input::warn_of_test_server(context, &reference);
        check_variables(&reference, &input, made)?;
    }
    if input.fields.is_empty() {
        return Err(Failure::usage(format!("{reference}: no field has a value; nothing was added")));
    }
    record_input::warn_of_metadata(context, &reference.to_string(), &input, made);
    let ((), saved) = context
        .edit(&mut vault, |contents| insert(contents, &reference, &input, made))
        .map_err(|error| exists(error, &reference))?;
    warn_of_missing(context, &reference, &input);
    record_input::report(context, "added", &reference.to_string(), saved)?;
    Ok(Outcome::Done)
}

/// Refuses fields that were meant to be others, and warns of those that may be. A record that is there, which the same again leaves as it is, may have
/// them.
fn refuse_other_names(
    context: &Context,
    vault: &Vault,
    reference: &Reference,
    extra: &[String],
    files: &FileFlags,
    is_alone: bool,
    input: &RecordInput,
) -> Result<(), Failure> {
    let contents = vault.contents();
    let there = record_input::stored(&contents, reference).and_then(|stored| contents.record(&stored));
    field_names::refuse_meant(reference, there, extra, |name, meant| {
        let (wanted, beside) = (prompts::wanted(&reference.exchange), prompts::beside(&reference.exchange));
        let is_asked_for = wanted.contains(&meant) || beside.contains(&meant);
        match (is_asked_for, is_alone && extra.len() == 1) {
            (true, true) => format!("strongroom add {}", shell_word(&reference.to_string())),
            (true, false) => format!("repeat the command without --field {name}: it is asked for anyway"),
            (false, true) => format!("strongroom add {} --field {meant}", shell_word(&reference.to_string())),
            (false, false) => format!("repeat the command with --field {meant}"),
        }
    })?;
    let given = input.fields.iter().map(|(name, _)| name);
    field_names::refuse_meant(reference, there, given, |name, meant| match files.is_empty() {
        true => field_names::IN_A_DOCUMENT.to_owned(),
        false => files.put_right(name, meant),
    })?;
    let all = extra.iter().chain(input.fields.iter().map(|(name, _)| name));
    field_names::warn_of_resembling(context, reference, there, all);
    Ok(())
}

/// The name to add under, after making sure that the answers could be used.
fn free_name(context: &Context, vault: &Vault, reference: &Reference) -> Result<Reference, Failure> {
    let reference = meant(context, reference)?;
    match record_input::stored(&vault.contents(), &reference) {
        Some(taken) => Err(exists(Error::RecordExists { reference: taken.to_string() }, &taken)),
        None => Ok(reference),
    }
}

/// An exchange that is nearly one that is known may be a slip; only whoever typed it knows.
fn meant(context: &Context, reference: &Reference) -> Result<Reference, Failure> {
    let name = &reference.exchange;
    if registry::exchange(name).is_some() || !prompt::possible(context) {
        return Ok(reference.clone());
    }
    let Some(nearest) = registry::nearest(name) else { return Ok(reference.clone()) };
    let question = format!("{} is not known here. Did you mean {nearest}?", printable(name));
    let exchange = if prompt::confirm(context, &question)? { nearest.to_owned() } else { name.clone() };
    Ok(Reference { exchange, ..reference.clone() })
}

/// The fields to ask for: what the exchange needs, what some programs take besides, and what somebody named, without what
/// was given.
fn missing(reference: &Reference, extra: &[String], input: &RecordInput) -> Vec<String> {
    let asked = prompts::wanted(&reference.exchange).iter().chain(prompts::beside(&reference.exchange));
    let mut names: Vec<String> = asked.map(|name| (*name).to_owned()).collect();
    for name in extra {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.retain(|name| input.fields.iter().all(|(given, _)| given != name));
    names
}

/// Asks for what was not given, tells what came of it, and leaves the saving to the caller.
fn converse(
    context: &Context,
    reference: &Reference,
    extra: &[String],
    kind: Option<CredentialKind>,
    input: &mut RecordInput,
    made: Timestamp,
) -> Result<(), Failure> {
    let names = missing(reference, extra, input);
    if names.is_empty() && input.fields.is_empty() {
        return Err(Failure::usage(format!("{} needs no fields that are known here", reference.exchange))
            .hint(format!("strongroom add {} --field private_key", shell_word(&reference.to_string()))));
    }
    let conversation = Conversation::about_new(context, reference, kind, &input.fields);
    if !names.is_empty() {
        conversation.open(&names)?;
        input.fields.extend(conversation.ask(&names)?);
    }
    if input.fields.is_empty() {
        return Ok(());
    }
    check_variables(reference, input, made)?;
    facts::ask(context, &reference.exchange, input, made)?;
    let record = record_of(reference, input, made)?;
    prompt::say("");
    prompt::say(&show::masked(&record, &Calendar::of(context)?));
    Ok(())
}

/// Before more is asked: which fields there will be is known.
fn check_variables(reference: &Reference, input: &RecordInput, made: Timestamp) -> Result<(), Failure> {
    let none = Record::new(reference, made)?;
    input.check_variables(&none, &record_of(reference, input, made)?)
}

fn record_of(reference: &Reference, input: &RecordInput, made: Timestamp) -> Result<Record, Error> {
    let mut record = Record::new(reference, made)?;
    input.apply(&mut record, made);
    if input.kind.is_none() {
        record.kind = formats::guess_kind(&record.exchange, &record.fields);
    }
    Ok(record)
}

fn insert(contents: &mut Contents, reference: &Reference, input: &RecordInput, made: Timestamp) -> Result<(), Error> {
    let record = record_of(reference, input, made)?;
    if let Some(taken) = record_input::stored(contents, reference)
        && let Some(there) = contents.record(&taken)
    {
        return if same(there, &record) { Ok(()) } else { Err(Error::RecordExists { reference: taken.to_string() }) };
    }
    contents.insert(record)
}

/// Equal in everything that a person says; when it came and what was seen of it since does not count.
fn same(there: &Record, new: &Record) -> bool {
    there.fields == new.fields
        && there.kind == new.kind
        && there.permissions == new.permissions
        && there.ip_allowlist == new.ip_allowlist
        && there.expires == new.expires
        && there.rotate_after_days == new.rotate_after_days
        && there.tags == new.tags
        && there.variables == new.variables
        && there.note == new.note
}

fn add_value(context: &Context, args: &Args, name: &str) -> Result<Outcome, Failure> {
    let of_record = !args.metadata.is_empty() || !args.variables.is_empty();
    if of_record || !args.fields.is_empty() || !args.files.is_empty() {
        return Err(Failure::usage("an env/NAME value has no fields and no metadata"));
    }
    record_input::refuse_value_name(name)?;
    let shown = Selection::Value(name.to_owned()).to_string();
    let given = read_value(context, &shown, args.stdin, args.from_json.as_deref())?;
    let mut vault = context.open()?;
    let value = match given {
        Some(value) => value,
        None if vault.contents().value(name).is_some() => {
            return Err(value_exists(Error::RecordExists { reference: shown.clone() }, &shown));
        }
        None => prompts::value(context, &shown)?,
    };
    let made = now();
    let insert = |contents: &mut Contents| match contents.value(name) {
        Some(there) if there.value == value => Ok(()),
        Some(_) => Err(Error::RecordExists { reference: shown.clone() }),
        None => {
            contents.set_value(name, value.duplicate(), made);
            Ok(())
        }
    };
    let ((), saved) = context.edit(&mut vault, insert).map_err(|error| value_exists(error, &shown))?;
    record_input::report(context, "added", &shown, saved)?;
    Ok(Outcome::Done)
}

/// The value from standard input or a document, when one of them is named.
pub fn read_value(
    context: &Context,
    shown: &str,
    stdin: bool,
    from_json: Option<&Path>,
) -> Result<Option<Secret>, Failure> {
    match from_json {
        Some(path) => read_document(path, record_input::read_value).map(Some),
        None if stdin && io::stdin().is_terminal() => prompts::value(context, shown).map(Some),
        None if stdin => Ok(Some(source::one_line(&source::text_file(Path::new("-"))?))),
        None => Ok(None),
    }
}

/// Reads a document with `read`. What is wrong with it is told by file, and line or field.
pub fn read_document<T>(
    path: &Path,
    read: impl FnOnce(&Secret) -> Result<T, strongroom::ImportError>,
) -> Result<T, Failure> {
    let text = source::text_file(path)?;
    without_traces(|| read(&text))
        .map_err(|problem| Failure::from(Error::from(problem)).at(Path::new(&source::shown(path))))
}

fn exists(error: Error, reference: &Reference) -> Failure {
    let is_there = matches!(error, Error::RecordExists { .. });
    let failure = Failure::from(error);
    if !is_there {
        return failure;
    }
    let word = shell_word(&reference.to_string());
    failure.hint(format!("strongroom show {word}")).hint(format!("strongroom rotate {word}"))
}

fn value_exists(error: Error, shown: &str) -> Failure {
    let is_there = matches!(error, Error::RecordExists { .. });
    let failure = Failure::from(error);
    if is_there { failure.hint(format!("strongroom set {}", shell_word(shown))) } else { failure }
}

fn warn_of_missing(context: &Context, reference: &Reference, input: &RecordInput) {
    let missing = prompts::lacking(&reference.exchange, &input.fields);
    if !missing.is_empty() {
        let known = registry::exchange(&reference.exchange);
        let called = |name: &&str| known.map_or_else(|| (*name).to_owned(), |exchange| exchange.called(name));
        let called: Vec<String> = missing.iter().map(called).collect();
        let text = format!("{reference} has no {}, which this exchange asks for", called.join(", "));
        context.warn(text);
        context.note(format!("hint: strongroom set {} {}", shell_word(&reference.to_string()), missing.join(" ")));
    }
}
