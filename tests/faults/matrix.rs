//! Which faults are tried at which calls, by several at once, and the table of what came of it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::calls::{Call, Class, FAULTS, Fault};
use crate::commands::{COMMANDS, Command};
use crate::judge::{self, Version};
use crate::stage::Stage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every call, every fault.
    Full,
    /// What a save consists of, and a few of the rest.
    Quick,
}

/// One row.
#[derive(Default)]
struct Row {
    calls: usize,
    /// Runs and losses, by column.
    cells: BTreeMap<Fault, (usize, usize)>,
    old: usize,
    new: usize,
    /// Faults that were never met, because the run took another way before.
    missed: usize,
}

/// The whole table, and what was wrong.
pub struct Matrix {
    rows: Vec<(&'static str, Row)>,
    problems: Vec<String>,
}

pub fn run(extent: Extent) -> Matrix {
    let wanted = std::env::var("STRONGROOM_FAULTS_COMMAND").ok();
    let chosen = COMMANDS.iter().filter(|command| wanted.as_deref().is_none_or(|name| command.name == name));
    let mut matrix = Matrix { rows: Vec::new(), problems: Vec::new() };
    for command in chosen {
        let (row, problems) = row(command, extent);
        println!("{}: {} runs, {} problems", command.name, row.runs(), problems.len());
        problems.iter().for_each(|problem| println!("LOST {problem}\n"));
        matrix.rows.push((command.name, row));
        matrix.problems.extend(problems);
    }
    matrix
}

fn row(command: &'static Command, extent: Extent) -> (Row, Vec<String>) {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let first = Stage::set(command);
    let tries = tries(&first.calls, extent);
    let row = Mutex::new(Row { calls: first.calls.len(), ..Row::default() });
    let problems = Mutex::new(Vec::new());
    let (next, first) = (AtomicUsize::new(0), Mutex::new(Some(first)));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let first = first.lock().expect("no worker panicked").take();
                let stage = first.unwrap_or_else(|| Stage::set(command));
                while let Some((call, fault)) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = attempt(&stage, call, *fault);
                    let mut row = row.lock().expect("no worker panicked");
                    let cell = row.cells.entry(*fault).or_default();
                    cell.0 += 1;
                    match outcome {
                        Ok(None) => {
                            cell.0 -= 1;
                            row.missed += 1;
                        }
                        Ok(Some(Version::Old)) => row.old += 1,
                        Ok(Some(Version::New)) => row.new += 1,
                        Err(problem) => {
                            cell.1 += 1;
                            let account = format!(
                                "{}: {} at {} {}: {problem}\n  {}",
                                command.name,
                                fault.name(),
                                call.name,
                                call.nth,
                                call.line
                            );
                            problems.lock().expect("no worker panicked").push(account);
                        }
                    }
                }
            });
        }
    });
    (row.into_inner().expect("no worker panicked"), problems.into_inner().expect("no worker panicked"))
}

/// What came of one fault; nothing when it was never met.
fn attempt(stage: &Stage, call: &Call, fault: Fault) -> Result<Option<Version>, String> {
    let faulted = stage.faulted(call, fault)?;
    if !faulted.hit {
        return Ok(None);
    }
    judge::judge(stage, call, fault, &faulted).map(Some)
}

/// The faults to try, in a fixed order.
fn tries(calls: &[Call], extent: Extent) -> Vec<(Call, Fault)> {
    let mut tries = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let possible: Vec<Fault> = FAULTS.into_iter().filter(|fault| fault.applies_to(call.class)).collect();
        let chosen: Vec<Fault> = match extent {
            Extent::Full => possible,
            Extent::Quick => selection(calls, index, &possible),
        };
        tries.extend(chosen.into_iter().map(|fault| (call.clone(), fault)));
    }
    tries
}

