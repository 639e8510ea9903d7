//! What is known about exchanges, as dated data: which fields each requires, and other names it goes by.

mod data;

use crate::record::field;

/// One exchange as the registry knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The id, in lower case, as ccxt spells it.
    pub id: &'static str,
    /// The name people use.
    pub name: &'static str,
    /// The fields a record of it needs, in the order in which to ask for them.
    pub requires: &'static [&'static str],
}

/// The exchange of this id or alias, without regard to case.
pub fn exchange(name: &str) -> Option<&'static Exchange> {
    let id = canonical_id(name);
    data::EXCHANGES.iter().find(|exchange| exchange.id.eq_ignore_ascii_case(id))
}

/// All of them, ascending by id.
pub fn exchanges() -> &'static [Exchange] {
    data::EXCHANGES
}

/// The id that an alias stands for, or the name itself.
pub fn canonical_id(name: &str) -> &str {
    data::ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map_or(name, |(_, id)| id)
}

/// The other names of the exchange that goes by this one: its id and its aliases.
pub fn names_of(name: &str) -> impl Iterator<Item = &'static str> {
    let id = data::ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map(|(_, id)| *id);
    let wanted = id.unwrap_or(name).to_owned();
    id.into_iter()
        .chain(data::ALIASES.iter().filter_map(move |(alias, id)| id.eq_ignore_ascii_case(&wanted).then_some(*alias)))
}

/// The fields to ask for when the exchange is unknown.
pub const DEFAULT_FIELDS: &[&str] = &[field::API_KEY, field::API_SECRET];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ascending_and_every_alias_leads_to_one() {
        assert!(exchanges().windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(data::ALIASES.iter().all(|(_, id)| exchange(id).is_some()));
    }

    #[test]
    fn okx_needs_a_passphrase_in_any_spelling() {
        assert_eq!(exchange("OKX").unwrap().requires, [field::API_KEY, field::API_SECRET, field::API_PASSPHRASE]);
        assert_eq!(exchange("gateio").unwrap().id, "gate");
    }
}
