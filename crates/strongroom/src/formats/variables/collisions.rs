//! Two places of a vault that are one environment variable: which they are, and the commands after which they are not.
//!
//! A program can be given one value under a name, and nobody here chooses which. So `run` and the formats of variables
//! refuse both together, `check` finds them, and a command that makes such a pair says so at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::usual::{Variable, own_name, variable_name, variables_of, with_values};
use crate::record::{Record, Reference, Selection, Value, name};
use crate::wording::command;

/// Two fields or values that a program would get under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The variable.
    pub name: String,
    /// Both, in the order of the vault.
    pub places: [Place; 2],
    /// Whether both hold the same, so that nothing is lost with either.
    pub is_same_value: bool,
}

/// Where one of the two stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a record.
    Field {
        /// The record.
        record: Reference,
        /// Its field.
        field: String,
        /// Whether it has a name of its own, and not its [usual one](variable_name).
        has_own_name: bool,
        /// A name that nothing else has: the usual one where it can be that.
        free_name: String,
    },
    /// `env/NAME`
    Value(String),
}

/// What to do about a collision: what that is for, and what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOut {
    /// What comes of it, as the end of a sentence that begins with `to`.
    pub purpose: String,
    /// To paste.
    pub command: String,
}

/// Those among these records and values, by the names of [`own_name`].
///
/// Where more than two places have one name, each but the first is told with the first.
///
/// ```
/// use strongroom::{Record, Reference, Secret, formats};
///
/// let mut record = Record::new(&Reference::new("okx", "main"), 0)?;
/// record.fields.set("api_key", Secret::copy_of("EXAMPLE"));
/// record.fields.set("api_secret", Secret::copy_of("EXAMPLE-2"));
/// record.variables.insert("api_secret".into(), "OKX_API_KEY".into());
/// let collisions = formats::collisions(&[&record], &[]);
/// assert_eq!(collisions[0].name, "OKX_API_KEY");
/// assert!(collisions[0].is_in_one_record() && !collisions[0].is_same_value);
/// # Ok::<(), strongroom::Error>(())
/// ```
pub fn collisions(records: &[&Record], values: &[(&str, &Value)]) -> Vec<Collision> {
    let variables = with_values(variables_of(records, own_name), values);
    let pairs = pairs(&variables);
    if pairs.is_empty() {
        return Vec::new();
    }
    let taken = variables.iter().map(|variable| variable.name.clone()).collect();
    let mut names = FreeNames { taken, given: HashMap::new() };
    let collision = |pair: [&Variable<'_>; 2]| {
        let [first, later] = pair;
        let mut collision = Collision {
            name: later.name.clone(),
            places: pair.map(Place::of),
            is_same_value: first.value == later.value,
        };
        // The one that should get it chooses first.
        let chooses = usize::from(std::ptr::eq(collision.to_rename(), &collision.places[1]));
        for at in [chooses, 1 - chooses] {
            names.give(&mut collision.places[at]);
        }
        collision
    };
    pairs.into_iter().map(collision).collect()
}

/// Variables of one name: the first of them, and each later one.
pub(super) fn pairs<'v, 'a>(variables: &'v [Variable<'a>]) -> Vec<[&'v Variable<'a>; 2]> {
    let mut first: BTreeMap<&str, &Variable<'_>> = BTreeMap::new();
    let later = |variable| Some([*first.entry(variable_name_of(variable)).or_insert(variable), variable]);
    variables.iter().filter_map(later).filter(|[first, later]| !std::ptr::eq(*first, *later)).collect()
}

fn variable_name_of<'v>(variable: &'v Variable<'_>) -> &'v str {
    &variable.name
}

/// Names that are free, each for one place only, so that two that follow what is advised are not one variable again.
struct FreeNames {
    taken: BTreeSet<String>,
    given: HashMap<(Reference, String), String>,
}

