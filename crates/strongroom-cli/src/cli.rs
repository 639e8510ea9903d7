//! The command line itself: global options, the list of commands, and how wrong usage is reported.
//!
//! What each command takes stands in its own file under `commands/`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};
use strongroom::{Expectation, Selection, SlotId};

use crate::commands;
use crate::failure::{Failure, code};
use crate::help;

/// Keep exchange API keys in one encrypted file that is safe to commit.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = help::short(), after_long_help = help::long())]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The vault [default: STRONGROOM_VAULT, else the nearest vault.strongroom]
    #[arg(long, global = true, value_name = "PATH")]
    pub vault: Option<PathBuf>,
    /// Unlock with the machine key in this file
    #[arg(long, global = true, value_name = "PATH")]
    pub key_file: Option<PathBuf>,
    /// Read the passphrase (or recovery code) from this file; `-` is standard input
    #[arg(long, global = true, value_name = "PATH")]
    pub passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this open descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Read the passphrase from what this command prints (no shell; words may be quoted)
    #[arg(long, global = true, value_name = "CMD")]
    pub passphrase_command: Option<OsString>,
    /// The key file that a passphrase slot asks for beside the passphrase
    #[arg(long, global = true, value_name = "PATH")]
    pub factor_file: Option<PathBuf>,
    /// Try only this slot
    #[arg(long, global = true, value_name = "ID")]
    pub slot: Option<String>,
    /// Accept a vault that was refused as rolled back, forked or substituted, by the checksum that the refusal showed
    #[arg(long, global = true, value_name = "CHECKSUM")]
    pub accept: Option<String>,
    /// Refuse any vault but this one, at this revision or later
    #[arg(long, global = true, value_name = "VAULT_ID@REVISION:DATA_KEY_ID")]
    pub expect: Option<String>,
    /// How many seconds a change waits for the lock
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub lock_timeout: Duration,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Never prompt; fail instead
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// What to do.
// Deferred: only the command that is called learns what it takes, which is most of the time that parsing costs.
// A doc comment on a struct of arguments would then replace the sentence here, so those have plain comments.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// From plaintext files to a vault in one step
    #[command(after_help = help::examples::ADOPT)]
    Adopt(commands::adopt::Args),
    /// Make a new vault
    #[command(after_help = help::examples::INIT)]
    Init(commands::init::Args),
    /// Add a record
    #[command(after_help = help::examples::ADD)]
    Add(commands::add::Args),
    /// Change fields and metadata of a record
    #[command(after_help = help::examples::SET)]
    Set(commands::set::Args),
    /// Print one value
    #[command(after_help = help::examples::GET)]
    Get(commands::get::Args),
    /// List what is in the vault, without secrets
    List(commands::list::Args),
    /// Show one record, masked
    Show(commands::show::Args),
    /// Remove records or values
    Rm(commands::rm::Args),
    /// Rename a record
    Mv(commands::mv::Args),
    /// Edit everything as TOML in $EDITOR
    Edit(commands::edit::Args),
    /// Take in records from another format
    #[command(after_help = help::examples::IMPORT)]
    Import(commands::import::Args),
    /// Write records in another format
    #[command(after_help = help::examples::EXPORT)]
    Export(commands::export::Args),
    /// Become a command with credentials in its environment
    #[command(after_help = help::examples::RUN)]
    Run(commands::run::Args),
    /// Replace the secrets of a record, and tell what is due
    #[command(after_help = help::examples::ROTATE)]
    Rotate(commands::rotate::Args),
    /// Change the passphrase
    Passwd(commands::passwd::Args),
    /// List, add and remove ways in
    #[command(after_help = help::examples::SLOT)]
    Slot(commands::slot::Args),
    /// Make a new data key
    Rekey(commands::rekey::Args),
    /// Copy the vault under an identity and data key of its own
    Copy(commands::copy::Args),
    /// Show the header, without a secret
    Info(commands::info::Args),
    /// Read, recompute and prove everything
    Verify(commands::verify::Args),
    /// Say what is wrong with the credentials
    #[command(after_help = help::examples::CHECK, after_long_help = help::check())]
    Check(commands::check::Args),
    /// Say what is wrong with this set-up
    Doctor(commands::doctor::Args),
    /// Show what is known about exchanges and their keys
    #[command(after_help = help::examples::EXCHANGES)]
    Exchanges(commands::exchanges::Args),
    /// Print completions for a shell
    Completions(commands::completions::Args),
    /// Print the manual page
    Man(commands::man::Args),
}

/// The arguments of this process, or the exit code when there is nothing to run.
pub fn parse() -> Result<Cli, u8> {
    Cli::try_parse().map_err(report)
}

/// The whole command, for completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The argument that is one of a closed list of the library, with what each is in the help.
pub fn one_of<T, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
    about: fn(T) -> &'static str,
    from_name: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = all.map(|one| PossibleValue::new(name(one)).help(about(one)));
    PossibleValuesParser::new(names).try_map(move |name| from_name(&name).ok_or("no such name"))
}

/// A REF. Parsed here and not by clap, which would print what it could not read.
pub fn selection(text: &str) -> Result<Selection, Failure> {
    text.parse().map_err(|problem: strongroom::record::ReferenceError| {
        Failure::usage(format!("not a REF: {problem}"))
            .hint("REF is exchange/subaccount[@environment][/field] or env/NAME, for example binance/main")
    })
}

