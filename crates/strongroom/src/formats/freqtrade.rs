//! Freqtrade's configuration, of which only the secrets: `{"exchange": {"name": ..., "api_key": ..., ...}}`.
//!
//! People keep them in a `config-private.json` beside the public part; freqtrade merges the files. What freqtrade has
//! no member for reaches ccxt through `ccxt_config`. Its environment variables are in [`environment`].

pub(super) mod environment;

use std::collections::BTreeMap;

use super::ccxt::{self, Plan, Settings, Ways};
use super::document::{Node, Object};
use super::render::{Sink, json_string, render};
use super::{ImportOptions, Imported, Notice, guess_kind, missing, names, tolerant};
use crate::record::{Environment, Record, Value, field};
use crate::secret::Secret;
use crate::{ExportError, ImportError, Result};

/// Our fields, and the members that hold them in the order in which freqtrade looks. It takes the first that is
/// there, even when that is empty. The first is the one that we write.
const MEMBERS: [(&str, &[&str]); 7] = [
    (field::API_KEY, &["api_key", "apiKey", "key"]),
    (field::API_SECRET, &["secret"]),
    (field::API_PASSPHRASE, &["password"]),
    (field::UID, &["uid"]),
    (field::ACCOUNT_ID, &["account_id", "accountId"]),
    (field::WALLET_ADDRESS, &["wallet_address", "walletAddress"]),
    (field::PRIVATE_KEY, &["private_key", "privateKey"]),
];

/// What else is secret in a configuration: section and member. Kept as the named value that freqtrade reads from its
/// environment.
const OTHER_SECRETS: [(&str, &str); 8] = [
    ("api_server", "jwt_secret_key"),
    ("api_server", "password"),
    ("api_server", "ws_token"),
    ("coingecko", "api_key"),
    ("discord", "webhook_url"),
    ("telegram", "chat_id"),
    ("telegram", "token"),
    ("webhook", "url"),
];

/// Beside which constructor's objects stand in the section of the exchange.
const CCXT_CONFIGS: [&str; 3] = ["ccxt_config", "ccxt_sync_config", "ccxt_async_config"];

/// Both are written where freqtrade looks for them.
const WAYS: Ways<'static> = Ways {
    sandbox: "options.sandbox is set in ccxt_config, with which ccxt goes to the test servers",
    demo: "demo_trading is set, with which freqtrade goes to the demo",
};

pub(super) fn read(text: &Secret, options: &ImportOptions<'_>) -> Result<Imported> {
    let plain = tolerant::plain(text.expose_secret());
    let mut document = Node::of(plain.as_ref().unwrap_or(text).expose_secret())?.object()?;
    let mut imported = Imported::new();
    let exchange = document.require("exchange")?.object()?;
    for (section, member) in OTHER_SECRETS {
        if let Some(value) = document.get(section).filter(|node| node.is_object())
            && let Some(value) = value.clone().object()?.take_some(member)
        {
            let value = value.secret_or_number()?;
            if !value.is_empty() {
                imported.values.push((environment::name_of(section, member), value));
            }
        }
    }
    let mut settings = Settings::default();
    document.names().filter(|name| OTHER_SECRETS.iter().all(|(section, _)| section != name)).for_each(|name| {
        settings.saw(name);
    });
    let line = exchange.line();
    let mut record = read_exchange(exchange, options, &mut settings, &mut imported.notices)?;
    let reference = record.reference();
    settings.tell(&reference, line, &mut imported.notices);
    if record.fields.iter().any(|(_, value)| !value.is_empty()) {
        record.fields.remove_empty();
        imported.notices.extend(missing::notice(&record));
        record.kind = guess_kind(&record.exchange, &record.fields);
        imported.records.push(record);
    } else {
        let text = format!("{} has no credential and is not kept", ccxt::shown(&reference));
        imported.notices.push(Notice { line: Some(line), text });
    }
    Ok(imported)
}

