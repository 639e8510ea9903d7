//! A process's image: what is in each of its mappings, and which of them a core dump leaves out.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Where a find was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a mapping that the program keeps out of core dumps.
    Apart,
    Heap,
    Stack,
    /// In the writable data of the program or a library.
    Data,
    /// In what a core dump notes beside memory.
    Registers,
    /// In a core dump of which it is not known what was where.
    Core,
}

/// The kind of an image that has what the system would write when the process crashes, and no more.
pub const ORDINARY: &str = "ordinary core";

/// Some bytes of a process in one place.
pub struct Segment {
    pub start: u64,
    pub place: Place,
    pub bytes: Vec<u8>,
}

/// What was in a process at one moment.
pub struct Image {
    pub kind: &'static str,
    pub segments: Vec<Segment>,
}

const PAGE: usize = 4096;

/// A line of `/proc/PID/smaps` and what follows it.
struct Mapping {
    start: u64,
    end: u64,
    place: Place,
    /// Whether it can hold anything that the program put there.
    writable: bool,
    readable: bool,
}

fn mappings(process: u32) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in fs::read_to_string(format!("/proc/{process}/smaps")).expect("smaps of a process of ours").lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            if flags.split(' ').any(|flag| flag == "dd")
                && let Some(last) = mappings.last_mut()
            {
                last.place = Place::Apart;
            }
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((start, end)) = words[0].split_once('-') else { continue };
        let number = |text| u64::from_str_radix(text, 16).expect("an address");
        let name = words.get(5).copied().unwrap_or_default();
        let place = match name {
            "[stack]" => Place::Stack,
            _ if name.starts_with('/') => Place::Data,
            _ => Place::Heap,
        };
        mappings.push(Mapping {
            start: number(start),
            end: number(end),
            place,
            writable: words[1].contains('w'),
            readable: words[1].starts_with('r') && !matches!(name, "[vvar]" | "[vvar_vclock]" | "[vsyscall]"),
        });
    }
    mappings
}

impl Image {
    /// Every readable byte of a process, also what a core dump would leave out.
    pub fn whole(process: u32) -> Image {
        Image::of(process, "memory", |mapping| mapping.readable)
    }

    /// What the program can have written: all of it but code and constants.
    pub fn written(process: u32) -> Image {
        Image::of(process, "memory", |mapping| mapping.readable && mapping.writable)
    }

    fn of(process: u32, kind: &'static str, wanted: impl Fn(&Mapping) -> bool) -> Image {
        let memory = File::open(format!("/proc/{process}/mem")).expect("the memory of a process of ours");
        let mut segments = Vec::new();
        for mapping in mappings(process).iter().filter(|mapping| wanted(mapping)) {
            let mut bytes = vec![0; usize::try_from(mapping.end - mapping.start).expect("a mapping")];
            // What cannot be read could hold anything, and a search that leaves it out would prove nothing.
            memory.read_exact_at(&mut bytes, mapping.start).unwrap_or_else(|error| {
                panic!("{:x}..{:x} of process {process} cannot be read: {error}", mapping.start, mapping.end)
            });
            keep_written_pages(&mut segments, mapping.start, mapping.place, &bytes);
        }
        Image { kind, segments }
    }

    /// A core dump in the ELF format, by any program. `process` says where things are while it still lives.
    pub fn of_core(path: &Path, kind: &'static str, process: Option<u32>) -> Image {
        const LOAD: u32 = 1;
        const NOTE: u32 = 4;
        let core = fs::read(path).expect("a core dump");
        assert_eq!(&core[..5], b"\x7fELF\x02", "an ELF file of 64 bits");
        let u16_at = |at: usize| usize::from(u16::from_le_bytes(core[at..at + 2].try_into().expect("2 bytes")));
        let u32_at = |at: usize| u32::from_le_bytes(core[at..at + 4].try_into().expect("4 bytes"));
        let u64_at = |at: usize| u64::from_le_bytes(core[at..at + 8].try_into().expect("8 bytes"));
        let size_at = |at: usize| usize::try_from(u64_at(at)).expect("a size");
        let places: BTreeMap<u64, (u64, Place)> = process
            .map(|process| mappings(process).iter().map(|found| (found.start, (found.end, found.place))).collect())
            .unwrap_or_default();
        let mut segments = Vec::new();
        for index in 0..u16_at(56) {
            let at = size_at(32) + index * u16_at(54);
            let (offset, length, address) = (size_at(at + 8), size_at(at + 32), u64_at(at + 16));
            let bytes = &core[offset..offset + length];
            match u32_at(at) {
                LOAD => {
                    let place = places.range(..=address).next_back().filter(|(_, (end, _))| address < *end);
                    keep_written_pages(&mut segments, address, place.map_or(Place::Core, |(_, (_, it))| *it), bytes);
                }
                NOTE => segments.push(Segment { start: 0, place: Place::Registers, bytes: bytes.to_vec() }),
                _ => {}
            }
        }
        Image { kind, segments }
    }

    /// How many bytes were looked at.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes.len()).sum()
    }
}

/// Nothing that is searched for spans a page of zeros, so these are left out.
fn keep_written_pages(segments: &mut Vec<Segment>, start: u64, place: Place, bytes: &[u8]) {
    let mut open = false;
    for (index, page) in bytes.chunks(PAGE).enumerate() {
        if page == &[0; PAGE][..page.len()] {
            open = false;
            continue;
        }
        match segments.last_mut().filter(|_| open) {
            Some(last) => last.bytes.extend_from_slice(page),
            None => segments.push(Segment { start: start + (index * PAGE) as u64, place, bytes: page.to_vec() }),
        }
        open = true;
    }
}
