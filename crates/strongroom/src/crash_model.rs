//! The power goes at every moment of every kind of save, and everything unsynchronised may be lost, each part for
//! itself.
//!
//! The real code runs over a simulated disk ([`crate::file::simulated`]). For every prefix of what it did, and every
//! subset of what might not have reached the disk, the disk is mounted again: each file must be a whole version, none
//! older than what the caller was promised; the vault must open, with its pin, by the real code; there must be nothing
//! else but temporary files of known names; and a following save must succeed and remove these. Then the same with each
//! call to the system failing. SPEC.md, W11.

mod controls;
mod scenarios;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::file::Durability;
use crate::file::simulated::crash::{Remains, Survivors};
use crate::file::simulated::{self, Disk, Fault, Operation, Tree};
use crate::private_file;

/// Something that happens on the mounted disk.
type Act = Box<dyn Fn() -> Result<()>>;
/// The same, told to the journal.
type Story = Box<dyn Fn(&mut Journal) -> Result<()>>;
/// What must hold, given which version of each file is there; else what does not.
type Condition = Box<dyn Fn(&Found) -> Result<(), String>>;

/// A story that is interrupted everywhere.
struct Scenario {
    name: &'static str,
    /// Survives.
    before: Act,
    /// Is interrupted.
    story: Story,
    /// The files that are always whole.
    files: Vec<PathBuf>,
    /// Files that belong to others.
    others: Vec<PathBuf>,
    /// What must hold besides.
    holds: Condition,
    /// What must work from any state, and which files' leftovers it removes.
    after: Act,
    cleans: Vec<PathBuf>,
    renames_new: bool,
    syncs_directories: bool,
}

/// Which version of each file there is.
type Found = BTreeMap<PathBuf, usize>;

/// All versions of the files, as the story goes on.
#[derive(Default)]
struct Journal {
    versions: BTreeMap<PathBuf, Vec<Option<Vec<u8>>>>,
}

impl Journal {
    /// Of these files, as they are now.
    fn of(files: &[PathBuf], disk: &Disk) -> Journal {
        let version = |path: &PathBuf| (path.clone(), vec![disk.live.bytes(path).cloned()]);
        Journal { versions: files.iter().map(version).collect() }
    }

    /// The file may be this from now on, for a moment or for good.
    fn may_be(&mut self, path: impl AsRef<Path>, bytes: &[u8]) {
        if let Some(versions) = self.versions.get_mut(path.as_ref()) {
            versions.push(Some(bytes.to_vec()));
        }
    }

    /// The caller was told that the file is saved, and whether that is for good.
    fn saved(&mut self, path: impl AsRef<Path>, durability: Durability) {
        let path = path.as_ref();
        simulated::with(|disk| {
            // Also takes up that a pin moved, which nobody is told.
            self.take(disk);
            if durability == Durability::Durable
                && let Some(versions) = self.versions.get(path)
            {
                disk.log.push(Operation::Promise { path: path.to_owned(), version: versions.len() - 1 });
            }
        });
    }

    /// Takes up new versions, and says of which files there are some.
    fn take(&mut self, disk: &Disk) -> Vec<PathBuf> {
        let mut new = Vec::new();
        for (path, versions) in &mut self.versions {
            let now = disk.live.bytes(path).cloned();
            if versions.last() != Some(&now) {
                versions.push(now);
                new.push(path.clone());
            }
        }
        new
    }
}

/// What was tried, and what did not hold.
#[derive(Debug, Default)]
struct Tally {
    prefixes: usize,
    states: usize,
    different: usize,
    /// Prefixes with more states than were gone through.
    sampled: usize,
    faults: usize,
    failures: Vec<String>,
}

impl Tally {
    fn fails(&mut self, what: String) {
        if self.failures.len() < 20 {
            self.failures.push(what);
        }
    }
}

/// The story, played to its end or its error.
struct Played {
    disk: Disk,
    journal: Journal,
    outcome: Result<()>,
    /// Files that changed without anybody being told.
    untold: Vec<PathBuf>,
}

