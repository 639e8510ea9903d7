//! `strongroom rotate`: new values in two phases, and what is due.
//!
//! The old values stay for an overlap, in which bots are restarted one after the other; then they are forgotten, or come
//! back. What is said of it is in [`told`], the report in [`report`].

mod report;
mod told;

use std::path::PathBuf;

use serde_json::json;
use strongroom::record::{Fields, Previous, Timestamp, field};
use strongroom::rotation::DAY;
use strongroom::{Contents, Error, Record, Reference, Saved, Selection};

use super::add::read_document;
use super::record_input::conversation::{Conversation, HalfNew, facts};
use super::record_input::prompts::{self, FileFlags};
use super::record_input::{self, Limit, RecordInput, field_names, slips};
use crate::context::Context;
use crate::due::Calendar;
use crate::failure::{Failure, Outcome};
use crate::output::{self, shell_word};
use crate::unlock::streams;
use crate::{arguments, prompt};
use told::{
    answer, are, expire, fields_of, in_revision, moment, refused, rights_again, said_of, say_history, say_page,
    tell_begun,
};

// What `rotate` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// exchange/subaccount[@environment]; with --due any REFs [default: all]
    #[arg(value_name = "REF", required_unless_present = "due")]
    references: Vec<String>,
    /// Tell what is due, by date
    #[arg(long, group = "phase")]
    due: bool,
    /// Forget the old values
    #[arg(long, group = "phase")]
    finish: bool,
    /// Make the old values the values again, and forget the new ones
    #[arg(long, group = "phase")]
    rollback: bool,
    /// The values were replaced already: remember that it was done
    #[arg(long, group = "phase")]
    record: bool,
    /// When it was done: a date or an RFC 3339 time [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_moment, requires = "record")]
    at: Option<Timestamp>,
    /// How many days the old values stay
    #[arg(long, value_name = "DAYS", default_value_t = DEFAULT_OVERLAP, value_parser = parse_overlap,
        allow_negative_numbers = true, conflicts_with_all = ["phase", "retire"])]
    overlap: u16,
    /// Until when the old values stay: a date or an RFC 3339 time
    #[arg(long, value_name = "DATE", value_parser = parse_moment, conflicts_with = "phase")]
    retire: Option<Timestamp>,
    /// When the exchange stops accepting the new key: a date, an RFC 3339 time, or never
    #[arg(long, value_name = "DATE", value_parser = record_input::parse_expires, conflicts_with = "phase")]
    expires: Option<Limit<Timestamp>>,
    /// Read the new values as one JSON object with the record's field names from FILE (`-`: standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "phase")]
    from_json: Option<PathBuf>,
    #[command(flatten)]
    files: FileFlags,
}

/// How many days the old values stay when nobody says it.
const DEFAULT_OVERLAP: u16 = 7;

/// Begins, finishes, takes back or remembers a rotation, or tells what is due.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, args.from_json.as_deref(), None)?;
    if args.due {
        return report::run(context, &args.references);
    }
    let [name] = args.references.as_slice() else {
        let (first, phase) = (args.references.first().map(|name| shell_word(name)), phase_of(&args));
        let hint = format!("one after the other: strongroom rotate {}{phase}", first.unwrap_or_default());
        return Err(Failure::usage("rotate changes one record at a time").hint(hint));
    };
    let reference = match arguments::selection(name)? {
        Selection::Record(reference) => reference,
        Selection::Field(reference, _) => {
            return Err(Failure::usage("rotate takes a record, without a field").hint(format!(
                "strongroom rotate {}{}",
                shell_word(&reference.to_string()),
                phase_of(&args)
            )));
        }
        value @ Selection::Value(_) => {
            return Err(Failure::usage("an env/NAME value has no rotation; it is replaced at once")
                .hint(format!("strongroom set {}", shell_word(&value.to_string()))));
        }
        Selection::Exchange(..) => {
            return Err(Failure::usage("rotate changes one record: exchange/subaccount[@environment]")
                .hint(format!("strongroom rotate --due {}", shell_word(name))));
        }
    };
    if (args.finish || args.rollback || args.record) && !args.files.is_empty() {
        return Err(Failure::usage("--file is for the beginning of a rotation"));
    }
    match () {
        () if args.finish => finish(context, &reference),
        () if args.rollback => roll_back(context, &reference),
        () if args.record => remember(context, &reference, args.at),
        () => begin(context, &reference, args),
    }
}

