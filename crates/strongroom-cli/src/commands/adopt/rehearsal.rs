//! `adopt --dry-run`: what would be made and taken in. Nothing is written, no pin either, and nobody is asked for a
//! passphrase that only a new vault would need.

use std::path::Path;

use serde::Serialize;
use strongroom::formats::ImportReport;
use strongroom::wording::listed;
use strongroom::{Contents, Error};

use super::{
    Args, masked, merge_into_existing, parse_all, secret_of_existing, tell_beside, tell_names, warn_of_ignored,
};
use crate::commands::import::{self, SourceFile};
use crate::context::Context;
use crate::create::{self, Plan};
use crate::failure::{Failure, Outcome};
use crate::output::{self, ImportAnswer, printable};

/// What `--json` answers: what the command itself would, with null for what would be made up, and these two beside it.
#[derive(Serialize)]
struct Answer<'a> {
    vault: String,
    passphrase: Option<&'a str>,
    recovery_code: Option<&'a str>,
    machine_key: Option<String>,
    #[serde(flatten)]
    imported: ImportAnswer<'a>,
    /// What is there with other values, so that the command would change nothing.
    different: &'a [String],
    /// The files that would come into being.
    would_make: Vec<String>,
}

/// A vault that is there is opened, and left as it is.
///
/// # Errors
/// Those of the command itself; with exit code 6, after all that is to be said, when it has other values.
pub fn into_existing(
    context: &Context,
    args: &Args,
    path: &Path,
    sources: &[SourceFile],
    expected: &Contents,
) -> Result<Outcome, Failure> {
    let key = super::own_key(context, args);
    let vault = context.look_with(path, || secret_of_existing(context, key, path))?;
    if key.is_none() {
        warn_of_ignored(context, &args.create, path);
    }
    let now = output::now();
    let (parsed, names) = parse_all(args, sources)?;
    let mut contents = vault.contents();
    tell_beside(context, args, sources, &parsed, &contents);
    let (mut report, refused) = match merge_into_existing(&mut contents, parsed, args.replace, now) {
        Ok(report) => (report, false),
        // All that is different, in whichever file, and what else there is.
        Err(Error::Differs { .. }) => {
            contents = vault.contents();
            (merge_into_existing(&mut contents, parse_all(args, sources)?.0, true, now)?, true)
        }
        Err(error) => return Err(error.into()),
    };
    report = import::sorted(report);
    let mut different = Vec::new();
    if refused {
        different = std::mem::take(&mut report.replaced);
        (report.expiry_forgotten, report.renamed) = Default::default();
    }
    tell_names(context, sources, &names, &contents);
    import::told::outcome_of_several(context, &report, &names.concat());
    if context.json {
        answer(path, &report, &different, None)?;
    } else {
        output::text(described(path, &report, &different))?;
        import::tell_forgotten(context, &report);
        output::text(held(expected))?;
    }
    if refused {
        return Err(Error::Differs { references: different }.into());
    }
    nothing_written(context);
    Ok(Outcome::Done)
}

/// A new vault is not made.
///
/// # Errors
/// What would be refused before anybody is asked for a passphrase.
pub fn of_new(
    context: &Context,
    args: &Args,
    expected: &Contents,
    from_files: &ImportReport,
) -> Result<Outcome, Failure> {
    let path = context.new_vault_path();
    let plan = create::plan(context, &path, &args.create)?;
    if context.json {
        answer(&path, from_files, &[], Some(&plan))?;
    } else {
        let mut text = format!("would make the vault {}\n", path.display());
        if let Some((key, reused)) = &plan.machine_key {
            let how = if *reused { "would add the machine key that is in" } else { "would make the machine key" };
            text.push_str(&format!("{how} {}\n", key.display()));
        }
        let ways = format!("it would open with {}", listed(&plan.ways));
        text.push_str(&format!("{}\n", output::wrapped(&ways, 0)));
        output::text(text)?;
        output::text(held(expected))?;
    }
    nothing_written(context);
    Ok(Outcome::Done)
}

fn held(expected: &Contents) -> String {
    format!("\nthe files have:\n\n{}", masked::contents(expected))
}

/// As `import --dry-run` says it, and what is different.
fn described(path: &Path, report: &ImportReport, different: &[String]) -> String {
    let changed = report.is_change();
    let mut text = String::new();
    if changed {
        text.push_str(&import::describe(report, true));
    } else if different.is_empty() {
        text.push_str(&format!("unchanged: {} has all of it already\n", path.display()));
    } else {
        report.unchanged.iter().for_each(|reference| text.push_str(&format!("unchanged {}\n", printable(reference))));
    }
    different.iter().for_each(|reference| text.push_str(&format!("different {}\n", printable(reference))));
    text
}

fn answer(path: &Path, report: &ImportReport, different: &[String], plan: Option<&Plan>) -> Result<(), Failure> {
    let vault = path.display().to_string();
    let key = plan.and_then(|plan| plan.machine_key.as_ref());
    let machine_key = key.map(|(path, _)| path.display().to_string());
    let new_key = machine_key.clone().filter(|_| key.is_some_and(|(_, reused)| !reused));
    let would_make = plan.map(|_| vault.clone()).into_iter().chain(new_key).collect();
    output::json(&Answer {
        vault,
        passphrase: None,
        recovery_code: None,
        machine_key,
        imported: ImportAnswer::from(report),
        different,
        would_make,
    })
}

fn nothing_written(context: &Context) {
    context.note("nothing is written: to do it, leave --dry-run out");
}
