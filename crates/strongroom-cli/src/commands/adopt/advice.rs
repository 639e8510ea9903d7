//! What is left for the user to do: the plaintext, the keys that lay in it, and the next command.

use std::path::Path;

use strongroom::formats::ImportFormat;
use strongroom::{Contents, Record, Reference, Selection};

use crate::commands::import::SourceFile;
use crate::output::{printable, shell_word, wrapped};
use crate::plaintext::{self, GitState};
use crate::select::Naming;

/// How many names have a line each. Any more would scroll what else is said off the screen.
const MOST_LINES: usize = 10;

/// What to delete, and who else gets at it until then.
pub fn on_plaintext(sources: &[SourceFile]) -> String {
    let files: Vec<&SourceFile> = sources.iter().filter(|source| source.path != Path::new("-")).collect();
    let path = |source: &SourceFile| shell_word(&source.path.display().to_string());
    let (mixed, whole): (Vec<&SourceFile>, Vec<&SourceFile>) = files.iter().partition(|source| has_settings(source));
    let mut text = String::new();
    if !whole.is_empty() {
        text.push_str("\nthe plaintext is still there. When the bot runs from the vault, delete it:\n\n");
        whole.iter().for_each(|source| text.push_str(&format!("  rm {}\n", path(source))));
    }
    if !mixed.is_empty() {
        text.push_str("\nthese have settings too, which are not in the vault. When the bot runs from the\n");
        text.push_str("vault, take the keys out of them and leave the rest:\n\n");
        mixed.iter().for_each(|source| text.push_str(&format!("  {}\n", path(source))));
    }
    if !files.is_empty() {
        text.push('\n');
        for path in files.iter().map(|source| source.path.as_path()) {
            for sentence in exposure(plaintext::git_state(path), plaintext::others_can_read(path)) {
                text.push_str(&format!("  {}: {sentence}\n", printable(&path.display().to_string())));
            }
        }
    }
    text
}

/// Whether a file of this format is more than its keys, so that somebody needs what is left of it.
fn has_settings(source: &SourceFile) -> bool {
    matches!(source.format, ImportFormat::Freqtrade | ImportFormat::Ccxt)
}

/// Which keys to make anew. `vault` is all that it has: where all of an exchange lay around, many are named by that.
pub fn on_rotation(contents: &Contents, vault: &Contents) -> String {
    let records: Vec<Reference> = contents.records().iter().map(Record::reference).collect();
    let names = match records.len() > MOST_LINES {
        true => Naming::of(vault).references(&records.iter().collect::<Vec<_>>()),
        false => records.iter().map(ToString::to_string).collect(),
    };
    let values: Vec<String> =
        contents.values().map(|(name, _)| Selection::Value(name.to_owned()).to_string()).collect();
    let mut text = String::new();
    text.push_str("\nthese lay around in plaintext, where backups, editors and other programs may\n");
    text.push_str("have read them.\n");
    let mut list = |advice: &str, names: &[String]| {
        if !names.is_empty() {
            text.push_str(&format!("{advice}:\n\n"));
            let names: Vec<String> = names.iter().map(|name| printable(name)).collect();
            match names.len() > MOST_LINES {
                true => text.push_str(&format!("  {}\n", wrapped(&names.join(" "), 2))),
                false => names.iter().for_each(|name| text.push_str(&format!("  {name}\n"))),
            }
        }
    };
    list("Make new keys at the exchange, then `strongroom rotate REF`", &names);
    list("What is secret of these, make anew, then `strongroom set REF`", &values);
    text
}

/// Ends the report: what to paste to see it work. `contents` is all of the vault, because that is what a bot gets.
pub fn next_command(vault: &Path, unlock_option: &[String], contents: &Contents) -> String {
    let command = |name: &str| {
        let mut command = format!("{} {name} --vault {}", own_name(), shell_word(&vault.display().to_string()));
        for word in unlock_option {
            command.push(' ');
            command.push_str(&shell_word(word));
        }
        command
    };
    let (check, run) = (command("check"), command("run"));
    // Only what is no secret may be shown on the screen.
    if is_sample(contents) {
        return format!("\nnext, to see what a bot would get:\n\n  {run} -- env\n");
    }
    format!(
        "\nnext, what the vault says of the keys, and your bot with the keys in its\n\
         environment (its own command in place of ./your-bot):\n\n  {check}\n  {run} -- ./your-bot\n"
    )
}

