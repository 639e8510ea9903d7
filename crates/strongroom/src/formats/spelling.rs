//! Names that are nearly right: exchanges that nobody knows, and variables that look like a field of a known one.
//!
//! Nothing is corrected here. A guess about a credential would be worse than a question.

use std::collections::BTreeSet;

use super::{Notice, names};
use crate::record::{Record, field};
use crate::registry;

/// What the name of a variable ends in that is likely a field, but is not taken for one. Longer before shorter.
const LEFTOVERS: [(&str, &str); 10] = [
    ("_API_SECRET_KEY", field::API_SECRET),
    ("_API_SECRETKEY", field::API_SECRET),
    ("_SECRET_KEY", field::API_SECRET),
    ("_SECRETKEY", field::API_SECRET),
    ("_APISECRET", field::API_SECRET),
    ("_API_PASSWORD", field::API_PASSPHRASE),
    ("_ACCESS_KEY", field::API_KEY),
    ("_ACCESSKEY", field::API_KEY),
    ("_APIKEY", field::API_KEY),
    ("_KEY", field::API_KEY),
];

/// `OKX_HEDGE_SECRET_KEY` as `OKX_HEDGE` and the field that it looks like.
pub(super) fn leftover(name: &str) -> Option<(&str, &'static str)> {
    let (suffix, field) = LEFTOVERS.iter().find(|(suffix, _)| name.ends_with(suffix))?;
    Some((&name[..name.len() - suffix.len()], field))
}

/// A notice for each exchange of these records that the registry does not know.
pub(super) fn unknown_exchanges(records: &[Record]) -> Vec<Notice> {
    let exchanges: BTreeSet<&str> = records.iter().map(|record| record.exchange.as_str()).collect();
    let unknown = exchanges.into_iter().filter(|exchange| registry::exchange(exchange).is_none());
    let notice = |exchange: &str| {
        let shown = names::shown_or(exchange, "the name of an exchange");
        let text = match registry::nearest(exchange) {
            Some(id) => format!("{shown} is not an exchange that is known here; is it {id}?"),
            None => format!("{shown} is not an exchange that is known here; it is kept as it is"),
        };
        Notice { line: None, text }
    };
    unknown.map(notice).collect()
}
