//! From records to REFs: the few words that mean these records and no others.

use std::collections::{HashMap, HashSet};

use strongroom::record::Environment;
use strongroom::registry::canonical_id;
use strongroom::{Contents, Reference, Selection};

/// From how many on they are said together: fewer are read sooner one by one.
pub const MANY: usize = 3;

/// How the records of a vault can be named together.
pub struct Naming<'a> {
    /// Which exchange each spelling of the vault is, so that thousands of records look up a few names.
    exchanges: HashMap<&'a str, String>,
    /// How many records it has at each, of each environment.
    there: Counts,
}

#[derive(Default)]
struct Counts(HashMap<String, HashMap<Environment, usize>>);

impl<'a> Naming<'a> {
    /// Of this vault.
    pub fn of(contents: &'a Contents) -> Naming<'a> {
        let mut naming = Naming { exchanges: HashMap::new(), there: Counts::default() };
        for record in contents.records() {
            let exchange = naming.exchanges.entry(&record.exchange).or_insert_with(|| canonical(&record.exchange));
            naming.there.add(exchange, record.environment);
        }
        naming
    }

    /// REFs for these records, in their order. Where they are all that the vault has at an exchange, `okx/*` stands for
    /// them, and `okx/*@live` where they are all of an environment.
    pub fn references(&self, records: &[&Reference]) -> Vec<String> {
        let mut wanted = Counts::default();
        records.iter().for_each(|record| wanted.add(&self.exchange(record), record.environment));
        let mut said: HashSet<(String, Option<Environment>)> = HashSet::new();
        let mut names = Vec::new();
        for record in records {
            let exchange = self.exchange(record);
            let is_all = |environment| {
                let count = wanted.count(&exchange, environment);
                count >= MANY && count == self.there.count(&exchange, environment)
            };
            let together = [None, Some(record.environment)].into_iter().find(|environment| is_all(*environment));
            let Some(environment) = together else {
                names.push(record.to_string());
                continue;
            };
            if said.insert((exchange, environment)) {
                names.push(Selection::Exchange(record.exchange.clone(), environment).to_string());
            }
        }
        names
    }

    fn exchange(&self, record: &Reference) -> String {
        self.exchanges.get(record.exchange.as_str()).cloned().unwrap_or_else(|| canonical(&record.exchange))
    }
}

impl Counts {
    fn add(&mut self, exchange: &str, environment: Environment) {
        *self.0.entry(exchange.to_owned()).or_default().entry(environment).or_default() += 1;
    }

    /// Of this environment, or of all.
    fn count(&self, exchange: &str, environment: Option<Environment>) -> usize {
        let Some(counts) = self.0.get(exchange) else { return 0 };
        match environment {
            Some(environment) => counts.get(&environment).copied().unwrap_or_default(),
            None => counts.values().sum(),
        }
    }
}

/// As [`super::same_exchange`] compares them.
fn canonical(exchange: &str) -> String {
    canonical_id(exchange).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::select;
    use strongroom::Record;

    fn vault(names: &[&str]) -> Contents {
        let mut contents = Contents::default();
        for name in names {
            contents.insert(Record::new(&name.parse().unwrap(), 0).unwrap()).unwrap();
        }
        contents
    }

    /// The names of those of the vault's records that these words select.
    fn named(contents: &Contents, words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let selected = select(contents, &words).unwrap();
        let records: Vec<Reference> = selected.records.iter().map(|record| record.reference()).collect();
        Naming::of(contents).references(&records.iter().collect::<Vec<_>>())
    }

    #[test]
    fn all_of_an_exchange_are_said_in_one_word_and_others_by_name() {
        let contents = vault(&["okx/a", "okx/b", "OKX/c", "okex/d", "kraken/a", "kraken/b", "deribit/a"]);
        assert_eq!(named(&contents, &["okx/*"]), ["okex/*"]);
        assert_eq!(named(&contents, &["okx/a", "okx/b", "OKX/c"]), ["okx/a", "okx/b", "OKX/c"]);
        assert_eq!(named(&contents, &["kraken/*", "deribit/a"]), ["deribit/a", "kraken/a", "kraken/b"]);
    }

    #[test]
    fn all_of_an_environment_are_too() {
        let contents = vault(&["okx/a", "okx/b", "okx/c", "okx/c@testnet"]);
        assert_eq!(named(&contents, &["okx/*@live"]), ["okx/*@live"]);
        assert_eq!(named(&contents, &["okx/*"]), ["okx/*"]);
        assert_eq!(named(&contents, &["okx/a", "okx/b", "okx/c@testnet"]), ["okx/a", "okx/b", "okx/c@testnet"]);
    }

    #[test]
    fn the_words_select_exactly_these_records() {
        let names = ["okx/a", "okx/a@demo", "okx/b", "okx/c", "OKEX/a", "x-%40/a", "x-%40/b", "x-%40/it's", "-y/%2a"];
        let contents = vault(&names);
        let all: Vec<Reference> = contents.records().iter().map(|record| record.reference()).collect();
        let mut together = 0;
        for chosen in 1_u32..1 << all.len() {
            let wanted: Vec<&Reference> =
                all.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, record)| record).collect();
            let words = Naming::of(&contents).references(&wanted);
            let selected = select(&contents, &words).unwrap();
            let selected: Vec<Reference> = selected.records.iter().map(|record| record.reference()).collect();
            assert_eq!(selected.iter().collect::<Vec<_>>(), wanted, "{words:?}");
            together += usize::from(words.len() < wanted.len());
        }
        assert!(together > 50, "{together}");
    }
}
