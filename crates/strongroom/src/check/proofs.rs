//! Every rule, with what it finds and what it passes over. A code that has not both fails here.

mod guilty;
mod innocent;
mod overlap;

use std::collections::{BTreeMap, BTreeSet};

use super::code::*;
use super::*;
use crate::private_key::examples::{EC_OWN, RSA, pem};
use crate::record::{CredentialKind, Fields, Previous, Record, Reference, field};
use crate::rotation::DAY;
use crate::secret::Secret;

const NOW: Timestamp = 1_767_225_600; // 2026-01-01
/// An Ed25519 key that is whole: 32 zeros.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n";
/// How the name of a key of Coinbase begins, which goes with a private key.
const CLOUD: &str = "organizations/01234567-89ab-cdef-0123-456789abcdef/apiKeys/01234567-89ab-cdef-0123-456789abcdef";

/// What a record is like, made of one that nothing is wrong with.
type Change = fn(&mut Contents);

/// A code, how bad it is, and what it is about.
struct Guilty(&'static str, Severity, Change);

/// A code, and what it is not about.
struct Innocent(&'static str, Change);

use Severity::{Error, Info, Warning};
use guilty::GUILTY;
use innocent::INNOCENT;

const GOOD: [(&str, &str); 2] = [("api_key", "EXAMPLE-KEY"), ("api_secret", "EXAMPLE-SECRET")];
/// An API key before a rotation.
const OLD: &str = "EXAMPLE-OLD";
const GOOD2: [(&str, &str); 2] = [("api_key", "EXAMPLE-KEY-2"), ("api_secret", "EXAMPLE-SECRET-2")];
const KUCOIN: [(&str, &str); 3] = [
    ("api_key", "0123456789abcdef01234567"),
    ("api_secret", "01234567-89ab-cdef-0123-456789abcdef"),
    ("api_passphrase", "EXAMPLE-PHRASE"),
];
const KUCOIN_SHORT: [(&str, &str); 3] = [("api_key", "0123456789"), KUCOIN[1], KUCOIN[2]];

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// One record that nothing is wrong with.
fn good() -> Contents {
    let mut contents = Contents::default();
    add(&mut contents, "bitvavo/main", &GOOD);
    contents
}

fn add(all: &mut Contents, name: &str, fields: &[(&str, &str)]) {
    let mut record = Record::new(&reference(name), NOW - DAY).unwrap();
    record.fields = fields.iter().map(|(name, value)| ((*name).to_owned(), secret(value))).collect();
    record.permissions = words(&["read", "trade"]);
    record.ip_allowlist = words(&["203.0.113.7"]);
    all.insert(record).unwrap();
}

fn edit(all: &mut Contents, name: &str, change: impl FnOnce(&mut Record)) {
    change(all.record_mut(&reference(name)).unwrap());
}

fn set(all: &mut Contents, name: &str, field: &str, value: &str) {
    edit(all, name, |record| drop(record.fields.set(field, secret(value))));
}

fn remove(all: &mut Contents, name: &str, field: &str) {
    edit(all, name, |record| drop(record.fields.remove(field)));
}

fn permit(all: &mut Contents, permissions: &[&str]) {
    edit(all, "bitvavo/main", |record| record.permissions = words(permissions));
}

fn bind(all: &mut Contents, permissions: &[&str], addresses: &[&str]) {
    permit(all, permissions);
    edit(all, "bitvavo/main", |record| record.ip_allowlist = words(addresses));
}

/// A record that came so many days ago.
fn aged(all: &mut Contents, name: &str, days: Timestamp) {
    add(all, name, &GOOD2);
    edit(all, name, |record| record.created = NOW - days * DAY);
}

/// The same without an allow-list.
fn unbound(all: &mut Contents, name: &str, days: Timestamp) {
    aged(all, name, days);
    edit(all, name, |record| record.ip_allowlist.clear());
}

fn previous(all: &mut Contents, replaced: Timestamp, retire: Option<Timestamp>) {
    let fields: Fields = [("api_key".to_owned(), secret(OLD))].into_iter().collect();
    edit(all, "bitvavo/main", |record| {
        record.previous = Some(Box::new(Previous { replaced, retire, fields, ..Previous::default() }))
    });
}

/// The record that nothing is wrong with, while an old key of it is kept that may do this from there.
fn keep_old(all: &mut Contents, permissions: &[&str], addresses: &[&str]) {
    previous(all, NOW, Some(NOW + 7 * DAY));
    edit_old(all, |old| (old.permissions, old.ip_allowlist) = (words(permissions), words(addresses)));
}

fn edit_old(all: &mut Contents, change: impl FnOnce(&mut Previous)) {
    edit(all, "bitvavo/main", |record| change(record.previous.as_mut().unwrap()));
}

/// Allows something harmless to the record that is in all of these, so that its absence can be noticed.
fn policy() -> Policy {
    Policy::from_toml("[[allow]]\nrecord = \"bitvavo/main/uid\"\ncode = \"shape\"\nreason = \"a test\"\n").unwrap()
}

fn found(change: Change) -> Report {
    let mut contents = good();
    change(&mut contents);
    contents.check(&policy(), NOW)
}

#[test]
fn nothing_is_said_of_a_record_that_nothing_is_wrong_with() {
    assert_eq!(found(|_| ()).findings, []);
}

#[test]
fn every_rule_finds_what_it_is_for_and_passes_over_what_it_is_not_for() {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for Guilty(code, severity, change) in GUILTY {
        let report = found(*change);
        let of_code: Vec<_> = report.findings.iter().filter(|finding| finding.code == *code).collect();
        assert_eq!(of_code.len(), 1, "{code}: {:#?}", report.findings);
        assert_eq!(of_code[0].severity, *severity, "{:?}", of_code[0]);
        let seen = worst.entry(code).or_insert(*severity);
        *seen = (*seen).min(*severity);
    }
    let mut passed_over = BTreeSet::new();
    for Innocent(code, change) in INNOCENT {
        let report = found(*change);
        assert!(report.findings.iter().all(|finding| finding.code != *code), "{code}: {:#?}", report.findings);
        passed_over.insert(*code);
    }
    for rule in &RULES {
        assert_eq!(worst.get(rule.code), Some(&rule.worst), "{} is not found, or not at its worst", rule.code);
        assert!(passed_over.contains(rule.code), "{} is never passed over", rule.code);
    }
    println!("{} rules: {} cases found, {} passed over", RULES.len(), GUILTY.len(), INNOCENT.len());
}

#[test]
fn nothing_that_is_said_has_any_part_of_a_value() {
    let mut said = 0;
    for Guilty(_, _, change) in GUILTY {
        for finding in found(*change).findings {
            let command = finding.command.as_ref().map(ToString::to_string).unwrap_or_default();
            let text = format!("{finding} {} {command}", finding.advice);
            for value in ["EXAMPLE", "0123", "89ab", "BEGIN PRIVATE"] {
                assert!(!text.contains(value), "{text}");
            }
            assert!(!finding.advice.is_empty() && command.starts_with("strongroom "), "{finding:?}");
            assert!(text.chars().all(|character| !character.is_control()), "{text:?}");
            said += 1;
        }
    }
    assert!(said >= GUILTY.len());
}

#[test]
fn the_worst_comes_first_and_then_the_order_of_the_vault() {
    let report = found(|all| {
        add(all, "okx/b", &[]);
        add(all, "okx/a", &[]);
        all.set_value("A", secret("EXAMPLE "), NOW);
        permit(all, &[]);
    });
    let order: Vec<String> = report.findings.iter().map(|it| format!("{} {}", it.severity, it.subject)).collect();
    assert_eq!(order, ["error okx/a", "error okx/b", "warning env/A", "info bitvavo/main"]);
    assert!(report.has_errors() && !report.is_ok());
    assert_eq!((report.count(Error), report.count(Warning), report.count(Info)), (2, 1, 1));
}

#[test]
fn what_the_policy_allows_is_listed_with_its_reason_and_counts_no_more() {
    let mut contents = good();
    permit(&mut contents, &["withdraw"]);
    add(&mut contents, "bitvavo/other", &GOOD2);
    edit(&mut contents, "bitvavo/other", |record| record.permissions = words(&["withdraw"]));
    let text = "[[allow]]\nrecord = \"bitvavo/main\"\ncode = \"withdraw-permission\"\nreason = \"it pays out\"\n";
    let report = contents.check(&Policy::from_toml(text).unwrap(), NOW);
    let names = |finding: &Finding| finding.subject.to_string();
    assert_eq!(report.findings.iter().map(names).collect::<Vec<_>>(), ["bitvavo/other"]);
    assert_eq!(report.silenced.len(), 1);
    assert_eq!((names(&report.silenced[0].finding).as_str(), report.silenced[0].reason.as_str()), {
        ("bitvavo/main", "it pays out")
    });
}

/// What stays of the repeated secrets when the policy allows one of them at this REF, and how many it silences.
fn repeats_but_for(contents: &Contents, allowed: &str) -> (Vec<String>, usize) {
    let text = format!("[[allow]]\nrecord = \"{allowed}\"\ncode = \"same-secret\"\nreason = \"a test\"\n");
    let report = contents.check(&Policy::from_toml(&text).unwrap(), NOW);
    let told = report.findings.iter().filter(|finding| finding.code == SAME_SECRET);
    let told = told.map(|finding| {
        let other = finding.other.as_ref().map(Subject::to_string).unwrap_or_default();
        format!("{} {} {} {other}", finding.severity, finding.subject, finding.field.as_deref().unwrap_or_default())
    });
    (told.collect(), report.silenced.len())
}

#[test]
fn what_is_allowed_for_one_field_is_not_allowed_for_another() {
    let mut contents = Contents::default();
    add(&mut contents, "okx/a", &KUCOIN);
    add(&mut contents, "okx/b@demo", &[GOOD[0], KUCOIN[1], KUCOIN[2]]);
    let told = vec!["error okx/b@demo api_secret okx/a".to_owned()];
    assert_eq!(repeats_but_for(&contents, "okx/b@demo/api_passphrase"), (told, 1));
    assert_eq!(repeats_but_for(&contents, "okx/a"), (vec![], 1));
}

#[test]
fn what_is_allowed_at_one_record_does_not_hide_what_two_others_share() {
    let mut contents = Contents::default();
    for (number, name) in ["bybit/a", "bybit/b@testnet", "bybit/c"].into_iter().enumerate() {
        add(&mut contents, name, &[("api_key", &format!("EXAMPLE-{number}")), GOOD[1]]);
    }
    let told = |text: &str| vec![text.to_owned()];
    assert_eq!(repeats_but_for(&contents, "bybit/a"), (told("error bybit/c api_secret bybit/b@testnet"), 2));
    assert_eq!(repeats_but_for(&contents, "bybit/b@testnet"), (told("warning bybit/c api_secret bybit/a"), 1));
}

#[test]
fn what_is_about_two_records_is_told_when_one_of_them_is_asked_for() {
    let report = || found(|all| add(all, "bitvavo/other", &GOOD));
    for (wanted, count) in [("bitvavo/main", 1), ("bitvavo/other", 1), ("okx/main", 0)] {
        let mut report = report();
        report.retain(|subject| *subject == Subject::Record(reference(wanted)));
        assert_eq!(report.findings.len(), count, "{wanted}");
    }
    let message = &report().findings[0].message;
    assert!(message.starts_with("api_key and api_secret are the same as in bitvavo/main: "), "{message}");
}

#[test]
fn the_days_of_the_policy_count() {
    let mut contents = good();
    aged(&mut contents, "bitstamp/main", 8);
    edit(&mut contents, "bitvavo/main", |record| record.expires = Some(NOW + 20 * DAY));
    let text = "[rotation]\ntrade = 10\nwarn_days = 1\n[expiry]\nwarn_days = 30\n";
    let codes = |text: &str| -> Vec<&str> {
        contents.check(&Policy::from_toml(text).unwrap(), NOW).findings.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(text), [EXPIRES_SOON, NEVER_ROTATED]);
    assert_eq!(codes("[rotation]\ntrade = 8\n"), [ROTATION_DUE]);
    assert_eq!(codes(""), [NEVER_ROTATED]);
}

#[test]
fn times_from_a_file_cannot_wrap() {
    for time in [Timestamp::MIN, Timestamp::MAX] {
        let mut contents = good();
        add(&mut contents, "bybit/main", &GOOD2);
        for name in ["bitvavo/main", "bybit/main"] {
            edit(&mut contents, name, |record| {
                (record.created, record.rotated) = (time, Some(time));
                record.expires = (name == "bitvavo/main").then_some(time);
                record.ip_allowlist.clear();
                record.previous = Some(Box::new(Previous { replaced: time, ..Previous::default() }));
            });
        }
        for now in [Timestamp::MIN, 0, NOW, Timestamp::MAX] {
            assert!(!contents.check(&policy(), now).findings.is_empty());
        }
    }
}

#[test]
fn the_form_of_one_value_can_be_asked_for() {
    assert_eq!(form_problem(field::API_KEY, "EXAMPLE "), Some("begins or ends with a blank or line end"));
    assert_eq!(form_problem(field::API_SECRET, PEM), None);
    assert_eq!(form_problem(field::API_SECRET, &PEM[..40]), Some("has no END line that fits its BEGIN line"));
    assert_eq!(form_problem(field::API_SECRET, ""), None);
}

#[test]
fn exchanges_tell_what_they_do_to_keys_without_a_list_and_where_that_was_read() {
    let mut contents = Contents::default();
    add(&mut contents, "okx/main", &KUCOIN);
    edit(&mut contents, "okx/main", |record| record.ip_allowlist.clear());
    let report = contents.check(&Policy::default(), NOW);
    let finding = report.findings.iter().find(|finding| finding.code == NO_IP_ALLOWLIST).unwrap();
    let told = "at OKX, a key without an IP allow-list and with trade or withdraw is deleted 14 days after its last use \
                [OKX, Generating an API Key (read in a public copy of the guide), 2026-11-22]";
    assert!(finding.message.contains(told), "{}", finding.message);
    aged(&mut contents, "upbit/main", 365);
    let report = contents.check(&Policy::default(), NOW);
    let told = "at Upbit, any key expires 365 days after it was made [Upbit, List of API Keys, 2023-10-24]; this was over \
                on 2026-01-01";
    assert_eq!(report.findings[0].message, told);
}