fn read_exchange(
    mut members: Object<'_>,
    options: &ImportOptions<'_>,
    settings: &mut Settings,
    notices: &mut Vec<Notice>,
) -> Result<Record> {
    let name = match (members.take_some("name"), options.exchange) {
        (Some(name), _) => name.text()?,
        (None, Some(exchange)) => exchange.to_owned(),
        (None, None) => {
            let problem = "the exchange has no name in this file; say it with --exchange";
            return Err(members.error(problem).into());
        }
    };
    let mut record = Record::new(&ccxt::account(&name)?, options.now)?;
    for (field, words) in MEMBERS {
        let field = field_here(field, &name);
        let found: Vec<_> = words.iter().filter_map(|word| Some((*word, members.take(word)?))).collect();
        let Some(((word, node), others)) = found.split_first() else { continue };
        let is_empty = |node: &Node<'_>| node.is_null() || node.secret().is_ok_and(|value| value.is_empty());
        for (ignored, other) in others.iter().filter(|(_, other)| !is_empty(other)) {
            if is_empty(node) {
                let problem = format!("freqtrade ignores this, because {word} is there too and counts, and is empty");
                return Err(other.error(problem).into());
            }
            if other.secret_or_number()? != node.secret_or_number()? {
                let reference = ccxt::shown(&record.reference());
                let text =
                    format!("{reference}: {ignored} has another value than {word}, which counts; it is not kept");
                notices.push(Notice { line: Some(other.line()), text });
            }
        }
        if !node.is_null() {
            ccxt::take(&mut record, field, node, notices)?;
        }
    }
    if members.take("demo_trading").is_some_and(|node| node.is_true()) {
        record.environment = Environment::Demo;
    }
    for name in CCXT_CONFIGS {
        if let Some(node) = members.take(name).filter(Node::is_object) {
            let mut inner = Record::new(&record.reference(), options.now)?;
            ccxt::read_members(node.clone().object()?, &mut inner, settings, notices)?;
            if record.environment == Environment::Live {
                record.environment = inner.environment;
            }
            take_all(&mut record, inner, &node)?;
        }
    }
    ccxt::to_owner(&mut record);
    for (name, node) in members.rest() {
        if let Some(right) = right_member(&name).filter(|_| !node.is_null()) {
            return Err(node.error(format!("freqtrade would ignore this; it is spelt {right}")).into());
        }
        settings.saw_member(&name, &node)?;
    }
    Ok(record)
}

/// `password` is the passphrase of a key, except where ccxt takes it for that of a login.
fn field_here(field: &'static str, exchange: &str) -> &'static str {
    match field {
        field::API_PASSPHRASE if ccxt::words::password_is_of_a_login(exchange) => field::PASSWORD,
        other => other,
    }
}

/// What goes to ccxt's constructor counts more, so another value beside it would never be used.
fn take_all(record: &mut Record, from: Record, node: &Node<'_>) -> Result<(), ImportError> {
    for (name, value) in from.fields.iter() {
        if record.fields.get(name).is_some_and(|there| !there.is_empty() && there != value) {
            return Err(node.error(format!("has another {name} than the exchange beside it")));
        }
        record.fields.set(name, value.duplicate());
    }
    Ok(())
}

/// How freqtrade spells what this name was meant to be.
fn right_member(name: &str) -> Option<&'static str> {
    let attribute = ccxt::words::right_word(name).unwrap_or(name);
    let field = ccxt::words::field_of(attribute, "")?;
    match MEMBERS.iter().find(|(known, _)| *known == field) {
        Some((_, words)) => (!words.contains(&name)).then_some(words[0]),
        None => None,
    }
}

/// One exchange's configuration, and those of the named values that belong into it.
pub(super) fn write(
    records: &[&Record],
    values: &[(&str, &Value)],
    notices: &mut Vec<Notice>,
) -> Result<Secret, ExportError> {
    let record = only_one(records)?;
    let plan = Plan::of(record);
    plan.refuse_live_servers(record)?;
    plan.tell(record, WAYS, notices);
    let mut sections: BTreeMap<&str, Vec<(&str, &Secret)>> = BTreeMap::new();
    for (name, value) in values {
        match OTHER_SECRETS.iter().find(|(section, member)| environment::name_of(section, member) == *name) {
            Some((section, member)) => sections.entry(section).or_default().push((member, &value.value)),
            None => {
                let text = format!("{} has no place in this format and is left out", names::value_reference(name));
                notices.push(Notice { line: None, text });
            }
        }
    }
    Ok(render(|out| {
        out.push("{\n  \"exchange\": {\n    \"name\": ");
        json_string(out, ccxt::class_of(&record.exchange));
        write_exchange(out, record, &plan);
        out.push("\n  }");
        for (section, members) in &sections {
            out.push(",\n  ");
            json_string(out, section);
            out.push(": {");
            for (at, (member, value)) in members.iter().enumerate() {
                out.push(if at == 0 { "" } else { "," });
                write_member(out, "\n    ", member, value);
            }
            out.push("\n  }");
        }
        out.push("\n}\n");
    }))
}

