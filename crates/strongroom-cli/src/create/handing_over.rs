//! Handing over what was made up, a passphrase or a recovery code: it is the only copy, so somebody has it before a
//! vault depends on it, and is told when nothing ever will.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use serde::Serialize;
use strongroom::{Error, Secret};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, ImportAnswer};
use crate::{prompt, unlock};

/// What was made up and has to be told once.
#[derive(Default)]
pub struct MadeUp {
    /// The passphrase, when nobody gave one.
    pub passphrase: Option<Secret>,
    /// The recovery code, when there is a new one.
    pub recovery_code: Option<Secret>,
    /// The machine key's file, when one was asked for. What is in it is never printed.
    pub machine_key: Option<PathBuf>,
}

/// What was made, for whoever asked: `{"vault","passphrase","recovery_code","machine_key"}`, and what `adopt` adds.
#[derive(Serialize)]
struct Answer<'a> {
    vault: String,
    passphrase: Option<&'a str>,
    recovery_code: Option<&'a str>,
    machine_key: Option<String>,
    #[serde(flatten)]
    imported: Option<ImportAnswer<'a>>,
}

impl MadeUp {
    /// The answer in JSON. When it is the only copy of a secret, also a closed pipe is a failure.
    ///
    /// # Errors
    /// Exit code 3 when it cannot be written.
    pub fn print_json(&self, vault: &Path, imported: Option<ImportAnswer<'_>>) -> Result<(), Failure> {
        let answer = Answer {
            vault: vault.display().to_string(),
            passphrase: self.passphrase.as_ref().map(Secret::expose_secret),
            recovery_code: self.recovery_code.as_ref().map(Secret::expose_secret),
            machine_key: self.machine_key.as_ref().map(|path| path.display().to_string()),
            imported,
        };
        match self.is_something() {
            true => output::json_only_copy(&answer, 1024),
            false => output::json(&answer),
        }
    }

    /// Shows the texts, to be written down now, before anything depends on them; not with `--json`, whose one answer
    /// comes last. Tells whether there was something to show.
    ///
    /// # Errors
    /// Exit code 3 when they cannot be written, also to a closed pipe: then nothing may be saved that needs them.
    pub fn show(&self, context: &Context) -> Result<bool, Failure> {
        let texts = self.texts();
        if context.json || texts.is_empty() {
            return Ok(false);
        }
        output::only_copy(texts.as_bytes())
            .map_err(|failure| failure.cause("what was made up could not be shown, so nothing was saved"))?;
        Ok(true)
    }

    /// Whether there is a secret that exists nowhere else.
    pub fn is_something(&self) -> bool {
        self.passphrase.is_some() || self.recovery_code.is_some()
    }

    fn texts(&self) -> Zeroizing<String> {
        let secrets = [("passphrase", &self.passphrase), ("recovery code", &self.recovery_code)];
        let mut text = Zeroizing::new(String::with_capacity(4096));
        if self.is_something() {
            text.push_str("shown once, write it down now:\n\n");
        }
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                text.push_str("  ");
                text.push_str(name);
                text.extend(std::iter::repeat_n(' ', 15 - name.len()));
                text.push_str(secret.expose_secret());
                text.push('\n');
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// Lets somebody read what was shown once before more comes: a list of records scrolls it off a screen. There is
/// nothing yet that depends on it, so whoever gives up here leaves nothing behind: `undo` sees to that, and `nothing`
/// says what did not happen.
///
/// # Errors
/// Exit code 4 when nobody answers any more.
pub fn wait_until_written_down(context: &Context, nothing: &str, undo: impl FnOnce()) -> Result<(), Failure> {
    let on_screen = io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal();
    if !on_screen || !prompt::possible(context) {
        return Ok(());
    }
    prompt::enter("Press Enter when you have written it down: ", || {
        undo();
        prompt::say(&format!("{nothing}: what is shown above opens nothing"));
    })
}

/// Gives somebody the only copy of what was made up, at the last moment before a vault depends on it.
pub struct HandingOver {
    /// Whether it was shown.
    pub shown: bool,
    /// Why nobody took it.
    pub refused: Option<Failure>,
}

impl HandingOver {
    /// Gives the answer. The library only has to know that it must not go on.
    pub fn give(&mut self, answer: impl FnOnce() -> Result<(), Failure>) -> strongroom::Result<()> {
        answer().map(|()| self.shown = true).map_err(|failure| {
            self.refused = Some(failure.cause("what was made up could not be shown, so nothing was saved"));
            let source = std::io::ErrorKind::Other.into();
            Error::File { operation: "write to", path: "standard output".into(), source }
        })
    }

    /// What failed: the answer, when nobody took it, else the save.
    pub fn failure(self, save: Failure) -> Failure {
        self.refused.unwrap_or(save)
    }
}

/// What to do about secrets that were made for a version of a vault whose save failed.
pub struct AfterFailure<'a> {
    /// Whether it is certain that nothing of it was saved. When only the directory could not be synchronised, the new
    /// version is in place.
    pub untouched: bool,
    /// Whether secrets were shown for it.
    pub shown: bool,
    /// The file that was made for it.
    pub made: Option<&'a Path>,
}

impl AfterFailure<'_> {
    /// Removes what opens nothing, and says what became of the rest.
    pub fn tell(self, failure: Failure) -> Failure {
        if !self.untouched {
            return failure.cause("the new version may be in place all the same, so what was made for it is kept");
        }
        if let Some(file) = self.made.filter(|file| !is_shared(file)) {
            // A new key that opens nothing would be refused as bound to another vault next time.
            let _ = std::fs::remove_file(file);
        }
        if self.shown { failure.cause("nothing was saved: what is shown above opens nothing") } else { failure }
    }
}

/// Whether another command found the machine key that was made here and made it a way into its own vault meanwhile:
/// then it names no vault any more, as a new one always does.
fn is_shared(file: &Path) -> bool {
    unlock::read_machine_key(file).is_ok_and(|key| key.vault_id().is_none())
}
