//! What is said of the old key while a rotation is not finished.

use super::*;

/// A key that could do too much, and one that cannot in its place.
fn overlap() -> Contents {
    let mut contents = good();
    bind(&mut contents, &["read"], &["203.0.113.7"]);
    keep_old(&mut contents, &["read", "withdraw"], &[]);
    contents
}

fn told<'a>(report: &'a Report, code: &str) -> &'a Finding {
    report.findings.iter().find(|finding| finding.code == code).unwrap()
}

#[test]
fn the_old_key_is_named_as_such_and_is_to_be_deleted_and_forgotten() {
    let mut contents = overlap();
    let report = contents.check(&Policy::default(), NOW);
    let messages = [
        (
            WITHDRAW_PERMISSION,
            "the old key, kept until 2026-01-08, may send funds away, and the policy does not allow that",
        ),
        (
            NO_IP_ALLOWLIST,
            "no IP allow-list is recorded for the old key, kept until 2026-01-08: whoever gets the key can send funds away \
             from anywhere",
        ),
    ];
    for (code, message) in messages {
        let finding = told(&report, code);
        assert_eq!((finding.severity, finding.message.as_str()), (Error, message));
        assert!(finding.advice.contains("delete the old at the exchange"), "{}", finding.advice);
        assert_eq!(finding.command.as_ref().map(Command::as_str), Some("strongroom rotate bitvavo/main --finish"));
    }
    edit_old(&mut contents, |old| old.retire = Some(NOW - DAY));
    let report = contents.check(&Policy::default(), NOW);
    assert!(told(&report, WITHDRAW_PERMISSION).message.starts_with("the old key, kept since 2026-01-01, may"));
    contents.finish_rotation(&reference("bitvavo/main")).unwrap();
    assert_eq!(contents.check(&Policy::default(), NOW).findings, []);
}

#[test]
fn each_of_two_keys_is_told_by_itself() {
    let mut contents = overlap();
    bind(&mut contents, &["withdraw"], &["203.0.113.7"]);
    let report = contents.check(&Policy::default(), NOW);
    let of_code = report.findings.iter().filter(|finding| finding.code == WITHDRAW_PERMISSION);
    let commands: Vec<&str> = of_code.filter_map(|finding| finding.command.as_ref()).map(Command::as_str).collect();
    let (set, finish) = ("strongroom set bitvavo/main --permission read", "strongroom rotate bitvavo/main --finish");
    assert_eq!(commands, [set, finish]);
}

#[test]
fn what_the_policy_allows_to_the_record_it_allows_to_its_old_key() {
    let allow = |code| format!("[[allow]]\nrecord = \"bitvavo/main\"\ncode = \"{code}\"\nreason = \"it pays out\"\n");
    let policy = Policy::from_toml(&[WITHDRAW_PERMISSION, NO_IP_ALLOWLIST].map(allow).concat()).unwrap();
    let report = overlap().check(&policy, NOW);
    let codes = |findings: &mut dyn Iterator<Item = &Finding>| findings.map(|it| it.code).collect::<Vec<_>>();
    assert_eq!(codes(&mut report.findings.iter()), [ROTATION_UNFINISHED]);
    let silenced = codes(&mut report.silenced.iter().map(|silenced| &silenced.finding));
    assert_eq!(silenced, [WITHDRAW_PERMISSION, NO_IP_ALLOWLIST]);
}

#[test]
fn that_nobody_knows_what_either_key_may_do_is_said_once() {
    let mut contents = good();
    bind(&mut contents, &[], &[]);
    keep_old(&mut contents, &[], &[]);
    let report = contents.check(&Policy::default(), NOW);
    assert_eq!(report.findings.iter().filter(|finding| finding.code == NO_IP_ALLOWLIST).count(), 1);
}

#[test]
fn no_money_is_behind_an_old_key_of_a_testnet() {
    let mut contents = overlap();
    let demo = reference("bitvavo/main@demo");
    contents.rename(&reference("bitvavo/main"), &demo).unwrap();
    let report = contents.check(&Policy::default(), NOW);
    assert!(report.findings.iter().all(|finding| finding.code == ROTATION_UNFINISHED), "{:?}", report.findings);
}

#[test]
fn what_still_is_the_old_key_is_told_where_it_is_used() {
    let mut contents = overlap();
    add(&mut contents, "bitvavo/other", &[("api_key", OLD), GOOD2[1]]);
    contents.set_value("BITVAVO_KEY", secret(OLD), NOW);
    let report = contents.check(&Policy::default(), NOW);
    let finding = told(&report, SAME_SECRET);
    let expected = "api_key is still the old key of bitvavo/main, kept until 2026-01-08: it does not work any more once \
                    that key is deleted";
    assert_eq!((finding.subject.to_string().as_str(), finding.message.as_str()), ("bitvavo/other", expected));
    contents.remove(&reference("bitvavo/other")).unwrap();
    let report = contents.check(&Policy::default(), NOW);
    let finding = told(&report, SAME_SECRET);
    assert_eq!(finding.message, "it still is the old api_key of bitvavo/main, kept until 2026-01-08");
}

#[test]
fn when_the_old_key_expires_during_the_overlap_that_is_told() {
    let mut contents = overlap();
    edit_old(&mut contents, |old| (old.expires, old.retire) = (Some(NOW + DAY), Some(NOW + DAY)));
    let report = contents.check(&Policy::default(), NOW);
    let expected = "its old values are kept until 2026-01-02, when the old key expires";
    assert_eq!(told(&report, ROTATION_UNFINISHED).message, expected);
}

#[test]
fn a_key_that_the_rotation_did_not_replace_is_no_old_key() {
    let mut contents = overlap();
    edit_old(&mut contents, |old| {
        old.fields = [("api_passphrase".to_owned(), secret("EXAMPLE-OLD-PHRASE"))].into_iter().collect();
    });
    let report = contents.check(&Policy::default(), NOW);
    let told: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.advice.as_str())).collect();
    assert_eq!(told, [(ROTATION_UNFINISHED, "when every bot has the new values")]);
    // Nor is one that came back.
    edit_old(&mut contents, |old| drop(old.fields.set("api_key", secret(GOOD[0].1))));
    assert!(contents.record(&reference("bitvavo/main")).unwrap().old_key().is_none());
    edit_old(&mut contents, |old| drop(old.fields.set("api_key", secret(OLD))));
    assert!(contents.record(&reference("bitvavo/main")).unwrap().old_key().is_some());
}