fn write_exchange(out: &mut dyn Sink, record: &Record, plan: &Plan<'_>) {
    let mut beyond = Vec::new();
    for (attribute, value) in &plan.attributes {
        match member_of(attribute) {
            Some(member) => {
                out.push(",");
                write_member(out, "\n    ", member, value);
            }
            None => beyond.push((attribute, value)),
        }
    }
    if record.environment == Environment::Demo && !plan.sandbox {
        out.push(",\n    \"demo_trading\": true");
    }
    if beyond.is_empty() && !plan.has_options() {
        return;
    }
    out.push(",\n    \"ccxt_config\": {");
    let mut separator = "";
    for (attribute, value) in beyond {
        out.push(separator);
        separator = ",";
        write_member(out, "\n      ", attribute, value);
    }
    if plan.has_options() {
        out.push(separator);
        out.push("\n      \"options\": ");
        plan.write_options(out, "    ");
    }
    out.push("\n    }");
}

fn write_member(out: &mut dyn Sink, before: &str, name: &str, value: &Secret) {
    out.push(before);
    json_string(out, name);
    out.push(": ");
    json_string(out, value.expose_secret());
}

/// What freqtrade calls an attribute of ccxt's; none for those that only ccxt takes.
pub(super) fn member_of(attribute: &str) -> Option<&'static str> {
    let field = ccxt::words::field_of(attribute, "")?;
    MEMBERS.iter().find(|(known, _)| *known == field).map(|(_, words)| words[0])
}

/// Where freqtrade has demo trading of its own; it refuses the switch everywhere else.
const DEMOS: [&str; 1] = ["bybit"];

