//! What was found, in the order in which it matters, and what the policy silenced.

use std::fmt;

use super::command::Command;
use super::rules::{RULES, Severity};
use crate::policy::Coverage;
use crate::record::{Reference, Selection};

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A record.
    Record(Reference),
    /// The value `env/NAME`.
    Value(String),
    /// The policy.
    Policy {
        /// The line of its `[[allow]]`, from 1.
        line: usize,
    },
}

/// A REF, or `policy`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Record(reference) => reference.fmt(f),
            Subject::Value(name) => Selection::Value(name.clone()).fmt(f),
            Subject::Policy { .. } => f.write_str("policy"),
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Which [rule](super::RULES) found it.
    pub code: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// The field of the record, when it is about one.
    pub field: Option<String>,
    /// The other record or value, when it is about two.
    pub other: Option<Subject>,
    /// What is wrong, in our words. Never any part of a value.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// A command that does it, or the last part of it, to paste.
    pub command: Option<Command>,
}

/// `error: okx/main: api_passphrase is missing; OKX needs it [missing-field]`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} [{}]", self.severity, self.subject, self.message, self.code)
    }
}

/// What the policy allows, and so nobody has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// What was found.
    pub finding: Finding,
    /// Why it is allowed, in the words of the policy.
    pub reason: String,
}

/// Everything found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By severity, then in the order of the vault.
    pub findings: Vec<Finding>,
    /// What the policy allows, in the same order.
    pub silenced: Vec<Silenced>,
}

impl Report {
    /// Takes what the policy allows out, and orders the rest.
    pub(super) fn of(mut found: Vec<Finding>, coverage: &Coverage<'_>) -> Report {
        let place = |finding: &Finding| RULES.iter().position(|rule| rule.code == finding.code);
        // The order of the vault is the one they came in, but for what was found by comparing records.
        let about = |finding: &Finding| match &finding.subject {
            Subject::Record(reference) => {
                let (exchange, subaccount, environment) = reference.sort_key();
                (0, exchange, subaccount.to_owned(), Some(environment), 0)
            }
            Subject::Value(name) => (1, name.clone(), String::new(), None, 0),
            Subject::Policy { line } => (2, String::new(), String::new(), None, *line),
        };
        found.sort_by_cached_key(|finding| (finding.severity, about(finding), place(finding), finding.field.clone()));
        let mut report = Report::default();
        for finding in found {
            match reason(&finding, coverage) {
                Some(reason) => report.silenced.push(Silenced { finding, reason }),
                None => report.findings.push(finding),
            }
        }
        report
    }

    /// Whether there is neither an error nor a warning.
    pub fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }

    /// Whether a bot should not start with this.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Keeps only what is about subjects that are wanted. What is about two is kept when one of them is.
    pub fn retain(&mut self, wanted: impl Fn(&Subject) -> bool) {
        let keep = |finding: &Finding| wanted(&finding.subject) || finding.other.as_ref().is_some_and(&wanted);
        self.findings.retain(keep);
        self.silenced.retain(|silenced| keep(&silenced.finding));
    }
}

/// Why the policy allows this, if it does. What is about two is allowed at either.
fn reason(finding: &Finding, coverage: &Coverage<'_>) -> Option<String> {
    let covering = |subject: &Subject| match subject {
        Subject::Record(reference) => coverage.of_record(finding.code, reference, finding.field.as_deref()),
        Subject::Value(name) => coverage.of_value(finding.code, name),
        Subject::Policy { .. } => None,
    };
    let subjects = [Some(&finding.subject), finding.other.as_ref()];
    let first = subjects.into_iter().flatten().filter_map(covering).min_by_key(|allowance| allowance.line);
    first.map(|allowance| allowance.reason.clone())
}
