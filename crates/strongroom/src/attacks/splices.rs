//! Guarantee 2 against mixtures: parts of several versions and of several vaults in one file, each part in its place
//! and with a checksum that fits. What is no real version opens nothing; what is one is that one.

use super::exhibits::{EVERY_WAY, Exhibit, Person, Way, attempt, refused, with_checksum};
use crate::aead::TAG_LEN;
use crate::container::{self, CHECKSUM_LEN, Header, Slot, SlotId};
use crate::error::{Error, FormatError};
use crate::kdf::testing;
use crate::record::Reference;
use crate::vault::{NewVault, Unlock, Vault};

/// A file, taken apart.
#[derive(Clone)]
struct Parts {
    header: Header,
    commitment: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

/// The parts that are one of each file. Slots are taken one by one.
const SINGLE_PARTS: usize = 7;

impl Parts {
    fn of(file: &[u8]) -> Parts {
        let header = container::parse(file).unwrap();
        let (_, rest) = file.split_at(header.len());
        let (commitment, rest) = rest.split_at(32);
        let (ciphertext, rest) = rest.split_at(rest.len() - CHECKSUM_LEN - TAG_LEN);
        let (commitment, ciphertext) = (commitment.to_vec(), ciphertext.to_vec());
        Parts { header, commitment, ciphertext, tag: rest[..TAG_LEN].to_vec() }
    }

    /// Takes one part of another file.
    fn take(&mut self, part: usize, from: &Parts) {
        match part {
            0 => self.header.vault_id = from.header.vault_id,
            1 => self.header.revision = from.header.revision,
            2 => self.header.write_salt = from.header.write_salt,
            3 => self.header.data_key_id = from.header.data_key_id,
            4 => self.commitment.clone_from(&from.commitment),
            5 => {
                self.header.exponent = from.header.exponent;
                self.ciphertext.clone_from(&from.ciphertext);
            }
            _ => self.tag.clone_from(&from.tag),
        }
    }

    fn has_same(&self, part: usize, other: &Parts) -> bool {
        let mut mixed = self.clone();
        mixed.take(part, other);
        mixed.to_file() == self.to_file()
    }

    fn to_file(&self) -> Vec<u8> {
        let parts = [&self.header.to_bytes()[..], &self.commitment, &self.ciphertext, &self.tag, &[0; CHECKSUM_LEN]];
        with_checksum(parts.concat())
    }

    /// As the format orders them, which an attacker can as well.
    fn with_slots(&self, mut slots: Vec<Slot>) -> Parts {
        slots.sort_by_key(|slot| slot.info.order());
        Parts { header: Header { slots, ..self.header.clone() }, ..self.clone() }
    }
}

/// A version that somebody saved.
struct Version {
    file: Vec<u8>,
    parts: Parts,
    note: &'static str,
}

/// The versions of one vault, of a branch of it, of an independent copy, and of another vault of the same person.
struct History {
    person: Person,
    /// The vault, in order: made, two saves, a re-key, a changed passphrase, a removed slot, a new slot.
    line: Vec<Version>,
    /// A save after the first that the second did not see.
    branch: Version,
    /// Independent vaults with the same secrets: a copy, and one that never had to do with it.
    others: Vec<Version>,
}

impl Version {
    fn now(exhibit: &Exhibit, note: &'static str) -> Version {
        let file = exhibit.read();
        Version { parts: Parts::of(&file), file, note }
    }
}

impl History {
    fn new() -> History {
        testing::remember();
        let person = Person::new();
        let vault = Exhibit::new(&person, &EVERY_WAY, "made");
        let mut line = vec![Version::now(&vault, "made")];
        vault.set_note(&person, "branch");
        let branch = Version::now(&vault, "branch");
        std::fs::write(vault.path(), &line[0].file).unwrap();
        for note in ["second", "third"] {
            vault.set_note(&person, note);
            line.push(Version::now(&vault, note));
        }
        let opened_by = |way: Way| -> SlotId { Vault::open(vault.path(), &person.unlock(way)).unwrap().opened_by() };
        vault.open(&person).rekey().unwrap();
        line.push(Version::now(&vault, "third"));
        // The same passphrase comes back in a slot of its own: what `passwd` and a change of mind make.
        let old = opened_by(Way::Passphrase);
        vault.open(&person).remove_slot(old).unwrap();
        line.push(Version::now(&vault, "third"));
        vault.open(&person).add_slot(person.new_slot(Way::Passphrase)).unwrap();
        line.push(Version::now(&vault, "third"));
        let code = opened_by(Way::RecoveryCode);
        vault.open(&person).remove_slot(code).unwrap();
        line.push(Version::now(&vault, "third"));

        let copy = Exhibit::new(&person, &EVERY_WAY, "unused");
        std::fs::remove_file(copy.path()).unwrap();
        let slots = EVERY_WAY.map(|way| person.new_slot(way)).into();
        let new: NewVault = vault.open(&person).to_new(slots);
        new.prepare().unwrap().create(&copy.path()).unwrap();
        let other = Exhibit::new(&person, &EVERY_WAY, "other");
        let others = vec![Version::now(&copy, "third"), Version::now(&other, "other")];
        History { person, line, branch, others }
    }

