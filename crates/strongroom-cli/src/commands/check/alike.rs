//! What is said of many records in the same words, to be told once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use strongroom::check::{Finding, Subject};

use crate::select::MANY;

/// One finding, or many that differ only in what they are about.
#[derive(Debug)]
pub enum Told<'a, T> {
    /// By itself.
    One(&'a T),
    /// Of each subject one, in the order of the report.
    Many(Vec<&'a T>),
}

impl<'a, T> Told<'a, T> {
    /// The only one, or the first.
    pub fn first(&self) -> &'a T {
        match self {
            Told::One(one) => one,
            Told::Many(many) => many.first().expect("nobody makes many of none"),
        }
    }
}

/// Those that stand alone in their order, then the groups of those of which the same is said, in the order of their
/// first.
///
/// That order and not the report's, because what is true of fifty records is how things are there, and what is true of
/// one is news: behind a list of fifty names nobody would see it.
pub fn grouped<'a, T, K: Eq + Hash>(
    all: &'a [T],
    finding: impl Fn(&'a T) -> &'a Finding,
    said: impl Fn(&'a T) -> K,
) -> Vec<Told<'a, T>> {
    let mut places: HashMap<(K, Kind), usize> = HashMap::new();
    let mut groups: Vec<Vec<&T>> = Vec::new();
    let mut seen: HashSet<(usize, &Subject)> = HashSet::new();
    let mut place_of = Vec::with_capacity(all.len());
    for one in all {
        let subject = &finding(one).subject;
        let place = *places.entry((said(one), Kind::of(subject))).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        place_of.push(place);
        if seen.insert((place, subject)) {
            groups[place].push(one);
        }
    }
    let alone = all.iter().zip(place_of).filter(|(_, place)| groups[*place].len() < MANY);
    let mut told: Vec<Told<'a, T>> = alone.map(|(one, _)| Told::One(one)).collect();
    told.extend(groups.into_iter().filter(|group| group.len() >= MANY).map(Told::Many));
    told
}

/// Records and values are counted by different words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Records.
    Record,
    /// Values `env/NAME`.
    Value,
    /// Entries of the policy.
    Policy,
}

impl Kind {
    /// What this is.
    pub fn of(subject: &Subject) -> Kind {
        match subject {
            Subject::Record(_) => Kind::Record,
            Subject::Value(_) => Kind::Value,
            Subject::Policy { .. } => Kind::Policy,
        }
    }

    /// One of them.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Record => "record",
            Kind::Value => "value",
            Kind::Policy => "policy line",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::check::{Severity, code};

    fn finding(subject: Subject, message: &str) -> Finding {
        Finding {
            severity: Severity::Info,
            code: code::SHAPE,
            subject,
            field: None,
            other: None,
            message: message.to_owned(),
            advice: String::new(),
            command: None,
        }
    }

    fn told(findings: &[Finding]) -> Vec<String> {
        let told = grouped(findings, |finding| finding, |finding| finding.message.as_str());
        let line = |told: &Told<'_, Finding>| match told {
            Told::One(finding) => format!("{} {}", finding.subject, finding.message),
            Told::Many(findings) => format!("{} {}", findings.len(), findings[0].message),
        };
        told.iter().map(line).collect()
    }

    fn record(name: &str) -> Subject {
        Subject::Record(name.parse().unwrap())
    }

    #[test]
    fn three_are_many_and_come_behind_what_stands_alone() {
        let mut findings = Vec::new();
        for name in ["okx/a", "okx/b", "okx/c"] {
            findings.push(finding(record(name), "common"));
            findings.push(finding(record(name), if name == "okx/b" { "rare" } else { "of two" }));
        }
        assert_eq!(told(&findings), ["okx/a of two", "okx/b rare", "okx/c of two", "3 common"]);
    }

    #[test]
    fn the_same_of_one_record_counts_once() {
        let mut findings: Vec<Finding> = ["okx/a", "okx/a", "okx/b"].map(|name| finding(record(name), "x")).into();
        assert_eq!(told(&findings), ["okx/a x", "okx/a x", "okx/b x"]);
        findings.push(finding(record("okx/c"), "x"));
        assert_eq!(told(&findings), ["3 x"]);
    }

    #[test]
    fn records_and_values_are_not_told_together() {
        let mut findings: Vec<Finding> = ["a", "b"].map(|name| finding(Subject::Value(name.into()), "x")).into();
        findings.push(finding(record("okx/a"), "x"));
        assert_eq!(told(&findings), ["env/a x", "env/b x", "okx/a x"]);
    }
}
