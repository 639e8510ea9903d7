//! Names of exchanges that nobody knows, and that may be slips of the pen.
//!
//! Nothing is corrected here. A guess about a credential would be worse than a question.

use std::collections::BTreeSet;

use super::{Notice, names};
use crate::record::Record;
use crate::registry;

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
