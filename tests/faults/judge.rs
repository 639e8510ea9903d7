//! What must hold after a fault, whatever it was and wherever it struck.

use std::path::Path;

use strongroom::{Error, PinStore, UnlockError};
use strongroom_tests::Finished;

use crate::calls::{Call, Class, Fault, Faulted};
use crate::commands::{Again, Kind, Opens, Target};
use crate::stage::Stage;
use crate::state::{self, State};
use crate::world::{self, Files};

/// Which version was there after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Old,
    New,
}

/// A sentence about what was wrong.
pub type Problem = String;

macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// Judges a run that met its fault, then runs the command once more without one and judges that.
///
/// # Errors
/// The first thing that is not as it must be.
pub fn judge(stage: &Stage, call: &Call, fault: Fault, faulted: &Faulted) -> Result<Version, Problem> {
    let finished = &faulted.finished;
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    let files = Files::of(&stage.sandbox);
    let killed = finished.signal() == Some(9);

    // Whether nothing can be demanded of what is said, because saying it is what fails.
    let mute =
        call.class == Class::Write && (call.line.starts_with("write(2<") || matches!(fault, Fault::FromHereOn(_)));
    manners(stage, finished, call, mute)?;
    let version = version(stage, &files, &stdout)?;
    message(finished, version, &stage.command.target, mute)?;
    lasting(stage, call, fault, finished, version)?;
    keys(stage, version, &stdout, fault, call)?;
    files_are_whole(stage, &files)?;
    let meddled = files.changed_since(&stage.before, &stage.may_change());
    hold!(meddled.is_empty(), "files that are none of its business changed: {meddled:?}");
    // Where no directory can be opened any more, nothing in it can be found to be removed.
    let bound = fault == Fault::FromHereOn("ENOSPC") && call.name == "openat";
    if !killed && !bound {
        let strays = files.strays();
        let told = finished.unwrapped().contains("cannot remove");
        hold!(strays.is_empty() || told, "left behind without a word: {strays:?}");
    }
    no_plaintext(stage, &files, killed)?;
    pin(stage, version, finished, mute)?;
    if !killed && !bound {
        outside(faulted)?;
    }

    let again = stage.again()?;
    once_more(stage, version, &again)?;
    outside(faulted)?;
    Ok(version)
}

/// What holds however a command ends.
fn manners(stage: &Stage, finished: &Finished, call: &Call, mute: bool) -> Result<(), Problem> {
    if let Some(objection) = stage.sandbox.objection(finished) {
        return Err(objection);
    }
    match (finished.code(), finished.signal()) {
        (_, Some(9)) => Ok(()),
        // Rust ends a program that gets no memory for its own, and says so.
        (_, Some(6)) if call.class == Class::Memory && finished.stderr.contains("memory allocation") => Ok(()),
        (_, Some(signal)) => Err(format!("ended by signal {signal}: {}", finished.stderr)),
        (Some(0), _) => Ok(()),
        (Some(code @ 2..=8), _) => {
            let told =
                finished.stderr.lines().any(|line| line.starts_with("error: ") || line.starts_with("{\"error\":"));
            hold!(told || mute, "exit code {code} without an error on standard error: {}", finished.stderr);
            Ok(())
        }
        (code, _) => Err(format!("exit code {code:?}: {}", finished.stderr)),
    }
}

/// Old or new, and nothing else.
fn version(stage: &Stage, files: &Files, stdout: &str) -> Result<Version, Problem> {
    match stage.command.target {
        Target::Pin => Ok(Version::Old),
        Target::Output(name) => match files.work(name) {
            now if now == stage.before.work(name) => Ok(Version::Old),
            now if now == stage.after.work(name) => Ok(Version::New),
            now => Err(format!("{name} is neither the old nor the new: {} bytes", now.map_or(0, <[u8]>::len))),
        },
        Target::Vault(name) => {
            if files.work(name) == stage.before.work(name) {
                return Ok(Version::Old);
            }
            let Some(found) = stage.vault(stdout, Opens::New) else {
                return Err(format!("{name} is not the old one and does not open as the new one"));
            };
            hold!(is_new(stage, &found), "{name} holds {found:?} and not {:?}", stage.new);
            Ok(Version::New)
        }
    }
}

fn is_new(stage: &Stage, found: &State) -> bool {
    found.is_like(&stage.new, stage.old.as_ref(), stage.old.as_ref())
}

/// Sentences that a failed command says when the new version is there all the same.
const SAVED: [&str; 3] = ["is saved", "may be in place", "is in place"];
/// Sentences that promise that it is not.
const NOTHING: [&str; 4] = ["nothing was saved", "nothing was changed", "not saved", "opens nothing"];