impl FreeNames {
    fn give(&mut self, place: &mut Place) {
        let Place::Field { record, field, free_name: name, .. } = place else { return };
        // The first place is told with each later one.
        let given = self.given.entry((record.clone(), field.clone())).or_insert_with(|| {
            let free = free_name(record, field, |name| self.taken.contains(name));
            self.taken.insert(free.clone());
            free
        });
        name.clone_from(given);
    }
}

impl Collision {
    /// Whether a program can be given neither of the two without the other, so that it is given none of the record.
    pub fn is_in_one_record(&self) -> bool {
        let [one, other] = &self.places;
        one.record().is_some() && one.record() == other.record()
    }

    /// What can be done, the likeliest first. `alone` is the command by which a program is given one record.
    pub fn ways_out(&self, alone: impl Fn(&Reference) -> String) -> Vec<WayOut> {
        let [one, other] = &self.places;
        match (one, other) {
            (Place::Field { record, field, .. }, Place::Value(_))
            | (Place::Value(_), Place::Field { record, field, .. }) => self.ways_beside_a_value(record, field),
            _ => {
                let has_own_name = |place: &Place| matches!(place, Place::Field { has_own_name: true, .. });
                // Two bots may both read API_KEY, each its own.
                let is_meant = !self.is_in_one_record() && has_own_name(one) == has_own_name(other);
                let alone = one.record().filter(|_| is_meant).map(|record| WayOut {
                    purpose: "give a program one of the records".into(),
                    command: alone(record),
                });
                alone.into_iter().chain(self.to_rename().rename()).collect()
            }
        }
    }

    fn ways_beside_a_value(&self, record: &Reference, field: &str) -> Vec<WayOut> {
        let value = Selection::Value(self.name.clone()).to_string();
        let remove = command(["rm", &value]);
        if self.is_same_value {
            return vec![WayOut { purpose: format!("remove {value}, which is the same"), command: remove }];
        }
        let take = command(["set", &record.to_string(), field]);
        vec![
            WayOut { purpose: format!("keep what {record} has"), command: remove.clone() },
            WayOut { purpose: format!("enter what {value} has instead"), command: format!("{take} && {remove}") },
        ]
    }

    /// The one that should get another name: one that has not its usual name, but rather no account that most programs
    /// mean, and rather the later.
    pub fn to_rename(&self) -> &Place {
        let [one, other] = &self.places;
        let keeps = |place: &&Place| match place {
            Place::Field { record, has_own_name, .. } => {
                (!*has_own_name, *record == Reference::new(&record.exchange, "main"))
            }
            Place::Value(_) => (true, true),
        };
        [other, one].into_iter().min_by_key(keeps).unwrap_or(other)
    }
}

/// `OKX_API_KEY is okx/main/api_key and env/OKX_API_KEY, with different values`
impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.places;
        let values = if self.is_same_value { "the same value" } else { "different values" };
        write!(f, "{} is {one} and {other}, with {values}", self.name)
    }
}

impl Place {
    /// Without the free name, which depends on those that the others were given.
    fn of(variable: &Variable<'_>) -> Place {
        match &variable.place {
            Selection::Field(record, field) => Place::Field {
                record: record.clone(),
                field: field.clone(),
                has_own_name: variable_name(record, field) != variable.name,
                free_name: String::new(),
            },
            place => Place::Value(match place {
                Selection::Value(name) => name.clone(),
                _ => variable.name.clone(),
            }),
        }
    }

    /// The record that it is in.
    pub fn record(&self) -> Option<&Reference> {
        match self {
            Place::Field { record, .. } => Some(record),
            Place::Value(_) => None,
        }
    }

    /// To give it another name, where it is a field.
    fn rename(&self) -> Option<WayOut> {
        let Place::Field { record, field, free_name, .. } = self else { return None };
        let name = if variable_name(record, field) == *free_name { "its usual name" } else { "another name" };
        Some(WayOut {
            purpose: format!("give {field} of {record} {name}"),
            command: command(["set", &record.to_string(), "--variable", &format!("{field}={free_name}")]),
        })
    }
}

