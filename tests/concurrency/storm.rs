//! Sixteen workers change one vault at once, each by processes of the real command, of which some are killed at random
//! moments, while three readers look.
//!
//! Claimed: nothing that was said to be saved is lost, nothing is there by halves, no lock stays behind.

mod dice;
mod process;
mod reader;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use strongroom_tests::Sandbox;

use self::process::Place;
use self::reader::Reads;
use self::worker::{Account, Duty, Worker};

const SEED: u64 = 20_261_122;
const WORKERS: usize = 16;
/// These share the pins of one user; the others are like hosts of their own that see the same file.
const WITH_COMMON_PINS: usize = 12;

/// How long a storm is, and what it must at least have tried.
struct Extent {
    steps: usize,
    edits: usize,
    kills: usize,
    saves: usize,
    reads: usize,
}

const QUICK: Extent = Extent { steps: 66, edits: 1_000, kills: 100, saves: 500, reads: 100 };
const FULL: Extent = Extent { steps: 660, edits: 10_000, kills: 1_000, saves: 5_000, reads: 1_000 };

#[test]
fn sixteen_writers_killed_at_random_lose_nothing() {
    let full = env::var_os("STRONGROOM_STORM").is_some_and(|extent| extent == "full");
    let extent = if full { FULL } else { QUICK };
    let seed = env::var("STRONGROOM_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let sandbox = Sandbox::with_vault();
    sandbox.run("list").ok();
    let started = Instant::now();

    let over = AtomicBool::new(false);
    let (mut account, mut notes, mut reads) = (Account::default(), Vec::new(), Reads::default());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|number| {
                let state = if number < WITH_COMMON_PINS { "home/state".into() } else { format!("state-{number}") };
                let duty = match number {
                    1 => Duty::WaysIn,
                    14 => Duty::Rekeys,
                    _ => Duty::Records,
                };
                let place = Place::new(&sandbox, &format!("w{number}"), &state);
                scope.spawn(move || Worker::new(place, number, duty, seed).work(extent.steps))
            })
            .collect();
        let readers: Vec<_> = ["home/state", "home/state", "state-reader"]
            .into_iter()
            .enumerate()
            .map(|(number, state)| {
                let place = Place::new(&sandbox, &format!("r{number}"), state);
                let over = &over;
                scope.spawn(move || reader::read_until(&place, over, WORKERS, seed ^ number as u64))
            })
            .collect();
        let done: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        // Before anything can fail here: the readers wait for it.
        over.store(true, Ordering::Relaxed);
        for worker in done {
            let (one, tried) = worker.expect("a worker does not panic");
            account.add(one);
            notes.extend(tried);
        }
        for reader in readers {
            reads.add(reader.join().expect("a reader does not panic"));
        }
    });

    let left_over = temporaries(&sandbox.path("")).len();
    let revision = sandbox.run("verify --json").ok().json()["revision"].as_u64().expect("a revision");
    println!(
        "storm: seed {seed}, {} edits attempted, {} succeeded, {} killed ({} with the lock, {} in place, {} untold), \
         refused: {} locked and {} changed underneath; {} new data keys; {} looks, {} reads ({} whole), {} readers \
         killed; warnings {} + {}; revision {revision}; temporary files left by the killed {left_over}; longest \
         command {:?}; {} lost or torn or failed; {:?}",
        account.attempted,
        account.succeeded,
        account.killed,
        account.killed_holding,
        account.killed_in_place,
        account.killed_untold,
        account.locked,
        account.changed,
        account.rekeyed,
        account.looked,
        reads.read,
        reads.compared,
        reads.killed,
        account.warnings,
        reads.warnings,
        account.longest,
        account.wrong.len() + reads.wrong.len(),
        started.elapsed(),
    );
    let wrong: Vec<&String> = account.wrong.iter().chain(&reads.wrong).collect();
    assert!(wrong.is_empty(), "{} things are wrong, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);

    // Each save counts one, and nothing else does.
    let least = account.succeeded + account.killed_in_place;
    let saves = usize::try_from(revision - 1).expect("a small number");
    assert!((least..=least + account.killed_untold).contains(&saves), "{saves} saves, {account:?}");
    let shown = sandbox.run("show okx/main --json").ok().json();
    let note = shown["note"].as_str().expect("a note");
    assert!(notes.iter().any(|tried| tried == note), "the note is one of those tried: {note}");

    assert!(account.attempted >= extent.edits && account.killed >= extent.kills, "{account:?}");
    assert!(account.succeeded >= extent.saves, "{account:?}");
    if cfg!(target_os = "linux") {
        assert!(account.killed_holding >= extent.kills / 4 && account.killed_in_place > 0, "{account:?}");
    }
    assert!(account.rekeyed > 0 && reads.read >= extent.reads && reads.compared > 0, "{account:?} {reads:?}");
    the_killed_left_nothing_in_the_way(&sandbox);
}

/// No lock stays behind, and what is left over goes with the next save.
fn the_killed_left_nothing_in_the_way(sandbox: &Sandbox) {
    sandbox.run("set binance/main --note afterwards --lock-timeout 0").ok();
    let left = temporaries(&sandbox.path(""));
    // Those of a key file go when that file is written again.
    assert!(left.iter().all(|name| name.starts_with(".way-")), "{left:?}");
    for state in (WITH_COMMON_PINS..WORKERS).map(|number| format!("state-{number}")).chain(["home/state".into()]) {
        let state = sandbox.outside(&state);
        let listed = sandbox.strongroom("list").env("XDG_STATE_HOME", state.to_str().expect("UTF-8")).end().ok();
        listed.never_says("cannot");
        assert_eq!(temporaries(&state.join("strongroom/pins")), Vec::<String>::new());
    }
}

fn temporaries(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with("-tmp")).collect()
}

impl Reads {
    fn add(&mut self, other: Reads) {
        self.read += other.read;
        self.killed += other.killed;
        self.warnings += other.warnings;
        self.compared += other.compared;
        self.wrong.extend(other.wrong);
    }
}
