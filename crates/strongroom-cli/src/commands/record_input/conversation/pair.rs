//! A key and the secret that belongs to it. Exchanges make both at once, so of a rotation that brings one of them, the
//! other was likely left out.

use strongroom::record::field;
use strongroom::{CredentialKind, Record, Secret, registry};

use super::word;
use crate::commands::record_input::prompts::wanted;

/// A pair of which one half is new and the other stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfNew {
    new: &'static str,
    /// The field that stays.
    pub stays: &'static str,
}

impl HalfNew {
    /// Nothing when both halves of the record are new, or none, or when they are no pair: a wallet signs with one key,
    /// and who is given tokens keeps the name they are given to.
    pub fn of(before: &Record, answers: &[(String, Secret)]) -> Option<HalfNew> {
        HalfNew::between(before, |wanted| answers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value))
    }

    /// As [`HalfNew::of`], of what has these values; none for what it does not have.
    pub fn between<'v>(before: &Record, answer: impl Fn(&str) -> Option<&'v Secret>) -> Option<HalfNew> {
        let both = [field::API_KEY, field::API_SECRET];
        let belongs = |name: &str| wanted(&before.exchange).contains(&name) && before.fields.get(name).is_some();
        if matches!(before.kind, CredentialKind::Wallet | CredentialKind::OAuth) || !both.into_iter().all(belongs) {
            return None;
        }
        let is_new = |name: &str| answer(name).is_some_and(|value| before.fields.get(name) != Some(value));
        match both.map(is_new) {
            [true, false] => Some(HalfNew { new: both[0], stays: both[1] }),
            [false, true] => Some(HalfNew { new: both[1], stays: both[0] }),
            [true, true] | [false, false] => None,
        }
    }

    /// What stands behind `only`: `the API key is new, and the secret key stays`, in the words of the exchange.
    pub fn told(self, exchange: &str) -> String {
        let exchange = registry::exchange(exchange);
        format!("the {} is new, and the {} stays", word(exchange, self.new), word(exchange, self.stays))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom::Reference;

    fn record(exchange: &str) -> Record {
        let mut record = Record::new(&Reference::new(exchange, "main"), 0).unwrap();
        for name in [field::API_KEY, field::API_SECRET, field::API_PASSPHRASE] {
            record.fields.set(name, Secret::copy_of("EXAMPLE-OLD"));
        }
        record
    }

    fn half(record: &Record, new: &[(&str, &str)]) -> Option<String> {
        let answers: Vec<_> = new.iter().map(|(name, text)| ((*name).to_owned(), Secret::copy_of(text))).collect();
        Some(HalfNew::of(record, &answers)?.told(&record.exchange))
    }

    #[test]
    fn one_new_half_is_told_in_the_words_of_the_exchange() {
        let (key, secret) = ([("api_key", "EXAMPLE-NEW")], [("api_secret", "EXAMPLE-NEW")]);
        let said = |exchange: &str, new| half(&record(exchange), new).unwrap();
        assert_eq!(said("okx", &key), "the API key is new, and the secret key stays");
        assert_eq!(said("bitmart", &secret), "the secret key is new, and the access key stays");
        assert_eq!(said("somewhere-new", &key), "the API key is new, and the API secret stays");
    }

    #[test]
    fn the_old_value_typed_again_is_not_new() {
        let again = [("api_key", "EXAMPLE-NEW"), ("api_secret", "EXAMPLE-OLD")];
        assert!(half(&record("okx"), &again).is_some());
    }

    #[test]
    fn whole_pairs_and_what_is_no_pair_are_left_alone() {
        let both = [("api_key", "EXAMPLE-NEW"), ("api_secret", "EXAMPLE-NEW")];
        for new in [&both[..], &[("api_passphrase", "EXAMPLE-NEW")], &[]] {
            assert_eq!(half(&record("okx"), new), None);
        }
        let mut other = record("okx");
        other.kind = CredentialKind::OAuth;
        assert_eq!(half(&other, &both[..1]), None);
        let mut alone = record("okx");
        alone.fields.remove(field::API_SECRET);
        assert_eq!(half(&alone, &both[..1]), None);
    }
}