/// Freqtrade trades at one exchange with one account, and not at every demo.
pub(super) fn only_one<'a>(records: &[&'a Record]) -> Result<&'a Record, ExportError> {
    match records {
        [record]
            if record.environment == Environment::Demo
                && !Plan::of(record).sandbox
                && !DEMOS.contains(&ccxt::class_of(&record.exchange)) =>
        {
            // Without the switch the keys of the demo would go to the live exchange.
            let problem = "freqtrade has no demo trading at this exchange";
            Err(ExportError::at(record.reference().to_string(), problem))
        }
        [record] => Ok(record),
        [] => Err(ExportError::at("nothing", "there is no record to export")),
        [first, second, ..] => Err(ExportError::at(
            format!("{} and {}", first.reference(), second.reference()),
            "freqtrade has one account of one exchange",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 1 };

    fn message(text: &str) -> String {
        read(&Secret::copy_of(text), &OPTIONS).unwrap_err().to_string()
    }

    fn summary(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let imported = read(&Secret::copy_of(text), &OPTIONS).unwrap();
        let records = imported.records.iter().map(|record| {
            let fields = record.fields.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
            format!("{}: {}", record.reference(), fields.collect::<Vec<_>>().join(" "))
        });
        let values = imported.values.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
        let notices = imported.notices.iter().map(|notice| notice.text.clone());
        (records.collect(), values.collect(), notices.collect())
    }

    fn of_exchange(members: &str) -> String {
        format!("{{\"exchange\":\n {{\"name\": \"gate\", {members}}}}}")
    }

    #[test]
    fn the_first_of_the_names_for_a_key_counts_as_in_freqtrade() {
        for (members, key) in [
            (r#""key": "A", "secret": "S""#, "A"),
            (r#""key": "A", "apiKey": "B", "secret": "S""#, "B"),
            (r#""api_key": "C", "key": "A", "apiKey": "B", "secret": "S""#, "C"),
            (r#""key": "A", "api_key": "C", "secret": "S""#, "C"),
        ] {
            let (records, _, notices) = summary(&of_exchange(members));
            assert_eq!(records, [format!("gate/main: api_key={key} api_secret=S")], "{members}");
            assert_eq!(notices.len(), members.matches("ey\"").count() - 1, "each value that is not kept is told");
            let told = |notice: &String| notice.starts_with("gate/main: ") && notice.ends_with("; it is not kept");
            assert!(notices.iter().all(told), "{notices:?}");
        }
    }

    #[test]
    fn the_whole_of_a_configuration_is_read_for_its_secrets() {
        let text = r#"{"stake_currency": "EUR", // which
            "exchange": {"name": "NDAX", "key": "K", "secret": "S", "uid": "U", "password": "P", "pair_whitelist": [],
                "ccxt_config": {"login": "L", "timeout": 1}, "demo_trading": false,},
            "telegram": {"enabled": true, "token": "T", "chat_id": ""}, "api_server": {"password": "W"},}"#;
        let (records, values, notices) = summary(text);
        assert_eq!(records, ["NDAX/main: api_key=K api_secret=S login=L password=P uid=U"]);
        assert_eq!(values, ["FREQTRADE__API_SERVER__PASSWORD=W", "FREQTRADE__TELEGRAM__TOKEN=T"]);
        let settings = "NDAX/main: settings are no credentials and not kept: stake_currency, timeout, pair_whitelist";
        assert_eq!(notices, [settings]);
    }

    #[test]
    fn a_template_without_a_credential_is_told_and_not_kept() {
        let (records, _, notices) = summary(&of_exchange(r#""key": "", "secret": """#));
        assert!(records.is_empty());
        assert_eq!(notices, ["gate/main has no credential and is not kept"]);
    }

    #[test]
    fn what_freqtrade_would_ignore_is_refused_by_place() {
        let place = "line 2, exchange";
        for (members, problem) in [
            (
                r#""api_key": "", "key": "EXAMPLE", "secret": "EXAMPLE""#,
                ".key: freqtrade ignores this, because api_key is there too and counts, and is empty",
            ),
            (r#""api_secret": "EXAMPLE""#, ".api_secret: freqtrade would ignore this; it is spelt secret"),
            (r#""passphrase": "EXAMPLE""#, ".passphrase: freqtrade would ignore this; it is spelt password"),
            (
                r#""secret": "EXAMPLE", "ccxt_config": {"apikey": "EXAMPLE"}"#,
                ".ccxt_config.apikey: ccxt would ignore this; it is spelt apiKey",
            ),
            (
                r#""secret": "EXAMPLE", "ccxt_config": {"secret": "EXAMPLE-2"}"#,
                ".ccxt_config: has another api_secret than the exchange beside it",
            ),
            (r#""secret": true"#, ".secret: true or false where a string should be"),
        ] {
            assert_eq!(message(&of_exchange(members)), format!("{place}{problem}"));
        }
        assert_eq!(message("{}"), "line 1: exchange is missing");
        assert_eq!(
            message("{\"exchange\": {}}"),
            "line 1, exchange: the exchange has no name in this file; say it with --exchange"
        );
        assert_eq!(message("{\"exchange\": {\"name\": \"gate\"\n /* x */ EXAMPLE }}"), "line 2: not valid JSON");
    }

    #[test]
    fn one_record_is_written_with_what_only_ccxt_takes_and_the_values_of_freqtrade() {
        let mut record = Record::new(&"GateIO@testnet".parse().unwrap(), 0).unwrap();
        for (name, value) in [("api_key", "K"), ("api_secret", "S"), ("login", "L"), ("memo", "M")] {
            record.fields.set(name, Secret::copy_of(value));
        }
        let value = |text| Value { value: Secret::copy_of(text), created: 0, changed: None };
        let (token, other) = (value("T"), value("O"));
        let mut notices = Vec::new();
        let values = [("FREQTRADE__TELEGRAM__TOKEN", &token), ("OTHER", &other)];
        let text = write(&[&record], &values, &mut notices).unwrap();
        let value: serde_json::Value = serde_json::from_str(text.expose_secret()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "exchange": {"name": "gate", "api_key": "K", "secret": "S",
                    "ccxt_config": {"login": "L", "options": {"sandbox": true}}},
                "telegram": {"token": "T"},
            })
        );
        assert_eq!(notices.len(), 3, "{notices:?}");
        let both = write(&[&record, &record], &[], &mut Vec::new()).unwrap_err();
        assert_eq!(both.problem, "freqtrade has one account of one exchange");
    }
}