    fn all(&self) -> impl Iterator<Item = &Version> {
        self.line.iter().chain([&self.branch]).chain(&self.others)
    }

    fn unlocks(&self) -> [Unlock; 4] {
        EVERY_WAY.map(|way| self.person.unlock(way))
    }
}

/// What came of many mixtures.
#[derive(Default, Debug)]
struct Tally {
    /// Refused for their form, before any secret.
    at_parse: usize,
    /// Refused to every secret.
    at_unlock: usize,
    /// Byte for byte a version that was saved.
    real: usize,
}

impl Tally {
    /// One file, with every secret.
    fn add(&mut self, history: &History, unlocks: &[Unlock], file: &[u8]) {
        if let Some(version) = history.all().find(|version| version.file == file) {
            let opened = unlocks.iter().filter_map(|unlock| attempt(file, unlock).ok());
            let notes = opened.map(|vault| vault.record(&Reference::new("okx", "main")).unwrap().note.clone());
            assert!(
                notes.inspect(|note| assert_eq!(note.as_str(), version.note)).count() >= 3,
                "a version opens as what it is"
            );
            self.real += 1;
        } else if container::parse(file).is_err() {
            self.at_parse += 1;
        } else {
            unlocks.iter().for_each(|unlock| drop(refused(file, unlock, "a mixture of versions")));
            self.at_unlock += 1;
        }
    }

    fn tried(&self) -> usize {
        self.at_parse + self.at_unlock + self.real
    }
}

/// Every choice of one out of each list.
fn every_choice<T: Clone>(lists: &[Vec<T>]) -> impl Iterator<Item = Vec<T>> + '_ {
    let count = lists.iter().map(Vec::len).product::<usize>();
    (0..count).map(move |mut number| {
        let one = |list: &Vec<T>| {
            let chosen = list[number % list.len()].clone();
            number /= list.len();
            chosen
        };
        lists.iter().map(one).collect()
    })
}

/// Each slot of either: from the one, from the other, or, where only one has it, there or not.
fn slot_choices(a: &Parts, b: &Parts) -> Vec<Vec<Option<Slot>>> {
    let mut lists: Vec<Vec<Option<Slot>>> = Vec::new();
    for slot in &a.header.slots {
        lists.push(match b.header.slot(slot.info.id) {
            Some(same) if same == slot => vec![Some(slot.clone())],
            same => vec![Some(slot.clone()), same.cloned()],
        });
    }
    let new = b.header.slots.iter().filter(|slot| a.header.slot(slot.info.id).is_none());
    lists.extend(new.map(|slot| vec![None, Some(slot.clone())]));
    lists
}

/// Every mixture of the single parts of two versions, with each of these lists of slots.
fn mix_pair(a: &Parts, b: &Parts, slots: &[Vec<Option<Slot>>], mut take: impl FnMut(&[u8])) {
    let differing: Vec<usize> = (0..SINGLE_PARTS).filter(|part| !a.has_same(*part, b)).collect();
    for chosen in every_choice(slots) {
        let mixed = a.with_slots(chosen.into_iter().flatten().collect());
        for mask in 0..1 << differing.len() {
            let mut mixed = mixed.clone();
            for (_, part) in differing.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1) {
                mixed.take(*part, b);
            }
            take(&mixed.to_file());
        }
    }
}

#[test]
fn g2_no_mixture_of_two_versions_opens_but_those_that_are_one() {
    let history = History::new();
    let (unlocks, mut tally) = (history.unlocks(), Tally::default());
    let versions: Vec<&Version> = history.line.iter().chain([&history.branch]).collect();
    let mut pairs = 0;
    for (index, a) in versions.iter().enumerate() {
        for b in &versions[index + 1..] {
            let slots = slot_choices(&a.parts, &b.parts);
            mix_pair(&a.parts, &b.parts, &slots, |file| tally.add(&history, &unlocks, file));
            pairs += 1;
        }
    }
    println!("splices: {} mixtures of {pairs} pairs of versions: {tally:?}", tally.tried());
    assert_eq!(pairs, 28);
    assert!(tally.at_unlock >= 25_000 && tally.real >= 2 * pairs, "{tally:?}");
}

#[test]
fn g2_no_mixture_of_four_versions_opens_but_those_that_are_one() {
    let history = History::new();
    let (unlocks, mut tally) = (history.unlocks(), Tally::default());
    // Made, saved, re-keyed, a slot removed.
    let versions = [0, 1, 3, 6].map(|index| &history.line[index].parts);
    // The vault id is the same in all; slots are taken all together here.
    let lists: Vec<Vec<&Parts>> = vec![versions.to_vec(); SINGLE_PARTS];
    for chosen in every_choice(&lists) {
        let mut mixed = chosen[0].clone();
        (1..SINGLE_PARTS).for_each(|part| mixed.take(part, chosen[part]));
        tally.add(&history, &unlocks, &mixed.to_file());
    }
    println!("splices: {} mixtures of four versions: {tally:?}", tally.tried());
    assert_eq!(tally.tried(), 4usize.pow(7));
    assert!(tally.at_unlock >= 16_000 && tally.real >= 4, "{tally:?}");
}