/// States of one prefix, for each size of sectors, when nothing fails.
const MOST_STATES: usize = 1 << 13;
/// The same when a call failed; there are many of these.
const MOST_STATES_WITH_FAULT: usize = 64;

/// What is known of states from earlier.
type Known = HashMap<Survivors, Result<Found, String>>;

impl Scenario {
    /// What comes before.
    fn begin(&self) -> Tree {
        simulated::mount(Disk::holding(Tree::empty()));
        (self.before)().expect("what comes before succeeds");
        simulated::unmount().live
    }

    fn play(&self, before: &Tree, fault: Option<Fault>) -> Played {
        let mut disk = Disk::holding(before.clone());
        (disk.fault, disk.renames_new, disk.syncs_directories) = (fault, self.renames_new, self.syncs_directories);
        let mut journal = Journal::of(&self.files, &disk);
        simulated::mount(disk);
        let outcome = (self.story)(&mut journal);
        let disk = simulated::unmount();
        let untold = journal.take(&disk);
        Played { disk, journal, outcome, untold }
    }

    /// Every moment of the story.
    fn interrupt(&self, tally: &mut Tally) {
        let played = self.play(&self.begin(), None);
        if let Err(error) = &played.outcome {
            tally.fails(format!("{}: {error}", self.name));
        }
        self.crash(&played, 0, MOST_STATES, &mut Known::new(), tally);
    }

    /// Every call that fails, and every moment after that.
    fn break_down(&self, tally: &mut Tally) {
        let before = self.begin();
        let calls = self.play(&before, None).disk.calls;
        let mut unchanged = Known::new();
        for call in 0..calls {
            for fault in [Fault::Before(call), Fault::After(call), Fault::Full(call), Fault::From(call)] {
                let played = self.play(&before, Some(fault));
                let Some((name, at)) = played.disk.struck else { continue };
                tally.faults += 1;
                if matches!(fault, Fault::Before(_) | Fault::Full(_)) {
                    self.check_failed(&played, name, fault, tally);
                }
                let mut known = unchanged.clone();
                self.crash(&played, at, MOST_STATES_WITH_FAULT, &mut known, tally);
                // Many failures change nothing, and what is so has to be judged once.
                let is_unchanged = |found: &Found| found.values().all(|version| *version == 0);
                unchanged.extend(known.into_iter().filter(|(_, found)| found.as_ref().is_ok_and(is_unchanged)));
            }
        }
    }

    /// Nothing crashed: an error means that the file is as it was, and nothing lies around.
    fn check_failed(&self, played: &Played, name: &str, fault: Fault, tally: &mut Tally) {
        for path in played.untold.iter().filter(|path| **path == Path::new(scenarios::VAULT)) {
            if played.outcome.is_err() {
                tally.fails(format!("{}: {name} failed ({fault:?}), and {} changed", self.name, path.display()));
            }
        }
        let leftovers = played.disk.live.temporary_files();
        if !leftovers.is_empty() && name != "remove" {
            tally.fails(format!("{}: {name} failed ({fault:?}), and there is {leftovers:?}", self.name));
        }
    }

    fn crash(&self, played: &Played, from: usize, most: usize, known: &mut Known, tally: &mut Tally) {
        let known_before = known.len();
        for prefix in from..=played.disk.log.len() {
            tally.prefixes += 1;
            let struck = played.disk.struck.map(|(call, at)| format!(", with {call} failing after {at}"));
            let when = format!("{}, after {prefix} operations{}", self.name, struck.unwrap_or_default());
            let promised = promises(&played.disk.log[..prefix]);
            for sector in [512, 4096] {
                let remains = Remains::after(&played.disk, prefix, sector);
                let (states, all) = remains.each(most, prefix as u64, |survivors| {
                    let found = match known.get(survivors) {
                        Some(found) => found,
                        None => {
                            known.entry(survivors.clone()).or_insert_with(|| self.judge(survivors, &played.journal))
                        }
                    };
                    match found {
                        Err(problem) => tally.fails(format!("{when}: {problem}")),
                        Ok(found) => {
                            for (path, version) in &promised {
                                if found[*path] < *version {
                                    tally.fails(format!("{when}: {} was promised and is lost", path.display()));
                                }
                            }
                        }
                    }
                });
                tally.states += states;
                tally.sampled += usize::from(!all);
            }
        }
        tally.different += known.len() - known_before;
    }

