//! A reader beside the storm: it sees the old or the new version, and never fails.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET};

use super::dice::Dice;
use super::process::{Ended, Kill, Place};
use super::worker::owned_by;

const SHORT: Duration = Duration::from_millis(12);

/// What came of one reader's commands, or of all.
#[derive(Default, Debug)]
pub struct Reads {
    pub read: usize,
    pub killed: usize,
    pub warnings: usize,
    /// Whole exports in which every record was compared.
    pub compared: usize,
    pub wrong: Vec<String>,
}

/// Reads until the storm is over, and at least once.
pub fn read_until(place: &Place<'_>, over: &AtomicBool, workers: usize, seed: u64) -> Reads {
    let (mut reads, mut dice, mut newest) = (Reads::default(), Dice::new(seed), 0);
    loop {
        let last = over.load(Ordering::Relaxed);
        let which = dice.below(6);
        let words = [
            "verify --json",
            "export strongroom",
            "get binance/main/api_key",
            "export json binance/*",
            "list --json",
            "slot list --json",
        ][which];
        let kill = match !last && dice.percent(10) {
            true => Kill::After(dice.delay(SHORT)),
            false => Kill::Never,
        };
        let ended = place.run(words, "", kill);
        reads.warnings += ended.stderr.matches("warning:").count();
        if ended.was_killed() {
            reads.killed += 1;
            continue;
        }
        reads.read += 1;
        if let Err(problem) = check(which, &ended, workers, &mut newest) {
            reads.wrong.push(format!("{problem}: {}", ended.account()));
        }
        reads.compared += usize::from(which == 1);
        if last {
            return reads;
        }
        // The writers need the processors too.
        thread::sleep(SHORT);
    }
}

fn check(which: usize, ended: &Ended, workers: usize, newest: &mut u64) -> Result<(), String> {
    if ended.code() != Some(0) {
        return Err("a reader failed".into());
    }
    let text = String::from_utf8_lossy(&ended.stdout);
    match which {
        0 => {
            let revision = json(ended)?["revision"].as_u64().ok_or("no revision")?;
            if revision < *newest {
                return Err(format!("revision {revision} after {newest}"));
            }
            *newest = revision;
        }
        1 => {
            let all = json(ended)?;
            for worker in 0..workers {
                owned_by(worker, &all)?;
            }
        }
        2 if text != BINANCE_KEY => return Err("another key".into()),
        3 if !(text.contains(BINANCE_KEY) && text.contains(BINANCE_SECRET)) => return Err("less than there is".into()),
        _ => {}
    }
    Ok(())
}

fn json(ended: &Ended) -> Result<Value, String> {
    serde_json::from_slice(&ended.stdout).map_err(|error| error.to_string())
}