fn message(finished: &Finished, version: Version, target: &Target, mute: bool) -> Result<(), Problem> {
    let stderr = &finished.unwrapped();
    let says = |sentences: &[&str]| sentences.iter().any(|sentence| stderr.contains(sentence));
    match (finished.code(), version) {
        (Some(0), Version::Old) => {
            hold!(*target == Target::Pin, "exit code 0, and the new version is not there: {stderr}");
        }
        (Some(0), Version::New) | (None, _) => {}
        (Some(code), Version::New) => {
            hold!(!says(&NOTHING), "it says that nothing was saved, and it was: {stderr}");
            hold!(mute || says(&SAVED), "exit code {code}, the new version is there, and it does not say so: {stderr}");
        }
        (Some(_), Version::Old) => {
            hold!(!says(&["is saved"]), "it says that it is saved, and it is not: {stderr}");
        }
    }
    Ok(())
}

/// When the directory could not be synchronised a power cut can undo the save, and somebody is told.
fn lasting(stage: &Stage, call: &Call, fault: Fault, finished: &Finished, version: Version) -> Result<(), Problem> {
    let vault = stage.sandbox.path(stage.command.target.vault());
    let directory = format!("{}>)", vault.parent().expect("a vault is in a directory").display());
    let struck =
        call.class == Class::Sync && call.line.contains(&directory) && matches!(fault, Fault::Once(e) if e != "EINTR");
    if struck && version == Version::New && finished.code() == Some(0) {
        hold!(finished.stderr.contains("synchronise"), "nobody was told that it may not last: {}", finished.stderr);
    }
    Ok(())
}

/// Every secret opens what it should open, and nothing else.
fn keys(stage: &Stage, version: Version, stdout: &str, fault: Fault, call: &Call) -> Result<(), Problem> {
    let path = stage.sandbox.path(stage.command.target.vault());
    if !path.exists() {
        return Ok(());
    }
    let is_vault = matches!(stage.command.target, Target::Vault(_));
    for (key, opens) in stage.command.keys {
        let should = match opens {
            Opens::Both => true,
            Opens::Old => version == Version::Old,
            Opens::New => version == Version::New,
        };
        let Some(unlock) = key.unlock(&stage.sandbox, stdout) else {
            hold!(!should, "{key:?} should open the vault, and is not there after {} at {}", fault.name(), call.line);
            continue;
        };
        match state::open(&path, &unlock) {
            Ok(_) => hold!(should, "{key:?} opens the {version:?} vault"),
            Err(Error::Unlock(
                UnlockError::WrongSecret { .. } | UnlockError::KeyFileNeeded | UnlockError::NoSuchWayIn { .. },
            )) => hold!(!should, "{key:?} does not open the {version:?} vault"),
            Err(Error::Pin(_)) if !should && is_vault => {}
            Err(error) => return Err(format!("{key:?} on the {version:?} vault: {error}")),
        }
    }
    Ok(())
}

/// Vaults, key files and exports are private, and key files are not half.
fn files_are_whole(stage: &Stage, files: &Files) -> Result<(), Problem> {
    for name in stage.may_change() {
        if let Some(mode) = files.mode(name) {
            hold!(mode == 0o600, "{name} has mode {mode:04o}");
        }
    }
    for (name, kind) in stage.command.made {
        let Some(bytes) = files.work(name) else { continue };
        let text = String::from_utf8_lossy(bytes);
        let whole = match kind {
            Kind::MachineKey => state::machine_key(&text).is_some(),
            Kind::KeyFile => state::key_file(&text).is_some(),
        };
        hold!(whole, "{name} is half a key file: {} bytes", bytes.len());
    }
    // A key that opened another vault before does so still.
    if stage.command.target == Target::Vault("second.strongroom") {
        let key = state::Key::Machine("machine.key").unlock(&stage.sandbox, "").ok_or("the key is gone")?;
        let opened = state::open(&stage.sandbox.path("vault.strongroom"), &key);
        hold!(opened.is_ok(), "the key no longer opens the vault that it was for");
    }
    Ok(())
}

/// Killed, it may leave what it was writing, until the next run; never anywhere else.
fn no_plaintext(stage: &Stage, files: &Files, killed: bool) -> Result<(), Problem> {
    let mut holding = files.holding(&stage.secrets, &stage.before, &stage.may_change());
    holding.retain(|path| !(killed && world::is_stray(path)));
    hold!(holding.is_empty(), "secrets lie in {holding:?}");
    Ok(())
}

