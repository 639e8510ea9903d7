//! `strongroom adopt`: from plaintext files to a vault in one step, with what to do about the plaintext.
//!
//! It never touches the plaintext or `.gitignore` itself: a tool that deletes keys on its own authority is
//! trusted once.

mod advice;
mod masked;
mod proof;
mod rehearsal;

use std::path::{Path, PathBuf};

use strongroom::formats::{self, ImportFormat, ImportReport, Imported, NamedFields};
use strongroom::record::Timestamp;
use strongroom::{Contents, Unlock};

use super::import::{self, Name, SourceFile};
use crate::collisions;
use crate::context::Context;
use crate::create::{self, CreateArgs, Created, MadeUp};
use crate::failure::{Failure, Outcome, code};
use crate::output::{self, ImportAnswer};
use crate::unlock;
use crate::unlock::source::shown;
use crate::unlock::streams;

// What `adopt` takes. The new passphrase comes from the global passphrase options or the terminal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plaintext files: .env, secrets.json, ...; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The format of the files, as in `import` [default: recognised for each file]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// The exchange, where a file does not say: aws, one object of ccxt, bare names such as API_KEY
    #[arg(long, value_name = "NAME")]
    exchange: Option<String>,
    /// Where the vault has other values already, take the new ones
    #[arg(long)]
    replace: bool,
    /// Say what would happen, make and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    create: CreateArgs,
}

/// Reads everything, makes or opens the vault, puts it in, proves it, says what to do next.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    streams::refuse_two_readers(context, args.files.iter().map(PathBuf::as_path), None)?;
    let sources = read(context, &args)?;
    let existing = existing_vault(context);
    let (expected, from_files) = merged(context, &args, &sources, existing.is_none())?;
    match existing {
        Some(path) if args.dry_run => rehearsal::into_existing(context, &args, &path, &sources, &expected),
        None if args.dry_run => {
            tell_names(context, &sources, &parse_all(&args, &sources)?.1, &expected);
            rehearsal::of_new(context, &args, &expected, &from_files)
        }
        Some(path) => adopt_into(context, &args, &path, &sources, &expected),
        None => adopt_new(context, &args, &sources, &expected, &from_files),
    }
}

/// A vault that is there is added to; what it has already is left alone.
fn adopt_into(
    context: &Context,
    args: &Args,
    path: &Path,
    sources: &[SourceFile],
    expected: &Contents,
) -> Result<Outcome, Failure> {
    let key = own_key(context, args);
    let mut vault = context.open_with(path, || secret_of_existing(context, key, path))?;
    // With its own machine key this is the same command again, and was obeyed the first time.
    if key.is_none() {
        warn_of_ignored(context, &args.create, path);
    }
    let (parsed, names) = parse_all(args, sources)?;
    tell_beside(context, args, sources, &parsed, &vault.contents());
    let now = output::now();
    let merge = |contents: &mut Contents| merge_into_existing(contents, parsed, args.replace, now);
    let (report, _) = context.edit(&mut vault, merge)?;
    proof::on_disk(&vault, expected)?;
    let report = import::sorted(report);
    tell_names(context, sources, &names, &vault.contents());
    import::told::outcome_of_several(context, &report, &names.concat());

    if context.json {
        MadeUp::default().print_json(path, Some(ImportAnswer::from(&report)))?;
        return Ok(Outcome::Done);
    }
    let changed = report.is_change();
    if changed {
        output::text(import::describe(&report, false))?;
        import::tell_forgotten(context, &report);
    } else {
        output::line(format!("unchanged: {} has all of it already", path.display()))?;
    }
    output::text(format!("\nin {}, read back from disk:\n\n{}", path.display(), masked::contents(expected)))?;
    output::text(advice::on_plaintext(sources))?;
    if changed {
        output::text(advice::on_rotation(expected, &vault.contents()))?;
    }
    output::text(advice::next_command(path, &unlock_option(context, key), &vault.contents()))?;
    Ok(Outcome::Done)
}

