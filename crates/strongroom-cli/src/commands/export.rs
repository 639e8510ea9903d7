//! `strongroom export`: records in another format, with care about where plaintext goes.

mod refused;
mod systemd;

use std::io::Read;
use std::path::{Path, PathBuf};

use strongroom::formats::{self, DotenvTarget, ExportFormat, ExportOptions};
use strongroom::wording::listed;
use strongroom::{Contents, Environment, Secret, Selection};

use crate::context::Context;
use crate::diagnosis::Ours;
use crate::failure::{Failure, Outcome, code};
use crate::select::{self, Selected};
use crate::{arguments, output, plaintext, private_file};
use refused::refused;

// What `export` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to write
    #[arg(value_parser = arguments::one_of(ExportFormat::ALL, ExportFormat::name, ExportFormat::about, ExportFormat::from_name))]
    format: ExportFormat,
    /// Only these [default: all]
    #[arg(value_name = "REF")]
    references: Vec<String>,
    /// Who reads the environment variables (dotenv, freqtrade-env, nautilus) [default: portable]
    #[arg(
        long,
        value_parser = arguments::one_of(DotenvTarget::ALL, DotenvTarget::name, DotenvTarget::about, DotenvTarget::from_name)
    )]
    target: Option<DotenvTarget>,
    /// What the Secret is called (kubernetes)
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The namespace of the Secret (kubernetes) [default: that of whoever applies it]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The directory to make, with a file for each value (systemd)
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Only records of this environment: live, testnet or demo
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Write a new file with mode 0600 instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file when there is one
    #[arg(long, requires = "output")]
    force: bool,
    /// Write plaintext to a terminal
    #[arg(long)]
    reveal: bool,
    /// Write plaintext where git would pick it up
    #[arg(long)]
    allow_plaintext_in_git: bool,
}

/// Writes what was selected.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    check_options(&args)?;
    if args.format == ExportFormat::Systemd {
        return systemd::run(context, &args);
    }
    let environment = args.environment.as_deref().map(environment_of).transpose()?;
    let text = if args.format == ExportFormat::Armor {
        if !args.references.is_empty() || environment.is_some() {
            return Err(Failure::usage("armor is the whole vault: it takes no REF and no --environment"));
        }
        // Ciphertext: nothing to unlock, nothing to protect from terminals and git.
        Secret::new(context.read_locked(&context.find_vault_path()?)?.to_armor())
    } else {
        // Refusals first, so that nobody types a passphrase in vain.
        check_destination(context, &args)?;
        let contents = context.open()?.contents();
        let mut selected = select::select(&contents, &args.references)?;
        if let Some(environment) = environment {
            selected.records.retain(|record| record.environment == environment);
        }
        if selected.records.is_empty() && (!args.format.takes_values() || selected.values.is_empty()) {
            return Err(Failure::record("nothing-selected", "there is nothing to export"));
        }
        write(context, &args, &contents, &selected)?
    };
    if let Some(path) = &args.output {
        refuse_to_replace_secrets(context, path)?;
    }
    match &args.output {
        None => output::secret(text.expose_secret().as_bytes())?,
        Some(path) if args.force => private_file::replace(context, path, text.expose_secret().as_bytes())?,
        Some(path) => private_file::create(context, path, text.expose_secret().as_bytes()).map_err(|failure| {
            if failure.kind == "already-there" { failure.hint("repeat the command with --force") } else { failure }
        })?,
    }
    if let Some(path) = &args.output {
        context.note(format!("wrote {}", path.display()));
    }
    Ok(Outcome::Done)
}

fn write(context: &Context, args: &Args, contents: &Contents, selected: &Selected<'_>) -> Result<Secret, Failure> {
    let options = ExportOptions { bare: names_one_record(&args.references)?, ..options_of(args) };
    let exported = formats::write(args.format, &selected.records, &selected.values, &options)
        .map_err(|error| refused(context, error, args, contents, selected))?;
    for notice in exported.notices {
        context.warn(notice.text);
    }
    Ok(exported.text)
}

/// What the options say to the format.
fn options_of(args: &Args) -> ExportOptions<'_> {
    let kubernetes = args.name.as_deref().map(|name| (name, args.namespace.as_deref()));
    ExportOptions { target: args.target.unwrap_or(DotenvTarget::Portable), bare: false, kubernetes }
}

