//! What every command shares: the global options, where the vault is, and how to open it.

use std::cell::Cell;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use strongroom::{Contents, Error, LockedVault, OpenOptions, PinError, PinStore, Saved, SlotKind, Unlock, Vault};

use crate::arguments::{self, Globals};
use crate::failure::Failure;
use crate::harden::Limits;
use crate::{collisions, diagnosis, output, patience, prompt, unlock};

/// The file name that is looked for.
pub const VAULT_FILE: &str = "vault.strongroom";

/// What opening a vault may do beside it.
#[derive(Clone, Copy)]
struct Aside {
    /// Ask about a vault that the pin refuses.
    ask: bool,
    /// Remember what was seen.
    pin: bool,
}

/// One run of the program.
pub struct Context {
    /// The options that every command takes.
    pub globals: Globals,
    /// Answer in JSON.
    pub json: bool,
    /// Never prompt.
    pub no_input: bool,
    /// Limits as they were when we were started.
    pub limits: Limits,
    /// Whether the warning about secrets in the environment was given.
    warned: Cell<bool>,
    /// Whether the secret that unlocks is typed here, so that it can be asked for again.
    pub asked: Cell<bool>,
    /// Whether what the command is to do to a vault is done: what fails from then on must not read as if it were not.
    saved: Cell<bool>,
}

impl Context {
    /// A run with these options.
    pub fn new(globals: Globals, limits: Limits) -> Context {
        let (json, no_input) = (globals.json, globals.no_input);
        let (warned, asked, saved) = (Cell::new(false), Cell::new(false), Cell::new(false));
        Context { json, no_input, globals, limits, warned, asked, saved }
    }

    /// Where the vault is, or would be: `--vault`, `STRONGROOM_VAULT`, the nearest `vault.strongroom`
    /// upwards from here, else the user's own.
    ///
    /// # Errors
    /// Exit code 3 when none of these leads anywhere.
    pub fn find_vault_path(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.named_vault_path() {
            return Ok(path);
        }
        // By its short name, because it stands in messages, and a directory can be too deep to have a long one.
        if is_there(Path::new(VAULT_FILE), false) {
            return Ok(PathBuf::from(VAULT_FILE));
        }
        let here = match env::current_dir() {
            Ok(here) => Some(here),
            // A directory that is gone has no vault in it or above it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::file("find", Path::new("."), &error)),
        };
        if let Some(here) = &here
            && let Some(found) =
                here.ancestors().skip(1).map(|dir| dir.join(VAULT_FILE)).find(|path| is_there(path, true))
        {
            return Ok(found);
        }
        if let Some(own) = own_vault_path().filter(|path| is_there(path, false)) {
            return Ok(own);
        }
        let message = match here {
            Some(_) => format!("no {VAULT_FILE} in this directory or above it"),
            None => format!("no {VAULT_FILE} can be looked for: the current directory is gone"),
        };
        let mut failure = Failure::new(crate::failure::code::FILE, "no-vault", message);
        if let Some(own) = own_vault_path() {
            failure = failure.cause(format!("and there is no {}", own.display()));
        }
        Err(failure.hint("strongroom init").hint("strongroom adopt FILE").hint("repeat the command with --vault PATH"))
    }

    /// The path for a vault to be made: as named, else `vault.strongroom` in this directory.
    pub fn new_vault_path(&self) -> PathBuf {
        self.named_vault_path().unwrap_or_else(|| PathBuf::from(VAULT_FILE))
    }

    /// The vault that an option or variable names.
    pub fn named_vault_path(&self) -> Option<PathBuf> {
        self.globals.vault.clone().or_else(|| variable_path("STRONGROOM_VAULT"))
    }

    /// How to open: pins, author, lock timeout and what the global options say.
    ///
    /// # Errors
    /// Exit code 2 for `--slot` and `--expect` that cannot be read.
    pub fn open_options(&self) -> Result<OpenOptions, Failure> {
        let mut options = OpenOptions::new().author(&author()).lock_timeout(self.globals.lock_timeout);
        if let Some(pins) = pins() {
            options = options.pins(pins);
        }
        if let Some(accept) = &self.globals.accept {
            options = options.accept(accept.clone());
        }
        if let Some(expect) = &self.globals.expect {
            options = options.expect(arguments::expectation(expect)?);
        }
        if let Some(slot) = &self.globals.slot {
            options = options.slot(arguments::slot(slot)?);
        }
        Ok(options)
    }

    /// The vault, opened.
    ///
    /// # Errors
    /// See [`Context::open_at`].
    pub fn open(&self) -> Result<Vault, Failure> {
        self.open_at(&self.find_vault_path()?)
    }

    /// The vault at this path, opened with the first unlock source that is present.
    ///
    /// # Errors
    /// 3 when it cannot be read, 4 when it cannot be unlocked, 5 when it is not to be trusted.
    pub fn open_at(&self, path: &Path) -> Result<Vault, Failure> {
        self.open_with(path, || unlock::unlock(self, path))
    }