#[test]
fn g2_no_mixture_with_another_vault_of_the_same_secrets_opens() {
    let history = History::new();
    let (unlocks, mut tally) = (history.unlocks(), Tally::default());
    for mine in [0, 6].map(|index| &history.line[index].parts) {
        for other in &history.others {
            // Slot for slot in its place, and then one more beside those that are there.
            let others = &other.parts.header.slots;
            let replaced: Vec<Vec<Option<Slot>>> =
                mine.header.slots.iter().zip(others).map(|(a, b)| vec![Some(a.clone()), Some(b.clone())]).collect();
            mix_pair(mine, &other.parts, &replaced, |file| tally.add(&history, &unlocks, file));
            let all: Vec<Vec<Option<Slot>>> = mine.header.slots.iter().map(|slot| vec![Some(slot.clone())]).collect();
            for added in others {
                let slots = [&all[..], &[vec![Some(added.clone())]]].concat();
                mix_pair(mine, &other.parts, &slots, |file| tally.add(&history, &unlocks, file));
            }
        }
    }
    println!("splices: {} mixtures with other vaults: {tally:?}", tally.tried());
    assert!(tally.at_unlock >= 5_000 && tally.real >= 4, "{tally:?}");
}

#[test]
fn g2_slots_are_not_reordered_doubled_left_out_or_brought_from_elsewhere() {
    let history = History::new();
    let (unlocks, mut tally) = (history.unlocks(), Tally::default());
    let (mut reordered, mut doubled, mut left_out, mut brought) = (0, 0, 0, 0);
    let malformed = |mixed: &Parts| {
        let file = mixed.to_file();
        assert!(matches!(container::parse(&file), Err(FormatError::Malformed { .. })));
    };
    for version in history.all() {
        let slots = &version.parts.header.slots;
        let with = |slots: Vec<Slot>| Parts {
            header: Header { slots, ..version.parts.header.clone() },
            ..version.parts.clone()
        };
        for order in every_choice(&vec![(0..slots.len()).collect::<Vec<_>>(); slots.len()]) {
            let there: std::collections::BTreeSet<usize> = order.iter().copied().collect();
            if there.len() == slots.len() && !order.is_sorted() {
                malformed(&with(order.iter().map(|index| slots[*index].clone()).collect()));
                reordered += 1;
            }
        }
        for (from, to) in (0..slots.len()).flat_map(|from| (0..=slots.len()).map(move |to| (from, to))) {
            let mut more = slots.clone();
            more.insert(to, slots[from].clone());
            malformed(&with(more));
            doubled += 1;
        }
        for chosen in every_choice(&slots.iter().map(|slot| vec![None, Some(slot.clone())]).collect::<Vec<_>>()) {
            let fewer: Vec<Slot> = chosen.into_iter().flatten().collect();
            if fewer.len() < slots.len() {
                tally.add(&history, &unlocks, &with(fewer).to_file());
                left_out += 1;
            }
        }
        for added in history.all().flat_map(|other| &other.parts.header.slots) {
            if slots.iter().all(|slot| slot.info.id != added.info.id) {
                let more = [&slots[..], std::slice::from_ref(added)].concat();
                tally.add(&history, &unlocks, &version.parts.with_slots(more).to_file());
                brought += 1;
            }
        }
    }
    println!("splices: slots reordered {reordered}, doubled {doubled}, left out {left_out}, brought in {brought}");
    assert!(reordered >= 150 && doubled >= 150 && left_out >= 100 && brought >= 80, "{tally:?}");
    assert_eq!((tally.tried(), tally.real), (left_out + brought, 0));
}

#[test]
fn g2_no_file_cut_between_two_versions_at_any_byte_opens() {
    let history = History::new();
    let machine = history.person.unlock(Way::Machine);
    let mut tried = 0;
    for (a, b) in [(0, 1), (1, 0), (1, 3), (3, 1), (3, 6), (6, 3)] {
        let (a, b) = (&history.line[a].file, &history.line[b].file);
        for at in (17..a.len().min(b.len()) - CHECKSUM_LEN).filter(|at| a[..*at] != b[..*at] && a[*at..] != b[*at..]) {
            let spliced = with_checksum([&a[..at], &b[at..]].concat());
            // Where the halves happen to agree with one version, it is that version.
            if history.all().all(|version| version.file != spliced) {
                let error = refused(&spliced, &machine, "cut between two versions");
                assert!(matches!(error, Error::Format(_) | Error::Unlock(_)), "at {at}: {error:?}");
                tried += 1;
            }
        }
    }
    println!("splices: {tried} files cut between two versions");
    assert!(tried >= 25_000, "only {tried}");
}
