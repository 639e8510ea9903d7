//! One worker of the storm: what it owns, what it does to it, and the account it keeps.
//!
//! Nobody else touches what a worker owns, so that it knows after each of its commands what must be there. After one
//! that was killed it looks: there is what was before, or what would have been after, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::dice::Dice;
use super::process::{Ended, Kill, Place};

/// Of a hundred processes so many are to be killed.
const KILLED_OF_A_HUNDRED: usize = 20;
const SHORT: Duration = Duration::from_millis(30);
/// A save takes about so long from lock to end.
const HOLDING: Duration = Duration::from_millis(12);
/// What is there is compared with the account at least this often.
const LOOK_EVERY: usize = 8;

/// What a worker owns, by name, each with the serial number of what it wrote there last.
type Owned = BTreeMap<String, String>;

/// What came of the commands of a worker, or of all.
#[derive(Default, Debug)]
pub struct Account {
    pub attempted: usize,
    pub succeeded: usize,
    pub killed: usize,
    /// Killed with the lock in hand.
    pub killed_holding: usize,
    /// Killed, and yet in place.
    pub killed_in_place: usize,
    /// Killed, and nobody can tell: the next re-key hides the one before.
    pub killed_untold: usize,
    pub locked: usize,
    pub changed: usize,
    pub rekeyed: usize,
    pub looked: usize,
    pub warnings: usize,
    pub longest: Duration,
    /// What must not be.
    pub wrong: Vec<String>,
}

/// What it does besides records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    Records,
    Rekeys,
    WaysIn,
}

pub struct Worker<'a> {
    place: Place<'a>,
    number: usize,
    duty: Duty,
    dice: Dice,
    serial: usize,
    owned: Owned,
    account: Account,
    /// How long its last command took, so that kills hit all of it.
    usual: Duration,
    notes: Vec<String>,
}

/// A command, and what the worker owns when it succeeds.
struct Step {
    words: String,
    stdin: String,
    after: Owned,
    rekeys: bool,
}

