//! Freqtrade's environment variables: `FREQTRADE__EXCHANGE__API_KEY` is `exchange.api_key` of its configuration.
//!
//! It guesses a type for each value, whatever the setting: what reads like a number, a truth or a list is one then, and
//! no key any more. Names are put into lower case, except the last part of those below `CCXT_CONFIG`.

use std::collections::BTreeMap;

use crate::formats::ccxt::{self, Plan, Ways, words};
use crate::formats::variables::usual::Assignment;
use crate::formats::variables::usual::Variable;
use crate::formats::{ImportOptions, Notice, guess_kind, names};
use crate::record::{Environment, Record, Selection, field};
use crate::secret::Secret;
use crate::{ExportError, Result};

use super::{field_here, member_of, only_one};

/// What all of freqtrade's variables begin with.
pub(in crate::formats) const PREFIX: &str = "FREQTRADE__";
const EXCHANGE: &str = "FREQTRADE__EXCHANGE__";
const NAME: &str = "FREQTRADE__EXCHANGE__NAME";
const CCXT_CONFIG: &str = "CCXT_CONFIG__";

/// The names that freqtrade reads, and our fields, the one that counts first.
const NAMES: [(&str, &str); 8] = [
    ("API_KEY", field::API_KEY),
    ("KEY", field::API_KEY),
    ("SECRET", field::API_SECRET),
    (PASSWORD, field::API_PASSPHRASE),
    ("UID", field::UID),
    ("ACCOUNT_ID", field::ACCOUNT_ID),
    ("WALLET_ADDRESS", field::WALLET_ADDRESS),
    ("PRIVATE_KEY", field::PRIVATE_KEY),
];

const DEMO_TRADING: &str = "DEMO_TRADING";

/// Neither is a secret of the record, so neither is among its variables.
const WAYS: Ways<'static> = Ways {
    sandbox: "for the test servers, set FREQTRADE__EXCHANGE__CCXT_CONFIG__OPTIONS__sandbox=true too",
    demo: "for the demo, set FREQTRADE__EXCHANGE__DEMO_TRADING=true too",
};

/// The one name whose values keep their type.
const PASSWORD: &str = "PASSWORD";

/// The variable for a member of a section.
pub(in crate::formats) fn name_of(section: &str, member: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_ascii_uppercase(), member.to_ascii_uppercase())
}

/// The variables of one record.
pub(in crate::formats) fn variables<'a>(
    records: &[&'a Record],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Variable<'a>>, ExportError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let record = only_one(records)?;
    let plan = Plan::of(record);
    plan.refuse_live_servers(record)?;
    plan.tell(record, WAYS, notices);
    let reference = record.reference();
    if plan.lighter.is_some() {
        let problem = "freqtrade takes the key of this exchange only from its configuration file";
        return Err(ExportError::at(format!("{reference}/api_secret"), problem));
    }
    let (mut variables, mut refused) = (Vec::new(), Vec::new());
    let mut add = |name: String, field: &str, value: &'a Secret| {
        let place = Selection::Field(reference.clone(), field.to_owned());
        if !name.ends_with(&format!("__{PASSWORD}")) && is_retyped(value.expose_secret()) {
            let problem = "freqtrade would take it for a number, true, false or a list, unless it stands in its file";
            refused.push(ExportError::at(place.to_string(), problem));
        } else {
            variables.push(Variable { name, place, value });
        }
    };
    for (attribute, value) in &plan.attributes {
        let name = match member_of(attribute) {
            Some(member) => name_of("exchange", member),
            None => format!("{EXCHANGE}{CCXT_CONFIG}{attribute}"),
        };
        let field = words::field_of(attribute, &record.exchange).unwrap_or(attribute);
        add(name, field, value);
    }
    for (option, value) in &plan.options {
        let field = words::field_of_option(option, &record.exchange).unwrap_or(option);
        add(format!("{EXCHANGE}{CCXT_CONFIG}OPTIONS__{option}"), field, value);
    }
    ExportError::of_all(refused)?;
    Ok(variables)
}