    /// As [`Context::open`] for `run`: a bot that starts must not wait for an answer about pins.
    ///
    /// # Errors
    /// See [`Context::open_at`].
    pub fn open_unasked(&self) -> Result<Vault, Failure> {
        let path = self.find_vault_path()?;
        self.open_beside(&path, || unlock::unlock(self, &path), Aside { ask: false, pin: true })
    }

    /// As [`Context::open_at`], with a secret found by the caller.
    ///
    /// The file is read before the secret is asked for: nobody should type a passphrase for a file that is no vault.
    pub fn open_with(&self, path: &Path, secret: impl Fn() -> Result<Unlock, Failure>) -> Result<Vault, Failure> {
        self.open_beside(path, secret, Aside { ask: true, pin: true })
    }

    /// As [`Context::open_with`], for a look that leaves nothing behind, no pin either.
    ///
    /// # Errors
    /// See [`Context::open_at`].
    pub fn look_with(&self, path: &Path, secret: impl Fn() -> Result<Unlock, Failure>) -> Result<Vault, Failure> {
        self.open_beside(path, secret, Aside { ask: true, pin: false })
    }

    fn open_beside(
        &self,
        path: &Path,
        secret: impl Fn() -> Result<Unlock, Failure>,
        aside: Aside,
    ) -> Result<Vault, Failure> {
        let mut tries_left = prompt::TRIES;
        loop {
            tries_left -= 1;
            match self.try_to_open(path, &secret, aside) {
                // Only what was typed: a wrong file stays wrong.
                Err(failure) if tries_left > 0 && self.asked.get() && is_mistyped(&failure) => {
                    prompt::say(match failure.kind {
                        "mistyped-recovery-code" => "mistyped recovery code, try again",
                        _ => "wrong passphrase, try again",
                    });
                }
                result => return result,
            }
        }
    }

    fn try_to_open(
        &self,
        path: &Path,
        secret: impl Fn() -> Result<Unlock, Failure>,
        aside: Aside,
    ) -> Result<Vault, Failure> {
        let options = || -> Result<OpenOptions, Failure> {
            let options = self.open_options()?;
            Ok(if aside.pin { options } else { options.leave_pin() })
        };
        let first = options()?;
        let locked = self.read_locked(path)?;
        let secret = secret()?;
        let memory = most_memory(&locked);
        let mut opened = patience::told(self, memory, || first.unlock(locked, &secret));
        if let (Err(Error::Pin(refusal)), true) = (&opened, aside.ask)
            && let Some(accept) = self.accepted_by_a_person(path, refusal)?
        {
            let (options, locked) = (options()?.accept(accept), self.read_locked(path)?);
            opened = patience::told(self, memory, || options.unlock(locked, &secret));
        }
        let vault = opened.map_err(|error| Failure::from(error).at(path))?;
        self.warn_of(&vault, &[]);
        if pins().is_none() && self.globals.expect.is_none() {
            self.warn(
                "there is no home to remember this vault in, so an older one would not be noticed; set XDG_STATE_HOME",
            );
        }
        Ok(vault)
    }

