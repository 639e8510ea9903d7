//! Which line of the policy allows something, looked up by what it is about: a long policy beside a large vault is not
//! read again for every finding.

use std::collections::HashMap;

use super::{Allowance, Pattern, Policy};
use crate::record::{Environment, Reference, Selection};
use crate::registry;

/// What an allowance can be about. An exchange stands here under its id, whatever its case and alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum About {
    Everything(Option<Environment>),
    Exchange(String, Option<Environment>),
    Record(Reference),
    Field(Reference, String),
    Value(String),
}

impl About {
    /// What this pattern names.
    fn of(pattern: &Pattern) -> About {
        match pattern {
            Pattern::Everything(environment) => About::Everything(*environment),
            Pattern::These(Selection::Exchange(exchange, environment)) => About::Exchange(id(exchange), *environment),
            Pattern::These(Selection::Record(reference)) => About::Record(named(reference)),
            Pattern::These(Selection::Field(reference, field)) => About::Field(named(reference), field.clone()),
            Pattern::These(Selection::Value(name)) => About::Value(name.clone()),
        }
    }

    /// What a record has to be there for; none where that is anything.
    pub(crate) fn presence(pattern: &Pattern) -> Option<About> {
        match About::of(pattern) {
            About::Everything(_) => None,
            About::Field(reference, _) => Some(About::Record(reference)),
            about => Some(about),
        }
    }

    /// All that a pattern can name a record by, but for its fields.
    pub(crate) fn names_of(record: &Reference) -> [About; 5] {
        let named = named(record);
        let at = Some(record.environment);
        [
            About::Exchange(named.exchange.clone(), None),
            About::Exchange(named.exchange.clone(), at),
            About::Record(named),
            About::Everything(None),
            About::Everything(at),
        ]
    }
}

fn id(exchange: &str) -> String {
    registry::canonical_id(exchange).to_ascii_lowercase()
}

fn named(reference: &Reference) -> Reference {
    Reference { exchange: id(&reference.exchange), ..reference.clone() }
}

/// The allowances of a policy, by code and by what they are about.
pub(crate) struct Coverage<'p> {
    allowances: &'p [Allowance],
    /// The first of several lines that say the same.
    first: HashMap<(&'p str, About), usize>,
}

impl<'p> Coverage<'p> {
    pub(crate) fn of(policy: &'p Policy) -> Coverage<'p> {
        let mut first = HashMap::with_capacity(policy.allowances.len());
        for (at, allowance) in policy.allowances.iter().enumerate() {
            first.entry((allowance.code, About::of(&allowance.about))).or_insert(at);
        }
        Coverage { allowances: &policy.allowances, first }
    }

    /// What allows this about a record, or about this field of it: the first in the order of the file.
    pub(crate) fn of_record(&self, code: &'p str, record: &Reference, field: Option<&str>) -> Option<&'p Allowance> {
        if self.first.is_empty() {
            return None;
        }
        let of_field = field.map(|field| About::Field(named(record), field.to_owned()));
        self.earliest(code, About::names_of(record).into_iter().chain(of_field))
    }

    /// What allows this about the value `env/NAME`.
    pub(crate) fn of_value(&self, code: &'p str, name: &str) -> Option<&'p Allowance> {
        self.earliest(code, [About::Value(name.to_owned()), About::Everything(None)])
    }

    fn earliest(&self, code: &'p str, about: impl IntoIterator<Item = About>) -> Option<&'p Allowance> {
        let found = about.into_iter().filter_map(|about| self.first.get(&(code, about)));
        found.min().map(|at| &self.allowances[*at])
    }
}
