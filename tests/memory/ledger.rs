//! What may be in an image, why, and the count of what was found: the table of SECURITY.md, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::image::{Image, ORDINARY, Place};
use crate::needles::Needles;

/// One line of the table. `what` is the name of a secret, or its beginning and `*`.
pub struct Rule {
    what: String,
    places: &'static [Place],
    must: bool,
    why: &'static str,
}

/// Everywhere in memory.
pub const ANYWHERE: &[Place] = &[Place::Apart, Place::Heap, Place::Stack, Place::Data, Place::Registers, Place::Core];
/// Only where no core dump reaches.
pub const APART: &[Place] = &[Place::Apart];

/// It has to be there: else the search finds nothing, or the program is not where we think.
pub fn must(what: impl Into<String>, places: &'static [Place], why: &'static str) -> Rule {
    Rule { what: what.into(), places, must: true, why }
}

/// It can be there.
pub fn may(what: impl Into<String>, places: &'static [Place], why: &'static str) -> Rule {
    Rule { what: what.into(), places, must: false, why }
}

impl Rule {
    fn covers(&self, name: &str) -> bool {
        match self.what.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.what,
        }
    }
}

/// What was seen over the images of one test.
#[derive(Default)]
pub struct Ledger {
    moments: Vec<Moment>,
    needles: usize,
    forbidden: BTreeSet<String>,
}

/// Images at one moment, or at each system call of one stretch of work, by kind.
struct Moment {
    name: String,
    rules: Vec<String>,
    kinds: BTreeMap<&'static str, Seen>,
}

#[derive(Default)]
struct Seen {
    images: usize,
    bytes: usize,
    allowed: usize,
    /// What has to be there and was not in any image.
    missing: Option<BTreeSet<String>>,
}

impl Ledger {
    /// Searches an image. What must be there must be in at least one image of each kind.
    pub fn look(&mut self, moment: &str, image: &Image, needles: &Needles, rules: &[Rule]) {
        self.needles = self.needles.max(needles.len());
        let finds = needles.find(image);
        let mut allowed = 0;
        for ((name, form, place), count) in &finds {
            if rules.iter().any(|rule| rule.covers(name) && rule.places.contains(place)) {
                allowed += count;
            } else {
                self.forbidden.insert(format!("{moment}, {}: {name} ({form}) in {place:?}", image.kind));
            }
        }
        // What is kept apart is not in an ordinary dump, and that is the point of it.
        let expected = |rule: &&Rule| rule.must && !(image.kind == ORDINARY && rule.places == APART);
        let found = |rule: &&Rule| finds.keys().any(|(name, _, at)| rule.covers(name) && rule.places.contains(at));
        let missing = rules.iter().filter(expected).filter(|rule| !found(rule)).map(|rule| rule.what.clone());

        if self.moments.last().is_none_or(|last| last.name != moment) {
            let rules = rules.iter().map(Rule::to_string).collect();
            self.moments.push(Moment { name: moment.to_owned(), rules, kinds: BTreeMap::new() });
        }
        let moment = self.moments.last_mut().expect("it was just pushed");
        let seen = moment.kinds.entry(image.kind).or_default();
        seen.images += 1;
        seen.bytes += image.len();
        seen.allowed += allowed;
        let missing: BTreeSet<String> = missing.collect();
        seen.missing = Some(match seen.missing.take() {
            Some(earlier) => earlier.intersection(&missing).cloned().collect(),
            None => missing,
        });
    }

    /// The table, the sum, and the verdict.
    #[track_caller]
    pub fn close(self, least_images: usize, least_needles: usize, least_allowed: usize) {
        let (mut images, mut bytes, mut allowed, mut missing) = (0, 0, 0, String::new());
        for Moment { name, rules, kinds } in &self.moments {
            println!("{name}");
            for rule in rules {
                println!("    {rule}");
            }
            for (kind, seen) in kinds {
                println!(
                    "    {kind}: {} images, {} KiB, {} allowed finds",
                    seen.images,
                    seen.bytes >> 10,
                    seen.allowed
                );
                images += seen.images;
                bytes += seen.bytes;
                allowed += seen.allowed;
                for what in seen.missing.iter().flatten() {
                    missing.push_str(&format!("\n  {name}, {kind}: {what}"));
                }
            }
        }
        let forbidden = self.forbidden.len();
        println!(
            "images {images} ({} MiB), needles {}, allowed finds {allowed}, forbidden finds {forbidden}",
            bytes >> 20,
            self.needles
        );
        let forbidden: String = self.forbidden.iter().map(|find| format!("\n  {find}")).collect();
        assert!(missing.is_empty(), "what must be there is not found:{missing}\nforbidden finds:{forbidden}");
        assert!(forbidden.is_empty(), "forbidden finds:{forbidden}");
        assert!(images >= least_images, "only {images} images");
        // Without the keys, whose absence is a skip that was counted, about half.
        let least_needles =
            if std::env::var_os("STRONGROOM_TEST_PYTHON").is_some() { least_needles } else { least_needles / 2 };
        assert!(self.needles >= least_needles, "only {} needles", self.needles);
        assert!(allowed >= least_allowed, "only {allowed} allowed finds");
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.must { "must" } else { "may" };
        write!(f, "{} {verb} be in {}: {}", self.what, places(self.places), self.why)
    }
}

fn places(places: &[Place]) -> String {
    if places == ANYWHERE { "memory".into() } else { format!("{places:?}").trim_matches(['[', ']']).to_owned() }
}