/// The record that freqtrade's variables are; they are taken out. None when nothing says which exchange it is: then
/// they stay.
pub(in crate::formats) fn take(
    assignments: &mut Vec<Assignment>,
    options: &ImportOptions<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Option<Record>> {
    let has_key = |assignment: &Assignment| assignment.name.strip_prefix(EXCHANGE).is_some_and(|name| name != "NAME");
    let Some(line) = assignments.iter().find(|assignment| has_key(assignment)).map(|first| first.line) else {
        return Ok(None);
    };
    let named = assignments.iter().find(|assignment| assignment.name == NAME);
    let exchange = named.map(|assignment| assignment.value.expose_secret().to_owned());
    let exchange = exchange.filter(|name| !name.is_empty()).or_else(|| options.exchange.map(str::to_owned));
    let Some(exchange) = exchange else {
        let text =
            format!("{EXCHANGE}... is of an exchange that is not named, and kept as it is; say which with --exchange");
        notices.push(Notice { line, text });
        return Ok(None);
    };
    let mut record = Record::new(&ccxt::account(&exchange)?, options.now)?;
    // Which one counts does not depend on the order in the text; of equal names the last does.
    let mut counting: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for (at, assignment) in assignments.iter().enumerate().filter(|(_, assignment)| !assignment.value.is_empty()) {
        let Some((rank, field)) = ranked_field(&assignment.name, &exchange) else { continue };
        let best = counting.entry(field).or_insert((rank, at));
        if rank <= best.0 {
            *best = (rank, at);
        }
    }
    let is_of_demo = |name: &str| name.strip_prefix(EXCHANGE) == Some(DEMO_TRADING);
    let sets = |is: &dyn Fn(&str) -> bool| assignments.iter().any(|one| is(&one.name) && is_on(&one.value));
    if sets(&is_of_demo) {
        record.environment = Environment::Demo;
    } else if sets(&is_of_sandbox) {
        ccxt::to_sandbox(&mut record);
    }
    let counts: BTreeMap<&'static str, String> =
        counting.iter().map(|(field, (_, at))| (*field, assignments[*at].name.clone())).collect();
    for (field, (_, at)) in counting {
        record.fields.set(field, assignments[at].value.duplicate());
        record.variables.insert(field.to_owned(), assignments[at].name.clone());
    }
    // Only what counts leaves: a program may read the others too.
    assignments.retain(|assignment| {
        let field = ranked_field(&assignment.name, &exchange).filter(|_| !assignment.value.is_empty());
        let Some((_, field)) = field else { return true };
        if counts.get(field) == Some(&assignment.name) {
            return false;
        }
        if record.fields.get(field).is_some_and(|there| *there != assignment.value) {
            let text = format!(
                "{} has another value than the {field} that counts, and is kept as a named value",
                assignment.name
            );
            notices.push(Notice { line: assignment.line, text });
        }
        true
    });
    if record.fields.is_empty() {
        return Ok(None);
    }
    ccxt::to_owner(&mut record);
    record.kind = guess_kind(&record.exchange, &record.fields);
    let reference = ccxt::shown(&record.reference());
    let text = match names::shown(&record.exchange) {
        Some(_) => format!(
            "{EXCHANGE}... is kept as {reference}; for freqtrade: strongroom run --names freqtrade {reference} -- \
             freqtrade trade"
        ),
        None => format!("{EXCHANGE}... is kept as {reference}"),
    };
    notices.push(Notice { line, text });
    Ok(Some(record))
}

/// The field that a variable of the exchange is, and its rank: the constructor's options count first, then its
/// attributes, then the names in their order.
fn ranked_field(variable: &str, exchange: &str) -> Option<(usize, &'static str)> {
    let name = variable.strip_prefix(EXCHANGE)?;
    if let Some(word) = name.strip_prefix(CCXT_CONFIG) {
        return match option_of(word) {
            Some(option) => words::field_of_option(option, exchange).map(|field| (0, field)),
            None => words::field_of(word, exchange).map(|field| (1, field)),
        };
    }
    let at = NAMES.iter().position(|(known, _)| *known == name)?;
    Some((at + 2, field_here(NAMES[at].1, exchange)))
}

/// The member of `options` that a word of the constructor's is.
fn option_of(word: &str) -> Option<&str> {
    word.strip_prefix("OPTIONS__").or_else(|| word.strip_prefix("options__"))
}

/// Whether a variable is the constructor's switch to the test servers.
fn is_of_sandbox(variable: &str) -> bool {
    let word = variable.strip_prefix(EXCHANGE).and_then(|name| name.strip_prefix(CCXT_CONFIG));
    word.is_some_and(|word| ccxt::SANDBOX.contains(&option_of(word).unwrap_or(word)))
}

/// Whether a switch of this text is on: any that Python does not take for false, and not only `true`, because a key
/// must not be taken for one of the live exchange.
fn is_on(text: &Secret) -> bool {
    let text = text.expose_secret().trim();
    !text.is_empty() && !["0", "f", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether freqtrade would make something else of this text. Where Python's rules are wider than they seem, more is
/// refused than need be.
fn is_retyped(text: &str) -> bool {
    if ["t", "true", "f", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return true;
    }
    let text = text.trim();
    text.starts_with('[') || is_number(text)
}

/// What Python's `int` or `float` takes: a sign, digits of any script with single underscores between, a point, an
/// exponent; `inf`, `infinity` and `nan`.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return true;
    }
    let mantissa = unsigned.find(['e', 'E']).map_or(unsigned, |at| &unsigned[..at]);
    let exponent = unsigned[mantissa.len()..].strip_prefix(['e', 'E']);
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let digits = |text: &str| text.chars().all(|c| c.is_numeric() || c == '_');
    let filled = |text: &str| text.contains(char::is_numeric);
    filled(mantissa)
        && mantissa.matches('.').count() <= 1
        && mantissa.split('.').all(digits)
        && exponent.is_none_or(|exponent| filled(exponent) && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The record as `REF: field=value ...`, what stays, and notices.
    fn taken(exchange: &str, pairs: &[(&str, &str)]) -> (String, Vec<String>, Vec<String>) {
        let assignments = pairs.iter().map(|(name, value)| Assignment {
            name: format!("{EXCHANGE}{name}"),
            value: Secret::copy_of(value),
            line: None,
        });
        let mut assignments: Vec<Assignment> = assignments.collect();
        let options = ImportOptions { exchange: Some(exchange), now: 1 };
        let mut notices = Vec::new();
        let record = take(&mut assignments, &options, &mut notices).unwrap().unwrap();
        let fields = record.fields.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
        (
            format!("{}: {}", record.reference(), fields.collect::<Vec<_>>().join(" ")),
            assignments.into_iter().map(|assignment| assignment.name.replace(EXCHANGE, "")).collect(),
            notices.into_iter().map(|notice| notice.text.replace(EXCHANGE, "")).collect(),
        )
    }

    #[test]
    fn the_switches_to_demo_and_test_servers_are_the_environment() {
        for (exchange, switch, value, reference) in [
            ("bybit", "DEMO_TRADING", "true", "bybit/main@demo"),
            ("bybit", "DEMO_TRADING", "T", "bybit/main@demo"),
            ("bybit", "DEMO_TRADING", "False", "bybit/main"),
            ("bybit", "CCXT_CONFIG__OPTIONS__sandbox", "true", "bybit/main@testnet"),
            ("gate", "CCXT_CONFIG__sandbox", "1", "gate/main@testnet"),
            ("gate", "CCXT_CONFIG__options__testnet", "true", "gate/main@testnet"),
            ("okx", "CCXT_CONFIG__OPTIONS__sandbox", "true", "okx/main@demo"),
            ("okx", "CCXT_CONFIG__OPTIONS__sandbox", "", "okx/main"),
        ] {
            let (record, stays, _) = taken(exchange, &[("API_KEY", "K"), (switch, value), ("SECRET", "S")]);
            assert_eq!(record, format!("{reference}: api_key=K api_secret=S"), "{switch}={value}");
            assert_eq!(stays, [switch], "the bot still needs it");
        }
    }

    #[test]
    fn of_two_names_for_one_field_the_same_counts_in_any_order_and_no_value_is_lost() {
        let said = "KEY has another value than the api_key that counts, and is kept as a named value";
        for pairs in [[("KEY", "A"), ("API_KEY", "B")], [("API_KEY", "B"), ("KEY", "A")]] {
            let (record, stays, notices) = taken("gate", &pairs);
            assert_eq!((record.as_str(), stays), ("gate/main: api_key=B", vec!["KEY".to_owned()]));
            assert!(notices.iter().any(|notice| notice == said), "{notices:?}");
        }
        let of_ccxt = "CCXT_CONFIG__secret";
        for pairs in [[("SECRET", "A"), (of_ccxt, "B")], [(of_ccxt, "B"), ("SECRET", "A")]] {
            let (record, stays, _) = taken("gate", &pairs);
            assert_eq!((record.as_str(), stays), ("gate/main: api_secret=B", vec!["SECRET".to_owned()]));
        }
        let options = "CCXT_CONFIG__OPTIONS__privateKey";
        let attribute = "CCXT_CONFIG__privateKey";
        for pairs in [[(attribute, "A"), (options, "B")], [(options, "B"), (attribute, "A")]] {
            let (record, stays, _) = taken("dydx", &pairs);
            assert_eq!((record.as_str(), stays), ("dydx/main: private_key=B", vec![attribute.to_owned()]));
        }
    }

    #[test]
    fn a_second_name_of_the_same_value_stays_a_named_value() {
        for second in ["KEY", "CCXT_CONFIG__apiKey"] {
            let (record, stays, notices) = taken("gate", &[(second, "A"), ("API_KEY", "A"), ("SECRET", "S")]);
            assert_eq!((record.as_str(), notices.len()), ("gate/main: api_key=A api_secret=S", 1));
            let stays: Vec<&str> = stays.iter().map(String::as_str).collect();
            assert_eq!(stays, [if second == "KEY" { second } else { "API_KEY" }], "what counts is in the record");
        }
    }

    #[test]
    fn what_freqtrade_would_make_a_number_of_is_told() {
        for text in [
            "1",
            "-1",
            "+1",
            "00123",
            "1_000",
            "12345678901234567890",
            "1234e5",
            "9E999",
            "1e-5",
            "1.",
            ".5",
            "-.5e1",
            " 7 ",
            "inf",
            "-Infinity",
            "nan",
            "t",
            "T",
            "true",
            "FALSE",
            "f",
            "[]",
            " [1]",
            "\u{662}\u{663}",
        ] {
            assert!(is_retyped(text), "{text:?}");
        }
        for text in [
            "",
            "EXAMPLE",
            "0x12",
            "12ab",
            "e5",
            "1e",
            "1e5e5",
            "1.2.3",
            "--1",
            "truth",
            " t",
            "-",
            "_",
            "info",
            "abcdef0e1",
            "{\"a\": 1}",
            "\"1\"",
            "organizations/1",
        ] {
            assert!(!is_retyped(text), "{text:?}");
        }
    }
}
