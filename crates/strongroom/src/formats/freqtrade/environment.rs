//! Freqtrade's environment variables: `FREQTRADE__EXCHANGE__API_KEY` is `exchange.api_key` of its configuration.
//!
//! It guesses a type for each value, whatever the setting: what reads like a number, a truth or a list is one then, and
//! no key any more. Names are put into lower case, except the last part of those below `CCXT_CONFIG`.

use crate::formats::ccxt::{self, Plan, Ways, words};
use crate::formats::dotenv::Assignment;
use crate::formats::variables::Variable;
use crate::formats::{ImportOptions, Notice, guess_kind};
use crate::record::{Record, field};
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
    plan.tell(record, WAYS, notices);
    let reference = record.reference();
    if plan.lighter.is_some() {
        let problem = "freqtrade takes the key of this exchange only from its configuration file".into();
        return Err(ExportError { place: format!("{reference}/api_secret"), problem });
    }
    let mut variables = Vec::new();
    let mut add = |name: String, place: String, value: &'a Secret| -> Result<(), ExportError> {
        if !name.ends_with(&format!("__{PASSWORD}")) && is_retyped(value.expose_secret()) {
            let problem =
                "freqtrade would take it for a number, true, false or a list, unless it stands in its file".into();
            return Err(ExportError { place, problem });
        }
        variables.push(Variable { name, place, value });
        Ok(())
    };
    for (attribute, value) in &plan.attributes {
        let name = match member_of(attribute) {
            Some(member) => name_of("exchange", member),
            None => format!("{EXCHANGE}{CCXT_CONFIG}{attribute}"),
        };
        let field = words::field_of(attribute, &record.exchange).unwrap_or(attribute);
        add(name, format!("{reference}/{field}"), value)?;
    }
    for (option, value) in &plan.options {
        let field = words::field_of_option(option, &record.exchange).unwrap_or(option);
        add(format!("{EXCHANGE}{CCXT_CONFIG}OPTIONS__{option}"), format!("{reference}/{field}"), value)?;
    }
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
    let mut kept = Vec::with_capacity(assignments.len());
    // The one that counts comes first in the list of names, whatever the order in the text.
    let rank = |name: &str| NAMES.iter().position(|(known, _)| *known == name);
    let mut best: Option<usize> = None;
    for assignment in assignments.drain(..) {
        let name = assignment.name.strip_prefix(EXCHANGE).unwrap_or_default();
        let field = match (rank(name), name.strip_prefix(CCXT_CONFIG)) {
            (Some(at), _) if NAMES[at].1 == field::API_KEY => {
                if best.is_some_and(|best| best < at) {
                    kept.push(assignment);
                    continue;
                }
                best = Some(at);
                Some(field::API_KEY)
            }
            (Some(at), _) => Some(field_here(NAMES[at].1, &exchange)),
            (None, Some(word)) => match word.strip_prefix("OPTIONS__").or_else(|| word.strip_prefix("options__")) {
                Some(option) => words::field_of_option(option, &exchange),
                None => words::field_of(word, &exchange),
            },
            (None, None) => None,
        };
        match field {
            Some(field) if !assignment.value.is_empty() => drop(record.fields.set(field, assignment.value)),
            _ => kept.push(assignment),
        }
    }
    *assignments = kept;
    if record.fields.is_empty() {
        return Ok(None);
    }
    record.kind = guess_kind(&record.fields);
    let reference = ccxt::shown(&record.reference());
    let text =
        format!("{EXCHANGE}... is kept as {reference}; for freqtrade: strongroom run --names freqtrade {reference}");
    notices.push(Notice { line, text });
    Ok(Some(record))
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