/// The id of a slot.
pub fn slot(text: &str) -> Result<SlotId, Failure> {
    text.parse().map_err(|_| Failure::usage("not a slot id: expected 16 hexadecimal digits").hint("strongroom info"))
}

/// `VAULT_ID@REVISION:DATA_KEY_ID`
pub fn expectation(text: &str) -> Result<Expectation, Failure> {
    text.parse().map_err(|problem: &'static str| Failure::usage(format!("--expect: {problem}")))
}

/// Whether `--json` stands before any `--`, for the time before the arguments are known.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "expected a number of seconds that is not negative")
}

/// Whether the command is `run`, whose exit codes below 125 belong to the command that it becomes.
fn is_run(mut arguments: impl Iterator<Item = OsString>) -> bool {
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        let Some(option) = text.strip_prefix("--") else {
            return text == "run";
        };
        if !option.contains('=') && !matches!(option, "json" | "no-input" | "help" | "version") {
            arguments.next();
        }
    }
    false
}

/// Whether what is wrong with a `run` is likely that its command does not stand behind `--`.
fn forgets_dashes(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::UnknownArgument)
        && !std::env::args_os().any(|argument| argument == "--")
}

/// Help and version go to standard output; wrong usage is exit code 2.
fn report(mut error: clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe is not our trouble.
            let _ = error.print();
            0
        }
        _ => {
            hide_values(&mut error);
            let run = is_run(std::env::args_os().skip(1));
            let hint = if run && forgets_dashes(&error) {
                "put -- before the command: strongroom run [REF]... -- COMMAND"
            } else {
                "strongroom --help"
            };
            if asks_for_json() {
                let text = error.to_string();
                let sentence: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
                let sentence = sentence.join(" ");
                Failure::usage(sentence.trim_start_matches("error: ")).hint(hint).print(true);
            } else {
                let _ = error.print();
                if run && forgets_dashes(&error) {
                    // Nobody is left to tell when standard error is gone.
                    let _ = writeln!(std::io::stderr(), "\nhint: {hint}");
                }
            }
            if run { commands::run::FAILED_BEFORE } else { code::USAGE }
        }
    }
}

/// A secret pasted in the wrong place must not come back in an error, which ends in logs.
///
/// Short plain words are kept, because that is what typing mistakes look like.
fn hide_values(error: &mut clap::Error) {
    const HIDDEN: &str = "(not shown)";
    let mut hide = Vec::new();
    for (kind, value) in error.context() {
        if !matches!(kind, ContextKind::InvalidValue | ContextKind::InvalidArg | ContextKind::InvalidSubcommand) {
            continue;
        }
        // For InvalidArg clap may give the name of one of our own options with its value name.
        let ContextValue::String(text) = value else { continue };
        let name = text.split('=').next().unwrap_or_default();
        let plain =
            |text: &str| text.len() <= 24 && text.bytes().all(|b| b.is_ascii_lowercase() || b"-_<>.[] ".contains(&b));
        let own = text.starts_with("--") && text.contains('<');
        if !own && !plain(text) {
            let shown = if text.starts_with('-') && plain(name) { name } else { HIDDEN };
            hide.push((kind, ContextValue::String(shown.to_owned())));
        }
    }
    for (kind, value) in hide {
        error.insert(kind, value);
    }
    if error.kind() == ErrorKind::UnknownArgument {
        // "to pass 'X' as a value, use '-- X'" repeats it.
        error.remove(ContextKind::Suggested);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        let short = |command: &clap::Command| -> Vec<String> {
            command.get_subcommands().filter_map(|command| command.get_about()).map(ToString::to_string).collect()
        };
        let mut built = command();
        built.build();
        assert_eq!(short(&command()), short(&built));
        assert!(short(&built).iter().all(|sentence| !sentence.contains('`')));
    }

    #[test]
    fn global_options_stand_on_either_side() {
        for line in [["strongroom", "--json", "list"], ["strongroom", "list", "--json"]] {
            assert!(Cli::try_parse_from(line).unwrap().globals.json);
        }
    }

    #[test]
    fn run_is_found_behind_global_options() {
        let is_run = |line: &str| is_run(line.split(' ').map(OsString::from));
        assert!(is_run("--json --vault run run x"));
        assert!(is_run("--vault=x run"));
        assert!(!is_run("--vault run list"));
        assert!(!is_run("list run"));
    }

    #[test]
    fn a_pasted_secret_is_not_repeated() {
        let secret = "EXAMPLEEXAMPLEEXAMPLE0000";
        for line in [
            vec!["strongroom", "init", secret],
            vec!["strongroom", secret],
            vec!["strongroom", "list", "--lock-timeout", secret],
            vec!["strongroom", "completions", secret],
            vec!["strongroom", "list", "--EXAMPLEEXAMPLEEXAMPLE0000"],
            vec!["strongroom", "list", "--key=EXAMPLEEXAMPLEEXAMPLE0000"],
        ] {
            let mut error = Cli::try_parse_from(&line).unwrap_err();
            hide_values(&mut error);
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }
}