/// The pin is the old or the new one, and can be read.
fn pin(stage: &Stage, version: Version, finished: &Finished, mute: bool) -> Result<(), Problem> {
    let vault = stage.sandbox.path(stage.command.target.vault());
    if !vault.exists() {
        return Ok(());
    }
    let pins = |sandbox: &strongroom_tests::Sandbox| PinStore::at(sandbox.outside("home/state/strongroom/pins"));
    let seen = pins(&stage.sandbox).last_seen(&vault).map_err(|error| format!("the pin: {error}"))?;
    let pin_files = |files: &Files| {
        files
            .names()
            .iter()
            .filter(|name| name.extension().is_some_and(|e| e == "json") && name.starts_with("home/state"))
            .count()
    };
    hold!(pin_files(&Files::of(&stage.sandbox)) >= pin_files(&stage.before), "a pin is lost");
    let Some(now) = strongroom::LockedVault::read(&vault).ok().map(|locked| locked.info().checksum) else {
        return Err("the vault cannot be read".to_owned());
    };
    // A pin that outlives a power cut must not stand for a version that does not.
    let warned = ["would not be noticed", "could undo it"].iter().any(|said| finished.unwrapped().contains(said));
    let current = seen.is_some_and(|seen| seen.checksum == now);
    // Nothing opens a vault that comes from armour, so nobody has seen it.
    let opened = !stage.words.starts_with("import armor");
    if finished.code() == Some(0) && opened {
        hold!(current || warned || mute, "the pin is not that of the {version:?} version, and nobody was told");
    }
    if let Some(seen) = seen {
        let known = stage.old.as_ref().is_some_and(|old| old.revision >= seen.revision);
        hold!(current || known, "the pin is of revision {}, which was never there", seen.revision);
    }
    Ok(())
}

/// What was made outside of the sandbox must be gone: plaintext that an editor had in memory, say.
fn outside(faulted: &Faulted) -> Result<(), Problem> {
    // What it only looked at may be another's.
    let made = faulted.log.lines().filter(|line| line.starts_with("mkdir") || line.contains("O_CREAT"));
    let words = made.filter_map(|line| line.split('"').find(|word| word.contains("strongroom-edit-")));
    for word in words {
        let path = Path::new(word);
        let in_sandbox = word.contains("/home/run/") || word.contains("/home/tmp/");
        hold!(in_sandbox || !path.exists(), "left outside of the sandbox: {word}");
    }
    Ok(())
}

/// The same command once more: it says truthfully what is there already, and everything is whole and tidy afterwards.
fn once_more(stage: &Stage, version: Version, again: &Finished) -> Result<(), Problem> {
    let account = || format!("run again after the {version:?} version was left, {:?}: {}", again.code(), again.stderr);
    if let Some(objection) = stage.sandbox.objection(again) {
        return Err(objection);
    }
    let expected = match (version, stage.command.again) {
        (Version::New, Again::Exits(code)) => code,
        _ => 0,
    };
    hold!(again.code() == Some(expected), "{}", account());
    hold!(!again.unwrapped().contains("would not be noticed"), "{}", account());
    next(stage)?;
    let files = Files::of(&stage.sandbox);
    let strays = files.strays();
    hold!(strays.is_empty(), "not cleaned up: {strays:?}; {}", account());
    no_plaintext(stage, &files, false)?;
    files_are_whole(stage, &files)?;
    let names = |files: &Files| -> Vec<_> {
        files.names().into_iter().filter(|name| !world::is_pin(name)).map(Path::to_owned).collect()
    };
    hold!(names(&files) == names(&stage.after), "the files are not those of an undisturbed run; {}", account());
    let stdout = String::from_utf8_lossy(&again.stdout).into_owned();
    match stage.command.target {
        Target::Output(name) => {
            hold!(files.work(name) == stage.after.work(name), "{name} is not whole; {}", account());
        }
        Target::Pin => hold!(again.stdout == stage.stdout, "another answer; {}", account()),
        Target::Vault(_) => {
            let found = stage.vault(&stdout, Opens::New).ok_or_else(|| format!("it does not open; {}", account()))?;
            let repeated = version == Version::New && stage.command.again == Again::Repeats;
            let revision = stage.new.revision + u64::from(repeated);
            let same = if repeated { found.records == stage.new.records } else { is_new(stage, &found) };
            hold!(same && found.revision == revision, "it holds {found:?}; {}", account());
        }
    }
    alarm(stage)
}

/// The vault, opened by the host that everything happened on.
fn list(stage: &Stage) -> Result<Finished, Problem> {
    let vault = stage.command.target.vault();
    let key = stage.command.keys.iter().find_map(|(key, opens)| match key {
        state::Key::Machine(name) if *opens != Opens::Old => Some(name),
        _ => None,
    });
    let key = key.ok_or("every command's vault opens with a machine key")?;
    stage.sandbox.bare(&format!("list --vault {vault} --key-file {key} --json")).finish()
}

/// The next open is allowed, and says nothing.
fn next(stage: &Stage) -> Result<(), Problem> {
    let next = list(stage)?;
    hold!(next.code() == Some(0) && next.stderr.is_empty(), "the next open by the same host: {}", next.stderr);
    Ok(())
}

/// The version that was there before is refused from now on: the pin did its work.
fn alarm(stage: &Stage) -> Result<(), Problem> {
    let vault = stage.command.target.vault();
    if let (Some(old), Some(now)) = (stage.before.work(vault), Files::of(&stage.sandbox).work(vault))
        && old != now
    {
        stage.sandbox.write(vault, old);
        let older = list(stage)?;
        hold!(older.code() == Some(5), "an older vault is not noticed: {:?} {}", older.code(), older.stderr);
    }
    Ok(())
}
