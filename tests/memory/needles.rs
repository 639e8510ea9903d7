//! What is searched for: every part of every secret in every form, and every part of every key.

use std::collections::{BTreeMap, HashSet};

use aho_corasick::AhoCorasick;
use strongroom_tests::encodings;

use crate::image::{Image, Place};

/// A part of a text this long is a find: 55 random bits and more.
const TEXT_WINDOW: usize = 12;
/// A part of a key this long is a find. Registers are no wider.
const KEY_WINDOW: usize = 8;

/// A collection of secrets by name.
#[derive(Default)]
pub struct Needles {
    owners: Vec<(String, &'static str)>,
    patterns: Vec<Vec<u8>>,
    known: HashSet<Vec<u8>>,
    automaton: Option<AhoCorasick>,
}

/// How often a secret was found in a form and place.
pub type Finds = BTreeMap<(String, &'static str, Place), usize>;

impl Needles {
    /// A random text that a person or program could see: parts of 17 bytes are always found, some of 12.
    pub fn text(&mut self, name: &str, text: &str) {
        self.parts(name, text.as_bytes(), TEXT_WINDOW, TEXT_WINDOW / 2);
    }

    /// Random bytes. Parts of 15 bytes are always found, some of 8.
    pub fn key(&mut self, name: &str, bytes: &[u8]) {
        self.parts(name, bytes, KEY_WINDOW, KEY_WINDOW);
    }

    fn parts(&mut self, name: &str, bytes: &[u8], window: usize, step: usize) {
        assert!(bytes.len() >= window, "{name} is too short to be told from chance");
        let last = bytes.len() - window;
        for start in (0..last).step_by(step).chain([last]) {
            for (form, pattern) in encodings(&bytes[start..start + window]) {
                if self.known.insert(pattern.clone()) {
                    self.owners.push((name.to_owned(), form));
                    self.patterns.push(pattern);
                }
            }
        }
    }

    /// Ready to search.
    pub fn build(mut self) -> Needles {
        self.automaton = Some(AhoCorasick::new(&self.patterns).expect("patterns of moderate size"));
        self
    }

    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Everything that is in an image.
    pub fn find(&self, image: &Image) -> Finds {
        let automaton = self.automaton.as_ref().expect("it was built");
        let mut finds = Finds::new();
        for segment in &image.segments {
            for found in automaton.find_overlapping_iter(&segment.bytes) {
                let (name, form) = &self.owners[found.pattern().as_usize()];
                if std::env::var_os("STRONGROOM_TEST_FINDS").is_some() {
                    println!("  {:#x} {:?} {name} ({form})", segment.start + found.start() as u64, segment.place);
                }
                *finds.entry((name.clone(), *form, segment.place)).or_default() += 1;
            }
        }
        finds
    }
}
