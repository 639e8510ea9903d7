//! What the key may do, as far as somebody recorded it.

use super::{Case, Severity, code};
use crate::registry::{self, Permission};

/// Whether a permission is one that this exchange uses, or one of the words that everybody uses.
pub fn is_known_permission(exchange: &str, word: &str) -> bool {
    !registry::permission(exchange, word).is_empty()
}

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>) {
    let unknown =
        case.record.permissions.iter().filter(|word| !is_known_permission(&case.record.exchange, word)).count();
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
    if case.record.permissions.is_empty() && case.is_given_out() {
        let command = case.command("set", &["--permission", "read,trade"]);
        case.say(Severity::Info, code::PERMISSIONS_NOT_RECORDED, "nobody recorded what this key may do")
            .advise("record it", command);
    }
    if case.may(Permission::Withdraw) {
        let rest: Vec<&str> =
            case.may.iter().flatten().filter(|may| **may != Permission::Withdraw).map(|may| may.name()).collect();
        let rest = if rest.is_empty() { "read".to_owned() } else { rest.join(",") };
        let command = case.command("set", &["--permission", &rest]);
        case.say(
            Severity::Error,
            code::WITHDRAW_PERMISSION,
            "it may send funds away, and the policy does not allow that",
        )
        .advise(
            "take that permission away at the exchange and record what is left; or allow it in strongroom.toml",
            command,
        );
    }
}