/// The machine key that made the vault opens it again, unless somebody says how to unlock, and means that.
fn own_key<'a>(context: &Context, args: &'a Args) -> Option<&'a Path> {
    let globals = &context.globals;
    let told = globals.key_file.is_some()
        || globals.passphrase_file.is_some()
        || globals.passphrase_fd.is_some()
        || globals.passphrase_command.is_some();
    args.create.machine_key.as_deref().filter(|key| !told && key.is_file())
}

fn secret_of_existing(context: &Context, key: Option<&Path>, path: &Path) -> Result<Unlock, Failure> {
    match key {
        Some(key) => unlock::machine_key_file(key),
        None => unlock::unlock(context, path),
    }
}

/// What each file has, and the names that programs read it by.
fn parse_all(args: &Args, sources: &[SourceFile]) -> Result<(Vec<Imported>, Vec<Vec<Name>>), Failure> {
    let mut parsed = Vec::with_capacity(sources.len());
    let mut names = Vec::with_capacity(sources.len());
    for source in sources {
        let imported = source.parse_quietly(args.exchange.as_deref())?;
        names.push(import::names_of(&imported));
        parsed.push(imported);
    }
    Ok((parsed, names))
}

/// What there is to say of each file, beside a vault.
fn tell_beside(context: &Context, args: &Args, sources: &[SourceFile], parsed: &[Imported], contents: &Contents) {
    let both = sources.iter().zip(parsed);
    both.for_each(|(source, imported)| source.tell_beside(context, imported, contents, args.replace));
}

/// The names by which the programs of each file would not find its fields.
fn tell_names(context: &Context, sources: &[SourceFile], names: &[Vec<Name>], contents: &Contents) {
    sources.iter().zip(names).for_each(|(source, names)| source.tell_other_names(context, contents, names));
}

/// All files, one after the other, into the contents of a vault that is there.
fn merge_into_existing(
    contents: &mut Contents,
    parsed: Vec<Imported>,
    replace: bool,
    now: Timestamp,
) -> strongroom::Result<ImportReport> {
    let mut whole = ImportReport::default();
    for imported in parsed {
        whole.append(formats::merge_into(contents, imported, replace, now)?);
    }
    Ok(whole)
}

fn adopt_new(
    context: &Context,
    args: &Args,
    sources: &[SourceFile],
    expected: &Contents,
    from_files: &ImportReport,
) -> Result<Outcome, Failure> {
    // Contents have no copy on purpose; the files are still in memory, so they are read once more.
    let (contents, _) = merge(args, sources)?;
    let created = create::create(
        context,
        &context.new_vault_path(),
        &args.create,
        contents,
        Some(ImportAnswer::from(from_files)),
    )?;
    prove(context, &created, expected)?;
    tell_names(context, sources, &parse_all(args, sources)?.1, expected);
    collisions::warn(context, &collisions::among(&created.vault.contents()));
    if context.json {
        if !created.answered {
            created.secrets.print_json(&created.path, Some(ImportAnswer::from(from_files)))?;
        }
        return Ok(Outcome::Done);
    }
    context.note(created.describe().trim_end());
    output::text(format!(
        "\nin {}, read back from disk and compared:\n\n{}",
        created.path.display(),
        masked::contents(expected)
    ))?;
    output::text(advice::on_plaintext(sources))?;
    output::text(advice::on_rotation(expected, expected))?;
    let option = unlock_option(context, created.secrets.machine_key.as_deref());
    output::text(advice::next_command(&created.path, &option, &created.vault.contents()))?;
    Ok(Outcome::Done)
}

/// What opens the vault without a person, as an option for the next command; nothing when that will be a prompt.
fn unlock_option(context: &Context, machine_key: Option<&Path>) -> Vec<String> {
    let globals = &context.globals;
    let option = |name: &str, path: &Path| vec![name.to_owned(), path.display().to_string()];
    if let Some(path) = machine_key.or(globals.key_file.as_deref()) {
        return option("--key-file", path);
    }
    match globals.passphrase_file.as_deref() {
        Some(path) if path != Path::new("-") => option("--passphrase-file", path),
        _ => Vec::new(),
    }
}

