//! `exchanges.json`, parsed on first use: who there is, and by which names.

use std::cmp::Ordering;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

use super::{Exchange, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// The version of the document's shape, for other readers of it; this program comes with its own copy.
    #[serde(rename = "schema")]
    _schema: u32,
    as_of: &'static str,
    source: Source,
    #[serde(deserialize_with = "slice")]
    exchanges: &'static [Exchange],
}

/// The document, and an index of the other names: (alias, place in `exchanges`), ascending by alias.
struct Directory {
    document: Document,
    aliases: Vec<(&'static str, usize)>,
}

fn directory() -> &'static Directory {
    static DIRECTORY: OnceLock<Directory> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let document: Document =
            serde_json::from_str(include_str!("exchanges.json")).expect("the tests parse this very text");
        let places = document.exchanges.iter().enumerate();
        let mut aliases: Vec<_> =
            places.flat_map(|(at, exchange)| exchange.aliases.iter().map(move |alias| (alias.name, at))).collect();
        aliases.sort_unstable();
        Directory { document, aliases }
    })
}

/// All exchanges, ascending by id.
pub(super) fn exchanges() -> &'static [Exchange] {
    directory().document.exchanges
}

/// The exchange of this id or alias.
pub(super) fn exchange(name: &str) -> Option<&'static Exchange> {
    let exchanges = exchanges();
    match exchanges.binary_search_by(|exchange| compare(exchange.id, name)) {
        Ok(at) => Some(&exchanges[at]),
        Err(_) => aliased(name),
    }
}

/// The exchange that this is another name of.
pub(super) fn aliased(name: &str) -> Option<&'static Exchange> {
    let directory = directory();
    let found = directory.aliases.binary_search_by(|(alias, _)| compare(alias, name)).ok()?;
    Some(&directory.document.exchanges[directory.aliases[found].1])
}

/// The day of the data.
pub(super) fn as_of() -> &'static str {
    directory().document.as_of
}

/// Where the fields and names were read.
pub(super) fn source() -> &'static Source {
    &directory().document.source
}

/// A name of ours, which is in lower case, and one from outside.
fn compare(ours: &str, name: &str) -> Ordering {
    ours.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// A list that stays for as long as the program runs, as the text it is read from does.
pub(super) fn slice<'de, D, T>(deserializer: D) -> Result<&'static [T], D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + 'static,
{
    Ok(Vec::deserialize(deserializer)?.leak())
}
