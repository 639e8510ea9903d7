//! What is known about a key beside its secrets: what it may do, from where, and until when.
//!
//! Each question can be skipped, because a fact that is wrong is worse than none. What the exchange does to keys by
//! itself is told where it matters.

use std::collections::BTreeSet;

use strongroom::record::Timestamp;
use strongroom::registry::{self, Exchange, ExpiryRule, Permission};

use super::super::{RecordInput, is_network, parse_moment};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::wrapped;
use crate::prompt;

const LETTERS: [(char, Permission); 4] =
    [('r', Permission::Read), ('t', Permission::Trade), ('m', Permission::Transfer), ('w', Permission::Withdraw)];

/// Asks for what was not said yet.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn ask(context: &Context, exchange_name: &str, input: &mut RecordInput, now: Timestamp) -> Result<(), Failure> {
    let exchange = registry::exchange(exchange_name);
    let left = [input.permissions.is_none(), input.ip_allowlist.is_none(), input.expires.is_none()];
    let opening = match left.into_iter().filter(|open| *open).count() {
        0 => return Ok(()),
        1 => "One question about what is not secret; Enter skips it.",
        2 => "Two questions about what is not secret; Enter skips each.",
        _ => "Three questions about what is not secret; Enter skips each.",
    };
    prompt::say(&format!("\n{opening}"));
    if input.permissions.is_none() {
        input.permissions = permissions(context)?;
    }
    let means = meaning(exchange_name, input.permissions.as_ref());
    if input.ip_allowlist.is_none() {
        tell_of_addresses(exchange, means.as_ref());
        input.ip_allowlist = addresses(context)?;
    }
    if input.expires.is_none() {
        let bound = input.ip_allowlist.as_ref().is_some_and(|list| !list.is_empty());
        let rules = exchange.map(Exchange::expiry_rules).unwrap_or_default().iter();
        tell_rules(exchange, rules.filter(|rule| !rule.without_allowlist && rule.applies(means.as_ref(), bound)));
        input.expires = expiry(context, "When does it expire, as 2027-01-31?", now)?.map(Some);
    }
    Ok(())
}

/// When a key expires, by somebody who may skip the question.
///
/// # Errors
/// Exit code 4 when nobody can be asked.
pub fn expiry(context: &Context, question: &str, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    loop {
        let answer = prompt::line(context, &format!("{question} "))?;
        let text = answer.expose_secret().trim();
        if text.is_empty() {
            return Ok(None);
        }
        match parse_moment(text) {
            Some(moment) if moment > now => return Ok(Some(moment)),
            Some(_) => prompt::say("that is over already"),
            None => prompt::say("a date such as 2027-01-31, please, or Enter to skip"),
        }
    }
}

fn permissions(context: &Context) -> Result<Option<BTreeSet<String>>, Failure> {
    prompt::say("What may it do?  r read   t trade   m move funds between accounts   w withdraw");
    loop {
        let answer = prompt::line(context, "Letters, such as rt: ")?;
        let text = answer.expose_secret().trim().to_ascii_lowercase();
        if text.is_empty() {
            return Ok(None);
        }
        let Some(chosen) = chosen(&text) else {
            let meant = text.split([' ', ',']).find_map(nearly);
            let meant = meant.map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
            prompt::say(&format!("{meant}only the letters r, t, m and w, please, or Enter to skip"));
            continue;
        };
        if chosen.contains(&Permission::Withdraw) {
            prompt::say("Whoever gets a key that withdraws gets the funds. Bots seldom need one.");
        }
        return Ok(Some(chosen.iter().map(|permission| permission.name().to_owned()).collect()));
    }
}

/// Letters, with or without something between them, or whole words.
fn chosen(text: &str) -> Option<BTreeSet<Permission>> {
    let by_word = |word: &str| Permission::ALL.into_iter().find(|permission| permission.name() == word);
    let by_letter = |letter: char| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, it)| *it);
    let mut chosen = BTreeSet::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        match by_word(word) {
            Some(permission) => chosen.extend([permission]),
            None => chosen.extend(word.chars().map(by_letter).collect::<Option<Vec<_>>>()?),
        }
    }
    Some(chosen)
}

