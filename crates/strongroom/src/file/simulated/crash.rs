//! What may be on a simulated disk after the power went at some moment.
//!
//! Everything that was not synchronised may or may not be there, each part for itself: a name, a sector, a length, a
//! mode. Of what was changed several times, any of its values may be there. A file can so be too short, too long,
//! filled with zeros, or mixed from several versions, and names can change in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Disk, Id, Node, Operation, Tree};

/// A part of the disk that survives or not for itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Name(Id, OsString),
    Length(Id),
    Mode(Id),
    Sector(Id, usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Leads(Option<Id>),
    Number(usize),
    Bytes(Vec<u8>),
}

/// All the values that each part may have, with the time of each.
pub(crate) struct Remains {
    parts: BTreeMap<Part, Vec<(usize, Value)>>,
    directories: BTreeSet<Id>,
    sector: usize,
}

/// What is there after the crash: all files, and directories, that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Survivors {
    pub(crate) files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
    pub(crate) directories: BTreeSet<PathBuf>,
}

impl Remains {
    /// After so many of the operations on this disk, with sectors of this size.
    pub(crate) fn after(disk: &Disk, operations: usize, sector: usize) -> Remains {
        let is_directory = |id: &Id| matches!(disk.live.nodes[*id], Node::Directory(_));
        let directories = (0..disk.live.nodes.len()).filter(is_directory).collect();
        let mut remains = Remains { parts: BTreeMap::new(), directories, sector };
        for (id, node) in disk.base.nodes.iter().enumerate() {
            match node {
                Node::Directory(entries) => {
                    for (name, to) in entries {
                        remains.set(0, Part::Name(id, name.clone()), Value::Leads(Some(*to)));
                    }
                }
                Node::File { bytes, mode } => {
                    remains.set(0, Part::Length(id), Value::Number(bytes.len()));
                    remains.set(0, Part::Mode(id), Value::Number(*mode as usize));
                    remains.write(0, id, 0, bytes);
                    remains.settle(|part| matches!(part, Part::Sector(..)));
                }
            }
        }
        for (time, operation) in disk.log[..operations].iter().enumerate() {
            remains.apply(time + 1, operation);
        }
        remains
    }

    fn apply(&mut self, time: usize, operation: &Operation) {
        match operation {
            Operation::Enter { directory, name, id } => {
                let part = Part::Name(*directory, name.clone());
                self.parts.entry(part.clone()).or_insert_with(|| vec![(0, Value::Leads(None))]);
                self.set(time, part, Value::Leads(*id));
            }
            Operation::Write { id, at, bytes } => {
                self.start(*id);
                let length = self.number(&Part::Length(*id)).max(at + bytes.len());
                self.set(time, Part::Length(*id), Value::Number(length));
                self.write(time, *id, *at, bytes);
            }
            Operation::Truncate { id } => {
                self.set(time, Part::Length(*id), Value::Number(0));
                let sectors: Vec<Part> = self.parts.keys().filter(|part| is_sector_of(part, *id)).cloned().collect();
                for part in sectors {
                    let zeros = vec![0; self.sector];
                    self.set(time, part, Value::Bytes(zeros));
                }
            }
            Operation::Mode { id, mode } => {
                self.start(*id);
                self.set(time, Part::Mode(*id), Value::Number(*mode as usize));
            }
            Operation::Sync(id) => {
                let id = *id;
                self.settle(|part| *part == Part::Length(id) || *part == Part::Mode(id) || is_sector_of(part, id));
            }
            Operation::SyncDirectory(id) => self.settle(|part| matches!(part, Part::Name(of, _) if of == id)),
            Operation::Promise { .. } => {}
        }
    }

    /// A file begins empty and private.
    fn start(&mut self, id: Id) {
        self.parts.entry(Part::Length(id)).or_insert_with(|| vec![(0, Value::Number(0))]);
        self.parts.entry(Part::Mode(id)).or_insert_with(|| vec![(0, Value::Number(0o600))]);
    }

    fn set(&mut self, time: usize, part: Part, value: Value) {
        let values = self.parts.entry(part).or_default();
        if values.last().is_none_or(|(_, last)| *last != value) {
            values.push((time, value));
        }
    }

