//! `strongroom run`: become the bot, with credentials in its environment and nothing of ours left in it.
//!
//! There is no shell and no parent process in between: signals, exit code and terminal are the bot's own.

use std::ffi::OsString;
use std::io;

use strongroom::formats::{self, Variable, VariableNames};
use strongroom::wording::command;
use strongroom::{Error, Reference, Secret, Selection};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::select::{self, Selected};
use crate::{arguments, collisions, harden, output};

/// The exit code for what fails before there is a command to have one.
pub const FAILED_BEFORE: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

// What `run` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these [default: all]
    #[arg(value_name = "REF")]
    references: Vec<String>,
    /// Where a variable is set already, leave it
    #[arg(long)]
    keep_existing: bool,
    /// Whose names the variables have; set --variable gives a field one of its own
    #[arg(
        long,
        default_value = VariableNames::Own.name(),
        value_parser = arguments::one_of(VariableNames::ALL, VariableNames::name, VariableNames::about, VariableNames::from_name)
    )]
    names: VariableNames,
    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Becomes the command. Comes back only when that fails.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    harden::exit_code_of_panics(FAILED_BEFORE);
    become_command(context, &args).map_err(|failure| match failure.code {
        NOT_EXECUTABLE | NOT_FOUND => failure,
        _ => Failure { code: FAILED_BEFORE, ..failure },
    })
}

fn become_command(context: &Context, args: &Args) -> Result<Outcome, Failure> {
    let [program, arguments @ ..] = args.command.as_slice() else {
        return Err(Failure::usage("no command after --"));
    };
    let contents = context.open_unasked()?.contents();
    let selected = select::select(&contents, &args.references)?;
    let mut notices = Vec::new();
    let variables = formats::variables_as(args.names, &selected.records, &selected.values, &mut notices)
        .map_err(|error| with_choice(error, args, &selected))?;
    notices.iter().for_each(|notice| context.warn(&notice.text));

    let mut command = harden::stranger(program);
    command.args(arguments);
    for Variable { name, place, value } in &variables {
        if harden::is_ours(name.as_ref()) {
            let why = "nothing that starts with STRONGROOM_ reaches the command";
            context.warn(match other_name(&variables, name).filter(|_| args.names == VariableNames::Own) {
                Some(renamed) => {
                    format!("{place} is left out: as {name} it is for us, and {why}; to change that: {renamed}")
                }
                None => format!("{place} is left out: {why}"),
            });
        } else if !(args.keep_existing && std::env::var_os(name).is_some()) {
            command.env(name, environment_text(name, value)?);
        }
    }
    let path = variables.iter().find(|variable| variable.name == "PATH");
    let path = path.map(|path| (path.place.clone(), other_name(&variables, "PATH")));
    drop(variables);
    drop(contents);
    context.limits.restore();
    let error = replace_process(command);
    let program = program.to_string_lossy();
    Err(match error.kind() {
        io::ErrorKind::NotFound => {
            let failure = Failure::new(NOT_FOUND, "command-not-found", format!("{program}: no such command"));
            match path {
                Some((place, mended)) => {
                    mended.into_iter().fold(failure.cause(format!("PATH is {place}")), Failure::hint)
                }
                None => failure,
            }
        }
        _ => Failure {
            code: NOT_EXECUTABLE,
            kind: "command-not-executable",
            ..Failure::file("execute", std::path::Path::new(program.as_ref()), &error)
        },
    })
}

/// The command after which a program does not get this variable: another name for a field of a record, and the end of a
/// value that has no other.
fn other_name(variables: &[Variable<'_>], name: &str) -> Option<String> {
    let variable = variables.iter().find(|variable| variable.name == name)?;
    Some(match &variable.place {
        Selection::Field(record, field) => {
            let is_taken = |name: &str| variables.iter().any(|variable| variable.name == name);
            let named = format!("{field}={}", formats::free_name(record, field, is_taken));
            command(["set", &record.to_string(), "--variable", &named])
        }
        // What starts with our name is nobody else's, and does no harm.
        Selection::Value(value) if harden::is_ours(value.as_ref()) => return None,
        place => command(["rm", &place.to_string()]),
    })
}

/// The commands that tell two fields apart, and, where a program reads fewer records than were selected, the one that
/// selects less.
fn with_choice(error: Error, args: &Args, selected: &Selected<'_>) -> Failure {
    let failure = Failure::from(error);
    let fits = |names| formats::variables_as(names, &selected.records, &selected.values, &mut Vec::new()).is_ok();
    let with_names = |names: VariableNames| {
        let words = args.references.iter().map(|reference| format!("{} ", output::shell_word(reference)));
        format!("strongroom run --names {} {}-- COMMAND", names.name(), words.collect::<String>())
    };
    match (args.names, selected.records.as_slice()) {
        (VariableNames::Own, _) => {
            let ours = fits(VariableNames::Strongroom).then(|| with_names(VariableNames::Strongroom));
            let alone = |record: &Reference| command(["run", &record.to_string(), "--", "COMMAND"]);
            collisions::hints(selected, alone).into_iter().chain(ours).fold(failure, Failure::hint)
        }
        (VariableNames::Strongroom, _) if fits(VariableNames::Own) => failure.hint(with_names(VariableNames::Own)),
        (VariableNames::Freqtrade | VariableNames::Nautilus, [first, _, ..]) => {
            let reference = output::shell_word(&first.reference().to_string());
            failure.hint(format!("strongroom run --names {} {reference} -- COMMAND", args.names.name()))
        }
        _ => failure,
    }
}

/// An environment cannot hold a zero byte. It would be cut or refused, depending on the system.
fn environment_text<'a>(name: &str, value: &'a Secret) -> Result<&'a str, Failure> {
    let text = value.expose_secret();
    if text.contains('\0') {
        return Err(Failure::record("export", format!("{name}: a zero byte cannot stand in an environment variable")));
    }
    Ok(text)
}

/// The standard library gives SIGPIPE and the signal mask back on the way.
#[cfg(unix)]
fn replace_process(mut command: std::process::Command) -> io::Error {
    use std::os::unix::process::CommandExt;
    command.exec()
}

/// Where a process cannot become another one, it waits for it.
#[cfg(not(unix))]
fn replace_process(mut command: std::process::Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(i32::from(FAILED_BEFORE))),
        Err(error) => error,
    }
}