/// A kill and a full disk wherever a save changes something, one of the others there in turn, and one at the first and
/// the last call of each other kind.
fn selection(calls: &[Call], index: usize, possible: &[Fault]) -> Vec<Fault> {
    let call = &calls[index];
    let in_turn = possible[index % possible.len()];
    let said = call.line.starts_with("write(2<");
    if call.class.changes_files() && !said {
        let always = [Fault::Kill, Fault::Once("ENOSPC")];
        let mut chosen = always.to_vec();
        chosen.extend(Some(in_turn).filter(|fault| !always.contains(fault)));
        return chosen;
    }
    if call.class == Class::Look {
        // The first of each kind that is about the vault: taking an error for its absence would be worst there.
        let about = |other: &&Call| other.name == call.name && other.line.contains("vault.strongroom");
        let first = calls.iter().find(about).is_some_and(|other| other.nth == call.nth);
        return if first || call.name == "getcwd" { vec![in_turn] } else { Vec::new() };
    }
    let same = |other: &&Call| other.class == call.class && other.line.starts_with("write(2<") == said;
    let first = calls.iter().find(same).is_some_and(|other| other.nth == call.nth && other.name == call.name);
    let last = calls.iter().rfind(same).is_some_and(|other| other.nth == call.nth && other.name == call.name);
    let worth_it = call.class != Class::Memory;
    if (first || last) && worth_it { vec![in_turn] } else { Vec::new() }
}

impl Row {
    fn runs(&self) -> usize {
        self.cells.values().map(|(runs, _)| runs).sum()
    }
}

impl Matrix {
    /// Prints the table and fails when anything was lost, or too little was tried.
    pub fn assert(&self, extent: Extent) {
        self.print();
        assert!(self.problems.is_empty(), "{} of the runs above lost something", self.problems.len());
        let (runs, missed) = (self.total(Row::runs), self.total(|row| row.missed));
        assert!(missed * 50 <= runs, "{missed} faults of {runs} were never met");
        if std::env::var_os("STRONGROOM_FAULTS_COMMAND").is_some() {
            return;
        }
        let (least_runs, least_new) = match extent {
            Extent::Full => (6000, 1500),
            Extent::Quick => (800, 150),
        };
        assert!(runs >= least_runs, "only {runs} faults were tried");
        assert!(self.total(|row| row.new) >= least_new, "hardly any run got as far as the new version");
        for (name, row) in &self.rows {
            assert!(row.calls >= 10 && row.runs() >= 10, "{name}: {} calls, {} runs", row.calls, row.runs());
        }
    }

    fn print(&self) {
        let line = |name: &str, cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>9}")).collect();
            println!("{name:<24}{}", cells.join(""));
        };
        println!();
        let mut heading = vec!["calls".to_owned()];
        heading.extend(FAULTS.iter().map(|fault| fault.name()));
        heading.extend(["old", "new", "lost"].map(str::to_owned));
        line("runs/lost", &heading);
        for (name, row) in &self.rows {
            let mut cells = vec![row.calls.to_string()];
            cells.extend(FAULTS.iter().map(|fault| match row.cells.get(fault) {
                Some((runs, lost)) => format!("{runs}/{lost}"),
                None => "-".to_owned(),
            }));
            let lost: usize = row.cells.values().map(|(_, lost)| lost).sum();
            cells.extend([row.old, row.new, lost].map(|number| number.to_string()));
            line(name, &cells);
        }
        println!(
            "\n{} commands x {} calls x {} faults = {} runs: old {}, new {}, lost {} ({} faults never met)",
            self.rows.len(),
            self.total(|row| row.calls),
            FAULTS.len(),
            self.total(Row::runs),
            self.total(|row| row.old),
            self.total(|row| row.new),
            self.problems.len(),
            self.total(|row| row.missed)
        );
    }

    fn total(&self, of: impl Fn(&Row) -> usize) -> usize {
        self.rows.iter().map(|(_, row)| of(row)).sum()
    }
}
