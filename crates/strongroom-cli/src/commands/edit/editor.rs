//! The user's editor: which one, asked not to leave copies, and waited for without dying before it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context::{Context, variable_path};
use crate::failure::{Failure, code};
use crate::unlock::source::split_words;
use crate::{harden, prompt};

/// An editor and what to start it with.
pub struct Editor {
    program: String,
    arguments: Vec<String>,
}

/// What the known editors need, so that they keep nothing of the text and do not return before they are done.
struct Habits {
    /// The beginning of the program's name, after following links (`vi` is often a `vim`).
    name: &'static str,
    arguments: &'static [&'static str],
    warning: Option<&'static str>,
}

/// With `-c` the settings come after the user's own, which may turn backups on.
const VIM: &[&str] = &["-n", "-i", "NONE", "-c", "set nobackup nowritebackup noswapfile noundofile nomodeline"];

const EMACS: &[&str] = &[
    "--eval",
    "(setq make-backup-files nil auto-save-default nil auto-save-list-file-prefix nil create-lockfiles nil)",
];

const KEEPS_HISTORY: Option<&str> = Some("this editor may keep copies of what it had open in a history of its own");

const KNOWN: &[Habits] = &[
    Habits { name: "vim", arguments: VIM, warning: None },
    Habits { name: "nvim", arguments: VIM, warning: None },
    Habits { name: "gvim", arguments: VIM, warning: None },
    Habits { name: "emacsclient", arguments: &[], warning: KEEPS_HISTORY },
    Habits { name: "emacs", arguments: EMACS, warning: None },
    // The user's own settings may name a directory for backups.
    Habits { name: "nano", arguments: &["--ignorercfiles"], warning: None },
    Habits { name: "codium", arguments: &["--wait"], warning: KEEPS_HISTORY },
    Habits { name: "code", arguments: &["--wait"], warning: KEEPS_HISTORY },
    Habits { name: "cursor", arguments: &["--wait"], warning: KEEPS_HISTORY },
    Habits { name: "subl", arguments: &["--wait"], warning: KEEPS_HISTORY },
    Habits { name: "zed", arguments: &["--wait"], warning: KEEPS_HISTORY },
];

impl Editor {
    /// `VISUAL`, `EDITOR`, or `vi` when there is a terminal for it. Split into words; no shell sees it.
    ///
    /// # Errors
    /// Exit code 2 when none can be used.
    pub fn find(context: &Context) -> Result<Editor, Failure> {
        if context.no_input {
            return Err(Failure::usage("edit starts an editor, and --no-input is given")
                .hint("strongroom set REF --from-json FILE"));
        }
        let named = ["VISUAL", "EDITOR"].iter().find_map(|name| Some((*name, variable_path(name)?)));
        let words = match named {
            Some((name, line)) => {
                let line = line.into_os_string().into_string();
                line.ok()
                    .and_then(|line| split_words(&line).ok())
                    .ok_or_else(|| Failure::usage(format!("{name} cannot be read as a command")))?
            }
            None if prompt::possible(context) => vec!["vi".to_owned()],
            None => {
                return Err(Failure::usage(
                    "there is no editor: VISUAL and EDITOR are not set, and there is no terminal",
                )
                .hint("EDITOR=vim strongroom edit"));
            }
        };
        let mut words = words.into_iter();
        let Some(program) = words.next() else {
            return Err(Failure::usage("VISUAL or EDITOR is blank").hint("EDITOR=vim strongroom edit"));
        };
        let mut arguments: Vec<String> = words.collect();
        if let Some(habits) = habits(&program) {
            // All of them, also beside some that are given: what is said twice does no harm, and the last word counts.
            arguments.extend(habits.arguments.iter().map(|argument| (*argument).to_owned()));
            if let Some(warning) = habits.warning {
                context.warn(format!("{program}: {warning}"));
            }
        }
        Ok(Editor { program, arguments })
    }

    /// Edits the file and waits until the editor is done.
    ///
    /// Interrupts and a closing terminal reach the editor; here they are only noted, because dying
    /// would leave the plaintext behind.
    ///
    /// # Errors
    /// Exit code 2 when it does not start or says that it failed.
    pub fn edit(&self, file: &Path, interrupts: &Interrupts) -> Result<(), Failure> {
        interrupts.check()?;
        let mut command = harden::child(&self.program);
        // Its temporary files, if it makes any, beside the text that is wiped.
        command.args(&self.arguments).arg(file).env("TMPDIR", file.parent().unwrap_or(Path::new("/")));
        let status = command.status().map_err(|error| {
            let problem = Failure::file("start the editor", Path::new(&self.program), &error);
            Failure { code: code::USAGE, kind: "editor", ..problem }.hint("EDITOR=vim strongroom edit")
        })?;
        interrupts.check()?;
        if !status.success() {
            return Err(Failure::new(
                code::USAGE,
                "editor",
                format!("the editor failed ({status}); nothing was changed"),
            ));
        }
        Ok(())
    }
}

/// Whether this process was told to stop. Made before there is plaintext to wipe.
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// From here on an interrupt is noted and does nothing else.
    pub fn watch() -> Interrupts {
        let interrupted = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        {
            use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
            for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
                // Where this fails, the next `edit` sweeps what an interrupt left behind.
                let _ = signal_hook::flag::register(signal, Arc::clone(&interrupted));
            }
        }
        Interrupts(interrupted)
    }

    fn check(&self) -> Result<(), Failure> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Failure::new(code::USAGE, "cancelled", "interrupted; nothing was changed")),
            false => Ok(()),
        }
    }
}

fn habits(program: &str) -> Option<&'static Habits> {
    let path = resolve(OsStr::new(program)).unwrap_or_else(|| PathBuf::from(program));
    // The name it is called by first: `view` and others may lead to the same program with other habits.
    let names = [Path::new(program).file_name(), path.file_name()];
    names.into_iter().flatten().find_map(|name| {
        let name = name.to_str()?;
        KNOWN.iter().find(|habits| name.starts_with(habits.name))
    })
}

/// The program's file, links followed.
fn resolve(program: &OsStr) -> Option<PathBuf> {
    let direct = Path::new(program);
    if direct.components().count() > 1 {
        return direct.canonicalize().ok();
    }
    let paths: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).find_map(|directory| directory.join(program).canonicalize().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_editors_are_asked_to_keep_nothing() {
        assert_eq!(habits("vim.basic").unwrap().arguments, VIM);
        assert_eq!(habits("/nowhere/nvim").unwrap().name, "nvim");
        assert_eq!(habits("emacsclient").unwrap().name, "emacsclient");
        assert!(habits("/nowhere/ed").is_none());
    }
}
