//! `strongroom import`: records and values from another format, all of them or none.

mod hummingbot;
mod partial;
pub mod told;
mod unknown;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use strongroom::formats::{self, ExportFormat, ImportFormat, ImportOptions, ImportReport, Imported, Notice};
use strongroom::{Contents, Error, Record, Reference, Saved, Secret};

use super::export::environment_of;
use super::record_input::variables;
use crate::collisions;
use crate::context::Context;
use crate::failure::{Failure, Outcome, code};
use crate::output::{self, ImportAnswer, counted};
use crate::private_file;
use crate::unlock::source::{self, shown};
use crate::unlock::streams;

// What `import` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_names = ["FORMAT", "FILE"], num_args = 1..=2, required = true, help = format_help())]
    format_and_file: Vec<PathBuf>,
    /// The exchange, where the file does not say: aws, one object of ccxt, bare names such as API_KEY
    #[arg(long, value_name = "NAME")]
    exchange: Option<String>,
    /// The environment, where the format does not say (json, aws, ccxt, freqtrade): live, testnet or demo
    /// [default: live]
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Take the new values where they differ
    #[arg(long)]
    replace: bool,
    /// Say what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source_passphrase: hummingbot::SourcePassphraseArgs,
}

/// How many names of variables are told one by one. Any more would hide what else is said.
const MOST_NAMES: usize = 20;

/// As the vault orders them, and not as the file did, so that reports can be compared.
pub fn sorted(mut report: ImportReport) -> ImportReport {
    let lists = [&mut report.added, &mut report.unchanged, &mut report.replaced, &mut report.expiry_forgotten];
    for references in lists {
        references.sort();
    }
    report.removed.sort_by(|one, other| one.value.cmp(&other.value));
    report
}

/// A plaintext file, read, and the format it is in.
pub struct SourceFile {
    /// Where it is; `-` for standard input.
    pub path: PathBuf,
    /// How it is read.
    pub format: ImportFormat,
    text: Secret,
}

/// Takes the file in.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let (format, path) = match args.format_and_file.as_slice() {
        [path] => (None, path),
        [format, path] => (Some(format_of(format.as_os_str())?), path),
        // clap lets nothing else through.
        _ => return Err(Failure::usage("import takes a format and a file")),
    };
    let inputs = args.source_passphrase.standard_input();
    streams::refuse_two_readers(context, inputs.into_iter().chain([path.as_path()]), None)?;
    let source = match path.is_dir() {
        true => hummingbot::directory(context, path, format)?,
        false => SourceFile::read(context, path, format)?,
    };
    if source.format != ImportFormat::Hummingbot && args.source_passphrase.is_given() {
        return Err(Failure::usage(format!(
            "{} is not encrypted: it takes no --source-passphrase",
            source.format.name()
        )));
    }
    if args.exchange.is_some() && source.format.says_exchange() {
        return Err(Failure::usage(format!("--exchange is not for {}, which says it", source.format.name())));
    }
    let mut imported = match source.format {
        ImportFormat::Armor => return import_armor(context, &source, args.dry_run),
        ImportFormat::Hummingbot => hummingbot::read(context, &source, &args.source_passphrase)?,
        _ => source.parse_quietly(args.exchange.as_deref())?,
    };
    if let Some(environment) = args.environment.as_deref().map(environment_of).transpose()? {
        if source.format.says_environment() {
            return Err(Failure::usage(format!("--environment is not for {}, which says it", source.format.name())));
        }
        imported.records.iter_mut().for_each(|record| record.environment = environment);
    }
    let mut vault = context.open()?;
    let most_names = if args.dry_run { usize::MAX } else { MOST_NAMES };
    source.tell(context, &imported, imported.notices_beside(&vault.contents()), most_names);
    partial::tell_fields(context, &source, &vault.contents(), &imported);
    if args.replace {
        partial::tell(context, &source, &vault.contents(), &imported);
    }
    let now = output::now();
    let names = names_of(&imported);
    let report = if args.dry_run {
        let mut contents = vault.contents();
        let mut made = Vec::new();
        let merge = |contents: &mut Contents| formats::merge_into(contents, imported, args.replace, now);
        let report = collisions::noticed(&mut contents, merge, &mut made)?;
        collisions::warn(context, &made);
        source.tell_other_names(context, &contents, &names);
        report
    } else {
        let merge = |contents: &mut Contents| formats::merge_into(contents, imported, args.replace, now);
        let (report, saved) = context.edit(&mut vault, merge)?;
        source.tell_other_names(context, &vault.contents(), &names);
        if let Saved::Revision(_) = saved
            && path != Path::new("-")
        {
            let what = match source.format {
                ImportFormat::Hummingbot => "what hummingbot's password opens",
                _ => "the plaintext",
            };
            context.note(output::wrapped(&format!("{what} is still in {}", path.display()), 0));
        }
        report
    };
    let report = sorted(report);
    told::outcome(context, &source.path, &report);
    if context.json {
        output::json(&ImportAnswer::from(&report).of_format(source.format))?;
    } else {
        output::text(describe(&report, args.dry_run))?;
        tell_forgotten(context, &report);
    }
    Ok(Outcome::Done)
}

