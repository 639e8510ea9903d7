//! Where each field of a record goes in an object of ccxt's, for its own format and for freqtrade's.

use crate::formats::Notice;
use crate::formats::render::{Sink, json_string};
use crate::record::{CredentialKind, Environment, Record, Reference, field};
use crate::secret::Secret;
use crate::wording::shell_word;
use crate::{ExportError, check, registry};

use super::words;

/// One record as ccxt takes it.
pub(in crate::formats) struct Plan<'a> {
    /// Attributes of the exchange.
    pub(in crate::formats) attributes: Vec<(&'static str, &'a Secret)>,
    /// Members of `options`.
    pub(in crate::formats) options: Vec<(&'static str, &'a Secret)>,
    /// Lighter's key, behind the index of its account and its own.
    pub(in crate::formats) lighter: Option<[&'a Secret; 3]>,
    /// `options.sandbox`: the constructor then goes to the test servers.
    pub(in crate::formats) sandbox: bool,
    /// What ccxt has no name for.
    pub(in crate::formats) left_out: Vec<&'a str>,
    /// What ccxt needs and the record does not have.
    lacks: Vec<&'static str>,
}

/// What is said of records that are not for the live exchange.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Ways<'t> {
    /// Where [`Plan::sandbox`] is set.
    pub(in crate::formats) sandbox: &'t str,
    /// Where the demo has servers of its own.
    pub(in crate::formats) demo: &'t str,
}

impl<'a> Plan<'a> {
    pub(in crate::formats) fn of(record: &'a Record) -> Plan<'a> {
        let exchange = record.exchange.as_str();
        let fields = &record.fields;
        let is_of_session = record_is_of(record, words::DERIVE) && fields.get(words::SIGNER_ADDRESS).is_some();
        // The account's address is an option then, and the attribute is that of the key that signs.
        let here = |name: &'static str| match name {
            words::OWNER_ADDRESS if is_of_session => field::WALLET_ADDRESS,
            field::WALLET_ADDRESS if is_of_session => words::SIGNER_ADDRESS,
            other => other,
        };
        let lighter = [words::ACCOUNT_INDEX, words::API_KEY_INDEX, field::API_SECRET].map(|name| fields.get(name));
        let lighter = match lighter {
            [Some(account), Some(index), Some(key)] if record_is_of(record, words::LIGHTER) => {
                Some([account, index, key])
            }
            _ => None,
        };
        let options: Vec<_> = words::options_of(exchange)
            .map(|(word, name)| (word, here(name)))
            .filter_map(|(word, name)| Some((word, name, fields.get(name)?)))
            // It stands behind the indexes, where they are known.
            .filter(|(word, ..)| *word != words::LIGHTER_KEY || lighter.is_none())
            .collect();
        let mut attributes = Vec::new();
        let mut taken: Vec<&str> = options.iter().map(|(_, name, _)| *name).collect();
        if record_is_of(record, words::LIGHTER) {
            taken.push(field::API_SECRET);
        }
        for (word, name) in words::ATTRIBUTES {
            let name = here(words::field_of(word, exchange).unwrap_or(name));
            // People keep a passphrase under the word that ccxt has for it.
            let instead = (name == field::API_PASSPHRASE).then(|| fields.get(field::PASSWORD)).flatten();
            let found = fields.get(name).map(|value| (name, value));
            let found = found.or_else(|| instead.map(|value| (field::PASSWORD, value)));
            if let Some((name, value)) = found.filter(|(name, _)| !taken.contains(name)) {
                attributes.push((word, value));
                taken.push(name);
            }
        }
        let is_there = |name: &&str| {
            let replaced = *name == field::API_PASSPHRASE && taken.contains(&field::PASSWORD);
            replaced || taken.contains(name)
        };
        let lacks = match registry::exchange(exchange) {
            Some(known) => known.asks().iter().copied().filter(|name| !is_there(name)).collect(),
            None => check::absent(None, fields),
        };
        Plan {
            attributes,
            options: options.into_iter().map(|(word, _, value)| (word, value)).collect(),
            lighter,
            sandbox: switches_by_option(record),
            left_out: fields.names().filter(|name| !taken.contains(name)).collect(),
            lacks,
        }
    }

    /// Refuses a record for test servers that would be used at the live ones. Those do not know the test key of an
    /// exchange, but the key of a wallet is the same everywhere, and would move money.
    pub(in crate::formats) fn refuse_live_servers(&self, record: &Record) -> Result<(), ExportError> {
        let is_switched = self.sandbox || environments(record).contains(&record.environment);
        if record.environment == Environment::Live || is_switched || record.kind != CredentialKind::Wallet {
            return Ok(());
        }
        let problem = format!(
            "ccxt is not known to have a {} of this exchange and would go to the live servers, and a wallet's key is \
             valid there too",
            record.environment
        );
        Err(ExportError::at(record.reference().to_string(), problem))
    }

    /// Whether there is anything for `options`.
    pub(in crate::formats) fn has_options(&self) -> bool {
        self.sandbox || self.lighter.is_some() || !self.options.is_empty()
    }