/// What a word says that is no answer here, as `withdrawal`, or nearly says.
fn nearly(word: &str) -> Option<Permission> {
    let word = registry::nearest_permission("", word).unwrap_or(word);
    registry::permission("", word).first().copied()
}

/// `None` when nobody said what the key may do.
fn meaning(exchange: &str, words: Option<&BTreeSet<String>>) -> Option<BTreeSet<Permission>> {
    let words = words.filter(|words| !words.is_empty())?;
    Some(words.iter().flat_map(|word| registry::permission(exchange, word)).copied().collect())
}

/// What becomes of a key that is not bound to addresses.
fn tell_of_addresses(exchange: Option<&'static Exchange>, means: Option<&BTreeSet<Permission>>) {
    let Some(known) = exchange else { return };
    for rule in known.allowlist_rules() {
        let given = |permission: &&Permission| means.is_some_and(|means| means.contains(*permission));
        for permission in rule.permissions.iter().filter(given) {
            tell(known, &format!("{permission} only for keys with an IP allow-list"));
        }
    }
    let rules = known.expiry_rules().iter();
    tell_rules(exchange, rules.filter(|rule| rule.without_allowlist && rule.applies(means, false)));
}

fn tell_rules(exchange: Option<&'static Exchange>, rules: impl Iterator<Item = &'static ExpiryRule>) {
    let Some(exchange) = exchange else { return };
    for rule in rules {
        let doubt = if rule.certain { "" } else { ", as far as is known" };
        tell(exchange, &format!("{rule}{doubt}"));
    }
}

/// A sentence of the registry, which says where it was read.
fn tell(exchange: &Exchange, sentence: &str) {
    let Exchange { name, id, .. } = exchange;
    prompt::say(&wrapped(&format!("{name}, {sentence} (see: strongroom exchanges {id})"), 0));
}

fn addresses(context: &Context) -> Result<Option<BTreeSet<String>>, Failure> {
    loop {
        let answer = prompt::line(context, "Addresses it is accepted from, with commas between them: ")?;
        let text = answer.expose_secret();
        let list: BTreeSet<String> =
            text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if list.is_empty() {
            return Ok(None);
        }
        if list.iter().all(|address| is_network(address)) {
            return Ok(Some(list));
        }
        prompt::say("addresses such as 203.0.113.7 or networks such as 203.0.113.0/24, please, or Enter to skip");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_letters_or_words() {
        let all = |text: &str| chosen(text).map(|chosen| chosen.into_iter().collect::<Vec<_>>());
        for text in ["rt", "r t", "t,r", "read,trade", "read t"] {
            assert_eq!(all(text), Some(vec![Permission::Read, Permission::Trade]), "{text}");
        }
        assert_eq!(all("mw"), Some(vec![Permission::Transfer, Permission::Withdraw]));
        for text in ["x", "reading", "r;t"] {
            assert_eq!(all(text), None, "{text}");
        }
    }

    #[test]
    fn a_word_that_is_no_answer_is_understood() {
        for (word, meant) in [("withdrawl", Permission::Withdraw), ("withdrawals", Permission::Withdraw)] {
            assert_eq!((chosen(word), nearly(word)), (None, Some(meant)), "{word}");
        }
        assert_eq!(nearly("x"), None);
    }

    #[test]
    fn what_nobody_said_means_nothing() {
        assert_eq!(meaning("okx", None), None);
        assert_eq!(meaning("okx", Some(&BTreeSet::new())), None);
        let words = BTreeSet::from(["trade".to_owned()]);
        let both = BTreeSet::from([Permission::Trade, Permission::Transfer]);
        assert_eq!(meaning("okx", Some(&words)), Some(both), "the exchange has its own words");
    }
}