/// `okx/main/api_key`, `env/NAME`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Field { record, field, .. } => write!(f, "{record}/{field}"),
            Place::Value(name) => Selection::Value(name.clone()).fmt(f),
        }
    }
}

/// `to keep what okx/main has: strongroom rm env/OKX_API_KEY`
impl fmt::Display for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}: {}", self.purpose, self.command)
    }
}

/// A name for the field of a record that reaches programs and is not taken: the usual one where it can be that.
pub fn free_name(record: &Reference, field: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let usual = variable_name(record, field);
    let usual = usual.strip_prefix(name::OURS).unwrap_or(&usual);
    let numbered = (2..).map(|number: u64| format!("{usual}_{number}"));
    let mut names = std::iter::once(usual.to_owned()).chain(numbered);
    names.find(|name| name::reaches_programs(name) && !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Contents;
    use crate::secret::Secret;

    /// `okx/main api_key=1 api_secret:NAME=2`, `env/NAME=1`
    fn contents(lines: &[&str]) -> Contents {
        let mut contents = Contents::default();
        for line in lines {
            if let Some(value) = line.strip_prefix("env/") {
                let (name, text) = value.split_once('=').unwrap();
                contents.set_value(name, Secret::copy_of(text), 0);
                continue;
            }
            let (reference, fields) = line.split_once(' ').unwrap();
            let mut record = Record::new(&reference.parse().unwrap(), 0).unwrap();
            for (field, text) in fields.split(' ').map(|field| field.split_once('=').unwrap()) {
                let (field, own) = field.split_once(':').unwrap_or((field, ""));
                record.fields.set(field, Secret::copy_of(text));
                if !own.is_empty() {
                    record.variables.insert(field.to_owned(), own.to_owned());
                }
            }
            contents.insert(record).unwrap();
        }
        contents
    }

    fn found(contents: &Contents) -> Vec<Collision> {
        collisions(&contents.records().iter().collect::<Vec<_>>(), &contents.values().collect::<Vec<_>>())
    }

    fn told(lines: &[&str]) -> Vec<String> {
        let alone = |record: &Reference| format!("strongroom run {record} -- COMMAND");
        let told = |collision: Collision| {
            let ways: Vec<String> = collision.ways_out(alone).iter().map(ToString::to_string).collect();
            format!("{collision}; {}", ways.join("; "))
        };
        found(&contents(lines)).into_iter().map(told).collect()
    }

    #[test]
    fn what_has_names_of_its_own_each_is_no_collision() {
        assert_eq!(told(&["okx/main api_key=1 api_secret:S=2", "okx/a api_key=1", "env/OKX_API_SECRET=2"]), [""; 0]);
    }

    #[test]
    fn a_value_beside_a_field_is_removed_and_where_it_differs_either_is_kept() {
        assert_eq!(
            told(&["okx/main uid=1", "env/OKX_UID=1"]),
            ["OKX_UID is okx/main/uid and env/OKX_UID, with the same value; \
              to remove env/OKX_UID, which is the same: strongroom rm env/OKX_UID"]
        );
        assert_eq!(
            told(&["okx/main uid=1", "env/OKX_UID=2"]),
            ["OKX_UID is okx/main/uid and env/OKX_UID, with different values; \
              to keep what okx/main has: strongroom rm env/OKX_UID; \
              to enter what env/OKX_UID has instead: strongroom set okx/main uid && strongroom rm env/OKX_UID"]
        );
    }

    #[test]
    fn of_two_fields_the_one_without_its_usual_name_gets_that() {
        for (lines, command) in [
            (
                ["binance/main api_key:OKX_API_KEY=1", "okx/main api_key=2"],
                "to give api_key of binance/main its usual name: \
                 strongroom set binance/main --variable api_key=BINANCE_API_KEY",
            ),
            (
                ["okx/main api_passphrase:OKX_PASSWORD=1 password=2", "kraken/main api_key=1"],
                "to give api_passphrase of okx/main its usual name: \
                 strongroom set okx/main --variable api_passphrase=OKX_API_PASSPHRASE",
            ),
            (
                ["okx/main a-b=1 a_b=2", "kraken/main api_key=1"],
                "to give a_b of okx/main another name: strongroom set okx/main --variable a_b=OKX_A_B_2",
            ),
            (
                ["okx/main api_key:K=1 api_secret:OKX_API_KEY=1", "okx/a api_key:K=2"],
                "to give a program one of the records: strongroom run okx/a -- COMMAND; \
                 to give api_key of okx/a its usual name: strongroom set okx/a --variable api_key=OKX_A_API_KEY",
            ),
        ] {
            let told = told(&lines);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].ends_with(&format!("; {command}")), "{told:?}");
        }
    }

    #[test]
    fn two_bots_that_read_one_name_are_run_one_at_a_time_first() {
        assert_eq!(
            told(&["kraken/main api_key:API_KEY=1", "okx/main api_key:API_KEY=2"]),
            ["API_KEY is kraken/main/api_key and okx/main/api_key, with different values; \
              to give a program one of the records: strongroom run kraken/main -- COMMAND; \
              to give api_key of okx/main its usual name: strongroom set okx/main --variable api_key=OKX_API_KEY"]
        );
        let told = told(&["okx/a-b api_key=1", "okx/a_b api_key=2"]);
        assert!(
            told[0].contains("run okx/a-b") && told[0].ends_with("--variable api_key=OKX_A_B_API_KEY_2"),
            "{told:?}"
        );
    }

    #[test]
    fn after_the_command_that_renames_nothing_collides() {
        let cases: [&[&str]; 5] = [
            &["kraken/main api_key:API_KEY=1", "okx/main api_key:API_KEY=2", "okx/a api_key:API_KEY=3"],
            &["kraken/main api_key:API_KEY=1", "okx/main api_key:API_KEY=2", "env/OKX_API_KEY=3"],
            &["okx/main a-b=1 a_b=2 a.b=3", "env/OKX_A_B_2=4"],
            &["strongroom/main api_key:K=1", "okx/main api_key:K=2", "env/API_KEY=1"],
            &["okx/main api_key:OKX_API_SECRET=1 api_secret=2"],
        ];
        for lines in cases {
            let mut contents = contents(lines);
            let mut tried = 0;
            while let Some(collision) = found(&contents).into_iter().next() {
                let Place::Field { record, field, free_name, .. } = collision.to_rename() else { panic!("{lines:?}") };
                let record = contents.record_mut(record).unwrap();
                record.variables.insert(field.clone(), free_name.clone());
                tried += 1;
                assert!(tried < 4, "{lines:?}");
            }
            assert!(tried > 0, "{lines:?}");
        }
    }

    #[test]
    fn no_two_places_are_given_the_same_name() {
        let contents = contents(&["okx/a-b x=1", "okx/a_b x=2", "okx/a.b x=3"]);
        let names: Vec<String> = found(&contents)
            .iter()
            .map(|collision| match collision.to_rename() {
                Place::Field { free_name, .. } => free_name.clone(),
                Place::Value(name) => panic!("{name}"),
            })
            .collect();
        assert_eq!(names.len(), 2);
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn each_later_place_is_told_with_the_first() {
        let contents = contents(&["a/main x:K=1", "b/main x:K=1", "c/main x:K=2", "env/K=2"]);
        let found = found(&contents);
        let places: Vec<String> = found.iter().map(|it| format!("{} {}", it.places[0], it.places[1])).collect();
        assert_eq!(places, ["a/main/x b/main/x", "a/main/x c/main/x", "a/main/x env/K"]);
        assert_eq!(found.iter().map(|it| it.is_same_value).collect::<Vec<_>>(), [true, false, false]);
        assert!(found.iter().all(|it| !it.is_in_one_record()));
    }
}
