//! What the key may do, as far as somebody recorded it.

use super::dates::kept;
use super::{Case, Command, Severity, code};
use crate::registry::{self, Permission};

/// Whether a permission is one that this exchange uses, or one of the words that everybody uses.
pub fn is_known_permission(exchange: &str, word: &str) -> bool {
    !registry::permission(exchange, word).is_empty()
}

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>) {
    let unknown = case.key.permissions.iter().filter(|word| !is_known_permission(&case.record.exchange, word)).count();
    if unknown > 0 {
        let message = match unknown {
            1 => "one of its permissions is a word that nobody knows here; it may stand for anything".to_owned(),
            _ => format!("{unknown} of its permissions are words that nobody knows here; they may stand for anything"),
        };
        let command = case.command("set", &["--permission", "read,trade"]);
        case.say(Severity::Warning, code::UNKNOWN_PERMISSION_WORD, message)
            .advise("say it as read, trade, transfer or withdraw", command);
    }
    if !case.is_live() {
        return;
    }
    if case.key.permissions.is_empty() && case.is_given_out() {
        let command = case.command("set", &["--permission", "read,trade"]);
        case.say(Severity::Info, code::PERMISSIONS_NOT_RECORDED, "nobody recorded what this key may do")
            .advise("record it", command);
    }
    if case.may(Permission::Withdraw) {
        let (advice, command) = take_away(case);
        let message = "it may send funds away, and the policy does not allow that";
        case.say(Severity::Error, code::WITHDRAW_PERMISSION, message).advise(advice, command);
    }
}

/// The same of the old key, but for what is only about how something was recorded: that has an end with the rotation.
pub(super) fn check_old(case: &mut Case<'_>) {
    let Some(old) = case.key.old.filter(|_| case.is_live() && case.may(Permission::Withdraw)) else { return };
    let message =
        format!("the old key, {}, may send funds away, and the policy does not allow that", kept(old, case.now));
    let (advice, command) = case.finish();
    case.say(Severity::Error, code::WITHDRAW_PERMISSION, message).advise(advice, command);
}

/// What to do about a key that withdraws, and how to record it.
fn take_away(case: &Case<'_>) -> (&'static str, Command) {
    // Some exchange calls withdrawing transfer: recorded so, it would be found again.
    let withdraws = |word: &str| registry::permission(&case.record.exchange, word).contains(&Permission::Withdraw);
    let rest = case.may.iter().flatten().map(|may| may.name()).filter(|word| !withdraws(word));
    let rest: Vec<&str> = rest.collect();
    let rest = if rest.is_empty() { "read".to_owned() } else { rest.join(",") };
    let command = case.command("set", &["--permission", &rest]);
    ("allow it in strongroom.toml, or take that permission away at the exchange and record what is left", command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::record::{Contents, Record, Reference};

    #[test]
    fn what_is_advised_against_withdrawing_is_not_found_again() {
        let mut tried = 0;
        for exchange in registry::exchanges() {
            let mut record = Record::new(&Reference::new(exchange.id, "main"), 0).unwrap();
            record.permissions = Permission::ALL.map(|may| may.name().to_owned()).into();
            let mut contents = Contents::default();
            contents.insert(record).unwrap();
            let report = contents.check(&Policy::default(), 0);
            let found = report.findings.iter().find(|finding| finding.code == code::WITHDRAW_PERMISSION);
            // Those whose keys are wallets have no permissions.
            let Some(command) = found.and_then(|finding| finding.command.as_ref()) else { continue };
            let words = command.as_str().split("--permission ").nth(1).unwrap();
            let again = |word: &str| registry::permission(exchange.id, word).contains(&Permission::Withdraw);
            assert!(!words.is_empty() && !words.split(',').any(again), "{command}");
            tried += 1;
        }
        assert!(tried > 50, "{tried}");
    }
}