    /// What a state is, as anybody finds it who comes after the crash.
    fn judge(&self, survivors: &Survivors, journal: &Journal) -> Result<Found, String> {
        let mut found = Found::new();
        for path in &self.files {
            let bytes = survivors.files.get(path).map(|(bytes, _)| bytes);
            let version = journal.versions[path].iter().rposition(|version| version.as_ref() == bytes);
            let length = bytes.map(Vec::len);
            found.insert(
                path.clone(),
                version.ok_or_else(|| format!("{} is torn or missing: {length:?} bytes", path.display()))?,
            );
        }
        for (path, (_, mode)) in &survivors.files {
            let ours = self.files.contains(path) || self.others.contains(path);
            if !ours && !self.files.iter().any(|file| is_leftover_of(path, file)) {
                return Err(format!("there is {}", path.display()));
            }
            if mode & 0o077 != 0 {
                return Err(format!("{} has mode {mode:o}", path.display()));
            }
        }
        simulated::mount(survivors.disk());
        let holds = (self.holds)(&found).and_then(|()| {
            (self.after)().map_err(|error| format!("the next one fails: {error}"))?;
            let leftovers: Vec<PathBuf> = self.cleans.iter().flat_map(|path| private_file::leftovers(path)).collect();
            if leftovers.is_empty() { Ok(()) } else { Err(format!("the next one leaves {leftovers:?}")) }
        });
        simulated::unmount();
        holds.map(|()| found)
    }
}

fn promises(log: &[Operation]) -> BTreeMap<&PathBuf, usize> {
    let promise = |operation| match operation {
        &Operation::Promise { ref path, version } => Some((path, version)),
        _ => None,
    };
    log.iter().filter_map(promise).collect()
}

fn is_leftover_of(path: &Path, file: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let prefix = format!(".{}.", name(file));
    path.parent() == file.parent() && name(path).starts_with(&prefix) && name(path).ends_with(".strongroom-tmp")
}

#[test]
fn w11_no_interruption_of_a_save_loses_a_vault() {
    let mut tally = Tally::default();
    let scenarios = scenarios::all();
    for scenario in &scenarios {
        scenario.interrupt(&mut tally);
    }
    println!(
        "crash model: {} scenarios, {} prefixes, {} states ({} different, {} prefixes sampled), {} failures",
        scenarios.len(),
        tally.prefixes,
        tally.states,
        tally.different,
        tally.sampled,
        tally.failures.len()
    );
    assert_eq!(tally.failures, [] as [String; 0]);
    assert!(
        scenarios.len() >= 14 && tally.prefixes >= 250 && tally.states >= 45_000,
        "too little was tried: {tally:?}"
    );
}

#[test]
fn w11_no_error_and_interruption_of_a_save_loses_a_vault() {
    let mut tally = Tally::default();
    for scenario in scenarios::all() {
        scenario.break_down(&mut tally);
    }
    println!(
        "crash model with errors: {} failing calls, {} prefixes, {} states ({} different), {} failures",
        tally.faults,
        tally.prefixes,
        tally.states,
        tally.different,
        tally.failures.len()
    );
    assert_eq!(tally.failures, [] as [String; 0]);
    assert!(
        tally.faults >= 2000 && tally.prefixes >= 5000 && tally.states >= 80_000,
        "too little was tried: {tally:?}"
    );
}

#[test]
fn what_loses_vaults_elsewhere_is_caught() {
    for control in controls::all() {
        let mut tally = Tally::default();
        control.interrupt(&mut tally);
        println!("crash model: {}: {} states, caught: {:?}", control.name, tally.states, tally.failures.first());
        assert!(!tally.failures.is_empty(), "{} passed, so the model proves nothing", control.name);
    }
}