    fn write(&mut self, time: usize, id: Id, at: usize, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let (index, within) = ((at + done) / self.sector, (at + done) % self.sector);
            let count = (self.sector - within).min(bytes.len() - done);
            let part = Part::Sector(id, index);
            let zeros = || vec![(0, Value::Bytes(vec![0; self.sector]))];
            let mut sector = match self.parts.entry(part.clone()).or_insert_with(zeros).last() {
                Some((_, Value::Bytes(sector))) => sector.clone(),
                _ => panic!("a sector has bytes"),
            };
            sector[within..within + count].copy_from_slice(&bytes[done..done + count]);
            self.set(time, part, Value::Bytes(sector));
            done += count;
        }
    }

    fn settle(&mut self, what: impl Fn(&Part) -> bool) {
        for (part, values) in &mut self.parts {
            if what(part)
                && let Some((_, last)) = values.pop()
            {
                *values = vec![(0, last)];
            }
        }
    }

    fn number(&self, part: &Part) -> usize {
        match self.parts.get(part).and_then(|values| values.last()) {
            Some((_, Value::Number(number))) => *number,
            _ => 0,
        }
    }

    /// How many states there are, one for each choice of a value for each part.
    pub(crate) fn count(&self) -> usize {
        self.parts.values().fold(1_usize, |count, values| count.saturating_mul(values.len()))
    }

    /// Goes through all states, or through `most` of them: as if everything up to a moment had survived, all but one
    /// part, one part alone, and then at random. Returns how many it went through, and whether that was all.
    pub(crate) fn each(&self, most: usize, seed: u64, mut visit: impl FnMut(&Survivors)) -> (usize, bool) {
        let sizes: Vec<usize> = self.parts.values().map(Vec::len).collect();
        let mut survivors = |choice: &[usize]| visit(&self.survivors(choice));
        if self.count() <= most {
            let mut choice = vec![0; sizes.len()];
            loop {
                survivors(&choice);
                let Some(next) = (0..sizes.len()).find(|at| choice[*at] + 1 < sizes[*at]) else {
                    return (self.count(), true);
                };
                choice[next] += 1;
                choice[..next].fill(0);
            }
        }
        let mut visited = 0;
        let mut take = |choice: &[usize]| {
            visited += 1;
            survivors(choice);
        };
        let last: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
        let times: BTreeSet<usize> = self.parts.values().flatten().map(|(time, _)| *time).collect();
        for time in times {
            let until = |values: &Vec<(usize, Value)>| values.iter().rposition(|(at, _)| *at <= time).unwrap_or(0);
            take(&self.parts.values().map(until).collect::<Vec<_>>());
        }
        for at in (0..sizes.len()).filter(|at| sizes[*at] > 1) {
            let mut all_but_one = last.clone();
            all_but_one[at] = 0;
            take(&all_but_one);
            let mut one = vec![0; sizes.len()];
            one[at] = last[at];
            take(&one);
        }
        let mut random = Random(seed);
        for _ in 0..most {
            take(&sizes.iter().map(|size| random.below(*size)).collect::<Vec<_>>());
        }
        (visited, false)
    }

    fn survivors(&self, choice: &[usize]) -> Survivors {
        let chosen: BTreeMap<&Part, &Value> =
            self.parts.iter().zip(choice).map(|((part, values), at)| (part, &values[*at].1)).collect();
        let mut survivors = Survivors::default();
        self.walk(&chosen, 0, Path::new("/"), &mut survivors);
        survivors
    }

    fn walk(&self, chosen: &BTreeMap<&Part, &Value>, directory: Id, at: &Path, into: &mut Survivors) {
        into.directories.insert(at.to_owned());
        let (from, to) = (Part::Name(directory, OsString::new()), Part::Name(directory + 1, OsString::new()));
        for (part, value) in chosen.range::<Part, _>(from..to) {
            let (Part::Name(_, name), Value::Leads(Some(id))) = (part, value) else { continue };
            let path = at.join(name);
            if self.directories.contains(id) {
                self.walk(chosen, *id, &path, into);
                continue;
            }
            let number = |part: Part, none: usize| match chosen.get(&part) {
                Some(Value::Number(number)) => *number,
                _ => none,
            };
            let mode = u32::try_from(number(Part::Mode(*id), 0o600)).expect("a mode");
            // What is in a leftover does not matter to anybody; without it, many states are the same.
            let is_leftover = name.as_encoded_bytes().ends_with(b".strongroom-tmp");
            let length = if is_leftover { 0 } else { number(Part::Length(*id), 0) };
            let mut bytes = Vec::with_capacity(length + self.sector);
            while bytes.len() < length {
                match chosen.get(&Part::Sector(*id, bytes.len() / self.sector)) {
                    Some(Value::Bytes(sector)) => bytes.extend_from_slice(sector),
                    _ => bytes.resize(bytes.len() + self.sector, 0),
                }
            }
            bytes.truncate(length);
            into.files.insert(path, (bytes, mode));
        }
    }
}

fn is_sector_of(part: &Part, id: Id) -> bool {
    matches!(part, Part::Sector(of, _) if *of == id)
}

impl Survivors {
    /// A disk with this on it.
    pub(crate) fn disk(&self) -> Disk {
        let mut disk = Disk::holding(Tree::empty());
        for path in self.directories.iter().filter(|path| path.parent().is_some()) {
            disk.add(path, Node::Directory(BTreeMap::new())).expect("parents come first");
        }
        for (path, (bytes, mode)) in &self.files {
            disk.add(path, Node::File { bytes: bytes.clone(), mode: *mode }).expect("its directory is there");
        }
        disk.settle();
        disk
    }
}

/// Numbers that are the same in every run.
pub(crate) struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).expect("a count");
        usize::try_from((mixed ^ (mixed >> 31)) % bound).expect("below a count")
    }
}