/// With a random key, opening the file once more as any reader would costs nothing; else the vault reads it itself.
fn prove(context: &Context, created: &Created, expected: &Contents) -> Result<(), Failure> {
    let path = &created.path;
    match &created.secrets.machine_key {
        Some(key) => proof::on_disk(&context.open_with(path, || unlock::machine_key_file(key))?, expected),
        None => proof::on_disk(&created.vault, expected),
    }
}

/// All files, read and recognised before anything else happens.
fn read(context: &Context, args: &Args) -> Result<Vec<SourceFile>, Failure> {
    let format = args.format.as_ref().map(|name| import::format_of(name.as_ref())).transpose()?;
    let mut sources = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let source = SourceFile::read(context, path, format)?;
        if source.format == ImportFormat::Armor {
            return Err(Failure::usage(format!("{} is an encrypted vault, not plaintext", shown(path)))
                .hint(format!("strongroom import {}", output::shell_word(&path.display().to_string()))));
        }
        if source.format == ImportFormat::Hummingbot {
            let path = output::shell_word(&path.display().to_string());
            return Err(Failure::usage(format!("{} is encrypted by hummingbot", shown(&source.path)))
                .hint(format!("strongroom init; strongroom import hummingbot {path}")));
        }
        sources.push(source);
    }
    Ok(sources)
}

/// What the files hold together. Says what could not be taken, unless a vault that is there has a part in that, and
/// refuses when that was all.
fn merged(
    context: &Context,
    args: &Args,
    sources: &[SourceFile],
    tell: bool,
) -> Result<(Contents, ImportReport), Failure> {
    // Beside one another: what one file has of a record's variables is a field by the next.
    let told = |contents: &Contents| -> Result<(), Failure> {
        let (parsed, _) = parse_all(args, sources)?;
        tell_beside(context, args, sources, &parsed, contents);
        Ok(())
    };
    let (contents, report) = match merge(args, sources) {
        Ok(merged) => merged,
        Err(failure) if tell => {
            told(&Contents::default())?;
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    };
    let is_nothing = contents.records().is_empty() && contents.values().next().is_none();
    if tell || is_nothing {
        told(&contents)?;
    }
    if is_nothing {
        return Err(Failure::new(code::FILE, "nothing-there", "there is nothing to adopt in these files"));
    }
    Ok((contents, report))
}

fn merge(args: &Args, sources: &[SourceFile]) -> Result<(Contents, ImportReport), Failure> {
    let mut contents = Contents::default();
    let (mut whole, mut named) = (ImportReport::default(), NamedFields::default());
    for source in sources {
        let imported = source.parse_quietly(args.exchange.as_deref())?;
        imported.name_in(&mut contents, &mut named);
        let report = formats::merge_into(&mut contents, imported, args.replace, output::now())
            .map_err(|error| Failure::from(error).at(Path::new(&shown(&source.path))))?;
        whole.append(report);
    }
    // Whatever they did to one another: to whoever has no vault yet, all of it is new.
    let added = whole.added;
    Ok((contents, import::sorted(ImportReport { added, ..ImportReport::default() })))
}

/// The vault that is named, or the one right here, when it is there. One further up or the user's own is not meant:
/// a bot's keys would end up among somebody's personal ones.
fn existing_vault(context: &Context) -> Option<PathBuf> {
    let path = context.new_vault_path();
    // A link that leads nowhere is something there: making a vault through it would surprise.
    path.symlink_metadata().is_ok().then_some(path)
}

/// What was asked for a new vault, and is of no effect because there is one.
fn warn_of_ignored(context: &Context, args: &CreateArgs, path: &Path) {
    let policy = &args.policy;
    let options = [
        ("--generate-passphrase", policy.generate_passphrase, "strongroom passwd --generate-passphrase"),
        ("--no-passphrase", args.no_passphrase, "strongroom slot list"),
        ("--no-recovery", args.no_recovery, "strongroom slot list"),
        ("--name", !args.name.is_empty(), "strongroom edit"),
        ("--machine-key", args.machine_key.is_some(), "strongroom slot add --machine-key PATH"),
    ];
    for (option, given, instead) in options {
        if given {
            context.warn(format!("{} is there already, so {option} is of no effect; see {instead}", path.display()));
        }
    }
}
