//! Whether a permission that nobody knows speaks of sending funds away.

const WITHDRAW: &str = "withdraw";

/// Before it: `no-withdraw`, `cannot withdraw`.
const NOT_BEFORE: [&str; 12] =
    ["no", "not", "non", "never", "cannot", "cant", "dont", "without", "disable", "disabled", "disallow", "disallowed"];

/// Behind it: `withdraw: false`, `withdrawals_disabled`.
const NOT_BEHIND: [&str; 9] =
    ["disabled", "disallowed", "denied", "forbidden", "blocked", "off", "false", "none", "no"];

/// What may stand between it and one of those.
const BETWEEN: [&str; 9] = ["allow", "allowed", "enable", "enabled", "is", "are", "to", "permission", "permissions"];

/// What is only looked at: `view-withdrawals`, `withdrawal_history`.
const LOOKS: [&str; 10] =
    ["read", "readonly", "view", "history", "list", "query", "status", "limit", "limits", "histories"];

/// Beside what is looked at, these say that it is not only that: `withdrawals:read_write`, `read trade withdraw`.
const ACTS: [&str; 6] = ["write", "trade", "transfer", "create", "execute", "submit"];

/// `can_withdraw`, `Withdraw Funds`, `withdrawAll`, and not `no-withdraw`, `withdrawals_disabled` or `view-withdrawals`.
///
/// What says the contrary is not taken for harmless: it stays a word that nobody knows.
pub(super) fn speaks_of_withdrawing(text: &str) -> bool {
    text.split([',', ';', '|', '+', '&']).flat_map(settings).any(|clause| withdraws(&words(&clause)))
}

/// `trade:no withdraw:yes` are two; `withdraw: false` is one.
fn settings(text: &str) -> Vec<String> {
    let mut settings: Vec<String> = Vec::new();
    for part in text.split_whitespace() {
        let begins = part.contains(is_assignment) && !part.starts_with(is_assignment);
        match settings.last_mut().filter(|_| !begins) {
            Some(setting) => {
                setting.push(' ');
                setting.push_str(part);
            }
            None => settings.push(part.to_owned()),
        }
    }
    settings
}

fn is_assignment(character: char) -> bool {
    matches!(character, ':' | '=')
}

fn withdraws(words: &[Word]) -> bool {
    let has = |some: &[&str]| words.iter().any(|word| some.contains(&word.text.as_str()));
    if has(&LOOKS) && !has(&ACTS) {
        return false;
    }
    (0..words.len()).any(|at| words[at].text == WITHDRAW && !is_negated(&words[..at], &words[at + 1..]))
}

/// Only by what stands directly beside it, so that `withdraw ip-lock off` is no contrary.
fn is_negated(before: &[Word], behind: &[Word]) -> bool {
    let counts = |word: &&Word| !BETWEEN.contains(&word.text.as_str());
    // In `trade:no withdraw`, it is the trading that is not allowed.
    let by_before = |word: &Word| !word.is_assigned && NOT_BEFORE.contains(&word.text.as_str());
    if before.iter().rev().find(counts).is_some_and(by_before) {
        return true;
    }
    // `withdraw no limit`, `withdraw off-chain`
    let mut behind = behind.iter().filter(counts);
    let next = behind.next().filter(|word| NOT_BEHIND.contains(&word.text.as_str()));
    next.is_some_and(|word| word.is_assigned || behind.next().is_none())
}

/// A word in lower case.
struct Word {
    text: String,
    /// Whether it stands behind a `:` or `=`.
    is_assigned: bool,
}

/// The words between other characters than letters and digits, and those of `camelCase`. What begins with `withdraw`,
/// or has it within, is taken apart, so that it is a word of its own.
fn words(clause: &str) -> Vec<Word> {
    let characters: Vec<char> = clause.chars().filter(|character| !matches!(character, '\'' | '’')).collect();
    let mut words: Vec<Word> = Vec::new();
    let (mut is_open, mut is_assigned) = (false, false);
    for (at, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            is_assigned = is_assignment(character) || is_assigned && !is_open;
            is_open = false;
            continue;
        }
        let was_lower = at > 0 && !characters[at - 1].is_ascii_uppercase();
        let is_lower_next = characters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if !is_open || character.is_ascii_uppercase() && (was_lower || is_lower_next) {
            words.push(Word { text: String::new(), is_assigned });
            (is_open, is_assigned) = (true, false);
        }
        if let Some(word) = words.last_mut() {
            word.text.push(character.to_ascii_lowercase());
        }
    }
    taken_apart(joined(words))
}

/// `with-draw` is one word.
fn joined(words: Vec<Word>) -> Vec<Word> {
    let mut all: Vec<Word> = Vec::new();
    for word in words {
        match all.last_mut().filter(|last| last.text == "with") {
            Some(last) if matches!(word.text.as_str(), "draw" | "draws" | "drawal" | "drawals") => {
                last.text.push_str(&word.text);
            }
            _ => all.push(word),
        }
    }
    all
}

/// `nowithdrawals` is `no` and `withdraw`.
fn taken_apart(words: Vec<Word>) -> Vec<Word> {
    let mut all = Vec::new();
    for word in words {
        let Some((before, behind)) = word.text.split_once(WITHDRAW) else {
            all.push(word);
            continue;
        };
        let behind = ["als", "al", "s"].iter().find_map(|end| behind.strip_prefix(end)).unwrap_or(behind);
        let before = before.trim_end_matches("allow").trim_end_matches("enable");
        let parts = [before, WITHDRAW, behind].into_iter().filter(|part| !part.is_empty()).enumerate();
        all.extend(parts.map(|(at, part)| Word { text: part.to_owned(), is_assigned: at == 0 && word.is_assigned }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_beside_it_says_the_contrary() {
        for text in [
            "cardano_withdraw",
            "cardanowithdraw",
            "trade:no withdraw:yes",
            "trade:no withdraw",
            "trade=off, withdraw",
            "withdraw ip-lock off",
            "withdraw no limits on trade",
            "withdraw off-chain",
            "withdraw, no trade",
            "APIWithdraw",
            "withdrawOn",
        ] {
            assert!(speaks_of_withdrawing(text), "{text}");
        }
        for text in [
            "withdraw:no trade:yes",
            "trade:yes withdraw: no",
            "nowithdrawals",
            "can't withdraw",
            "not allowed to withdraw",
            "withdrawEnabled=false",
            "withdrawalsdisabled",
            "with drawdown",
        ] {
            assert!(!speaks_of_withdrawing(text), "{text}");
        }
    }

    #[test]
    fn what_is_only_looked_at_is_not_sent_away() {
        for text in [
            "wallet:withdrawals:read",
            "view-withdrawals",
            "withdrawal_history",
            "withdraw_limit",
            "withdrawalStatus",
            "queryWithdrawals",
            "withdraw.list",
        ] {
            assert!(!speaks_of_withdrawing(text), "{text}");
        }
        for text in [
            "read_only,withdraw",
            "read + withdraw",
            "Read/Trade/Withdraw",
            "read:yes withdraw:yes",
            "wallet:withdrawals:read_write",
            "withdraw_whitelist",
        ] {
            assert!(speaks_of_withdrawing(text), "{text}");
        }
    }
}