/// Which format was found.
fn tell_format(context: &Context, path: &Path, format: ImportFormat) {
    context.note(output::wrapped(&format!("{}: read as {}", shown(path), format.name()), 0));
}

/// Asks for the one date that only its owner knows.
pub fn tell_forgotten(context: &Context, report: &ImportReport) {
    for reference in &report.expiry_forgotten {
        let text = format!("replacing forgets when the old key of {reference} expires; for the new one:");
        context.note(output::wrapped(&text, 0));
        context.note(format!("  strongroom set {} --expires DATE", output::shell_word(reference)));
    }
}

impl SourceFile {
    /// Reads a file and finds out what it is, when that is not said. What it found it says on standard error.
    ///
    /// # Errors
    /// Exit code 3.
    pub fn read(context: &Context, path: &Path, format: Option<ImportFormat>) -> Result<SourceFile, Failure> {
        let text = source::text_file(path).map_err(|failure| unknown::no_text(path, failure))?;
        let format = match format {
            Some(format) => format,
            None => {
                let format = recognised(path, &text)?;
                tell_format(context, path, format);
                format
            }
        };
        Ok(SourceFile { path: path.to_owned(), format, text })
    }

    /// Says on standard error what could not be taken, beside what a vault has already; and where this is to replace
    /// that, of which records it has only a part.
    pub fn tell_beside(&self, context: &Context, imported: &Imported, contents: &Contents, replace: bool) {
        self.tell(context, imported, imported.notices_beside(contents), MOST_NAMES);
        partial::tell_fields(context, self, contents, imported);
        if replace {
            partial::tell(context, self, contents, imported);
        }
    }

    /// Notices, with where they are about. Names that a program goes on finding are nothing to be warned of, and so
    /// many of them at most are told.
    fn tell(&self, context: &Context, imported: &Imported, notices: Vec<&Notice>, most_names: usize) {
        let placed = |notice: &Notice| match notice.line {
            Some(line) => format!("{}: line {line}: {}", shown(&self.path), notice.text),
            None => format!("{}: {}", shown(&self.path), notice.text),
        };
        let of_names = imported.name_notices();
        let (names, others): (Vec<_>, Vec<_>) = notices.into_iter().partition(|notice| of_names.contains(&notice.text));
        // A line that says that there is one more takes as much room as that one.
        let told = if names.len() <= most_names.saturating_add(1) { names.len() } else { most_names };
        names[..told].iter().for_each(|notice| context.note(output::wrapped(&placed(notice), 0)));
        if told < names.len() {
            let text = "more fields under other names than the usual ones; later to be seen with:";
            context.note(output::wrapped(&format!("{}: {} {text}", shown(&self.path), names.len() - told), 0));
            context.note("  strongroom show REF");
        }
        others.into_iter().for_each(|notice| context.warn(placed(notice)));
    }

    /// Warns of what a program that reads this file would not find any more, because what is in the vault has names
    /// already, of another program. `names` are those of the file.
    pub fn tell_other_names(&self, context: &Context, contents: &Contents, names: &[Name]) {
        let mut others: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
        for (reference, field, name) in names {
            let known = contents.known_as(reference).filter(|record| formats::own_name(record, field) != *name);
            if let Some(record) = known {
                others.entry(record.reference().to_string()).or_default().push((field, name));
            }
        }
        let told = told::at_most(others.len());
        if told < others.len() {
            let more = counted(others.len() - told, "more record");
            context.warn(format!(
                "{}: {more} with other names for programs than here: strongroom show REF",
                shown(&self.path)
            ));
        }
        for (reference, names) in others.into_iter().take(told) {
            let record = reference.parse().ok().and_then(|reference| contents.record(&reference));
            let Some((record, &(field, name))) = record.zip(names.first()) else { continue };
            let there = formats::own_name(record, field);
            let text = format!("programs get the {field} of {reference} as {there} and not as {name}");
            let command = variables::command_to_name(&reference, names);
            context.warn(format!("{}: {text}; to change that: {command}", shown(&self.path)));
        }
    }

    /// The records and values in it. What there is to say of them is for [`SourceFile::tell_beside`].
    ///
    /// # Errors
    /// 3 with line and field, 2 when the file cannot be understood without `--exchange`.
    pub fn parse_quietly(&self, exchange: Option<&str>) -> Result<Imported, Failure> {
        if self.format == ImportFormat::Aws && exchange.is_none() {
            let message = format!("{}: an aws file does not say which exchange it is for", shown(&self.path));
            return Err(Failure::usage(message).hint("name it with --exchange NAME"));
        }
        let options = ImportOptions { exchange, now: output::now() };
        formats::read(self.format, &self.text, &options).map_err(|error| {
            // What ends in the name of the option lacks it.
            let lacks_exchange = matches!(&error, Error::Import(error) if error.problem.ends_with("--exchange"));
            let failure = Failure::from(error).at(Path::new(&shown(&self.path)));
            match lacks_exchange {
                true => failure.hint(format!(
                    "strongroom import {} {} --exchange NAME",
                    self.format.name(),
                    word(&self.path)
                )),
                false => failure,
            }
        })
    }
}

