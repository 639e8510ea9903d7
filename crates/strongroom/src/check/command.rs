//! The command that a finding advises: a line to paste, in which the place of its REF is known.
//!
//! Whoever tells the same of many records needs to put something else there: the names of all of them where the command
//! takes several, or a word that stands for each.

use std::fmt;
use std::ops::Range;

use crate::wording::shell_word;

/// The options of `set` that are no secrets and no names of variables: those may be the same in many records, so that
/// `set` takes several REFs with them.
const METADATA: [&str; 6] = ["--permission", "--ip", "--expires", "--rotate-after", "--tag", "--note"];

/// A command that does something about a finding, as a shell reads it, or its last part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    line: String,
    /// Where in the line the REF stands that it is given.
    reference: Option<Range<usize>>,
    takes_several: bool,
}

impl Command {
    /// `strongroom WORDS...`, which is given no REF.
    pub(super) fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Command {
        // Thousands of them are made, and few are longer.
        let mut line = String::with_capacity(64);
        line.push_str("strongroom");
        let mut command = Command { line, reference: None, takes_several: false };
        words.into_iter().for_each(|word| command.push(word));
        command
    }

    /// `strongroom VERB REF REST...`
    pub(super) fn on(verb: &str, reference: &impl fmt::Display, rest: &[&str]) -> Command {
        let mut command = Command::of([verb]);
        let begin = command.line.len() + 1;
        command.push(&reference.to_string());
        command.reference = Some(begin..command.line.len());
        rest.iter().for_each(|word| command.push(word));
        let mut options = rest.iter().filter(|word| word.starts_with("--"));
        let begins_with_option = rest.first().is_some_and(|word| word.starts_with("--"));
        command.takes_several = verb == "set" && begins_with_option && options.all(|word| METADATA.contains(word));
        command
    }

    fn push(&mut self, word: &str) {
        self.line.push(' ');
        self.line.push_str(&shell_word(word));
    }

    /// The whole line.
    pub fn as_str(&self) -> &str {
        &self.line
    }

    /// What stands in front of the REF and behind it, where there is one:
    /// `strongroom set ` and ` --permission read,trade`.
    pub fn around_reference(&self) -> Option<(&str, &str)> {
        let Range { start, end } = self.reference.clone()?;
        Some((&self.line[..start], &self.line[end..]))
    }

    /// Whether several REFs may stand where the one does, so that one command does it to all.
    pub fn takes_several(&self) -> bool {
        self.takes_several
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_survive_a_shell() {
        assert_eq!(Command::on("set", &"okx/main@demo", &["api_key"]).as_str(), "strongroom set okx/main@demo api_key");
        assert_eq!(Command::on("set", &"okx/$(id)'s", &[]).as_str(), "strongroom set 'okx/$(id)'\\''s'");
        assert_eq!(Command::of(["exchanges", "okx"]).to_string(), "strongroom exchanges okx");
    }

    #[test]
    fn another_reference_can_stand_where_the_one_does() {
        for reference in ["okx/main", "okx/it's", "set/set", "strongroom/set"] {
            let command = Command::on("set", &reference, &["--ip", "ADDRESS"]);
            let around = command.around_reference().unwrap();
            assert_eq!(around, ("strongroom set ", " --ip ADDRESS"), "{reference}");
            assert_eq!(command.as_str(), format!("{}{}{}", around.0, shell_word(reference), around.1));
        }
        assert_eq!(Command::on("rotate", &"okx/main", &[]).around_reference(), Some(("strongroom rotate ", "")));
        assert_eq!(Command::of(["exchanges"]).around_reference(), None);
    }

    #[test]
    fn only_metadata_is_set_in_several_at_once() {
        let takes = |verb: &str, rest: &[&str]| Command::on(verb, &"okx/main", rest).takes_several();
        for option in METADATA {
            assert!(takes("set", &[option, "X"]), "{option}");
        }
        assert!(takes("set", &["--ip", "ADDRESS", "--expires", "DATE"]));
        for rest in
            [&[][..], &["api_key"], &["api_key", "--ip", "X"], &["--variable", "x=Y"], &["--ip", "X", "--unset"]]
        {
            assert!(!takes("set", rest), "{rest:?}");
        }
        assert!(!takes("rotate", &["--expires", "DATE"]) && !Command::of(["set", "--ip"]).takes_several());
    }
}