    /// Says what has no place here, and how to get to the environment that a record is for.
    pub(in crate::formats) fn tell(&self, record: &Record, ways: Ways<'_>, notices: &mut Vec<Notice>) {
        let reference = record.reference();
        let mut tell = |text: String| notices.push(Notice { line: None, text });
        for name in &self.left_out {
            tell(format!("{reference}/{name} has no place in this format and is left out"));
        }
        let known = registry::exchange(&record.exchange);
        for name in &self.lacks {
            let called = known.map_or_else(|| (*name).to_owned(), |exchange| exchange.called(name));
            let command = format!("strongroom set {} {name}", shell_word(&reference.to_string()));
            tell(format!("{reference} has no {called}, which ccxt needs: {command}"));
        }
        if record_is_of(record, words::LIGHTER) {
            self.tell_of_lighter(record, &mut tell);
        }
        if record_is_of(record, words::DERIVE) && record.fields.get(words::SIGNER_ADDRESS).is_none() {
            tell(format!("{reference}: if its key is a session key, ccxt wants that key's address as signer_address"));
        }
        match record.environment {
            Environment::Live => {}
            _ if self.sandbox => tell(format!("{reference}: {}", ways.sandbox)),
            Environment::Demo if environments(record).contains(&Environment::Demo) => {
                tell(format!("{reference}: {}", ways.demo));
            }
            other => {
                let text = format!(
                    "{reference}: ccxt is not known to have a {other} of this exchange; its constructor sends the key \
                     to the live servers, which refuse it"
                );
                tell(match environments(record) {
                    [there] => {
                        let meant = Reference { environment: *there, ..reference.clone() };
                        let [from, to] = [&reference, &meant].map(|name| shell_word(&name.to_string()));
                        format!("{text}; it has a {there}: strongroom mv {from} {to}")
                    }
                    _ => text,
                });
            }
        }
    }

    /// Where ccxt takes one thing for another, without a word.
    fn tell_of_lighter(&self, record: &Record, tell: &mut impl FnMut(String)) {
        let (reference, fields) = (record.reference(), &record.fields);
        let text_of = |name: &str| fields.get(name).map(|value| value.expose_secret());
        // As long as ccxt lets a wallet's be, with 0x before it.
        if text_of(field::PRIVATE_KEY).is_some_and(|key| key.len() > 66) {
            tell(format!(
                "{reference}/private_key is too long for a wallet's: ccxt takes the private key of an API key as \
                 api_secret"
            ));
        }
        if self.lighter.is_none() && fields.get(field::API_SECRET).is_some() {
            let command = format!("strongroom set {} account_index api_key_index", shell_word(&reference.to_string()));
            let text = "ccxt uses it only with account_index and api_key_index beside it";
            tell(format!("{reference}/api_secret: {text}: {command}"));
        }
        let index = text_of(words::API_KEY_INDEX).filter(|index| !index.is_empty());
        if index.is_some_and(|index| !index.parse().is_ok_and(|index: u64| (4..=254).contains(&index))) {
            tell(format!("{reference}/api_key_index: ccxt takes 4 to 254, and 254 in place of any other"));
        }
    }

    /// The object, its members on lines of their own behind `indent`.
    pub(super) fn write(&self, out: &mut dyn Sink, indent: &str) {
        out.push("{");
        let mut separator = "\n";
        for (word, value) in &self.attributes {
            out.push(separator);
            separator = ",\n";
            write_member(out, indent, word, value);
        }
        if self.has_options() {
            out.push(separator);
            separator = ",\n";
            out.push(indent);
            out.push("  \"options\": ");
            self.write_options(out, indent);
        }
        if separator != "\n" {
            out.push("\n");
            out.push(indent);
        }
        out.push("}");
    }

    /// The object `options`, whose own line is indented by two more than `indent`.
    pub(in crate::formats) fn write_options(&self, out: &mut dyn Sink, indent: &str) {
        out.push("{");
        let mut separator = "";
        for (word, value) in &self.options {
            out.push(separator);
            separator = ",";
            out.push("\n  ");
            write_member(out, indent, word, value);
        }
        if let Some([account, index, key]) = self.lighter {
            out.push(separator);
            separator = ",";
            out.push("\n    ");
            out.push(indent);
            out.push("\"auths\": {");
            json_string(out, account.expose_secret());
            out.push(": {");
            json_string(out, index.expose_secret());
            out.push(": {");
            json_string(out, words::LIGHTER_KEY);
            out.push(": ");
            json_string(out, key.expose_secret());
            out.push("}}}");
        }
        if self.sandbox {
            out.push(separator);
            out.push("\n    ");
            out.push(indent);
            out.push("\"sandbox\": true");
        }
        out.push("\n  ");
        out.push(indent);
        out.push("}");
    }
}

/// The record as a reader gets it back from here: without what has no name or is empty, and with its environment where there is a
/// way to say it. None when nothing of a credential is left. For comparing both.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_back(record: &Record, says_environment: bool) -> Option<Record> {
    let plan = Plan::of(record);
    let mut back = record.duplicate();
    plan.left_out.iter().for_each(|name| drop(back.fields.remove(name)));
    back.fields.remove_empty();
    if !says_environment && record.environment == Environment::Testnet && !plan.sandbox {
        back.environment = Environment::Live;
    }
    (!back.fields.is_empty()).then_some(back)
}

fn write_member(out: &mut dyn Sink, indent: &str, word: &str, value: &Secret) {
    out.push(indent);
    out.push("  ");
    json_string(out, word);
    out.push(": ");
    json_string(out, value.expose_secret());
}

fn record_is_of(record: &Record, id: &str) -> bool {
    registry::canonical_id(&record.exchange).eq_ignore_ascii_case(id)
}

fn environments(record: &Record) -> &'static [Environment] {
    registry::exchange(&record.exchange).map_or(&[], |known| known.test_environments())
}

/// Whether ccxt's constructor can switch to this environment. To test servers and to demos by header it can; where a
/// demo has servers of its own beside a testnet, the bot has to ask for it.
fn switches_by_option(record: &Record) -> bool {
    match record.environment {
        Environment::Live => false,
        Environment::Testnet => environments(record).contains(&Environment::Testnet),
        Environment::Demo => environments(record) == [Environment::Demo],
    }
}
