//! What to do about what a format cannot hold of all that was selected: what that is, and one command that works.
//!
//! A command that is told here was tried: it does not end in the next refusal.

use strongroom::formats::{self, DotenvTarget, ExportFormat, ExportOptions};
use strongroom::record::Value;
use strongroom::wording::listed;
use strongroom::{Contents, Error, ExportError, Record, Reference, Selection};

use super::{Args, environment_of, options_of};
use crate::collisions;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{shell_word, wrapped};
use crate::select::{self, Selected};

/// How many places are named. Any more would hide what to do.
const MOST_PLACES: usize = 10;

/// The failure, with all that cannot be written and with what can.
pub fn refused(context: &Context, error: Error, args: &Args, contents: &Contents, selected: &Selected<'_>) -> Failure {
    let Error::Export(refusal) = &error else { return error.into() };
    let Some(rest) = rest_of(refusal, selected) else {
        let alone = |record: &Reference| command(args, args.target, &[record.to_string()]);
        let apart = has_own_names(args.format).then(|| collisions::hints(selected, alone));
        let failure = apart.into_iter().flatten().fold(Failure::from(error), Failure::hint);
        return with_choice(failure, args, selected);
    };
    let also = named(&refusal.also);
    let failure = also.iter().fold(Failure::from(error), |failure, also| {
        // A line of its own for people, one text for programs.
        const CAUSE: &str = "  caused by: ";
        failure.cause(if context.json { also.clone() } else { wrapped(also, CAUSE.len()) })
    });
    let them = if also.is_some() { "them" } else { "it" };
    let command = for_one_reader(args, selected)
        .or_else(|| in_freqtrades_file(args, selected))
        .or_else(|| {
            let references = references_of(&rest, args, contents);
            works(args, args.target, &rest)
                .then(|| format!("without {them}: {}", command(args, args.target, &references)))
        })
        .or_else(|| alone(args, &rest))
        .or_else(|| in_an_environment(args, selected));
    command.into_iter().fold(failure, Failure::hint)
}

/// What is left without the places of the refusal; none when it is not about single ones.
fn rest_of<'a>(refusal: &ExportError, selected: &Selected<'a>) -> Option<Selected<'a>> {
    let mut rest = Selected { records: selected.records.clone(), values: selected.values.clone() };
    for place in std::iter::once(&refusal.place).chain(&refusal.also) {
        // No REF has a blank: it is written as %20.
        if place.contains(' ') {
            return None;
        }
        match place.parse().ok()? {
            Selection::Record(reference) | Selection::Field(reference, _) => {
                if !selected.records.iter().any(|record| record.reference() == reference) {
                    return None;
                }
                rest.records.retain(|record| record.reference() != reference);
            }
            Selection::Value(name) => rest.values.retain(|(there, _)| *there != name),
            Selection::Exchange(..) => return None,
        }
    }
    Some(rest)
}

/// `okx/a/api_secret, okx/b/api_secret and 3 more cannot be written either`
fn named(also: &[String]) -> Option<String> {
    let shown = also.len().min(MOST_PLACES - 1);
    let more = (also.len() > shown).then(|| format!("{} more", also.len() - shown));
    let names = listed(also[..shown].iter().cloned().chain(more));
    (!names.is_empty()).then(|| format!("{names} cannot be written either"))
}

/// Whether this can be written, and is anything.
fn works(args: &Args, target: Option<DotenvTarget>, selected: &Selected<'_>) -> bool {
    let takes_values = args.format.takes_values();
    if selected.records.is_empty() && (!takes_values || selected.values.is_empty()) {
        return false;
    }
    writes(
        args.format,
        &selected.records,
        &selected.values,
        &ExportOptions { target: usual(target), ..options_of(args) },
    )
}

fn writes(format: ExportFormat, records: &[&Record], values: &[(&str, &Value)], options: &ExportOptions<'_>) -> bool {
    match format {
        ExportFormat::Systemd => formats::credentials(records, values).is_ok(),
        _ => formats::write(format, records, values, options).is_ok(),
    }
}

fn usual(target: Option<DotenvTarget>) -> DotenvTarget {
    target.unwrap_or(DotenvTarget::Portable)
}

/// All of it, where only some readers are in the way.
fn for_one_reader(args: &Args, selected: &Selected<'_>) -> Option<String> {
    if !args.format.is_variables() || usual(args.target) != DotenvTarget::Portable {
        return None;
    }
    let readers = [DotenvTarget::PythonDotenv, DotenvTarget::Docker, DotenvTarget::Systemd, DotenvTarget::Sh];
    let reader = readers.into_iter().find(|reader| works(args, Some(*reader), selected))?;
    Some(format!("if {} reads it: {}", reader.name(), command(args, Some(reader), &args.references)))
}