/// Options that belong to some formats are refused with others, where they would change nothing.
fn check_options(args: &Args) -> Result<(), Failure> {
    let is_kubernetes = args.format == ExportFormat::Kubernetes;
    type Takes = fn(ExportFormat) -> bool;
    let options: [(&str, bool, Takes); 6] = [
        ("--target", args.target.is_some(), ExportFormat::is_variables),
        ("--name", args.name.is_some(), |format| format == ExportFormat::Kubernetes),
        ("--namespace", args.namespace.is_some(), |format| format == ExportFormat::Kubernetes),
        ("--output-dir", args.output_dir.is_some(), |format| format == ExportFormat::Systemd),
        ("--output", args.output.is_some(), |format| format != ExportFormat::Systemd),
        ("--reveal", args.reveal, |format| format != ExportFormat::Systemd),
    ];
    for (option, given, takes) in options {
        if given && !takes(args.format) {
            let refused = Failure::usage(format!("{option} is not for {}", args.format.name()));
            let takers: Vec<_> = ExportFormat::ALL.into_iter().filter(|format| takes(*format)).collect();
            return Err(match takers.len() + 1 == ExportFormat::ALL.len() {
                true => refused.cause("what it writes goes into --output-dir DIR"),
                false => refused.cause(format!("it is for {}", listed(takers.into_iter().map(ExportFormat::name)))),
            });
        }
    }
    let Some(name) = &args.name else {
        let nameless = Failure::usage("a Secret of Kubernetes has a name");
        return if is_kubernetes { Err(nameless.hint("repeat the command with --name NAME")) } else { Ok(()) };
    };
    // Of nothing, so that only the names can be wrong, before anybody is asked for a passphrase.
    let names_alone = formats::write_kubernetes(&[], &[], name, args.namespace.as_deref());
    names_alone.map(|_| ()).map_err(|error| Failure::usage(error.to_string()))
}

/// Whether one REF names one record. What is written then is of that record, whatever else comes into the vault.
fn names_one_record(references: &[String]) -> Result<bool, Failure> {
    match references {
        [reference] => Ok(matches!(arguments::selection(reference)?, Selection::Record(_))),
        _ => Ok(false),
    }
}

fn check_destination(context: &Context, args: &Args) -> Result<(), Failure> {
    match &args.output {
        None if context.stdout_is_terminal() && !args.reveal => {
            Err(Failure::refused("plaintext-to-terminal", "refusing to print secrets on a terminal")
                .hint("repeat the command with --output FILE, or with --reveal"))
        }
        None if args.allow_plaintext_in_git => Ok(()),
        None => plaintext::refuse_standard_output_in_git(),
        Some(path) => {
            // What is no file cannot be replaced as one, and a shell connects standard output to anything.
            if std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
                let message = format!("cannot write a file as {}: it is there and is none", path.display());
                return Err(Failure::new(code::FILE, "file", message)
                    .hint("leave out --output, and send standard output there"));
            }
            if !args.force && path.symlink_metadata().is_ok() {
                return Err(already_there(path));
            }
            refuse_to_replace_secrets(context, path)?;
            let parent = private_file::directory(path);
            std::fs::metadata(parent).map_err(|error| Failure::file("write to", parent, &error))?;
            if args.allow_plaintext_in_git { Ok(()) } else { plaintext::refuse_in_git(path) }
        }
    }
}

/// `--force` is for the last export. A vault, a machine key and a key file may be the only ones there are.
fn refuse_to_replace_secrets(context: &Context, path: &Path) -> Result<(), Failure> {
    let mut start = Vec::with_capacity(64);
    // Of any other kind of file, and of none, there is nothing to lose.
    if let Ok(file) = std::fs::File::open(path)
        && file.metadata().is_ok_and(|about| about.is_file())
    {
        file.take(32).read_to_end(&mut start).map_err(|error| Failure::file("read", path, &error))?;
    }
    let in_use = context
        .find_vault_path()
        .and_then(|vault| canonical(&vault))
        .is_ok_and(|vault| canonical(path).is_ok_and(|target| target == vault));
    match Ours::of(&start).map(Ours::name).or(in_use.then_some("the vault")) {
        Some(what) => {
            Err(Failure::refused("precious", format!("refusing to replace {}, which is {what}", path.display()))
                .hint("name another file with --output PATH"))
        }
        None => Ok(()),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| Failure::file("find", path, &error))
}

fn already_there(path: &Path) -> Failure {
    Failure::from(strongroom::Error::AlreadyThere { path: path.to_owned() }).hint("repeat the command with --force")
}

/// The environment of this name.
///
/// # Errors
/// Exit code 2.
pub fn environment_of(name: &str) -> Result<Environment, Failure> {
    Environment::from_name(name).ok_or_else(|| Failure::usage("--environment is live, testnet or demo"))
}