/// Whether every value says itself that it is an example, as those that come with this program do. One that does not
/// may be a secret.
fn is_sample(contents: &Contents) -> bool {
    let fields = contents.records().iter().flat_map(|record| record.fields.iter().map(|(_, value)| value));
    let mut all = fields.chain(contents.values().map(|(_, value)| &value.value));
    all.all(|value| value.expose_secret().starts_with("EXAMPLE"))
}

fn exposure(git: GitState, others_can_read: bool) -> Vec<&'static str> {
    let mut sentences = Vec::new();
    match git {
        GitState::Tracked => sentences.push("git tracks it; its history keeps these values after you delete it"),
        GitState::Untracked => {
            sentences.push("in a git work tree and not in .gitignore; one `git add .` would commit it")
        }
        GitState::Ignored => sentences.push("covered by .gitignore"),
        GitState::Unknown => sentences.push("in a git work tree, and git did not say whether it ignores it"),
        GitState::Outside => {}
    }
    if others_can_read {
        sentences.push("readable by other users of this machine");
    }
    sentences
}

/// How this program was called, so that the command can be pasted.
fn own_name() -> String {
    let called = std::env::args().next().unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    name_as_called(&called, &here)
}

/// Through cargo when the program lies in the build directory of the clone that we are in.
fn name_as_called(called: &str, here: &Path) -> String {
    if !called.contains('/') {
        return "strongroom".into();
    }
    let program = here.join(called);
    // <clone>/target/<profile>/strongroom
    let clone = program.ancestors().nth(3).filter(|clone| program.starts_with(clone.join("target")));
    if clone.is_some_and(|clone| here.starts_with(clone)) {
        return "cargo run --release --".into();
    }
    shell_word(called)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Secret;

    fn contents(values: &[&str]) -> Contents {
        let mut contents = Contents::default();
        for (number, value) in values.iter().enumerate() {
            contents.set_value(&format!("VALUE_{number}"), Secret::copy_of(value), 0);
        }
        contents
    }

    #[test]
    fn the_next_command_can_be_pasted() {
        let (vault, option) = (Path::new("target/demo/vault.strongroom"), ["--key-file".into(), "my key".into()]);
        let words = "--vault target/demo/vault.strongroom --key-file 'my key'";
        let text = next_command(vault, &option, &contents(&["EXAMPLE-A", "EXAMPLE-B"]));
        assert!(text.ends_with(&format!(" run {words} -- env\n")), "{text}");
        for values in [&["EXAMPLE-A", "hunter2"][..], &["hunter2", "EXAMPLE-B"], &["xEXAMPLE"]] {
            let text = next_command(vault, &option, &contents(values));
            assert!(text.contains(&format!(" check {words}\n")), "{text}");
            assert!(text.ends_with(&format!(" run {words} -- ./your-bot\n")) && !text.contains("env\n"), "{text}");
        }
    }

    #[test]
    fn the_name_is_how_the_program_was_called() {
        let name = |called| name_as_called(called, Path::new("/home/x/clone"));
        assert_eq!(name("target/release/strongroom"), "cargo run --release --");
        assert_eq!(name("/home/x/clone/target/debug/strongroom"), "cargo run --release --");
        assert_eq!(name("/home/x/other/target/debug/strongroom"), "/home/x/other/target/debug/strongroom");
        assert_eq!(name("strongroom"), "strongroom");
        assert_eq!(name("/opt/bin/strongroom"), "/opt/bin/strongroom");
    }

    #[test]
    fn exposure_is_said_for_each_file() {
        assert_eq!(exposure(GitState::Outside, false).len(), 0);
        assert_eq!(exposure(GitState::Tracked, true).len(), 2);
    }
}
