//! The command line as a whole, and how wrong usage is reported.

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};

use crate::arguments::Globals;
use crate::commands::{self, Command};
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

/// The arguments of this process, or the exit code when there is nothing to run.
pub fn parse() -> Result<Cli, u8> {
    Cli::try_parse().map_err(report)
}

/// The whole command, for completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Whether `--json` stands before any `--`, for the time before the arguments are known.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
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
        let placeholder =
            text.strip_prefix(['<', '[']).is_some_and(|rest| rest.len() < 24 && rest.ends_with(['>', ']', '.']));
        let own = text.starts_with("--") && text.contains('<') || placeholder;
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
