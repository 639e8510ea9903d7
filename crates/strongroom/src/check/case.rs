//! One key of a record under the eye of the rules: what is known about it, and how something is said about it.

use std::collections::BTreeSet;

use super::{Command, Finding, Severity, Subject};
use crate::policy::Policy;
use crate::record::{CredentialKind, Environment, Previous, Record, Timestamp};
use crate::registry::{self, Exchange, Permission};
use crate::rotation;

/// What a record says of one of its keys: of the one that is in use, or of the old one, which an unfinished rotation
/// keeps and which works until somebody deletes it at the exchange.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) kind: CredentialKind,
    pub(super) permissions: &'a BTreeSet<String>,
    pub(super) ip_allowlist: &'a BTreeSet<String>,
    /// Set for the old one.
    pub(super) old: Option<&'a Previous>,
}

impl<'a> Key<'a> {
    pub(super) fn in_use(record: &'a Record) -> Key<'a> {
        let (permissions, ip_allowlist) = (&record.permissions, &record.ip_allowlist);
        Key { kind: record.kind, permissions, ip_allowlist, old: None }
    }

    /// The old key, while there is [one](Record::old_key) that the exchange still accepts.
    pub(super) fn old(record: &'a Record, now: Timestamp) -> Option<Key<'a>> {
        let old = record.old_key()?;
        let (permissions, ip_allowlist) = (&old.permissions, &old.ip_allowlist);
        let is_over = old.expires.is_some_and(|expires| expires <= now);
        (!is_over).then_some(Key { kind: old.kind, permissions, ip_allowlist, old: Some(old) })
    }
}

/// A record and one of its keys, what is known about it, and the findings so far.
pub(super) struct Case<'a> {
    pub(super) record: &'a Record,
    pub(super) key: Key<'a>,
    pub(super) exchange: Option<&'static Exchange>,
    /// What the key may do, as far as somebody recorded it in words that are known.
    pub(super) may: Option<BTreeSet<Permission>>,
    /// Whether it may do more, for all that is known: a word of what was recorded means nothing here.
    pub(super) may_do_more: bool,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    findings: &'a mut Vec<Finding>,
    /// Where those of this record begin.
    begin: usize,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        record: &'a Record,
        key: Key<'a>,
        policy: &'a Policy,
        now: Timestamp,
        findings: &'a mut Vec<Finding>,
    ) -> Case<'a> {
        let meanings = key.permissions.iter().flat_map(|word| registry::permission(&record.exchange, word));
        let may: BTreeSet<Permission> = meanings.copied().collect();
        let is_unknown = |word: &String| registry::permission(&record.exchange, word).is_empty();
        Case {
            record,
            key,
            exchange: registry::exchange(&record.exchange),
            may: (!may.is_empty()).then_some(may),
            may_do_more: key.permissions.iter().any(is_unknown),
            policy,
            now,
            begin: findings.len(),
            findings,
        }
    }

    /// Says something about the record.
    pub(super) fn say(&mut self, severity: Severity, code: &'static str, message: impl Into<String>) -> Said<'_> {
        self.findings.push(Finding {
            severity,
            code,
            subject: Subject::Record(self.record.reference()),
            field: None,
            other: None,
            message: message.into(),
            advice: String::new(),
            command: None,
        });
        Said(self.findings.last_mut().expect("it was just pushed"))
    }

    /// Whether something was said about this field already.
    pub(super) fn is_said_of(&self, field: &str) -> bool {
        self.findings[self.begin..].iter().any(|finding| finding.field.as_deref() == Some(field))
    }

    /// Whether something of this code was said already.
    pub(super) fn is_said(&self, code: &str) -> bool {
        self.findings[self.begin..].iter().any(|finding| finding.code == code)
    }

    /// Whether real money is behind it.
    pub(super) fn is_live(&self) -> bool {
        self.record.environment == Environment::Live
    }

    /// Whether it is a key that an exchange gave out, and not a wallet's or a token.
    pub(super) fn is_given_out(&self) -> bool {
        rotation::is_given_out(self.exchange, self.key.kind)
    }

    /// What the key may do, where that is all it may do.
    pub(super) fn all_it_may(&self) -> Option<&BTreeSet<Permission>> {
        self.may.as_ref().filter(|_| !self.may_do_more)
    }

    /// Whether somebody recorded that it may do this.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.may.as_ref().is_some_and(|may| may.contains(&permission))
    }

    /// The exchange as people call it.
    pub(super) fn exchange_name(&self) -> &'a str {
        self.exchange.map_or(self.record.exchange.as_str(), |exchange| exchange.name)
    }

    /// What to do about the old values; of an old key, no command can make another one.
    pub(super) fn finish(&self) -> (&'static str, Command) {
        let advice = match self.record.old_key() {
            Some(_) => "when every bot has the new key, delete the old at the exchange, then",
            None => "when every bot has the new values",
        };
        (advice, self.command("rotate", &["--finish"]))
    }

    /// `strongroom VERB REF REST...`, to paste.
    pub(super) fn command(&self, verb: &str, rest: &[&str]) -> Command {
        Command::on(verb, &self.record.reference(), rest)
    }
}

/// Something that was said, to be completed.
pub(super) struct Said<'a>(&'a mut Finding);

impl Said<'_> {
    /// It is about this field.
    pub(super) fn of(self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    /// What to do, and a command for it.
    pub(super) fn advise(self, advice: impl Into<String>, command: Command) {
        self.0.advice = advice.into();
        self.0.command = Some(command);
    }
}
