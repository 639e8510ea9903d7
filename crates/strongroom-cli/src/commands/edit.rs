//! `strongroom edit`: records as TOML in the user's editor.
//!
//! What the text looks like is in [`document`], where it lies meanwhile in [`storage`], what became of it
//! in [`changes`], and the editor in [`editor`]. Here: the round from one to the next, again when the text
//! does not parse, until it is saved or given up.

mod changes;
mod document;
mod editor;
pub mod storage;

use strongroom::{Contents, Error, Saved, Selection, Vault, without_traces};
use zeroize::Zeroizing;

use self::changes::{Changes, Summary};
use self::document::{Problem, Scope};
use self::editor::{Editor, Interrupts};
use self::storage::Desk;
use crate::context::Context;
use crate::failure::{Failure, Outcome, code};
use crate::{arguments, output, prompt, select};

/// Lines that start so stand above the text and say what is wrong with it. They are not part of it.
const MARK: &str = "#! ";

/// An editor that is no person could go on for ever.
const ROUNDS_OF_A_SCRIPT: usize = 3;

// What `edit` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Edit only this: exchange/subaccount[@environment], exchange/* or env/NAME
    #[arg(value_name = "REF")]
    reference: Option<String>,
}

/// Edits, and saves what is different.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    let selection = args.reference.as_deref().map(arguments::selection).transpose()?;
    let editor = Editor::find(context)?;
    let mut vault = context.open()?;
    let scope = scope(&vault.contents(), selection)?;
    let interrupts = Interrupts::watch();
    let desk = Desk::new().map_err(|error| Failure::file("write into", &std::env::temp_dir(), &error))?;
    if !desk.in_memory {
        context.warn("the text lies in a temporary file on a disk while it is edited; it is overwritten afterwards");
    }

    let outcome = rounds(context, &mut vault, &scope, &editor, &interrupts, &desk);
    match outcome {
        // A script has its text elsewhere, and on a disk nothing stays.
        Err(Ended { failure, typed: true }) if desk.in_memory && prompt::possible(context) => Err(keep(desk, failure)),
        outcome => {
            if let Some(path) = desk.clear() {
                context
                    .warn(format!("cannot remove {}, where the text lay; the next edit tries again", path.display()));
            }
            outcome.map_err(|ended| ended.failure)
        }
    }
}

/// Why there is no next round.
struct Ended {
    failure: Failure,
    /// Whether somebody's work lies on the desk and would be lost with it.
    typed: bool,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended { failure, typed: false }
    }
}

/// Leaves the text where it is, which is in memory, and says where and what to do with it.
fn keep(desk: Desk, failure: Failure) -> Failure {
    match desk.keep() {
        Ok(directory) => {
            let file = output::shell_word(&directory.join(storage::FILE).display().to_string());
            let directory = output::shell_word(&directory.display().to_string());
            failure
                .cause(format!("what you typed is kept in memory, in plaintext, until a restart: {file}"))
                .hint(format!("strongroom edit, and take over from there what you want; then: rm -r {directory}"))
        }
        Err(_) => failure.cause("what you typed could not be kept"),
    }
}

/// From the text to the editor and back, until it is saved or given up.
fn rounds(
    context: &Context,
    vault: &mut Vault,
    scope: &Scope,
    editor: &Editor,
    interrupts: &Interrupts,
    desk: &Desk,
) -> Result<Outcome, Ended> {
    let before = vault.contents();
    let given = document::write(&before, scope, &header(vault));
    let mut shown = Zeroizing::new(given.as_str().to_owned());
    let mut marked: Option<Problem> = None;
    let mut rounds = 0;
    loop {
        place(desk, &shown, marked.as_ref())?;
        editor.edit(desk.file(), interrupts).map_err(|failure| {
            // Whoever interrupts it wants to be rid of it; an editor that fails may have saved before.
            let saved = || desk.read().is_ok_and(|text| without_mark(&text) != given.as_str());
            Ended { typed: failure.kind == "editor" && saved(), failure }
        })?;
        rounds += 1;
        let unreadable = |error| Ended { failure: Failure::file("read", desk.file(), &error), typed: true };
        let text = desk.read().map_err(unreadable)?;
        let text = without_mark(&text);
        if text.trim().is_empty() {
            let failure = Failure::new(code::USAGE, "cancelled", "the text is empty; nothing was changed");
            return Err(failure.hint("strongroom rm REF").into());
        }
        if text == given.as_str() {
            return Ok(finish(context, vault, &Summary::default(), Saved::Unchanged)?);
        }
        if let Some(problem) = marked.take()
            && text == shown.as_str()
        {
            // Left as it was after being told: given up.
            return Err(refuse(&problem).into());
        }
        let problem = match read(text, &before, scope) {
            Ok(changes) => match save(context, vault, &changes) {
                Ok(saved) => {
                    changes.warn_of_resembling(context);
                    return Ok(finish(context, vault, &changes.summary(), saved)?);
                }
                // What cannot be stored can be corrected.
                Err(Error::InvalidContents { place, problem }) => {
                    Problem { line: changes.line_of(&place), problem: problem.into() }
                }
                Err(error) => {
                    let failure = Failure::from(error).cause("what was edited is not saved");
                    return Err(Ended { failure, typed: true });
                }
            },
            Err(problem) => problem,
        };
        if rounds >= ROUNDS_OF_A_SCRIPT && !prompt::possible(context) {
            return Err(refuse(&problem).into());
        }
        shown = Zeroizing::new(text.to_owned());
        marked = Some(problem);
    }
}