/// What freqtrade would take for another type in a variable stays a text in its file.
fn in_freqtrades_file(args: &Args, selected: &Selected<'_>) -> Option<String> {
    let (ExportFormat::FreqtradeEnv, [record]) = (args.format, selected.records.as_slice()) else { return None };
    let fits = writes(ExportFormat::Freqtrade, &[record], &[], &options_of(args));
    let reference = shell_word(&record.reference().to_string());
    fits.then(|| format!("strongroom export freqtrade {reference} --output config-private.json"))
}

/// One record, for a program that reads no more than one of them.
fn alone(args: &Args, rest: &Selected<'_>) -> Option<String> {
    let is_alone = |record: &&&Record| writes(args.format, &[record], &[], &options_of(args));
    let reference = rest.records.iter().find(is_alone)?.reference().to_string();
    Some(command(args, args.target, &[reference]))
}

/// A program that is started with them takes any value.
fn in_an_environment(args: &Args, selected: &Selected<'_>) -> Option<String> {
    let variables = formats::variables(&selected.records, &selected.values).ok()?;
    let fits = variables.iter().all(|variable| !variable.value.expose_secret().contains('\0'));
    let words = args.references.iter().map(|reference| format!("{} ", shell_word(reference)));
    (fits && args.format == ExportFormat::Dotenv)
        .then(|| format!("strongroom run {}-- COMMAND", words.collect::<String>()))
}

/// The shortest REFs that name just this.
fn references_of(rest: &Selected<'_>, args: &Args, contents: &Contents) -> Vec<String> {
    let environment = args.environment.as_deref().and_then(|name| environment_of(name).ok());
    let is_meant = |record: &Record| environment.is_none_or(|wanted| wanted == record.environment);
    let mut references: Vec<String> = Vec::new();
    for record in &rest.records {
        let of_exchange = |other: &&Record| select::same_exchange(&other.exchange, &record.exchange) && is_meant(other);
        let all: Vec<&Record> = contents.records().iter().filter(of_exchange).collect();
        let is_left = |one: &&Record| rest.records.iter().any(|left| left.reference() == one.reference());
        let pattern = Selection::Exchange(record.exchange.to_ascii_lowercase(), environment).to_string();
        match all.len() > 1 && all.iter().all(is_left) {
            true if references.contains(&pattern) => {}
            true => references.push(pattern),
            false => references.push(record.reference().to_string()),
        }
    }
    if args.format.takes_values() {
        references.extend(rest.values.iter().map(|(name, _)| Selection::Value((*name).to_owned()).to_string()));
    }
    references
}

/// The command that was called, of these records and for this reader.
fn command(args: &Args, target: Option<DotenvTarget>, references: &[String]) -> String {
    let mut words = vec![args.format.name().to_owned()];
    words.extend(references.iter().map(|reference| shell_word(reference)));
    let mut option = |name: &str, value: Option<&str>| {
        words.extend(value.map(|value| format!("{name} {}", shell_word(value))));
    };
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    option("--target", target.map(DotenvTarget::name));
    option("--name", args.name.as_deref());
    option("--namespace", args.namespace.as_deref());
    // What is named otherwise names its environment.
    option("--environment", args.environment.as_deref().filter(|_| references == args.references));
    option("--output-dir", path(&args.output_dir).as_deref());
    option("--output", path(&args.output).as_deref());
    let flags =
        [("--force", args.force), ("--reveal", args.reveal), ("--allow-plaintext-in-git", args.allow_plaintext_in_git)];
    words.extend(flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()));
    format!("strongroom export {}", words.join(" "))
}

/// Formats with names of their own know no others.
fn has_own_names(format: ExportFormat) -> bool {
    matches!(format, ExportFormat::Dotenv | ExportFormat::Kubernetes | ExportFormat::Systemd)
}

/// Where a format holds less than what was selected, the command that selects less.
fn with_choice(failure: Failure, args: &Args, selected: &Selected<'_>) -> Failure {
    let records = &selected.records;
    let several = records.windows(2).any(|pair| pair[0].environment != pair[1].environment);
    let exchanges = records.windows(2).any(|pair| !pair[0].exchange.eq_ignore_ascii_case(&pair[1].exchange));
    match args.format {
        ExportFormat::Json | ExportFormat::Aws | ExportFormat::Nautilus if several => {
            failure.hint("repeat the command with --environment live, testnet or demo")
        }
        ExportFormat::Aws if exchanges => failure.hint("strongroom export aws 'binance/*'"),
        ExportFormat::Freqtrade | ExportFormat::FreqtradeEnv | ExportFormat::Nautilus if records.len() > 1 => {
            alone(args, selected).into_iter().fold(failure, Failure::hint)
        }
        _ => failure,
    }
}
