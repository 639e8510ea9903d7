//! What is wrong with the credentials of a vault, told before a bot finds out.
//!
//! Each rule has a code that stays, so that scripts and [policies](crate::policy) can name it. An *error* means that
//! the bot will fail or money is at risk now; a *warning*, soon, or that somebody was sloppy; an *info* is good to
//! know. Where the severity depends on the case, the worst is given.
//!
//! | code | at worst | what it means |
//! |---|---|---|
//! | `missing-field` | error | a field that this exchange needs is not there |
//! | `empty-field` | error | a field is there and has nothing in it |
//! | `blank` | error | blanks, line ends, quotes or invisible characters came along with a value |
//! | `pem-form` | error | a private key in PEM is not in the form that every program reads |
//! | `shape` | warning | a value does not look like those of this exchange |
//! | `cannot-sign` | error | the secret cannot sign the requests of this exchange |
//! | `key-and-secret-swapped` | error | two fields hold each other's value |
//! | `same-secret` | error | a secret stands in two places |
//! | `same-variable` | error | two fields are the same environment variable |
//! | `unreachable-variable` | warning | no bot gets the environment variable that a field is |
//! | `withdraw-permission` | error | the key can send funds away |
//! | `no-ip-allowlist` | error | the key can be used from anywhere |
//! | `ip-allowlist-form` | warning | the IP allow-list has what an exchange does not accept, or what allows everything |
//! | `expired` | error | the key does not work any more |
//! | `expires-soon` | warning | the key stops working soon |
//! | `rotation-due` | warning | the secrets are older than they should get |
//! | `rotation-due-soon` | info | the secrets are nearly as old as they should get |
//! | `never-rotated` | info | the values are those it came with a week ago or more, which may have lain in a plaintext file |
//! | `rotation-unfinished` | warning | the values before a rotation are still kept |
//! | `permissions-not-recorded` | info | nobody wrote down what the key may do |
//! | `unknown-permission-word` | warning | nobody knows what a permission means |
//! | `unknown-exchange` | info | nothing is known about the exchange, so little is checked |
//! | `policy-without-record` | info | the policy allows something to a record that is not there |
//!
//! While a rotation is not finished, the old key works too: what it may do and from where is looked at as if it were in
//! use, and the policy allows it the same.
//!
//! Keys of testnets and demo accounts move no money: for them nothing is said of permissions and IP allow-lists, and
//! due rotations are only good to know. Of the values `env/NAME`, of which nobody knows what they are, only their form
//! is looked at, and whether they repeat a secret of a record.
//!
//! ```no_run
//! use strongroom::{MachineKey, Policy, Secret, Unlock, Vault};
//!
//! # fn main() -> strongroom::Result<()> {
//! # let (key_text, now) = (Secret::copy_of(""), 0);
//! // A bot that does not start with keys that will fail it.
//! let vault = Vault::open("vault.strongroom", &Unlock::machine_key(MachineKey::from_text(&key_text)?))?;
//! let report = vault.check(&Policy::read_beside(vault.path())?, now);
//! for finding in &report.findings {
//!     eprintln!("{finding}");
//! }
//! if report.has_errors() {
//!     std::process::exit(1);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here asks a clock, prints, or keeps any part of a value: messages are in our own words, and comparing leaves
//! no copies behind.

mod addresses;
mod blanks;
mod case;
mod command;
mod dates;
mod fields;
mod pem;
mod permissions;
#[cfg(test)]
mod proofs;
mod repeats;
mod report;
pub(crate) mod rules;
mod signing;
mod variables;

use std::collections::{BTreeMap, HashSet};

use crate::memory::without_traces;
use crate::policy::{About, Coverage, Policy};
use crate::record::{Contents, Timestamp};
use crate::vault::Vault;
use case::{Case, Key};

pub(crate) use addresses::has_allowlist;
pub(crate) use fields::absent;

pub use addresses::is_network;
pub use command::Command;
pub use permissions::is_known_permission;
pub use report::{Finding, Report, Silenced, Subject};
pub use rules::{RULES, Rule, Severity, code};
pub use signing::signing_problem;

impl Vault {
    /// Looks at every record and value. See [`crate::check`] for what is looked for. Of the stack it needs as much as
    /// [`Vault::subaccount`].
    pub fn check(&self, policy: &Policy, now: Timestamp) -> Report {
        without_traces(|| look(&self.contents(), policy, now))
    }
}

impl Contents {
    /// As [`Vault::check`], for contents that are decoded already.
    pub fn check(&self, policy: &Policy, now: Timestamp) -> Report {
        without_traces(|| look(self, policy, now))
    }
}

/// What is wrong with the form of a value, as the end of a sentence that begins with the field. Never any part of it.
///
/// ```
/// let problem = strongroom::check::form_problem("api_key", "EXAMPLE-KEY\n").unwrap();
/// assert_eq!(problem, "begins or ends with a blank or line end");
/// ```
pub fn form_problem(field: &str, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return None;
    }
    let of_pem = || pem::problem(field, value).map(|(_, problem)| problem);
    if pem::is_pem(value) { of_pem() } else { blanks::problem(field, value).or_else(of_pem) }
}

fn look(contents: &Contents, policy: &Policy, now: Timestamp) -> Report {
    let mut findings = Vec::new();
    let mut guesses = BTreeMap::new();
    for record in contents.records() {
        let mut case = Case::new(record, Key::in_use(record), policy, now, &mut findings);
        fields::check(&mut case, &mut guesses);
        permissions::check(&mut case);
        addresses::check(&mut case);
        dates::check(&mut case);
        if let Some(old) = Key::old(record, now) {
            let mut case = Case::new(record, old, policy, now, &mut findings);
            permissions::check_old(&mut case);
            addresses::check_old(&mut case);
        }
    }
    for (name, value) in contents.values() {
        fields::check_value(name, value, &mut findings);
    }
    let coverage = Coverage::of(policy);
    repeats::check(contents, &coverage, now, &mut findings);
    variables::check(contents, &mut findings);
    policy_without_record(contents, policy, &mut findings);
    Report::of(findings, &coverage)
}

/// An allowance for what is not there was misspelt, or has outlived its record; either should be put right.
fn policy_without_record(contents: &Contents, policy: &Policy, findings: &mut Vec<Finding>) {
    if policy.allowances().is_empty() {
        return;
    }
    let records = contents.records().iter().flat_map(|record| About::names_of(&record.reference()));
    let values = contents.values().map(|(name, _)| About::Value(name.to_owned()));
    let there: HashSet<About> = records.chain(values).collect();
    for allowance in policy.allowances() {
        if About::presence(&allowance.about).is_some_and(|about| !there.contains(&about)) {
            findings.push(Finding {
                severity: Severity::Info,
                code: code::POLICY_WITHOUT_RECORD,
                subject: Subject::Policy { line: allowance.line },
                field: None,
                other: None,
                message: format!("line {} allows {} to a record that is not there", allowance.line, allowance.code),
                advice: "correct the record of this [[allow]], or remove it".into(),
                command: Some(Command::of(["list"])),
            });
        }
    }
}