impl<'a> Worker<'a> {
    pub fn new(place: Place<'a>, number: usize, duty: Duty, seed: u64) -> Worker<'a> {
        let dice = Dice::new(seed.wrapping_add(number as u64 * 1_000_003));
        let (owned, account) = (Owned::new(), Account::default());
        Worker { place, number, duty, dice, serial: 0, owned, account, usual: SHORT, notes: Vec::new() }
    }

    /// Runs so many commands; returns the account and every note it tried to leave on the record that all share.
    pub fn work(mut self, steps: usize) -> (Account, Vec<String>) {
        for number in 1..=steps {
            let step = self.step();
            self.take(step);
            if number % LOOK_EVERY == 0 || number == steps {
                self.look("between two commands", &[&self.owned.clone()]);
            }
        }
        (self.account, self.notes)
    }

    fn take(&mut self, step: Step) {
        let kill = match self.dice.percent(KILLED_OF_A_HUNDRED).then(|| self.dice.below(4)) {
            None => Kill::Never,
            Some(0) => Kill::After(self.dice.delay(SHORT)),
            Some(2 | 3) if cfg!(target_os = "linux") => Kill::Holding(self.dice.delay(HOLDING)),
            Some(_) => Kill::After(self.dice.delay(self.usual)),
        };
        let ended = self.place.run(&step.words, &step.stdin, kill);
        self.account.attempted += 1;
        self.account.longest = self.account.longest.max(ended.took);
        self.account.warnings += ended.stderr.matches("warning:").count();
        if ended.stderr.contains("panicked") || ended.stderr.contains("this is a bug") {
            self.account.wrong.push(ended.account());
        }
        match ended.code() {
            Some(0) => {
                self.usual = ended.took;
                self.account.succeeded += 1;
                self.account.rekeyed += usize::from(step.rekeys);
                self.owned = step.after;
            }
            Some(8) if ended.stderr.contains("is locked by") => self.account.locked += 1,
            Some(8) if ended.stderr.contains("changed since") => self.account.changed += 1,
            None if ended.was_killed() => self.resolve(step, &ended),
            _ => self.account.wrong.push(ended.account()),
        }
    }

    /// After a kill: old or new, whole.
    fn resolve(&mut self, step: Step, ended: &Ended) {
        self.account.killed += 1;
        self.account.killed_holding += usize::from(ended.held);
        if step.after == self.owned {
            self.account.killed_untold += 1;
            return;
        }
        match self.look(&ended.words, &[&self.owned.clone(), &step.after]) {
            Some(1) => {
                self.account.killed_in_place += 1;
                self.owned = step.after;
            }
            Some(_) => {}
            None => self.owned = step.after,
        }
    }

    /// Which of these states is there. None is a lost update or half of one.
    fn look(&mut self, when: &str, possible: &[&Owned]) -> Option<usize> {
        self.account.looked += 1;
        let seen = match self.seen() {
            Ok(seen) => seen,
            Err(problem) => {
                self.account.wrong.push(format!("worker {} after {when}: {problem}", self.number));
                return None;
            }
        };
        let found = possible.iter().position(|state| **state == seen);
        if found.is_none() {
            self.account.wrong.push(format!("worker {} after {when}: {seen:?} and not {possible:?}", self.number));
        }
        found
    }

    /// What of its own is in the vault.
    fn seen(&self) -> Result<Owned, String> {
        let all = self.place.run("export strongroom", "", Kill::Never);
        if all.code() != Some(0) {
            return Err(all.account());
        }
        let mut seen = owned_by(self.number, &serde_json::from_slice(&all.stdout).map_err(|error| error.to_string())?)?;
        if self.duty == Duty::WaysIn {
            seen.extend(self.ways_in()?.into_keys().map(|label| (label, String::new())));
        }
        Ok(seen)
    }

    /// Labels of ways in of its own, with their ids.
    fn ways_in(&self) -> Result<BTreeMap<String, String>, String> {
        let list = self.place.run("slot list --json", "", Kill::Never);
        if list.code() != Some(0) {
            return Err(list.account());
        }
        let document: Value = serde_json::from_slice(&list.stdout).map_err(|error| error.to_string())?;
        let slots = document["slots"].as_array().ok_or("no slots")?;
        let text = |slot: &Value, name: &str| slot[name].as_str().unwrap_or_default().to_owned();
        let own = slots.iter().filter(|slot| text(slot, "label").starts_with("way-"));
        Ok(own.map(|slot| (text(slot, "label"), text(slot, "id"))).collect())
    }

    fn step(&mut self) -> Step {
        self.serial += 1;
        let dice = self.dice.below(100);
        match self.duty {
            Duty::Rekeys if dice < 5 => {
                Step { words: "rekey".into(), stdin: String::new(), after: self.owned.clone(), rekeys: true }
            }
            Duty::WaysIn if dice < 25 => self.way_in(),
            _ if dice < 35 => self.add_or_set(),
            _ if dice < 50 => self.field(),
            _ if dice < 60 => self.note(),
            _ if dice < 72 => self.rename(),
            _ if dice < 84 => self.remove(),
            _ => self.import(),
        }
    }

    fn record(&self, letter: char) -> String {
        format!("kraken/w{:02}-{letter}", self.number)
    }

    fn text(&self) -> String {
        format!("{}-{}", self.number, self.serial)
    }

    fn records(&self) -> Vec<String> {
        self.owned.keys().filter(|name| name.starts_with("kraken/")).cloned().collect()
    }

    fn with(&self, changes: impl IntoIterator<Item = (String, Option<String>)>) -> Owned {
        let mut after = self.owned.clone();
        for (name, value) in changes {
            match value {
                Some(value) => after.insert(name, value),
                None => after.remove(&name),
            };
        }
        after
    }

    fn add_or_set(&mut self) -> Step {
        let letter = *self.dice.pick(&['a', 'b', 'c', 'd']).expect("letters");
        let (name, text) = (self.record(letter), self.text());
        let verb = if self.owned.contains_key(&name) { "set" } else { "add" };
        Step {
            words: format!("{verb} {name} --from-json -"),
            stdin: fields(&text),
            after: self.with([(name, Some(text))]),
            rekeys: false,
        }
    }

    /// A field of its own on a record that all share.
    fn field(&mut self) -> Step {
        let text = self.text();
        Step {
            words: format!("set okx/main w{:02} --stdin", self.number),
            stdin: value(&text),
            after: self.with([("field".into(), Some(text))]),
            rekeys: false,
        }
    }

    /// A note on the same record: the last one stays, whoever it is from.
    fn note(&mut self) -> Step {
        let note = format!("by-{}", self.text());
        self.notes.push(note.clone());
        // It also changes what is the worker's own, to know whether it arrived.
        let text = self.text();
        Step {
            words: format!("set okx/main w{:02} --stdin --note {note}", self.number),
            stdin: value(&text),
            after: self.with([("field".into(), Some(text))]),
            rekeys: false,
        }
    }

    fn rename(&mut self) -> Step {
        let records = self.records();
        let free =
            ['a', 'b', 'c', 'd'].into_iter().map(|letter| self.record(letter)).find(|name| !records.contains(name));
        let (Some(from), Some(to)) = (self.dice.pick(&records).cloned(), free) else { return self.add_or_set() };
        let value = self.owned[&from].clone();
        Step {
            words: format!("mv {from} {to}"),
            stdin: String::new(),
            after: self.with([(from, None), (to, Some(value))]),
            rekeys: false,
        }
    }

    fn remove(&mut self) -> Step {
        let records = self.records();
        let Some(name) = self.dice.pick(&records).cloned() else { return self.add_or_set() };
        let mut names = vec![name];
        let value = format!("env/W{:02}", self.number);
        if self.owned.contains_key(&value) {
            names.push(value);
        }
        Step {
            words: format!("rm --yes {}", names.join(" ")),
            stdin: String::new(),
            after: self.with(names.into_iter().map(|name| (name, None))),
            rekeys: false,
        }
    }

    /// Two records and a value at once: all of them or none.
    fn import(&mut self) -> Step {
        let text = self.text();
        let (first, second) = (self.record('a'), self.record('b'));
        let value_name = format!("env/W{:02}", self.number);
        let record = |name: &str| {
            let subaccount = name.trim_start_matches("kraken/");
            format!(
                r#"{{"id":null,"exchange":"kraken","subaccount":"{subaccount}","environment":"live","kind":"hmac","fields":{{"api_key":"{}","api_secret":"{}"}}}}"#,
                key(&text),
                secret(&text)
            )
        };
        let document = format!(
            r#"{{"strongroom":1,"records":[{},{}],"values":[{{"name":"W{:02}","value":"{}"}}]}}"#,
            record(&first),
            record(&second),
            self.number,
            value(&text)
        );
        let changes = [first, second, value_name].map(|name| (name, Some(text.clone())));
        let after = self.with(changes);
        Step { words: "import strongroom - --replace".into(), stdin: document, after, rekeys: false }
    }

    /// Adds a way in, or removes the one there is: that makes a new data key.
    fn way_in(&mut self) -> Step {
        let label = format!("way-{}", self.serial);
        let there: Vec<String> = self.owned.keys().filter(|name| name.starts_with("way-")).cloned().collect();
        let Some(old) = there.first() else {
            let words = format!("slot add --machine-key {label}.key --label {label}");
            let after = self.with([(label, Some(String::new()))]);
            return Step { words, stdin: String::new(), after, rekeys: false };
        };
        let id = self.ways_in().ok().and_then(|mut ways_in| ways_in.remove(old)).unwrap_or_default();
        let after = self.with([(old.clone(), None)]);
        Step { words: format!("slot remove {id}"), stdin: String::new(), after, rekeys: true }
    }
}

/// What of a whole export this worker owns.
///
/// # Errors
/// A record of which one half is from another time than the other.
pub fn owned_by(number: usize, all: &Value) -> Result<Owned, String> {
    let (prefix, field) = (format!("w{number:02}-"), format!("w{number:02}"));
    let mut owned = Owned::new();
    for record in all["records"].as_array().ok_or("no records")? {
        let text = |name: &str| record["fields"][name].as_str().unwrap_or_default().to_owned();
        let subaccount = record["subaccount"].as_str().unwrap_or_default();
        if record["exchange"] == "kraken" && subaccount.starts_with(&prefix) {
            let serial = text("api_key").trim_start_matches("EXAMPLE-K-").to_owned();
            if text("api_secret") != secret(&serial) {
                return Err(format!("half of kraken/{subaccount} is from another time"));
            }
            owned.insert(format!("kraken/{subaccount}"), serial);
        }
        if record["exchange"] == "okx" && record["fields"][&field].is_string() {
            owned.insert("field".into(), text(&field).trim_start_matches("EXAMPLE-V-").to_owned());
        }
    }
    for entry in all["values"].as_array().ok_or("no values")? {
        if entry["name"].as_str() == Some(&format!("W{number:02}")) {
            let serial = entry["value"].as_str().unwrap_or_default().trim_start_matches("EXAMPLE-V-").to_owned();
            owned.insert(format!("env/W{number:02}"), serial);
        }
    }
    Ok(owned)
}

fn key(serial: &str) -> String {
    format!("EXAMPLE-K-{serial}")
}

fn secret(serial: &str) -> String {
    format!("EXAMPLE-S-{serial}")
}

fn value(serial: &str) -> String {
    format!("EXAMPLE-V-{serial}")
}

fn fields(serial: &str) -> String {
    format!(r#"{{"api_key":"{}","api_secret":"{}"}}"#, key(serial), secret(serial))
}

impl Account {
    /// Adds another's.
    pub fn add(&mut self, other: Account) {
        self.attempted += other.attempted;
        self.succeeded += other.succeeded;
        self.killed += other.killed;
        self.killed_holding += other.killed_holding;
        self.killed_in_place += other.killed_in_place;
        self.killed_untold += other.killed_untold;
        self.locked += other.locked;
        self.changed += other.changed;
        self.rekeyed += other.rekeyed;
        self.looked += other.looked;
        self.warnings += other.warnings;
        self.longest = self.longest.max(other.longest);
        self.wrong.extend(other.wrong);
    }
}