/// ` --finish`, for what is to be pasted.
fn phase_of(args: &Args) -> &'static str {
    match () {
        () if args.finish => " --finish",
        () if args.rollback => " --rollback",
        () if args.record => " --record",
        () => "",
    }
}

fn begin(context: &Context, reference: &Reference, args: Args) -> Result<Outcome, Failure> {
    let calendar = Calendar::of(context)?;
    let now = calendar.now;
    let retire = args.retire.unwrap_or(now + Timestamp::from(args.overlap) * DAY);
    if retire < now {
        let word = shell_word(&reference.to_string());
        let what = format!("the old values cannot stay until {}: that is over already", moment(retire));
        return Err(Failure::usage(what).hint(format!("strongroom rotate {word} --overlap {DEFAULT_OVERLAP}")));
    }
    // A document is read, and proven to be one, before anybody is asked for a passphrase.
    let mut input = match &args.from_json {
        Some(path) => read_document(path, record_input::read_record)?,
        None => RecordInput { fields: args.files.read()?, ..RecordInput::default() },
    };
    refuse_what_is_not_of_the_key(reference, &input)?;
    input.expires = args.expires.map(Limit::into_option).or(input.expires);
    // No command puts that right before the values are replaced: what a key may do is said of the key that is there.
    slips::settle_permissions(context, reference, &mut input, None)?;
    let given = args.from_json.is_some() || !args.files.is_empty();
    if let Some((name, _)) = input.fields.iter().find(|(_, value)| value.is_empty()) {
        let shown = if field::KNOWN.contains(&name.as_str()) { name } else { "a field" };
        return Err(Failure::usage(format!("{shown} is empty, and a rotation replaces values by others")));
    }

    let mut vault = context.open()?;
    let contents = vault.contents();
    let stored = record_input::must_be_stored(&contents, reference)?;
    let before = contents.record(&stored).map(Record::duplicate).ok_or_else(|| none(&stored))?;
    drop(contents);
    let names = input.fields.iter().map(|(name, _)| name);
    field_names::refuse_meant(&stored, Some(&before), names, |name, meant| match args.from_json {
        Some(_) => field_names::IN_A_DOCUMENT.to_owned(),
        None => args.files.put_right(name, meant),
    })?;
    if before.previous.is_some() {
        return Err(refused(Error::RotationUnfinished { reference: stored.to_string() }, &stored));
    }
    record_input::warn_of_values(context, &stored, Some(&before), &input.fields);
    match HalfNew::of(&before, &input.fields) {
        // Whoever hands over values is not asked about them: a script has nobody there.
        Some(half) if given => context.warn(format!("{stored}: only {}", half.told(&stored.exchange))),
        _ if given => {}
        _ => converse(context, &before, &mut input, now)?,
    }
    record_input::warn_of_metadata(context, &stored.to_string(), &input, now);
    let new = input.fields.drain(..).collect();
    let apply = |contents: &mut Contents| {
        // What was asked is a question about this record; if it is another one by the time the answer comes, the answer
        // may be wrong.
        if !given && contents.record(&stored) != Some(&before) {
            return Err(Error::Changed { what: stored.to_string() });
        }
        contents.begin_rotation(&stored, &new, now, retire)?;
        let record = contents.record_mut(&stored).ok_or_else(|| none(&stored))?;
        input.apply(record, now);
        Ok(record.duplicate())
    };
    let (after, saved) = context.edit(&mut vault, apply).map_err(|error| refused(error, &stored))?;
    tell_begun(context, &calendar, &before, &after, saved)?;
    tell_twins(context, &vault.contents(), &after);
    Ok(Outcome::Done)
}