    /// Changes an open vault. What there is to worry about afterwards, such as a pin that could not be written, is said
    /// here unless it was when the vault was opened, because the change is saved and the command goes on.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn save<T>(
        &self,
        vault: &mut Vault,
        change: impl FnOnce(&mut Vault) -> strongroom::Result<T>,
    ) -> strongroom::Result<T> {
        let said = vault.warnings().to_vec();
        let outcome = change(vault);
        self.warn_of(vault, &said);
        if outcome.is_ok() {
            self.saved.set(true);
        }
        outcome
    }

    /// Changes the contents of an open vault, as [`Vault::edit`] does. Where that makes two places one environment
    /// variable, it is said: the bot that does not start may be somebody else's, and much later.
    ///
    /// # Errors
    /// Those of `change`, and of saving.
    pub fn edit<T>(
        &self,
        vault: &mut Vault,
        change: impl FnOnce(&mut Contents) -> strongroom::Result<T>,
    ) -> strongroom::Result<(T, Saved)> {
        let mut new = Vec::new();
        let edited =
            self.save(vault, |vault| vault.edit(|contents| collisions::noticed(contents, change, &mut new)))?;
        collisions::warn(self, &new);
        Ok(edited)
    }

    /// As [`Context::save`], for a vault that was just made.
    pub fn made(&self, vault: &Vault) {
        self.warn_of(vault, &[]);
        self.saved.set(true);
    }

    /// The vault's file was written without opening it.
    pub fn wrote(&self) {
        self.saved.set(true);
    }

    /// Why the command fails, and that the change is saved when it is: a full disk under standard output must not send
    /// anybody to do it again, or to believe that it was not done.
    pub fn ended_by(&self, failure: Failure) -> Failure {
        if self.saved.get() { failure.cause("the change to the vault is saved all the same") } else { failure }
    }

    fn warn_of(&self, vault: &Vault, said: &[String]) {
        vault.warnings().iter().filter(|warning| !said.contains(warning)).for_each(|warning| self.warn(warning));
    }

    /// The checksum of an older or forked vault that somebody at the terminal says yes to: branch switches and
    /// restored backups are ordinary. A vault that was put in its place is not, so nobody is asked about that.
    fn accepted_by_a_person(&self, path: &Path, refusal: &PinError) -> Result<Option<String>, Failure> {
        let (PinError::RolledBack { accept, .. } | PinError::Forked { accept, .. }) = refusal else {
            return Ok(None);
        };
        if self.globals.accept.is_some() || self.json || !prompt::possible(self) {
            return Ok(None);
        }
        // The sentence has both revisions; the checksum says which file it is, as --accept would.
        self.warn(format!("{}: {refusal}", path.display()));
        Ok(prompt::confirm(self, &format!("Use it all the same (checksum {accept})?"))?.then(|| accept.clone()))
    }

    /// The vault at this path, read and checked as far as is possible without a secret.
    ///
    /// # Errors
    /// 3 when it cannot be read, 5 when it is no intact vault.
    pub fn read_locked(&self, path: &Path) -> Result<LockedVault, Failure> {
        LockedVault::read(path).map_err(|error| {
            let missing = matches!(&error, Error::File { source, .. } if source.kind() == io::ErrorKind::NotFound);
            let explained = match &error {
                Error::Format(problem) => Some(*problem),
                _ => None,
            };
            let failure = Failure::from(error).at(path);
            if let Some(problem) = explained {
                diagnosis::explain(failure, path, &problem)
            } else if missing {
                failure.hint("strongroom init").hint("repeat the command with --vault PATH")
            } else {
                failure
            }
        })
    }

    /// Something said about the answer, on standard error. Not with `--json`, whose reader has all of it.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", output::printable_lines(text.as_ref()));
        }
    }

    /// Something to worry about, on standard error; with `--json` as one object a line.
    pub fn warn(&self, text: impl AsRef<str>) {
        let text = text.as_ref();
        let _ = match self.json {
            true => writeln!(io::stderr(), "{}", serde_json::json!({ "warning": text })),
            false => writeln!(io::stderr(), "{}", output::warning(text)),
        };
    }

    /// A warning about secrets in the environment, once a run.
    pub fn warn_of_environment(&self, name: &str) {
        if !self.warned.replace(true) {
            self.warn(format!(
                "{name} is a secret in the environment, where other processes of this user can read it; \
                 --key-file and --passphrase-fd are safer"
            ));
        }
    }

    /// Whether standard output is a terminal.
    pub fn stdout_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }
}

/// Whether anything has this name, or nobody can tell. A directory, a link that leads nowhere or a disk that does not
/// answer is an error to tell about and no reason to go on to a vault further up, which is another one. Directories
/// `above` this one may be closed to us; nobody keeps a vault there for us.
fn is_there(path: &Path, above: bool) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(error) if error.kind() == PermissionDenied => !above,
        Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
    }
}

/// What unlocking with a passphrase can take, in KiB.
fn most_memory(locked: &LockedVault) -> Option<u32> {
    let costs = locked.info().slots.into_iter().map(|slot| match slot.kind {
        SlotKind::Passphrase { cost, .. } => Some(cost.memory_kib),
        SlotKind::RandomKey => None,
    });
    costs.max().flatten()
}

/// What somebody at a keyboard gets wrong.
fn is_mistyped(failure: &Failure) -> bool {
    matches!(failure.kind, "wrong-secret" | "bad-passphrase" | "mistyped-recovery-code")
}

/// `$XDG_DATA_HOME/strongroom/vault.strongroom`
pub fn own_vault_path() -> Option<PathBuf> {
    Some(base_directory("XDG_DATA_HOME", ".local/share")?.join("strongroom").join(VAULT_FILE))
}

/// Where pins are kept, when there is a home to keep them in.
pub fn pins() -> Option<PinStore> {
    Some(PinStore::at(base_directory("XDG_STATE_HOME", ".local/state")?.join("strongroom").join("pins")))
}

/// A path from a variable that is set to something.
pub fn variable_path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// `user@host`, a claim for the log of changes and no proof.
pub fn author() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| env::var(name).ok().filter(|user| !user.is_empty()));
    let user = user.unwrap_or_else(user_id);
    let mut who: String = format!("{user}@{}", host()).chars().filter(|character| !character.is_control()).collect();
    while who.len() > 128 {
        who.pop();
    }
    who
}

/// The specification of base directories says that a relative path is to be ignored.
fn base_directory(variable: &str, below_home: &str) -> Option<PathBuf> {
    variable_path(variable)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(variable_path("HOME").filter(|path| path.is_absolute())?.join(below_home)))
}

#[cfg(unix)]
fn user_id() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user_id() -> String {
    env::var("USERNAME").unwrap_or_else(|_| "unknown".into())
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_somebody_somewhere() {
        let who = author();
        assert!(who.contains('@') && !who.starts_with('@') && who.len() <= 128);
    }
}