fn read(text: &str, before: &Contents, scope: &Scope) -> Result<Changes, Problem> {
    without_traces(|| document::read(text).and_then(|document| Changes::find(before, scope, document)))
}

fn save(context: &Context, vault: &mut Vault, changes: &Changes) -> Result<Saved, Error> {
    let now = output::now();
    let ((), saved) = context.edit(vault, |contents| changes.apply(contents, now))?;
    Ok(saved)
}

/// The part to edit, by the names that are in the vault.
fn scope(contents: &Contents, selection: Option<Selection>) -> Result<Scope, Failure> {
    let selection = match selection {
        None => return Ok(Scope(None)),
        Some(Selection::Record(reference)) => Selection::Record(select::find_record(contents, &reference)?.reference()),
        Some(Selection::Field(..)) => return Err(Failure::usage("edit takes whole records: leave /field out")),
        Some(other) => other,
    };
    let scope = Scope(Some(selection));
    let found = contents.records().iter().any(|record| scope.has_record(record))
        || contents.values().any(|(name, _)| scope.has_value(name));
    match (&scope.0, found) {
        (_, true) => Ok(scope),
        (Some(Selection::Value(name)), false) => Err(Error::NoSuchValue { name: name.clone() }.into()),
        (Some(other), false) => Err(Error::NoSuchRecord { reference: other.to_string() }.into()),
        (None, false) => Ok(scope),
    }
}

fn header(vault: &Vault) -> String {
    format!(
        "# {}, revision {}. What you save here is encrypted again; this text is wiped.\n\
         # A record keeps its id when it gets another name; one without an id is new; one that is left out is removed.\n\n",
        output::printable(&vault.path().display().to_string()),
        vault.info().revision
    )
}

fn place(desk: &Desk, text: &str, problem: Option<&Problem>) -> Result<(), Failure> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + 512));
    if let Some(problem) = problem {
        // Two lines of ours stand above it by then.
        let line = problem.line + 2;
        whole.push_str(&format!(
            "{MARK}line {line}: {}\n{MARK}Correct it, or leave it as it is to give up.\n",
            problem.problem
        ));
    }
    whole.push_str(text);
    desk.write(&whole).map_err(|error| Failure::file("write", desk.file(), &error))
}

fn without_mark(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with(MARK) {
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    rest
}

fn refuse(problem: &Problem) -> Failure {
    Failure::new(code::USAGE, "edit", format!("line {}: {}", problem.line, problem.problem))
        .cause("the edited text cannot be used; nothing was changed")
}

fn finish(context: &Context, vault: &Vault, summary: &Summary, saved: Saved) -> Result<Outcome, Failure> {
    if context.json {
        output::json(&summary.to_json())?;
        return Ok(Outcome::Done);
    }
    match saved {
        Saved::Unchanged => context.note(format!("{} is unchanged", vault.path().display())),
        Saved::Revision(revision) => context.note(format!("{summary} (revision {revision})")),
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_not_part_of_the_text() {
        assert_eq!(without_mark("#! line 3: a\n#! b\n# header\n"), "# header\n");
        assert_eq!(without_mark("# header\n#! later\n"), "# header\n#! later\n");
        assert_eq!(without_mark("#! only"), "");
    }
}