/// A field of a record, and the variable that a text has it in.
pub type Name = (Reference, String, String);

/// By which variables a program reads what is in a text.
pub fn names_of(imported: &Imported) -> Vec<Name> {
    let of_record = |record: &Record| {
        let reference = record.reference();
        let name = |(field, name): (&String, &String)| (reference.clone(), field.clone(), name.clone());
        record.variables.iter().map(name).collect::<Vec<_>>()
    };
    imported.records.iter().flat_map(of_record).collect()
}

/// The one format that a file looks like.
fn recognised(path: &Path, text: &Secret) -> Result<ImportFormat, Failure> {
    match formats::recognise(text.expose_secret()).as_slice() {
        [format] => Ok(*format),
        [] => Err(unknown::text(path, text.expose_secret())),
        several => {
            let message = format!("{}: this looks like more than one format", shown(path));
            let failure = Failure::new(code::FILE, "unknown-format", message);
            let command = |format: &ImportFormat| format!("strongroom import {} {}", format.name(), word(path));
            Err(several.iter().map(command).fold(failure, Failure::hint))
        }
    }
}

fn word(path: &Path) -> String {
    output::shell_word(&path.display().to_string())
}

/// The format of this name.
///
/// # Errors
/// Exit code 2.
pub fn format_of(name: &OsStr) -> Result<ImportFormat, Failure> {
    let name = name.to_str().unwrap_or_default();
    ImportFormat::from_name(name).ok_or_else(|| match ExportFormat::from_name(name) {
        // Variables all come in through one reader, which knows everybody's names.
        Some(ExportFormat::FreqtradeEnv | ExportFormat::Nautilus) => {
            Failure::usage(format!("{name} comes in as dotenv")).hint("repeat the command with dotenv instead")
        }
        Some(_) => Failure::usage(format!("{name} is a format to export only")),
        None => Failure::usage("no such format to import").hint(unknown::formats()),
    })
}

/// What `--help` says of the format.
pub fn format_help() -> String {
    format!("{} [default: recognised by content], and the file; `-` is standard input", unknown::names())
}

/// One line for every kind of thing that happened.
pub fn describe(report: &ImportReport, dry_run: bool) -> String {
    if !report.is_change() {
        return match report.unchanged.len() {
            0 => "nothing in it to take in\n".to_owned(),
            there => format!("unchanged ({there} already there)\n"),
        };
    }
    let mut text = String::new();
    for (verb, references) in
        [("added", &report.added), ("replaced", &report.replaced), ("unchanged", &report.unchanged)]
    {
        for reference in references {
            text.push_str(if dry_run && verb != "unchanged" { "would be " } else { "" });
            text.push_str(&format!("{verb} {}\n", output::printable(reference)));
        }
    }
    for removed in &report.removed {
        let verb = if dry_run { "would be" } else { "is now" };
        let whose = output::printable(&removed.reference);
        text.push_str(&format!("{} {verb} {whose}'s {}\n", output::printable(&removed.value), removed.field));
    }
    text
}

/// An armoured vault becomes a file again, exactly. It stays locked all the while.
fn import_armor(context: &Context, source: &SourceFile, dry_run: bool) -> Result<Outcome, Failure> {
    let bytes = strongroom::dearmor(source.text.expose_secret())
        .map_err(|error| Failure::from(error).at(Path::new(&shown(&source.path))))?;
    let path = context.new_vault_path();
    if !dry_run {
        private_file::make_parents(&path)?;
        let durability = strongroom::write_new(&path, &bytes)?;
        private_file::warn_unless_durable(durability, context, &path);
        context.wrote();
    }
    if context.json {
        output::json(&serde_json::json!({"vault": path.display().to_string()}))?;
    } else {
        let verb = if dry_run { "would write" } else { "wrote" };
        output::line(format!("{verb} the vault {}", path.display()))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::formats::Removed;

    #[test]
    fn a_report_says_unchanged_or_what_changed() {
        let mut report = ImportReport { unchanged: vec!["okx/main".into()], ..ImportReport::default() };
        assert_eq!(describe(&report, false), "unchanged (1 already there)\n");
        report.added.push("binance/main".into());
        assert_eq!(describe(&report, true), "would be added binance/main\nunchanged okx/main\n");
        report.added.clear();
        let (value, reference, field) = ("env/A".into(), "okx/main".into(), "uid".into());
        report.removed.push(Removed { value, reference, field });
        assert_eq!(describe(&report, false), "unchanged okx/main\nenv/A is now okx/main's uid\n");
        assert_eq!(describe(&report, true), "unchanged okx/main\nenv/A would be okx/main's uid\n");
    }
}