/// Refuses what belongs to the record and not to its key: it would stay when the rotation is rolled back.
fn refuse_what_is_not_of_the_key(reference: &Reference, input: &RecordInput) -> Result<(), Failure> {
    let said = [
        ("variables", "--variable FIELD=NAME", input.variables.is_some()),
        ("rotate_after_days", "--rotate-after DAYS", input.rotate_after_days.is_some()),
        ("tags", "--tag WORD", input.tags.is_some()),
        ("note", "--note TEXT", input.note.is_some()),
    ];
    let names: Vec<&str> = said.iter().filter(|(.., is_said)| *is_said).map(|(name, ..)| *name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let flags: Vec<&str> = said.iter().filter(|(.., is_said)| *is_said).map(|(_, flag, _)| *flag).collect();
    let message = format!("not of the key, which is all that a rotation replaces: {}", names.join(", "));
    let word = shell_word(&reference.to_string());
    Err(Failure::usage(message)
        .cause("it would stay when the rotation is rolled back")
        .hint(format!("leave that out, and: strongroom set {word} {}", flags.join(" "))))
}

/// Warns of named values that still are what was replaced: a bot that reads those goes on with the old key.
fn tell_twins(context: &Context, contents: &Contents, after: &Record) {
    let replaced: Vec<_> = after.previous.iter().flat_map(|previous| previous.fields.iter()).collect();
    for (name, value) in contents.values() {
        if let Some((field, _)) = replaced.iter().find(|(field, old)| field::is_secret(field) && **old == value.value) {
            let reference = Selection::Value(name.to_owned()).to_string();
            let command = format!("strongroom set {}", shell_word(&reference));
            context.warn(format!("{reference} still is the old {field}, and reaches bots as that: {command}"));
        }
    }
}

/// Asks for new values, and for the one thing about the old key that is certainly wrong for the new one.
fn converse(context: &Context, before: &Record, input: &mut RecordInput, now: Timestamp) -> Result<(), Failure> {
    let there = |name: &String| before.fields.get(name).is_some() && field::is_secret(name);
    let names: Vec<String> = prompts::wanted_of(before).into_iter().filter(there).collect();
    let conversation = Conversation::about(context, before);
    conversation.open(&names)?;
    input.fields = conversation.ask(&names)?;
    if input.fields.is_empty() {
        return Err(refused(Error::NothingRotated { reference: before.reference().to_string() }, &before.reference())
            .cause("nothing was entered"));
    }
    conversation.offer_other_half(before, &mut input.fields)?;
    if let (Some(expires), None) = (before.expires, input.expires) {
        let question =
            format!("The old key {} {}. When does the new one?", expire(expires, now), output::date(expires));
        input.expires = facts::expiry(context, &question, now)?.map(Some);
    }
    prompt::say("");
    Ok(())
}

fn finish(context: &Context, reference: &Reference) -> Result<Outcome, Failure> {
    let finish = |contents: &mut Contents, stored: &Reference| {
        let is_another = contents.record(stored).is_some_and(|record| record.old_key().is_some());
        Ok((is_another, contents.finish_rotation(stored)?))
    };
    let (stored, (is_another_key, previous), saved) = end(context, reference, finish)?;
    if context.json {
        answer("finished", &stored, &previous)?;
        return Ok(Outcome::Done);
    }
    let names = fields_of(&previous);
    context.note(format!("finished {stored}: the old {names} {} gone{}", are(&previous), in_revision(saved)));
    let calendar = Calendar::of(context)?;
    if let Some(retire) = previous.retire.filter(|retire| *retire > calendar.now) {
        let early = calendar.distance_to(retire);
        context.note(format!("that is before the retire date ({}, {early})", output::date(retire)));
    }
    say_history(context, "the old values");
    if is_another_key {
        context.note("they open nothing any more once the old key is deleted at the exchange");
        say_page(context, &stored);
    }
    Ok(Outcome::Done)
}

fn roll_back(context: &Context, reference: &Reference) -> Result<Outcome, Failure> {
    let back = |contents: &mut Contents, stored: &Reference| {
        let during = contents.record(stored).map(Record::duplicate);
        contents.roll_back_rotation(stored)?;
        let previous = during.as_ref().and_then(|record| record.previous.as_deref()).map(Previous::duplicate);
        Option::zip(during, previous).ok_or_else(|| Error::NoRotation { reference: stored.to_string() })
    };
    let (stored, (during, previous), saved) = end(context, reference, back)?;
    if context.json {
        answer("rolled_back", &stored, &previous)?;
        return Ok(Outcome::Done);
    }
    let names = fields_of(&previous);
    let gone = if previous.fields.len() == 1 { "the new one is" } else { "the new ones are" };
    context.note(format!("rolled back {stored}: {names} as before, {gone} gone{}", in_revision(saved)));
    let now = output::now();
    context.note(format!("the key is as it was: {}", said_of(&previous, now)));
    if let Some(again) = rights_again(&during, &previous) {
        context.note(again);
    }
    say_history(context, "the new values");
    if during.old_key().is_some() {
        context.note("delete the new key at the exchange");
        say_page(context, &stored);
    }
    if let Some(expires) = previous.expires.filter(|expires| *expires <= now) {
        let word = shell_word(&stored.to_string());
        context.warn(format!("{stored}: the old key expired {}", output::date(expires)));
        context.note(format!("  strongroom rotate {word}"));
    }
    Ok(Outcome::Done)
}

fn remember(context: &Context, reference: &Reference, at: Option<Timestamp>) -> Result<Outcome, Failure> {
    let now = output::now();
    let at = at.unwrap_or(now);
    if at > now {
        let (word, at) = (shell_word(&reference.to_string()), moment(at));
        return Err(Failure::usage(format!("the values cannot have come on {at}: that is in the future"))
            .hint(format!("strongroom rotate {word} --record"))
            .hint(format!("if the key expires then: strongroom set {word} --expires {at}")));
    }
    let note = |contents: &mut Contents, stored: &Reference| {
        contents.record_rotation(stored, at)?;
        Ok(contents.record(stored).and_then(|record| record.expires))
    };
    let (stored, expires, saved) = end(context, reference, note)?;
    if context.json {
        output::json(&json!({ "recorded": [stored.to_string()], "at": output::time(at) }))?;
        return Ok(Outcome::Done);
    }
    context.note(format!("recorded {stored}: its values came on {}{}", output::date(at), in_revision(saved)));
    if let Some(expires) = expires {
        let word = shell_word(&stored.to_string());
        context.note(format!("it still expires {}; if the new key does not:", output::date(expires)));
        context.note(format!("  strongroom set {word} --expires DATE"));
    }
    Ok(Outcome::Done)
}

/// Applies one of the methods that need no answer from anybody, to what was there when the vault was opened.
fn end<T>(
    context: &Context,
    reference: &Reference,
    change: impl FnOnce(&mut Contents, &Reference) -> Result<T, Error>,
) -> Result<(Reference, T, Saved), Failure> {
    let mut vault = context.open()?;
    let contents = vault.contents();
    let stored = record_input::must_be_stored(&contents, reference)?;
    let meant = contents.record(&stored).map(Record::duplicate).ok_or_else(|| none(&stored))?;
    drop(contents);
    let apply = |contents: &mut Contents| {
        // Somebody may have ended that rotation meanwhile and begun another, whose values are nowhere else.
        if contents.record(&stored).is_some_and(|there| rotation_of(there) != rotation_of(&meant)) {
            return Err(Error::Changed { what: stored.to_string() });
        }
        change(contents, &stored)
    };
    let (outcome, saved) = context.edit(&mut vault, apply).map_err(|error| refused(error, &stored))?;
    Ok((stored, outcome, saved))
}

/// What makes a rotation this one: the values, those before them, and since when it has them.
fn rotation_of(record: &Record) -> (&Fields, Option<&Previous>, Option<Timestamp>) {
    (&record.fields, record.previous.as_deref(), record.rotated)
}

fn none(reference: &Reference) -> Error {
    Error::NoSuchRecord { reference: reference.to_string() }
}

fn parse_moment(text: &str) -> Result<Timestamp, &'static str> {
    record_input::parse_moment(text).ok_or("a date such as 2027-01-31, or an RFC 3339 time")
}

fn parse_overlap(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "a number of days from 0 to 65535")
}
